"""The one module that imports LogicBank, and mends what its version 1.34.3 lacks.

LogicBank keeps its rules in a process-wide singleton and a few facts on the rows. Each mend below names its reason;
all are made once, at the first activation, and change nothing for code that uses LogicBank without rowgate.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

# First of all: its modules import each other in a circle that only closes from here.
import logic_bank.logic_bank  # noqa: F401
import sqlalchemy
from logic_bank import engine_logger, logic_logger
from logic_bank.exceptions import LBActivateException, LBCircularDependencyException
from logic_bank.exec_row_logic import logic_row as logic_row_module
from logic_bank.exec_trans_logic import listeners
from logic_bank.extensions.rule_extensions import RuleExtension
from logic_bank.logic_bank import LogicBank
from logic_bank.logic_bank import Rule as UpstreamRule
from logic_bank.rule_bank import rule_bank, rule_bank_withdraw
from logic_bank.rule_type import abstractrule, count, row_event
from logic_bank.rule_type.aggregate import Aggregate
from logic_bank.rule_type.constraint import AbstractConstraint
from logic_bank.rule_type.copy import Copy
from logic_bank.rule_type.count import Count
from logic_bank.rule_type.derivation import Derivation
from logic_bank.rule_type.formula import Formula
from logic_bank.rule_type.sum import Sum
from logic_bank.util import ConstraintException
from sqlalchemy.orm import Session, class_mapper
from sqlalchemy.orm.decl_api import DeclarativeAttributeIntercept

__all__ = [
    "AbstractConstraint",
    "Aggregate",
    "ConstraintException",
    "Copy",
    "Count",
    "Derivation",
    "Formula",
    "LBActivateException",
    "LBCircularDependencyException",
    "RuleExtension",
    "Sum",
    "UpstreamRule",
    "activate",
    "after_flush",
    "before_flush",
    "new_bank",
    "using",
]

Referring = Mapping[str, list[tuple[str, str, str, str]]]
"""Parent class name -> (child class name, its role on the parent, the parent's column, the parent's role)."""

_current: ContextVar[Any] = ContextVar("rowgate_rule_bank", default=None)
_mending = threading.Lock()


def new_bank() -> Any:
    """An empty rule bank of its own, apart from LogicBank's singleton."""
    _mend()
    bank = type.__call__(rule_bank.RuleBank)
    bank.orm_objects = {}
    bank._early_row_event_all_classes = None
    bank.referring = {}
    return bank


@contextmanager
def using(bank: Any) -> Iterator[None]:
    """Make ``bank`` the one that LogicBank finds, for this thread (or task) and block only."""
    token = _current.set(bank)
    try:
        yield
    finally:
        _current.reset(token)


def activate(bank: Any, declare: Callable[[], None], *, constraint_event: Callable[..., None]) -> None:
    """Run ``declare`` and load its rules into ``bank``.

    Sums and counts start at 0 on insert. A parent is locked before it is adjusted ("pessimistic"): without the lock
    two transactions that adjust one parent at once lose the change of one of them.

    Raises:
        LBActivateException, LBCircularDependencyException: as LogicBank finds errors in the rules.
    """
    # LogicBank listens on the session class it is given. Ours has no sessions: the secured session calls the
    # two listeners itself, in the order it needs.
    nobody = type("NoSession", (Session,), {})
    LogicBank.activate(
        session=nobody,
        activator=declare,
        constraint_event=constraint_event,
        aggregate_defaults=True,
        all_defaults=False,
        trans_update_locking="pessimistic",
    )


def before_flush(session: object, context: object, instances: object) -> None:
    """LogicBank's listener: run the rules of the rows about to be written."""
    listeners.before_flush(session, context, instances)


def after_flush(session: object, context: object) -> None:
    """LogicBank's listener: run the events and constraints that wait for the flush."""
    listeners.after_flush(session, context)


@functools.cache
def _mend_once() -> None:
    _one_bank_per_rule_set()
    _accept_declarative_base()
    _make_rows_cheap()
    _share_referring_children()
    _mark_fired_per_flush()
    _leave_cascades_alone()
    # Its INFO log quotes whole rows, hidden ones too: silent unless somebody has set a level on purpose.
    for logger in (logic_logger, engine_logger):
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def _mend() -> None:
    with _mending:
        _mend_once()


def _one_bank_per_rule_set() -> None:
    """1.34.3: ``RuleBank()`` is one object per process, so that two applications would share their rules."""
    singleton = rule_bank.Singleton
    original = singleton.__call__

    def call(cls: type, *args: object, **kwargs: object) -> object:
        bank = _current.get() if cls is rule_bank.RuleBank else None
        return original(cls, *args, **kwargs) if bank is None else bank

    singleton.__call__ = call


def _accept_declarative_base() -> None:
    """1.34.3: only classes made by ``declarative_base()`` count as mapped, not subclasses of ``DeclarativeBase``."""
    shim = SimpleNamespace(
        orm=SimpleNamespace(DeclarativeMeta=DeclarativeAttributeIntercept, class_mapper=class_mapper),
        exc=sqlalchemy.exc,
    )
    abstractrule.sqlalchemy = shim
    count.sqlalchemy = shim


def _make_rows_cheap() -> None:
    """1.34.3: each row handled builds a declarative base (deprecated there, and slow) and two texts for the logs.

    The texts read every column of the row, so they also load what nobody asked for.
    """
    logic_row_module.declarative_base = lambda: None
    row_class = logic_row_module.LogicRow
    log, log_engine = row_class.log, row_class.log_engine

    def quiet_log(self: Any, msg: str) -> str:
        return str(log(self, msg)) if logic_logger.isEnabledFor(logging.INFO) else msg

    def quiet_log_engine(self: Any, msg: str) -> None:
        if engine_logger.isEnabledFor(logging.DEBUG):
            log_engine(self, msg)

    row_class.log = quiet_log
    row_class.log_engine = quiet_log_engine


def _share_referring_children() -> None:
    """1.34.3: rebuilds a shared table for each row, while another thread may be reading it (a cascade is then lost).

    Ours is made once, at activation, and only read afterwards.
    """
    original = rule_bank_withdraw.get_referring_children

    def referring_children(parent_logic_row: Any) -> Any:
        bank = _current.get()
        return original(parent_logic_row) if bank is None else bank.referring

    rule_bank_withdraw.get_referring_children = referring_children


def _mark_fired_per_flush() -> None:
    """1.34.3: notes on the row which events fired, and forgets it only after a flush that succeeds.

    A row whose first attempt was refused would never fire its events again. The note belongs to the flush.
    """
    original = row_event.AbstractRowEvent._check_and_mark_fired

    def check_and_mark_fired(self: Any, logic_row: Any) -> bool:
        if _current.get() is None:
            return bool(original(self, logic_row))
        fired: set[tuple[object, object]] = logic_row.row_sets.__dict__.setdefault("fired_events", set())
        key = (logic_row.row, self)
        if key in fired and not self._allow_event_nesting:
            return False
        fired.add(key)
        return True

    row_event.AbstractRowEvent._check_and_mark_fired = check_and_mark_fired


def _leave_cascades_alone() -> None:
    """1.34.3: deletes what a deleted row owns a second time when it was loaded, and also what was moved elsewhere.

    Ours are deleted before the rules run (see :mod:`rowgate.logic.settle`).
    """
    row_class = logic_row_module.LogicRow
    original = row_class._cascade_delete_children

    def cascade_delete_children(self: Any) -> None:
        if _current.get() is None:
            original(self)

    row_class._cascade_delete_children = cascade_delete_children
