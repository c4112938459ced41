"""``ui/admin.yaml`` written: in full, as ApiLogicServer's clients read it, or only what differs from the models.

What is written in short means the same when it is read again: fields, tabs and their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import yaml

from rowgate.admin.fields import Fields, ordered
from rowgate.admin.file import AdminFile
from rowgate.admin.meta import MAX_LIST_COLUMNS, PER_PAGE
from rowgate.admin.words import plural
from rowgate.api.resources import ResourceType

__all__ = ["full", "short", "yaml_text"]

_SAID: Final = (
    "label", "type", "required", "sort", "format", "enum", "readonly", "hidden", "hide_list", "hide_edit", "group",
    "placeholder", "info", "show_when",
)  # fmt: skip
"""Keys of an attribute, in the order they are written; ``search`` is told apart, as it depends on the others."""

_RESOURCE: Final = ("hidden", "sort", "info_list", "info_show", "only_listed")
"""Keys of a resource that have no default but to be absent."""


def yaml_text(document: Mapping[str, Any], *, head: str = "") -> str:
    """A document as YAML, in the order of its keys.

    Args:
        head: comment lines above it, without their signs.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    return comment + yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=118)


def short(fields: Fields) -> dict[str, Any]:
    """What a file says that the models would not give by themselves.

    Args:
        fields: the file, the models and the rules.
    """
    plain = replace(fields, file=AdminFile())
    made = _top(fields.file)
    resources: dict[str, Any] = {}
    for name in ordered(fields.resources, fields.file.resources):
        resource = fields.resources[name]
        part = _resource(resource, fields, plain) if name in fields.file.resources else {}
        if part:
            resources[name] = part
    wanted = ordered(fields.resources, fields.file.resources)
    count = _needed(wanted, list(fields.resources), [name in resources for name in wanted])
    resources = {name: resources.get(name, {}) for name in wanted[:count]}
    if resources:
        made["resources"] = resources
    return made


def full(fields: Fields) -> dict[str, Any]:
    """Everything, with the defaults filled in: the format that ApiLogicServer's admin app reads."""
    made: dict[str, Any] = {
        "about": fields.file.keys.get("about", {}),
        "api_root": "{http_type}://{swagger_host}:{port}/{api}",
        "authentication": "{system-default}",
        **{key: value for key, value in _top(fields.file).items() if key not in ("about", "settings")},
        "settings": {"max_list_columns": fields.file.settings.get("max_list_columns", MAX_LIST_COLUMNS)},
    }
    resources: dict[str, Any] = {}
    for name in ordered(fields.resources, fields.file.resources):
        resource = fields.resources[name]
        keys = fields.file.resource(name).keys
        resources[name] = {
            "type": name,
            "user_key": fields.user_key(resource),
            "label": fields.label(resource),
            **{key: keys[key] for key in ("max_list_columns", "perPage", *_RESOURCE) if key in keys},
            "attributes": [_full_attribute(each) for each in fields.attributes(resource)],
            "tab_groups": [_full_tab(each) for each in fields.relationships(resource)],
        }
    made["resources"] = resources
    return made


def _top(file: AdminFile) -> dict[str, Any]:
    made = {key: file.keys[key] for key in ("title", "about", "info", "info_toggle_checked") if key in file.keys}
    columns = file.settings.get("max_list_columns", MAX_LIST_COLUMNS)
    if columns != MAX_LIST_COLUMNS:
        made["settings"] = {"max_list_columns": columns}
    return made


def _resource(resource: ResourceType, fields: Fields, plain: Fields) -> dict[str, Any]:
    part = fields.file.resource(resource.name)
    made: dict[str, Any] = {}
    for key, wanted, given in (
        ("user_key", fields.user_key(resource), plain.user_key(resource)),
        ("label", fields.label(resource), plain.label(resource)),
        ("label_plural", fields.label_plural(resource), plural(fields.label(resource))),
        ("max_list_columns", part.keys.get("max_list_columns"), None),
        ("perPage", part.keys.get("perPage", PER_PAGE), PER_PAGE),
        *((key, part.keys.get(key) or None, None) for key in _RESOURCE),
    ):
        if wanted != given:
            made[key] = wanted
    attributes = _attributes(resource, fields, plain)
    if attributes:
        made["attributes"] = attributes
    tabs = _tabs(resource, fields, plain)
    if tabs:
        made["tab_groups"] = tabs
    return made


