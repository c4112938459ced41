"""The keys of ``ui/admin.yaml``, each with what it takes: one table for reading, for the JSON Schema and for the docs.

The format is ApiLogicServer's, with a few keys of our own (https://apilogicserver.github.io/Docs/Admin-Customization/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rowgate.admin.nodes import Node
from rowgate.admin.show_when import ShowWhenFault, attributes_of

__all__ = ["ATTRIBUTE", "ENUM_ITEM", "RESOURCE", "SETTINGS", "TAB", "TOP", "TYPES", "Key"]

TYPES: Final[Mapping[str, str]] = {
    "binary": "binary", "blob": "binary", "largebinary": "binary", "bytea": "binary",
    "boolean": "boolean", "bool": "boolean",
    "code": "code",
    "date": "date",
    "datetime": "datetime", "timestamp": "datetime",
    "decimal": "decimal", "numeric": "decimal", "money": "decimal",
    "email": "email",
    "enum": "enum",
    "float": "float", "double": "float", "real": "float",
    "image": "image",
    "integer": "integer", "int": "integer", "bigint": "integer", "smallint": "integer",
    "interval": "interval",
    "json": "json", "jsonb": "json",
    "link": "link", "url": "link",
    "password": "password",
    "text": "text", "string": "text", "varchar": "text", "nvarchar": "text", "char": "text", "nchar": "text",
    "textarea": "textarea",
    "time": "time",
    "uuid": "uuid",
}  # fmt: skip
"""Names that ``type`` takes, in small letters, and the kind of field that each means."""


@dataclass(frozen=True)
class Key:
    """A key: how its value is read, its JSON Schema, and what it decides.

    ``read`` raises ValueError where the value cannot be meant, with words that follow the key's name.
    """

    read: Callable[[Node], Any]
    schema: Mapping[str, Any]
    says: str


def _text(node: Node) -> str:
    if isinstance(node.value, dict | list) or node.value is None:
        raise ValueError("takes text")
    return str(node.value)


def _flag(node: Node) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(node.value, bool):
        return node.value
    if isinstance(node.value, str) and node.value.strip().lower() in words:
        return words[node.value.strip().lower()]
    raise ValueError("takes true or false")


def _count(node: Node) -> int:
    if isinstance(node.value, int) and not isinstance(node.value, bool) and 0 < node.value <= 1000:
        return node.value
    raise ValueError("takes a whole number from 1 to 1000")


def _sort(node: Node) -> bool | str:
    if isinstance(node.value, str) and node.value.strip().upper() in ("ASC", "DESC"):
        return "DESC" if node.value.strip().upper() == "DESC" else True
    try:
        return _flag(node)
    except ValueError:
        raise ValueError("takes true, false or DESC") from None


def _type(node: Node) -> str:
    name = _text(node).split("(")[0].strip().lower()
    if name not in TYPES:
        raise ValueError(f"is none of: {', '.join(sorted(set(TYPES.values())))}")
    return TYPES[name]


def _show_when(node: Node) -> str:
    text = _text(node).strip()
    try:
        attributes_of(text)
    except ShowWhenFault as fault:
        raise ValueError(f"is no condition: {fault}") from None
    return text


def _names(node: Node) -> tuple[str, ...]:
    if isinstance(node.value, str):
        return (node.value,)
    if node.items is None or any(not isinstance(each.value, str) for each in node.items):
        raise ValueError("takes a list of names")
    return tuple(each.value for each in node.items)


def _direction(node: Node) -> str:
    if node.value not in ("tomany", "toone"):
        raise ValueError("takes tomany or toone")
    return str(node.value)


def _enum(node: Node) -> tuple[dict[str, Any], ...]:
    made: list[dict[str, Any]] = []
    for each in node.items or ():
        value = each.plain()
        if isinstance(value, dict):
            if "value" not in value or not value.keys() <= {"value", "label"}:
                raise ValueError("takes values, or maps of value and label")
            made.append({"value": value["value"], "label": str(value.get("label", value["value"]))})
        elif value is None or isinstance(value, list):
            raise ValueError("takes values, or maps of value and label")
        else:
            made.append({"value": value, "label": str(value)})
    if not made:
        raise ValueError("takes a list with at least one value")
    return tuple(made)


def _any(node: Node) -> Any:
    return node.plain()


_TEXT: Final = {"type": ["string", "number", "boolean"]}
_FLAG: Final = {"enum": [True, False, "true", "false", "True", "False", "yes", "no", "on", "off"]}
_COUNT: Final = {"type": "integer", "minimum": 1, "maximum": 1000}
_NAMES: Final = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
ENUM_ITEM: Final = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "object", "properties": {"value": {}, "label": _TEXT}, "required": ["value"]},
    ]
}

ATTRIBUTE: Final[Mapping[str, Key]] = {
    "name": Key(_text, {"type": "string"}, "The mapped attribute. Needed."),
    "label": Key(_text, _TEXT, "What the field is called; a star at its end is ApiLogicServer's sign for required."),
    "type": Key(_type, {"type": "string"}, "The kind of field, where it is not the column's own."),
    "required": Key(_flag, _FLAG, "A new row must have a value."),
    "search": Key(_flag, _FLAG, "The search box looks here. Where no attribute says so, it looks at every text."),
    "sort": Key(_sort, {"anyOf": [_FLAG, {"enum": ["ASC", "DESC"]}]}, "The list is sorted by it: true, or DESC."),
    "info": Key(_text, _TEXT, "A hint beside the field."),
    "show_when": Key(_show_when, {"type": "string"}, "The field is shown where this condition holds."),
    "hidden": Key(_flag, _FLAG, "The field is shown nowhere. It is not secret: policy.hide() makes it so."),
    "hide_list": Key(_flag, _FLAG, "It is not a column of lists."),
    "hide_edit": Key(_flag, _FLAG, "It is not in the form."),
    "format": Key(_text, {"type": "string"}, "How a value is written: money, percent, plain."),
    "enum": Key(_enum, {"type": "array", "minItems": 1, "items": ENUM_ITEM}, "The values to choose from."),
    "readonly": Key(_flag, _FLAG, "The form shows it and does not change it."),
    "group": Key(_text, _TEXT, "Fields of one group stand together under its name."),
    "placeholder": Key(_text, _TEXT, "Shown in the empty field."),
}

TAB: Final[Mapping[str, Key]] = {
    "name": Key(
        _text, {"type": "string"}, "The mapped relationship. Needed, but in a map of tab groups, where it is the key."
    ),
    "direction": Key(_direction, {"enum": ["tomany", "toone"]}, "Read and compared with the model, which decides."),
    "fks": Key(_names, _NAMES, "Read; the model decides."),
    "resource": Key(_text, {"type": "string"}, "The related resource; compared with the model, which decides."),
    "label": Key(_text, _TEXT, "What the tab is called."),
    "attributes": Key(_any, {"type": "array"}, "The columns of the tab, by name."),
    "hidden": Key(_flag, _FLAG, "There is no tab."),
}

RESOURCE: Final[Mapping[str, Key]] = {
    "type": Key(_text, {"type": "string"}, "The mapped class; the resource's own name where it is left out."),
    "user_key": Key(_text, {"type": "string"}, "The attribute that a person knows a row by."),
    "label": Key(_text, _TEXT, "What one row is called."),
    "label_plural": Key(_text, _TEXT, "What several are called."),
    "attributes": Key(_any, {"type": "array"}, "The fields, in their order; those not listed follow."),
    "tab_groups": Key(_any, {"type": ["array", "object"]}, "The relationships, in their order, as a list or a map."),
    "max_list_columns": Key(_count, _COUNT, "How many columns a list shows at first."),
    "perPage": Key(_count, _COUNT, "Rows of a page of the list."),
    "hidden": Key(_flag, _FLAG, "It is not in the menu."),
    "sort": Key(_text, {"type": "string"}, "The attribute that lists are sorted by; -Name descends."),
    "info_list": Key(_text, _TEXT, "HTML above the list; cleaned of scripts, collapsed."),
    "info_show": Key(_text, _TEXT, "HTML above the record; cleaned of scripts, collapsed."),
    "only_listed": Key(_flag, _FLAG, "Fields that attributes does not list are hidden, as in ApiLogicServer."),
}

SETTINGS: Final[Mapping[str, Key]] = {
    "max_list_columns": Key(_count, _COUNT, "For every resource that says nothing itself; 8."),
    "HomeJS": Key(_any, {}, "Ignored with a warning: it would put a script into the page."),
    "style_guide": Key(_any, {}, "Read for ApiLogicServer's sake; has no effect."),
}

TOP: Final[Mapping[str, Key]] = {
    "title": Key(_text, _TEXT, "The name of the app; that of the project's folder where it is left out."),
    "about": Key(_any, {"type": ["object", "string"]}, "Shown on the home page."),
    "api_root": Key(
        _text, {"type": "string"}, "Read for ApiLogicServer's sake; the app calls the server it came from."
    ),
    "authentication": Key(_any, {}, "Read for ApiLogicServer's sake; the app always asks for a log-in."),
    "info": Key(_any, {}, "HTML text on the home page, cleaned of scripts; a map is read and not shown."),
    "info_toggle_checked": Key(_flag, _FLAG, "Whether the texts of info_list and info_show are open at first."),
    "settings": Key(_any, {"type": "object"}, "Settings of the whole app."),
    "resources": Key(_any, {"type": "object"}, "By name: what differs from what the models give."),
}
