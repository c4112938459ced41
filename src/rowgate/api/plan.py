"""Plans: for a type and the members asked for, what is selected and how a row becomes JSON, worked out once.

A plan is kept, so that its statements keep their place in SQLAlchemy's compiled cache, and so that a row is written
without looking anything up: the columns that orjson writes itself go straight through, the links of a resource are one
template of text that only the id goes into. Plans are kept in a bounded cache: a client may ask for any set of members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from rowgate.api import related
from rowgate.api.checksum import checksum, seal
from rowgate.api.order import Order, ordering
from rowgate.api.query import CHECKSUM
from rowgate.api.records import Linked, Record
from rowgate.api.related import keyed, keyed_once, paged
from rowgate.api.resources import Attribute, Key, Relation, ResourceType
from rowgate.api.values import Json
from rowgate.enforce import can

__all__ = ["Plan"]

MOST_ORDERS: Final = 32

_CHECKSUM: Final = CHECKSUM.encode()


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """How rows of one type are read and written, for one set of members.

    Args:
        resource: the type.
        sent: the attributes to send, in order.
        read: the attributes to select: those, first, and what ids, linkage and the checksum need.
        relations: the relationships to send.
        sealed: whether the checksum is sent.
        asked: the permissions of the relationship schema to send with each row.
    """

    resource: ResourceType
    sent: tuple[Attribute, ...]
    read: tuple[Attribute, ...]
    relations: tuple[Relation, ...]
    sealed: bool
    asked: tuple[str, ...] = ()
    _orders: dict[Any, Select[Any]] = field(default_factory=dict)
    _led_to: dict[tuple[str, str], Select[Any]] = field(default_factory=dict)

    # --- reading

    @cached_property
    def columns(self) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
        """What to select: attributes, and behind them whether each permission is given on the row."""
        asked = (can(name, self.resource.entity).label(f"can_{name}") for name in self.asked)
        return (*(attribute.of for attribute in self.read), *asked)

    @cached_property
    def select(self) -> Select[Any]:
        """Every row, in no order."""
        return select(*self.columns).select_from(self.resource.entity)

    @cached_property
    def by_keys(self) -> Select[Any]:
        """The rows whose keys are in the parameter of `keyed`, in no order."""
        return self.select.where(keyed([part.of for part in self.resource.key]))

    @cached_property
    def by_key(self) -> Select[Any]:
        """The row whose key is in the parameters of `keyed_once`."""
        return self.select.where(keyed_once([part.of for part in self.resource.key]))

    @cached_property
    def is_there(self) -> Select[Any]:
        """Something, where there is a row whose key is in the parameters of `keyed_once`."""
        columns = [part.of for part in self.resource.key]
        return select(columns[0]).where(keyed_once(columns))

    @cached_property
    def count(self) -> Select[Any]:
        """How many rows there are."""
        return select(func.count()).select_from(self.resource.entity)

    def ordered(self, order: Order, *, nulls: bool) -> Select[Any]:
        """A page of the rows; its parameters are ``rowgate_limit`` and ``rowgate_offset``."""
        made = self._orders.get((order, nulls))
        if made is None:
            made = paged(self.select.order_by(*ordering(self.resource, order, nulls=nulls)))
            if len(self._orders) < MOST_ORDERS:
                self._orders[order, nulls] = made
        return made

    def led_to(self, resource: ResourceType, relation: Relation) -> Select[Any]:
        """The rows that parents of another type lead to; see `related.of_parents`."""
        made = self._led_to.get((resource.name, relation.name))
        if made is None:
            made = self._led_to[resource.name, relation.name] = related.of_parents(resource, relation, self)
        return made

    def at(self, names: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        """What takes the values of these attributes out of a row."""
        places = tuple(self._places[name] for name in names)
        if len(places) == 1:
            (only,) = places
            return lambda row: (row[only],)
        return lambda row: tuple(row[place] for place in places)

    @cached_property
    def key_of(self) -> Callable[[Sequence[Any]], Key]:
        """What takes the primary key out of a row."""
        return self.at([part.name for part in self.resource.key])

    @cached_property
    def id_of(self) -> Callable[[Key], str]:
        """What makes an id of a primary key."""
        if len(self.resource.key) > 1:
            return self.resource.id_of
        text = self.resource.key[0].codec.text
        return lambda key: key[0] if type(key[0]) is str else str(key[0]) if type(key[0]) is int else text(key[0])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {attribute.name: place for place, attribute in enumerate(self.read)}

    # --- writing

    @cached_property
    def identified(self) -> str:
        """A resource identifier object up to its id, as JSON text."""
        return f'{{"type":{_text(self.resource.name)},"id":'

    def attributes(self, record: Record) -> Json:
        """The attributes object of a row."""
        if not self.sealed:
            return _converted(dict(zip(self._names, record.row, strict=False)), self._dumps)
        if len(self.sent) == len(self.resource.attributes):
            written, sum_ = self._whole(record)
            comma = b"," if self.sent else b""
            return orjson.Fragment(b'%b%b"%b":"%b"}' % (written[:-1], comma, _CHECKSUM, sum_.encode()))
        values = dict(zip((each.name for each in self.read), record.row, strict=False))
        every = {name: values[name] for name in self.resource.attributes}
        _converted(every, [(name, each.codec.dump) for name, each in _converting(self.resource.attributes.values())])
        return {**{name: every[name] for name in self._names}, CHECKSUM: seal(orjson.dumps(every))}

    def checksum(self, record: Record) -> str:
        """The checksum of a row of which every attribute was read."""
        if len(self.sent) == len(self.resource.attributes):
            return self._whole(record)[1]
        values = dict(zip((each.name for each in self.read), record.row, strict=False))
        return checksum(self.resource, values)

    def _whole(self, record: Record) -> tuple[bytes, str]:
        """All attributes of a row as JSON, and their checksum: written once, for the answer and for its tag."""
        if record.whole is None:
            written = orjson.dumps(_converted(dict(zip(self._names, record.row, strict=False)), self._dumps))
            record.whole = written, seal(written)
        return record.whole

    def permissions(self, record: Record) -> Json:
        """The permissions that were asked for, each with whether the principal has it on the row."""
        given = record.row[len(self.read) :]
        return {name: bool(each) for name, each in zip(self.asked, given, strict=False)}

    def relationships(self, record: Record, here: str) -> Json | None:
        """The relationships object of a row; None where none is to be sent.

        Args:
            record: the row.
            here: its address, ready to stand within a JSON string.
        """
        if not self.relations:
            return None
        if record.linked is None:
            return orjson.Fragment(here.join(self._unlinked))
        parts = []
        for relation, (before, between, after) in zip(self.relations, self._linked, strict=True):
            data = ""
            if relation.name in record.linked:
                data = ',"data":' + _linkage(record.linked[relation.name])
            if relation.name in record.parts:
                limit, more = record.parts[relation.name]
                data += f',"meta":{{"limit":{limit},"more":{"true" if more else "false"}}}'
            parts.append(f"{before}{here}{between}{here}{after}{data}}}")
        return orjson.Fragment("{" + ",".join(parts) + "}")

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.sent)

    @cached_property
    def _dumps(self) -> tuple[tuple[str, Callable[[Any], Json]], ...]:
        return tuple((name, each.codec.dump) for name, each in _converting(self.sent))

    @cached_property
    def _linked(self) -> tuple[tuple[str, str, str], ...]:
        """For each relationship the text before, between and after the two places that hold the row's address."""
        return tuple(
            (
                f'{_text(each.name)}:{{"links":{{"self":"',
                f'/relationships/{_text(each.name)[1:-1]}","related":"',
                f'/{_text(each.name)[1:-1]}"}}',
            )
            for each in self.relations
        )

    @cached_property
    def _unlinked(self) -> tuple[str, ...]:
        """The relationships object, split at the places that hold the row's address."""
        here = "\0"  # in no JSON text
        whole = ",".join(f"{before}{here}{between}{here}{after}}}" for before, between, after in self._linked)
        return tuple(("{" + whole + "}").split(here))


def _converting(attributes: Any) -> list[tuple[str, Attribute]]:
    return [(each.name, each) for each in attributes if not each.codec.is_native]


def _converted(values: dict[str, Any], dumps: Any) -> dict[str, Any]:
    for name, dump in dumps:
        value = values[name]
        if value is not None:
            values[name] = dump(value)
    return values


def _linkage(linked: Linked) -> str:
    if linked is None:
        return "null"
    if isinstance(linked, Record):
        return linked.identifier
    return "[" + ",".join([each.identifier for each in linked]) + "]"


def _text(value: str) -> str:
    return orjson.dumps(value).decode()
