"""Errors of the database, told in the client's words: by the driver's error code, never by its text.

Codes: SQLite's extended result codes (https://sqlite.org/rescode.html), PostgreSQL's SQLSTATE
(https://www.postgresql.org/docs/current/errcodes-appendix.html), MariaDB's error numbers
(https://mariadb.com/kb/en/mariadb-error-code-reference/).
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from rowgate.api.resources import ResourceType
from rowgate.errors import (
    AlreadyThere,
    BadValue,
    Busy,
    ConstraintRefused,
    ReferenceMissing,
    RowgateError,
    RowNotFound,
    StillReferenced,
    ValueMissing,
)
from rowgate.mapped import table_of

__all__ = ["told"]

_UNIQUE: Final = {2067, 1555, 2579, "23505", "23P01", 1062, 1586}
# 1811: SQLite keeps ON DELETE RESTRICT with a trigger of its own.
_FOREIGN_KEY: Final = {787, 1811, 3091, "23503", 1216, 1217, 1451, 1452}
_NOT_NULL: Final = {1299, "23502", 1048, 1364}
_CHECK: Final = {275, "23514", "44000", "23000", 3819, 4025}
_BUSY: Final = {
    5, 6, 261, 262, 517, 773,
    "40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300", "25P03",
    1205, 1213, 1040, 2006, 2013,
}  # fmt: skip
_VALUE: Final = {18, 20, 1264, 1366, 1406, 1292}
# What SQLite says of a column that may not be null: "NOT NULL constraint failed: Order.CustomerId".
_SQLITE_COLUMN = re.compile(r"NOT NULL constraint failed: (?P<table>[^.]+)\.(?P<column>.+)")


def told(error: SQLAlchemyError, *, resource: ResourceType | None, method: str) -> RowgateError | None:
    """The error for the client; None where the fault is not the request's.

    Args:
        error: raised by SQLAlchemy.
        resource: the type of the request's document, so that one of its attributes can be named.
        method: of the request: a foreign key says something else to a DELETE.
    """
    if isinstance(error, StaleDataError):
        return RowNotFound("The row was changed or removed by somebody else at the same time.")
    if isinstance(error, PoolTimeout):
        return Busy("Every connection to the database is in use.")
    if not isinstance(error, DBAPIError):
        return None
    code = _code_of(error.orig)
    if code in _UNIQUE:
        return AlreadyThere("There is a row with this id, or with another value that must be unique.")
    if code in _FOREIGN_KEY:
        if method == "DELETE":
            return StillReferenced("Other rows still refer to this row.")
        return ReferenceMissing("A row that is referred to is not there.")
    if code in _NOT_NULL:
        name = _attribute_of(error.orig, resource)
        pointers = [f"/data/attributes/{name}"] if name else []
        return ValueMissing(f"{name} needs a value." if name else "An attribute needs a value.", pointers=pointers)
    if code in _CHECK:
        return ConstraintRefused("The values do not satisfy a constraint of the database.")
    if code in _BUSY or error.connection_invalidated:
        return Busy("The database is busy with other requests.")
    if code in _VALUE or (isinstance(code, str) and code.startswith("22")):
        return BadValue("The database cannot hold or compare one of the values.")
    return None


def _code_of(error: Any) -> int | str | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code  # type: ignore[no-any-return]
    # PyMySQL has an SQLSTATE too, which says 23000 of every constraint.
    arguments = getattr(error, "args", ())
    if arguments and isinstance(arguments[0], int):
        return arguments[0]
    return getattr(error, "sqlstate", None)


def _attribute_of(error: Any, resource: ResourceType | None) -> str | None:
    """The attribute whose column is named; None where the column is another type's, so that nothing of it is told."""
    if resource is None:
        return None
    diagnosis = getattr(error, "diag", None)
    if diagnosis is not None:
        table, column = diagnosis.table_name, diagnosis.column_name
    elif found := _SQLITE_COLUMN.fullmatch(str(error)):
        table, column = found["table"], found["column"]
    else:
        return None
    if table != table_of(resource.entity).name:
        return None
    for name, attribute in resource.attributes.items():
        if attribute.of.property.columns[0].name == column:
            return name
    return None
