"""The session as LogicBank and the functions of rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Query, Session


class RulesSession:
    """The session as LogicBank sees it: the same, but for its locks, and for the notes it would leave in ``info``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.info: dict[str, object] = {}
        self.submitted = frozenset(id(row) for row in session.new)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def query(self, *entities: Any) -> Query[Any]:
        return _RulesQuery(entities, session=self._session)

    def refresh(self, row: object, attribute_names: list[str], *, with_for_update: bool) -> None:
        self._session.refresh(row, attribute_names, with_for_update={"key_share": True} if with_for_update else None)


class _RulesQuery(Query[Any]):
    """``query(Parent).with_for_update().populate_existing().get(key)``, which is how LogicBank locks a parent."""

    _for_get: Mapping[str, Any] = MappingProxyType({})

    def with_for_update(self, **kwargs: Any) -> Any:
        # Not FOR UPDATE: inserting a child share-locks its parent's key, and two such would wait for each other.
        return self._with_option(super().with_for_update(key_share=True), with_for_update={"key_share": True})

    def populate_existing(self) -> Any:
        return self._with_option(super().populate_existing(), populate_existing=True)

    def _with_option(self, query: Any, **option: Any) -> Any:
        query._for_get = {**self._for_get, **option}
        return query

    def get(self, ident: Mapping[str, object]) -> Any:  # type: ignore[override]
        # LogicBank 1.34.3 uses Query.get, which SQLAlchemy 2 deprecates, and asks for the parent of no key, too.
        if all(part is None for part in ident.values()):
            return None
        entity: Any = self.column_descriptions[0]["entity"]
        return self.session.get(entity, ident, **self._for_get)
