"""Tests of the tests: enforcement is broken in one place, and the matrix must see it each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from database.models import Base, Customer
from logic.declare_logic import declare_logic
from rowgate.admin import live_log
from rowgate.api import idempotency
from rowgate.api import read as api_read
from rowgate.auth import tokens
from rowgate.enforce import Gate, bulk, criteria, engine, raw, rows, session, write
from rowgate.errors import AccessRefused, RowNotFound
from rowgate.logic import activate_rules
from rowgate.policy import algebra
from rowgate.policy.binding import BoundPolicy
from rowgate.types import Access
from security.declare_security import Tenanted, policy
from tests.leaks.all_paths import PATHS
from tests.leaks.conftest import World
from tests.leaks.http import Web
from tests.leaks.matrix import leaks, questions

Break = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Broken:
    """A fault in enforcement, and paths that must show it."""

    name: str
    make: Break
    paths: tuple[str, ...]
    users: tuple[str, ...] = ("u1", "s1")


def bare_tables(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(criteria.HolderCriteria, "rows_of", lambda self, name: (None, None))


def one_filter_of_one_entity_lost(patch: pytest.MonkeyPatch) -> None:
    made = algebra.Decision._filters

    def without_tenants(self: algebra.Decision) -> Any:
        if self.entity is not Customer:
            return made(self)
        kept = [each for each in self.filters if each.bound.filter.shape is not Tenanted]
        return algebra._all_of([verdict.sql for verdict in kept if verdict.binds])

    patch.setattr(algebra.Decision, "_filters", without_tenants)


def grants_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(algebra.Decision, "_rows", lambda self: None)


def a_null_claim_is_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(algebra.Holder, "lacks", lambda self, condition: False)
    patch.setattr(algebra, "_sql", lambda condition, lacking: None)


def no_guard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_guard", lambda *args: None)


def raw_sql_let_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(raw, "_LITERAL", re.compile(".*", re.DOTALL))


def relationship_loads_unfiltered(patch: pytest.MonkeyPatch) -> None:
    execute = session.read.execute

    def careless(secured: Any, state: Any) -> Any:
        if state.is_relationship_load:
            with secured.within(session.Scope.RULES):
                return session.read.execute_unfiltered(secured, state)
        return execute(secured, state)

    patch.setattr(session.read, "execute", careless)


def flushes_unchecked(patch: pytest.MonkeyPatch) -> None:
    def send_only(secured: Any, send: Callable[[], None]) -> None:
        with secured.within(session.Scope.RULES), secured.writing():
            send()

    patch.setattr(write, "flush", send_only)


def references_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(write, "refuse_missing_references", lambda secured, changes: lambda: None)
    patch.setattr(bulk, "refuse_missing", lambda secured, references: None)


def no_with_check(patch: pytest.MonkeyPatch) -> None:
    for module in (write, bulk):
        patch.setattr(module, "refuse_unless_checked", lambda *args: None)


def rows_unlocked(patch: pytest.MonkeyPatch) -> None:
    """Updates and deletes go where the statement says, whatever is visible."""
    for module in (write, bulk):
        patch.setattr(module, "is_unconditional", lambda *args: True)


def verbs_unchecked(patch: pytest.MonkeyPatch) -> None:
    for module in (write, bulk):
        patch.setattr(module, "refuse_verb", lambda secured, entity, access: secured.decide(entity, access))


def derived_columns_open(patch: pytest.MonkeyPatch) -> None:
    for module in (write, bulk):
        patch.setattr(module, "refuse_read_only", lambda *args: None)


def what_rules_loaded_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(write, "_forget_what_rules_loaded", lambda secured: None)


def hidden_rows_told_from_missing(patch: pytest.MonkeyPatch) -> None:
    """403 for a hidden row, 404 for a missing one: the classic slip."""
    lock = rows.lock_or_refuse

    def telling(secured: Any, entity: type, access: Access, keys: Any) -> Any:
        try:
            return lock(secured, entity, access, keys)
        except RowNotFound:
            with secured.gate.trusted(reason="a broken test") as trusted:
                if all(trusted.get(entity, key) for key in keys):
                    raise AccessRefused("It is there, but not for you.") from None
            raise

    patch.setattr(write, "lock_or_refuse", telling)


def totals_unfiltered(patch: pytest.MonkeyPatch) -> None:
    """The API counts on its own."""
    page = api_read.Reader.page

    def counted(self: Any, resource: Any, *args: Any, **options: Any) -> Any:
        graph = page(self, resource, *args, **options)
        with self.session.gate.trusted(reason="a broken test") as trusted:
            graph.total = trusted.query(resource.entity).count()
        return graph

    patch.setattr(api_read.Reader, "page", counted)


def keys_of_anybody(patch: pytest.MonkeyPatch) -> None:
    """A key of a request is kept without its owner."""
    made = idempotency._digest
    patch.setattr(idempotency, "_digest", lambda text, more=b"": made(text.rpartition(",")[2], more))


def one_log_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(live_log, "_login", lambda: "log-in of s1")


def views_of_the_viewer(patch: pytest.MonkeyPatch) -> None:
    """Who views the rows as somebody else goes on to see their own."""
    viewed = tokens.Tokens._viewer

    def careless(self: tokens.Tokens, claims: dict[str, Any]) -> Any:
        caller = viewed(self, claims)
        return replace(caller, principal=caller.actor)

    patch.setattr(tokens.Tokens, "_viewer", careless)


def everybody_is_the_first_one(patch: pytest.MonkeyPatch) -> None:
    """Criteria are cached without looking at whose they are."""
    kept: dict[str, Any] = {}
    made = BoundPolicy.holder
    patch.setattr(
        BoundPolicy, "holder", lambda self, principal: kept.setdefault("one", made(self, _superuser(principal)))
    )


def _superuser(principal: Any) -> Any:
    return type(principal)(id=principal.id, roles=frozenset({"sa"}))


LOADS = ("lazy_to_one", "joined_to_one", "selectin_to_one", "http_include_to_one")

BREAKS = (
    Broken("bare tables", bare_tables, ("select_columns", "counts", "has_by_value", *LOADS, "http_list", "http_one")),
    Broken("one filter lost", one_filter_of_one_entity_lost, ("select_columns", "join_counted", "http_pages")),
    Broken("grants forgotten", grants_forgotten, ("select_entities", "get", "http_head"), ("ALFKI", "p1")),
    Broken("a claim that is None", a_null_claim_is_anybody, ("select_columns", "http_list"), ("s1", "u1")),
    Broken("no guard", no_guard, ("connections",)),
    Broken("raw SQL", raw_sql_let_through, ("raw_parts",)),
    Broken("relationship loads", relationship_loads_unfiltered, ("lazy_to_one", "lazy_to_many", "after_expiry")),
    Broken("flushes unchecked", flushes_unchecked, ("change_a_made_up_row", "move_a_row_out", "http_move_out")),
    Broken(
        "references",
        references_unchecked,
        ("refer_to_hidden_rows", "http_refer_by_attribute", "http_operations_refer_to_hidden_rows"),
    ),
    Broken("no WITH CHECK", no_with_check, ("move_a_row_out", "move_rows_out", "http_move_out")),
    Broken("rows unlocked", rows_unlocked, ("update_hidden_rows", "update_every_row", "change_a_made_up_row")),
    Broken("verbs", verbs_unchecked, ("verbs_not_given", "without_the_verb"), ("p1", "nancy", "r1")),
    Broken(
        "derived columns", derived_columns_open, ("derived_columns_of_visible_rows", "derived_columns_of_open_rows")
    ),
    Broken("rules' rows kept", what_rules_loaded_kept, ("change_an_order_of_a_hidden_customer",)),
    Broken("told apart", hidden_rows_told_from_missing, ("change_a_made_up_row", "delete_a_made_up_row")),
    Broken("totals", totals_unfiltered, ("http_list", "http_pages", "http_filter_own")),
    Broken("keys of anybody", keys_of_anybody, ("http_key_of_somebody_else",)),
    Broken("one log", one_log_for_all, ("http_admin_log",), ("s1",)),
    Broken("views", views_of_the_viewer, ("http_view_as",)),
    Broken("one for all", everybody_is_the_first_one, ("select_columns", "http_list")),
)


def slice_of_the_matrix(world: World, broken: Broken, web: Web) -> Iterator[tuple[str, list[str]]]:
    """What each path of a break finds."""
    users = [world.users[name] for name in broken.users]
    for name in broken.paths:
        tried = PATHS[name]
        before = world.before if tried.writes else None
        asked = questions(web.gate, world.truth, tried, users, web)
        yield name, [leak for asking in asked for leak in leaks(tried, asking, before)]


@pytest.fixture
def opened(world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Web]:
    """A gate and an app of their own: nothing that was compiled whole is used broken, or the other way round."""
    rules = activate_rules(declare_logic, base=Base)

    def make() -> Web:
        log = live_log.LiveLog()
        gate = Gate(policy, world.engine, models=Base, rules=rules, observers=[log])
        return Web(gate, world.users, tmp_path_factory.mktemp("broken"), live_log=log)

    return make


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.name)
def test_the_matrix_sees_it(
    broken: Broken, world: World, opened: Callable[[], Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken.make(patch)
        found = dict(slice_of_the_matrix(world, broken, opened()))
    assert [name for name, leaking in found.items() if not leaking] == []


def test_whole_it_sees_nothing(world: World, opened: Callable[[], Web]) -> None:
    """The same slices without a break."""
    web = opened()
    for broken in BREAKS:
        for name, leaking in slice_of_the_matrix(world, broken, web):
            assert leaking == [], name
