"""Where the log goes."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from database.models import Base, Customer
from rowgate.audit import FilterLog, configure_logging
from rowgate.audit.log import LOGGER
from rowgate.enforce import Gate
from rowgate.settings import load_settings
from security.declare_security import User, policy

Configure = Callable[..., FilterLog]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Configure]:
    """Sets up logging as in a program of its own; the loggers are as they were afterwards."""
    changed = [logging.getLogger(name) for name in ("rowgate", LOGGER)]
    before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in changed]

    def call(*own: logging.Handler, **settings: str) -> FilterLog:
        # Within the test and not before it: pytest puts handlers of its own on the root logger for each phase.
        monkeypatch.setattr(logging.getLogger(), "handlers", list(own))
        return configure_logging(load_settings(tmp_path, environ={}, **settings))

    yield call
    for logger, (level, propagate, handlers) in zip(changed, before, strict=True):
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers


def list_customers(engine: Engine, user: User, log: FilterLog) -> None:
    with Gate(policy, engine, models=Base, observers=[log]).session(user) as session:
        session.scalars(select(Customer)).all()


def test_text_goes_to_standard_error_with_the_time_at_its_end(
    sqlite_engine: Engine, configure: Configure, s1: User, capsys: pytest.CaptureFixture[str]
) -> None:
    list_customers(sqlite_engine, s1, configure())
    out, err = capsys.readouterr()
    assert out == ""
    first, *_, last = err.splitlines()
    assert first == "s1 [sales] READ Customer"
    assert re.fullmatch(r"  1 row, \d+\.\d ms, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", last)


def test_json_is_one_line_of_json(
    sqlite_engine: Engine, configure: Configure, s1: User, capsys: pytest.CaptureFixture[str]
) -> None:
    list_customers(sqlite_engine, s1, configure(filter_log="json"))
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["rows"] == 1


def test_two_apps_do_not_log_twice(
    sqlite_engine: Engine, configure: Configure, s1: User, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(filter_log="json")
    list_customers(sqlite_engine, s1, configure())
    assert capsys.readouterr().err.count("READ Customer") == 1
    assert len(logging.getLogger(LOGGER).handlers) == 1


def test_off_keeps_refusals_and_trusted_sessions(
    sqlite_engine: Engine, configure: Configure, s1: User, capsys: pytest.CaptureFixture[str]
) -> None:
    log = configure(filter_log="off")
    list_customers(sqlite_engine, s1, log)
    assert capsys.readouterr().err == ""
    with Gate(policy, sqlite_engine, models=Base, observers=[log]).trusted(reason="look"):
        pass
    assert capsys.readouterr().err.startswith("TRUSTED session, every row: look")


def test_the_level_is_that_of_the_settings(
    sqlite_engine: Engine, configure: Configure, s1: User, capsys: pytest.CaptureFixture[str]
) -> None:
    list_customers(sqlite_engine, s1, configure(log_level="WARNING"))
    assert capsys.readouterr().err == ""


def test_a_program_that_set_up_logging_itself_keeps_its_handlers(
    sqlite_engine: Engine, configure: Configure, s1: User, capsys: pytest.CaptureFixture[str]
) -> None:
    list_customers(sqlite_engine, s1, configure())
    capsys.readouterr()
    own: list[logging.LogRecord] = []

    class Own(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            own.append(record)

    list_customers(sqlite_engine, s1, configure(Own()))
    assert [record.name for record in own] == [LOGGER]
    assert capsys.readouterr().err == ""


def test_other_loggers_of_rowgate_are_written_too(configure: Configure, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    logging.getLogger("rowgate.auth").warning("something")
    assert "WARNING rowgate.auth: something" in capsys.readouterr().err
