"""An ApiLogicServer project on disk: its files parsed, its databases' addresses. Nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from rowgate.errors import ImportRefused

__all__ = ["AlsProject", "Parsed"]

_URI: Final = "SQLALCHEMY_DATABASE_URI"
_AUTH_URI: Final = "SQLALCHEMY_DATABASE_URI_AUTHENTICATION"


@dataclass(frozen=True)
class Parsed:
    """A Python file.

    Attributes:
        name: its path in the project.
    """

    name: str
    text: str
    tree: ast.Module

    def lines_of(self, node: ast.stmt) -> list[str]:
        """The source of a statement, decorators and all, without its indentation."""
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(each.lineno for each in decorators)])
        lines = self.text.splitlines()[first - 1 : node.end_lineno]
        margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        return [line[margin:].rstrip() for line in lines]

    def comments_before(self, node: ast.stmt) -> list[str]:
        """The comment lines that stand directly above a statement."""
        found: list[str] = []
        for line in reversed(self.text.splitlines()[: node.lineno - 1]):
            if not line.lstrip().startswith("#"):
                break
            found.append(line.strip())
        return found[::-1]

    def place(self, node: ast.AST) -> str:
        """``file:line``."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


class AlsProject:
    """The parts of a project.

    Args:
        root: its folder.

    Raises:
        ImportRefused: it does not look like one.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        for needed in ("database/models.py", "security/declare_security.py"):
            if not (self.root / needed).is_file():
                raise ImportRefused(f"There is no {needed} in {root}.")

    def parsed(self, name: str) -> Parsed | None:
        """A file of the project; None where there is none.

        Raises:
            ImportRefused: it is no Python.
        """
        path = self.root / name
        if not path.is_file():
            return None
        try:
            text = path.read_text(encoding="utf-8-sig")
            return Parsed(name, text, ast.parse(text))
        except (SyntaxError, UnicodeDecodeError, ValueError) as error:
            raise ImportRefused(f"{name} cannot be read: {error}.") from error

    def below(self, folder: str) -> Iterator[Parsed]:
        """The Python files below a folder, but for packages' own and the discovery itself."""
        for path in sorted((self.root / folder).rglob("*.py")):
            if path.name not in ("__init__.py", "auto_discovery.py"):
                parsed = self.parsed(path.relative_to(self.root).as_posix())
                if parsed is not None:
                    yield parsed

    def text(self, name: str) -> str | None:
        """Any file; None where there is none."""
        path = self.root / name
        return path.read_text(encoding="utf-8-sig") if path.is_file() else None

    # --- addresses

    def database_url(self) -> URL | None:
        """The database that ``config/config.py`` names; None where it cannot be told without running it."""
        return self._url(_URI, "database/db.sqlite")

    def log_in_url(self) -> URL | None:
        """The database of its log-ins; None where there is none, or it cannot be told."""
        return self._url(_AUTH_URI, "database/authentication_db.sqlite")

    def _url(self, name: str, usual: str) -> URL | None:
        config = self.parsed("config/config.py")
        value = _assigned(config.tree, name) if config is not None else None
        if isinstance(value, ast.Constant):
            try:
                return self._absolute(make_url(str(value.value)))
            except ArgumentError:
                return None
        if config is not None and isinstance(value, ast.JoinedStr):
            # f"sqlite:///{db_path}", where db_path = str(project_path.joinpath('database/db.sqlite'))
            path = _assigned(config.tree, _only_name(value))
            named = [each.value for each in ast.walk(path) if isinstance(each, ast.Constant)] if path else []
            usual = str(named[0]) if len(named) == 1 else usual
        file = self.root / usual
        return URL.create("sqlite", database=str(file)) if file.is_file() else None

    def _absolute(self, url: URL) -> URL:
        """SQLite files are named from the project's folder, or from its folder ``database``."""
        if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
            return url
        for base in (self.root, self.root / "database"):
            if (base / url.database).is_file():
                return url.set(database=str((base / url.database).resolve()))
        return url


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    """What is first assigned to a name, in the module or in a class."""
    for node in ast.walk(tree):
        target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        if isinstance(target, ast.Name) and target.id == name and isinstance(node, ast.Assign | ast.AnnAssign):
            return node.value
    return None


def _only_name(text: ast.JoinedStr) -> str:
    names = [each.id for each in ast.walk(text) if isinstance(each, ast.Name)]
    return names[0] if len(names) == 1 else ""
