"""``rowgate events``: deliver what webhooks wait for, see what is stuck, and send it again."""

from __future__ import annotations

import datetime as dt
import signal
import threading
from dataclasses import asdict
from typing import Any

import click

from rowgate.cli.common import Here, TeachingGroup, as_json, json_option
from rowgate.outbox import Event, Outbox, create_outbox, webhook_worker

__all__ = ["events"]


@click.group(cls=TeachingGroup, short_help="Deliver events to webhooks, and see what is stuck.")
def events() -> None:
    """Deliver events to webhooks, and see what is stuck.

    A change and its events are committed together; they are delivered afterwards, by these commands or by the server
    (ROWGATE_DELIVER_EVENTS=on).

    \b
    Examples:
      rowgate events drain                 deliver what is due, and end
      rowgate events ls --state dead       what was given up
      rowgate events requeue --all         send it again
    """


@events.command(short_help="Deliver what is due.")
@click.option("--follow", is_flag=True, help="Go on delivering events as they come, until Ctrl-C or SIGTERM.")
@json_option
@click.pass_obj
def drain(here: Here, follow: bool, json_wanted: bool) -> None:
    """Deliver every event that is due, until none is left.

    Any number of these may run at once, on any number of machines: none delivers what another one delivers.

    \b
    Examples:
      rowgate events drain
      rowgate events drain --follow
    """
    with here.open() as opened:
        # Also where no webhook is declared, or none any more: the service that runs this need not know.
        create_outbox(opened.gate.plain_engine)
        worker = webhook_worker(opened.gate.plain_engine, opened.project.webhooks)
        if follow:
            worker.follow(_until_told())
            return
        found = worker.drain()
    if json_wanted:
        as_json(asdict(found))
    else:
        click.echo(f"{found.delivered} delivered, {found.failed} to be tried again, {found.dead} dead.")


@events.command("ls", short_help="List events that are not delivered.")
@click.option("--state", type=click.Choice(["pending", "dead"]), help="Only those.")
@click.option("--webhook", metavar="NAME", help="Only those of one webhook.")
@click.option(
    "--most", metavar="N", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most."
)
@json_option
@click.pass_obj
def listing(here: Here, state: str | None, webhook: str | None, most: int, json_wanted: bool) -> None:
    """List the events that are not delivered, oldest first. Payloads are shown with --json only.

    \b
    Examples:
      rowgate events ls
      rowgate events ls --state dead --webhook crm
    """
    with here.open() as opened:
        known = {each.topic for each in opened.project.webhooks}
        create_outbox(opened.gate.plain_engine)
        outbox = Outbox(opened.gate.plain_engine)
        found = outbox.listed(state=state, topic=f"webhook:{webhook}" if webhook else None, most=most)
        counts = outbox.counts()
    if json_wanted:
        as_json(
            {"counts": {topic: asdict(each) for topic, each in counts.items()}, "events": [_shown(e) for e in found]}
        )
        return
    for event in found:
        error = f"  {event.last_error}" if event.last_error else ""
        name = event.topic.removeprefix("webhook:")
        line = f"{event.id:>8}  {event.state:<8}{event.attempts:>3}  {_time(event.created_at)}  {name}"
        click.echo(f"{line}  {event.payload.get('type', '')}  {event.key}{error}")
    for topic, each in sorted(counts.items()):
        lost = "" if topic in known else "; no webhook of this name is declared"
        click.echo(f"{topic.removeprefix('webhook:')}: {each.pending} pending, {each.dead} dead{lost}")
    if not counts:
        click.echo("No events wait.")


@events.command(short_help="Send dead events again.")
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@click.option("--all", "all_wanted", is_flag=True, help="Every dead event.")
@json_option
@click.pass_obj
def requeue(here: Here, ids: tuple[int, ...], all_wanted: bool, json_wanted: bool) -> None:
    """Let dead events be sent again, with all their attempts.

    Later events of the same row have been delivered meanwhile: receivers tell by `sequence`.

    \b
    Examples:
      rowgate events requeue 17 18
      rowgate events requeue --all
    """
    if bool(ids) == all_wanted:
        raise click.UsageError("Name events by their ids, or say --all.")
    with here.open() as opened:
        create_outbox(opened.gate.plain_engine)
        found = Outbox(opened.gate.plain_engine).requeue(None if all_wanted else list(ids))
    missing = sorted(set(ids) - set(found))
    if missing:
        click.echo(f"Not dead, so left alone: {', '.join(map(str, missing))}.", err=True)
    if json_wanted:
        as_json({"requeued": found})
    else:
        click.echo(f"{len(found)} to be sent again.")
    if missing:
        raise click.exceptions.Exit(2)


def _until_told() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _shown(event: Event) -> dict[str, Any]:
    shown = asdict(event)
    del shown["lease"]
    return {**shown, "created_at": _time(event.created_at), "due_at": _time(event.due_at)}


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
