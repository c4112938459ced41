"""From what was read to the classes to be: which tables become one, by which key, and with which columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Integer, Table

from rowgate.generate.choices import allowed_values, is_json
from rowgate.generate.classes import ClassPlan, ColumnPlan, LinkPlan, Report
from rowgate.generate.column_types import UNDECLARED, ColumnTypes, Unmappable
from rowgate.generate.introspect import Introspected
from rowgate.generate.names import attribute_name, class_name, free_name, identifier
from rowgate.generate.table_keys import Notes, is_link, key_of, key_order, referred

__all__ = ["Planned", "plan_classes"]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The classes and link tables to be, both in the order of their names."""

    classes: tuple[ClassPlan, ...]
    links: tuple[LinkPlan, ...]
    aliases: dict[str, tuple[str, ...]]
    report: Report


def plan_classes(found: Introspected) -> Planned:
    """Decide what becomes of each table and view.

    Args:
        found: what the database holds.
    """
    notes = Notes()
    types = ColumnTypes(found.dialect)
    tables = sorted(found.metadata.tables.values(), key=lambda table: (table.name.casefold(), table.fullname))
    for name, why in sorted(found.unread.items()):
        notes.not_mapped[name] = (
            f"It could not be read: {why}. Mend it in the database, or leave it out: --exclude {name}"
        )
    links = {table.fullname: table for table in tables if is_link(table, found)}
    keys = {
        table.fullname: key for table in tables if table.fullname not in links and (key := key_of(table, found, notes))
    }
    # A link to a table without a class joins nothing; it is an entity, if it can be one.
    for name, table in list(links.items()):
        if not all(referred(each)[0] in keys for each in table.foreign_key_constraints):
            del links[name]
            if key := key_of(table, found, notes):
                keys[name] = key
    classes: list[ClassPlan] = []
    names: set[str] = set()
    by_name: dict[str, str] = {}
    for table in tables:
        if table.fullname in keys:
            # rowgate tells tables apart by their names, and does not start with two of one name.
            if table.name in by_name:
                notes.not_mapped[table.fullname] = (
                    f"{by_name[table.name]} has the same name, and one project maps one table of a name. "
                    f"Leave one of them out: --exclude {by_name[table.name]}"
                )
                continue
            by_name[table.name] = table.fullname
            wanted = class_name(table.name)
            name = free_name([wanted], names)
            plan = _class(name, table, keys[table.fullname], found, types, notes)
            if plan is not None:
                names.add(name)
                classes.append(plan)
    _drop_lost_keys(classes, notes)
    there = {plan.table.fullname for plan in classes}
    planned_links: list[LinkPlan] = []
    for table in links.values():
        if table.name in by_name or any(referred(each)[0] not in there for each in table.foreign_key_constraints):
            notes.not_mapped[table.fullname] = (
                "It joins two tables of which one is not mapped, or another has its name."
            )
            continue
        by_name[table.name] = table.fullname
        name = free_name([f"{class_name(table.name)}Links"], names)
        names.add(name)
        planned_links.append(LinkPlan(name=name, table=table, columns=_link_columns(table, types)))
    aliases = _name_choices(classes, names)
    for plan in classes:
        if plan.name.casefold() != plan.table.name.casefold().replace("_", ""):
            notes.renamed[plan.table.fullname] = plan.name
        for column in plan.columns:
            if column.name != column.column.name:
                notes.renamed[f"{plan.table.fullname}.{column.column.name}"] = f"{plan.name}.{column.name}"
    report = Report(
        mapped={plan.table.fullname: plan.name for plan in classes if not plan.is_view},
        views={plan.table.fullname: plan.name for plan in classes if plan.is_view},
        links=tuple(sorted(link.table.fullname for link in planned_links)),
        not_mapped=notes.not_mapped,
        renamed=dict(sorted(notes.renamed.items())),
        keys_inferred=notes.keys_inferred,
        types_not_known=notes.types_not_known,
        left_out=found.left_out,
    )
    ordered = sorted(classes, key=lambda plan: (plan.name.casefold(), plan.name))
    return Planned(classes=tuple(ordered), links=tuple(planned_links), aliases=aliases, report=report)


