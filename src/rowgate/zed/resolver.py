"""Makes a schema of statements: partials put in place, each name defined once and well formed, everything checked.

:func:`resolve` is the way into the package: text in, :class:`~rowgate.zed.model.Schema` out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rowgate.errors import SchemaConflict, SchemaError, UnknownSchemaName
from rowgate.zed.checks import Origins, check
from rowgate.zed.loader import load
from rowgate.zed.model import Caveat, Definition, Permission, Position, Relation, Schema
from rowgate.zed.names import CAVEAT_NAME, MEMBER_NAME, TYPE_NAME, check_form
from rowgate.zed.source import Source, nearest
from rowgate.zed.syntax import Block, PartialReference, SchemaFile, Statement, Use

__all__ = ["resolve", "resolve_file"]

_DEEPEST = 50


def resolve(text: str, *, name: str = "schema", read: Callable[[str], str] | None = None) -> Schema:
    """The schema that a text in SpiceDB's schema language states.

    Args:
        text: the text.
        name: how errors call it, usually the file's name.
        read: gives the text of a file imported, by its path relative to this one's folder; it raises OSError where
            there is none. None: ``import`` is refused.

    Raises:
        SchemaError: the text is not well formed.
        UnknownSchemaName: it uses a name that nothing defines.
        SchemaConflict: its parts do not go together.
    """
    loaded = load(text, name=name, read=read)
    return _Resolver(loaded.uses).schema(loaded.statements)


def resolve_file(source: Source, file: SchemaFile) -> Schema:
    """The schema that the statements of one source state, which imports nothing.

    Raises:
        SchemaError: as :func:`resolve` does.
    """
    uses = frozenset(statement.flag for statement in file.statements if isinstance(statement, Use))
    return _Resolver(uses).schema([(source, statement) for statement in file.statements])


@dataclass(frozen=True)
class _Placed:
    """A relation or permission with the source it stands in: a partial's may be another file than the definition's."""

    source: Source
    member: Relation | Permission


class _Resolver:
    def __init__(self, uses: frozenset[str]) -> None:
        self._uses = uses
        self._blocks: dict[str, tuple[Source, Block]] = {}
        self._partials: dict[str, tuple[Source, Block]] = {}
        self._caveats: dict[str, tuple[Source, Caveat]] = {}

    def schema(self, statements: list[tuple[Source, Statement]]) -> Schema:
        for source, statement in statements:
            if isinstance(statement, Caveat):
                check_form(source, statement.name, statement.position, CAVEAT_NAME, "a caveat")
                self._name(source, statement.name, statement.position)
                self._caveats[statement.name] = (source, statement)
            elif isinstance(statement, Block):
                what = "a partial" if statement.partial else "a definition"
                check_form(source, statement.name, statement.position, TYPE_NAME, what)
                self._name(source, statement.name, statement.position)
                (self._partials if statement.partial else self._blocks)[statement.name] = (source, statement)
        # A partial that nothing uses is still looked at: a circle of them is a mistake.
        for source, block in self._partials.values():
            list(self._members(source, block, (block.name,)))
        origins: Origins = {}
        definitions = {name: self._definition(source, block, origins) for name, (source, block) in self._blocks.items()}
        caveats = {name: caveat for name, (_, caveat) in self._caveats.items()}
        schema = Schema(definitions, caveats, self._uses)
        check(schema, origins)
        return schema

    def _name(self, source: Source, name: str, position: Position) -> None:
        if name in self._blocks or name in self._partials or name in self._caveats:
            detail = f"`{name}` is defined twice."
            hint = "Definitions, partials and caveats share their names: rename one."
            raise source.error(position, detail, hint=hint, width=len(name), kind=SchemaConflict)

    def _definition(self, source: Source, block: Block, origins: Origins) -> Definition:
        relations: dict[str, Relation] = {}
        permissions: dict[str, Permission] = {}
        for placed in self._members(source, block, ()):
            member = placed.member
            if member.name in relations or member.name in permissions:
                detail = f"`{member.name}` is there twice in definition `{block.name}`."
                width = len(member.name)
                error = placed.source.error
                raise error(member.position, detail, hint="Rename one.", width=width, kind=SchemaConflict)
            what = "a relation" if isinstance(member, Relation) else "a permission"
            check_form(placed.source, member.name, member.position, MEMBER_NAME, what)
            origins[block.name, member.name] = placed.source
            if isinstance(member, Relation):
                relations[member.name] = member
            else:
                permissions[member.name] = member
        return Definition(block.name, relations, permissions, block.comments, block.position)

    def _members(self, source: Source, block: Block, inside: tuple[str, ...]) -> Iterator[_Placed]:
        for member in block.members:
            if isinstance(member, PartialReference):
                yield from self._partial(source, member, inside)
            else:
                yield _Placed(source, member)

    def _partial(self, source: Source, reference: PartialReference, inside: tuple[str, ...]) -> Iterator[_Placed]:
        def refused(detail: str, hint: str, kind: type[SchemaError]) -> SchemaError:
            return source.error(reference.position, detail, hint=hint, width=len(reference.name), kind=kind)

        if reference.name in inside:
            ring = " in ".join(f"`{name}`" for name in (*inside[inside.index(reference.name) :], reference.name))
            raise refused(f"Partials go in a circle: {ring}.", "Take one of them out.", SchemaConflict)
        if len(inside) > _DEEPEST:
            detail = f"Partials are nested deeper than {_DEEPEST}."
            raise refused(detail, "Use the inner ones directly.", SchemaError)
        if reference.name not in self._partials:
            hint = nearest(reference.name, self._partials) or f"Write `partial {reference.name} {{ ... }}`."
            raise refused(f"There is no partial `{reference.name}`.", hint, UnknownSchemaName)
        found, block = self._partials[reference.name]
        yield from self._members(found, block, (*inside, reference.name))
