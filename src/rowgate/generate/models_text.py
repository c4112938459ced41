"""The text of a module of mapped classes: its imports, its base, and one class for each table and view."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlalchemy import Column

from rowgate.generate.class_text import ClassText
from rowgate.generate.classes import LinkPlan
from rowgate.generate.constraints import NamingConvention, convention_of, foreign_key, table_arguments
from rowgate.generate.layout import Bracketed, Code, call, laid_out, quoted
from rowgate.generate.planning import Planned
from rowgate.generate.sqlalchemy_names import resolved, sqlalchemy_name
from rowgate.generate.sqlite_forms import CONSTANTS, constant_lines

__all__ = ["module_text"]

_BASE: Final = '''\
class Base(DeclarativeBase):
    """Base of every mapped class of the database."""

    metadata = MetaData(naming_convention=NAMES)'''


def module_text(planned: Planned, *, module: str, dialect: str) -> str:
    """The text of the module.

    Args:
        planned: what it holds.
        module: its name.
        dialect: SQLAlchemy's name of the database's kind.
    """
    imports: dict[str, set[str]] = defaultdict(set)
    imports["sqlalchemy"].add("MetaData")
    imports["sqlalchemy.orm"].add("DeclarativeBase")
    convention = convention_of(
        [plan.table for plan in planned.classes] + [link.table for link in planned.links],
    )
    class_names = frozenset(plan.name for plan in planned.classes)
    hides = False
    blocks: list[str] = []
    for name, values in planned.aliases.items():
        imports["typing"].add("Literal")
        blocks.append(
            laid_out(f"{name} = ", Bracketed("Literal", tuple(quoted(v) for v in values), "[", "]"), indent=0)
        )
    classes: list[str] = []
    for plan in planned.classes:
        written = ClassText(plan, convention=convention, classes=class_names, dialect=dialect)
        hides = hides or written.hides
        for source, names in written.imports.items():
            imports[source] |= names
        classes.append(written.text)
    links = [_link(link, convention, class_names, imports) for link in planned.links]
    constants = constant_lines(imports.pop(CONSTANTS, set()))
    if constants:
        imports["sqlalchemy.dialects"].add("sqlite")
        blocks[:0] = ["# How this database writes dates and times: SQLite compares them as texts.", *constants, ""]
    head = ['"""The mapped classes of the database: plain SQLAlchemy, one class a table, made by rowgate."""']
    if hides:
        imports["typing"].add("TYPE_CHECKING")
    head.append(_imports(imports))
    if hides:
        package, _, own = module.rpartition(".")
        source = f"from {package} import {own} as m" if package else f"import {own} as m"
        head.append(
            "if TYPE_CHECKING:\n"
            "    # An attribute that has its class's name (Order.Customer) hides the class inside the class body, so "
            "the\n    # annotations of such attributes name the class through its module: "
            f'Mapped["m.Customer"].\n    {source}'
        )
    head.append(convention.text)
    if blocks:
        head.append("\n".join(blocks).strip("\n"))
    head_text = "\n\n".join(head)
    rest = "\n\n\n".join([_BASE, *links, *classes])
    return f"{head_text}\n\n\n{rest}\n"


def _imports(imports: dict[str, set[str]]) -> str:
    """The import statements, in the groups and order that ruff's isort has."""
    standard, others = [], []
    if imports.get("datetime"):
        standard.append("import datetime as dt")
    if imports.get(""):
        others.append("import sqlalchemy as sa")
    for module in sorted(imports, key=lambda name: (name.casefold(), name)):
        names = sorted(imports[module], key=_isort)
        if module in ("", "datetime") or not names:
            continue
        flat = f"from {module} import {', '.join(names)}"
        exploded = "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
        (standard if module in ("decimal", "typing", "uuid", "ipaddress") else others).append(
            flat if len(flat) <= 120 else exploded
        )
    return "\n\n".join("\n".join(group) for group in (standard, others) if group)


def _isort(name: str) -> tuple[int, str, str]:
    # Constants, then classes, then the rest.
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.casefold(), name


def _link(link: LinkPlan, convention: NamingConvention, classes: frozenset[str], imports: dict[str, set[str]]) -> str:
    parts: list[Code] = [quoted(link.table.name), "Base.metadata"]
    for column in link.columns:
        parts.append(_link_column(column.column, column.kind.code, column.kind.type, convention, link))
        for module, names in column.kind.imports.items():
            if column.kind.code is not None and module.startswith("sqlalchemy"):
                imports[module] |= names
    parts += table_arguments(
        link.table, [c for c in link.table.foreign_key_constraints if len(c.columns) > 1], convention
    )
    if link.table.schema:
        parts.append(f"schema={quoted(link.table.schema)}")
    if link.table.comment:
        parts.append(f"comment={quoted(link.table.comment)}")
    code = resolved(call(sqlalchemy_name("Table"), parts), classes, imports)
    return laid_out(f"{link.name} = ", code, indent=0)


def _link_column(
    column: Column[object], code: Code | None, kind: object, convention: NamingConvention, link: LinkPlan
) -> Code:
    parts: list[Code] = [quoted(column.name), code if code is not None else sqlalchemy_name(type(kind).__name__)]
    for constraint in sorted(link.table.foreign_key_constraints, key=lambda each: str(each.name)):
        if len(constraint.columns) == 1 and constraint.columns[0] is column:
            parts.append(foreign_key(constraint, convention))
    parts.append("primary_key=True")
    return call(sqlalchemy_name("Column"), parts)
