"""Who may share what: the permission that guards each relation, and the permissions that the relation gives.

The schema says it. A relation whose type defines ``share_<relation>`` is guarded by that; any other by ``share``; and
where a type defines neither, nobody shares. The word is the project's: ``policy.relations(..., share="share")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rowgate.policy.checks import Finding
from rowgate.policy.declarations import Source
from rowgate.relations.compiled import CompiledSchema
from rowgate.relations.giving import Gives, gives
from rowgate.zed.source import nearest

__all__ = ["SharingRules"]


class SharingRules:
    """What the schema says of sharing.

    Args:
        compiled: the schema.
        word: the permission that guards relations, and the first part of those that guard one of them; None where
            nobody shares.
        asked: names that the policy's grants ask for: a relation among them counts as a permission.
    """

    def __init__(self, compiled: CompiledSchema, word: str | None, asked: Iterable[str]) -> None:
        self._compiled = compiled
        self._word = word
        self._asked = frozenset(asked)
        self._gives: dict[tuple[str, str], Gives] = {}

    def guard(self, kind: str, relation: str) -> str | None:
        """The permission that sharing by a relation takes; None where nobody may."""
        definition = self._compiled.schema.definitions[kind]
        if self._word is None:
            return None
        names = (f"{self._word}_{relation}", self._word)
        return next((name for name in names if definition.member(name) is not None), None)

    def overview(self, kind: str) -> frozenset[str]:
        """The permissions that somebody must have, all of them, to ask about other people; none where nobody may."""
        definition = self._compiled.schema.definitions[kind]
        if self._word is not None and definition.member(self._word) is not None:
            return frozenset({self._word})
        found = (self.guard(kind, relation) for relation in definition.relations)
        return frozenset(name for name in found if name is not None)

    def gives(self, kind: str, relation: str) -> Gives:
        """The permissions of the object that relationships of a relation can give, by being written or removed."""
        if (kind, relation) not in self._gives:
            found = gives(self._compiled.rules, kind, relation)
            counted = self._asked.union(self._compiled.schema.definitions[kind].permissions)
            self._gives[kind, relation] = Gives(found.written & counted, found.removed & counted)
        return self._gives[kind, relation]

    def findings(self, source: Source) -> Iterator[Finding]:
        """Permissions that look like the guard of a relation, and guard none: the relation would be guarded by less."""
        for definition in self._compiled.schema.definitions.values():
            for name in definition.members:
                relation = name.removeprefix(f"{self._word}_")
                if self._word is not None and relation != name and relation not in definition.relations:
                    yield Finding.of(
                        "P026",
                        f"{definition.name}#{name} guards a relation {relation!r}, which {definition.name} lacks.",
                        source=source,
                        hint=nearest(relation, definition.relations) or None,
                    )
