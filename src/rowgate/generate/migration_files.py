"""The two files that a folder of migrations needs, for a project that has none yet."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["write_missing"]

_NAMES = ("env.py", "script.py.mako")


def write_missing(folder: Path) -> list[Path]:
    """Write what is missing; a file that is there stays.

    Args:
        folder: of the migrations of one database.

    Returns:
        What was written.
    """
    templates = files("rowgate.generate") / "templates" / "migrations"
    written = []
    for name in _NAMES:
        path = folder / name
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text((templates / f"{name}.jinja").read_text(encoding="utf-8"), encoding="utf-8")
            written.append(path)
    return written
