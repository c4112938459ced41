"""YAML as a tree of units: the keys of mappings and the items of lists; an item goes by its name.

Only PyYAML's marks are used, which say where each key and value stands: the text is never written anew, so comments,
quotes and layout stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rowgate.generate.units import Key, Unit, above, lines_of, numbered

__all__ = ["yaml_units"]


def yaml_units(text: str) -> Unit:
    """Take a YAML document apart.

    Raises:
        yaml.YAMLError: the text is not one YAML document.
        ValueError: it is no mapping in block style.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = lines_of(text)
    if root is None and not any(line.split("#")[0].strip() for line in lines):
        return Unit(key=(), label="", parts=(), foot=text)
    if not isinstance(root, MappingNode) or root.flow_style or root.start_mark.column:
        raise ValueError("no mapping in block style")
    parts, foot = _Reader(lines).pairs(root, 0, len(lines), within="")
    return Unit(key=(), label="", parts=parts, foot=foot)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def pairs(
        self, node: MappingNode, start: int, end: int, *, within: str, skip: int = 0
    ) -> tuple[tuple[Unit, ...], str]:
        """The keys of a mapping between two lines (from 0), and the comments below the last one."""
        entries = [(key, value) for key, value in node.value[skip:]]
        return self._units([(key, key, value) for key, value in entries], start, end, within=within)

    def items(self, node: SequenceNode, start: int, end: int, *, within: str) -> tuple[tuple[Unit, ...], str]:
        """The same for the items of a list."""
        return self._units([(item, None, item) for item in node.value], start, end, within=within)

    def _units(
        self, entries: Sequence[tuple[Node, Node | None, Node]], start: int, end: int, *, within: str
    ) -> tuple[tuple[Unit, ...], str]:
        found: list[Unit] = []
        here = start
        starts = [first.start_mark.line for first, _, _ in entries]
        for number, (first, key, value) in enumerate(entries):
            line = starts[number]
            following = starts[number + 1] if number + 1 < len(starts) else end
            spaced = above(self.lines[here:line])
            indent = len(self.lines[line]) - len(self.lines[line].lstrip())
            if first.start_mark.column != indent and key is not None:
                raise ValueError(f"line {line + 1} holds two keys")
            last = self._last(line, following, indent)
            found.append(
                self._unit(key, value, line, last, indent=indent, within=within, gap=spaced.gap, lead=spaced.lead)
            )
            here = last
        return tuple(numbered(found)), "".join(self.lines[here:end])

    def _last(self, line: int, following: int, indent: int) -> int:
        """The line after the last that belongs to an entry: blank lines and comments below it may not."""
        last = following
        while last > line + 1 and not self.lines[last - 1].split("#")[0].strip():
            last -= 1
        return last + above(self.lines[last:following], indent=indent).foot.count("\n")

    def _unit(
        self, key: Node | None, value: Node, line: int, last: int, *, indent: int, within: str, gap: str, lead: str
    ) -> Unit:
        name = _named(value) if key is None else _scalar(key)
        known: Key = ("key", name or "") if key is not None else ("item", name or _plain(value))
        label = ".".join(filter(None, (within, name or self.lines[line].strip())))
        unit = Unit(key=known, label=label, gap=gap, lead=lead, indent=indent)
        whole = replace(unit, body="".join(self.lines[line:last]))
        if isinstance(value, ScalarNode) or getattr(value, "flow_style", True) or not value.value:
            return whole
        if key is not None and value.start_mark.line == line:
            return whole
        first, skip = value.start_mark.line, 0
        if key is None:
            if not isinstance(value, MappingNode) or not name or len(value.value) < 2:
                return whole
            skip = 1
            first = value.value[1][0].start_mark.line
            if first == line:
                return whole
        while first > line + 1 and not self.lines[first - 1].split("#")[0].strip():
            first -= 1
        if isinstance(value, SequenceNode):
            parts, foot = self.items(value, first, last, within=label)
        elif isinstance(value, MappingNode):
            parts, foot = self.pairs(value, first, last, within=label, skip=skip)
        else:
            return whole
        return replace(unit, body="".join(self.lines[line:first]), parts=parts, foot=foot)


def _scalar(node: Node) -> str | None:
    return node.value if isinstance(node, ScalarNode) else None


def _named(node: Node) -> str | None:
    """What an item of a list goes by: its own text, or the value of ``name`` where that comes first."""
    if isinstance(node, ScalarNode):
        return str(node.value)
    if isinstance(node, MappingNode) and node.value and _scalar(node.value[0][0]) == "name":
        return _scalar(node.value[0][1])
    return None


def _plain(node: Node) -> str:
    return yaml.serialize(node).strip()
