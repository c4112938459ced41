"""The query language against an oracle in memory, and against a twin of the database with other hidden rows."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import market
from tests.api.conftest import BOTH, Served, serve
from tests.api.oracle import RELATIONS, Oracle, identity

SEED = 0
EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True, repr=False)
class Markets:
    """Two servers whose databases differ in what is hidden from the clerk, and what the clerk sees of both."""

    one: Served
    other: Served
    seen: Oracle


@pytest.fixture(scope="module", params=BOTH)
def markets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Markets:
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    rows = market.rows(SEED)
    served = []
    for some in (rows, market.twin(rows, SEED + 1)):
        engine = copies(empty=True)
        market.Base.metadata.create_all(engine)
        with engine.begin() as connection:
            market.fill(connection, some)
        folder = tmp_path_factory.mktemp("market")
        served.append(serve(engine, market.policy, market.Base, market.people, folder, **market.SETTINGS))
    return Markets(*served, Oracle(market.seen_by_clerk(rows)))


# --- queries at random

COLUMNS = {
    "Area": {"id": (1, 4), "name": market.WORDS[:3], "within_id": (1, 2)},
    "Firm": {
        "id": (3, 17),
        "name": market.WORDS,
        "town": market.WORDS,
        "rating": (1, 3, 4, -5),
        "worth": tuple(market.Decimal(each) for each in ("1.005", "1.5", "0", "-20")),
        "share": (0.1, 0.25, 0.0),
        "since": (market.dt.date(2020, 2, 29), market.dt.date(2000, 1, 1)),
        "seen": (market.dt.datetime(2024, 5, 31, 16), market.dt.datetime(2024, 5, 31, 16, 0, 0, 1)),
        "opens": (market.dt.time(8), market.dt.time(12)),
        "token": (market.uuid.UUID(int=7),),
        "stamp": (b"\x00\x01",),
        "active": (True, False),
        "colour": tuple(market.Colour),
        "secret": (1, 2, 7),
    },
    "Deal": {
        "book": ("a", "c"),
        "number": (3, 30),
        "note": market.WORDS,
        "amount": (market.Decimal("2.5"), market.Decimal(0)),
    },
}
UNORDERED = {"active", "colour", "stamp"}


def spelled(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case list():
            return [spelled(each) for each in value]
        case bool() | None | int() | float() | str():
            return value
        case market.Colour():
            return value.name
        case bytes():
            return base64.b64encode(value).decode()
        case market.dt.date() | market.dt.time():
            return value.isoformat()
        case _:
            return str(value)


@st.composite
def leaves(draw: st.DrawFn, kind: str, depth: int) -> dict[str, Any]:
    """A condition on a column, at the end of a path of relationships."""
    path: list[str] = []
    while depth and draw(st.integers(0, 2)) == 0:
        name = draw(st.sampled_from(sorted(RELATIONS[kind])))
        path.append(name)
        kind, depth = RELATIONS[kind][name][0], depth - 1
    if path and draw(st.integers(0, 3)) == 0:
        inner = draw(st.lists(leaves(kind, 1), min_size=1, max_size=2))
        return {"name": ".".join(path), "op": "any", "val": inner}
    column = draw(st.sampled_from(sorted(COLUMNS[kind])))
    values = st.sampled_from(COLUMNS[kind][column])
    texts = COLUMNS[kind][column][0].__class__ is str and column != "book"
    ops = ["eq", "ne", "in", "notin", "is_null", *(() if column in UNORDERED else ("lt", "le", "gt", "ge", "between"))]
    op = draw(st.sampled_from([*ops, *(("ilike",) if texts else ())]))
    operand: Any
    if op == "is_null":
        operand = draw(st.booleans())
    elif op == "between":
        operand = [draw(values), draw(values)]
    elif op in ("in", "notin"):
        operand = draw(st.lists(values, max_size=2))
    elif op == "ilike":
        operand = draw(st.sampled_from(["%a%", "_a%", "ash", "FIR\\_x", "go\\%d", "h\\\\t", "%"]))
    else:
        operand = draw(values if op not in ("eq", "ne") else st.none() | values)
    return {"name": ".".join([*path, column]), "op": op, "val": operand}


def conditions(kind: str) -> st.SearchStrategy[Any]:
    """A condition of any form."""
    searches = st.builds(lambda words: {"search": " ".join(words)}, st.lists(st.sampled_from(["a", "IR_", "%", "e"])))
    return st.recursive(
        leaves(kind, 2) | searches,
        lambda inner: st.one_of(
            st.lists(inner, max_size=2),
            st.builds(lambda word, parts: {word: parts}, st.sampled_from(["and", "or"]), st.lists(inner, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=4,
    )


SORTS = {
    "Area": ["id", "name", "within_id", "within.name", "within.within.id"],
    "Firm": [*COLUMNS["Firm"], "area.name", "area.within.name", "area.within_id"],
    "Deal": ["book", "number", "note", "amount", "firm.rating", "firm.secret", "firm.area.within.name"],
}


def sorts(kind: str) -> st.SearchStrategy[list[str]]:
    """What to sort by, each thing once."""
    signed = st.builds(lambda sign, name: sign + name, st.sampled_from(["", "-"]), st.sampled_from(SORTS[kind]))
    return st.lists(signed, max_size=3, unique_by=lambda each: each.removeprefix("-"))


KINDS = st.sampled_from(["Area", "Firm", "Deal"])


def as_json(condition: Any) -> str:
    """A condition as the parameter has it."""
    if isinstance(condition, list):
        return "[" + ",".join(as_json(each) for each in condition) + "]"
    if "name" in condition:
        value = condition["val"]
        text = as_json(value) if condition["op"] == "any" else json.dumps(spelled(value))
        return f'{{"name":"{condition["name"]}","op":"{condition["op"]}","val":{text}}}'
    ((word, inner),) = condition.items()
    return f'{{"{word}":{json.dumps(inner) if word == "search" else as_json(inner)}}}'


def address(kind: str, condition: Any, sort: list[str], **more: str) -> str:
    """The address of a list."""
    return f"/api/{kind}?" + urlencode({"filter": as_json(condition), "sort": ",".join(sort), **more})


# --- against the oracle


@EXAMPLES
@given(data=st.data())
def test_a_list_is_what_the_oracle_says(markets: Markets, data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    condition, sort = data.draw(conditions(kind)), data.draw(sorts(kind))
    wanted = [identity(kind, row) for row in markets.seen.listed(kind, condition, sort)]
    document = markets.one.get("clerk", address(kind, condition, sort))
    assert [each["id"] for each in document["data"]] == wanted
    assert document["meta"]["total"] == len(wanted)


@EXAMPLES
@given(data=st.data())
def test_following_cursors_meets_every_row_once_and_in_order(markets: Markets, data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    sort, size = data.draw(sorts(kind)), data.draw(st.integers(3, 25))
    wanted = [identity(kind, row) for row in markets.seen.listed(kind, [], sort)]
    for start, link, stop in (("after", "next", "prev"), ("before", "prev", "next")):
        path: str | None = address(kind, [], sort, **{f"page[{start}]": "", "page[size]": str(size)})
        met: list[str] = []
        pages = 0
        while path:
            document = markets.one.get("clerk", path)
            ids = [each["id"] for each in document["data"]]
            assert (document["links"][stop] is None) == (not met), "there is a way back from all pages but the first"
            met = met + ids if start == "after" else ids + met
            pages += 1
            assert max(pages - 1, len(met)) <= len(wanted), "no page comes twice"
            assert document["meta"]["total"] == len(wanted)
            path = document["links"][link]
        assert met == wanted


@EXAMPLES
@given(data=st.data())
def test_each_included_list_is_cut_and_sorted_by_itself(markets: Markets, data: st.DataObject) -> None:
    kind, name = data.draw(st.sampled_from([("Area", "parts"), ("Area", "firms"), ("Firm", "deals")]))
    target = RELATIONS[kind][name][0]
    sort = data.draw(sorts(target))
    limit, offset = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 2))
    query = {"include": name, f"sort[{name}]": ",".join(sort), f"page[{name}][limit]": limit}
    path = f"/api/{kind}?" + urlencode({**query, f"page[{name}][offset]": offset})
    with markets.one.counting() as sent:
        document = markets.one.get("clerk", path)
    assert len(sent) <= 2, "one statement for the rows, one for all included lists"
    for row, resource in zip(markets.seen.listed(kind, [], []), document["data"], strict=True):
        related = markets.seen.sorted(target, markets.seen.related(kind, row, name), sort)
        linkage = resource["relationships"][name]["data"]
        assert [each["id"] for each in linkage] == [identity(target, each) for each in related][offset:][:limit]


# --- against the twin


@EXAMPLES
@given(data=st.data())
def test_what_is_hidden_changes_no_answer(markets: Markets, data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    condition, sort = data.draw(conditions(kind)), data.draw(sorts(kind))
    more = data.draw(
        st.sampled_from(
            [
                {},
                {"page[after]": "", "page[limit]": "4"},
                {"page[before]": "", "page[limit]": "4"},
                {"page[offset]": "2", "page[limit]": "3"},
            ]
        )
    )
    name = data.draw(st.sampled_from(sorted(RELATIONS[kind])))
    include = {"include": name}
    if name in ("parts", "firms", "deals"):
        nested = data.draw(sorts(RELATIONS[kind][name][0]))
        include |= {f"sort[{name}]": ",".join(nested), f"page[{name}][limit]": "2"}
    path: str | None = address(kind, condition, sort, **more, **include)
    for _ in range(3):
        if path is None:
            break
        one, other = (each.ask("clerk", "GET", path) for each in (markets.one, markets.other))
        assert one.status_code == 200, one.get_data(as_text=True)
        assert one.get_data() == other.get_data()
        path = one.get_json()["links"]["next"]


def test_the_twins_do_differ(markets: Markets) -> None:
    for kind in RELATIONS:
        one, other = (each.get("chief", f"/api/{kind}")["data"] for each in (markets.one, markets.other))
        assert one != other


@pytest.mark.parametrize(
    "query",
    [
        "filter[code]=5",
        "filter[code][gt]=0",
        "sort=code",
        "sort=area.firms.code",
        "fields[Firm]=code",
        "filter[area.firms.code]=5",
        "filter=" + quote('{"name":"area.firms","op":"any","val":{"name":"code","op":"gt","val":0}}'),
    ],
)
def test_a_hidden_column_is_told_as_one_that_is_not_there(markets: Markets, query: str) -> None:
    def told(query: str) -> str:
        (error,) = markets.one.fault(400, "clerk", "GET", f"/api/Firm?{query}")
        del error["id"]
        return json.dumps(error)

    assert told(query) == told(query.replace("code", "cade")).replace("cade", "code")


def test_a_cursor_holds_nothing_that_is_hidden(markets: Markets) -> None:
    """Sorted through a relationship to hidden rows, and by a column that is hidden in some rows."""
    seen = {identity("Deal", row): row for row in markets.seen.rows["Deal"]}
    firms = {row["id"]: row for row in markets.seen.rows["Firm"]}
    path: str | None = "/api/Deal?sort=firm.secret,firm.name&page[after]=&page[limit]=1"
    met = pages = 0
    while path:
        document = markets.one.get("clerk", path)
        path = document["links"]["next"]
        if path:
            cursor = path.split("page%5Bafter%5D=")[1].split("&")[0]
            _, secret, name, *_key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            firm = firms.get(seen[document["data"][0]["id"]]["firm_id"])
            assert (secret, name) == (
                (None, None)
                if firm is None
                else (None if firm["secret"] is None else str(firm["secret"]), firm["name"])
            )
            met += firm is None
        pages += 1
        assert pages <= len(seen)
    assert met > 3
