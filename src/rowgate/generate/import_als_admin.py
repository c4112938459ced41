"""``ui/admin/admin.yaml`` of ApiLogicServer: rowgate reads the format; what names nothing of the models goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from rowgate.generate.import_als_models import AlsClass
from rowgate.generate.import_als_report import Report

__all__ = ["read_admin"]


def read_admin(text: str | None, classes: Mapping[str, AlsClass], report: Report) -> str | None:
    """Take the file over.

    Args:
        text: of the old file; None where there is none.
        classes: of the models.
        report: told what went.

    Returns:
        The new file; None where there was none, or it cannot be read.
    """
    if text is None:
        return None
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        report.needs("ui/admin/admin.yaml", "it is left out", f"It cannot be read: {' '.join(str(error).split())}")
        return None
    resources = document.get("resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict):
        report.needs("ui/admin/admin.yaml", "it is left out", "It has no resources.")
        return None
    dropped: list[str] = []
    kept: dict[str, Any] = {}
    for name, said in resources.items():
        if name not in classes:
            dropped.append(str(name))
        else:
            kept[name] = _resource(said if isinstance(said, dict) else {}, classes[name], classes, dropped)
    if dropped:
        report.notes.append(
            f"`ui/admin.yaml` no longer has {', '.join(sorted(set(dropped)))}: the models do not have it."
        )
    document["resources"] = kept
    report.translated.append(f"`ui/admin.yaml`: {len(kept)} resources")
    head = "# Taken over from ApiLogicServer. `rowgate admin-yaml` tells which keys have an effect.\n"
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _resource(
    said: dict[str, Any], entity: AlsClass, classes: Mapping[str, AlsClass], dropped: list[str]
) -> dict[str, Any]:
    made = dict(said)
    attributes = [_renamed(each, entity) for each in said.get("attributes") or [] if isinstance(each, dict)]
    made["attributes"] = [each for each in attributes if each.get("name") in entity.attributes]
    dropped += [f"{entity.name}.{each.get('name')}" for each in attributes if each.get("name") not in entity.attributes]
    key = entity.renamed.get(str(said.get("user_key")), said.get("user_key"))
    if key in entity.attributes:
        made["user_key"] = key
    else:
        made.pop("user_key", None)
    tabs = [each for each in said.get("tab_groups") or [] if isinstance(each, dict)]
    made["tab_groups"] = [
        _tab(each, classes, dropped)
        for each in tabs
        if each.get("name") in entity.relationships and entity.relationships[each["name"]] == each.get("resource")
    ]
    dropped += [
        f"{entity.name}.{each.get('name')}"
        for each in tabs
        if each.get("name") not in entity.relationships or entity.relationships[each["name"]] != each.get("resource")
    ]
    return {name: value for name, value in made.items() if value not in ([], None)}


def _tab(tab: dict[str, Any], classes: Mapping[str, AlsClass], dropped: list[str]) -> dict[str, Any]:
    target = classes.get(str(tab.get("resource")))
    listed = tab.get("attributes")
    if target is None or not isinstance(listed, list):
        return tab
    names = [_renamed(each, target) for each in listed if isinstance(each, dict)]
    kept = [each for each in names if each.get("name") in target.attributes]
    return {**tab, "attributes": kept} if kept else {name: value for name, value in tab.items() if name != "attributes"}


def _renamed(attribute: dict[str, Any], entity: AlsClass) -> dict[str, Any]:
    name = str(attribute.get("name"))
    return {**attribute, "name": entity.renamed.get(name, name)}
