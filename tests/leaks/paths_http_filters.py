"""Paths of probing over HTTP: a hidden row's values guessed by filters and sorts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

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


@path(F, kind="http", finds=False)
def http_search(ask: Asking) -> Iterator[Any]:
    for text in (ask.names[0], ask.names[0][:-2], " ".join(ask.names[:3])):
        for parameters in ({"filter[search]": text}, {"filter": json.dumps({"or": [{"search": text}]})}):
            reply = read(ask, rows_address(ask), parameters)
            yield Exactly((reply.status, reply.data, reply.total), (200, [], 0))


@path(F, kind="http", finds=False)
def http_any_related_row(ask: Asking) -> Iterator[Any]:
    """A hidden row is no related row, whatever is asked of it."""
    for link in ask.links():
        where = f"/api/{link.owner.__name__}"
        for inner in (
            [{"name": ask.name.key, "op": "in", "val": ask.names[:90]}],
            {"search": ask.names[0]},
            {"and": [{"name": "Id", "op": "in", "val": ask.hidden[:90]}]},
        ):
            condition = {"name": link.to_one, "op": "any", "val": inner}
            reply = read(ask, where, {"filter": json.dumps(condition)})
            yield Exactly((reply.status, reply.total, reply.data), (200, 0, []))


@path(F, kind="http", finds=False)
def http_cursors(ask: Asking) -> Iterator[Any]:
    """Cursors hold values, behind base64: none is a hidden row's."""
    addresses = [(rows_address(ask), ask.name.key)]
    addresses += [(f"/api/{link.owner.__name__}", f"{link.to_one}.{ask.name.key}") for link in ask.links()]
    for where, sort in addresses:
        for place in ("page[after]", "page[before]"):
            reply = read(ask, where, {"sort": sort, place: "", "page[limit]": 7})
            yield Exactly(reply.status, 200)
            yield reply.text
            for link in reply.body["links"].values():
                for held in parse_qs(urlsplit(link or "").query).values():
                    yield _decoded(held[0])


def _decoded(cursor: str) -> str:
    """What a cursor holds; nothing of a text that is none."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return ""


@path(F, kind="http", finds=False)
def http_sorted_includes(ask: Asking) -> Iterator[Any]:
    """Included lists that are sorted through a relationship to hidden rows, and cut."""
    for link in ask.lists():
        parameters = {
            "include": link.to_many,
            f"sort[{link.to_many}]": f"-{ask.name.key}",
            f"page[{link.to_many}][limit]": 3,
        }
        reply = read(ask, f"/api/{link.target.__name__}", parameters)
        if reply.status == 200:
            yield reply.text
