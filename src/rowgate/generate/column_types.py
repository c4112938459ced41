"""Column types: from what the database declares to SQLAlchemy's type, its text, and the Python type of the values.

sqlacodegen does the two parts of this that are dull and full of cases: it finds the general type that means the same
on this database (VARCHAR(20) is String(20), MariaDB's INTEGER with an odd width stays its own), and it writes a type's
arguments.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy
from sqlalchemy import Column, Dialect, MetaData, Table
from sqlalchemy import types as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import CompileError

from rowgate.api.values import codec_for
from rowgate.errors import DeclarationError
from rowgate.generate.layout import Code, call, quoted
from rowgate.generate.sqlalchemy_names import sqlalchemy_name
from rowgate.generate.sqlite_forms import CONSTANTS, FORMS, constant_of, form_of

if TYPE_CHECKING:
    from sqlacodegen.generators import TablesGenerator

__all__ = ["UNDECLARED", "ColumnType", "ColumnTypes", "Unmappable"]


class Unmappable(Exception):
    """A column of this type cannot be mapped; says why."""


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """A column's type, ready to be written.

    Attributes:
        type: SQLAlchemy's.
        python: the type of the values as an annotation: ``dt.date``.
        code: the type as code; None where the annotation alone means it.
        imports: the names that the code and annotation need, by module.
        values: the members of an enumeration, in order.
        enum_name: what the database calls the enumeration, if it does.
        named: whether that name is a type of the database's own, which several columns may have.
        generic: the plain name of its kind: ``text``, ``integer``, ``decimal``, ``date`` ...
    """

    type: sa.TypeEngine[Any]
    python: str
    code: Code | None
    imports: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    enum_name: str | None = None
    named: bool = False
    generic: str = "other"


_PYTHON: Final[dict[type, tuple[str, str | None, str | None]]] = {
    dt.date: ("dt.date", "datetime", None),
    dt.datetime: ("dt.datetime", "datetime", None),
    dt.time: ("dt.time", "datetime", None),
    dt.timedelta: ("dt.timedelta", "datetime", None),
    decimal.Decimal: ("Decimal", "decimal", "Decimal"),
    uuid.UUID: ("UUID", "uuid", "UUID"),
}
"""By type of the values: the annotation, and what it needs to be imported."""

# What an annotation alone means to SQLAlchemy.
_MEANT: Final[dict[str, type[sa.TypeEngine[Any]]]] = {
    "int": sa.Integer,
    "str": sa.String,
    "bool": sa.Boolean,
    "float": sa.Float,
    "bytes": sa.LargeBinary,
    "Decimal": sa.Numeric,
    "dt.date": sa.Date,
    "dt.datetime": sa.DateTime,
    "dt.time": sa.Time,
    "dt.timedelta": sa.Interval,
    "UUID": sa.Uuid,
}
_GENERIC: Final[tuple[tuple[type[sa.TypeEngine[Any]], str], ...]] = (
    (sa.Boolean, "boolean"),
    (sa.Enum, "choice"),
    (sa.Integer, "integer"),
    (sa.Float, "number"),
    (sa.Numeric, "decimal"),
    (sa.DateTime, "datetime"),
    (sa.Date, "date"),
    (sa.Time, "time"),
    (sa.Interval, "interval"),
    (sa.Uuid, "uuid"),
    (sa.LargeBinary, "bytes"),
    (sa.ARRAY, "array"),
    (sa.JSON, "json"),
    (sa.String, "text"),
)
# What values of a SQLite column without a known type are taken for.
_BY_VALUES: Final[dict[str, sa.TypeEngine[Any]]] = {
    "integer": sa.BigInteger(),
    "real": sa.Float(),
    "text": sa.Text(),
    "blob": sa.LargeBinary(),
}


UNDECLARED: Final = frozenset(_BY_VALUES)
"""What the values of a column can be whose declaration does not say."""


class ColumnTypes:
    """The types of one database's columns.

    Args:
        dialect: the database's.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._made: dict[str, ColumnType] = {}

    @cached_property
    def _writer(self) -> TablesGenerator:
        # Imported when it is needed: it takes a second, and only the generator's commands use it.
        from sqlacodegen.generators import TablesGenerator

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("writing types sends no statement")

        bind: Any = MockConnection(self.dialect, refuse)
        return TablesGenerator(MetaData(), bind, [])

    def of(
        self, column: Column[Any], *, values: str | None = None, choices: tuple[str, ...] = (), json: bool = False
    ) -> ColumnType:
        """The type of a column.

        Args:
            column: as reflected.
            values: what its values are, where its declaration does not say.
            choices: the values that a check constraint allows.
            json: whether it is a text column that holds JSON.

        Raises:
            Unmappable: nothing is known of the type, or the API has no JSON form for it.
        """
        kind = sa.JSON() if json else self._known(column, values, choices)
        key = _spelt(kind)
        if key not in self._made:
            self._made[key] = self._make(kind)
        return self._made[key]

    def _known(self, column: Column[Any], values: str | None, choices: tuple[str, ...]) -> sa.TypeEngine[Any]:
        kind = column.type
        if values in FORMS:
            return FORMS[values](kind)
        if values is not None:
            if values not in _BY_VALUES:
                seen = "it has no values yet" if values == "null" else "its values are of several types"
                raise Unmappable(f"its declaration names no type that is known, and {seen}")
            return _BY_VALUES[values]
        if choices and isinstance(kind, sa.String) and not isinstance(kind, sa.Enum):
            return sa.Enum(*choices, native_enum=False, length=kind.length, create_constraint=False)
        if isinstance(kind, sa.NullType):
            raise Unmappable("SQLAlchemy does not know its type")
        if isinstance(kind, postgresql.DOMAIN):
            # Its values are those of the type beneath; the database checks the rest.
            return _without_noise(kind.data_type)
        if isinstance(kind, mysql.TINYINT) and kind.display_width == 1:
            return sa.Boolean()
        return _without_noise(kind)

    def _make(self, kind: sa.TypeEngine[Any]) -> ColumnType:
        adapted = self._adapted(kind)
        try:
            codec_for(adapted, name="the column")
        except DeclarationError:
            raise Unmappable(f"the API has no JSON form for {self._spelling(kind)}") from None
        imports: dict[str, set[str]] = {}
        python = _annotation(adapted, imports)
        values: tuple[str, ...] = ()
        enum_name: str | None = None
        item = adapted.item_type if isinstance(adapted, sa.ARRAY) else adapted
        if isinstance(item, sa.Enum):
            values, enum_name = tuple(item.enums), item.name
        code = None if self._is_meant(adapted, python) else self._code(adapted, imports)
        return ColumnType(
            type=adapted,
            python=python,
            code=code,
            imports={module: frozenset(names) for module, names in imports.items()},
            values=values,
            enum_name=enum_name,
            named=isinstance(item, postgresql.ENUM),
            generic=next((word for parent, word in _GENERIC if isinstance(adapted, parent)), "other"),
        )

    def _adapted(self, kind: sa.TypeEngine[Any]) -> sa.TypeEngine[Any]:
        if isinstance(kind, sa.Enum):
            return kind
        if isinstance(kind, sa.ARRAY):
            return postgresql.ARRAY(self._adapted(kind.item_type), dimensions=kind.dimensions)
        if form_of(kind):
            return kind
        try:
            adapted: sa.TypeEngine[Any] = self._writer.get_adapted_type(kind)
        except CompileError:
            return kind
        if isinstance(adapted, sa.JSON):
            # None is then NULL, as for every other type, and not JSON's null.
            adapted = type(adapted)(none_as_null=True)
        return adapted

    def _is_meant(self, kind: sa.TypeEngine[Any], python: str) -> bool:
        meant = _MEANT.get(python)
        return meant is not None and type(kind) is meant and self._spelling(kind) == self._spelling(meant())

    def _code(self, kind: sa.TypeEngine[Any], imports: dict[str, set[str]]) -> Code:
        if isinstance(kind, sa.Enum):
            return self._enum(kind, imports)
        if isinstance(kind, sa.ARRAY):
            imports.setdefault("sqlalchemy.dialects", set()).add("postgresql")
            parts: list[Code] = [self._code(kind.item_type, imports)]
            if kind.dimensions is not None:
                parts.append(f"dimensions={kind.dimensions}")
            return call("postgresql.ARRAY", parts)
        name = _written(type(kind), imports)
        if isinstance(kind, mysql.SET):
            return call(name, [quoted(value) for value in kind.values])
        if form_of(kind):
            imports[CONSTANTS] = {constant_of(kind)}
            imports["sqlalchemy.dialects"].discard("sqlite")
            return constant_of(kind)
        if isinstance(kind, sa.JSON):
            return call(name, ["none_as_null=True"])
        text = self._writer.render_column_type(_column(kind))
        # Its texts are names of collations and the like.
        return name + re.sub(r"'([\w.-]*)'", r'"\1"', text.removeprefix(type(kind).__name__))

    def _enum(self, kind: sa.Enum, imports: dict[str, set[str]]) -> Code:
        parts: list[Code] = [quoted(value) for value in kind.enums]
        if kind.name and kind.native_enum:
            parts.append(f"name={quoted(kind.name)}")
            if kind.schema:
                parts.append(f"schema={quoted(kind.schema)}")
        if not kind.native_enum:
            parts.append("native_enum=False")
            if kind.length:
                parts.append(f"length={kind.length}")
        return call(sqlalchemy_name("Enum"), parts)

    def _spelling(self, kind: sa.TypeEngine[Any]) -> str:
        try:
            return str(kind.compile(self.dialect))
        except CompileError:
            return type(kind).__name__


