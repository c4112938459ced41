"""``ui/admin.yaml`` as values: what a project wants otherwise than the models give it, read with every fault told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from rowgate.admin.keys import ATTRIBUTE, RESOURCE, SETTINGS, TAB, TOP, Key
from rowgate.admin.nodes import Faults, Node, read_yaml
from rowgate.admin.show_when import attributes_of
from rowgate.mapped import mapper_of

__all__ = ["ADMIN_FILE", "AdminFile", "Listed", "ResourcePart", "check_names", "read_file", "read_text"]

ADMIN_FILE: Final = Path("ui/admin.yaml")
"""Where the file is, under the project's folder."""

_IGNORED: Final = {"HomeJS": "It would put a script into the page, so it is left out."}


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An attribute or a tab group as the file has it: its keys, without the name.

    Args:
        keys: as read, by key.
        line: where it stands.
    """

    name: str
    keys: Mapping[str, Any]
    line: int


@dataclass(frozen=True, kw_only=True)
class ResourcePart:
    """What the file says of one resource; ``keys`` without attributes and tab groups, ``lines`` where each stands."""

    name: str
    line: int
    keys: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    attributes: Mapping[str, Listed] = field(default_factory=dict)
    tabs: Mapping[str, Listed] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AdminFile:
    """The whole file; ``keys`` without settings and resources."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, ResourcePart] = field(default_factory=dict)

    def resource(self, name: str) -> ResourcePart:
        """What the file says of a resource, which may be nothing."""
        return self.resources.get(name) or ResourcePart(name=name, line=0)

    def searched(self) -> dict[str, tuple[str, ...]]:
        """By resource the attributes that the search box looks at; those without any are left out."""
        found = {
            name: tuple(each.name for each in part.attributes.values() if each.keys.get("search"))
            for name, part in self.resources.items()
        }
        return {name: names for name, names in found.items() if names}


def read_file(root: Path, faults: Faults, where: Path = ADMIN_FILE) -> AdminFile:
    """Read a project's file; one that is not there says nothing.

    Args:
        root: the project's folder.
        faults: gets every fault.
        where: the file, under the project's folder; each further database has its own.
    """
    path = root / where
    if not path.is_file():
        return AdminFile()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.error(1, f"The file cannot be read: {error}.")
        return AdminFile()
    return read_text(text, faults)


def read_text(text: str, faults: Faults) -> AdminFile:
    """Read the text of a file.

    Args:
        faults: gets every fault; where one is an error, what is returned is only a part.
    """
    root = read_yaml(text, faults)
    if root is None:
        return AdminFile()
    members = root.members
    if members is None:
        faults.error(root.line, "The file is no map of keys.")
        return AdminFile()
    reader = _Reader(faults)
    keys = reader.keys(root, TOP, "the file", but=("settings", "resources"))
    settings = reader.keys(members["settings"], SETTINGS, "settings") if "settings" in members else {}
    resources: dict[str, ResourcePart] = {}
    named = members.get("resources", Node(None, root.line))
    if named.members is None:
        faults.error(named.line, "resources is no map of resources by name.")
    for name, node in (named.members or {}).items():
        part = reader.resource(name, node)
        resources[part.name] = part
    return AdminFile(keys=keys, settings=settings, resources=resources)


