"""The fields of a resource as the admin app shows them: what the models give, with ``ui/admin.yaml`` over it."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import types as sa

from rowgate.admin.file import AdminFile, Listed, ResourcePart
from rowgate.admin.words import plural, spaced
from rowgate.api.resources import Attribute, Relation, ResourceType

__all__ = ["Fields", "ordered"]

_KINDS: Final[tuple[tuple[type[sa.TypeEngine[Any]], str], ...]] = (
    (sa.Boolean, "boolean"),
    (sa.Enum, "enum"),
    (sa.JSON, "json"),
    (sa.ARRAY, "json"),
    (sa.Uuid, "uuid"),
    (sa.DateTime, "datetime"),
    (sa.Date, "date"),
    (sa.Time, "time"),
    (sa.Interval, "interval"),
    (sa.LargeBinary, "binary"),
    (sa.Float, "float"),
    (sa.Numeric, "decimal"),
    (sa.Integer, "integer"),
    (sa.Text, "textarea"),
)
_LONG_TEXT: Final = 500
"""Characters beyond which a text is given a box of several lines."""

_NAMING: Final = ("Name", "Title", "Description", "Label", "Code", "Subject", "Email")
"""How the attribute that people know a row by is called, the likeliest first."""

_STAMPS: Final = frozenset({"CreatedOn", "CreatedBy", "UpdatedOn", "UpdatedBy"})


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Builds the parts of `GET /admin/meta` that speak of fields and relationships.

    Args:
        file: what the project wants otherwise.
        resources: all types, as the principal may know of them.
        derived: per entity the attributes that business rules compute, each with its rule in words.
        defaulted: per entity the attributes that business rules give a new row a value for.
        readonly: per entity the attributes that a field rule lets the principal not write.
    """

    file: AdminFile
    resources: Mapping[str, ResourceType]
    derived: Mapping[type, Mapping[str, str]]
    defaulted: Mapping[type, frozenset[str]] = field(default_factory=dict)
    readonly: Mapping[type, frozenset[str]] = field(default_factory=dict)

    def user_key(self, resource: ResourceType) -> str:
        """The attribute that a person knows a row by: the file's choice, a text that is called so, or the key."""
        chosen = self.file.resource(resource.name).keys.get("user_key")
        if chosen in resource.attributes:
            return str(chosen)
        texts = [each.name for each in resource.attributes.values() if each.codec.is_text and not each.nullable]
        for word in _NAMING:
            for name in texts:
                if name.lower().endswith(word.lower()) and not resource.attributes[name].is_key:
                    return name
        return resource.key[0].name

    def label(self, resource: ResourceType) -> str:
        """What one row is called."""
        return str(self.file.resource(resource.name).keys.get("label", spaced(resource.name)))

    def label_plural(self, resource: ResourceType) -> str:
        """What several rows are called."""
        keys = self.file.resource(resource.name).keys
        return str(keys.get("label_plural", plural(self.label(resource))))

    def attributes(self, resource: ResourceType) -> list[dict[str, Any]]:
        """The fields, in the order to show: those that the file lists first."""
        part = self.file.resource(resource.name)
        references = {
            name: relation
            for relation in resource.relations.values()
            for name in relation.columns
            if len(relation.columns) == 1
        }
        searched = self._searched(resource, part)
        made: list[dict[str, Any]] = []
        for name in ordered(resource.attributes, part.attributes):
            attribute = resource.attributes[name]
            listed = part.attributes.get(name)
            hidden = listed is None and bool(part.attributes) and bool(part.keys.get("only_listed"))
            described = self._attribute(resource, attribute, listed, references.get(name), hidden=hidden)
            described["search"] = name in searched
            made.append(described)
        key = self.user_key(resource)
        if not part.attributes:
            made.sort(key=lambda each: each["name"] != key)  # stable: only the user key moves, to the front
        return made

    def relationships(self, resource: ResourceType) -> list[dict[str, Any]]:
        """The relationships to types that the principal may know of, in the order to show."""
        part = self.file.resource(resource.name)
        return [
            self._relationship(resource, resource.relations[name], part.tabs.get(name))
            for name in ordered(resource.relations, part.tabs)
            if resource.relations[name].target in self.resources
        ]

    def _searched(self, resource: ResourceType, part: ResourcePart) -> set[str]:
        named = {name for name, listed in part.attributes.items() if listed.keys.get("search")}
        return named or {each.name for each in resource.attributes.values() if each.codec.is_text}

    def _attribute(
        self,
        resource: ResourceType,
        attribute: Attribute,
        listed: Listed | None,
        reference: Relation | None,
        *,
        hidden: bool,
    ) -> dict[str, Any]:
        keys = listed.keys if listed is not None else {}
        kind = column_type(attribute)
        rule = self.derived.get(resource.entity, {}).get(attribute.name)
        why = self._why_readonly(resource, attribute, keys, rule)
        has_default = attribute.has_default or attribute.name in self.defaulted.get(resource.entity, ())
        precision, scale = getattr(kind, "precision", None), getattr(kind, "scale", None)
        shown = str(keys.get("type") or _kind(kind))
        required = keys.get("required", not attribute.nullable and not has_default and not attribute.is_generated)
        label = str(keys.get("label", "")).strip()
        return {
            "name": attribute.name,
            "label": label.removesuffix("*").strip() or _label(attribute, reference),
            "type": shown,
            "format": keys.get("format", "money" if isinstance(kind, sa.Numeric) and scale == 2 else None),
            "nullable": attribute.nullable,
            "required": why is None and (bool(required) or label.endswith("*")),
            "max_length": getattr(kind, "length", None) if attribute.codec.is_text else None,
            "precision": precision if isinstance(kind, sa.Numeric) else None,
            "scale": scale if isinstance(kind, sa.Numeric) else None,
            "minimum": attribute.codec.schema.get("minimum"),
            "maximum": attribute.codec.schema.get("maximum"),
            "enum": list(keys["enum"]) if "enum" in keys else _values(attribute),
            "default": _default(attribute),
            "has_default": has_default,
            "key": attribute.is_key,
            "generated": attribute.is_generated,
            "derived": rule,
            "readonly": why is not None,
            "why_readonly": why,
            "hidden": bool(keys.get("hidden", hidden)),
            "hide_list": bool(keys.get("hide_list", attribute.name in _STAMPS or shown in ("json", "binary"))),
            "hide_edit": bool(keys.get("hide_edit", False)),
            "search": False,
            "sort": keys.get("sort", False),
            "sortable": attribute.codec.is_comparable,
            "filterable": attribute.codec.is_comparable,
            "info": keys.get("info"),
            "placeholder": keys.get("placeholder"),
            "group": keys.get("group"),
            "show_when": keys.get("show_when"),
            "reference": None
            if reference is None or reference.target not in self.resources
            else {"relationship": reference.name, "resource": reference.target},
        }

    def _why_readonly(
        self, resource: ResourceType, attribute: Attribute, keys: Mapping[str, Any], rule: str | None
    ) -> str | None:
        if rule is not None:
            return "derived"
        if attribute.is_generated:
            return "generated"
        if attribute.name in self.readonly.get(resource.entity, ()):
            return "rule"
        return "file" if keys.get("readonly") else None

    def _relationship(self, resource: ResourceType, relation: Relation, listed: Listed | None) -> dict[str, Any]:
        keys = listed.keys if listed is not None else {}
        prop = relation.of.property
        target = self.resources[relation.target]
        inverse = getattr(prop, "back_populates", None)
        pairs = prop.local_remote_pairs or () if prop.secondary is None else ()
        held = [remote if relation.to_many else local for local, remote in pairs]
        mapper = prop.mapper if relation.to_many else prop.parent
        label = spaced(relation.name.removesuffix("List")) if relation.to_many else spaced(relation.name)
        return {
            "name": relation.name,
            "label": str(keys.get("label") or (plural(label) if relation.to_many else label)),
            "direction": "tomany" if relation.to_many else "toone",
            "resource": relation.target,
            "fks": [mapper.get_property_by_column(column).key for column in held],
            "inverse": inverse if inverse in target.relations else None,
            "required": relation.required,
            "writable": relation.writable,
            "attributes": [name for name in keys["attributes"] if name in target.attributes]
            if "attributes" in keys
            else None,
            "hidden": bool(keys.get("hidden", False)),
        }


