"""Paths of probing over HTTP: a hidden row's values guessed by filters and sorts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from database import models as m
from tests.leaks.matrix import Asking, Exactly, Row, path
from tests.leaks.paths_http import read, rows_address

F = Row.FILTER


@path(F, kind="http", finds=False)
def http_filter_own(ask: Asking) -> Iterator[Any]:
    for parameters in (
        {f"filter[{ask.name.key}]": ",".join(ask.names[:50])},
        {"filter[Id]": ",".join(str(key) for key in ask.hidden)},
        {f"filter[{ask.name.key}][like]": f"ZQ~{ask.entity.__name__}~{ask.hidden[0]}~%"},
        {"filter": json.dumps([{"name": "Id", "op": "in", "val": ask.hidden}])},
        {"filter": json.dumps([{"not": {"name": "Id", "op": "in", "val": ask.visible or [ask.missing]}}])},
        {"filter": json.dumps([{"or": [{"name": "Id", "op": "eq", "val": key} for key in ask.hidden[:50]]}])},
    ):
        reply = read(ask, rows_address(ask), parameters)
        yield Exactly((reply.status, reply.data, reply.total), (200, [], 0))
        yield json.dumps(reply.data)


@path(F, kind="http", finds=False)
def http_filter_through_relation(ask: Asking) -> Iterator[Any]:
    """A value of a hidden row finds no more than a value that no row has."""
    for link in ask.links():
        where, name = f"/api/{link.owner.__name__}", f"{link.to_one}.{ask.name.key}"
        for operator, value, nonsense in (
            ("eq", ask.names[0], "nobody"),
            ("in", ask.names[:90], ["nobody"]),
            ("like", ask.names[0][:-2] + "%", "nobody%"),
            ("ilike", "%" + ask.names[0][3:], "%nobody"),
        ):
            replies = [
                read(ask, where, {"filter": json.dumps([{"name": name, "op": operator, "val": each}])})
                for each in (value, nonsense)
            ]
            yield Exactly(*[(reply.status, reply.total, len(reply.data)) for reply in replies])
            if operator == "eq":
                negated = [
                    read(ask, where, {"filter": json.dumps([{"not": {"name": name, "op": operator, "val": each}}])})
                    for each in (value, nonsense)
                ]
                yield Exactly(*[(reply.status, reply.total) for reply in negated])
        by_key = read(ask, where, {f"filter[{link.to_one}.Id]": ",".join(str(key) for key in ask.hidden)})
        yield Exactly((by_key.status, by_key.total), (200, 0))


@path(F, kind="http", finds=False)
def http_filter_by_absence(ask: Asking) -> Iterator[Any]:
    """Comparisons that hold for many rows count the visible ones."""
    for link in ask.links():
        name = f"{link.to_one}.{ask.name.key}"
        there = ask.one(
            f"SELECT count(*) FROM {{{link.owner.__name__}}} o "
            f'JOIN {{{ask.entity.__name__}}} t ON o."{link.column}" = t."Id"'
        )
        for condition in (
            {"name": name, "op": "is_null", "val": False},
            {"name": name, "op": "ne", "val": "nobody"},
            {"name": name, "op": "ge", "val": ""},
            {"name": name, "op": "notin", "val": ["nobody"]},
        ):
            reply = read(ask, f"/api/{link.owner.__name__}", {"filter": json.dumps([condition]), "page[limit]": 1})
            yield Exactly((condition["op"], reply.status, reply.total), (condition["op"], 200, there))


@path(F, kind="http", entities=(m.Product, m.Department, m.Employee), finds=False)
def http_filter_through_lists(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        name = f"{link.to_many}.{ask.name.key}"
        where = f"/api/{link.target.__name__}"
        for operator, value in (("eq", ask.names[0]), ("in", ask.names[:90]), ("like", ask.names[0])):
            reply = read(ask, where, {"filter": json.dumps([{"name": name, "op": operator, "val": value}])})
            yield Exactly((reply.status, reply.total, reply.data), (200, 0, []))


@path(F, kind="http", finds=False)
def http_sort_through_relation(ask: Asking) -> Iterator[Any]:
    """Refused, or blind to hidden rows: then those that refer to hidden rows keep the order of the next key."""
    for link in ask.links():
        parameters = {"sort": f"{link.to_one}.{ask.name.key},-Id", f"filter[{link.column}]": str(ask.hidden[0])}
        reply = read(ask, f"/api/{link.owner.__name__}", parameters)
        ids = [row["id"] for row in reply.data]
        if reply.status != 400:
            yield Exactly(
                ids, [row["id"] for row in sorted(reply.data, key=lambda row: row["attributes"]["Id"], reverse=True)]
            )
