"""Entity tags and the conditions of requests (https://www.rfc-editor.org/rfc/rfc9110#section-13).

A row's tag is its checksum, so it goes by all of its attributes that the principal may see and by no others. The answer
of ``/api/<Type>/<id>`` holds nothing else that could change, as long as it is asked for whole: with ``include``,
``fields`` or ``rowPermissions`` it has no tag.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from werkzeug.datastructures import ETags

from rowgate.api.query import Query
from rowgate.api.records import Record
from rowgate.errors import PreconditionFailed

__all__ = ["Precondition", "etag", "is_known", "precondition", "refuse_precondition"]


def etag(record: Record, query: Query) -> str | None:
    """The checksum that is the tag of a row's answer, without its quotes; None where the answer has none."""
    if query.include or query.fields or query.permissions:
        return None
    return record.plan.checksum(record)


def is_known(tag: str | None) -> bool:
    """Whether the client of a GET says that it has the answer with this tag already."""
    return tag is not None and request.if_none_match.contains_weak(tag)


@dataclass(frozen=True, kw_only=True)
class Precondition:
    """What a request that writes asks of the row.

    Args:
        match: the tags of which the row must have one; None where any will do.
        none_match: the tags of which it must have none; None where none is named.
    """

    match: ETags | None
    none_match: ETags | None

    def refuse_unless_met(self, tag: str) -> None:
        """Compare with a row that is locked, so that it is still true when the row is written.

        Raises:
            PreconditionFailed: the row is another one than the client thinks.
        """
        # Strongly: a weak tag says that it does not tell every change.
        if self.match is not None and not self.match.contains(tag):
            raise PreconditionFailed("The row is not the one that If-Match names.", header="If-Match")
        if self.none_match is not None and self.none_match.contains_weak(tag):
            raise PreconditionFailed("The row is the one that If-None-Match names.", header="If-None-Match")


def precondition() -> Precondition | None:
    """The condition of the request; None where it has none."""
    if not _headers():
        return None
    # A header that holds no tag at all is one that no row can meet.
    return Precondition(
        match=request.if_match if "If-Match" in request.headers else None,
        none_match=request.if_none_match if "If-None-Match" in request.headers else None,
    )


def refuse_precondition() -> None:
    """Refuse a condition at an address whose answers have no tag: to write in spite of it would be to ignore it.

    Raises:
        PreconditionFailed: the request has one.
    """
    for header in _headers():
        raise PreconditionFailed(
            f"This address has no ETag, so {header} cannot be met.",
            hint="Nothing was written. Only /api/<Type>/<id> has an ETag; leave the header out here.",
            header=header,
        )


def _headers() -> list[str]:
    return [name for name in ("If-Match", "If-None-Match") if name in request.headers]
