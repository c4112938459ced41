"""Relationship grants against SQL written by hand for the same questions; medians of alternating runs.

For each size and database: the first page of visible documents in an order (a select of a secured session), the list of
all visible ids, and a check of one document. Two readers, of whom one may see few documents and the other a tenth of
all. What is compared must be equal, otherwise there is no table.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from relations_by_hand import ByHand
from relations_world import Document, Role, World, build, gate_of
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from rowgate.databases import make_engine
from rowgate.enforce import Gate
from rowgate.types import Principal

SERVER = os.environ.get("ROWGATE_TEST_PG", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
SIZES = "1000,10000,100000,1000000"


@dataclass(frozen=True)
class Measured:
    """One line of the table: medians in milliseconds.

    Attributes:
        ours: this project.
        hand: the statement by hand.
        ours_best, hand_best: the fastest runs, which other work on the machine disturbs least.
        in_order: of a page, the other way to write it: going through all documents in the page's order.
        statements, characters: what this project sent, and how long it was.
        found: the number of rows or ids of the answer.
    """

    database: str
    variant: str
    documents: int
    reader: str
    case: str
    ours: float
    hand: float
    ours_best: float
    hand_best: float
    in_order: float | None
    statements: int
    characters: int
    found: int

    @property
    def ratio(self) -> float:
        return self.ours / self.hand

    @property
    def best_ratio(self) -> float:
        return self.ours_best / self.hand_best


class Sent:
    """The statements that an engine sends within a ``with`` block."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.texts: list[str] = []

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        self.texts.append(statement)

    def __enter__(self) -> Sent:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)


def measure(sides: Sequence[Callable[[], Sequence[Any]]], *, seconds: float) -> list[tuple[float, float]]:
    """Medians and minima in milliseconds of sides that run in turns, 5 rounds or as many as the seconds allow."""
    spent: list[list[float]] = [[] for _ in sides]
    started = perf_counter()
    rounds = 0
    while rounds < 7 or (perf_counter() - started < seconds and rounds < 500):
        for side, times in zip(sides, spent, strict=True):
            before = perf_counter()
            side()
            if rounds >= 2:  # the first ones fill caches
                times.append(perf_counter() - before)
        rounds += 1
    return [(statistics.median(times) * 1000, min(times) * 1000) for times in spent]


def once(side: Callable[[], Sequence[Any]]) -> float:
    """Milliseconds of one run."""
    before = perf_counter()
    side()
    return (perf_counter() - before) * 1000


def cases(
    gate: Gate, connection: Connection, hand: ByHand, reader: str
) -> Iterator[tuple[str, list[Callable[[], Sequence[Any]]]]]:
    """The sides of each case: this project, by hand, and where there is one the other way by hand."""
    relations = gate.bound.relations
    if relations is None:
        raise click.ClickException("The policy has no relationship schema.")
    graph = relations.graph(None, connection)
    subject = f"user:{reader}"
    page = select(Document.id, Document.title).order_by(Document.number, Document.id).limit(50)
    secured = gate.session(Principal(id=reader, roles=frozenset({Role.READER})))
    with secured as session, Session(connection) as plain:

        def by_hand(
            statement: Any, sender: Connection | Session = connection, **values: object
        ) -> Callable[[], Sequence[Any]]:
            return lambda: sender.execute(statement, {"subject": reader, **values}).all()

        # A page is asked of a session on both sides, the rest of a connection.
        pages = [by_hand(hand.page(in_order=in_order), plain) for in_order in (False, True)]
        yield "first page", [lambda: session.execute(page).all(), *pages]

        def ids() -> list[int]:
            return [int(each) for each in graph.lookup_resources("document", "view", subject)]

        yield "all ids", [ids, by_hand(hand.ids())]
        visible = set(ids())
        hidden = next(each for each in range(1, len(visible) + 2) if each not in visible)
        for name, document in (("check, allowed", max(visible)), ("check, denied", hidden)):

            def check(document: int = document) -> list[int]:
                return [1] if graph.check(f"document:{document}", "view", subject) else []

            yield name, [check, by_hand(hand.check(), document=document)]


def run(engine: Engine, world: World, *, seconds: float) -> Iterator[Measured]:
    """The lines of one world in one database."""
    gate = gate_of(engine, world)
    hand = ByHand(engine.dialect.name, stated=world.stated)
    for reader in ("few", "many"):
        with engine.connect() as connection:
            for case, sides in cases(gate, connection, hand, reader):
                answers = [sorted(tuple(row) if case == "first page" else str(row) for row in side()) for side in sides]
                if case == "all ids":
                    answers[1] = sorted(str(row[0]) for row in sides[1]())
                found = len(answers[0])
                if (case.startswith("check") and len(answers[1]) != found) or (
                    not case.startswith("check") and any(each != answers[0] for each in answers)
                ):
                    raise click.ClickException(f"{case} of {reader}: the sides differ.")
                with Sent(gate.engine) as guarded, Sent(engine) as plain:
                    sides[0]()
                sent = guarded.texts + [each for each in plain.texts if each not in guarded.texts]
                (ours, ours_best), (by_hand, hand_best) = measure(sides[:2], seconds=seconds)
                # The other way takes seconds where a reader may see little, and is there for orientation.
                others = [once(side) for side in sides[2:]]
                yield Measured(
                    database=engine.dialect.name,
                    variant="columns" if world.stated else "table",
                    documents=world.documents,
                    reader=reader,
                    case=case,
                    ours=ours,
                    hand=by_hand,
                    ours_best=ours_best,
                    hand_best=hand_best,
                    in_order=others[0] if others else None,
                    statements=len(sent),
                    characters=sum(map(len, sent)),
                    found=found,
                )


