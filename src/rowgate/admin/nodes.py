"""YAML with the line of every value, so that a fault in a file is told where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import yaml

__all__ = ["Fault", "Faults", "Node", "read_yaml"]


_TAGS: Final = frozenset({yaml.SafeLoader.DEFAULT_MAPPING_TAG, yaml.SafeLoader.DEFAULT_SEQUENCE_TAG})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is wrong with a file, or that has no effect.

    Args:
        level: an error stops the start, a warning does not.
        line: from 1.
        message: what is wrong.
        hint: what to do; None where the message says it.
    """

    level: Literal["error", "warning"]
    line: int
    message: str
    hint: str | None = None


class Faults(list[Fault]):
    """The faults of one file, in the order they were found."""

    def error(self, line: int, message: str, hint: str | None = None) -> None:
        """Note something that cannot be meant."""
        self.append(Fault(level="error", line=line, message=message, hint=hint))

    def warn(self, line: int, message: str, hint: str | None = None) -> None:
        """Note something that has no effect."""
        self.append(Fault(level="warning", line=line, message=message, hint=hint))

    @property
    def fatal(self) -> bool:
        """Whether one of them is an error."""
        return any(fault.level == "error" for fault in self)


@dataclass(frozen=True)
class Node:
    """A value of a YAML file.

    Args:
        value: a scalar, a list of nodes, or nodes by their keys.
        line: where it begins, from 1; for a value of a map, where its key stands.
    """

    value: Any
    line: int

    @property
    def members(self) -> Mapping[str, Node] | None:
        """The nodes of a map by key; None where this is none. An empty value counts as an empty map."""
        if isinstance(self.value, dict):
            return self.value
        return {} if self.value is None else None

    @property
    def items(self) -> Sequence[Node] | None:
        """The nodes of a list; None where this is none."""
        return self.value if isinstance(self.value, list) else None

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_yaml(text: str, faults: Faults) -> Node | None:
    """Read a file of one YAML document (YAML 1.1, as PyYAML's safe loader takes it).

    Args:
        text: of the file.
        faults: gets what is not YAML, and keys that are given twice.

    Returns:
        The document; None where there is none, or where it cannot be read.
    """
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        return None if root is None else _converted(root, loader, faults, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.error(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem or error.context}.")
    except yaml.YAMLError as error:
        faults.error(1, f"This is not YAML: {' '.join(str(error).split())}.")
    except (ValueError, RecursionError) as error:
        # 2024-02-30 looks like a date and is none; a file may also nest without end.
        faults.error(1, f"A value cannot be read: {error}.")
    return None


def _converted(node: yaml.Node, loader: yaml.SafeLoader, faults: Faults, above: tuple[yaml.Node, ...]) -> Node:
    line = node.start_mark.line + 1
    if node in above:
        raise ValueError(f"line {line} holds itself")
    inside = (*above, node)
    if isinstance(node, yaml.CollectionNode) and node.tag not in _TAGS:
        raise ValueError(f"line {line} has the tag {node.tag}")
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        made: dict[str, Node] = {}
        for key, at, value in _pairs(node, loader):
            if key in made:
                faults.error(at, f"{key} is given twice.")
            # A block begins on the line after its key, and is found by the key.
            made[key] = replace(_converted(value, loader, faults, inside), line=at)
        return Node(made, line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_converted(each, loader, faults, inside) for each in node.value], line)
    return Node(loader.construct_object(node), line)


def _pairs(node: yaml.MappingNode, loader: yaml.SafeLoader) -> Iterator[tuple[str, int, yaml.Node]]:
    """Each key, its line, and its value."""
    for key, value in node.value:
        name = str(loader.construct_object(key)) if isinstance(key, yaml.ScalarNode) else "?"
        yield name, key.start_mark.line + 1, value
