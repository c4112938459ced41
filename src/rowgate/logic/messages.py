"""Texts of refusals: ``{row.Balance}`` filled in, together with the rows whose values the text then holds.

A rule sees rows that the client may not see, and its text may quote them. So a text is never evaluated: it is parsed
when the rules are activated, its fields may only walk mapped attributes, and filling it in records each row walked
through. Who shows the text must first know that the principal sees all of those rows.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Mapper

from rowgate.errors import DeclarationError
from rowgate.mapped import mapper_of, state_of

Row = tuple[type, tuple[object, ...]]
"""An entity and the primary key of one of its rows."""

_FIELD = re.compile(r"(row|old_row)((?:\.[A-Za-z_][A-Za-z0-9_]*)+)")


@dataclass(frozen=True)
class Template:
    """A text with fields ``{row.Column}``, ``{row.Parent.Column:.2f}`` or ``{old_row.Column}``."""

    text: str
    parts: tuple[tuple[str, str, tuple[str, ...], str], ...]
    """(text before, ``row`` or ``old_row`` or empty, path, format)."""


@dataclass
class Filled:
    """A text filled in, and what it shows.

    Args:
        text: the whole text; None when a row it quotes cannot be proved visible to anyone.
        rows: the rows whose values it holds, and the row that was refused.
        columns: the columns it quotes, as (entity, attribute).
    """

    text: str | None = None
    rows: set[Row] = field(default_factory=set)
    columns: set[tuple[type, str]] = field(default_factory=set)


def parse(text: str, entity: type) -> Template:
    """Parse the text of a rule on ``entity``.

    Raises:
        DeclarationError: a field is no walk over mapped attributes that ends in a column.
    """
    mapper = mapper_of(entity)
    parts = []
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as exc:
        raise _bad(text, entity, str(exc)) from exc
    for before, name, spec, _conversion in pieces:
        match = _FIELD.fullmatch(name) if name is not None else None
        if name is None:
            parts.append((before, "", (), ""))
        elif match is None or "{" in (spec or ""):
            raise _bad(text, entity, f"{{{name}}} is not a walk like {{row.Column}}")
        else:
            path = tuple(match[2][1:].split("."))
            _check_path(path, mapper, text=text, old=match[1] == "old_row")
            parts.append((before, match[1], path, spec or ""))
    return Template(text, tuple(parts))


def _check_path(path: tuple[str, ...], mapper: Mapper[Any], *, text: str, old: bool) -> None:
    entity = mapper.class_
    if old and len(path) > 1:
        raise _bad(text, entity, "old_row has columns only, no related rows")
    for name in path[:-1]:
        relationship = mapper.relationships.get(name)
        if relationship is None or relationship.uselist:
            raise _bad(text, entity, f"{mapper.class_.__name__}.{name} is not a relationship to one row")
        mapper = relationship.mapper
    if path[-1] not in mapper.column_attrs:
        raise _bad(text, entity, f"{mapper.class_.__name__}.{path[-1]} is not a column")


def _bad(text: str, entity: type, why: str) -> DeclarationError:
    return DeclarationError(
        f"The text of a rule on {entity.__name__} cannot be filled in: {why}. The text: {text!r}",
        hint="Name columns only: {row.Column}, {row.Parent.Column}, {old_row.Column}, with a format if you like "
        "(:.2f). For anything computed, let a function decide and say the rest in words.",
    )


def fill(
    template: Template,
    row: object,
    old_row: Mapping[str, object] | None,
    *,
    submitted: frozenset[int],
) -> Filled:
    """Fill in ``template`` for ``row``.

    Args:
        template: the parsed text.
        row: the row refused.
        old_row: its values before the change; None for a new or deleted row.
        submitted: ``id()`` of the new rows that the client itself added.
    """
    filled = Filled()
    shown = _record(row, filled, submitted)
    out = []
    for before, start, path, spec in template.parts:
        out.append(before)
        if not start:
            continue
        here: Any = row
        for name in path[:-1]:
            here = None if here is None else getattr(here, name)
            shown = (here is None or _record(here, filled, submitted)) and shown
        if here is None:
            value = None
        else:
            filled.columns.add((type(here), path[-1]))
            value = (old_row or {}).get(path[-1]) if start == "old_row" else getattr(here, path[-1])
        out.append("none" if value is None else format(value, spec))
    filled.text = "".join(out) if shown else None
    return filled


def _record(row: object, filled: Filled, submitted: frozenset[int]) -> bool:
    """Note ``row`` among the rows shown; False when nothing can prove it visible."""
    state = state_of(row)
    if state.identity is not None:
        filled.rows.add((type(row), tuple(state.identity)))
        return True
    if id(row) not in submitted:
        return False  # a row that a rule made
    # A new row of the client: its values are the client's own, or come from its parents by copy or formula.
    for relationship in state.mapper.relationships:
        parent = state.dict.get(relationship.key)
        if not relationship.uselist and parent is not None and not _record(parent, filled, submitted):
            return False
    return True
