"""Activation of a project's rules, and their run inside the flush of a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.orm import DeclarativeBase, Mapper, Session

from rowgate.errors import DeclarationError, RuleRefused
from rowgate.logic import upstream
from rowgate.logic.graph import derived_columns, governed_entities, referring_children, repair_dependencies
from rowgate.logic.messages import Template, fill, parse
from rowgate.logic.proxy import RulesSession
from rowgate.logic.required import refuse_missing
from rowgate.logic.rounding import round_row, rounding, scale_of
from rowgate.logic.rules import Declared, declaring, submitted_rows
from rowgate.logic.settle import settle
from rowgate.logic.stamping import stamp
from rowgate.mapped import state_of


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The rules of one project. Holds no state of a session; may be used by many threads at once.

    The session that runs them calls ``before_flush`` and ``after_flush`` in its own flush, with all rows visible:
    rules work with their author's authority, and answer for what they change.

    Args:
        derived: the columns that rules write, entity -> column -> the rule in words. Clients may not set them.
        governed: the entities whose rows concern a rule. A bulk UPDATE or DELETE of them would pass the rules by.
    """

    derived: Mapping[type, Mapping[str, str]]
    governed: frozenset[type]
    _bank: Any
    _defaults: Mapping[type, Mapping[str, object]]
    _stamped: tuple[type, ...]
    _runs: WeakKeyDictionary[Session, RulesSession] = field(default_factory=WeakKeyDictionary)

    @property
    def defaulted(self) -> Mapping[type, frozenset[str]]:
        """Per entity the columns that a new row gets a value for, when the client gives none."""
        return {entity: frozenset(values) for entity, values in self._defaults.items()}

    def before_flush(self, session: Session, context: object, instances: object = None) -> None:
        """Settle the client's changes, then run the rules that do not wait for the flush, then stamp.

        Args:
            session: whose flush it is; ``session.principal``, if it has one, is who is stamped.
            context: SQLAlchemy's flush context.
            instances: SQLAlchemy's argument of that name.

        Raises:
            RuleRefused: a constraint does not hold.
            RowNotFound: a row to be changed or deleted is gone.
            ValueMissing: a row has null where it must have a value.
        """
        for row in session.new:
            vars(row).pop("defaults_applied", None)  # LogicBank's note from an attempt that was refused
            self._complete(row)
        for row in (*session.new, *session.dirty):
            round_row(row)
        settle(session, self.governed)
        refuse_missing(session, self.governed, self.derived)
        run = RulesSession(session)
        with self._running(run):
            upstream.before_flush(run, context, instances)
        stamp(session, self._stamped)
        self._runs[session] = run

    def after_flush(self, session: Session, context: object) -> None:
        """Run the constraints and events that wait for the flush.

        Raises:
            RuleRefused: a constraint does not hold.
        """
        run = self._runs.pop(session, None)
        if run is not None:
            with self._running(run):
                upstream.after_flush(run, context)

    def forget(self, session: Session) -> None:
        """Drop what a flush that failed left behind: the rows that its rules had loaded."""
        self._runs.pop(session, None)

    @contextmanager
    def _running(self, run: RulesSession) -> Iterator[None]:
        token = submitted_rows.set(run.submitted)
        try:
            with upstream.using(self._bank):
                yield
        except upstream.ConstraintException as exc:
            # Raised by a function of a rule itself: nobody knows whose values its text holds.
            raise RuleRefused from exc
        finally:
            submitted_rows.reset(token)

    def _complete(self, row: object) -> None:
        """Give a new row the values that its INSERT would: rules compute with them."""
        state = state_of(row)
        for prop in state.mapper.column_attrs:
            default = getattr(prop.columns[0], "default", None)
            if default is not None and default.is_scalar and prop.key not in state.dict:
                setattr(row, prop.key, default.arg)
        for entity in type(row).__mro__:
            for name, value in self._defaults.get(entity, {}).items():
                if getattr(row, name) is None:
                    setattr(row, name, value() if callable(value) else value)


