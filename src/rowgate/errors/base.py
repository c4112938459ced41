"""The base of every error that rowgate raises on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class RowgateError(Exception):
    """Base of all errors that rowgate raises on purpose.

    Args:
        detail: what happened, for the person who caused it; never SQL, a parameter, or a value of a hidden row.
        hint: what to do; the class's own hint where none is given.
        pointers: JSON pointers into the request's document (``/data/attributes/Balance``), one per fault.
        parameter: the query parameter at fault (``filter[Nmae]``).
        header: the request header at fault (``If-Match``).
        meta: further facts for a program that reads the error.
    """

    code: ClassVar[str] = "RG500"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    hint: ClassVar[str] = "The log has the details, under the id of the request."

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        pointers: Sequence[str] = (),
        parameter: str | None = None,
        header: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = hint or self.hint
        self.pointers = tuple(pointers)
        self.parameter = parameter
        self.header = header
        self.meta = dict(meta or {})

    @property
    def response_headers(self) -> Mapping[str, str]:
        """Headers that the HTTP answer carries beside the error's document, ``Retry-After`` say."""
        return {}

    def __str__(self) -> str:
        return f"{self.code} {self.detail} {self.advice}".strip()
