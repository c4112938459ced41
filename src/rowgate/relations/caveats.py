"""Evaluates caveats: a CEL expression over the written context and the request's, to true, false or not known yet.

CEL is evaluated by the package common-expression-language (imported as ``cel``), which the extra ``relations``
installs; it is imported when the first caveat is evaluated. Its logical operators let a definite operand win over a
name that is missing, as Kleene's logic does, so an expression is evaluated with the names there are: whatever comes out
holds for every value of the others.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rowgate.errors import CaveatLibraryMissing, RelationshipRefused
from rowgate.zed.context import convert_context
from rowgate.zed.model import Caveat

if TYPE_CHECKING:
    import cel

__all__ = ["Outcome", "evaluate"]


_KINDS: Mapping[type[BaseException], str] = {
    IndexError: "no such index",
    KeyError: "no such key",
    OverflowError: "a number is too large",
    TypeError: "operands that do not go together",
    ValueError: "a value that a function does not take",
    ZeroDivisionError: "division by zero",
}


@dataclass(frozen=True)
class Outcome:
    """What a caveat says for a context.

    Args:
        value: True or False, or None where it is not known.
        missing: the names that it was not given, where it is not known.
        error: why it could not be evaluated, where that is the reason.
    """

    value: bool | None
    missing: frozenset[str] = frozenset()
    error: str = ""


# What the library was seen to raise when an expression cannot be evaluated; its stubs do not say.
_FAULTS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def evaluate(caveat: Caveat, written: Mapping[str, object], context: Mapping[str, object]) -> Outcome:
    """What a caveat says, given the context written with a relationship and that of the request.

    Args:
        caveat: the caveat.
        written: JSON values; these win.
        context: JSON values; names that the caveat does not have are ignored, as they may be for another one.

    Raises:
        CaveatLibraryMissing: the extra ``relations`` is not installed.
    """
    types = caveat.types
    given = {name: value for name, value in context.items() if name in types} | dict(written)
    try:
        program = _compile(caveat.body)
    except ValueError:
        return Outcome(None, error=f"Caveat `{caveat.name}` uses something that the CEL library does not know.")
    try:
        values = convert_context(caveat, given)
    except RelationshipRefused as error:
        return Outcome(None, error=error.detail)
    missing = frozenset(types).intersection(program.variables()) - values.keys()
    try:
        result = program.execute(_environment(values))
    except _FAULTS as error:
        # A value for what is missing may avoid the fault: `flag && 10 / num > 1`.
        if missing:
            return Outcome(None, missing)
        return Outcome(None, error=f"Caveat `{caveat.name}` cannot be evaluated: {_KINDS.get(type(error), 'a fault')}.")
    if not isinstance(result, bool):
        return Outcome(None, error=f"Caveat `{caveat.name}` gave something else than true or false.")
    return Outcome(result)


@lru_cache(maxsize=1024)
def _compile(body: str) -> cel.Program:
    try:
        from cel import compile as compile_cel  # the package is an extra
    except ImportError as error:
        detail = "A caveat is to be evaluated, and the package common-expression-language is not installed."
        raise CaveatLibraryMissing(detail) from error
    return compile_cel(body)


def _environment(values: Mapping[str, object]) -> cel.Context:
    from cel import Context  # the package is an extra

    return Context({name: _plain(value) for name, value in values.items()}, dict(_FUNCTIONS))


def _plain(value: object) -> object:
    """A value as the library takes it: an address becomes its text."""
    if isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _in_cidr(address: str, network: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


def _is_subtree_of(part: object, whole: object) -> bool:
    """Whether each value of a map is in another map, in the same place. Source: SpiceDB, pkg/caveats/types/map.go."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return all(key in whole and _is_subtree_of(value, whole[key]) for key, value in part.items())
    return part == whole


_FUNCTIONS: Mapping[str, Callable[..., object]] = {"in_cidr": _in_cidr, "isSubtreeOf": _is_subtree_of}