def activate_rules(declare: Callable[[], None], *, base: type[DeclarativeBase]) -> RuleSet:
    """Load the rules that ``declare`` declares, and check them.

    May be called any number of times in a process: each rule set has its own rules.

    Args:
        declare: calls ``Rule.sum(...)`` and the like; ``logic/declare_logic.py`` of a project.
        base: the base of the mapped classes.

    Raises:
        DeclarationError: a rule names what does not exist, rules depend on each other in a circle, a text cannot be
            filled in, or a mapping is one that LogicBank cannot work with.
    """
    mappers = {mapper.class_.__name__: mapper for mapper in base.registry.mappers}
    templates: dict[Any, Template] = {}
    bank = upstream.new_bank()
    declared = Declared()
    token = declaring.set(declared)
    try:
        with upstream.using(bank):
            upstream.activate(bank, declare, constraint_event=_refuse_with(templates))
    except upstream.LBActivateException as exc:
        raise _refused(exc) from exc
    except upstream.LBCircularDependencyException as exc:
        raise DeclarationError(
            f"Formulas depend on each other in a circle: {exc}",
            hint="Let one of them compute from columns that no rule derives.",
        ) from exc
    finally:
        declaring.reset(token)
    rules = bank.get_all_rules()
    _check_mappings({rule.table for rule in rules}, mappers, base)
    for rule in rules:
        if isinstance(rule, upstream.AbstractConstraint):
            templates[rule] = parse(rule._error_msg, mappers[rule.table].class_)
            rule._error_msg = "refused"  # LogicBank would evaluate it
    repair_dependencies(rules, mappers)
    _round_formulas(rules, mappers)
    bank.referring = referring_children(rules, mappers)
    ruleset = RuleSet(
        derived=derived_columns(rules, mappers, declared),
        governed=governed_entities(rules, mappers, declared),
        _bank=bank,
        _defaults=declared.defaults,
        _stamped=tuple(declared.stamped),
    )
    # Rows that rules make are completed here: they join the session after its new rows were.
    early = bank._early_row_event_all_classes

    def complete_then(logic_row: Any) -> None:
        if logic_row.is_inserted():
            ruleset._complete(logic_row.row)
        if early is not None:
            early(logic_row)

    bank._early_row_event_all_classes = complete_then
    return ruleset


def _round_formulas(rules: Sequence[Any], mappers: Mapping[str, Mapper[Any]]) -> None:
    for rule in rules:
        scale = scale_of(mappers[rule.table], rule._column) if isinstance(rule, upstream.Formula) else None
        if scale is None:
            continue
        if rule._function is not None:
            rule._function = rounding(rule._function, scale)
        else:
            rule._as_exp_lambda = rounding(rule._as_exp_lambda, scale)


def _refuse_with(templates: Mapping[Any, Template]) -> Callable[..., None]:
    """LogicBank's callback for a constraint that does not hold."""

    def refused(message: str, logic_row: Any, constraint: Any) -> None:
        if logic_row is None:  # still declaring: LogicBank raises with this message next
            return
        row = logic_row.row
        if constraint is None:  # the row's parent does not exist; the text names a relationship, and no value
            raise RuleRefused(f"{message}.", entity=type(row))
        filled = fill(templates[constraint], row, logic_row.old_row, submitted=submitted_rows.get())
        raise RuleRefused(
            full_detail=filled.text,
            rows=frozenset(filled.rows),
            columns=frozenset(filled.columns),
            entity=type(row),
            attributes=[attribute.key for attribute in constraint.error_attributes or ()],
        )

    return refused


def _refused(exc: Any) -> DeclarationError:
    for problem in exc.invalid_rules:
        if isinstance(problem, DeclarationError):
            return problem
    problems = [str(problem) for problem in (*exc.invalid_rules, *exc.missing_attributes)]
    return DeclarationError(
        "Business rules cannot be loaded: " + "; ".join(problems),
        hint="Check the names of classes and columns in logic/declare_logic.py.",
    )


def _check_mappings(tables: set[str], mappers: Mapping[str, Mapper[Any]], base: type[DeclarativeBase]) -> None:
    """Refuse mappings with which LogicBank, which goes by names, would compute nonsense."""
    for name in sorted(tables):
        if name not in mappers:
            raise DeclarationError(
                f"A rule is on {name}, which is no mapped class of {base.__name__}.",
                hint="Declare rules on the classes of database/models.py.",
            )
        if sum(mapper.class_.__name__ == name for mapper in base.registry.mappers) > 1:
            raise DeclarationError(f"Two mapped classes are called {name}.", hint="Rename one: rules go by the name.")
        for prop in mappers[name].column_attrs:
            column = prop.columns[0]
            if re.fullmatch(r"[A-Za-z_]\w*", prop.key) and getattr(column, "name", prop.key) != prop.key:
                raise DeclarationError(
                    f"{name}.{prop.key} is mapped to a column of another name ({column.name}).",
                    hint="LogicBank needs attributes that are named as their columns are.",
                )