@contextmanager
def databases(server: str | None, folder: str) -> Iterator[Mapping[str, Callable[[], Engine]]]:
    """Makers of empty databases, by kind; what they make is gone in the end."""
    made: list[Engine] = []

    def lite() -> Engine:
        made.append(make_engine(f"sqlite:///{folder}/{len(made)}.sqlite"))
        return made[-1]

    makers: dict[str, Callable[[], Engine]] = {"sqlite": lite}
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT", poolclass=NullPool) if server else None
    names: list[str] = []
    if admin is not None:
        try:
            admin.connect().close()
        except OperationalError as error:
            click.echo(f"No PostgreSQL server, SQLite only: {error.orig}", err=True)
            admin = None

    def postgres() -> Engine:
        if admin is None:
            raise click.ClickException("There is no PostgreSQL server.")
        names.append(f"rowgate_bench_{os.getpid()}_{len(names)}")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{names[-1]}"'))
        made.append(make_engine(admin.url.set(database=names[-1])))
        return made[-1]

    if admin is not None:
        makers["postgresql"] = postgres
    try:
        yield makers
    finally:
        for engine in made:
            engine.dispose()
        if admin is not None:
            with admin.connect() as connection:
                for name in names:
                    connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def print_line(line: Measured) -> None:
    """One line of the table."""
    other = "" if line.in_order is None else f"{line.in_order:9.2f}"
    click.echo(
        f"{line.database:11}{line.variant:8}{line.documents:9}  {line.reader:5}{line.case:15}{line.found:7}"
        f"{line.ours:9.2f}{line.hand:9.2f}{line.ratio:7.2f}{line.best_ratio:7.2f}{other:>9}{line.statements:4}{line.characters:7}"
    )


def print_growth(lines: Sequence[Measured]) -> None:
    """How much each case grew from the smallest size to the largest."""
    smallest, largest = min(each.documents for each in lines), max(each.documents for each in lines)
    if smallest == largest:
        return
    first = {
        (each.database, each.variant, each.reader, each.case): each for each in lines if each.documents == smallest
    }
    click.echo(f"\nGrowth from {smallest} to {largest} documents, this project and by hand:")
    for line in lines:
        start = first.get((line.database, line.variant, line.reader, line.case))
        if line.documents == largest and start:
            click.echo(
                f"{line.database:11}{line.variant:8}{line.reader:5}{line.case:15}"
                f"{line.ours / start.ours:8.1f}{line.hand / start.hand:8.1f}"
            )


@click.command()
@click.option("--sizes", default=SIZES, show_default=True, help="How many documents, separated by commas.")
@click.option("--quick", is_flag=True, help="One thousand documents and few rounds: does it run at all?")
@click.option("--seconds", default=2.0, show_default=True, help="How long each case may take, beyond 5 rounds.")
@click.option("--variants", default="columns,table", show_default=True, help="Where folders and parents are stated.")
@click.option("--server", default=SERVER, help="A PostgreSQL server, to make databases on; empty for none.")
@click.option("--json", "path", type=click.Path(path_type=Path, dir_okay=False), help="Write the lines as JSON, too.")
def main(sizes: str, quick: bool, seconds: float, variants: str, server: str, path: Path | None) -> None:
    """Print milliseconds (medians) of each case on both sides, and the ratio."""
    if quick:
        sizes, seconds = "1000", 0.0
    lines: list[Measured] = []
    click.echo(
        f"{'database':11}{'folders':8}{'documents':>9}  {'may':5}{'case':15}{'found':>7}"
        f"{'ours':>9}{'by hand':>9}{'ratio':>7}{'best':>7}{'in order':>9}{'sent':>4}{'length':>7}"
    )
    with tempfile.TemporaryDirectory() as folder, databases(server or None, folder) as makers:
        for make in makers.values():
            for size in map(int, sizes.split(",")):
                for variant in variants.split(","):
                    world = World.of(size, stated=variant == "columns")
                    engine = make()
                    build(engine, world)
                    for line in run(engine, world, seconds=seconds):
                        lines.append(line)
                        print_line(line)
                    engine.dispose()
    print_growth(lines)
    if path is not None:
        path.write_text(json.dumps([asdict(each) for each in lines], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
