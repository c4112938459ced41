"""Deeds in words: ``update Customer CTWTR``, ``do ship_order Order 10643``, ``permission share order:10248``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from rowgate.admin.nodes import Faults, Node
from rowgate.errors import RowgateError
from rowgate.testing.cases import ActionDeed, Deed, Key, PermissionDeed, RowDeed, Tried
from rowgate.testing.values import Unfit, column_of, key_of, nearest, value_of
from rowgate.testing.vocabulary import Vocabulary
from rowgate.zed.relationships import parse_object

__all__ = ["read_tried"]

_CODE = re.compile(r"RG\d{3}")
_FORMS: Final = {
    "read": "read ENTITY, read ENTITY ID, or read ENTITY ID: [columns]",
    "insert": "insert ENTITY: {column: value}",
    "update": "update ENTITY ID: {column: value}",
    "delete": "delete ENTITY ID",
    "do": "do ACTION, or do ACTION ENTITY ID; behind a colon {method: POST, endpoint: ...}",
    "permission": "permission NAME TYPE:ID",
}


def read_tried(node: Node, names: Vocabulary, faults: Faults, *, allowed: bool) -> Tried | None:
    """Read one line of ``may:`` or ``may_not:``.

    Args:
        node: text, or a map whose one key that is a deed has its values.
        names: what it may name.
        faults: gets what is wrong.
        allowed: whether the deed is to be done, or refused.

    Returns:
        The expectation; None where it has faults.
    """
    members: Mapping[str, Node] = node.members if isinstance(node.value, dict) and node.members else {}
    extra = {key: each for key, each in members.items() if key in ("code", "because")}
    deeds = {key: each for key, each in members.items() if key not in extra}
    if isinstance(node.value, str):
        deeds = {node.value: Node(None, node.line)}
    if len(deeds) != 1:
        faults.error(node.line, "A line of may: or may_not: is one deed.", f"Write it as {_FORMS['update']}.")
        return None
    ((text, values),) = deeds.items()
    code = _text(extra, "code", faults)
    if code is not None and (allowed or not _CODE.fullmatch(code)):
        hint = "It names the error that refuses, RG105 say."
        faults.error(extra["code"].line, "code: belongs to a line of may_not:, and is an error's code.", hint)
    because = _text(extra, "because", faults)
    try:
        deed = _Words(text, values, names).deed()
    except Unfit as unfit:
        faults.error(values.line, unfit.message, unfit.hint)
        return None
    if because is not None and not (isinstance(deed, RowDeed) and deed.key):
        faults.error(extra["because"].line, "because: is about a row: read, update or delete ENTITY ID.")
    return Tried(deed=deed, allowed=allowed, code=code, because=because, line=node.line)


def _text(extra: Mapping[str, Node], key: str, faults: Faults) -> str | None:
    node = extra.get(key)
    if node is None:
        return None
    if not isinstance(node.value, str) or not node.value:
        faults.error(node.line, f"{key}: is text.")
        return None
    return node.value


class _Words:
    """One deed; each method takes the words that its verb needs."""

    def __init__(self, text: str, values: Node, names: Vocabulary) -> None:
        self.text, self.values, self.names = " ".join(text.split()), values, names
        self.verb, _, self.rest = self.text.partition(" ")

    def deed(self) -> Deed:
        if self.verb not in _FORMS:
            raise Unfit(f"{self.verb!r} is no deed.", nearest(self.verb, _FORMS, what="deeds"))
        make: Callable[[], Deed] = getattr(self, f"_{self.verb}")
        return make()

    def _read(self) -> RowDeed:
        entity, key = self._row()
        if self.values.value is None:
            made = key_of(entity, key) if key else None
            return RowDeed(verb="read", text=self.text, entity=entity, key=made)
        items = self.values.items
        if not key or not items or any(not isinstance(each.value, str) for each in items):
            raise self._misshapen()
        fields = tuple(str(each.value) for each in items)
        for name in fields:
            column_of(entity, name)
        return RowDeed(verb="read", text=self.text, entity=entity, key=key_of(entity, key), fields=fields)

    def _insert(self) -> RowDeed:
        entity, key = self._row()
        if key:
            raise Unfit(f"{self.text!r} names a row that is not there yet.", f"Write it as {_FORMS['insert']}.")
        return RowDeed(verb="insert", text=self.text, entity=entity, values=self._values(entity))

    def _update(self) -> RowDeed:
        entity, key = self._row(needed=True)
        values = self._values(entity)
        return RowDeed(verb="update", text=self.text, entity=entity, key=key_of(entity, key), values=values)

    def _delete(self) -> RowDeed:
        entity, key = self._row(needed=True)
        self._no_values()
        return RowDeed(verb="delete", text=self.text, entity=entity, key=key_of(entity, key))

    def _do(self) -> ActionDeed:
        name, _, rest = self.rest.partition(" ")
        if name not in self.names.actions:
            raise Unfit(f"There is no action {name!r}.", nearest(name, self.names.actions, what="actions"))
        members = self.values.members
        if members is None or not members.keys() <= {"method", "endpoint"}:
            raise self._misshapen()
        said = {key: str(each.value) for key, each in members.items()}
        on: tuple[type, Key] | None = None
        if rest:
            first, _, key = rest.partition(" ")
            entity = self._entity(first)
            if not key:
                raise self._misshapen()
            on = (entity, key_of(entity, key))
        return ActionDeed(text=self.text, name=name, on=on, method=said.get("method"), endpoint=said.get("endpoint"))

    def _permission(self) -> PermissionDeed:
        self._no_values()
        name, _, rest = self.rest.partition(" ")
        schema = self.names.schema
        if schema is None:
            raise Unfit("The policy declares no relationship schema.", "Declare one, or leave this line out.")
        try:
            resource = parse_object(rest)
        except RowgateError as refused:
            raise Unfit(refused.detail, f"Write it as {_FORMS['permission']}.") from refused
        kind = resource.type
        definition = schema.definitions.get(kind)
        if definition is None:
            raise Unfit(f"The schema has no type {kind!r}.", nearest(kind, schema.definitions, what="types"))
        if definition.member(name) is None:
            raise Unfit(f"{kind} has no permission {name!r}.", nearest(name, definition.members, what="permissions"))
        return PermissionDeed(text=self.text, name=name, resource=resource)

    # --- parts

    def _row(self, *, needed: bool = False) -> tuple[type, str]:
        name, _, key = self.rest.partition(" ")
        if not name or (needed and not key):
            raise self._misshapen()
        return self._entity(name), key

    def _entity(self, name: str) -> type:
        if name not in self.names.entities:
            raise Unfit(f"There is no entity {name!r}.", nearest(name, self.names.entities, what="entities"))
        return self.names.entities[name]

    def _values(self, entity: type) -> dict[str, Any]:
        members = self.values.members
        if not members:
            raise self._misshapen()
        return {name: value_of(entity, name, each.plain()) for name, each in members.items()}

    def _no_values(self) -> None:
        if self.values.value is not None:
            raise self._misshapen()

    def _misshapen(self) -> Unfit:
        return Unfit(f"{self.text!r} is not the whole of a deed.", f"Write it as {_FORMS[self.verb]}.")
