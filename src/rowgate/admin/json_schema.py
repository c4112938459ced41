"""The JSON Schema of ``ui/admin.yaml`` (draft 2020-12), for editors that complete and check as one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowgate.admin.keys import ATTRIBUTE, RESOURCE, SETTINGS, TAB, TOP, Key

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """The schema. Keys that it does not know have no effect, and are not refused: the server warns of them."""
    attribute = {"anyOf": [{"type": "string"}, _object(ATTRIBUTE, needed=["name"])]}
    tab = _object(TAB)
    columns = {"type": "array", "items": {"anyOf": [{"type": "string"}, _object({"name": ATTRIBUTE["name"]})]}}
    tab["properties"]["attributes"] = {**columns, "description": TAB["attributes"].says}
    resource = _object(RESOURCE)
    resource["properties"]["attributes"] = {
        "anyOf": [
            {"type": "array", "items": attribute},
            {"type": "object", "additionalProperties": _nullable(_object(ATTRIBUTE))},
        ],
        "description": RESOURCE["attributes"].says,
    }
    resource["properties"]["tab_groups"] = {
        "anyOf": [
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {**tab, "required": ["name"]}]}},
            {"type": "object", "additionalProperties": _nullable(tab)},
        ],
        "description": RESOURCE["tab_groups"].says,
    }
    top = _object(TOP)
    top["properties"]["settings"] = _nullable(_object(SETTINGS))
    top["properties"]["resources"] = {
        "type": ["object", "null"],
        "additionalProperties": _nullable(resource),
        "description": TOP["resources"].says,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rowgate: ui/admin.yaml",
        **_nullable(top),
    }


def _object(keys: Mapping[str, Key], *, needed: list[str] | None = None) -> dict[str, Any]:
    # A key with nothing behind it says nothing: null is allowed everywhere.
    properties = {
        name: {"anyOf": [dict(key.schema), {"type": "null"}], "description": key.says} for name, key in keys.items()
    }
    return {"type": "object", "properties": properties, **({"required": needed} if needed else {})}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": ["object", "null"]}