def _without_noise(kind: sa.TypeEngine[Any]) -> sa.TypeEngine[Any]:
    """The type without what says nothing of its values."""
    if isinstance(kind, mysql.INTEGER | mysql.BIGINT | mysql.SMALLINT | mysql.MEDIUMINT | mysql.TINYINT):
        # The width is how many digits MariaDB's own client shows.
        if kind.unsigned or kind.zerofill:
            return type(kind)(unsigned=kind.unsigned, zerofill=kind.zerofill)
        return type(kind)()
    if isinstance(kind, mysql.DOUBLE):
        return sa.Double() if kind.precision is None else mysql.DOUBLE(kind.precision, kind.scale, asdecimal=False)
    if isinstance(kind, sa.String) and kind.collation == "default":
        return type(kind)(kind.length)
    return kind


def _spelt(kind: sa.TypeEngine[Any]) -> str:
    if isinstance(kind, sa.ARRAY):
        return f"ARRAY({_spelt(kind.item_type)}, {kind.dimensions})"
    if isinstance(kind, sa.Enum):
        return repr((kind.enums, kind.name, kind.schema, kind.native_enum, kind.length))
    if form := form_of(kind):
        return f"{type(kind).__name__} {form}"
    return f"{type(kind).__module__}.{kind!r}"


