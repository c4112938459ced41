"""Files of a project replaced all together or not at all, with their bases."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from rowgate.errors import RebuildRefused
from rowgate.generate.answers import Answers
from rowgate.generate.bases import answers_path, answers_text, base_path

__all__ = ["read_file", "replace_files"]


def read_file(folder: Path, relative: str) -> str | None:
    """The text of a file of the project; None where there is none.

    Raises:
        RebuildRefused: it is no text in UTF-8, or cannot be read.
    """
    try:
        return (folder / relative).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RebuildRefused(f"{relative} cannot be read: {error}") from error


def replace_files(
    folder: Path, files: Mapping[str, str | None], *, bases: Mapping[str, str | None], answers: Answers | None = None
) -> None:
    """Write files and bases, all or none; nothing is half written when the disk is full or a file may not be changed.

    Args:
        folder: the project's.
        files: the new texts by path; None removes the file.
        bases: the same for the bases.
        answers: what the project is made from, where that changes.

    Raises:
        RebuildRefused: a file cannot be written; every file is as it was.
    """
    texts: dict[Path, str | None] = {folder / relative: text for relative, text in files.items()}
    texts |= {folder / base_path(relative): text for relative, text in bases.items()}
    if answers is not None:
        texts[folder / answers_path()] = answers_text(answers)
    # A link stays a link: what it points at is replaced.
    targets = {path.resolve(): text for path, text in texts.items()}
    mark = f".{secrets.token_hex(6)}"
    made: list[Path] = []
    try:
        try:
            for path, text in targets.items():
                made += _folders_for(path)
                if text is not None:
                    _write_beside(path, text, mark)
            _exchange(targets, mark)
        finally:
            for path in targets:
                for end in (_NEW, _OLD):
                    path.with_name(path.name + mark + end).unlink(missing_ok=True)
    except OSError as error:
        for folder_made in reversed(made):
            with contextlib.suppress(OSError):  # somebody else put something there
                folder_made.rmdir()
        raise RebuildRefused(f"{error.filename or folder} cannot be written: {error.strerror}.") from error


_NEW, _OLD = ".new", ".old"


def _write_beside(path: Path, text: str, mark: str) -> None:
    part = path.with_name(path.name + mark + _NEW)
    part.write_bytes(text.encode("utf-8"))
    if path.exists():
        shutil.copymode(path, part)


def _exchange(targets: Mapping[Path, str | None], mark: str) -> None:
    """Give the new files their names; when one cannot have it, the old ones come back."""
    with contextlib.ExitStack() as undo:
        for path, text in targets.items():
            if path.exists():
                old = path.with_name(path.name + mark + _OLD)
                path.rename(old)
                undo.callback(os.replace, old, path)
            if text is not None:
                path.with_name(path.name + mark + _NEW).rename(path)
                undo.callback(path.unlink, missing_ok=True)
        undo.pop_all()


def _folders_for(path: Path) -> Iterator[Path]:
    """Make the folders of a path; each one that was made."""
    missing = [each for each in path.parents if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        yield each
