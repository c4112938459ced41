"""The tests of the property test: with one part of the enforcement taken out, it must fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine

from rowgate.databases import make_engine
from rowgate.enforce import bulk, write
from rowgate.policy import Decision
from tests.property.test_random_models import check_reads, check_writes
from tests.property.worlds import World, worlds

Check = Callable[[Engine, World], None]


def nothing(*_: object, **__: object) -> None:
    """Stands in for a check."""


def nothing_later(*_: object, **__: object) -> Callable[[], None]:
    """Stands in for a check of two parts."""
    return nothing


BREAKS = {
    "dependents of a delete": (write, "refuse_hidden_dependents", nothing_later, check_writes),
    "references of a flush": (write, "refuse_missing_references", nothing_later, check_writes),
    "with check of a flush": (write, "refuse_unless_checked", nothing, check_writes),
    "with check of a bulk update": (bulk, "refuse_unless_checked", nothing, check_writes),
    "rows of a flush": (write, "is_unconditional", lambda *_: True, check_writes),
    "rows of a bulk statement": (bulk, "is_unconditional", lambda *_: True, check_writes),
    "global filters": (Decision, "filter_sql", None, check_reads),
    "grants": (Decision, "rows", None, check_reads),
}


@pytest.mark.parametrize(("owner", "name", "broken", "check"), BREAKS.values(), ids=BREAKS.keys())
def test_a_break_is_found(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, broken: object, check: Check
) -> None:
    monkeypatch.setattr(owner, name, broken)

    @settings(
        max_examples=400,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(world=worlds())
    def search(world: World) -> None:
        engine = make_engine("sqlite://")
        try:
            check(engine, world)
        finally:
            engine.dispose()

    with pytest.raises(Exception, match=r"(?s).*"):
        search()