def _column(kind: sa.TypeEngine[Any]) -> Column[Any]:
    column: Column[Any] = Column("c", kind)
    Table("t", MetaData(), column)
    return column


def _written(kind: type, imports: dict[str, set[str]]) -> str:
    """A type's name as code, and what that needs."""
    if getattr(sqlalchemy, kind.__name__, None) is kind:
        return sqlalchemy_name(kind.__name__)
    if kind.__module__.startswith("sqlalchemy.dialects."):
        dialect = kind.__module__.split(".")[2]
        imports.setdefault("sqlalchemy.dialects", set()).add(dialect)
        return f"{dialect}.{kind.__name__}"
    imports.setdefault(kind.__module__, set()).add(kind.__name__)
    return kind.__name__


def _annotation(kind: sa.TypeEngine[Any], imports: dict[str, set[str]]) -> str:
    if isinstance(kind, sa.ARRAY):
        item = _annotation(kind.item_type, imports)
        for _ in range(kind.dimensions or 1):
            item = f"list[{item}]"
        return item
    if isinstance(kind, sa.JSON):
        imports.setdefault("typing", set()).add("Any")
        return "Any"
    if isinstance(kind, mysql.SET):
        return "set[str]"
    if isinstance(kind, mysql.YEAR | mysql.BIT | postgresql.OID):
        return "int"
    if isinstance(kind, postgresql.BIT):
        return "str"
    try:
        python = kind.python_type
    except NotImplementedError:
        imports.setdefault("typing", set()).add("Any")
        return "Any"
    if python in _PYTHON:
        text, module, name = _PYTHON[python]
        imports.setdefault(module or "", set()).add(name or "")
        return text
    if python.__module__ == "builtins":
        return python.__name__
    imports.setdefault("typing", set()).add("Any")
    return "Any"
