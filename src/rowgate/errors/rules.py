"""RG4xx. Business rules that refuse a change."""

from __future__ import annotations

from collections.abc import Sequence

from rowgate.errors.base import RowgateError


class RuleRefused(RowgateError):
    """A business rule refused the change.

    ``detail`` is safe for anyone. ``full_detail`` quotes values of the rows in ``rows`` and of the attributes in
    ``columns`` (entity, attribute); it may be shown only to a principal who sees all of them. It is None where nothing
    can prove that. ``attributes`` are those of ``entity``, which need not be the entity that the client changed.
    :meth:`in_full` is the error to show then.
    """

    code = "RG401"
    status = 422
    title = "Refused by a business rule"
    hint = "Nothing was written. Change the values and try again."

    def __init__(
        self,
        detail: str = "A business rule refused this change.",
        *,
        full_detail: str | None = None,
        rows: frozenset[tuple[type, tuple[object, ...]]] = frozenset(),
        columns: frozenset[tuple[type, str]] = frozenset(),
        entity: type | None = None,
        attributes: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(detail, hint=hint)
        self.full_detail = full_detail
        self.rows = rows
        self.columns = columns
        self.entity = entity
        self.attributes = tuple(attributes)

    def in_full(self) -> RuleRefused:
        """The same refusal with its text and pointers, for a principal who sees all rows and columns it quotes."""
        error = RuleRefused(
            self.full_detail or self.detail,
            full_detail=self.full_detail,
            rows=self.rows,
            columns=self.columns,
            entity=self.entity,
            attributes=self.attributes,
            hint=self.advice,
        )
        error.pointers = tuple(f"/data/attributes/{name}" for name in self.attributes)
        return error