def _attributes(resource: ResourceType, fields: Fields, plain: Fields) -> list[Any]:
    part = fields.file.resource(resource.name)
    wanted = fields.attributes(resource)
    given = {each["name"]: each for each in plain.attributes(resource)}
    searches_all = all(each["search"] == given[each["name"]]["search"] for each in wanted)
    entries: list[dict[str, Any]] = []
    for each in wanted:
        name = each["name"]
        keys = part.attributes[name].keys if name in part.attributes else {}
        entry = {"name": name}
        for key in _SAID:
            if each[key] != given[name][key] and (key in keys or (key == "required" and name in part.attributes)):
                entry[key] = each[key]
        if each["search"] and not searches_all:
            entry["search"] = True
        entries.append(entry)
    names = [entry["name"] for entry in entries]
    if part.keys.get("only_listed"):
        # What is listed is what is shown, so all of it is listed.
        return [_entry(entry) for entry in entries if entry["name"] in part.attributes]
    key = fields.user_key(resource)
    unlisted = [key, *(name for name in resource.attributes if name != key)]
    if names == unlisted and not any(len(entry) > 1 for entry in entries):
        return []
    count = _needed(names, list(resource.attributes), [len(entry) > 1 for entry in entries])
    return [_entry(entry) for entry in entries[: max(1, count)]]


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    if "enum" in entry:
        entry["enum"] = [each["value"] if each["label"] == str(each["value"]) else dict(each) for each in entry["enum"]]
    return entry


def _tabs(resource: ResourceType, fields: Fields, plain: Fields) -> list[dict[str, Any]]:
    wanted = fields.relationships(resource)
    given = {each["name"]: each for each in plain.relationships(resource)}
    entries: list[dict[str, Any]] = []
    for each in wanted:
        entry = {"name": each["name"]}
        entry |= {key: each[key] for key in ("label", "attributes", "hidden") if each[key] != given[each["name"]][key]}
        entries.append(entry)
    count = _needed([entry["name"] for entry in entries], list(given), [len(entry) > 1 for entry in entries])
    return entries[:count]


def _needed(wanted: Sequence[str], given: Sequence[str], says: Sequence[bool]) -> int:
    """How many of the wanted names must be listed, so that their order and all that is said of them holds.

    Args:
        wanted: in their order.
        given: in the order they would have unlisted.
        says: for each wanted one whether something is said of it.
    """
    last = max((index + 1 for index, said in enumerate(says) if said), default=0)
    for count in range(last, len(wanted) + 1):
        listed = list(wanted[:count])
        if [*listed, *(name for name in given if name not in listed)] == list(wanted):
            return count
    return len(wanted)


def _full_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    types = {"boolean": "Boolean", "decimal": "DECIMAL", "date": "DATE", "datetime": "DATETIME", "integer": "INTEGER"}
    made: dict[str, Any] = {"name": attribute["name"], "label": attribute["label"]}
    kind = attribute["type"]
    if kind != "text":
        made["type"] = types.get(kind, kind)
    made |= {
        key: True for key in ("required", "search", "hidden", "hide_list", "hide_edit", "readonly") if attribute[key]
    }
    made |= {
        key: attribute[key] for key in ("sort", "format", "group", "placeholder", "info", "show_when") if attribute[key]
    }
    if attribute["enum"]:
        made["enum"] = [dict(each) for each in attribute["enum"]]
    return made


def _full_tab(tab: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: tab[key] for key in ("name", "direction", "resource", "fks", "label")}
    if tab["attributes"] is not None:
        made["attributes"] = [{"name": name} for name in tab["attributes"]]
    if tab["hidden"]:
        made["hidden"] = True
    return made
