"""Writes this machine's own settings, ``local.env`` in the instance folder; only its owner may read it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from rowgate.errors import SettingRefused

__all__ = ["local_text", "write_local"]

_HEAD = """\
# This machine's own settings: never committed, so passwords may stand here. They come before config/default.env; the
# environment comes before both.
"""


def local_text(values: Mapping[str, str], *, before: str = "") -> str:
    """The text of the file with settings in it: a line that is there is replaced, others stay.

    Args:
        values: by the settings' names.
        before: the file as it is.

    Raises:
        SettingRefused: a value has a line break, which the file cannot hold.
    """
    lines = before.splitlines() or _HEAD.splitlines()
    for name, value in values.items():
        if len(f"{value}.".splitlines()) > 1:  # whatever the reader takes for the end of a line
            raise SettingRefused(f"{name} cannot hold a line break.")
        # Quotes around a value are taken off when it is read.
        quoted = f'"{value}"' if value[:1] in ("'", '"') else value
        line = f"{name}={quoted}"
        places = [place for place, each in enumerate(lines) if each.partition("=")[0].strip() == name]
        if places:
            lines[places[-1]] = line
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def write_local(path: Path, values: Mapping[str, str]) -> None:
    """Write settings into the file; it is made where it is missing, and replaced as a whole.

    Args:
        path: the file.
        values: by the settings' names.

    Raises:
        SettingRefused: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(local_text(values, before=before))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SettingRefused(
            f"{path} cannot be written: {error.strerror}.", hint="Set it in the environment."
        ) from error
