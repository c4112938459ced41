"""Pages: which rows of a list are sent, and the links to the others.

A client counts rows (``page[offset]``, ``page[limit]``) or pages (``page[number]``, ``page[size]``), or goes on from a
row (``page[after]``, ``page[before]``): see `rowgate.api.cursor`. An empty cursor is the list's beginning, or its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from rowgate.api.names import did_you_mean
from rowgate.errors import BadParameter
from rowgate.settings import Settings

__all__ = ["Page", "page_links", "read_page"]

MOST_OFFSET: Final = 2**31 - 1
_CURSORS: Final = ("after", "before")
_KEYS: Final = ("offset", "limit", "number", "size", *_CURSORS, "total")
# What the links of a page replace.
_REPLACED: Final = frozenset(f"page[{name}]" for name in _KEYS if name != "total")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A run of rows.

    Args:
        offset: rows left out before the first.
        limit: the most rows sent.
        numbered: whether the client counts pages (``page[number]``, ``page[size]``) and not rows.
        total: whether all rows are counted.
        after: the cursor that the page begins behind; empty for the beginning. None where the client counts.
        before: the cursor that the page ends before; empty for the end. At most one of the two is given.
    """

    offset: int
    limit: int
    numbered: bool
    total: bool
    after: str | None = None
    before: str | None = None


def read_page(
    members: Mapping[str, str], settings: Settings, *, of: str = "page", keys: Collection[str] = _KEYS
) -> Page:
    """Read the ``page`` parameters.

    Args:
        members: the text of each, by its name between the brackets.
        settings: the default and the largest page.
        of: what stands before the last brackets, for errors.
        keys: the names there are.

    Raises:
        BadParameter: one is unknown, no number, too large, or does not go with another.
    """
    for name in members:
        if name not in keys:
            raise BadParameter(f"There is no {of}[{name}].", parameter=f"{of}[{name}]", hint=did_you_mean(name, keys))
    total = _switch(members.get("total", "true"))
    counted = "number" in members or "size" in members
    _refuse_mixed(members, ("limit", "offset"), ("number", "size"), of)
    _refuse_mixed(members, ("offset", "number"), _CURSORS, of)
    _refuse_mixed(members, ("after",), ("before",), of)
    after, before = members.get("after"), members.get("before")
    if counted:
        size = _number(members, "size", of, default=settings.page_size, low=1, high=settings.page_size_max)
        number = _number(members, "number", of, default=1, low=1, high=MOST_OFFSET // size)
        return Page(offset=(number - 1) * size, limit=size, numbered=True, total=total, after=after, before=before)
    limit = _number(members, "limit", of, default=settings.page_size, low=0, high=settings.page_size_max)
    offset = _number(members, "offset", of, default=0, low=0, high=MOST_OFFSET)
    return Page(offset=offset, limit=limit, numbered=False, total=total, after=after, before=before)


def page_links(
    path: str,
    parameters: Mapping[str, str],
    page: Page,
    *,
    total: int | None,
    more: bool,
    ends: tuple[str, str] | None = None,
) -> dict[str, str | None]:
    """The links of a list: self, first, prev, next, last; null for a page that there is not.

    Args:
        path: of the list.
        parameters: the request's, unescaped; those of the page are replaced.
        page: which was sent.
        total: rows in all; None where they were not counted, and then there is no ``last`` that counts rows.
        more: whether rows follow those sent, in the direction that they were read in.
        ends: the cursors of the first and the last row sent; None where none was sent, or the client counts.
    """
    kept = [(name, value) for name, value in parameters.items() if name not in _REPLACED]
    size = ("page[size]" if page.numbered else "page[limit]", str(page.limit))

    def link(name: str, value: str) -> str:
        return path + "?" + "&".join(f"{_escaped(key)}={_escaped(of)}" for key, of in (*kept, (name, value), size))

    if page.limit == 0:
        return {"self": path}
    if page.after is not None or page.before is not None:
        return {
            name: link(*place) if place else None for name, place in _cursor_places(page, more=more, ends=ends).items()
        }

    def counted(offset: int) -> str:
        if page.numbered:
            return link("page[number]", str(offset // page.limit + 1))
        return link("page[offset]", str(offset))

    links: dict[str, str | None] = {"self": counted(page.offset), "first": counted(0)}
    links["prev"] = counted(max(0, page.offset - page.limit)) if page.offset else None
    links["next"] = counted(page.offset + page.limit) if more else None
    if total is not None:
        # Pages are counted from the one that was sent, so that following next arrives at last.
        behind = max(0, total - 1 - page.offset)
        start = page.offset + behind // page.limit * page.limit if total > page.offset else _last_start(total, page)
        links["last"] = counted(start)
    return links


def _cursor_places(page: Page, *, more: bool, ends: tuple[str, str] | None) -> dict[str, tuple[str, str] | None]:
    """The parameter that each link has for its place. Behind a page without rows is what is before its cursor."""
    first, last = ends or ("", "")
    if page.after is not None:
        here = ("page[after]", page.after)
        prev = ("page[before]", first) if page.after else None
        following = ("page[after]", last) if more else None
    else:
        here = ("page[before]", page.before or "")
        prev = ("page[before]", first) if more else None
        following = ("page[after]", last) if page.before else None
    return {
        "self": here,
        "first": ("page[after]", ""),
        "prev": prev,
        "next": following,
        "last": ("page[before]", ""),
    }


def _last_start(total: int, page: Page) -> int:
    return max(0, total - 1) // page.limit * page.limit


def _refuse_mixed(members: Mapping[str, str], some: Iterable[str], others: Iterable[str], of: str) -> None:
    given = [name for name in some if name in members], [name for name in others if name in members]
    if all(given):
        one, other = given[0][0], given[1][0]
        raise BadParameter(f"{of}[{other}] does not go with {of}[{one}].", parameter=f"{of}[{other}]")


def _number(members: Mapping[str, str], name: str, of: str, *, default: int, low: int, high: int) -> int:
    text = members.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or not low <= int(text) <= high:
        raise BadParameter(f"{of}[{name}] is a number from {low} to {high}.", parameter=f"{of}[{name}]")
    return int(text)


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise BadParameter("page[total] is true or false.", parameter="page[total]")
    return text == "true"


def _escaped(text: str) -> str:
    return quote(text, safe="")
