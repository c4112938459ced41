"""The databases that models are generated from: made by hand, each for one kind of trouble, and the sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Engine, select

from database.load import load_sample
from database.models import Base
from rowgate.databases import make_engine
from rowgate.generate.introspect import Choice
from tests.conftest import Copies

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"


@dataclass(frozen=True, kw_only=True)
class World:
    """A database, and what is read of it."""

    name: str
    database: str
    choice: Choice = field(default_factory=lambda: Choice(infer_keys=True))

    @property
    def golden(self) -> Path:
        """The module that is generated from it."""
        return GOLDEN / f"{self.name}_{self.database}.txt"

    @property
    def script(self) -> Path:
        """What makes it."""
        return HERE / "databases" / f"{self.name}.{self.database}.sql"


WORLDS = [
    World(name="types", database="sqlite"),
    World(name="names", database="sqlite"),
    World(name="keys", database="sqlite"),
    World(name="views", database="sqlite"),
    World(name="sample", database="sqlite"),
    World(name="types", database="postgresql"),
    World(
        name="schemas",
        database="postgresql",
        choice=Choice(schemas=("public", "sales", "HR"), exclude=("HR.customer",)),
    ),
    World(name="sample", database="postgresql"),
    World(name="types", database="mariadb"),
    World(name="sample", database="mariadb"),
]


class Maker:
    """Makes databases on the servers that there are."""

    def __init__(
        self, folder: Path, *, postgres: Callable[[], Copies], mariadb: Callable[[], Callable[[], Engine]]
    ) -> None:
        self._folder = folder
        self._postgres = postgres
        self._mariadb = mariadb
        self._made = 0

    def empty(self, database: str) -> Engine:
        """An empty database."""
        self._made += 1
        if database == "postgresql":
            return self._postgres()(empty=True)
        if database == "mariadb":
            return self._mariadb()()
        return make_engine(URL.create("sqlite", database=str(self._folder / f"{self._made}.sqlite")))

    def make(self, world: World) -> Engine:
        """The database of a world, filled."""
        engine = self.empty(world.database)
        if world.name == "sample" and world.database == "mariadb":
            copy_sample(self.make(World(name="sample", database="sqlite")), engine)
        elif world.name == "sample":
            load_sample(engine)
        else:
            run(engine, world.script.read_text(encoding="utf-8"))
        return engine


def copy_sample(loaded: Engine, empty: Engine) -> None:
    """Copy the sample into another database, without the relation table, which MariaDB cannot have."""
    Base.metadata.create_all(empty)
    with loaded.connect() as source, empty.begin() as target:
        target.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in source.execute(select(table)).mappings()]
            if rows:
                target.execute(table.insert(), rows)
        target.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
    loaded.dispose()


def run(engine: Engine, script: str) -> None:
    """Run a script of statements that end with a semicolon at the end of a line."""
    with engine.begin() as connection:
        for statement in _statements(script):
            connection.exec_driver_sql(statement.replace("%", "%%") if engine.dialect.name != "sqlite" else statement)


def _statements(script: str) -> Iterator[str]:
    plain = re.sub(r"^--.*$", "", script, flags=re.MULTILINE)
    for statement in re.split(r";\s*$", plain, flags=re.MULTILINE):
        if statement.strip():
            yield statement.strip()


def many_tables(count: int) -> str:
    """A script of that many tables for SQLite, each with keys to two others."""
    parts = []
    for number in range(count):
        refers = [f"t{number // 2:04d}", f"t{number // 3:04d}"]
        table = f"t{number:04d}"
        parts.append(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, "
            "amount NUMERIC(12, 2) DEFAULT 0, made DATETIME, "
            "flag BOOLEAN NOT NULL DEFAULT 0, note TEXT, kind VARCHAR(9) CHECK (kind IN ('a', 'b')), "
            f"first_id INTEGER REFERENCES {refers[0]} (id) ON DELETE CASCADE, "
            f"second_id INTEGER REFERENCES {refers[1]} (id), UNIQUE (name, kind));\n"
            f"CREATE INDEX ix_{table}_amount ON {table} (amount);"
        )
    return "\n".join(parts)
