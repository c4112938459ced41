"""Names: from what the database calls things to Python identifiers that nothing else wants.

A name that is a good identifier stays as it is. Every other one is mapped by fixed rules, and of two that would be the
same the later one (in a fixed order) gets a number, so the same database always gives the same names.
"""

from __future__ import annotations

import builtins
import re
import unicodedata
from collections.abc import Collection, Iterable
from keyword import iskeyword, issoftkeyword
from typing import Final

from sqlalchemy.orm import DeclarativeBase

__all__ = ["attribute_name", "class_name", "free_name", "identifier", "role_of", "words_of"]

# What the body of a generated class names, so that an attribute of the same name would hide it there.
_IN_BODIES: Final = frozenset(
    "Any Decimal Literal Mapped UUID dt int str float bool bytes set list mapped_column relationship sa conv "
    "mysql postgresql sqlite mssql oracle DATETIME_SECONDS TIME_SECONDS DATETIME_T_SECONDS DATETIME_T".split()
)
# JSON:API and rowgate keep these; `id` is free for a primary key of one column.
_API: Final = frozenset({"type", "S_CheckSum"})
_ORM: Final = frozenset({"metadata", "registry"} | {name for name in dir(DeclarativeBase) if not name.startswith("_")})
# The names of modules, constants and classes at the top of a generated module.
_IN_MODULES: Final = (
    frozenset(
        "Base NAMES TYPE_CHECKING m DATETIME_SECONDS TIME_SECONDS DATETIME_T_SECONDS DATETIME_T "
        "DeclarativeBase MetaData conv mysql postgresql sqlite mssql oracle".split()
    )
    | _IN_BODIES
)


def identifier(name: str) -> str:
    """The identifier nearest to a name; the name itself where it is one."""
    # Python reads identifiers in this normal form; another spelling of it would be another attribute's key.
    made = unicodedata.normalize("NFKC", name)
    made = re.sub(r"\W+", "_", made).strip("_") if not made.isidentifier() else made
    if made and not made[0].isidentifier() and f"n{made}".isidentifier():
        made = f"n{made}"
    if not made.isidentifier():
        made = "".join(each if f"_{each}".isidentifier() else "_" for each in made).strip("_")
        made = made if made.isidentifier() else f"n{made}" if made else "unnamed"
    # Two underscores before a name make Python rewrite it inside of a class, or keep it for itself.
    made = re.sub(r"^__+", "_", made)
    return f"{made}_" if iskeyword(made) else made


def attribute_name(column: str, *, only_key: bool, imported: Collection[str] = ()) -> str:
    """The attribute that a column becomes, before others of its class are looked at.

    Args:
        column: the column's name.
        only_key: whether it is the whole primary key.
        imported: what else the class's body must be able to name.
    """
    made = identifier(column)
    taken = made in _IN_BODIES or made in _API or made in _ORM or made in imported or (made == "id" and not only_key)
    return f"{made}_" if taken else made


def class_name(table: str) -> str:
    """The class that a table becomes: its name; ``order_items`` is written ``OrderItems``."""
    made = identifier(table)
    if "_" in made.strip("_") or not made[:1].isupper():
        made = "".join(part[:1].upper() + part[1:] for part in made.split("_") if part) or made
    taken = made in _IN_MODULES or iskeyword(made) or issoftkeyword(made) or hasattr(builtins, made)
    return f"{made}_" if taken else made


def free_name(wanted: Iterable[str], taken: Collection[str]) -> str:
    """The first of the names that is free; where none is, the last one with a number."""
    last = ""
    for last in wanted:
        if last not in taken:
            return last
    number = 2
    while f"{last}{number}" in taken:
        number += 1
    return f"{last}{number}"


def words_of(name: str) -> list[str]:
    """A name in its words, each with a capital: ``billing_address_id`` and ``BillingAddressId`` alike."""
    parts = [part for part in re.split(r"[\W_]+", identifier(name)) if part]
    words = [
        word for part in parts for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z\W\d_]+|\d+|\W+", part) or [part]
    ]
    return [word[:1].upper() + word[1:] for word in words]


def role_of(columns: Collection[str], parent: str, key: Collection[str]) -> str:
    """What a foreign key's columns call the parent's part: ``WorksForDepartmentId`` to Department: ``WorksFor``.

    Args:
        columns: the foreign key's.
        parent: the parent's class.
        key: the columns that they refer to.

    Returns:
        Words joined; empty where the columns say no more than the parent's name.
    """
    role: list[str] = []
    parents = [words_of(parent), words_of(parent.removesuffix("s")), words_of(parent.removesuffix("es"))]
    keys = [words_of(each) for each in key] + [["Id"], ["Key"], ["No"], ["Code"], ["Nr"], ["Fk"]]
    for column in columns:
        words = words_of(column)
        for tail in keys:
            if len(words) > len(tail) and _ends(words, tail):
                words = words[: -len(tail)]
                break
        for tail in parents:
            if tail and _ends(words, tail):
                words = words[: -len(tail)]
                break
        for word in words:
            if word not in role:
                role.append(word)
    return "".join(role)


def _ends(words: list[str], tail: list[str]) -> bool:
    return [word.casefold() for word in words[-len(tail) :]] == [word.casefold() for word in tail]
