"""Pages: which rows of a list are sent, and the links to the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from rowgate.api.names import did_you_mean
from rowgate.errors import BadParameter
from rowgate.settings import Settings

__all__ = ["Page", "page_links", "read_page"]

MOST_OFFSET = 2**31 - 1
_KEYS = ("offset", "limit", "number", "size", "total")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A run of rows.

    Args:
        offset: rows left out before the first.
        limit: the most rows sent.
        numbered: whether the client counts pages (``page[number]``) and not rows.
        total: whether all rows are counted.
    """

    offset: int
    limit: int
    numbered: bool
    total: bool


def read_page(members: Mapping[str, str], settings: Settings) -> Page:
    """Read the ``page`` parameters.

    Args:
        members: the text of each, by its name between the brackets.
        settings: the default and the largest page.

    Raises:
        BadParameter: one is unknown, no number, too large, or does not go with another.
    """
    for name in members:
        if name not in _KEYS:
            raise BadParameter(f"There is no page[{name}].", parameter=f"page[{name}]", hint=did_you_mean(name, _KEYS))
    numbered = "number" in members or "size" in members
    if numbered and ("offset" in members or "limit" in members):
        raise BadParameter(
            "page[number] and page[size] do not go with page[offset] and page[limit].", parameter="page[number]"
        )
    total = _switch(members.get("total", "true"))
    if numbered:
        size = _number(members, "size", default=settings.page_size, low=1, high=settings.page_size_max)
        number = _number(members, "number", default=1, low=1, high=MOST_OFFSET // size)
        return Page(offset=(number - 1) * size, limit=size, numbered=True, total=total)
    limit = _number(members, "limit", default=settings.page_size, low=0, high=settings.page_size_max)
    offset = _number(members, "offset", default=0, low=0, high=MOST_OFFSET)
    return Page(offset=offset, limit=limit, numbered=False, total=total)


def page_links(
    path: str, parameters: Mapping[str, str], page: Page, *, total: int | None, more: bool
) -> dict[str, str | None]:
    """The links of a list: self, first, prev, next, last; null for a page that there is not.

    Args:
        path: of the list.
        parameters: the request's, unescaped; those of the page are replaced.
        page: which was sent.
        total: rows in all; None where they were not counted, and then there is no ``last``.
        more: whether rows follow those sent.
    """
    kept = [
        (name, value) for name, value in parameters.items() if not name.startswith("page[") or name == "page[total]"
    ]

    def link(offset: int) -> str:
        number = ("page[number]", str(offset // page.limit + 1)) if page.numbered else ("page[offset]", str(offset))
        size = ("page[size]" if page.numbered else "page[limit]", str(page.limit))
        return path + "?" + "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in (*kept, number, size))

    links: dict[str, str | None] = {"self": link(page.offset) if page.limit else path}
    if page.limit == 0:
        return links
    links["first"] = link(0)
    links["prev"] = link(max(0, page.offset - page.limit)) if page.offset else None
    links["next"] = link(page.offset + page.limit) if more else None
    if total is not None:
        # Pages are counted from the one that was sent, so that following next arrives at last.
        behind = max(0, total - 1 - page.offset)
        start = page.offset + behind // page.limit * page.limit if total > page.offset else _last_start(total, page)
        links["last"] = link(start)
    return links


def _last_start(total: int, page: Page) -> int:
    return max(0, total - 1) // page.limit * page.limit


def _number(members: Mapping[str, str], name: str, *, default: int, low: int, high: int) -> int:
    text = members.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or not low <= int(text) <= high:
        raise BadParameter(f"page[{name}] is a number from {low} to {high}.", parameter=f"page[{name}]")
    return int(text)


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise BadParameter("page[total] is true or false.", parameter="page[total]")
    return text == "true"


def _escaped(text: str) -> str:
    return quote(text, safe="")
