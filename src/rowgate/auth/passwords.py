"""Argon2 password hashes, checked in the same way whether or not there is a user to check for.

argon2-cffi's defaults are the second recommendation of RFC 9106: Argon2id, 3 passes, 64 MiB, 4 lanes.
"""

from __future__ import annotations

import logging
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["Passwords"]

_log = logging.getLogger("rowgate.auth")


def _bytes(password: str) -> bytes:
    # A JSON string may hold half of a surrogate pair, which UTF-8 has no bytes for; it must not end in a 500.
    return password.encode("utf-8", "surrogatepass")


class Passwords:
    """Makes and checks hashes.

    Args:
        hasher: Argon2 with its parameters; argon2-cffi's defaults when not given.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # Nobody's password: checked where there is no user, so that the answer takes as long as where there is one.
        self._nobody = self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str) -> str:
        """The hash to store, in PHC string format."""
        return self._hasher.hash(_bytes(password))

    def check(self, stored: str | None, password: str) -> bool:
        """Whether *password* is the one of the hash; one hash is computed in every case.

        Args:
            stored: the user's hash; None where there is no such user, and the answer is then no.
            password: as typed.
        """
        if stored is None:
            self._verify(self._nobody, password)
            return False
        try:
            return self._verify(stored, password)
        except InvalidHashError:
            _log.error("A stored password hash is not an Argon2 hash, so its user cannot log in.")
            self._verify(self._nobody, password)
            return False

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password))
        except VerificationError:
            return False