def ordered(known: Mapping[str, Any], listed: Mapping[str, Any]) -> list[str]:
    """The known names, those that are listed first and in the list's order."""
    return [name for name in listed if name in known] + [name for name in known if name not in listed]


def column_type(attribute: Attribute) -> sa.TypeEngine[Any]:
    """The type of an attribute's column; of a decorated one what is beneath."""
    kind = attribute.of.property.columns[0].type
    while isinstance(kind, sa.TypeDecorator) and not isinstance(kind, sa.Interval | sa.PickleType):
        kind = kind.impl_instance
    found: sa.TypeEngine[Any] = kind
    return found


def _kind(kind: sa.TypeEngine[Any]) -> str:
    for types, name in _KINDS:
        if isinstance(kind, types):
            return name
    return "textarea" if isinstance(kind, sa.String) and (kind.length or 0) > _LONG_TEXT else "text"


def _label(attribute: Attribute, reference: Relation | None) -> str:
    return spaced(reference.name) if reference is not None else spaced(attribute.name)


def _values(attribute: Attribute) -> list[dict[str, Any]] | None:
    values = attribute.codec.schema.get("enum")
    return None if values is None else [{"value": value, "label": str(value)} for value in values]


def _default(attribute: Attribute) -> Any:
    """The value that the model gives a new row, where it is one that stands fixed."""
    default = attribute.of.property.columns[0].default
    value = default.arg if default is not None and default.is_scalar else None
    if isinstance(value, Decimal | dt.date | dt.time | uuid.UUID):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.name
    return value if isinstance(value, bool | int | float | str) else None
