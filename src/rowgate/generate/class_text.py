"""The text of one class: its docstring, its table, its columns and its relationships."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Computed, Identity, UniqueConstraint
from sqlalchemy import types as sa

from rowgate.generate.classes import ClassPlan, ColumnPlan, RelationshipPlan
from rowgate.generate.constraints import (
    NamingConvention,
    foreign_key,
    is_plain_index,
    is_plain_unique,
    sql_text,
    table_arguments,
)
from rowgate.generate.defaults import constant_of, server_text
from rowgate.generate.layout import Bracketed, Code, call, laid_out, quoted, text_of, tuple_of
from rowgate.generate.sqlalchemy_names import resolved, sqlalchemy_name
from rowgate.types import UNMAPPED_INFO, VIEW_INFO

__all__ = ["ClassText", "docstring"]


class ClassText:
    """Writes one class.

    Args:
        plan: of the class.
        convention: the names of constraints in its module.
        classes: the names of the module's classes.
        dialect: SQLAlchemy's name of the database's kind.

    Attributes:
        text: of the class.
        imports: the names that it needs, by module.
        hides: whether an attribute has its target's name, so that the module must be imported as ``m``.
    """

    def __init__(self, plan: ClassPlan, *, convention: NamingConvention, classes: frozenset[str], dialect: str) -> None:
        self.imports: dict[str, set[str]] = defaultdict(set)
        self.hides = False
        self._plan = plan
        self._hidden = classes.union((each.name for each in plan.columns), (each.name for each in plan.relationships))
        self._convention = convention
        self._dialect = dialect
        blocks = ["\n".join([f"class {plan.name}(Base):", docstring(_described(plan))]), self._table()]
        blocks.append("\n".join(self._column(each) for each in plan.columns))
        if plan.relationships:
            blocks.append("\n".join(self._relationship(each) for each in plan.relationships))
        self.text = "\n\n".join(blocks)

    def _table(self) -> str:
        plan = self._plan
        lines = [f"    __tablename__ = {quoted(plan.table.name)}"]
        several = [each for each in plan.foreign_keys if len(each.columns) > 1]
        parts = table_arguments(plan.table, several, self._convention, unmapped=plan.unmapped)
        if any("conv(" in text_of(part) for part in parts):
            self.imports["sqlalchemy.schema"].add("conv")
        options: list[Code] = []
        if plan.table.schema:
            options.append(f'"schema": {quoted(plan.table.schema)}')
        if plan.table.comment:
            options.append(f'"comment": {quoted(plan.table.comment)}')
        info: list[Code] = []
        if plan.is_view:
            info.append(f'"{VIEW_INFO}": True')
        if plan.unmapped:
            names = tuple(quoted(name) for name in plan.unmapped)
            info.append(Bracketed(f'"{UNMAPPED_INFO}": ', names, "[", "]"))
        if info:
            options.append(Bracketed('"info": ', tuple(info), "{", "}"))
        settings = Bracketed("", tuple(options), "{", "}")
        if parts:
            lines.append(self._laid_out("__table_args__ = ", tuple_of([*parts, *([settings] if options else [])])))
        elif options:
            lines.append(self._laid_out("__table_args__ = ", settings))
        return "\n".join(lines)

    def _laid_out(self, start: str, code: Code) -> str:
        return laid_out(start, resolved(code, self._hidden, self.imports))

    # --- columns

    def _column(self, plan: ColumnPlan) -> str:
        column = plan.column
        optional = bool(column.nullable) and not plan.is_key
        annotation = plan.choices or plan.kind.python
        if "list[" in plan.kind.python and plan.choices:
            annotation = plan.kind.python.replace("str", plan.choices)
        for module, names in plan.kind.imports.items():
            # The names of the annotation, and those of the code where there is code.
            self.imports[module] |= names
        annotated = f"Mapped[{annotation}{' | None' if optional else ''}]"
        self.imports["sqlalchemy.orm"].add("Mapped")
        parts = self._arguments(plan, optional)
        if not parts and plan.column.name not in self._named_columns():
            return f"    {plan.name}: {annotated}"
        self.imports["sqlalchemy.orm"].add("mapped_column")
        return self._laid_out(f"{plan.name}: {annotated} = ", call("mapped_column", parts))

    def _arguments(self, plan: ColumnPlan, optional: bool) -> list[Code]:
        column = plan.column
        parts: list[Code] = []
        if plan.name != column.name:
            parts.append(quoted(column.name))
        keys = [
            each for each in self._plan.foreign_keys if len(each.columns) == 1 and each.columns[0].name == column.name
        ]
        if plan.kind.code is not None and not (keys and self._is_parents(plan, keys[0])):
            parts.append(plan.kind.code)
        parts += [foreign_key(each, self._convention) for each in keys]
        if isinstance(column.server_default, Computed):
            parts.append(_computed(column.server_default))
        elif isinstance(column.identity, Identity):
            parts.append(_identity(column.identity))
        if plan.is_key:
            parts.append("primary_key=True")
            alone = len(self._plan.key) == 1
            if alone and not plan.numbered and isinstance(column.type, sa.Integer) and not keys:
                parts.append("autoincrement=False")
        parts += self._defaults(plan)
        parts += self._indexed(column)
        if column.comment:
            parts.append(f"comment={quoted(column.comment)}")
        return parts

    def _named_columns(self) -> set[str]:
        """The columns that relationships name in this class's body: an annotation alone makes no name there."""
        return {
            name
            for each in self._plan.relationships
            if each.forward and (each.named_keys or each.source is each.target)
            for element in each.constraint.elements
            for name in (element.parent.name, *([element.column.name] if each.source is each.target else []))
        }

    def _is_parents(self, plan: ColumnPlan, key: Any) -> bool:
        """Whether the column of the parent has the same type, so that SQLAlchemy takes it from there."""
        parent = next(each.target for each in self._plan.relationships if each.constraint is key and each.forward)
        (element,) = key.elements
        other = next(each for each in parent.columns if each.column.name == element.column.name)
        return other.kind.code == plan.kind.code and other is not plan

    def _defaults(self, plan: ColumnPlan) -> list[Code]:
        parts: list[Code] = []
        sql = server_text(plan.column, self._dialect)
        if sql is None or plan.numbered or self._plan.is_view:
            return parts
        found, value, literal = constant_of(sql, plan.kind.type)
        if found:
            parts.append(f"default={_written(value)}")
            if isinstance(value, Decimal):
                self.imports["decimal"].add("Decimal")
        if literal is not None:
            parts.append(f"server_default={quoted(literal)}")
        else:
            parts.append(call(sqlalchemy_name("text"), [sql_text(sql)], keyword="server_default"))
        return parts

    def _indexed(self, column: Column[Any]) -> list[Code]:
        table = self._plan.table
        parts: list[Code] = []
        for index in table.indexes:
            if is_plain_index(index, self._convention) and index.columns[0].name == column.name:
                parts.append("index=True")
        for each in table.constraints:
            if (
                isinstance(each, UniqueConstraint)
                and is_plain_unique(each, self._convention)
                and each.columns[0].name == column.name
            ):
                parts.append("unique=True")
        return list(dict.fromkeys(parts))

    # --- relationships

    def _relationship(self, plan: RelationshipPlan) -> str:
        self.imports["sqlalchemy.orm"] |= {"Mapped", "relationship"}
        target = plan.target.name
        hidden = self._hides(target)
        parts: list[Code] = []
        quoted_target = f"m.{target}" if hidden else target
        if plan.to_many:
            annotation = f'list["{quoted_target}"]'
        else:
            annotation = f'"{quoted_target}"' if plan.required else f'"{quoted_target} | None"'
        if hidden:
            self.hides = True
            parts.append(quoted(target))
        if plan.link is not None:
            parts.append(f"secondary={plan.link.name}")
            if plan.named_keys:
                parts += _link_joins(plan)
        parts.append(f'back_populates="{plan.back}"')
        to_itself = plan.source is plan.target
        if plan.link is None and plan.named_keys:
            parts.append(self._foreign_keys(plan))
        if plan.link is None and to_itself and plan.forward:
            remote = [self._plan.attribute(element.column.name) for element in plan.constraint.elements]
            parts.append(f"remote_side=[{', '.join(remote)}]")
        if plan.link is None and not plan.forward:
            parts += _deletes(plan)
        if plan.overlaps:
            parts.append(f'overlaps="{",".join(plan.overlaps)}"')
        return self._laid_out(f"{plan.name}: Mapped[{annotation}] = ", call("relationship", parts))

    def _hides(self, target: str) -> bool:
        # Also a column of the target's name hides the class in the annotations after it.
        own = {each.name for each in self._plan.columns} | {each.name for each in self._plan.relationships}
        return target in own

    def _foreign_keys(self, plan: RelationshipPlan) -> Code:
        holder = plan.source if plan.forward else plan.target
        names = [holder.attribute(column.name) for column in plan.constraint.columns]
        if plan.forward:
            return f"foreign_keys=[{', '.join(names)}]"
        listed = ", ".join(f"{holder.name}.{name}" for name in names)
        return f'foreign_keys="{listed}"' if len(names) == 1 else f'foreign_keys="[{listed}]"'


