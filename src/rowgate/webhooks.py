"""A webhook as a declaration: which changes of which rows are sent to whom. Inert; ``rowgate.outbox`` does the work."""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute

from rowgate.errors import DeclarationError
from rowgate.mapped import mapper_of
from rowgate.types import Access

__all__ = ["Webhook"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_WRITES: Final = Access.INSERT | Access.UPDATE | Access.DELETE
_SENDABLE: Final = (bool, int, float, str, Decimal, dt.date, dt.time, dt.timedelta, uuid.UUID, enum.Enum, dict, list)


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Changes of an entity's rows, sent to a URL after they were committed.

    Whoever declares a webhook decides what leaves the house: the receiver gets these fields of every row that changes,
    whatever the policy lets the person see who changed it. No principal's view applies.

    Args:
        name: short and stable, ``crm``: the log, the command line and the queue know it by that.
        entity: the mapped class.
        on: the verbs that are sent: INSERT, UPDATE, DELETE. An update is sent when it changes one of the fields or the
            key; a deletion carries the key alone.
        url: where to; HTTPS, unless it is internal.
        secret_env: the variable of the environment that holds the signing secret: ``whsec_`` and 24 to 64 bytes in
            Base64 (https://www.standardwebhooks.com). Two secrets, with a space between, while one takes the other's
            place. Its name must not begin with ``ROWGATE_``.
        fields: the columns that are sent, ``[Customer.CompanyName]``.
        internal: the receiver is on a network of our own. Without this, addresses that are not public are refused
            whenever an event is sent, so that a name that begins to point inside leads nowhere.
        attempts: how often an event is sent before it is put aside, 1 to 30.

    Raises:
        DeclarationError: it cannot mean what it says.
    """

    name: str
    entity: type
    on: Access
    url: str
    secret_env: str
    fields: Sequence[InstrumentedAttribute[Any]]
    internal: bool = False
    attempts: int = 24

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DeclarationError(f"Webhook {self.name!r}: a name is 1 to 40 of a-z, 0-9 and -.")
        if not self.on or self.on & ~_WRITES:
            raise self._fault(f"on={self.on.words}; it takes INSERT, UPDATE and DELETE")
        if not _VARIABLE.fullmatch(self.secret_env) or self.secret_env.startswith("ROWGATE_"):
            raise self._fault("secret_env is a variable's name in capitals, and does not begin with ROWGATE_")
        if not 1 <= self.attempts <= 30:
            raise self._fault("attempts is 1 to 30")
        self._check_url()
        self._check_fields()

    @property
    def topic(self) -> str:
        """What its events are queued under."""
        return f"webhook:{self.name}"

    @property
    def field_names(self) -> tuple[str, ...]:
        """The attributes that are sent."""
        return tuple(field.key for field in self.fields)

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.url)
            port_is_sound = parts.port is None or parts.port > 0
        except ValueError:
            raise self._fault("the URL cannot be read") from None
        if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_sound:
            raise self._fault("the URL is not https://host/path")
        if parts.scheme == "http" and not self.internal:
            raise self._fault("the URL is not HTTPS; only internal=True may go without")
        if parts.username is not None or parts.fragment or not self.url.isascii() or not self.url.isprintable():
            raise self._fault("the URL holds a user, a fragment, or characters that a URL does not have")

    def _check_fields(self) -> None:
        if not self.fields and self.on != Access.DELETE:
            raise self._fault("it names no fields")
        columns = mapper_of(self.entity).column_attrs
        for field in self.fields:
            prop = getattr(field, "property", None)
            if not isinstance(prop, ColumnProperty) or columns.get(field.key) is not prop:
                raise self._fault(f"{field} is no column of {self.entity.__name__}")
            try:
                kind: type = prop.columns[0].type.python_type
            except NotImplementedError:
                kind = object
            if not issubclass(kind, _SENDABLE):
                raise self._fault(f"JSON has no form for the values of {field.key}")

    def _fault(self, what: str) -> DeclarationError:
        return DeclarationError(f"Webhook {self.name!r}: {what}.", hint="docs/how-to/webhooks.md shows one.")
