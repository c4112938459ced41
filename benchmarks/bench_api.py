"""What the API costs, over HTTP: this project, a handler written by hand, and ApiLogicServer where it is installed.

    make bench-api
    make bench-api ARGS="--url postgresql://postgres@127.0.0.1/bench"      an empty database; the sample is loaded
    make bench-api ARGS="--als ~/nwplus --als-python ~/als/bin/python"     a project made of ApiLogicServer's nw+

One process with one thread each, under gunicorn; one client on a kept-alive connection; the token is checked on every
request; the principal is u1. The sides take turns, request by request, so that a machine that speeds up or slows down
does so for all of them; what is printed are medians. ``rowgate, log`` is the same server with the filter log and the
access log written to a file.

ApiLogicServer is never a dependency: install it into an environment of its own, and create its sample there with
``ApiLogicServer create --project_name=nwplus --db_url=nw+``. It is measured on a copy of that project.
"""

from __future__ import annotations

import json
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import click
import jwt
from sqlalchemy import make_url

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sides import Side, free_port, running

from database.load import load_sample
from rowgate.databases import build_sqlite, make_engine

ROOT = Path(__file__).resolve().parent.parent
READS = {
    "50 customers": "/api/Customer?page[limit]=50",
    "1 customer": "/api/Customer/ALFKI",
    "50 orders, customer and details included": "/api/Order?include=Customer%2COrderDetailList&page[limit]=50",
}
GUNICORN = [
    "--workers",
    "1",
    "--threads",
    "1",
    "--worker-class",
    "gthread",
    "--keep-alive",
    "60",
    "--log-level",
    "error",
]

Work = Callable[[Side, int], float]


def read(path: str) -> Work:
    """A request that reads; answers the seconds it took."""
    kept: dict[int, bytes] = {}

    def work(side: Side, _turn: int) -> float:
        request = kept.setdefault(side.port, side.made("GET", path))
        started = perf_counter()
        answer = side.send(request)
        spent = perf_counter() - started
        expect(side, answer.status, 200)
        return spent

    return work


def change_customer(side: Side, turn: int) -> float:
    """A PATCH under rules."""
    attributes = {"Phone": f"030-{turn}", "CreditLimit": 100_000 + turn % 2}
    document = {"data": {"type": "Customer", "id": "ALFKI", "attributes": attributes}}
    started = perf_counter()
    answer = side.ask("PATCH", "/api/Customer/ALFKI", document)
    spent = perf_counter() - started
    expect(side, answer.status, 200)
    return spent


def order_with_details(side: Side, _turn: int) -> float:
    """A new order and three details of it, each a request; rules add them up. It is deleted afterwards, untimed."""

    def create(kind: str, **attributes: object) -> str:
        answer = side.ask("POST", f"/api/{kind}", {"data": {"type": kind, "attributes": attributes}})
        expect(side, answer.status, 201)
        return str(answer.json()["data"]["id"])

    started = perf_counter()
    order = create("Order", CustomerId="ALFKI", EmployeeId=1, Freight=10)
    details = [create("OrderDetail", OrderId=int(order), ProductId=product, Quantity=1) for product in (1, 2, 3)]
    spent = perf_counter() - started
    for detail in details:
        side.ask("DELETE", f"/api/OrderDetail/{detail}")
    side.ask("DELETE", f"/api/Order/{order}")
    return spent


def expect(side: Side, status: int, wanted: int) -> None:
    if status != wanted:
        raise SystemExit(f"{side.name} answered {status}, not {wanted}")


