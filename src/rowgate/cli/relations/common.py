"""What the commands share: the graph of the project's database, the context of caveats, answers as words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from rowgate.cli.common import Here
from rowgate.relations import Answer, Graph

__all__ = ["answer_document", "answer_words", "context_option", "opened_graph"]


def _as_context(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"it is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise click.BadParameter('it is not a JSON object, such as {"hour": 9}.')
    return found


context_option = click.option(
    "--context",
    metavar="JSON",
    callback=_as_context,
    help="Values for the parameters of caveats, as a JSON object.",
)


@contextmanager
def opened_graph(here: Here) -> Iterator[Graph]:
    """The relationships of the project's database, with everybody's authority.

    Raises:
        UnknownPermission: the policy declares no relationship schema.
    """
    with here.open() as opened:
        yield opened.gate.bound.relationships().graph(None, opened.gate.plain_engine)


def answer_words(answer: Answer) -> str:
    """An answer in a line, with what it hangs on."""
    words = answer.verdict.value
    if answer.missing:
        words += f", missing: {', '.join(sorted(answer.missing))}"
    return words + "".join(f"; {fault}" for fault in answer.faults)


def answer_document(answer: Answer) -> dict[str, Any]:
    """An answer for JSON."""
    return {"answer": answer.verdict.value, "missing": sorted(answer.missing), "faults": list(answer.faults)}