def docstring(text: str) -> str:
    """A docstring of a class, indented."""
    clean = re.sub(r"[^\S\n]+", " ", "".join(each if each.isprintable() or each == "\n" else " " for each in text))
    lines = [
        line
        for paragraph in clean.strip().split("\n")
        for line in (textwrap.wrap(paragraph.strip(), 110, break_long_words=False) or [""])
    ]
    whole = "\n".join(f"    {line}".rstrip() for line in lines).strip()
    whole = whole.replace("\\", "\\\\")
    if '"""' in whole or whole.startswith('"') or whole.endswith('"'):
        whole = whole.replace('"', '\\"')
    return f'    """{whole}\n    """' if "\n" in whole else f'    """{whole}"""'


def _described(plan: ClassPlan) -> str:
    if plan.table.comment and plan.table.comment.strip():
        return plan.table.comment
    name = "".join(each if each.isprintable() else " " for each in plan.table.name)
    if not plan.is_view:
        return f"The rows of the table {name}."
    return f"The rows of the view {name}, to read. What is declared on the tables it reads does not bind it."


def _computed(computed: Computed) -> Code:
    sql = str(getattr(computed.sqltext, "text", computed.sqltext))
    parts: list[Code] = [sql_text(sql)]
    if computed.persisted is not None:
        parts.append(f"persisted={computed.persisted}")
    return call(sqlalchemy_name("Computed"), parts)


