"""``Idempotency-Key``: a POST that is sent again does nothing again, and is answered with what it did.

The header is that of https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07. The key is
kept with the ids of the rows that were written, in the transaction that writes them: both are there or neither. No
answer is kept. A request that is repeated reads the rows again, under the policy as it is now, so that a key can show
nothing that its owner may not see any more; and only the principal who sent the key can meet it again.

The key is claimed before anything is written. Whoever sends it meanwhile waits for that transaction, and then finds
what it did, or, where it was rolled back, does it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from flask import request
from sqlalchemy import (
    Column,
    Double,
    Engine,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.sql.ddl import CreateTable

from rowgate import web
from rowgate.api.resources import Key, ResourceType
from rowgate.api.service import Service
from rowgate.enforce import SecureSession
from rowgate.enforce.scope import Scope
from rowgate.errors import Busy, IdempotencyKeyRefused, IdempotencyKeyReused, SettingRefused

__all__ = ["HEADER", "KEYS", "Row", "create_keys", "done_once", "refuse_key"]

HEADER: Final = "Idempotency-Key"

Row = tuple[ResourceType, Key]

_metadata = MetaData()

KEYS: Final = Table(
    "rowgate_idempotency_keys",
    _metadata,
    # Digests: of the principal and the key, of the principal, of the request.
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False),
    # A list in JSON: for each write the type and id of its row, or null.
    Column("written", Text, nullable=False),
    # Seconds since 1970, UTC, by the clock of the program.
    Column("expires_at", Double, nullable=False, index=True),
)

# A string of RFC 8941; without its quotes too, as many clients send it.
_KEY: Final = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')


def create_keys(engine: Engine) -> None:
    """Make the table where it is missing, and remove keys that have expired; two processes may do so at once.

    Args:
        engine: a plain one, of the database that holds the rows.

    Raises:
        SettingRefused: the table is not there, and the database does not let us make it.
    """
    try:
        _metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(delete(KEYS).where(KEYS.c.expires_at < time.time()))
    except (IntegrityError, OperationalError, ProgrammingError) as error:
        # Where it is there, another process made it just now, or it is not ours to clean: each claim does so too.
        if not inspect(engine).has_table(KEYS.name):
            statement = str(CreateTable(KEYS).compile(engine)).strip()
            raise SettingRefused(
                f"ROWGATE_IDEMPOTENCY_HOURS asks for the table {KEYS.name}, which the database does not let us make.",
                hint=f"Let somebody who may change the tables run this, once; or set it to 0.\n{statement}",
            ) from error


def done_once(service: Service, write: Callable[[], Sequence[Row | None]]) -> Sequence[Row | None]:
    """Write and commit; or, where the request's key says that this was done, find out what was written.

    Args:
        service: as the principal knows it.
        write: writes and does not commit; gives for each write its row.

    Raises:
        IdempotencyKeyRefused: the header holds no key, or the server keeps none.
        IdempotencyKeyReused: the key was sent with another request.
        RowgateError: the write is refused; nothing was written, and the key is free again.
    """
    session = web.session()
    key = _key(session, service)
    if key is None:
        rows = write()
        session.commit()
        return rows
    stored = key.stored() or key.claim()
    if stored is not None:
        session.rollback()
        return stored
    rows = write()
    key.keep(rows)
    session.commit()
    return rows


def refuse_key() -> None:
    """Refuse a key at an address that keeps none: to write in spite of it would be to ignore it.

    Raises:
        IdempotencyKeyRefused: the request has one.
    """
    if HEADER in request.headers:
        raise IdempotencyKeyRefused("This address keeps no keys.", header=HEADER)


def _key(session: SecureSession, service: Service) -> _Key | None:
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    hours = service.settings.idempotency_hours
    if not hours:
        raise IdempotencyKeyRefused("The server keeps no keys: ROWGATE_IDEMPOTENCY_HOURS is 0.", header=HEADER)
    found = _KEY.fullmatch(sent)
    if found is None:
        raise IdempotencyKeyRefused("The header holds no key.", header=HEADER)
    owner = json.dumps([session.principal.id, session.actor])
    asked = [request.method, request.path.rstrip("/"), request.query_string.decode("latin-1"), request.content_type]
    return _Key(
        session=session,
        service=service,
        id=_digest(json.dumps([owner, found[1] or found[2]])),
        owner=_digest(owner),
        fingerprint=_digest(json.dumps(asked), request.get_data()),
        expires_at=time.time() + hours * 3600,
    )


def _digest(text: str, more: bytes = b"") -> str:
    return sha256(text.encode() + b"\0" + more).hexdigest()


@dataclass(frozen=True, kw_only=True)
class _Key:
    """The key of one request, in the session that writes."""

    session: SecureSession
    service: Service
    id: str
    owner: str
    fingerprint: str
    expires_at: float

    def stored(self) -> list[Row | None] | None:
        """What was written under the key; None where nothing was."""
        statement = select(KEYS.c.fingerprint, KEYS.c.written).where(
            KEYS.c.id == self.id, KEYS.c.expires_at >= time.time()
        )
        with self.session.within(Scope.CHECKS):
            found = self.session.execute(statement).one_or_none()
        if found is None:
            return None
        if found.fingerprint != self.fingerprint:
            raise IdempotencyKeyReused("This key was sent with another request.", header=HEADER)
        return [each and self._row(*each) for each in json.loads(found.written)]

    def claim(self) -> list[Row | None] | None:
        """Take the key for this transaction.

        Returns:
            What was written under it, where another request had it and has committed meanwhile; else None.
        """
        expired = delete(KEYS).where(KEYS.c.owner == bindparam("whose"), KEYS.c.expires_at < bindparam("now"))
        values = {
            "id": self.id,
            "owner": self.owner,
            "fingerprint": self.fingerprint,
            "written": "[]",
            "expires_at": self.expires_at,
        }
        try:
            self._send(expired, whose=self.owner, now=time.time())
            self._send(insert(KEYS), **values)
        except IntegrityError:
            self.session.rollback()
            found = self.stored()
            if found is None:
                raise Busy("Another request with this key has only just ended.") from None
            return found
        return None

    def keep(self, rows: Sequence[Row | None]) -> None:
        """Keep what was written."""
        written = json.dumps([row and (row[0].name, row[0].id_of(row[1])) for row in rows])
        statement = update(KEYS).where(KEYS.c.id == bindparam("own")).values(written=bindparam("rows"))
        self._send(statement, own=self.id, rows=written)

    def _row(self, name: str, text: str) -> Row | None:
        resource = self.service.resources.get(name)
        key = resource.key_of(text) if resource is not None else None
        return None if resource is None or key is None else (resource, key)

    def _send(self, statement: Any, **values: object) -> None:
        # In a list: single values would be joined by those of the principal's claims, which are no columns.
        with self.session.within(Scope.CHECKS), self.session.writing():
            self.session.execute(statement, [values])
