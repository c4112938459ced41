"""Signatures of the Standard Webhooks specification, 1.0 (https://www.standardwebhooks.com).

HMAC-SHA-256 over ``id.timestamp.body``: a receiver proves that it was us, that nobody changed the body, and, by the
time that is signed with it, that nobody sends an old message again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence

from rowgate.errors import SettingRefused
from rowgate.settings import Secret

__all__ = ["headers", "secrets_of"]

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def secrets_of(variable: str, environ: Mapping[str, str] | None = None) -> list[Secret]:
    """The secrets in a variable of the environment, the one to be used from now on first.

    Args:
        variable: its name.
        environ: the environment; ``os.environ`` when not given.

    Raises:
        SettingRefused: it is not set, or holds what is no secret of the specification. Its value is not quoted.
    """
    texts = (os.environ if environ is None else environ).get(variable, "").split()
    hint = "Make one: python3 -c 'import base64, os; print(\"whsec_\" + base64.b64encode(os.urandom(32)).decode())'"
    if not texts:
        raise SettingRefused(f"{variable}, the secret of a webhook, is not set.", hint=hint)
    if not all(_is_secret(text) for text in texts):
        sizes = f"{_SHORTEST} to {_LONGEST} bytes"
        raise SettingRefused(f"{variable} does not hold whsec_ and {sizes} in Base64.", hint=hint)
    return [Secret(text) for text in texts]


def _is_secret(text: str) -> bool:
    try:
        size = len(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except binascii.Error:
        return False
    return text.startswith(_PREFIX) and _SHORTEST <= size <= _LONGEST


def headers(secrets: Sequence[Secret], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that sign a message, with a signature for each secret.

    Args:
        secrets: from `secrets_of`.
        message_id: the same at every attempt.
        timestamp: of this attempt, in seconds since 1970.
        body: as it is sent.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.value.removeprefix(_PREFIX))
        signatures.append("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
