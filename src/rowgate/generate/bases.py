"""The folder ``.rowgate`` of a project: what it was made from, and each generated file as it was last generated.

The copies are the bases of three-way merges: what stands in the project, what was generated last, what would be
generated now. Whoever keeps the project under version control commits the folder with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import tomli_w

from rowgate.errors import ProjectFileRefused
from rowgate.generate.answers import Answers, answers_of, as_table

__all__ = [
    "FOLDER",
    "answers_path",
    "answers_text",
    "base_path",
    "read_answers",
    "read_bases",
    "write_answers",
    "write_bases",
]

FOLDER = Path(".rowgate")
_ANSWERS = FOLDER / "project.toml"
_BASES = FOLDER / "generated"
_HEAD = """\
# What this project was made from. `rowgate rebuild` and `rowgate upgrade` read it; commit it with the project.
# The databases' addresses are settings: see config/default.env and instance/local.env.

"""


def read_answers(folder: Path) -> Answers:
    """What the project in a folder was made from.

    Raises:
        ProjectFileRefused: there is no ``.rowgate/project.toml``, or it cannot be understood.
    """
    path = folder / _ANSWERS
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectFileRefused(f"There is no {_ANSWERS} in {folder.resolve()}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProjectFileRefused(f"{path} cannot be read: {error}") from error
    return answers_of(table)


def answers_path() -> Path:
    """Where the answers are kept, relative to the project's folder."""
    return _ANSWERS


def answers_text(answers: Answers) -> str:
    """The text of ``.rowgate/project.toml``."""
    return _HEAD + tomli_w.dumps(as_table(answers))


def write_answers(folder: Path, answers: Answers) -> None:
    """Write ``.rowgate/project.toml``."""
    path = folder / _ANSWERS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(answers_text(answers), encoding="utf-8")


def read_bases(folder: Path) -> dict[str, str]:
    """Each generated file as last generated, by its path in the project with ``/`` between its parts."""
    bases = folder / _BASES
    return {
        path.relative_to(bases).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(bases.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def base_path(relative: str) -> Path:
    """Where the base of a file is kept, relative to the project's folder.

    Args:
        relative: the file's path in the project, with ``/`` between its parts.

    Raises:
        ValueError: the path leads out of the project.
    """
    parts = PurePosixPath(relative).parts
    if not parts or relative.startswith("/") or ".." in parts:
        raise ValueError(f"{relative!r} is no path inside a project")
    return _BASES.joinpath(*parts)


def write_bases(folder: Path, files: Mapping[str, str]) -> None:
    """Write the bases of files; those of other files stay.

    Args:
        folder: the project's.
        files: each file's text as generated, by its path in the project.
    """
    for relative, text in files.items():
        path = folder / base_path(relative)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
