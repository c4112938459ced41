"""``api/customize_api.py`` of ApiLogicServer: endpoints that need nothing of it go over, others stay as comments."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Final

from rowgate.generate.import_als_report import Report, commented
from rowgate.generate.import_als_source import AlsProject, Parsed

__all__ = ["read_api"]

MAIN: Final = "api/customize_api.py"
_FOLDER: Final = "api/api_discovery"
_HOSTS: Final = ("expose_services", "add_service")
_FLASK: Final = frozenset({"request", "jsonify", "abort", "make_response", "redirect"})
_OWN: Final = frozenset(
    f"{_FOLDER}/{name}.py"
    for name in ("system", "mcp_discovery", "authentication_expose_api_models", "ontimizeweb_api")
)
"""What ApiLogicServer writes into each project, and rowgate has another way."""
_LOGGER: Final = "app_logger"
_WHY: Final = (
    "Write it again with @api.app.get or @api.rpc: web.session() is the session of whoever asks, and "
    "filters what is read."
)


def read_api(project: AlsProject, report: Report) -> dict[str, str]:
    """Translate the endpoints.

    Args:
        project: the old one.
        report: told what was not translated.

    Returns:
        The new ``api/customize_api.py``, by its path.
    """
    sources = [each for each in (project.parsed(MAIN), *project.below(_FOLDER)) if each is not None]
    kept: list[str] = []
    left: list[str] = []
    flask: set[str] = set()
    count = 0
    for source in sources:
        if source.name in _OWN:
            continue
        for node, address in _endpoints(source):
            strange = _strange(node)
            if address is not None and not strange and isinstance(node, ast.FunctionDef):
                flask |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & _FLASK
                kept += ["", *(f"    {line}".rstrip() for line in _text(node, address).splitlines())]
                count += 1
                continue
            what = f"the endpoint {address[0]}" if address else f"`{node.name}`"
            needs = f"It uses {', '.join(strange)}. " if strange else ""
            report.needs(source.place(node), f"{what} is left out", needs + _WHY)
            left += ["", f"# --- {source.place(node)}", *commented(source.lines_of(node))]
    report.translated.append(f"`api/customize_api.py`: {count} endpoints")
    lines = ['"""Endpoints of the project\'s own, beside those of every model."""', ""]
    logs = any(_LOGGER in line for line in kept)
    lines += ["import logging", ""] if logs else []
    lines += [f"from flask import {', '.join(sorted(flask))}", ""] if flask else []
    lines += ["from rowgate.api import Api", ""]
    lines += [f"{_LOGGER} = logging.getLogger(__name__)", ""] if logs else []
    lines += ["", "def customize_api(api: Api) -> None:"]
    lines += ['    """Add the endpoints; called once, while the app is set up."""', *kept]
    lines += ["", "", "# Not translated:", *left] if left else []
    return {MAIN: "\n".join(lines) + "\n"}


def _endpoints(source: Parsed) -> Iterator[tuple[ast.FunctionDef | ast.ClassDef, tuple[str, tuple[str, ...]] | None]]:
    """What is served: functions with their address and methods, and classes of services, which have none."""
    hosts = [each for each in source.tree.body if isinstance(each, ast.FunctionDef) and each.name in _HOSTS]
    for host in hosts:
        for node in ast.walk(host):
            if isinstance(node, ast.FunctionDef) and (address := _address(node)) is not None:
                yield node, address
    for each in source.tree.body:
        if isinstance(each, ast.ClassDef) and "jsonapi_rpc" in ast.unparse(each):
            yield each, None


def _address(node: ast.FunctionDef) -> tuple[str, tuple[str, ...]] | None:
    for each in node.decorator_list:
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "app.route" and each.args:
            path = each.args[0]
            methods = next((keyword.value for keyword in each.keywords if keyword.arg == "methods"), None)
            if isinstance(path, ast.Constant):
                names = [str(getattr(one, "value", "")) for one in getattr(methods, "elts", [])]
                return str(path.value), tuple(name for name in names if name != "OPTIONS") or ("GET",)
    return None


def _strange(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    """Names that neither Python nor Flask brings along."""
    if isinstance(node, ast.ClassDef):
        return []
    guards = [ast.unparse(each) for each in node.decorator_list]
    guards = [each for each in guards if not each.startswith(("app.route(", "cross_origin("))]
    if guards:
        return guards  # what let nobody in must not be open to everybody
    parts: list[ast.AST] = [*node.body, node.args]
    inside = [each for part in parts for each in ast.walk(part)]
    own = {each.arg for each in inside if isinstance(each, ast.arg)}
    own |= {each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    used = [each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)]
    used += ["an import" for each in inside if isinstance(each, ast.Import | ast.ImportFrom)]
    known = {*dir(builtins), *_FLASK, _LOGGER, *own} - {"open", "eval", "exec", "__import__"}
    return sorted({name for name in used if name not in known})


def _text(node: ast.FunctionDef, address: tuple[str, tuple[str, ...]]) -> str:
    path, methods = address
    route = f"api.app.route({path!r}, methods={list(methods)!r})"
    node.decorator_list = [ast.parse(route, mode="eval").body]
    return ast.unparse(node)
