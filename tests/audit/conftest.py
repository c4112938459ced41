"""The sample behind a filter log whose messages a test can read."""

import logging
import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from database.models import Base
from rowgate.audit import FilterLog
from rowgate.audit.log import LOGGER
from rowgate.enforce import Gate
from security.declare_security import User, policy

S1 = User(id="s1", roles=frozenset({"sales"}), client_id=2, region="British Isles")


class Messages(logging.Handler):
    """Keeps what was logged, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.texts.append(record.getMessage())

    def handleError(self, record: logging.LogRecord) -> None:
        raise AssertionError("a message could not be put into words")

    @property
    def last(self) -> str:
        return self.texts[-1]


@pytest.fixture
def messages() -> Iterator[Messages]:
    """What goes to the security logger at INFO while the test runs."""
    logger, handler = logging.getLogger(LOGGER), Messages()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def s1() -> User:
    return S1


@pytest.fixture
def gate(sample_engine: Engine) -> Gate:
    """The sample on each database, logged as text."""
    return Gate(policy, sample_engine, models=Base, observers=[FilterLog()])


@pytest.fixture
def json_gate(sample_engine: Engine) -> Gate:
    """The sample on each database, logged as JSON."""
    return Gate(policy, sample_engine, models=Base, observers=[FilterLog(format="json")])


@pytest.fixture
def still() -> Callable[[str], str]:
    """Takes out what changes from run to run: lines of the declaration file, and times."""

    def replace(text: str) -> str:
        text = re.sub(r"\S*declare_security\.py:\d+", "declare_security.py:N", text)
        return re.sub(r"\d+\.\d ms", "N ms", text)

    return replace
