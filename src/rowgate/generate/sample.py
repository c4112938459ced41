"""Where the reference project is: shipped with the package, or the root of the repository that the package is in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rowgate.errors import NewProjectRefused

__all__ = ["SHIPPED", "sample_files", "sample_folder"]

SHIPPED: Final = ("api", "config", "database", "logic", "security", "ui")
"""The folders that the wheel has under ``rowgate/generate/sample``; pyproject.toml lists the same."""


def sample_folder() -> Path:
    """The folder that holds the reference project.

    Raises:
        NewProjectRefused: this installation has none.
    """
    package = Path(__file__).parent
    for folder in (package / "sample", *package.parents[2:3]):
        if (folder / ".rowgate/project.toml").is_file() and (folder / "database/sample").is_dir():
            return folder
    raise NewProjectRefused("This installation of rowgate lacks the sample.", hint="Install rowgate from its wheel.")


def sample_files(folder: Path) -> dict[str, str]:
    """The reference project's own files, by path with ``/`` between its parts.

    Args:
        folder: from `sample_folder`.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8")
        for shipped in SHIPPED
        for path in sorted((folder / shipped).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
