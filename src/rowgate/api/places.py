"""Where in a document of several writes an error points: into the one that it is about.

Everything that refuses one write speaks of a document of its own, ``/data/attributes/City``. Where the document holds
several, the error is moved to the place of the write: ``/data/3/attributes/City``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from rowgate import web
from rowgate.api.database_errors import told
from rowgate.api.resources import ResourceType
from rowgate.api.service import fresh_session
from rowgate.enforce.disclosure import disclose
from rowgate.errors import Faults, RowgateError, RuleRefused

__all__ = ["Place", "moved", "placed", "told_to_the_asker", "within"]


Place = Callable[[str], str]
"""From a pointer into a document of one write to one into a document of several; ``""`` is the write itself."""


def within(at: str, *, data: str = "") -> Place:
    """The place of one write.

    Args:
        at: a JSON pointer to it.
        data: from there to what is ``/data`` in a document of its own.
    """
    return lambda pointer: at + (data + pointer.removeprefix("/data") if pointer.startswith("/data") else pointer)


@contextmanager
def placed(place: Place, resource: ResourceType, *, method: str) -> Iterator[None]:
    """Let the errors of a write point into the document that holds it.

    Args:
        place: where it stands there.
        resource: the type it is about, as the principal knows it.
        method: HTTP's for such a write: a foreign key says something else to a DELETE.

    Raises:
        RowgateError: what the block raised, errors of the database included, moved.
    """
    try:
        yield
    except SQLAlchemyError as error:
        found = told(error, resource=resource, method=method)
        if found is None:
            raise
        web.session().rollback()
        raise moved(found, place) from error
    except RuleRefused as error:
        web.session().rollback()
        # As one of the request's faults, which are told as they are: it was judged here who may read it.
        raise Faults([moved(told_to_the_asker(error, resource), place)]) from error
    except RowgateError as error:
        moved(error, place)
        raise


def moved(error: RowgateError, place: Place) -> RowgateError:
    """The error, its pointers moved; to the write itself where it pointed nowhere."""
    if isinstance(error, Faults):
        for each in error.errors:
            moved(each, place)
    elif error.status != 500:
        error.pointers = tuple(dict.fromkeys(place(pointer) for pointer in error.pointers or ("",)))
    return error


def told_to_the_asker(error: RuleRefused, resource: ResourceType | None) -> RuleRefused:
    """The refusal as the principal may read it; its pointers only where they point into the request's document.

    Args:
        resource: the type that the document is about.
    """
    with fresh_session() as session:
        told = disclose(session, error)
    if resource is None or told.entity is not resource.entity:
        told.pointers = ()
    return told
