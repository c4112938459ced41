"""A database's mapped classes as the text of a Python module, with what they are and what could not be mapped."""

from __future__ import annotations

from dataclasses import dataclass

from rowgate.generate.classes import ClassPlan, ColumnPlan, RelationshipPlan, Report
from rowgate.generate.introspect import Introspected
from rowgate.generate.models_text import module_text
from rowgate.generate.planning import plan_classes
from rowgate.generate.relating import relate

__all__ = ["GeneratedClass", "GeneratedColumn", "GeneratedRelationship", "Models", "Report", "write_models"]


@dataclass(frozen=True, kw_only=True)
class GeneratedColumn:
    """A column of a generated class.

    Attributes:
        name: of the attribute.
        column: its name in the database.
        python_type: of its values, as the annotation has it without ``| None``: ``int``, ``dt.date``.
        kind: its plain name: ``integer``, ``decimal``, ``text``, ``date``, ``choice`` ...
        nullable: whether it may be NULL.
        is_key: whether it is part of the primary key.
        references: the class that its foreign key leads to; "" for none, and for a key of several columns.
        values: those it can have, where they are few.
        comment: the database's.
    """

    name: str
    column: str
    python_type: str
    kind: str
    nullable: bool
    is_key: bool = False
    references: str = ""
    values: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class GeneratedRelationship:
    """A relationship of a generated class.

    Attributes:
        name: of the attribute.
        target: the class it leads to.
        to_many: whether it is a list.
        columns: the attributes of the foreign key: this class's where it leads to one, the target's for a list; none
            for a many-to-many one.
        back: the name of the same relationship in the target.
    """

    name: str
    target: str
    to_many: bool
    columns: tuple[str, ...] = ()
    back: str = ""


@dataclass(frozen=True, kw_only=True)
class GeneratedClass:
    """A generated class.

    Attributes:
        name: its name, and that of its type in the API.
        table: the table's or view's name.
        schema: the schema it is written with; None for the connection's own.
        key: the attributes of its primary key.
        is_view: whether it is read-only.
        columns: in the database's order.
        relationships: to-one ones first.
    """

    name: str
    table: str
    schema: str | None = None
    key: tuple[str, ...] = ()
    is_view: bool = False
    columns: tuple[GeneratedColumn, ...] = ()
    relationships: tuple[GeneratedRelationship, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Models:
    """A module of mapped classes.

    Attributes:
        text: of the module.
        classes: what it holds, in its order.
        report: what became of everything in the database.
    """

    text: str
    classes: tuple[GeneratedClass, ...]
    report: Report


def write_models(found: Introspected, *, module: str = "database.models") -> Models:
    """Write the classes of a database: the same text for the same database.

    Args:
        found: from `rowgate.generate.introspect.read_database`.
        module: the name that the module will have.
    """
    planned = plan_classes(found)
    relate(planned.classes, planned.links)
    return Models(
        text=module_text(planned, module=module, dialect=found.dialect.name),
        classes=tuple(_class(plan) for plan in planned.classes),
        report=planned.report,
    )


def _class(plan: ClassPlan) -> GeneratedClass:
    references = {
        constraint.columns[0].name: relationship.target.name
        for relationship in plan.relationships
        if relationship.forward and len((constraint := relationship.constraint).columns) == 1
    }
    return GeneratedClass(
        name=plan.name,
        table=plan.table.name,
        schema=plan.table.schema,
        key=tuple(each.name for each in plan.key),
        is_view=plan.is_view,
        columns=tuple(_column(each, references.get(each.column.name, "")) for each in plan.columns),
        relationships=tuple(_relationship(each) for each in plan.relationships),
    )


def _column(plan: ColumnPlan, references: str) -> GeneratedColumn:
    return GeneratedColumn(
        name=plan.name,
        column=plan.column.name,
        python_type=plan.kind.python,
        kind=plan.kind.generic,
        nullable=bool(plan.column.nullable) and not plan.is_key,
        is_key=plan.is_key,
        references=references,
        values=plan.kind.values,
        comment=plan.column.comment,
    )


def _relationship(plan: RelationshipPlan) -> GeneratedRelationship:
    holder = plan.source if plan.forward else plan.target
    held = () if plan.link is not None else tuple(holder.attribute(each.name) for each in plan.constraint.columns)
    return GeneratedRelationship(
        name=plan.name, target=plan.target.name, to_many=plan.to_many, columns=held, back=plan.back
    )
