"""The values a setting takes: parsers from text, and the way back to text that may be shown.

A parser raises ValueError where the text is not allowed; the caller tells the name and what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

__all__ = [
    "Secret",
    "choice",
    "integer",
    "origins",
    "path",
    "secret",
    "shown_as",
    "switch",
    "text_of",
    "url",
    "word",
    "words",
]


@dataclass(frozen=True)
class Secret:
    """Text that must not reach a log: its ``repr`` and ``str`` hide it, ``value`` shows it."""

    value: str = field(repr=False)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # int() alone takes "1_000", " 7 " and the digits of every script.
        if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return parse


def choice(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError
        return text

    return parse


def switch(text: str) -> bool:
    return {"on": True, "off": False}[choice("on", "off")(text)]


def word(text: str) -> str:
    if not text or not text.isprintable() or " " in text:
        raise ValueError
    return text


def path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError
    return Path(text).expanduser()


def url(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        raise ValueError from error


def secret(text: str) -> Secret | None:
    return Secret(text) if text else None


def origins(text: str) -> tuple[str, ...]:
    found = tuple(part for part in text.replace(",", " ").split() if part)
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or "*" in origin:
            raise ValueError
        # A browser sends the origin alone and in lower case; anything longer would never match.
        if f"{parts.scheme}://{parts.netloc}" != origin or origin != origin.lower() or "@" in origin:
            raise ValueError
    return found


def words(text: str) -> tuple[str, ...]:
    found = tuple(part for part in text.replace(",", " ").split() if part)
    if not all(part.isprintable() for part in found) or ("*" in found and len(found) > 1):
        raise ValueError
    return found


def shown_as(value: object) -> str:
    """A value as ``config/default.env`` would spell it, passwords left out."""
    match value:
        case True | False:
            return "on" if value else "off"
        case URL():
            # A driver may take the password from the query part too.
            return value.set(query={}).render_as_string(hide_password=True)
        case tuple():
            return ",".join(map(str, value)) or "none"
        case None:
            return "none"
        case _:
            return str(value)


def text_of(value: object) -> str:
    """An override as text, so that it meets the same parser as the environment's."""
    match value:
        case Secret():
            return value.value
        case URL():
            return value.render_as_string(hide_password=False)
        case bool():
            return "on" if value else "off"
        case tuple() | list():
            return ",".join(map(str, value))
        case _:
            return str(value)