def _class(
    name: str, table: Table, key: tuple[str, ...], found: Introspected, types: ColumnTypes, notes: Notes
) -> ClassPlan | None:
    plan = ClassPlan(name=name, table=table, is_view=table.fullname in found.views)
    taken: set[str] = set()
    # Names that stay as they are come first, so that a mapped one never takes the place of one of them.
    columns = list(table.columns)
    wanted = {each.name: attribute_name(each.name, only_key=key == (each.name,)) for each in columns}
    given: dict[str, str] = {}
    for each in sorted(columns, key=lambda column: wanted[column.name] != column.name):
        given[each.name] = free_name([wanted[each.name]], taken)
        taken.add(given[each.name])
    confused = _confused(columns, found)
    for column in columns:
        where = f"{table.fullname}.{column.name}"
        if column.name in confused:
            notes.not_mapped[where] = (
                f"SQLAlchemy takes its values for those of {confused[column.name]}: their parameters have one name. "
                "Give it another name in the database."
            )
            plan.unmapped.append(column.name)
            continue
        values = found.untyped.get((table.fullname, column.name))
        try:
            choices = allowed_values(table, column)
            kind = types.of(column, values=values, choices=choices, json=is_json(table, column))
        except Unmappable as unmappable:
            notes.types_not_known[where] = f"{unmappable}; the column is left out."
            plan.unmapped.append(column.name)
            continue
        if values in UNDECLARED:
            notes.types_not_known[where] = f"It names no type; it is taken for {kind.python}, as its values are."
        plan.columns.append(
            ColumnPlan(
                name=given[column.name],
                column=column,
                kind=kind,
                is_key=column.name in key,
                numbered=_is_numbered(table, column, key, found),
            )
        )
    lost = [each for each in key if each in plan.unmapped]
    if lost:
        notes.not_mapped[table.fullname] = f"Its key holds {', '.join(lost)}, whose type is not known."
        return None
    return plan


def _confused(columns: list[Column[Any]], found: Introspected) -> dict[str, str]:
    """The columns whose parameters would have the name of another one's, each with that one.

    A statement's parameters are called as their columns, with the characters replaced that drivers do not take.
    """
    replaced = str.maketrans(dict(found.dialect.statement_compiler.bindname_escape_characters))
    written = {each.name: each.name.translate(replaced) for each in columns}
    first: dict[str, str] = {}
    for name in sorted(written, key=lambda name: written[name] != name):
        first.setdefault(written[name], name)
    return {name: first[key] for name, key in written.items() if first[key] != name}


def _is_numbered(table: Table, column: Column[Any], key: tuple[str, ...], found: Introspected) -> bool:
    """Whether the database gives a new row its number in this column."""
    if column.identity is not None:
        return True
    if key != (column.name,) or not table.primary_key.columns or not isinstance(column.type, Integer):
        return False
    if found.dialect.name == "sqlite":
        return (table.fullname, column.name) in found.rowids
    if found.dialect.name == "postgresql":
        default = column.server_default
        return default is not None and "nextval(" in str(getattr(default, "arg", ""))
    return column.autoincrement is True


def _link_columns(table: Table, types: ColumnTypes) -> list[ColumnPlan]:
    return [
        ColumnPlan(
            name=identifier(column.name),
            column=column,
            kind=types.of(column),
            is_key=bool(column.primary_key),
            numbered=False,
        )
        for column in table.columns
    ]


def _drop_lost_keys(classes: list[ClassPlan], notes: Notes) -> None:
    """Keep the foreign keys whose both ends are there."""
    by_table = {plan.table.fullname: plan for plan in classes}
    for plan in classes:
        there = {each.column.name for each in plan.columns}
        for constraint in key_order(plan.table):
            parent, columns = referred(constraint)
            target = by_table.get(parent)
            held = {column.name for column in constraint.columns}
            known = target is not None and set(columns) <= {each.column.name for each in target.columns}
            if known and held <= there and not _is_dotted(constraint):
                plan.foreign_keys.append(constraint)
            elif held <= there:
                name = f"{plan.table.fullname}.{', '.join(sorted(held))}"
                notes.not_mapped[name] = f"Its foreign key leads to {parent}, which is not mapped: no relationship."


def _is_dotted(constraint: ForeignKeyConstraint) -> bool:
    """Whether a name has a dot, so that SQLAlchemy could not tell its parts."""
    table = constraint.referred_table
    return "." in table.name or any("." in element.column.name for element in constraint.elements)


def _name_choices(classes: Iterable[ClassPlan], taken: set[str]) -> dict[str, tuple[str, ...]]:
    """Name the values of each enumeration once; the enumerations of one name in the database are one."""
    aliases: dict[str, tuple[str, ...]] = {}
    by_enum: dict[tuple[str, tuple[str, ...]], str] = {}
    for plan in classes:
        for column in plan.columns:
            if not column.kind.values:
                continue
            named = column.kind.enum_name if column.kind.named else None
            own = class_name(named) if named else f"{plan.name}{class_name(column.column.name)}"
            key = (named or f"{plan.table.fullname}.{column.column.name}", column.kind.values)
            if key not in by_enum:
                by_enum[key] = free_name([own, f"{own}Values"], taken)
                taken.add(by_enum[key])
                aliases[by_enum[key]] = column.kind.values
            column.choices = by_enum[key]
    return dict(sorted(aliases.items()))
