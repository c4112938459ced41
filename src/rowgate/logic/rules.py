"""The words to declare rules with: LogicBank's ``Rule``, typed, plus what the secured session needs to know.

A declaration may also use ``logic_bank.logic_bank.Rule`` itself; both end in the same rule bank. What LogicBank finds
out by reading a rule's source needs the rule's parameter to be called ``row``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, TypeVar

from sqlalchemy.orm import InstrumentedAttribute, Session, class_mapper

from rowgate.errors import DeclarationError, RuleRefused
from rowgate.logic import upstream
from rowgate.logic.messages import fill, parse
from rowgate.logic.stamping import stamped_columns

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)
V = TypeVar("V")


class LogicRow(Protocol):
    """What a rule's function learns of the change, and does with rules: the part of LogicBank's class to rely on."""

    row: Any
    old_row: Any
    session: Session

    def is_inserted(self) -> bool: ...
    def is_updated(self) -> bool: ...
    def is_deleted(self) -> bool: ...
    def are_attributes_changed(self, attr_list: Sequence[InstrumentedAttribute[Any]]) -> list[str]: ...
    def new_logic_row(self, new_row_class: type) -> LogicRow: ...
    def link(self, to_parent: LogicRow) -> bool: ...
    def set_same_named_attributes(self, from_logic_row: LogicRow) -> None: ...
    def insert(self, reason: str | None = None, row: object = None) -> None: ...
    def update(self, reason: str | None = None, row: object = None) -> None: ...


class RowFunction(Protocol[E_contra]):
    """A function called with the row, its old values (None on insert and delete), and the change."""

    def __call__(self, *, row: E_contra, old_row: E_contra, logic_row: LogicRow) -> object: ...


@dataclass
class Declared:
    """What a declaration says beyond LogicBank's own rules; filled while it runs, read at activation."""

    defaults: dict[type, dict[str, object]] = field(default_factory=dict)
    set_by_events: dict[type, dict[str, str]] = field(default_factory=dict)
    stamped: list[type] = field(default_factory=list)


declaring: ContextVar[Declared | None] = ContextVar("rowgate_declaring", default=None)


def _declared() -> Declared:
    declared = declaring.get()
    if declared is None:
        raise DeclarationError(
            "A rule was declared outside of a declaration.",
            hint="Declare rules inside the function that is given to activate_rules (logic/declare_logic.py).",
        )
    return declared


def _takes_row(function: Callable[..., object] | None, what: str) -> None:
    if function is not None and "row" not in inspect.signature(function).parameters:
        raise DeclarationError(
            f"The function of {what} has no parameter called 'row'.",
            hint="LogicBank reads the rule's source for row.Column to know when to run it: call the parameter row.",
        )


def _entity(column: InstrumentedAttribute[Any]) -> type:
    entity: type = column.parent.class_
    return entity


