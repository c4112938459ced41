"""SQL as it was sent, with the values in the place of their placeholders: to be read, never to be run.

The text is split into tokens first, so that a ``?`` or a bracket inside a string is left alone. Then placeholders
become literals, runs of blanks become one blank, and long lists and values are cut, with a count of what was left out.
Placeholders follow PEP 249's paramstyles (https://peps.python.org/pep-0249/#paramstyle) and asyncpg's ``$1``.

A server sends the same few statements all day, so what was found out about one's text is kept; only values are new.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import groupby
from typing import Final, Literal, TypeAlias
from uuid import UUID

from rowgate.audit.plain import clean, shortened
from rowgate.enforce import SentStatement

__all__ = ["MOST_ITEMS", "literal", "sql_text"]

MOST_ITEMS: Final = 20
"""How many elements of a list are shown, ``IN (...)`` say."""

MOST_CHARACTERS: Final = 200
"""How much of one value is shown."""

MOST_BYTES: Final = 32
"""How many bytes of one binary value are shown."""

MOST_SQL: Final = {"brief": 10_000, "full": 100_000}
"""How many characters of one statement are shown."""

_BRIEF_COLUMNS = 60

Kind: TypeAlias = Literal["text", "value", "word", "mark", "blank"]

# Both name the parameter in their first group that matched.
_PLACEHOLDERS: Mapping[str, str] = {
    "qmark": r"\?",
    "format": r"%s",
    "pyformat": r"%\((?P<name>[^)]*)\)s|%s",
    "named": r"(?<!:):(?P<name>[A-Za-z_]\w*)",
    "numeric": r"(?<!:):(?P<number>\d+)",
    "numeric_dollar": r"\$(?P<number>\d+)",
}


MOST_KEPT: Final = 10_000
"""Characters of the longest statement whose tokens are kept."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of SQL; of a value, the text is its placeholder and the key says which parameter it is."""

    kind: Kind
    text: str
    key: str | int = ""


def sql_text(sent: SentStatement, *, brief: bool = False) -> str:
    """A statement on one line, its values filled in.

    Args:
        sent: the statement as the driver got it.
        brief: write the column list of a long SELECT as ``...``; one that holds a subquery is always written out.

    Returns:
        At most 10,000 characters when brief, else 100,000, with a note when it was cut.
    """
    tokens_of = _shown if len(sent.sql) <= MOST_KEPT else _shown.__wrapped__
    tokens = tokens_of(sent.sql, sent.paramstyle, brief)
    text = "".join(
        [_value(sent.parameters, each.key, each.text) if each.kind == "value" else each.text for each in tokens]
    )
    return shortened(clean(text), MOST_SQL["brief" if brief else "full"])


