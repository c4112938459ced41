"""Brings the statements of a file and of all files it imports together, imported ones first."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rowgate.zed.parser import Parser
from rowgate.zed.source import Source
from rowgate.zed.syntax import Import, SchemaFile, Statement, Use

__all__ = ["Loaded", "load"]

_DEEPEST = 50


@dataclass
class Loaded:
    """Statements, each with the source it stands in; and what the first file uses."""

    statements: list[tuple[Source, Statement]] = field(default_factory=list)
    uses: frozenset[str] = frozenset()


def load(text: str, *, name: str = "schema", read: Callable[[str], str] | None = None) -> Loaded:
    """The statements of a schema with its imports.

    Args:
        text: the text of the first file.
        name: how errors call it.
        read: gives the text of a file imported, by its path relative to the first file's folder, with ``/``. It raises
            OSError where there is no such file. None: imports are refused.

    Raises:
        SchemaError: a text is not well formed, or an import leads nowhere, out of the folder, or back.
    """
    loaded = Loaded()
    source = Source(text, name=name)
    file = Parser(source).file()
    loaded.uses = frozenset(statement.flag for statement in file.statements if isinstance(statement, Use))
    _add(loaded, source, file, "", (), set(), read)
    return loaded


def _add(
    loaded: Loaded,
    source: Source,
    file: SchemaFile,
    path: str,
    importers: Iterable[str],
    seen: set[str],
    read: Callable[[str], str] | None,
) -> None:
    for statement in file.statements:
        if isinstance(statement, Import):
            _import(loaded, source, statement, path, (*importers, path), seen, read)
    loaded.statements += [(source, each) for each in file.statements if not isinstance(each, Import)]


def _import(
    loaded: Loaded,
    source: Source,
    statement: Import,
    path: str,
    importers: tuple[str, ...],
    seen: set[str],
    read: Callable[[str], str] | None,
) -> None:
    def refused(detail: str, hint: str) -> Exception:
        return source.error(statement.position, detail, hint=hint, width=len("import"))

    if read is None:
        raise refused("This schema may not import files.", "Put the definitions of the other file here.")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), statement.path))
    if posixpath.isabs(statement.path) or target.split("/")[0] == ".." or "\\" in statement.path or target == ".":
        raise refused(f'"{statement.path}" is not a file beside the schema.', "Import by a relative path, with `/`.")
    if target in importers:
        raise refused(f'"{statement.path}" imports this file in turn.', "Move what both need to a third file.")
    if len(importers) > _DEEPEST:
        raise refused(f'"{statement.path}" is imported through more than {_DEEPEST} files.', "Import it directly.")
    if target in seen:
        return
    seen.add(target)
    try:
        text = read(target)
    except OSError as error:
        raise refused(f'"{statement.path}" cannot be read.', "Mend the path.") from error
    inner = Source(text, name=target)
    _add(loaded, inner, Parser(inner).file(), target, importers, seen, read)