class Rule:
    """Declare a rule. Order does not matter: LogicBank finds out which rule needs which."""

    @staticmethod
    def sum(
        derive: InstrumentedAttribute[V],
        *,
        as_sum_of: InstrumentedAttribute[Any],
        where: Callable[[Any], bool | None] | None = None,
        child_role_name: str = "",
    ) -> None:
        """Keep a parent's column equal to the sum of a column of its children.

        Args:
            derive: the parent's column; read-only to clients from now on.
            as_sum_of: the children's column.
            where: which children count; takes ``row``, must return True or False.
            child_role_name: the parent's list of these children, where it has more than one.
        """
        _takes_row(where, f"the sum {derive}")
        upstream.UpstreamRule.sum(derive=derive, as_sum_of=as_sum_of, where=where, child_role_name=child_role_name)

    @staticmethod
    def count(
        derive: InstrumentedAttribute[int],
        *,
        as_count_of: type[E],
        where: Callable[[E], bool | None] | None = None,
        child_role_name: str = "",
    ) -> None:
        """Keep a parent's column equal to the number of its children. Arguments as for ``sum``."""
        _takes_row(where, f"the count {derive}")
        upstream.UpstreamRule.count(
            derive=derive, as_count_of=as_count_of, where=where, child_role_name=child_role_name
        )

    @staticmethod
    def formula(
        derive: InstrumentedAttribute[V],
        *,
        as_expression: Callable[[Any], V] | None = None,
        calling: RowFunction[Any] | None = None,
        no_prune: bool = False,
    ) -> None:
        """Compute a column from its own row and its parents; follows when a parent's column changes.

        Args:
            derive: the column; read-only to clients from now on.
            as_expression: takes ``row``, returns the value.
            calling: instead, a function of ``row, old_row, logic_row``.
            no_prune: compute at every change of the row, even where nothing that the source names has changed.
        """
        _takes_row(as_expression or calling, f"the formula {derive}")
        upstream.UpstreamRule.formula(derive=derive, as_expression=as_expression, calling=calling, no_prune=no_prune)

    @staticmethod
    def copy(
        derive: InstrumentedAttribute[V], *, from_parent: InstrumentedAttribute[V], child_role_name: str = ""
    ) -> None:
        """Copy a parent's column when the child is made or moved; later changes of the parent do not follow."""
        upstream.UpstreamRule.copy(derive=derive, from_parent=from_parent, child_role_name=child_role_name)

    @staticmethod
    def constraint(
        validate: type[E],
        *,
        error_msg: str,
        as_condition: Callable[[E], bool | None] | None = None,
        calling: RowFunction[E] | None = None,
        error_attributes: Sequence[InstrumentedAttribute[Any]] = (),
        at_commit: bool = False,
    ) -> None:
        """Refuse every change after which a row does not satisfy the condition.

        Args:
            validate: the entity.
            error_msg: what to say. ``{row.Column}``, ``{row.Parent.Column:.2f}`` and ``{old_row.Column}`` are filled
                in; a principal who may not see all of those rows reads a text without values.
            as_condition: takes ``row``; True when all is well.
            calling: instead, a function of ``row, old_row, logic_row``.
            error_attributes: the columns at fault, for ``source.pointer``.
            at_commit: check once, when all other rules of the flush have run (an order needs a detail, say).
        """
        _takes_row(as_condition or calling, f"a constraint on {validate.__name__}")
        declare = upstream.UpstreamRule.commit_constraint if at_commit else upstream.UpstreamRule.constraint
        declare(
            validate=validate,
            error_msg=error_msg,
            as_condition=as_condition,
            calling=calling,
            error_attributes=list(error_attributes),
        )

    @staticmethod
    def default(column: InstrumentedAttribute[V], value: V | Callable[[], V]) -> None:
        """Give a new row a value where the client gave none, or null. Clients may still set the column.

        Args:
            column: the column.
            value: the value, or a function without parameters that returns it.
        """
        _declared().defaults.setdefault(_entity(column), {})[column.key] = value

    @staticmethod
    def early_event(
        on_class: type[E], *, calling: RowFunction[E], sets: Sequence[InstrumentedAttribute[Any]] = ()
    ) -> None:
        """Call a function before the other rules of a row, at every change of it; it may change the row.

        Args:
            on_class: the entity.
            calling: a function of ``row, old_row, logic_row``.
            sets: the columns that only this function sets; read-only to clients from now on.
        """
        for column in sets:
            texts = _declared().set_by_events.setdefault(_entity(column), {})
            texts[column.key] = f"set by {getattr(calling, '__name__', 'an event')}"
        upstream.UpstreamRule.early_row_event(on_class=on_class, calling=calling)

    @staticmethod
    def event(on_class: type[E], *, calling: RowFunction[E]) -> None:
        """Call a function when the other rules of a row have run; it must not change the row."""
        upstream.UpstreamRule.row_event(on_class=on_class, calling=calling)

    @staticmethod
    def commit_event(on_class: type[E], *, calling: RowFunction[E]) -> None:
        """Call a function once per row and flush, when the rules of all rows have run; it must not change the row."""
        upstream.UpstreamRule.commit_row_event(on_class=on_class, calling=calling)

    @staticmethod
    def after_flush_event(on_class: type[E], *, calling: RowFunction[E]) -> None:
        """Call a function when the row has been written (its new key is known); it must not change any row."""
        upstream.UpstreamRule.after_flush_row_event(on_class=on_class, calling=calling)

    @staticmethod
    def copy_row(copy_from: type, *, copy_to: type, copy_when: Callable[[LogicRow], object]) -> None:
        """Keep a copy of a row, in the columns that have the same names, whenever ``copy_when`` is true of a change."""
        upstream.RuleExtension.copy_row(copy_from=copy_from, copy_to=copy_to, copy_when=copy_when)

    @staticmethod
    def stamp(entities: Iterable[type]) -> None:
        """Write who made and last changed a row, and when, into the columns that an entity has for it.

        Args:
            entities: mapped classes; those without any of CreatedOn, CreatedBy, UpdatedOn, UpdatedBy are passed
                over. The columns are read-only to clients from now on.
        """
        _declared().stamped.extend(entity for entity in entities if stamped_columns(class_mapper(entity)))


def refuse(
    row: object,
    error_msg: str,
    *,
    old_row: Mapping[str, object] | None = None,
    error_attributes: Sequence[InstrumentedAttribute[Any]] = (),
) -> NoReturn:
    """Refuse the change from within a rule's function.

    Args:
        row: the row at fault.
        error_msg: as for ``Rule.constraint``: fields name columns, so that a text never shows hidden rows.
        old_row: the row's old values, where the text quotes them.
        error_attributes: the columns at fault.

    Raises:
        RuleRefused: always.
    """
    entity = type(row)
    filled = fill(parse(error_msg, entity), row, old_row, submitted=submitted_rows.get())
    raise RuleRefused(
        full_detail=filled.text,
        rows=frozenset(filled.rows),
        columns=frozenset(filled.columns),
        entity=entity,
        attributes=[column.key for column in error_attributes],
    )


submitted_rows: ContextVar[frozenset[int]] = ContextVar("rowgate_submitted_rows", default=frozenset())
"""``id()`` of the new rows that the client added to the flush whose rules are running."""
