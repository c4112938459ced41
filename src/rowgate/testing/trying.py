"""Deeds tried in a session of the user's, and rolled back: what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from rowgate.enforce import Gate
from rowgate.enforce.keys import identity_columns
from rowgate.enforce.permissions import answers
from rowgate.enforce.session import SecureSession
from rowgate.errors import AccessRefused, PermissionRefused, RowgateError, RowNotFound, RuleRefused
from rowgate.testing.cases import ActionDeed, Deed, Key, PermissionDeed, RowDeed
from rowgate.testing.values import key_text
from rowgate.types import Principal

__all__ = ["ACCESS_CODES", "Outcome", "try_deed"]

ACCESS_CODES: Final = frozenset({"RG102", "RG103", "RG104", "RG105", "RG109", "RG110", "RG111", "RG112"})
"""The refusals that the policy makes. Others may have to do with the values: a test has to name those."""

Verdict: TypeAlias = Literal["done", "refused", "failed", "says nothing"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a deed.

    Attributes:
        verdict: done; refused by rowgate; failed in the database; or a deed that can tell nothing of the policy.
        code: of the error that refused.
        words: of the error, or of what is wrong with the deed.
    """

    verdict: Verdict
    code: str | None = None
    words: str = ""


class _SaysNothingError(Exception):
    """The deed would pass, or fail, whatever the policy says."""


_DONE: Final = Outcome(verdict="done")


def try_deed(gate: Gate, principal: Principal, deed: Deed) -> Outcome:
    """Try a deed as a user; whatever it changes is rolled back, rules and all.

    Args:
        gate: whose policy and database.
        principal: the user.
        deed: resolved against the gate's entities.
    """
    try:
        _refuse_what_tells_nothing(gate, deed)
        with gate.session(principal, writes=_writes(deed)) as session:
            try:
                _do(session, deed)
            finally:
                session.rollback()
    except _SaysNothingError as nothing:
        return Outcome(verdict="says nothing", words=str(nothing))
    except RuleRefused as refused:
        return Outcome(verdict="refused", code=refused.code, words=refused.full_detail or refused.detail)
    except RowgateError as refused:
        return Outcome(verdict="refused", code=refused.code, words=refused.detail)
    except SQLAlchemyError as error:
        return Outcome(verdict="failed", words=" ".join(str(getattr(error, "orig", None) or error).split()))
    return _DONE


def _writes(deed: Deed) -> bool:
    return isinstance(deed, RowDeed) and deed.verb != "read"


def _refuse_what_tells_nothing(gate: Gate, deed: Deed) -> None:
    """Refuse a row that is not there, or has no value in a column that is to be read: nobody would see it."""
    match deed:
        case RowDeed(entity=entity, key=key) if key is not None:
            pass
        case ActionDeed(on=(entity, key)):
            pass
        case _:
            return
    with gate.trusted(reason=f"policy test: {deed.text}") as session:
        row = session.get(entity, key)
        if row is None:
            raise _SaysNothingError(f"There is no {entity.__name__} {key_text(key)} at all, so nobody could reach it.")
        fields = deed.fields if isinstance(deed, RowDeed) else ()
        empty = [name for name in fields if getattr(row, name) is None]
        if empty:
            raise _SaysNothingError(f"{', '.join(empty)} is NULL in the row, which is what a hidden value looks like.")


# --- each returns where the deed is done, and raises where it is refused


def _do(session: SecureSession, deed: Deed) -> None:
    match deed:
        case ActionDeed():
            _act(session, deed)
        case PermissionDeed():
            _have(session, deed)
        case RowDeed(verb="read"):
            _read(session, deed)
        case RowDeed(verb="insert"):
            session.add(deed.entity(**deed.values))
            session.flush()
        case RowDeed(verb="update"):
            _update(session, deed)
        case RowDeed(verb="delete"):
            session.delete(_found(session, deed.entity, deed.key))
            session.flush()


def _found(session: SecureSession, entity: type, key: Key | None) -> Any:
    row = session.get(entity, key)
    if row is None:
        raise RowNotFound.of(entity.__name__)
    return row


def _read(session: SecureSession, deed: RowDeed) -> None:
    if deed.key is None:
        session.execute(select(*identity_columns(deed.entity)).limit(1)).all()
        return
    row = _found(session, deed.entity, deed.key)
    hidden = [name for name in deed.fields if getattr(row, name) is None]
    if hidden and len(hidden) == len(deed.fields):
        raise AccessRefused(f"{', '.join(hidden)} is hidden.")
    if hidden:
        shown = [name for name in deed.fields if name not in hidden]
        raise _SaysNothingError(f"{', '.join(hidden)} is hidden, and {', '.join(shown)} is not: test them one by one.")


def _update(session: SecureSession, deed: RowDeed) -> None:
    row = _found(session, deed.entity, deed.key)
    for name, value in deed.values.items():
        setattr(row, name, value)
    if not session.is_modified(row):
        raise _SaysNothingError("The row has these values already, so nothing would be written.")
    session.flush()


def _act(session: SecureSession, deed: ActionDeed) -> None:
    endpoints = (deed.endpoint,) if deed.endpoint is not None else ()
    made = session.gate.authorize(session.principal, deed.name, method=deed.method, endpoints=endpoints)
    if deed.on is not None:
        made.require(_found(session, *deed.on))


def _have(session: SecureSession, deed: PermissionDeed) -> None:
    if not session.holder.superuser and not answers(session, deed.resource, [deed.name])[deed.name]:
        raise PermissionRefused(f"{deed.name} on {deed.resource} is not given.")
