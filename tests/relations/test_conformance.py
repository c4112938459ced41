"""Third-party conformance cases: every check, list and subject answer, on both databases, where the folder is found.

By default the cases of a few folders run, and of the others some; all of them with ROWGATE_CONFORMANCE_ALL=1, which
takes minutes. ``pytest -rP`` shows how many answers were compared.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from rowgate.databases import make_engine
from rowgate.errors import SchemaError
from rowgate.relations.caveats import evaluate
from rowgate.zed import resolve
from tests.conftest import Copies
from tests.relations import conformance
from tests.relations.conformance import Score

EVERYTHING = os.environ.get("ROWGATE_CONFORMANCE_ALL") == "1"
QUICK_FOLDERS = ("edge", "spicedb_testconfigs")
# These have thousands of objects, or hundreds of permissions.
LONG = 40_000

pytestmark = pytest.mark.skipif(conformance.folder() is None, reason="no folder of conformance cases")


def chosen(folder: str, *, one_in: int) -> list[Path]:
    """The cases of a folder that are to run: all, or one in so many, without the largest."""
    found = [case for case in conformance.cases() if case.parent.name == folder]
    if EVERYTHING:
        return found
    short = [case for case in found if case.with_name(f"{case.stem}.expected.json").stat().st_size < LONG]
    return short[::one_in]


def run(cases: list[Path], engine: Engine) -> None:
    total = Score()
    for case in cases:
        score = conformance.run(case, engine)
        score.differing = [f"{case.stem}: {each}" for each in score.differing]
        total.add(score)
    sys.stdout.write(f"{total}\n")
    assert not total.differing, "\n".join(total.differing[:20])


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = make_engine("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def server(postgres_copies: Copies) -> Engine:
    return postgres_copies(empty=True)


@pytest.mark.parametrize("folder", conformance.FOLDERS)
def test_answers_on_sqlite(memory: Engine, folder: str) -> None:
    run(chosen(folder, one_in=1 if folder in QUICK_FOLDERS else 6), memory)


@pytest.mark.postgresql
@pytest.mark.parametrize("folder", conformance.FOLDERS)
def test_answers_on_postgresql(server: Engine, folder: str) -> None:
    run(chosen(folder, one_in=6 if folder in QUICK_FOLDERS else 15), server)


# What the CEL library does not have: the optional syntax m[?key] of newer CEL.
NOT_IN_THE_LIBRARY = ("go_eval_optional_types_found",)


def test_caveat_expressions() -> None:
    top = conformance.folder()
    assert top
    differing: list[str] = []
    records = json.loads((top / "caveats" / "caveat_eval.json").read_text(encoding="utf-8"))
    for record in records:
        try:
            schema = resolve(record["schema"])
        except SchemaError:
            got = "schema_rejected"
        else:
            outcome = evaluate(schema.caveats["testcaveat"], record.get("written") or {}, record.get("context") or {})
            got = "error" if outcome.error else "conditional" if outcome.value is None else str(outcome.value).lower()
            if got == "conditional":
                assert outcome.missing == set(record["missing"])
        if got != record["expected"] and record["id"] not in NOT_IN_THE_LIBRARY:
            differing.append(f"{record['id']}: {got}, expected {record['expected']}")
    counted = f"{len(records)} expressions compared, {len(differing)} different"
    sys.stdout.write(f"{counted}, {len(NOT_IN_THE_LIBRARY)} not in the library\n")
    assert not differing
