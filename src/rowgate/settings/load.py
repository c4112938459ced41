"""Read the settings: overrides, the environment, this machine's file, the project's file, the defaults.

The first that has one counts. This machine's file, ``local.env`` in the instance folder, is never committed, so it may
hold secrets: the database's password, say. `rowgate new` writes it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from rowgate.errors import SettingRefused
from rowgate.settings.declared import FAMILY, PREFIX, Setting, Settings, declared_settings, described, member
from rowgate.settings.values import text_of

__all__ = ["ENV_FILE", "LOCAL_FILE", "load_settings"]

ENV_FILE = Path("config/default.env")
LOCAL_FILE = "local.env"
"""In the instance folder."""
# Variables of the project's own tests share the prefix and are no settings.
NOT_SETTINGS = "ROWGATE_TEST_"


def load_settings(root: Path, *, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings of the project in *root*.

    Args:
        root: the project's folder; ``config/default.env`` in it, and ``local.env`` in its instance folder, are read
            where they are there.
        environ: the environment, ``os.environ`` when not given.
        overrides: values by field name (``port=0``), as text or as the field's type; None means not given.

    Raises:
        SettingRefused: a name that is no setting, a value that is not allowed, or a secret in the committed file; in
            production, a secret in a file that others can read.
    """
    root = root.resolve()
    by_name = {setting.name: setting for setting in Settings.all()}
    by_field = {setting.field: setting.name for setting in by_name.values()}
    texts: dict[str, tuple[str, str]] = {}
    for name, text in _read_file(root / ENV_FILE, str(ENV_FILE), by_name, committed=True).items():
        texts[name] = (text, str(ENV_FILE))
    above: dict[str, tuple[str, str]] = {}
    for name, text in (os.environ if environ is None else environ).items():
        if name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS):
            above[_known(name, by_name, "the environment").name] = (text, "the environment")
    for attribute, value in overrides.items():
        if value is None and attribute in by_field:
            continue
        if isinstance(value, Mapping) and attribute in by_field:
            given = {member(by_name[by_field[attribute]], str(each)): of for each, of in value.items()}
        else:
            given = {by_field.get(attribute, PREFIX + attribute.upper()): value}
        for name, each in given.items():
            above[_known(name, by_name, "the program").name] = (text_of(each), "the program")
    local = _instance(root, texts | above) / LOCAL_FILE
    for name, text in _read_file(local, LOCAL_FILE, by_name, committed=False).items():
        texts[name] = (text, LOCAL_FILE)
    texts |= above

    values: dict[str, Any] = {}
    for declared in declared_settings():
        setting = described(declared)
        if setting.name in texts:
            text, origin = texts[setting.name]
            values[setting.field] = _parsed(declared, setting, text, origin)
        elif _is_family(setting):
            values[setting.field] = {
                found["database"].lower(): _parsed(declared, replace(setting, name=name), text, origin)
                for name, (text, origin) in texts.items()
                if (found := FAMILY.fullmatch(name))
            }
    settings = Settings(root=root, **values)
    if settings.production:
        held = [
            _known(name, by_name, LOCAL_FILE) for name, (text, from_) in texts.items() if text and from_ == LOCAL_FILE
        ]
        _check_private(local, held)
    return settings


def _instance(root: Path, texts: Mapping[str, tuple[str, str]]) -> Path:
    """The instance folder, as far as it is known before this machine's file, which lies in it."""
    declared = next(each for each in declared_settings() if each.name == "instance")
    setting = described(declared)
    if setting.name not in texts:
        return root / cast("Path", declared.default)
    return root / cast("Path", _parsed(declared, setting, *texts[setting.name]))


def _check_private(path: Path, held: Sequence[Setting]) -> None:
    if os.name == "posix" and any(setting.quiet for setting in held) and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingRefused(f"{path} holds secrets, and others can read it.", hint=f"Run: chmod 600 {path}")


def _parsed(declared: Field[Any], setting: Setting, text: str, origin: str) -> object:
    try:
        return cast("Callable[[str], object]", declared.metadata["parse"])(text.strip())
    except ValueError:
        # A part of a URL may be a password even where the whole is not a URL, so nothing of it is quoted.
        value = "a value that is not shown, as it may hold a password" if setting.quiet else repr(text)
        raise SettingRefused(f"{setting.name} from {origin} is {value}. Allowed: {setting.allowed}.") from None


def _known(name: str, settings: Mapping[str, Setting], origin: str) -> Setting:
    """The setting that a variable is, or is one of."""
    found = settings.get(name)
    if found is not None and not _is_family(found):
        return found
    if FAMILY.fullmatch(name):
        return next(replace(each, name=name) for each in settings.values() if _is_family(each))
    near = get_close_matches(name, [each for each in settings if "<" not in each], n=1)
    raise SettingRefused(f"{name} from {origin} is no setting.", hint=f"Did you mean {near[0]}?" if near else None)


def _is_family(setting: Setting) -> bool:
    return setting.name.endswith("<NAME>")


def _read_file(path: Path, shown: str, settings: Mapping[str, Setting], *, committed: bool) -> dict[str, str]:
    """``NAME=value`` lines; ``#`` starts a comment line; quotes around a value are taken off."""
    found: dict[str, str] = {}
    if not path.is_file():
        return found
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, text = (part.strip() for part in line.partition("="))
        if not equals:
            raise SettingRefused(f"{shown}:{number} is not NAME=value.")
        setting = _known(name, settings, f"{shown}:{number}")
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1]
        if committed and text and _holds_secret(setting, text):
            raise SettingRefused(
                f"{shown}:{number} sets {name}, and a file that is committed holds no secrets.",
                hint="Set it in the environment, or in instance/local.env.",
            )
        if not committed and setting.field == "instance":
            raise SettingRefused(f"{shown}:{number} sets {name}, the folder that it is itself in.")
        found[name] = text
    return found


def _holds_secret(setting: Setting, text: str) -> bool:
    if not setting.quiet:
        return False
    if setting.field in ("secret", "metrics_token"):
        return True
    try:
        url = make_url(text)
    except ArgumentError:
        return False  # its parser tells what is wrong with it
    return url.password is not None or any("pass" in key.lower() for key in url.query)
