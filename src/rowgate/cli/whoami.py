"""``rowgate whoami``: a user's roles and claims, and per entity the verbs they have and by which declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from rowgate.audit.lines import lines_of
from rowgate.cli.common import Here, as_json, json_option, principal_named
from rowgate.policy import BoundPolicy, Decision, Holder
from rowgate.project import MAIN
from rowgate.types import Access, Principal

__all__ = ["whoami"]


@click.command(short_help="Show a user's roles, claims and verbs.")
@click.argument("user")
@json_option
@click.pass_obj
def whoami(here: Here, user: str, json_wanted: bool) -> None:
    """Show who USER is after log-in, and what they may do to each entity.

    USER is a log-in name. For each verb the table says "all" (every row), "some" (those that the conditions let
    through) or "-" (refused); then which declarations give the verbs, and how many global filters narrow the rows.

    \b
    Examples:
      rowgate whoami s1
      rowgate whoami s1 --json             every declaration with its condition and line
    """
    with here.open() as opened:
        principal = principal_named(opened, user)
        every = {name: gate.bound for name, gate in opened.gates.items()}
    # Roles and claims are the principal's, whichever database is asked.
    holder = every[MAIN].holder(principal)
    if json_wanted:
        as_json(_document(every, principal, holder))
        return
    for line in _who(principal, holder):
        click.echo(line)
    for name, bound in every.items():
        click.echo("")
        if len(every) > 1:
            click.echo(f"database {name}")
        for line in _table(bound, holder):
            click.echo(line)


def _who(principal: Principal, holder: Holder) -> list[str]:
    roles = ", ".join(sorted(principal.roles)) or f"none, so {', '.join(sorted(holder.roles)) or 'none at all'}"
    claims = {name: value for name, value in principal.claims().items() if name != "id"}
    return [
        principal.id,
        f"  roles   {roles}",
        f"  claims  {', '.join(f'{name} = {value!r}' for name, value in claims.items()) or 'none'}",
        f"  verbs   {'all, on every row: a superuser' if holder.superuser else f'{holder.default.words} (by default)'}",
    ]


def _table(bound: BoundPolicy, holder: Holder) -> list[str]:
    verbs = list(Access.ALL)
    width = max(len(entity.__name__) for entity in bound.entities)
    lines = [f"{'entity':{width}}  " + "  ".join(f"{verb.name or '':6}" for verb in verbs) + "  by"]
    for entity in bound.entities:
        decisions = [bound.decide(holder, entity, verb) for verb in verbs]
        cells = "  ".join(f"{_rows(decision):6}" for decision in decisions)
        lines.append(f"{entity.__name__:{width}}  {cells}  {_by(decisions)}".rstrip())
    return lines


def _rows(decision: Decision) -> str:
    if decision.refused:
        return "-"
    return "all" if decision.condition is None else "some"


def _by(decisions: list[Decision]) -> str:
    if decisions[0].by == "superuser":
        return "superuser"
    words: dict[str, None] = {}  # in order, each once
    for decision in decisions:
        for permission in decision.permissions:
            words[f"permission {permission.role}"] = None
        for verdict in decision.giving:
            words[f"grant {verdict.bound.grant.role or 'everyone'}"] = None
    filters = sum(verdict.binds for verdict in decisions[0].filters)
    if filters:
        words[f"{filters} global filter{'s' if filters > 1 else ''}"] = None
    return ", ".join(words) or "nothing gives any"


def _document(every: Mapping[str, BoundPolicy], principal: Principal, holder: Holder) -> dict[str, Any]:
    claims = principal.claims()
    main, *further = ((name, _entities(bound, holder, claims)) for name, bound in every.items())
    document = {
        "id": principal.id,
        "roles": sorted(principal.roles),
        "effective_roles": sorted(holder.roles),
        "superuser": holder.superuser,
        "claims": {name: value for name, value in claims.items() if name != "id"},
        "entities": main[1],
    }
    return (
        document | {"databases": {name: {"entities": entities} for name, entities in further}} if further else document
    )


def _entities(bound: BoundPolicy, holder: Holder, claims: dict[str, object]) -> dict[str, Any]:
    return {
        entity.__name__: {verb.name: _verb_document(bound.decide(holder, entity, verb), claims) for verb in Access.ALL}
        for entity in bound.entities
    }


def _verb_document(decision: Decision, claims: dict[str, object]) -> dict[str, Any]:
    return {
        "rows": "none" if decision.refused else _rows(decision),
        "by": decision.by,
        "declarations": [line.as_dict() for line in lines_of(decision, claims)],
    }
