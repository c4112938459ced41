"""Read the settings: overrides, the environment, the project's file, the defaults; the first that has one counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import Field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from rowgate.errors import SettingRefused
from rowgate.settings.declared import PREFIX, Setting, Settings, declared_settings, described
from rowgate.settings.values import text_of

__all__ = ["ENV_FILE", "load_settings"]

ENV_FILE = Path("config/default.env")
# Variables of the project's own tests share the prefix and are no settings.
NOT_SETTINGS = "ROWGATE_TEST_"


def load_settings(root: Path, *, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings of the project in *root*.

    Args:
        root: the project's folder; ``config/default.env`` in it is read when it is there.
        environ: the environment, ``os.environ`` when not given.
        overrides: values by field name (``port=0``), as text or as the field's type; None means not given.

    Raises:
        SettingRefused: a name that is no setting, a value that is not allowed, or a secret in the committed file.
    """
    root = root.resolve()
    by_name = {setting.name: setting for setting in Settings.all()}
    by_field = {setting.field: setting.name for setting in by_name.values()}
    texts: dict[str, tuple[str, str]] = {}
    for name, text in _read_file(root / ENV_FILE, by_name).items():
        texts[name] = (text, str(ENV_FILE))
    for name, text in (os.environ if environ is None else environ).items():
        if name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS):
            texts[_known(name, by_name, "the environment")] = (text, "the environment")
    for attribute, value in overrides.items():
        name = _known(by_field.get(attribute, PREFIX + attribute.upper()), by_name, "the program")
        if value is not None:
            texts[name] = (text_of(value), "the program")

    values: dict[str, Any] = {}
    for declared in declared_settings():
        setting = described(declared)
        if setting.name in texts:
            text, origin = texts[setting.name]
            values[setting.field] = _parsed(declared, setting, text, origin)
    return Settings(root=root, **values)


def _parsed(declared: Field[Any], setting: Setting, text: str, origin: str) -> object:
    try:
        return cast("Callable[[str], object]", declared.metadata["parse"])(text.strip())
    except ValueError:
        # A part of a URL may be a password even where the whole is not a URL, so nothing of it is quoted.
        value = "a value that is not shown, as it may hold a password" if setting.quiet else repr(text)
        raise SettingRefused(f"{setting.name} from {origin} is {value}. Allowed: {setting.allowed}.") from None


def _known(name: str, settings: Mapping[str, Setting], origin: str) -> str:
    if name in settings:
        return name
    near = get_close_matches(name, settings, n=1)
    raise SettingRefused(f"{name} from {origin} is no setting.", hint=f"Did you mean {near[0]}?" if near else None)


def _read_file(path: Path, settings: Mapping[str, Setting]) -> dict[str, str]:
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
            raise SettingRefused(f"{ENV_FILE}:{number} is not NAME=value.")
        setting = settings[_known(name, settings, f"{ENV_FILE}:{number}")]
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1]
        if text and _holds_secret(setting, text):
            raise SettingRefused(
                f"{ENV_FILE}:{number} sets {name}, and a file that is committed holds no secrets.",
                hint="Set it in the environment.",
            )
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
