"""The checksum of a row: tells whether it is still as a client read it.

BLAKE2b (RFC 7693) of the JSON of every attribute that the client may see, in the order of the mapping; 16 hexadecimal
digits. It goes by the values as they are sent, so the same row has the same checksum in every database.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from rowgate.api.json_text import write_json
from rowgate.api.resources import ResourceType

__all__ = ["checksum"]


def checksum(resource: ResourceType, values: Mapping[str, Any]) -> str:
    """The checksum of a row.

    Args:
        resource: its type.
        values: of every attribute.
    """
    shown = [
        None if values[name] is None else attribute.codec.dump(values[name])
        for name, attribute in resource.attributes.items()
    ]
    return blake2b(write_json(shown), digest_size=8).hexdigest()
