"""The same questions in SQL written by hand for this one schema, on the same tables and indexes.

It knows what a compiler does not: that nothing here expires or hangs on a caveat, that every id is a number, and that
nobody shares with everybody.
"""

from __future__ import annotations

# Nothing but the constants of this file is put together here.
# ruff: noqa: S608
from sqlalchemy import TextClause, text

__all__ = ["ByHand"]


class ByHand:
    """The statements for one world on one database; all take the parameter ``subject``.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
        stated: whether columns state folders and parents.
    """

    def __init__(self, dialect: str, *, stated: bool) -> None:
        self._postgresql = dialect == "postgresql"
        self._stated = stated
        # SQLite takes what a recursion finds for a million rows, and would make a Bloom filter of the whole table.
        self._few = "" if self._postgresql else " AND likelihood({0}.id IS NOT NULL, 0.000001)"

    def _shared(self, kind: str) -> str:
        named = f"resource_type = '{kind}' AND relation = 'viewer'"
        return (
            f"SELECT CAST(resource_id AS bigint) AS id FROM relationships WHERE {named} "
            "AND subject_type = 'user' AND subject_id = :subject AND subject_relation = '' "
            f"UNION ALL SELECT CAST(resource_id AS bigint) FROM relationships WHERE {named} "
            "AND subject_type = 'group' AND subject_id IN (SELECT id FROM g) AND subject_relation = 'member'"
        )

    @property
    def _groups(self) -> str:
        return (
            "WITH RECURSIVE g(id) AS (SELECT resource_id FROM relationships WHERE subject_type = 'user' "
            "AND subject_id = :subject AND subject_relation = '' AND resource_type = 'group' AND relation = 'member' "
            "UNION SELECT r.resource_id FROM g JOIN relationships r ON r.subject_type = 'group' "
            "AND r.subject_id = g.id AND r.subject_relation = 'member' AND r.resource_type = 'group' "
            f"AND r.relation = 'member'{self._few.format('g')})"
        )

    @property
    def _folders(self) -> str:
        below = "SELECT c.id FROM f JOIN folder c ON c.parent_id = f.id"
        if not self._stated:
            below = (
                "SELECT CAST(r.resource_id AS bigint) FROM f JOIN relationships r ON r.subject_type = 'folder' "
                "AND r.subject_id = CAST(f.id AS text) AND r.subject_relation = '' AND r.resource_type = 'folder' "
                f"AND r.relation = 'parent'{self._few.format('f')}"
            )
        return f"{self._groups}, f(id) AS (SELECT id FROM ({self._shared('folder')}) AS shared UNION {below})"

    @property
    def _in_folders(self) -> str:
        """Documents by their folders, where the relation table says in which they are."""
        return (
            "SELECT CAST(resource_id AS bigint) AS id FROM relationships WHERE resource_type = 'document' "
            "AND relation = 'folder' AND subject_type = 'folder' AND subject_relation = '' "
            "AND subject_id IN (SELECT CAST(id AS text) FROM f)"
        )

    def ids(self) -> TextClause:
        """All visible ids."""
        if self._stated and self._postgresql:
            ways = f"folder_id = ANY (ARRAY(SELECT id FROM f)) OR id = ANY (ARRAY({self._shared('document')}))"
            return text(f"{self._folders} SELECT id FROM document WHERE {ways}")
        found = "SELECT id FROM document WHERE folder_id IN (SELECT id FROM f)" if self._stated else self._in_folders
        return text(f"{self._folders} {found} UNION SELECT id FROM ({self._shared('document')}) AS shared")

    def page(self, *, in_order: bool) -> TextClause:
        """The first 50 visible documents by number.

        Args:
            in_order: go through the documents in the page's order until it is full; otherwise find all visible ones by
                indexes, and sort.
        """
        ways = [("id", self._shared("document"))]
        ways.append(("folder_id", "SELECT id FROM f") if self._stated else ("id", self._in_folders))
        if in_order:
            plus = "" if self._postgresql else "+"
            conditions = [f"{plus}{column} IN ({ids})" for column, ids in ways]
        elif self._postgresql:
            conditions = [f"{column} = ANY (ARRAY({ids}))" for column, ids in ways]
        else:
            conditions = [f"{column} IN ({ids})" for column, ids in ways]
        return text(
            f"{self._folders} SELECT id, title FROM document WHERE {' OR '.join(conditions)} "
            "ORDER BY number, id LIMIT 50"
        )

    def check(self) -> TextClause:
        """Whether the document ``:document``, a number, is visible: a row or none."""
        begin = "SELECT folder_id FROM document WHERE id = :document"
        above = (
            "SELECT c.parent_id FROM f JOIN folder c ON c.id = f.id WHERE c.parent_id IS NOT NULL"
            + self._few.format("f")
        )
        identifier = "CAST(f.id AS text)"
        if not self._stated:
            identifier = "f.id"
            begin = (
                "SELECT subject_id FROM relationships WHERE resource_type = 'document' "
                "AND resource_id = CAST(:document AS text) AND relation = 'folder' AND subject_type = 'folder'"
            )
            above = (
                "SELECT r.subject_id FROM f JOIN relationships r ON r.resource_type = 'folder' "
                "AND r.resource_id = f.id AND r.relation = 'parent' AND r.subject_type = 'folder'"
                + self._few.format("f")
            )
        subjects = (
            "r.subject_type = 'user' AND r.subject_id = :subject AND r.subject_relation = ''",
            "r.subject_type = 'group' AND r.subject_id IN (SELECT id FROM g) AND r.subject_relation = 'member'",
        )
        own = "relationships r WHERE r.resource_type = 'document' AND r.resource_id = CAST(:document AS text)"
        parents = f"f JOIN relationships r ON r.resource_type = 'folder' AND r.resource_id = {identifier}"
        parents += self._few.format("f") + " WHERE true"
        ways = [
            f"EXISTS (SELECT 1 FROM {place} AND r.relation = 'viewer' AND {subject})"
            for place in (own, parents)
            for subject in subjects
        ]
        return text(f"{self._groups}, f(id) AS ({begin} UNION {above}) SELECT 1 WHERE {' OR '.join(ways)}")
