"""The import of a file of rows: all in one transaction, or none; every faulty row told, with or without writing.

All rows are written at once; where that is refused, the faulty ones are looked for. A refused write ends its
transaction, and an error does not say which of many rows it is about. So rows are tried in runs, each in a transaction
of its own, and a run that is refused is halved, down to the row at fault; then the good ones are written together.

A row that needs others of the file cannot be tried alone: where a type refers to itself, or where good rows are refused
together (a limit that only their sum exceeds, say), the good rows above are written again before each try. That is slow
for many faults, and after `MOST_FAULTS` the import stops looking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from rowgate import web
from rowgate.admin.answers import known_only, resource_named, sent
from rowgate.admin.table_file import FileRow, TableFile, placed, read_csv, read_list
from rowgate.api.database_errors import told
from rowgate.api.errors import error_document
from rowgate.api.linkage import told_where_set
from rowgate.api.resources import ResourceType
from rowgate.api.service import Service
from rowgate.api.write import Writer
from rowgate.enforce import SecureSession
from rowgate.enforce.disclosure import disclose
from rowgate.enforce.read import refuse_verb
from rowgate.errors import AlreadyThere, BadParameter, Busy, MediaTypeRefused, RowgateError, RuleRefused
from rowgate.types import Access

__all__ = ["import_rows"]

RUN: Final = 100
"""Rows that are tried together."""

MOST_FAULTS: Final = 50
"""Faulty rows after which the import stops looking for more."""


def import_rows(service: Service) -> Response:
    """Answer ``POST /admin/import?resource=...``: insert the rows of the request's body.

    Raises:
        AccessRefused: the principal may not insert rows of the type.
        BadDocument: the body is no file of rows.
        MediaTypeRefused: it is neither CSV nor JSON.
    """
    known_only("resource", "dry_run")
    dry_run = _switch("dry_run")
    with web.open_session(writes=True) as session:
        service = service.seen_by(session)
        resource = resource_named(service.resources)
        # Before the file is looked at: whoever may not write learns nothing by trying.
        refuse_verb(session, resource.entity, Access.INSERT)
        file = _read(resource, service)
        attempt = _Attempt(
            session=session,
            writer=Writer(session=session, resources=service.resources, locking=False),
            resource=resource,
        )
        attempt.all(file.rows)
        if dry_run or attempt.faulty:
            session.rollback()
        else:
            session.commit()
        return _answer(file, attempt, dry_run=dry_run)


def _read(resource: ResourceType, service: Service) -> TableFile:
    derived = web.runtime().gate.derived.get(resource.entity, {})
    match request.mimetype:
        case "text/csv":
            return read_csv(request.get_data(), resource, derived=derived)
        case "application/json" | "application/vnd.api+json":
            return read_list(request.get_data(), resource, service.resources, derived=derived)
        case _:
            raise MediaTypeRefused("The body is not declared as text/csv or application/json.", header="Content-Type")


@dataclass(kw_only=True)
class _Attempt:
    """The writing of rows in one session.

    Attributes:
        good: the rows that can be written; in the transaction, when `all` is done.
        faulty: the rows that cannot be.
        complete: whether every row was looked at.
    """

    session: SecureSession
    writer: Writer
    resource: ResourceType
    good: list[FileRow] = field(default_factory=list)
    faulty: list[FileRow] = field(default_factory=list)
    complete: bool = True

    def all(self, rows: Sequence[FileRow]) -> None:
        """Write every row that can be, in the order of the file."""
        self._refuse_twins(rows)
        readable = [row for row in rows if not row.faults]
        unreadable = [row for row in rows if row.faults]
        self.faulty = unreadable[:MOST_FAULTS]
        if len(unreadable) >= MOST_FAULTS:
            self.complete = False
            return
        if self._write(readable) is None:
            self.good = readable
            return
        self.session.rollback()
        dependent = any(relation.target == self.resource.name for relation in self.resource.relations.values())
        if not dependent:
            self._search(readable, dependent=False)
            if self._write(self.good) is None:
                return
            self.session.rollback()
            for row in self.faulty[len(unreadable) :]:
                row.faults.clear()
        self.good, self.faulty, self.complete = [], list(unreadable), True
        self._search(readable, dependent=True)

    def _refuse_twins(self, rows: Sequence[FileRow]) -> None:
        """A key that the file gives twice."""
        seen: set[tuple[Any, ...]] = set()
        for row in rows:
            key = _key_of(row, self.resource)
            if key in seen:
                row.faults.append(AlreadyThere("A row above has this id."))
            elif key is not None:
                seen.add(key)

    def _search(self, rows: Sequence[FileRow], *, dependent: bool) -> None:
        for start in range(0, len(rows), RUN):
            self._try(rows[start : start + RUN], dependent=dependent)

    def _try(self, rows: Sequence[FileRow], *, dependent: bool) -> None:
        """Find out which rows are good; dependent ones are tried after those above, which stay in the transaction."""
        if len(self.faulty) >= MOST_FAULTS:
            self.complete = False
            return
        refusal = self._write(rows)
        if refusal is None:
            self.good += rows
            if not dependent:
                self.session.rollback()
            return
        self.session.rollback()
        if isinstance(refusal, Busy):
            raise refusal  # no row is at fault
        if dependent and (again := self._write(self.good)) is not None:
            raise again  # another transaction came between
        if len(rows) == 1:
            rows[0].faults.append(self._as_told(refusal))
            self.faulty.append(rows[0])
            return
        middle = len(rows) // 2
        self._try(rows[:middle], dependent=dependent)
        self._try(rows[middle:], dependent=dependent)

    def _write(self, rows: Sequence[FileRow]) -> RowgateError | None:
        """Write rows; what refused them, where something did."""
        try:
            for row in rows:
                if row.draft is None:
                    continue
                _, links = self.writer.stage(self.resource, row.draft)
                if len(rows) == 1:
                    with told_where_set(links):
                        self.session.flush()
            self.session.flush()
        except RowgateError as error:
            return error
        except SQLAlchemyError as error:
            known = told(error, resource=self.resource, method="POST")
            if known is None:
                raise
            return known
        return None

    def _as_told(self, error: RowgateError) -> RowgateError:
        """The refusal as the principal may read it."""
        if not isinstance(error, RuleRefused):
            return error
        with web.open_session() as session:
            found = disclose(session, error)
        if found.entity is not self.resource.entity:
            found.pointers = ()
        return found


def _key_of(row: FileRow, resource: ResourceType) -> tuple[Any, ...] | None:
    """The primary key that a row gives itself; None where the database numbers it, or it gives none."""
    if row.draft is None or any(part.is_generated for part in resource.key):
        return None
    if row.draft.id is not None:
        return resource.key_of(row.draft.id)
    key = tuple(row.draft.attributes.get(part.name) for part in resource.key)
    return None if None in key else key


def _answer(file: TableFile, attempt: _Attempt, *, dry_run: bool) -> Response:
    errors: list[dict[str, Any]] = []
    for row in sorted(attempt.faulty, key=lambda row: row.number):
        for fault in row.faults:
            errors += error_document(placed(fault, row), request_id=web.request_id())["errors"]
    written = 0 if dry_run or attempt.faulty else len(attempt.good)
    meta = {
        "dry_run": dry_run,
        "rows": len(file.rows),
        "accepted": len(attempt.good),
        "refused": len(attempt.faulty),
        "written": written,
        "ignored": sorted(file.ignored),
        "complete": attempt.complete,
    }
    status = 200 if dry_run else 422 if attempt.faulty else 201
    return sent({"meta": meta, "errors": errors}, status=status)


def _switch(name: str) -> bool:
    text = request.args.get(name, "0")
    if text not in ("0", "1", "true", "false"):
        raise BadParameter(f"{name} takes 0 or 1.", parameter=name)
    return text in ("1", "true")
