"""A write tried in a secured session, and what the oracle says of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import make_transient_to_detached

from rowgate.enforce import SecureSession
from rowgate.errors import AccessRefused, RowNotFound
from tests.property import oracle as o
from tests.property.models import Built
from tests.property.worlds import Write


class GaveUp(Exception):
    """A client cannot get a row that it was to refer to, so that there is nothing to try."""


def foreseen(oracle: o.Oracle, write: Write) -> int | None:
    """Let the oracle do it. Gives the number of rows of a bulk update.

    Raises:
        Refused: the contract forbids it.
    """
    values = dict(write.values)
    match write.kind:
        case "insert":
            oracle.insert(write.entity, values)
        case "update":
            oracle.update(write.entity, write.key, values, unread=write.detached)
        case "delete":
            oracle.delete(write.entity, write.key)
        case "assign" | "append":
            oracle.update(write.entity, write.key, dict(zip(_key(oracle, write).columns, write.other, strict=True)))
        case "remove":
            oracle.update(write.entity, write.key, dict.fromkeys(_key(oracle, write).columns))
        case "link" | "unlink":
            oracle.relink(write.relation, write.key, write.other, add=write.kind == "link")
        case "bulk_update":
            assert write.where
            return oracle.bulk_update(write.entity, write.where, values)
        case "bulk_delete":
            assert write.where
            oracle.bulk_delete(write.entity, write.where)
    return None


def is_idle(oracle: o.Oracle, write: Write) -> bool:
    """Whether a write changes nothing, so that there is nothing to refuse."""
    tables = oracle.tables
    if write.kind in ("link", "unlink"):
        return ((write.key, write.other) in tables.pairs[write.relation]) == (write.kind == "link")
    row = tables.rows[write.entity].get(write.key)
    if row is None:
        return write.kind == "remove"
    if write.kind == "update":
        return not write.detached and all(row[column] == value for column, value in write.values)
    if write.kind in ("assign", "append", "remove"):
        fk = _key(oracle, write)
        if write.kind != "assign" and write.other not in oracle.visible(fk.target):
            return True  # a client has no way to the collection of a row that it cannot get
        refers = tuple(row[column] for column in fk.columns) == write.other
        return (write.kind != "assign" and not fk.collection) or refers != (write.kind == "remove")
    return False


def _key(oracle: o.Oracle, write: Write) -> o.ForeignKey:
    return next(fk for fk in oracle.entities[write.entity].keys if fk.name == write.relation)


class Hands:
    """Does writes in a session the way a client's program would."""

    def __init__(self, built: Built, oracle: o.Oracle, session: SecureSession) -> None:
        self.built, self.oracle, self.session = built, oracle, session

    def do(self, write: Write) -> int | None:
        """Try it and commit. Gives the number of rows of a bulk update."""
        model = self.built.models[write.entity]
        result: int | None = None
        match write.kind:
            case "insert":
                self.session.add(model(**dict(write.values)))
            case "update":
                row = self.row(write.entity, write.key, detached=write.detached)
                for column, value in write.values:
                    setattr(row, column, value)
            case "delete":
                self.session.delete(self.row(write.entity, write.key, detached=write.detached))
            case "assign":
                row = self.row(write.entity, write.key)
                setattr(row, write.relation, self.target(write))
            case "append" | "remove":
                row = self.row(write.entity, write.key)
                parent = self.target(write)
                collection: list[Any] = getattr(parent, f"{write.entity}_{write.relation}_list")
                collection.append(row) if write.kind == "append" else collection.remove(row)
            case "link" | "unlink":
                left = self.row(write.entity, write.key)
                right = self.target(write)
                collection = getattr(left, write.relation)
                collection.append(right) if write.kind == "link" else collection.remove(right)
            case "bulk_update" | "bulk_delete":
                assert write.where
                where = write.where.sql(model, self.oracle.user)
                statement: Any = update(model).values(dict(write.values)) if write.values else delete(model)
                result = self.session.execute(statement.where(where)).rowcount
                if write.kind == "bulk_delete":
                    result = None  # a row that went with another one is not always counted
        self.session.commit()
        return result

    def row(self, entity: str, key: o.Key, *, detached: bool = False) -> Any:
        model = self.built.models[entity]
        if detached:
            made = model(**dict(zip(self.built.world.entities[entity].key, key, strict=True)))
            make_transient_to_detached(made)
            self.session.add(made)
            return made
        found = self.session.get(model, key)
        if found is None:
            raise RowNotFound.of(entity)
        return found

    def target(self, write: Write) -> Any:
        """The row at the other end. One that the client cannot get, it names by its key or gives up on."""
        if write.relation in self.oracle.links:
            entity = self.oracle.links[write.relation].right
        else:
            entity = _key(self.oracle, write).target
        with suppress(AccessRefused, RowNotFound):
            return self.row(entity, write.other)
        if write.detached and write.kind == "assign":
            return self.row(entity, write.other, detached=True)
        raise GaveUp
