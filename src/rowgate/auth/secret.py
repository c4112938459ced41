"""The signing secret: from the environment, or generated once into the instance folder.

Two processes that start at once agree on one secret: each writes a file of its own, and the one whose hard link to
the final name is made first wins; both then read that name.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import stat
from pathlib import Path

from rowgate.errors import SecretRefused
from rowgate.settings import Secret, Settings

__all__ = ["FILE_NAME", "SHORTEST", "derived_key", "signing_secret"]

FILE_NAME = "secret"
SHORTEST = 32
"""Bytes below which a secret is short: HS256 wants as many as its hash has (RFC 7518, 3.2)."""

# Secrets that stand in tutorials and templates; a longer one that merely holds such a word is caught too.
_KNOWN = ("changeme", "change-me", "change_me", "change this", "apilogicserver", "django-insecure", "your-secret")
_FEWEST_CHARACTERS = 8
_log = logging.getLogger("rowgate.auth")


def signing_secret(settings: Settings) -> Secret:
    """The secret of this installation; generated when there is none yet.

    Args:
        settings: where to look, and whether weak secrets are refused or only warned of.

    Raises:
        SecretRefused: none is there and none can be written; or, in production, it is short, well known, or kept
            in a file that others can read.
    """
    if settings.secret is not None:
        faults = _faults(settings.secret.value, "ROWGATE_SECRET")
        secret = settings.secret
    else:
        path = settings.instance / FILE_NAME
        if not path.exists():
            _generate(path)
        secret, faults = _read(path)
    for fault in faults:
        if settings.production:
            raise SecretRefused(fault)
        _log.warning("%s The server will not start with it in production.", fault)
    return secret


def derived_key(secret: Secret, *, purpose: str) -> str:
    """A key for one purpose, so that no two uses share a key: HMAC-SHA-256 of the purpose, in hexadecimal.

    Args:
        secret: the installation's secret.
        purpose: names the use (``"tokens"``).
    """
    return hmac.new(secret.value.encode(), f"rowgate/{purpose}".encode(), hashlib.sha256).hexdigest()


def _faults(text: str, where: str) -> list[str]:
    faults = []
    if len(text.encode()) < SHORTEST:
        faults.append(f"{where} is shorter than {SHORTEST} bytes.")
    if any(known in text.lower() for known in _KNOWN) or len(set(text)) < _FEWEST_CHARACTERS:
        faults.append(f"{where} can be guessed.")
    return faults


def _generate(path: Path) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The mode is given at creation: a file that is narrowed later was readable for a moment.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            os.link(part, path)
            _log.info("Wrote a new signing secret to %s.", path)
        except FileExistsError:
            pass  # another process was first, and its secret stands
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SecretRefused(
            f"ROWGATE_SECRET is not set, and no secret can be written to {path}: {error.strerror}."
        ) from error


def _read(path: Path) -> tuple[Secret, list[str]]:
    try:
        text = path.read_text(encoding="utf-8").strip()
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, UnicodeDecodeError) as error:
        raise SecretRefused(f"The signing secret in {path} cannot be read.") from error
    if not text:
        raise SecretRefused(f"The signing secret in {path} is empty.")
    faults = _faults(text, str(path))
    if os.name == "posix" and mode & 0o077:
        faults.append(f"{path} has mode {mode:o}: others can read it. Give it mode 600.")
    return Secret(text), faults
