"""The matrix: paths by which rows could reach somebody, and the detector that says what has leaked.

A path is a generator that tries one way to a batch of hidden rows and yields whatever came back: objects, rows, texts,
and the few facts below. The detector holds all of it against the truth and against the database afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase

from rowgate.enforce import Gate, SecureSession
from rowgate.errors import RowgateError
from rowgate.mapped import state_of
from security.declare_security import User
from tests.leaks import snapshots
from tests.leaks.truth import CANARIES, CANARY, LINKS, MISSING, Link, Truth, has_verb

if TYPE_CHECKING:
    from tests.leaks.http import Web

Probe = Callable[["Asking"], Iterator[Any]]
Kind = Literal["orm", "http"]


class Row(StrEnum):
    """The rows of the contract's table "Where it is enforced"."""

    SELECT = "select of entities, columns, aliases, joins, subqueries, CTEs, unions, counts, get"
    LOAD = "lazy, selectin, joined, subquery loads; include; relationship endpoints; linkage; counts"
    FILTER = "filter and sort parameters that reach through a relationship"
    BULK = "ORM bulk update() and delete()"
    FLUSH = "unit-of-work flush"
    REFUSED = "Core statements, text(), from_statement, raw connections"
    RULES = "business rules"
    DERIVED = "derived columns"
    ERRORS = "error bodies"


@dataclass(frozen=True)
class Path:
    """One way to rows.

    Args:
        name: unique, shown by pytest.
        kind: through a session, or over HTTP.
        row: of the contract's table.
        probe: tries it.
        entities: those it can be tried on.
        writes: the database is compared afterwards; hidden rows must be as before.
        changes: whether rows that the user may see are allowed to have changed.
        finds: the superuser must get rows by it, so that it is no probe of nothing.
        dialect: the only database it is for.
    """

    name: str
    kind: Kind
    row: Row
    probe: Probe
    entities: tuple[type, ...] = tuple(CANARIES)
    writes: bool = False
    changes: bool = False
    finds: bool = True
    dialect: str | None = None


PATHS: dict[str, Path] = {}


def path(row: Row, *, kind: Kind = "orm", **options: Any) -> Callable[[Probe], Probe]:
    """Register a probe as a path, under its own name."""

    def register(probe: Probe) -> Probe:
        name = probe.__name__  # type: ignore[attr-defined]
        if name in PATHS:
            raise ValueError(f"there are two paths called {name}")
        if options.get("writes"):
            options.setdefault("finds", False)
        PATHS[name] = Path(name, kind, row, probe, **options)
        return probe

    return register


# --- what a probe yields, besides objects, rows and texts -------------------------------------------------------


@dataclass(frozen=True)
class Saw:
    """Rows of an entity came back, known by their keys."""

    entity: type
    keys: Iterable[Any]


@dataclass(frozen=True)
class Same:
    """Two answers that must be alike but for the keys asked for: about a hidden row, and about a missing one."""

    hidden: str
    missing: str
    keys: tuple[object, object]


@dataclass(frozen=True)
class Exactly:
    """A number or list that must be what the visible rows alone give."""

    got: Any
    wanted: Any


@dataclass(frozen=True)
class WentThrough:
    """What had to be refused was not."""

    what: str


# --- asking ----------------------------------------------------------------------------------------------------


