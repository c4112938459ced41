"""Finds the chain of parents that a relationship schema could start with: a tree, or rows that belong to rows.

A chain is read from the foreign keys: a folder in its folder, a document in the folder, a page of the document. Taken
is the longest, of three classes at most, where a tree counts as one more; of several the first by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rowgate.errors import SchemaError
from rowgate.generate.models import GeneratedClass
from rowgate.policy.relation_types import in_small_letters
from rowgate.zed import resolve
from rowgate.zed.names import TYPE_NAME

__all__ = ["Link", "ParentChain", "find_chain"]

_LONGEST: Final = 3
_SUBJECTS: Final = ("user", "login", "principal")
_IDS: Final = ("int", "str")
_OTHERS: Final = ("parent", "owner", "viewer", "read")
"""What else a type of the schema has."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A class and a column that holds its parent's key.

    Args:
        child: the class.
        parent: the class it points to; the same one in a tree.
        column: the attribute.
        relation: what the schema calls it.
        required: whether a row cannot be without a parent.
    """

    child: str
    parent: str
    column: str
    relation: str
    required: bool


@dataclass(frozen=True, kw_only=True)
class ParentChain:
    """Classes, each the parent of the next, and the links between them.

    Args:
        classes: from the first parent down.
        links: between them, and of a tree within one.
        subject: the type of whoever asks: a name that no class of the chain has.
    """

    classes: tuple[GeneratedClass, ...]
    links: tuple[Link, ...]
    subject: str

    @property
    def words(self) -> str:
        """What was found, as sentences."""
        told = [
            f"{link.child} can be in {link.parent}"
            if link.child == link.parent
            else f"{link.child} is of {link.parent}"
            for link in self.links
        ]
        return f"{'; '.join(told)}."

    def schema(self, *, owned: bool) -> str:
        """The text of the relationship schema.

        Args:
            owned: whether a column of the first class says who owns its rows.
        """
        parts = [f"/** Whoever logs in. */\ndefinition {self.subject} {{}}"]
        for each in self.classes:
            lines = [f"\trelation {link.relation}: {in_small_letters(link.parent)}" for link in self._links_of(each)]
            ways = [f"{link.relation}->read" for link in self._links_of(each)]
            if each is self.classes[0]:
                lines.insert(0, f"\t/** Those it was shared with. */\n\trelation viewer: {self.subject}")
                ways.insert(0, "viewer")
                if owned:
                    lines.insert(0, f"\trelation owner: {self.subject}")
                    ways.insert(0, "owner")
            body = "\n".join([*lines, "", f"\tpermission read = {' + '.join(ways)}"])
            parts.append(f"definition {in_small_letters(each.name)} {{\n{body}\n}}")
        return "\n\n".join(parts) + "\n"

    def _links_of(self, each: GeneratedClass) -> list[Link]:
        return [link for link in self.links if link.child == each.name]


def find_chain(classes: Iterable[GeneratedClass]) -> ParentChain | None:
    """The chain to suggest; None where no class points to another, or to itself.

    Args:
        classes: every mapped class; views are in no chain.
    """
    everything = list(classes)
    fit = {each.name: each for each in everything if _is_fit(each)}
    links = [link for name in sorted(fit) for link in _links(fit[name], fit)]
    trees = {link.child: link for link in reversed(links) if link.child == link.parent}
    below: dict[str, list[Link]] = {}
    for link in links:
        if link.child != link.parent and link.required:
            below.setdefault(link.parent, []).append(link)
    found = [(name, path) for name in sorted(fit) for path in _paths(name, below, ()) if path or name in trees]
    if not found:
        return None
    top, path = max(found, key=lambda each: len(each[1]) + (each[0] in trees))
    names = [top, *(link.child for link in path)]
    # A type is an entity's by its name, whether or not the entity could be one.
    taken = {in_small_letters(each.name) for each in everything}
    subject = next((each for each in _SUBJECTS if each not in taken), None)
    if subject is None:
        return None
    own = [trees[name] for name in names if name in trees]
    chain = ParentChain(classes=tuple(fit[name] for name in names), links=(*own, *path), subject=subject)
    try:
        resolve(chain.schema(owned=True))
    except SchemaError:  # a class has a name that means something else in a schema
        return None
    return chain


def _paths(name: str, below: Mapping[str, Sequence[Link]], path: tuple[Link, ...]) -> Iterable[tuple[Link, ...]]:
    """Every way down from a class, no class twice, of so many classes at most; the first is to stay."""
    yield path
    if len(path) == _LONGEST - 1:
        return
    seen = {name, *(link.parent for link in path)}
    for link in below.get(name, ()):
        if link.child not in seen:
            yield from _paths(link.child, below, (*path, link))


def _links(each: GeneratedClass, fit: Mapping[str, GeneratedClass]) -> Iterable[Link]:
    for column in each.columns:
        if column.references in fit and column.name not in each.key:
            same = column.references == each.name
            name = in_small_letters(column.references)
            relation = "parent" if same else f"of_{name}" if name in _OTHERS else name
            yield Link(
                child=each.name,
                parent=column.references,
                column=column.name,
                relation=relation,
                required=not column.nullable,
            )


def _is_fit(each: GeneratedClass) -> bool:
    """Whether rows can be objects of a schema: it has one key of a plain type, and a name that a type can have."""
    kinds = {column.name: column.python_type for column in each.columns}
    name = in_small_letters(each.name)
    return (
        not each.is_view
        and len(each.key) == 1
        and kinds.get(each.key[0]) in _IDS
        and TYPE_NAME.fullmatch(name) is not None
    )
