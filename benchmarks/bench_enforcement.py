"""What the policy costs: the same work through a secured session and through a plain one with the same WHERE by hand.

Run it with ``make bench``, or ``.venv/bin/python benchmarks/bench_enforcement.py [--rounds N] [--url URL]``. Both sides
take turns in one process, so that a machine that speeds up or slows down does so for both; the ratio is of medians.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from database.load import load_sample
from database.models import Base, Customer, Order
from rowgate.databases import make_engine
from rowgate.enforce import Gate
from security.declare_security import User, policy

U1 = User(id="u1", roles=frozenset({"tenant"}), client_id=1)


def cases(gate: Gate) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """For each case the secured side and the plain one."""

    def both(work: Callable[[Session, bool], object]) -> tuple[Callable[[], object], Callable[[], object]]:
        def secured() -> object:
            with gate.session(U1) as session:
                return work(session, True)

        def plain() -> object:
            with Session(gate.plain_engine) as session:
                return work(session, False)

        return secured, plain

    own = Customer.Client_id == 1

    def customers(session: Session, secured: bool) -> object:
        query = select(Customer).order_by(Customer.Id).limit(50)
        return session.scalars(query if secured else query.where(own)).all()

    def one_customer(session: Session, secured: bool) -> object:
        query = select(Customer).where(Customer.Id == "ALFKI")
        return session.scalars(query if secured else query.where(own)).one()

    def orders_with_customers(session: Session, secured: bool) -> object:
        loaded = selectinload(Order.Customer if secured else Order.Customer.and_(own))
        return session.scalars(select(Order).options(loaded).order_by(Order.Id).limit(50)).all()

    def change_one(session: Session, secured: bool) -> object:
        customer = session.get_one(Customer, "ALFKI")
        customer.Phone = "2" if customer.Phone == "1" else "1"
        session.commit()
        return None

    return {
        "50 customers": both(customers),
        "1 customer": both(one_customer),
        "50 orders with their customers": both(orders_with_customers),
        "change 1 customer": both(change_one),
    }


@click.command()
@click.option("--rounds", default=300, show_default=True, help="How often each side runs.")
@click.option("--url", help="A database to load the sample into; a temporary SQLite file by default.")
def main(rounds: int, url: str | None) -> None:
    """Print microseconds (medians) for each case, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(url or f"sqlite:///{folder}/bench.sqlite")
        load_sample(engine)
        click.echo(f"{'':32}{'secured':>10}{'plain':>10}{'ratio':>8}   microseconds, {engine.dialect.name}")
        for name, sides in cases(Gate(policy, engine, models=Base)).items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(rounds):
                for side, spent in zip(sides, times, strict=True):
                    started = perf_counter()
                    side()
                    spent.append(perf_counter() - started)
            secured, plain = (statistics.median(spent) * 1e6 for spent in times)
            click.echo(f"{name:32}{secured:10.0f}{plain:10.0f}{secured / plain:8.2f}")
        engine.dispose()


if __name__ == "__main__":
    main()
