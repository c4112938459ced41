"""Policy test files read strictly: what is not known, or cannot be meant, is told with its line and a hint.

A file that is misspelt must never pass for one whose expectations hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

from rowgate.admin.nodes import Fault, Faults, Node, read_yaml
from rowgate.errors import BadClaim, RowgateError
from rowgate.testing.cases import Check, Data, Key, PolicyFile, PolicyTest, Row, Seen, SeenKind, User
from rowgate.testing.deeds import read_tried
from rowgate.testing.values import Unfit, key_of, nearest, value_of
from rowgate.testing.vocabulary import Vocabulary
from rowgate.types import Principal
from rowgate.zed import Relationship, check_relationship, parse_relationships

__all__ = ["read_policy_file"]

_FILE_KEYS: Final = ("about", "data", "users", "rows", "relationships", "tests")
_USER_KEYS: Final = ("roles", "claims")
_SEEN: Final[tuple[SeenKind, ...]] = get_args(SeenKind)
_TEST_KEYS: Final = ("name", "as", *_SEEN, "may", "may_not")
_ALL: Final = "all"


def read_policy_file(path: Path, vocabulary: Vocabulary, faults: Faults) -> PolicyFile | None:
    """Read a file of policy tests.

    Args:
        path: the file, YAML in UTF-8; docs/reference/policy-tests.md is its format.
        vocabulary: the names it may use.
        faults: gets what is wrong; every fault is an error.

    Returns:
        The file; None where it has faults.
    """
    before = len(faults)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.error(1, f"The file cannot be read: {error}.")
        return None
    root = read_yaml(text, faults)
    faults[before:] = [_hinted(fault) for fault in faults[before:]]
    made = None if root is None else _Reader(path, vocabulary, faults).file(root)
    if root is None and len(faults) == before:
        faults.error(1, "The file is empty.", "Write at least one test under tests:.")
    return made if len(faults) == before else None


def _hinted(fault: Fault) -> Fault:
    """The one mistake that this format invites, told in its own words."""
    if "mapping values are not allowed" not in fault.message:
        return fault
    return replace(fault, hint="A deed that has code: or because: below it ends with a colon: - delete Customer A:")


class _Reader:
    def __init__(self, path: Path, vocabulary: Vocabulary, faults: Faults) -> None:
        self.path, self.names, self.faults = path, vocabulary, faults
        self.users: dict[str, Principal] = {}

    def file(self, root: Node) -> PolicyFile:
        members = self._map(root, "The file", _FILE_KEYS)
        about = members.get("about")
        if about is not None and not isinstance(about.value, str):
            self.faults.error(about.line, "about: is text.")
        self.users = dict(self._users(members.get("users")))
        rows = tuple(self._rows(members.get("rows")))
        relationships = tuple(self._relationships(members.get("relationships")))
        data = self._data(members)
        tests = tuple(self._tests(members.get("tests"), root.line))
        return PolicyFile(path=self.path, data=data, rows=rows, relationships=relationships, tests=tests)

    # --- users and data

    def _users(self, node: Node | None) -> Iterator[tuple[str, Principal]]:
        for name, each in (self._map(node, "users:") if node is not None else {}).items():
            made = self._principal(name, self._map(each, f"The user {name}", _USER_KEYS), each.line)
            if made is not None:
                yield name, made

    def _principal(self, name: str, members: Mapping[str, Node], line: int) -> Principal | None:
        roles: list[str] = []
        for each in self._list(members.get("roles"), "roles:"):
            if each.value in self.names.roles:
                roles.append(each.value)
            else:
                self.faults.error(
                    each.line,
                    f"There is no role {each.value!r}.",
                    nearest(str(each.value), self.names.roles, what="roles"),
                )
        known = set(self.names.principal.claim_names()) - {"id"}
        claims: dict[str, object] = {}
        for claim, each in (self._map(members["claims"], "claims:") if "claims" in members else {}).items():
            if claim not in known:
                self.faults.error(each.line, f"There is no claim {claim!r}.", nearest(claim, known, what="claims"))
            value = each.plain()
            claims[claim] = value.isoformat() if isinstance(value, dt.date) else value
        try:
            return self.names.claims.principal(id=name, roles=roles, claims=claims)
        except BadClaim as refused:
            self.faults.error(line, refused.detail, "Give the claim the type that the principal's class declares.")
            return None

    def _data(self, members: Mapping[str, Node]) -> Data:
        node, own = members.get("data"), "rows" in members or "relationships" in members
        if node is None:
            return "rows" if own else "project"
        if own:
            self.faults.error(node.line, "rows: and relationships: bring their own database.", "Leave out data:.")
        elif node.value not in ("project", "new"):
            self.faults.error(node.line, f"data: is project or new, not {node.value!r}.")
        return "new" if node.value == "new" else "project"

    def _rows(self, node: Node | None) -> Iterator[Row]:
        for name, each in (self._map(node, "rows:") if node is not None else {}).items():
            entity = self._entity(name, each.line)
            for row in self._list(each, f"The rows of {name}"):
                values: dict[str, Any] = {}
                for attribute, value in self._map(row, f"A row of {name}").items():
                    if entity is not None:
                        try:
                            values[attribute] = value_of(entity, attribute, value.plain())
                        except Unfit as unfit:
                            self.faults.error(value.line, unfit.message, unfit.hint)
                if entity is not None:
                    yield Row(entity=entity, values=values, line=row.line)

    def _relationships(self, node: Node | None) -> Iterator[Relationship]:
        if node is None:
            return
        if self.names.schema is None:
            self.faults.error(node.line, "The policy declares no relationship schema.")
        elif not isinstance(node.value, str):
            self.faults.error(node.line, "relationships: is text, one relationship a line.", "Write relationships: |")
        else:
            line = node.line
            try:
                for number, each in parse_relationships(node.value):
                    # A block of text begins on the line below its key.
                    line = node.line + number if "\n" in node.value else node.line
                    check_relationship(self.names.schema, each)
                    yield each
                    line = node.line
            except RowgateError as refused:
                self.faults.error(line, refused.detail, refused.advice)

    # --- tests

    def _tests(self, node: Node | None, line: int) -> Iterator[PolicyTest]:
        found = self._list(node, "tests:")
        if not found:
            self.faults.error(node.line if node else line, "There are no tests.", "Write at least one under tests:.")
        names: set[str] = set()
        for each in found:
            members = self._map(each, "A test", _TEST_KEYS)
            users = tuple(self._as(members.get("as"), each.line))
            checks = tuple(self._checks(members))
            if not checks and members.keys() <= {"name", "as"}:
                self.faults.error(
                    each.line, "The test expects nothing.", f"Give it one of {', '.join(_TEST_KEYS[2:])}."
                )
            name = str(members["name"].value) if "name" in members else f"as {', '.join(map(_user_name, users))}"
            if "name" in members and name in names:
                self.faults.error(members["name"].line, f"Two tests are called {name!r}.")
            names.add(name)
            yield PolicyTest(name=name, users=users, checks=checks, line=each.line)

    def _as(self, node: Node | None, line: int) -> Iterator[User]:
        if node is None:
            self.faults.error(line, "The test does not say as whom.", "Write as: and a log-in, or a user of users:.")
            return
        several = node.items
        if several is not None and not several:
            self.faults.error(node.line, "as: names nobody.")
        for each in [node] if several is None else several:
            if each.members is not None and each.value is not None:
                made = self._principal("somebody", self._map(each, "as:", _USER_KEYS), each.line)
                if made is not None:
                    yield made
            elif isinstance(each.value, str) and each.value:
                yield self.users.get(each.value, each.value)
            else:
                self.faults.error(each.line, f"{each.value!r} is no user's name.", "Put it in quotes.")

    def _checks(self, members: Mapping[str, Node]) -> Iterator[Check]:
        for kind in _SEEN:
            if kind in members:
                yield from self._seen(kind, members[kind])
        for word, allowed in (("may", True), ("may_not", False)):
            for each in self._list(members.get(word), f"{word}:", empty=word not in members):
                tried = read_tried(each, self.names, self.faults, allowed=allowed)
                if tried is not None:
                    yield tried

    def _seen(self, kind: SeenKind, node: Node) -> Iterator[Seen]:
        entities = self._map(node, f"{kind}:")
        if not entities:
            self.faults.error(node.line, f"{kind}: names no entity.", f"Write {kind}: {{Customer: ...}}.")
        for name, each in entities.items():
            entity = self._entity(name, each.line)
            if entity is None:
                continue
            keys: tuple[Key, ...] | None = None
            number: int | None = None
            if kind == "counts":
                if isinstance(each.value, bool) or not isinstance(each.value, int) or each.value < 0:
                    self.faults.error(each.line, f"{name}: is a number of rows, not {each.plain()!r}.")
                    continue
                number = each.value
            elif each.value == _ALL:
                if kind != "sees":
                    self.faults.error(each.line, f"{kind}: does not take all.", "Write sees: {...: all}, or [].")
                    continue
            else:
                keys = tuple(self._keys(entity, each, kind))
            yield Seen(kind=kind, entity=entity, keys=keys, number=number, line=each.line)

    def _keys(self, entity: type, node: Node, kind: SeenKind) -> Iterator[Key]:
        found: set[Key] = set()
        for each in self._list(node, f"The ids of {entity.__name__}", empty=kind == "sees_only"):
            try:
                key = key_of(entity, each.value)
            except Unfit as unfit:
                self.faults.error(each.line, unfit.message, unfit.hint)
                continue
            if key in found:
                self.faults.error(each.line, f"{each.value} is given twice.")
            found.add(key)
            yield key

    # --- shapes

    def _entity(self, name: str, line: int) -> type | None:
        entity = self.names.entities.get(name)
        if entity is None:
            self.faults.error(
                line, f"There is no entity {name!r}.", nearest(name, self.names.entities, what="entities")
            )
        return entity

    def _map(self, node: Node, what: str, known: tuple[str, ...] | None = None) -> Mapping[str, Node]:
        members = node.members
        if members is None:
            self.faults.error(node.line, f"{what} is a map (name: value).")
            return {}
        if known is not None:
            for key, each in members.items():
                if key not in known:
                    self.faults.error(each.line, f"{what} has no {key!r}.", nearest(key, known, what="keys"))
        return members

    def _list(self, node: Node | None, what: str, *, empty: bool = True) -> list[Node]:
        if node is None:
            return []
        items = node.items
        if items is None:
            self.faults.error(node.line, f"{what} is a list ([...], or lines that begin with -).")
            return []
        if not items and not empty:
            self.faults.error(node.line, f"{what} is empty.")
        return list(items)


def _user_name(user: User) -> str:
    return user if isinstance(user, str) else f"[{', '.join(sorted(user.roles))}]" if user.id == "somebody" else user.id
