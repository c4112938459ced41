"""The access log: one line for each request, on standard output, without anything that a query or a body says."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sys
from typing import Final, Literal, TextIO

from rowgate.audit.plain import clean, name, shortened
from rowgate.serve.watch import Served, Tell

__all__ = ["LOGGER", "access_log"]

LOGGER: Final = "rowgate.access"

# Clients choose these, and a log is read by people: only what looks like a parameter's name is repeated.
_PARAMETER = re.compile(r"[\w.\[\]-]{1,64}", re.ASCII)
_MOST_PARAMETERS: Final = 20
_LONGEST_PATH: Final = 500
_PROBES: Final = ("/health/live", "/health/ready", "/metrics")


class _OurHandler(logging.StreamHandler[TextIO]):
    """Marks the handler made here, so that a second set-up replaces it."""


def access_log(form: Literal["json", "text"]) -> Tell:
    """Set up logger ``rowgate.access``, and make what writes a request to it.

    Lines go to standard output, unless the program has set up logging itself. Probes that found everything well are
    logged at DEBUG, all else at INFO.

    Args:
        form: ``json``, one object a line, or ``text``, for a reader.
    """
    logger = logging.getLogger(LOGGER)
    for handler in [each for each in logger.handlers if isinstance(each, _OurHandler)]:
        logger.removeHandler(handler)
        logger.propagate = True
    # The handlers of rowgate's own set-up stand on "rowgate" and write to standard error; those of a program, above it.
    if not logging.getLogger().hasHandlers():
        made = _OurHandler(sys.stdout)
        made.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(made)
        logger.propagate = False
    put = _as_json if form == "json" else _as_text

    def tell(served: Served) -> None:
        level = logging.DEBUG if served.path in _PROBES and served.status < 400 else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(level, "%s", put(served))

    return tell


def _as_json(served: Served) -> str:
    return json.dumps(
        {
            "event": "request",
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "request_id": served.request_id,
            "principal": served.principal,
            "actor": served.actor,
            "method": served.method[:20],
            "route": served.route,
            "path": shortened(served.path, _LONGEST_PATH),
            "parameters": _shown(served.parameters),
            "status": served.status,
            "milliseconds": round(served.seconds * 1000, 1),
            "statements": served.statements,
            "bytes": served.size,
            "peer": served.peer,
            "timed_out": served.timed_out,
        }
    )


def _as_text(served: Served) -> str:
    query = "?" + "&".join(_shown(served.parameters)) if served.parameters else ""
    path = clean(shortened(served.path, _LONGEST_PATH))
    who = name(served.principal) if served.principal is not None else "-"
    if served.actor is not None:
        who = f"{name(served.actor)} as {who}"
    statements = f"{served.statements} statement{'' if served.statements == 1 else 's'}"
    late = ", timed out" if served.timed_out else ""
    request = f", request {served.request_id}" if served.request_id is not None else ""
    spent = f"{statements}, {served.seconds * 1000:.1f} ms{late}"
    return f"{served.status} {clean(served.method[:20])} {path}{query} {who}, {spent}{request}"


def _shown(parameters: tuple[str, ...]) -> list[str]:
    shown = [each if _PARAMETER.fullmatch(each) else "(other)" for each in parameters[:_MOST_PARAMETERS]]
    return list(dict.fromkeys(shown)) + (["..."] if len(parameters) > _MOST_PARAMETERS else [])
