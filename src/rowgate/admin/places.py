"""The databases of a project as the admin app's menu has them: each has an admin app of its own, below its prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rowgate.admin.file import ADMIN_FILE, AdminFile, read_file
from rowgate.admin.nodes import Faults
from rowgate.admin.words import spaced
from rowgate.project import MAIN, Project

__all__ = ["Place", "Places", "links", "places", "title_of"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One database; ``prefix`` is ``""`` for the main one."""

    name: str
    prefix: str
    title: str


Places: TypeAlias = Sequence[Place]


def places(project: Project) -> Places:
    """The databases of a project, with their admin apps' titles; the main one first."""
    further = [(each.name, each.prefix, each.name, each.admin_file) for each in project.databases]
    return [
        Place(name=name, prefix=prefix, title=title_of(read_file(project.root, Faults(), file), named=named))
        for name, prefix, named, file in ((MAIN, "", project.root.resolve().name, ADMIN_FILE), *further)
    ]


def title_of(file: AdminFile, *, named: str) -> str:
    """The name of an admin app: what its file says, else what it is named."""
    return str(file.keys.get("title") or spaced(named))


def links(listed: Places, here: str, *, root: str) -> list[dict[str, Any]]:
    """The menu's entries; none where there is but one database.

    Args:
        here: the database of the app that asks.
        root: the path that this app is mounted under.
    """
    if len(listed) < 2:
        return []
    prefix = next(each.prefix for each in listed if each.name == here)
    outer = root.removesuffix(f"/{prefix}") if prefix else root
    return [
        {
            "name": each.name,
            "title": each.title,
            "href": f"{outer}/{each.prefix}/" if each.prefix else f"{outer}/",
            "here": each.name == here,
        }
        for each in listed
    ]
