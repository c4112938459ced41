"""The checksum of a row: tells whether it is still as a client read it.

BLAKE2b (RFC 7693) of the JSON object of every attribute that the principal may see, in the order of the mapping; 16
hexadecimal digits. It goes by the values as they are sent, so the same row has the same checksum in every database, and
whichever of its attributes were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from rowgate.api.json_text import write_json
from rowgate.api.resources import ResourceType

__all__ = ["checksum", "seal"]


def checksum(resource: ResourceType, values: Mapping[str, Any]) -> str:
    """The checksum of a row.

    Args:
        resource: its type.
        values: of every attribute.
    """
    shown = {
        name: None if values[name] is None else attribute.codec.dump(values[name])
        for name, attribute in resource.attributes.items()
    }
    return seal(write_json(shown))


def seal(written: bytes) -> str:
    """The checksum of the attributes object that was written."""
    return blake2b(written, digest_size=8).hexdigest()
