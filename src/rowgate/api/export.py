"""Exports: every row of a list as CSV or as lines of JSON, sent while the database still reads them.

The rows are those of the list: the same policy, filters, order and attributes. They come through a session of their
own, a few at a time, so an export of a million rows takes the memory of a thousand. An error in the middle cuts the
connection before the body's end, so that nobody takes a part for the whole.

CSV is RFC 4180 in UTF-8: a line of names, CRLF, NULL as an empty field and empty text as ``""``. Spreadsheets run text
that begins with ``= + - @``, a tab or a carriage return as a formula, whoever wrote it (https://owasp.org/www-
community/attacks/CSV_Injection), so such text gets an apostrophe in front; so does text that begins with an
apostrophe, so that taking one off gives back what was there. Numbers and dates stay as they are. Lines of JSON
(https://github.com/ndjson/ndjson-spec) are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias

import orjson
from flask import Response, request

from rowgate import web
from rowgate.api.plan import Plan
from rowgate.api.query import CHECKSUM, Query
from rowgate.api.read import Parent
from rowgate.api.records import Record
from rowgate.api.resources import Attribute, ResourceType
from rowgate.api.service import Service
from rowgate.api.values import Json
from rowgate.enforce.columns import Runs
from rowgate.errors import BadParameter, RowgateError, all_told

__all__ = ["MEDIA_TYPES", "Format", "csv_field", "csv_text", "export"]

Format: TypeAlias = Literal["csv", "ndjson"]

AT_ONCE: Final = 500
"""Rows that are in memory at a time."""

MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
}

# The last four are the same marks in full width, which some spreadsheets take too.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_LINE: Final = "\r\n"


def export(
    service: Service, resource: ResourceType, query: Query, form: Format, *, parent: Parent | None = None
) -> Response:
    """The answer that streams every row of a list.

    Args:
        service: as the principal knows it.
        resource: the type listed.
        query: filters, order and attributes.
        form: what is written.
        parent: where only the rows related to one row are meant.

    Raises:
        BadParameter, Faults: the query asks for what an export does not hold.
        AccessRefused: the principal may not read the type.
    """
    query = _of_attributes(resource, query)
    # Not the request's session: that one ends with the view, before the first byte is sent.
    session = web.open_session()
    try:
        plan, runs = service.reader(session, query).rows(resource, parent=parent, at_once=AT_ONCE)
    except BaseException:
        session.close()
        raise

    def close() -> None:
        runs.close()
        session.close()

    if request.method == "HEAD":
        close()  # nobody will ask for the rows, and a server may not say so
    parts = _csv(plan, runs) if form == "csv" else _lines(plan, runs)
    response = Response(_closing(close, parts), content_type=MEDIA_TYPES[form])
    response.call_on_close(close)  # where nobody takes the first byte
    response.headers["Content-Disposition"] = f'attachment; filename="{resource.name}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Authorization"
    return response


def _closing(close: Callable[[], None], parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts; then everything is let go, whether or not all of them were taken."""
    try:
        yield from parts
    finally:
        close()


def _of_attributes(resource: ResourceType, query: Query) -> Query:
    """The query for attributes alone; they are all there is in a line."""
    faults: list[RowgateError] = [
        BadParameter(f"An export holds every row and no included ones, so it takes no {name}.", parameter=name)
        for name in query.parameters
        if name.partition("[")[0] in ("include", "page")
    ]
    asked = query.fields.get(resource.name)
    sent = frozenset(resource.attributes) if asked is None else asked
    for name in sorted(sent - resource.attributes.keys()):
        what = "the checksum" if name == CHECKSUM else "relationships"
        faults.append(
            BadParameter(
                f"An export holds attributes and not {what}: {name}.",
                hint="A to-one relationship is in the attribute of its foreign key.",
                parameter=f"fields[{resource.name}]",
            )
        )
    all_told(faults)
    return replace(query, fields={resource.name: sent})


# --- lines of JSON ----------------------------------------------------------------------------------------------


def _lines(plan: Plan, runs: Runs) -> Iterator[bytes]:
    """A resource object a line, without links."""
    for run in runs:
        yield b"".join([orjson.dumps(_resource(plan, row), option=orjson.OPT_APPEND_NEWLINE) for row in run])


def _resource(plan: Plan, row: Sequence[Any]) -> Json:
    record = Record(plan, row, plan.key_of(row))
    return {"type": plan.resource.name, "id": record.id, "attributes": plan.attributes(record)}


# --- CSV --------------------------------------------------------------------------------------------------------


def _csv(plan: Plan, runs: Runs) -> Iterator[bytes]:
    # A key called id is no attribute; without it a row could not be told from another.
    columns = [*(part for part in plan.resource.key if part.name not in plan.resource.attributes), *plan.sent]
    fields = [_field_of(each) for each in columns]
    values_of = plan.at([each.name for each in columns])
    yield (",".join(csv_field(each.name) for each in columns) + _LINE).encode()
    for run in runs:
        lines = [
            ",".join([field(value) for field, value in zip(fields, values_of(row), strict=True)]) + _LINE for row in run
        ]
        yield "".join(lines).encode()


def _field_of(attribute: Attribute) -> Callable[[Any], str]:
    """What writes the values of one attribute."""
    codec = attribute.codec

    def field(value: Any) -> str:
        if value is None:
            return ""
        dumped = codec.dump(value)
        if codec.is_text:
            return csv_field(dumped)
        # Numbers, dates and the like never need the guard; JSON and the names of enumerations may.
        return _quoted(dumped) if isinstance(dumped, str) and codec.is_ordered else csv_field(codec.text(value))

    if codec.schema.get("type") in ("integer", "number", "boolean"):
        return lambda value: "" if value is None else codec.text(value)
    return field


def csv_field(text: str) -> str:
    """Text as a field of CSV that no spreadsheet takes for a formula."""
    return _quoted("'" + text if text.startswith(_FORMULA) else text)


def csv_text(field: str) -> str:
    """Text from a field of CSV, without the apostrophe that `csv_field` put in front of it."""
    return field[1:] if field.startswith("'") and field[1:].startswith(_FORMULA) else field


def _quoted(text: str) -> str:
    if text and not any(mark in text for mark in ',"\r\n') and text == text.strip():
        return text
    return '"' + text.replace('"', '""') + '"'