@dataclass
class Asking:
    """One user's attempt at the hidden rows of one entity.

    Attributes:
        hidden, visible: primary keys.
        acting: who is let act in the user's place, to see that a path leads somewhere; the user when None.
    """

    gate: Gate
    truth: Truth
    user: User
    entity: type[DeclarativeBase]
    hidden: list[Any]
    visible: list[Any]
    web: Web | None = None
    acting: User | None = None
    _spread: list[Any] | None = field(default=None, repr=False)

    def session(self) -> SecureSession:
        return self.gate.session(self.acting or self.user)

    @property
    def sender(self) -> str:
        """The id of whoever acts, for requests."""
        return (self.acting or self.user).id

    @property
    def name(self) -> Any:
        """The attribute that holds the row's canary."""
        return getattr(self.entity, CANARIES[self.entity][0])

    @property
    def names(self) -> list[str]:
        """The hidden rows' canaries."""
        return [f"ZQ~{self.entity.__name__}~{key}~QZ" for key in self.hidden]

    @property
    def key(self) -> Any:
        return self.entity.Id  # type: ignore[attr-defined]

    @property
    def missing(self) -> Any:
        return MISSING[self.entity]

    @property
    def some(self) -> list[Any]:
        """A few hidden rows, spread over all of them: for paths that take them one by one."""
        step = max(1, len(self.hidden) // 3)
        self._spread = self.hidden[::step][:3]
        return self._spread

    @property
    def probes(self) -> int:
        """How many hidden rows were asked for."""
        return len(self.hidden if self._spread is None else self._spread)

    def may(self, verb: str) -> bool:
        return has_verb(self.user, verb)

    def links(self) -> list[Link]:
        """The links by which other rows refer to this entity."""
        return [link for link in LINKS if link.target is self.entity]

    def lists(self) -> list[Link]:
        """The links by which this entity is in a collection of another's."""
        return [link for link in LINKS if link.owner is self.entity]

    def owners(self, link: Link) -> list[Any]:
        """The key of a visible row at the other end of a link that refers to none of the hidden rows; none or one."""
        hidden = ", ".join(f"'{key}'" for key in self.hidden)
        free = f"""COALESCE(CAST("{link.column}" AS VARCHAR(20)), '-') NOT IN ({hidden})"""
        return self.truth.rows(
            self.user, f'SELECT "Id" FROM {{{link.owner.__name__}}} o WHERE {free} ORDER BY "Id" LIMIT 1'
        )

    def one(self, query: str) -> Any:
        return self.truth.one(self.user, query)


def words(action: Callable[[], object]) -> str:
    """What an action says: the error's own words, or what it returned."""
    try:
        return f"returned {action()!r}"
    except (RowgateError, SQLAlchemyError) as error:
        return f"{type(error).__name__}: {error} {vars(error).get('meta', '')} {vars(error).get('pointers', '')}"


def refused(action: Callable[[], object]) -> Iterator[Any]:
    """An action that must raise; yields the error's words, or that it went through and with what."""
    try:
        result = action()
    except RowgateError as error:
        yield f"{error} {error.meta} {error.pointers}"
    except (SQLAlchemyError, AttributeError, TypeError) as error:
        yield str(error)
    else:
        yield WentThrough(repr(result))
        yield result


# --- the detector ------------------------------------------------------------------------------------------------


def leaks(tried: Path, asking: Asking, before: snapshots.Snapshot | None = None) -> list[str]:
    """Try a path for one user and entity, and say what leaked; no strings is how it must be.

    Args:
        tried: the path.
        asking: who tries it, on which rows.
        before: the database as it is, for paths that write; it is restored.
    """
    hidden = {str(key) for key in asking.hidden}
    others: dict[str, set[str]] = {asking.entity.__name__: hidden}
    found: list[str] = []
    for fact in tried.probe(asking):
        found += _leaks_of(fact, asking, others)
    if tried.writes and before is not None:
        found += _changes(tried, asking, before, others)
    return [f"{tried.name}: {asking.user.id} on {asking.entity.__name__}: {leak}" for leak in dict.fromkeys(found)]


def _leaks_of(fact: Any, asking: Asking, hidden: dict[str, set[str]]) -> Iterator[str]:
    if isinstance(fact, Same):
        hidden_one, missing_one = (_unnamed(each, fact.keys) for each in (fact.hidden, fact.missing))
        if hidden_one != missing_one:
            yield f"a hidden row answers {hidden_one!r}, a missing one {missing_one!r}"
    elif isinstance(fact, Exactly):
        if fact.got != fact.wanted:
            yield f"{fact.got!r} where the visible rows give {fact.wanted!r}"
    elif isinstance(fact, WentThrough):
        yield f"went through: {fact.what[:200]}"
    elif isinstance(fact, Saw):
        for key in fact.keys:
            if str(key) in _hidden(asking, fact.entity.__name__, hidden):
                yield f"saw {fact.entity.__name__} {key}"
    else:
        for name, key in _seen_in(fact):
            if key in _hidden(asking, name, hidden):
                yield f"saw {name} {key}"


def _unnamed(told: str, keys: Iterable[object]) -> str:
    either = "|".join(re.escape(str(key)) for key in keys)
    return re.sub(rf"(?<!\w)({either})(?!\w)", "<key>", told)


def _hidden(asking: Asking, name: str, known: dict[str, set[str]]) -> set[str]:
    """A probe after one entity's rows must not bring up those of another either."""
    if name not in known:
        entity = next((entity for entity in CANARIES if entity.__name__ == name), None)
        keys = asking.truth.keys(entity, asking.user, hidden=True) if entity else ()
        known[name] = {str(key) for key in keys}
    return known[name]


def _seen_in(fact: Any) -> Iterator[tuple[str, str]]:
    """Rows that show in what came back: an object's identity, and the canaries in any text."""
    if isinstance(fact, DeclarativeBase):
        state = state_of(fact)
        if state.identity is not None:
            yield type(fact).__name__, str(state.identity[0])
        for value in state.dict.values():
            if not isinstance(value, DeclarativeBase):
                yield from _seen_in(value)
    elif isinstance(fact, str):
        yield from CANARY.findall(fact)
    elif isinstance(fact, Mapping):
        for key, value in fact.items():
            yield from _seen_in(key)
            yield from _seen_in(value)
    elif isinstance(fact, Iterable) and not isinstance(fact, bytes):
        for part in fact:
            yield from _seen_in(part)


_BY_RULES = {
    "Customer": {"Balance", "OrderCount", "UnpaidOrderCount", "UpdatedOn", "UpdatedBy"},
}
"""Columns of hidden rows that business rules may change."""


def _changes(tried: Path, asking: Asking, before: snapshots.Snapshot, hidden: dict[str, set[str]]) -> Iterator[str]:
    after = snapshots.take(asking.truth.engine)
    try:
        for name, keys in snapshots.changed(before, after).items():
            for key in sorted(keys, key=str):
                if not tried.changes:
                    yield f"{name} {key} was written"
                elif str(key) in _hidden(asking, name, hidden) and _differs(name, before[name], after[name], key):
                    yield f"hidden {name} {key} was written"
    finally:
        snapshots.restore(asking.truth.engine, before, after)


def _differs(name: str, before: snapshots.Rows, after: snapshots.Rows, key: Any) -> bool:
    if key not in before or key not in after:
        return True
    columns = snapshots.TABLES[name].c.keys()
    by_rules = _BY_RULES.get(name, set())
    pairs = zip(columns, before[key], after[key], strict=True)
    return any(was != now for column, was, now in pairs if column not in by_rules)


def questions(gate: Gate, truth: Truth, tried: Path, users: Iterable[User], web: Web | None = None) -> Iterator[Asking]:
    """A question for each user and entity of a path that has rows hidden from that user."""
    for user in users:
        for entity in tried.entities:
            hidden = truth.keys(entity, user, hidden=True)
            if hidden:
                visible = truth.keys(entity, user, hidden=False)
                yield Asking(gate, truth, user, entity, hidden, visible, web)


def engine_fits(tried: Path, engine: Engine) -> bool:
    """Whether a path is for this database."""
    return tried.dialect is None or tried.dialect == engine.dialect.name
