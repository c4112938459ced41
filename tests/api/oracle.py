"""What a query must answer, worked out on plain rows in memory: conditions in three-valued logic, order, pages."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.api.market import Colour, Rows

Row = dict[str, Any]

# type -> relationship -> (target, from the row to its related rows: own column, column of the target)
RELATIONS: dict[str, dict[str, tuple[str, str, str]]] = {
    "Area": {
        "within": ("Area", "within_id", "id"),
        "parts": ("Area", "id", "within_id"),
        "firms": ("Firm", "id", "area_id"),
    },
    "Firm": {"area": ("Area", "area_id", "id"), "deals": ("Deal", "id", "firm_id")},
    "Deal": {"firm": ("Firm", "firm_id", "id")},
}
KEYS = {"Area": ["id"], "Firm": ["id"], "Deal": ["book", "number"]}
TEXTS = {"Area": ["name"], "Firm": ["name", "town"], "Deal": ["book", "note"]}


@dataclass(frozen=True)
class Oracle:
    """Answers queries on rows that are all visible."""

    rows: Rows

    def related(self, kind: str, row: Row, name: str) -> list[Row]:
        """The rows that a relationship leads to."""
        target, own, other = RELATIONS[kind][name]
        return [each for each in self.rows[target] if row[own] is not None and each[other] == row[own]]

    def holds(self, kind: str, row: Row, condition: Any) -> bool | None:
        """Whether a condition holds: True, False, or None where SQL says NULL."""
        if isinstance(condition, list):
            return _all(self.holds(kind, row, each) for each in condition)
        if "and" in condition:
            return _all(self.holds(kind, row, each) for each in condition["and"])
        if "or" in condition:
            return _not(_all(_not(self.holds(kind, row, each)) for each in condition["or"]))
        if "not" in condition:
            return _not(self.holds(kind, row, condition["not"]))
        if "search" in condition:
            words = condition["search"].split()
            texts = [(row[name] or "").lower() for name in TEXTS[kind]]
            return all(any(word.lower() in text for text in texts) for word in words)
        before, _, rest = condition["name"].partition(".")
        if condition["op"] == "any" and not rest:
            target = RELATIONS[kind][before][0]
            return any(self.holds(target, each, condition["val"]) is True for each in self.related(kind, row, before))
        if rest:
            inner, target = condition | {"name": rest}, RELATIONS[kind][before][0]
            return any(self.holds(target, each, inner) is True for each in self.related(kind, row, before))
        return _compare(row[before], condition["op"], condition["val"])

    def sorted(self, kind: str, some: Sequence[Row], sort: Sequence[str]) -> list[Row]:
        """The rows in order: NULL first, and the primary key last."""

        def value(row: Row | None, kind: str, path: str) -> Any:
            before, _, rest = path.partition(".")
            if row is None or not rest:
                return None if row is None else row[before]
            found = self.related(kind, row, before)
            return value(found[0] if found else None, RELATIONS[kind][before][0], rest)

        def compare(one: Row, other: Row) -> int:
            for part in (*sort, *KEYS[kind]):
                a, b = (_ranked(value(row, kind, part.removeprefix("-"))) for row in (one, other))
                if a != b:
                    return (-1 if a < b else 1) * (-1 if part.startswith("-") else 1)
            return 0

        return sorted(some, key=functools.cmp_to_key(compare))

    def listed(self, kind: str, condition: Any, sort: Sequence[str]) -> list[Row]:
        """A whole list."""
        return self.sorted(kind, [row for row in self.rows[kind] if self.holds(kind, row, condition) is True], sort)


def identity(kind: str, row: Row) -> str:
    """The id of a row."""
    return "_".join(str(row[name]) for name in KEYS[kind])


def _ranked(value: Any) -> tuple[Any, ...]:
    if value is None:
        return (0,)
    return (1, value.name if isinstance(value, Colour) else value)


def _all(parts: Any) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _compare(value: Any, op: str, operand: Any) -> bool | None:
    if op == "is_null" or (operand is None and op in ("eq", "ne")):
        return (value is None) is (operand is True or (operand is None and op == "eq"))
    if op in ("in", "notin") and not operand:
        return op == "notin"
    if value is None:
        return None
    if op in ("like", "ilike"):
        return _like(value, operand)
    answers = {
        "eq": lambda: value == operand,
        "ne": lambda: value != operand,
        "lt": lambda: value < operand,
        "le": lambda: value <= operand,
        "gt": lambda: value > operand,
        "ge": lambda: value >= operand,
        "in": lambda: value in operand,
        "notin": lambda: value not in operand,
        "between": lambda: operand[0] <= value <= operand[1],
    }
    return bool(answers[op]())


def _like(text: str, pattern: str) -> bool:
    parts = re.findall(r"\\(.)|(%)|(_)|(.)", pattern, re.DOTALL)
    spelled = "".join(".*" if many else "." if one else re.escape(plain or same) for plain, many, one, same in parts)
    return re.fullmatch(spelled, text, re.DOTALL | re.IGNORECASE) is not None
