"""Reads a caveat: its typed parameters, and a CEL expression whose text is kept and whose names are checked."""

from __future__ import annotations

import re

from rowgate.errors import SchemaConflict, UnknownSchemaName
from rowgate.zed.cel_names import PREDECLARED, outside_names
from rowgate.zed.lexer import Token
from rowgate.zed.model import Caveat, Parameter, ParameterType
from rowgate.zed.source import Source, nearest
from rowgate.zed.tokens import Tokens

__all__ = ["DEEPEST_TYPE", "PARAMETER_TYPES", "check_parameters", "outdented", "parse_caveat"]

# How many arguments the type takes: list<int>, map<any>.
PARAMETER_TYPES = {
    **dict.fromkeys("any bool bytes double duration int ipaddress string timestamp uint".split(), 0),
    **dict.fromkeys("list map".split(), 1),
}
# A list of lists of ... deeper than this means nothing to anyone.
DEEPEST_TYPE = 20
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_caveat(tokens: Tokens) -> Caveat:
    """The caveat whose keyword is at hand.

    Args:
        tokens: with the keyword ``caveat`` at hand.

    Raises:
        SchemaError: it is not well formed.
        UnknownSchemaName: the expression uses a name that is no parameter.
        SchemaConflict: a parameter is there twice, or not used.
    """
    tokens.advance()
    name = tokens.path("the name of a caveat")
    tokens.need("(", f"after caveat `{name.text}`")
    parameters = [_parameter(tokens)]
    while tokens.take(","):
        parameters.append(_parameter(tokens))
    tokens.need(")", "after the parameters")
    if not tokens.at("{"):
        raise tokens.unexpected("`{`", "before the expression")
    raw, begin = tokens.body()
    if not raw.strip():
        hint = "Write a CEL expression between the braces."
        raise tokens.source.error(tokens.current.position, f"Caveat `{name.text}` is empty.", hint=hint)
    tokens.need("}", "after the expression")
    caveat = Caveat(name.text, tuple(parameters), outdented(raw), tokens.comments(), name.position)
    check_parameters(tokens.source, caveat, raw, begin)
    return caveat


def _parameter(tokens: Tokens) -> Parameter:
    name = tokens.name("the name of a parameter")
    if not _PARAMETER.fullmatch(name.text):
        detail = f"`{name.text}` cannot be the name of a parameter."
        hint = "Letters, digits and underscores; no digit first."
        raise tokens.source.error(name.position, detail, hint=hint, width=name.width)
    return Parameter(name.text, _parameter_type(tokens), name.position)


def _parameter_type(tokens: Tokens, depth: int = 0) -> ParameterType:
    token = tokens.name("the type of a parameter")
    if depth > DEEPEST_TYPE:
        raise tokens.source.error(token.position, "Types are nested too deep.", hint="Write any.", width=token.width)
    wanted = PARAMETER_TYPES.get(token.text)
    if wanted is None:
        detail = f"There is no parameter type `{token.text}`."
        hint = nearest(token.text, PARAMETER_TYPES) or f"There are {', '.join(PARAMETER_TYPES)}."
        raise tokens.source.error(token.position, detail, hint=hint, width=token.width, kind=UnknownSchemaName)
    arguments: list[ParameterType] = []
    if tokens.take("<"):
        arguments.append(_parameter_type(tokens, depth + 1))
        while tokens.take(","):
            arguments.append(_parameter_type(tokens, depth + 1))
        tokens.need(">", "after the type of the values")
    if len(arguments) != wanted:
        raise _wrong_arguments(tokens, token, wanted, len(arguments))
    return ParameterType(token.text, tuple(arguments), token.position)


def _wrong_arguments(tokens: Tokens, token: Token, wanted: int, found: int) -> Exception:
    detail = f"`{token.text}` takes {'one type' if wanted else 'no type'} in `<>`, found {found}."
    hint = f"Write `{token.text}<any>`, or a narrower type." if wanted else f"Write `{token.text}`."
    return tokens.source.error(token.position, detail, hint=hint, width=token.width)


def check_parameters(source: Source, caveat: Caveat, raw: str, begin: int) -> None:
    """Check that a caveat's expression uses all of its parameters and no other names.

    Args:
        source: where the caveat stands.
        caveat: the caveat.
        raw: its expression as it stands there.
        begin: the offset of the expression.

    Raises:
        UnknownSchemaName: the expression uses a name that is no parameter.
        SchemaConflict: a parameter is there twice, or not used.
    """
    used = {name.text: begin + name.offset for name in outside_names(raw)}
    for name, offset in used.items():
        if name not in caveat.types and name not in PREDECLARED:
            detail = f"Caveat `{caveat.name}` has no parameter `{name}`."
            hint = nearest(name, caveat.types) or "Add it to the parameters."
            position = source.position(offset)
            raise source.error(position, detail, hint=hint, width=len(name), kind=UnknownSchemaName)
    seen: set[str] = set()
    for parameter in caveat.parameters:
        fault = "is there twice" if parameter.name in seen else "" if parameter.name in used else "is not used"
        if fault:
            detail = f"Parameter `{parameter.name}` of caveat `{caveat.name}` {fault}."
            width = len(parameter.name)
            raise source.error(parameter.position, detail, hint="Remove it.", width=width, kind=SchemaConflict)
        seen.add(parameter.name)


def outdented(raw: str) -> str:
    """A caveat's body without the space around it and without the indentation that all its lines share."""
    if '"""' in raw or "'''" in raw:
        # A text of several lines would change.
        return raw.strip()
    first, *rest = [line.rstrip() for line in raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    # Line by line and character by character: a tab is not the same margin as spaces.
    filled = [line for line in rest if line]
    margin = 0
    while filled and len({line[: margin + 1] for line in filled}) == 1 and filled[0][margin].isspace():
        margin += 1
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)]).strip("\n")