@click.command()
@click.option("--rounds", default=300, show_default=True, help="How often each side reads; it writes a fifth as often.")
@click.option("--url", help="An empty database to load the sample into; a temporary SQLite file by default.")
@click.option("--als", type=click.Path(exists=True, file_okay=False, path_type=Path), help="ApiLogicServer's project.")
@click.option("--als-python", type=click.Path(exists=True, path_type=Path), help="The Python it is installed in.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to this file, as JSON.")
def main(rounds: int, url: str | None, als: Path | None, als_python: Path | None, out: Path | None) -> None:
    """Print milliseconds for each case and side, and their ratios: until the answer, and of the processor.

    The latter are nearly the same on a busy machine; where a server does the database's work, they leave that out.
    """
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as servers:
        folder = Path(temporary)
        sides = start(servers, folder, url, als, als_python)
        same_documents(sides)
        cases: dict[str, tuple[Work, Sequence[Side], int]] = {
            name: (read(path), sides, rounds) for name, path in READS.items()
        }
        writing = [side for side in sides if side.name != "floor"]
        cases["change 1 customer under rules"] = (change_customer, writing, max(1, rounds // 5))
        cases["1 order and 3 details, 4 requests"] = (order_with_details, writing, max(1, rounds // 5))
        figures = {name: measured(*case) for name, case in cases.items()}
        memory = {side.name: side.megabytes() for side in sides}
        seconds = {side.name: side.seconds for side in sides}
    show(figures, memory, seconds)
    if out is not None:
        waited, used = ({name: both[place] for name, both in figures.items()} for place in (0, 1))
        found = {"milliseconds": waited, "cpu_milliseconds": used, "megabytes": memory, "start_seconds": seconds}
        out.write_text(json.dumps(found, indent=2) + "\n")


def start(servers: ExitStack, folder: Path, url: str | None, als: Path | None, als_python: Path | None) -> list[Side]:
    """Start every side, and log in."""
    database = folder / "database.sqlite"
    if url is None:
        build_sqlite(database, load_sample)
        where = f"sqlite:///{database}"
    else:
        engine = make_engine(url)
        load_sample(engine)
        engine.dispose()
        where = make_url(url).render_as_string(hide_password=False)
    sides = [served_floor(servers, folder, where)]
    sides += [
        served_rowgate(servers, folder, where, name, log)
        for name, log in (("rowgate", "off"), ("rowgate, log", "text"))
    ]
    if als is not None:
        copy = folder / "als"
        shutil.copytree(als, copy)
        sides.append(served_als(servers, folder, copy, als_python or Path(sys.executable)))
    return sides


def served_floor(servers: ExitStack, folder: Path, where: str) -> Side:
    port, secret = free_port(), secrets.token_hex(32)
    command = [sys.executable, "-m", "gunicorn", *GUNICORN, "--bind", f"127.0.0.1:{port}", "floor:make_app()"]
    env = {"FLOOR_URL": where, "FLOOR_SECRET": secret}
    side = servers.enter_context(
        running(
            "floor", command, port=port, env=env, folder=ROOT / "benchmarks", log=folder / "floor.log", ready="/api"
        )
    )
    # Claims of the same kind and number as those of the project's own tokens.
    now = int(time.time())
    claims = {"sub": "u1", "client_id": 1, "iss": "floor", "aud": "floor", "iat": now, "exp": now + 86_400}
    side.headers["Authorization"] = "Bearer " + jwt.encode(claims, secret, algorithm="HS256")
    return side


def served_rowgate(servers: ExitStack, folder: Path, where: str, name: str, log: str) -> Side:
    port = free_port()
    env = {
        "ROWGATE_INSTANCE": str(folder / f"instance-{log}"),
        "ROWGATE_DATABASE_URL": where,
        "ROWGATE_FILTER_LOG": log,
        "ROWGATE_LOG_LEVEL": "INFO" if log == "text" else "WARNING",
        "ROWGATE_ACCESS_MINUTES": "1440",
    }
    command = [str(Path(sys.executable).with_name("rowgate")), "--project", str(ROOT), "serve"]
    command += ["--workers", "1", "--threads", "1", "--bind", f"127.0.0.1:{port}"]
    side = servers.enter_context(
        running(name, command, port=port, env=env, folder=ROOT, log=folder / f"rowgate-{log}.log", ready="/api")
    )
    return logged_in(side, "access_token")


def served_als(servers: ExitStack, folder: Path, project: Path, python: Path) -> Side:
    port = free_port()
    command = [str(python), "-m", "gunicorn", *GUNICORN, "--bind", f"127.0.0.1:{port}"]
    side = servers.enter_context(
        running(
            "ApiLogicServer",
            [*command, "api_logic_server_run:flask_app"],
            port=port,
            env={},
            folder=project,
            log=folder / "als.log",
            ready="/api/auth/login",
        )
    )
    return logged_in(side, "access_token")


def logged_in(side: Side, member: str) -> Side:
    """The side, with u1's token on every request."""
    answer = side.ask("POST", "/api/auth/login", {"username": "u1", "password": "p"})
    expect(side, answer.status, 200)
    side.headers["Authorization"] = f"Bearer {answer.json()[member]}"
    return side


def same_documents(sides: Sequence[Side]) -> None:
    """The floor answers what the API answers, or there is nothing to compare."""
    floor, ours = sides[0], sides[1]
    for name, path in READS.items():
        one, other = floor.ask("GET", path), ours.ask("GET", path)
        if one.status != 200 or one.json() != other.json():
            raise SystemExit(f"{name}: the floor answers something else than the API.")


def measured(work: Work, sides: Sequence[Side], rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds for each side: the median until the answer, and the mean of the process' own time."""
    for turn in range(5):
        for side in sides:
            work(side, turn)  # warms up
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    before = {side.name: side.cpu_seconds() for side in sides}
    for turn in range(rounds):
        for side in sides:
            times[side.name].append(work(side, turn))
    waited = {name: statistics.median(spent) * 1000 for name, spent in times.items()}
    return waited, {side.name: (side.cpu_seconds() - before[side.name]) / rounds * 1000 for side in sides}


def show(
    figures: dict[str, tuple[dict[str, float], dict[str, float]]], memory: dict[str, float], seconds: dict[str, float]
) -> None:
    names = list(memory)
    for place, words in enumerate(("milliseconds until the answer, medians", "milliseconds of processor time, means")):
        click.echo(f"{words:44}" + "".join(f"{name:>16}" for name in names) + "   of the floor   to ALS")
        for case, both in figures.items():
            found = both[place]
            row = "".join(f"{found[name]:16.2f}" if name in found else f"{'-':>16}" for name in names)
            floor = f"{found['floor'] / found['rowgate']:14.2f}" if "floor" in found else f"{'-':>14}"
            peer = f"{found['ApiLogicServer'] / found['rowgate']:8.1f} x" if "ApiLogicServer" in found else f"{'-':>10}"
            click.echo(f"{case:44}{row}{floor}{peer}")
        click.echo()
    click.echo(f"{'memory of the process, MB':44}" + "".join(f"{memory[name]:16.0f}" for name in names))
    click.echo(f"{'start to first answer, s':44}" + "".join(f"{seconds[name]:16.1f}" for name in names))


if __name__ == "__main__":
    main()