def _identity(identity: Identity) -> Code:
    parts: list[Code] = ["always=True"] if identity.always else []
    parts += [
        f"{name}={int(value)}" for name in ("start", "increment") if (value := getattr(identity, name)) not in (None, 1)
    ]
    return call(sqlalchemy_name("Identity"), parts)


def _written(value: object) -> str:
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and abs(value) < 10**15
        return f"Decimal({int(value)})" if whole else f'Decimal("{value}")'
    return quoted(value) if isinstance(value, str) else repr(value)


def _deletes(plan: RelationshipPlan) -> list[Code]:
    """What happens to the children of a row that is deleted: the database sees to it, as its foreign key says."""
    if (plan.constraint.ondelete or "").upper() != "CASCADE":
        return ['passive_deletes="all"']
    if any(column.nullable for column in plan.constraint.columns):
        return ['cascade="all"', "passive_deletes=True"]
    return ['cascade="all, delete-orphan"', "passive_deletes=True"]


def _link_joins(plan: RelationshipPlan) -> list[Code]:
    assert plan.link is not None  # noqa: S101
    assert plan.near is not None  # noqa: S101
    link, joins = plan.link.name, list[Code]()
    for word, end, key in (("primaryjoin", plan.source, plan.near), ("secondaryjoin", plan.target, plan.constraint)):
        pairs: list[Code] = [
            f"{end.name}.{end.attribute(element.column.name)} == {link}.c[{quoted(element.parent.name)}]"
            for element in key.elements
        ]
        joins.append(
            f"{word}=lambda: {pairs[0]}"
            if len(pairs) == 1
            else call(f"lambda: {sqlalchemy_name('and_')}", pairs, keyword=word)
        )
    return joins
