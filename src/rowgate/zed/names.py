"""The form of names: what a definition, a relation, a caveat and an object's id may be called.

Source: the patterns of SpiceDB's core protocol, https://buf.build/authzed/api/docs/main:authzed.api.v1.
"""

from __future__ import annotations

import re

from rowgate.zed.model import Position
from rowgate.zed.source import Source

__all__ = ["CAVEAT_NAME", "MEMBER_NAME", "OBJECT_ID", "TYPE_NAME", "check_form"]

MEMBER_NAME = re.compile(r"[a-z][a-z0-9_]{1,62}[a-z0-9]")
TYPE_NAME = re.compile(r"([a-z][a-z0-9_]{1,62}[a-z0-9]/)*[a-z][a-z0-9_]{1,62}[a-z0-9]")
CAVEAT_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9/_|-]{0,127}")
OBJECT_ID = re.compile(r"[a-zA-Z0-9/_|\-=+]{1,1024}")

_FORMS = {
    MEMBER_NAME: "3 to 64 lower-case letters, digits and underscores; a letter first, no underscore last.",
    TYPE_NAME: "3 to 64 lower-case letters, digits and underscores; a letter first, no underscore last.",
    CAVEAT_NAME: "Letters, digits and underscores, 128 at most.",
}


def check_form(source: Source, name: str, position: Position, form: re.Pattern[str], what: str) -> None:
    """Refuse a name that has not the form of its kind.

    Args:
        source: where the name stands.
        name: the name.
        position: its place.
        form: one of the patterns of this module.
        what: what it is to name, "a relation".

    Raises:
        SchemaError: it cannot be such a name.
    """
    if not form.fullmatch(name):
        detail = f"`{name}` cannot be the name of {what}."
        raise source.error(position, detail, hint=_FORMS[form], width=len(name))