def literal(value: object) -> str:
    """A value as a SQL literal, cut where it is long.

    Args:
        value: as the driver got it. A type that SQL has no literal for is shown by its ``repr``, in quotes.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(int(value))
        case float() | Decimal():
            return str(value) if math.isfinite(value) else _quoted(str(value))
        case str():
            return _quoted(value)
        case dt.datetime() | dt.date() | dt.time():
            return _quoted(value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat())
        case dt.timedelta() | UUID():
            return _quoted(str(value))
        case bytes() | bytearray() | memoryview():
            return _hexadecimal(bytes(value))
        case list() | tuple() | set() | frozenset():
            shown = [literal(item) for item, _ in zip(value, range(MOST_ITEMS), strict=False)]
            return f"ARRAY[{', '.join(shown + _more(len(value)))}]"
        case _:
            return _quoted(repr(value))


def _quoted(text: str) -> str:
    kept, left_out = text[:MOST_CHARACTERS], len(text) - MOST_CHARACTERS
    note = f"...({left_out:,} more characters)" if left_out > 0 else ""
    return "'" + clean(kept).replace("'", "''") + "'" + note


def _hexadecimal(data: bytes) -> str:
    left_out = len(data) - MOST_BYTES
    return f"X'{data[:MOST_BYTES].hex()}'" + (f"...({left_out:,} more bytes)" if left_out > 0 else "")


def _more(count: int) -> list[str]:
    return [f"... {count - MOST_ITEMS:,} more"] if count > MOST_ITEMS else []


# --- tokens -----------------------------------------------------------------------------------------------------


@cache
def _pattern(paramstyle: str) -> re.Pattern[str]:
    placeholder = _PLACEHOLDERS[paramstyle]
    return re.compile(
        rf"""(?P<blank>\s+)
        |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/|%%|::)
        |(?P<value>{placeholder})
        |(?P<mark>[(),])
        |(?P<word>\w+)
        |(?P<other>.)""",
        re.VERBOSE | re.DOTALL,
    )


@lru_cache(maxsize=256)
def _shown(sql: str, paramstyle: str, brief: bool) -> tuple[_Token, ...]:
    """The tokens to show: long lists are cut, and what stands between two values is one token."""
    tokens = _strip(_tokens(sql, paramstyle))
    if brief:
        tokens = _without_columns(tokens)
    shown: list[_Token] = []
    for is_value, run in groupby(_cut_lists(tokens), key=lambda token: token.kind == "value"):
        found = list(run)
        shown += found if is_value else [_Token("text", "".join([token.text for token in found]))]
    return tuple(shown)


def _tokens(sql: str, paramstyle: str) -> Iterator[_Token]:
    escaped = paramstyle in ("format", "pyformat")  # there the driver turns %% into %
    position = 0
    for match in _pattern(paramstyle).finditer(sql):
        text = match.group()
        groups = match.groupdict()
        if groups["value"] is not None:
            if groups.get("name") is not None:
                key: str | int = groups["name"]
            elif groups.get("number") is not None:
                key = int(groups["number"]) - 1
            else:
                key, position = position, position + 1
            yield _Token("value", text, key)
            continue
        if escaped:
            text = text.replace("%%", "%")
        if groups["blank"] is not None:
            yield _Token("blank", " ")
        elif groups["mark"] is not None:
            yield _Token("mark", text)
        else:
            yield _Token("word" if groups["word"] is not None else "text", text)


def _value(parameters: Sequence[object] | Mapping[str, object], key: str | int, placeholder: str) -> str:
    """The literal of a parameter; a placeholder that has none stays as it is."""
    if isinstance(parameters, Mapping):
        return literal(parameters[key]) if isinstance(key, str) and key in parameters else placeholder
    if isinstance(key, int) and key < len(parameters):
        return literal(parameters[key])
    return placeholder


def _strip(tokens: Iterator[_Token]) -> list[_Token]:
    kept = list(tokens)
    while kept and kept[-1].kind == "blank":
        kept.pop()
    while kept and kept[0].kind == "blank":
        kept.pop(0)
    return kept


# --- cutting ----------------------------------------------------------------------------------------------------


def _without_columns(tokens: list[_Token]) -> list[_Token]:
    kept: list[_Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        kept.append(token)
        index += 1
        if not _is_word(token, "SELECT"):
            continue
        end = _end_of_columns(tokens, index)
        if end is not None and sum(len(column.text) for column in tokens[index:end]) > _BRIEF_COLUMNS:
            kept += [_Token("blank", " "), _Token("text", "..."), _Token("blank", " ")]
            index = end
    return kept


def _end_of_columns(tokens: list[_Token], start: int) -> int | None:
    """Where the FROM of a column list is; None where there is none, or the list holds a subquery."""
    depth = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        if _is_word(token, "SELECT"):
            return None
        if token.kind == "mark":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth < 0:
                return None
        elif depth == 0 and _is_word(token, "FROM"):
            return index
    return None


def _cut_lists(tokens: list[_Token]) -> Iterator[_Token]:
    """Cut lists of values in brackets, of single values or of tuples, to their first elements."""
    index = 0
    while index < len(tokens):
        yield tokens[index]
        if tokens[index].kind == "mark" and tokens[index].text == "(":
            starts, end = _elements(tokens, index + 1)
            if len(starts) > MOST_ITEMS:
                yield from tokens[index + 1 : starts[MOST_ITEMS]]
                yield _Token("text", _more(len(starts))[0])
                index = end - 1
        index += 1


def _elements(tokens: list[_Token], start: int) -> tuple[list[int], int]:
    """Where each element of a list begins, and where its bracket closes; no elements where not all hold values."""
    starts, depth, has_value = [start], 0, False
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.kind == "value":
            has_value = True
        elif _is_word(token, "SELECT") or _is_word(token, "AND") or _is_word(token, "OR"):
            break  # no list of values; the elements of a condition are never left out
        elif token.kind == "mark":
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
                if depth < 0:
                    return (starts if has_value else []), index
            elif depth == 0:
                if not has_value:
                    break
                starts.append(index + 2 if index + 1 < len(tokens) and tokens[index + 1].kind == "blank" else index + 1)
                has_value = False
    return [], start


def _is_word(token: _Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word
