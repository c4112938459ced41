"""Rows of an uploaded file: CSV (RFC 4180) with a line of names, or a JSON list, as drafts for the API's writer.

Columns that no client sets are left out, and told: what rules compute, what the database numbers, the checksum. So a
file that the app exported can be imported again; the apostrophe that an export puts before what looks like a formula is
taken off. An empty cell is null, quoted or not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rowgate.api.body import read_draft
from rowgate.api.drafts import Draft
from rowgate.api.export import csv_text
from rowgate.api.json_text import JsonFault, read_json
from rowgate.api.names import did_you_mean
from rowgate.api.query import CHECKSUM
from rowgate.api.resources import Attribute, Resources, ResourceType
from rowgate.api.values import ValueFault
from rowgate.errors import BadDocument, BadValue, Faults, RowgateError

__all__ = ["FileRow", "TableFile", "placed", "read_csv", "read_list"]


@dataclass(kw_only=True)
class FileRow:
    """One row of a file.

    Args:
        number: from 1.
        line: where it ends in the file, from 1; None where that is not known.
        draft: what it asks for; None where it cannot be read.
        faults: what is wrong with it.
    """

    number: int
    line: int | None
    draft: Draft | None = None
    faults: list[RowgateError] = field(default_factory=list)


@dataclass(kw_only=True)
class TableFile:
    """The rows of a file, and the columns that were left out."""

    rows: list[FileRow] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


def read_csv(content: bytes, resource: ResourceType, *, derived: Iterable[str]) -> TableFile:
    """Read a CSV file: UTF-8; commas, or semicolons or tabs where the first line has no comma; an empty cell is null.

    Args:
        content: of the file.
        resource: the type of its rows.
        derived: the attributes that business rules compute.

    Raises:
        BadDocument: it is no such file, or has a column that the type does not have.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDocument("The file is not UTF-8.", pointers=[""]) from None
    first = text.split("\n", 1)[0]
    delimiter = next((each for each in ",;\t" if each in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = TableFile()
    try:
        names = [name.strip() for name in next(reader, [])]
        if not names:
            raise BadDocument("The file is empty.", pointers=[""], hint="Its first line names the attributes.")
        columns = _columns(names, resource, _unsettable(resource, derived), found)
        for cells in reader:
            if not any(cells):
                continue  # an empty line
            row = FileRow(number=len(found.rows) + 1, line=reader.line_num)
            _read_cells(row, names, columns, cells)
            found.rows.append(row)
    except csv.Error as error:
        raise BadDocument(f"Line {reader.line_num} of the file is no CSV: {error}.", pointers=[""]) from None
    return found


def read_list(content: bytes, resource: ResourceType, resources: Resources, *, derived: Iterable[str]) -> TableFile:
    """Read a JSON file: a list of objects of attributes, or of JSON:API resources, bare or as ``data``.

    Raises:
        BadDocument: it is no such file.
    """
    try:
        value = read_json(content)
    except JsonFault as fault:
        raise BadDocument(f"The file is no document. {fault}", pointers=[""]) from None
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    if not isinstance(value, list):
        raise BadDocument("The file is not a list of rows.", pointers=[""])
    unsettable = _unsettable(resource, derived)
    found = TableFile()
    for each in value:
        row = FileRow(number=len(found.rows) + 1, line=None)
        found.rows.append(row)
        if not isinstance(each, dict):
            row.faults.append(BadDocument("The row is not a JSON object.", pointers=["/data"]))
            continue
        try:
            row.draft = read_draft({"data": _document(each, resource, unsettable, found)}, resource, resources)
        except Faults as faults:
            row.faults += faults.errors
        except RowgateError as fault:
            row.faults.append(fault)
    return found


def _unsettable(resource: ResourceType, derived: Iterable[str]) -> frozenset[str]:
    """The columns that a file may have, and that no client sets."""
    generated = {name for name, attribute in resource.attributes.items() if attribute.is_generated}
    numbered = {"id"} if all(part.is_generated for part in resource.key) else set()
    return frozenset({*derived, *generated, *numbered, CHECKSUM, "type"})


def _document(
    given: Mapping[str, Any], resource: ResourceType, unsettable: frozenset[str], found: TableFile
) -> dict[str, Any]:
    """A row as a JSON:API resource, without what no client sets."""
    wrapped = isinstance(given.get("attributes"), dict)
    attributes = dict(given["attributes"]) if wrapped else dict(given)
    identifier = given.get("id")
    for name in [name for name in attributes if name in unsettable]:
        found.ignored.add(name)
        del attributes[name]
    if not wrapped:
        attributes.pop("id", None)
    if "id" in unsettable and identifier is not None:
        found.ignored.add("id")
        identifier = None
    made: dict[str, Any] = {"type": given.get("type", resource.name), "attributes": attributes}
    if identifier is not None:
        made["id"] = identifier
    if wrapped and "relationships" in given:
        made["relationships"] = given["relationships"]
    return made


def _columns(
    names: list[str], resource: ResourceType, unsettable: frozenset[str], found: TableFile
) -> list[Attribute | str | None]:
    """For each column its attribute; ``"id"``; or None where it is left out."""
    columns: list[Attribute | str | None] = []
    for index, name in enumerate(names):
        if name in names[:index]:
            raise BadDocument(f"The file has two columns {name!r}.", pointers=[""])
        if name in unsettable:
            found.ignored.add(name)
            columns.append(None)
        elif name == "id":
            columns.append("id")
        elif name in resource.attributes:
            columns.append(resource.attributes[name])
        else:
            hint = did_you_mean(name, resource.attributes)
            raise BadDocument(f"{resource.name} has no attribute {name!r}.", pointers=[""], hint=hint)
    return columns


def _read_cells(row: FileRow, names: list[str], columns: list[Attribute | str | None], cells: list[str]) -> None:
    if len(cells) != len(names):
        row.faults.append(BadDocument(f"The row has {len(cells)} cells, not {len(names)}.", pointers=["/data"]))
        return
    draft = Draft()
    for column, cell in zip(columns, cells, strict=True):
        if not isinstance(column, Attribute):
            draft.id = cell if column == "id" and cell else draft.id
        elif cell:
            try:
                value = column.codec.parse(csv_text(cell)) if column.codec.is_text else column.codec.read(cell)
                draft.attributes[column.name] = value
            except ValueFault as fault:
                pointer = f"/data/attributes/{column.name}"
                row.faults.append(BadValue(f"{column.name} takes {fault}.", pointers=[pointer]))
        elif column.nullable:
            # Where null is no value the attribute is left out: the row gets the default, or a fault of its own.
            draft.attributes[column.name] = None
    row.draft = None if row.faults else draft


def placed(error: RowgateError, row: FileRow) -> RowgateError:
    """The error, with its pointers into the file and the number of its row."""
    here = f"/data/{row.number - 1}"
    error.pointers = tuple(f"{here}{each.removeprefix('/data')}" for each in error.pointers) or (here,)
    error.meta = {**error.meta, "row": row.number, "line": row.line}
    return error