class _Reader:
    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def keys(self, node: Node, known: Mapping[str, Key], where: str, *, but: Collection[str] = ()) -> dict[str, Any]:
        members = node.members
        if members is None:
            self.faults.error(node.line, f"{where} is no map of keys.")
            return {}
        made: dict[str, Any] = {}
        for name, value in members.items():
            if name in but:
                continue
            key = known.get(name)
            if key is None:
                near = get_close_matches(name, known, n=1)
                self.faults.warn(
                    value.line,
                    f"{where} has an unknown key {name!r}, which has no effect.",
                    f"Did you mean {near[0]}?" if near else None,
                )
            elif name in _IGNORED:
                self.faults.warn(value.line, f"{name} is ignored.", _IGNORED[name])
            elif value.value is not None:  # "label:" with nothing behind it says nothing
                try:
                    made[name] = key.read(value)
                except ValueError as fault:
                    # A type that we do not know is shown as its column's: ApiLogicServer does so too.
                    note = self.faults.warn if name == "type" and known is ATTRIBUTE else self.faults.error
                    note(value.line, f"{name} of {where} {fault}.")
        return made

    def resource(self, name: str, node: Node) -> ResourcePart:
        keys = self.keys(node, RESOURCE, name, but=("attributes", "tab_groups"))
        kind = str(keys.pop("type", name))
        members = node.members or {}
        return ResourcePart(
            name=kind,
            line=node.line,
            keys=keys,
            lines={key: each.line for key, each in members.items()},
            attributes=self.listed(members.get("attributes"), ATTRIBUTE, f"an attribute of {kind}"),
            tabs=self.listed(members.get("tab_groups"), TAB, f"a tab group of {kind}"),
        )

    def listed(self, node: Node | None, known: Mapping[str, Key], where: str) -> dict[str, Listed]:
        made: dict[str, Listed] = {}
        for name, each in self._entries(node, where):
            keys = self.keys(each, known, where) if isinstance(each.value, dict) else {}
            found = str(keys.pop("name", name or each.value if not isinstance(each.value, dict) else name or ""))
            if not found:
                self.faults.error(each.line, f"{where} has no name.")
            elif found in made:
                self.faults.error(each.line, f"{found} is listed twice.")
            else:
                if "attributes" in keys:
                    keys["attributes"] = self._columns(each, found)
                made[found] = Listed(name=found, keys=keys, line=each.line)
        return made

    def _entries(self, node: Node | None, where: str) -> Iterable[tuple[str | None, Node]]:
        """The entries of a list (maps, or bare names), or of a map by name."""
        if node is None or node.value is None:
            return []
        if node.items is not None:
            for each in node.items:
                if not isinstance(each.value, dict | str):
                    self.faults.error(each.line, f"{where} is neither a name nor a map of keys.")
            return [(None, each) for each in node.items if isinstance(each.value, dict | str)]
        if node.members is not None:
            return [(name, each) for name, each in node.members.items()]
        self.faults.error(node.line, f"{where}: a list is needed here.")
        return []

    def _columns(self, tab: Node, name: str) -> tuple[str, ...]:
        """The columns of a tab: bare names, or maps with a name."""
        listed = (tab.members or {})["attributes"]
        made: list[str] = []
        for each in listed.items or ():
            column = (each.members or {}).get("name", each) if isinstance(each.value, dict) else each
            if isinstance(column.value, str):
                made.append(column.value)
            else:
                self.faults.error(each.line, f"An attribute of the tab {name} has no name.")
        if listed.items is None:
            self.faults.error(listed.line, f"attributes of the tab {name} is no list.")
        return tuple(made)


def check_names(file: AdminFile, entities: Iterable[type], faults: Faults) -> None:
    """Compare the names in a file with the models.

    Args:
        file: as read.
        entities: the mapped classes.
        faults: gets an error for each name that the models do not have.
    """
    mappers = {entity.__name__: mapper_of(entity) for entity in entities}
    for part in file.resources.values():
        if part.name not in mappers:
            faults.error(part.line, f"There is no resource {part.name!r}.", _nearest(part.name, mappers))
            continue
        columns = list(mappers[part.name].column_attrs.keys())
        relations = {each.key: each for each in mappers[part.name].relationships}
        _known_attributes(part, columns, faults)
        for tab in part.tabs.values():
            relation = relations.get(tab.name)
            if relation is None:
                faults.error(tab.line, f"{part.name} has no relationship {tab.name!r}.", _nearest(tab.name, relations))
                continue
            target = relation.mapper.class_.__name__
            if tab.keys.get("resource", target) != target:
                faults.error(tab.line, f"{part.name}.{tab.name} leads to {target}, not to {tab.keys['resource']}.")
            direction = "tomany" if relation.uselist else "toone"
            if tab.keys.get("direction", direction) != direction:
                faults.error(tab.line, f"{part.name}.{tab.name} is {direction}, not {tab.keys['direction']}.")
            _known_names(tab.keys.get("attributes", ()), relation.mapper.column_attrs.keys(), target, tab.line, faults)


def _known_attributes(part: ResourcePart, columns: list[str], faults: Faults) -> None:
    for listed in part.attributes.values():
        _known_names([listed.name], columns, part.name, listed.line, faults)
        _known_names(attributes_of(listed.keys.get("show_when", "true")), columns, part.name, listed.line, faults)
    for key in ("user_key", "sort"):
        if key in part.keys:
            name = str(part.keys[key]).removeprefix("-")
            _known_names([name], columns, part.name, part.lines.get(key, part.line), faults)


def _known_names(names: Iterable[str], known: Iterable[str], kind: str, line: int, faults: Faults) -> None:
    columns = set(known)
    for name in names:
        if name not in columns:
            faults.error(line, f"{kind} has no attribute {name!r}.", _nearest(name, columns))


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(names)}."
