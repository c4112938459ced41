"""The files of a project as text, and a new project written all or nothing.

Every file comes from a template of ``templates/``, which has the file's own path there, but for the mapped classes,
whose text comes from the database.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from rowgate.errors import NewProjectRefused
from rowgate.generate.answers import MAIN, Answers
from rowgate.generate.bases import base_path, write_answers, write_bases
from rowgate.generate.models import Models
from rowgate.generate.suggestions import suggest

__all__ = ["check_folder", "render", "requirements", "write_new"]

_SUFFIX: Final = ".jinja"
_HIDDEN: Final = "dot-"
"""Stands for the dot of a hidden file: tools that copy folders like to leave those out."""
_EXTRAS: Final = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
"""What rowgate installs as an extra, by dialect."""
_DRIVERS: Final = {"oracle": "oracledb", "mssql": "pyodbc"}
"""Drivers of databases that rowgate is not tested on."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def render(answers: Answers, models: Mapping[str, Models]) -> dict[str, str]:
    """Every generated file of a project: the same text for the same answers and models.

    Args:
        answers: what the project is made from.
        models: the mapped classes of each database, by its name.

    Returns:
        The files' texts, by path with ``/`` between its parts.
    """
    templates = Environment(
        loader=PackageLoader("rowgate.generate"),
        autoescape=False,  # noqa: S701  the files are code, not HTML; a title goes through json
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # A text in double quotes is the same in JSON and in YAML.
    templates.filters["json"] = lambda text: json.dumps(text, ensure_ascii=False)
    templates.filters["marked"] = lambda text: _marked(text, "#")
    templates.filters["struck"] = lambda text: _marked(text, "//")
    context = {
        "answers": answers,
        "models": models,
        "suggested": suggest(models[MAIN], dialect=answers.database().dialect),
        "requirements": requirements(answers),
        "database": MAIN,
        "title": answers.title,
    }
    files = {
        _target(name): text
        for name in templates.list_templates(extensions=[_SUFFIX.lstrip(".")])
        if (text := templates.get_template(name).render(context)).strip() or name.endswith("__init__.py" + _SUFFIX)
    }
    for database in answers.databases[1:]:
        own = {
            "database": database.name,
            "title": f"{answers.title}: {database.name.replace('_', ' ')}",
            "suggested": suggest(models[database.name], dialect=database.dialect),
        }
        files[database.admin_file] = templates.get_template("ui/admin.yaml.jinja").render(context | own)
    for database in answers.databases:
        files[database.module.replace(".", "/") + ".py"] = models[database.name].text
    return dict(sorted(files.items()))


def _marked(text: str, mark: str) -> str:
    """The lines as a comment."""
    return "\n".join(f"{mark} {line}" if line else mark for line in text.splitlines())


def _target(template: str) -> str:
    *folders, name = template.removesuffix(_SUFFIX).split("/")
    return "/".join([*folders, "." + name.removeprefix(_HIDDEN) if name.startswith(_HIDDEN) else name])


def requirements(answers: Answers) -> list[str]:
    """The lines of ``requirements.txt``: rowgate with the drivers of the databases, and the versions it may have."""
    dialects = {each.dialect for each in answers.databases}
    extras = sorted({_EXTRAS[dialect] for dialect in dialects & _EXTRAS.keys()})
    wanted = f"[{','.join(extras)}]" if extras else ""
    drivers = sorted(_DRIVERS[dialect] for dialect in dialects & _DRIVERS.keys())
    return [f"rowgate{wanted}~={_compatible(answers.version)}", *drivers]


def _compatible(version: str) -> str:
    """The version as ``~=`` wants it: before 1.0 each minor version may break things, later only a major one."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    released = numbers is not None and numbers.group() == version
    if not released or version.startswith("0."):
        return version
    return ".".join(version.split(".")[:2])


def write_new(
    folder: Path,
    files: Mapping[str, str],
    *,
    answers: Answers,
    bases: Mapping[str, str] | None = None,
    prepare: Callable[[Path], object] | None = None,
) -> None:
    """Write a new project: all its files or none, with the bases and the answers.

    Args:
        folder: the project's; must not be there, or be empty.
        files: by path in the project, with ``/`` between its parts.
        answers: what it was made from.
        bases: the files as generated, where that is not what is written; else `files`.
        prepare: makes what has no base, in the folder that it is told; the project has its name when that is done.

    Raises:
        NewProjectRefused: the folder cannot be one, is not empty, or cannot be written.
    """
    check_folder(folder)
    parent = folder.resolve().parent
    part = parent / f".{folder.resolve().name}.{secrets.token_hex(6)}.part"
    try:
        _write_all(part, files)
        write_answers(part, answers)
        write_bases(part, files if bases is None else bases)
        if prepare is not None:
            prepare(part)
        _publish(part, folder.resolve())
    except OSError as error:
        raise NewProjectRefused(f"{folder} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check_folder(folder: Path) -> str:
    """Refuse a folder that cannot become a project; else its name.

    Raises:
        NewProjectRefused: it is not empty, its parent is missing, or its name is none for a project.
    """
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise NewProjectRefused(
            f"{name!r} is no name for a project.",
            hint="Take letters, digits, - and _, beginning with a letter: rowgate new my-shop --db-url URL",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NewProjectRefused(f"{folder} is there already, and is not an empty folder.")
    if not folder.resolve().parent.is_dir():
        raise NewProjectRefused(f"There is no folder {folder.resolve().parent}.", hint="Make it, or name another one.")
    return name


def _write_all(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir()
    for relative, text in files.items():
        base_path(relative)  # refuses a path that leads out of the project
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def _publish(part: Path, folder: Path) -> None:
    """Give the finished project its name; into an empty folder that is there its entries move one by one."""
    if not folder.exists():
        part.rename(folder)
        return
    moved: list[Path] = []
    try:
        for entry in part.iterdir():
            moved.append(entry.rename(folder / entry.name))
    except OSError:
        for entry in moved:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        raise
