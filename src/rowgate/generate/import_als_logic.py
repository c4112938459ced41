"""The rules of ApiLogicServer: ``logic/declare_logic.py`` and what its discovery finds, in rowgate's spelling.

A rule stays where everything that it names is known: mapped classes, the standard library, functions beside it that
do so too. Every other one stays as a comment.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from rowgate.generate.import_als_models import AlsClass, Renames
from rowgate.generate.import_als_report import Report, commented, docstring
from rowgate.generate.import_als_source import AlsProject, Parsed

__all__ = ["read_logic"]

MAIN: Final = "logic/declare_logic.py"
_FOLDERS: Final = ("logic/logic_discovery", "logic/wg_rules")
_TARGET: Final = "logic/logic_discovery"
_SAME: Final = {"sum": "sum", "count": "count", "formula": "formula", "copy": "copy", "constraint": "constraint"}
_EVENTS: Final = {
    "early_row_event": "early_event",
    "row_event": "event",
    "commit_row_event": "commit_event",
    "after_flush_row_event": "after_flush_event",
}
_KEYWORDS: Final = {
    "sum": ("derive", "as_sum_of", "where", "child_role_name"),
    "count": ("derive", "as_count_of", "where", "child_role_name"),
    "formula": ("derive", "as_expression", "calling", "no_prune"),
    "copy": ("derive", "from_parent", "child_role_name"),
    "constraint": ("validate", "error_msg", "as_condition", "calling", "error_attributes", "at_commit"),
    **dict.fromkeys(_EVENTS.values(), ("on_class", "calling")),
    "copy_row": ("copy_from", "copy_to", "copy_when"),
}
_STAMPS: Final = ("CreatedOn", "CreatedBy", "UpdatedOn", "UpdatedBy")
_FIELD: Final = re.compile(r"(?:old_)?row(?:\.\w+)+(?::[^{}]*)?")
_ROUND: Final = re.compile(r"\{round\(\s*((?:old_)?row(?:\.\w+)+)\s*,\s*(\d+)\s*\)\}")


class _UntranslatableError(Exception):
    """Says why."""


def read_logic(project: AlsProject, classes: Mapping[str, AlsClass], report: Report) -> dict[str, str]:
    """Translate the rules.

    Args:
        project: the old one.
        classes: of the models.
        report: told what was not translated.

    Returns:
        The new files, by path.
    """
    files: dict[str, str] = {}
    modules: list[str] = []
    for folder in _FOLDERS:
        for source in project.below(folder):
            within = source.name.removeprefix(f"{folder}/").removesuffix(".py").split("/")
            if folder != _TARGET:
                within = [folder.rpartition("/")[2], *within]
            stem = "/".join(re.sub(r"\W", "_", part) for part in within)
            text = _File(source, classes, report).text()
            if text is not None:
                files[f"{_TARGET}/{stem}.py"] = text
                modules.append(f"logic.logic_discovery.{stem.replace('/', '.')}")
                for depth in range(len(within)):
                    package = "/".join([_TARGET, *stem.split("/")[:depth]])
                    files.setdefault(f"{package}/__init__.py", '"""Rules by use case."""\n')
    main = project.parsed(MAIN)
    own = _File(main, classes, report, modules).text() if main is not None else None
    files[MAIN] = own or _nothing(modules)
    report.translated.append(f"`logic/`: {len(modules) + (main is not None)} files")
    return files


def _nothing(modules: Iterable[str]) -> str:
    lines = ['"""The business rules."""', "", *_imports(modules), "", "", "def declare_logic() -> None:"]
    return "\n".join([*lines, '    """Declare the rules."""', *_calls(modules)]) + "\n"


def _imports(modules: Iterable[str]) -> list[str]:
    return [
        f"from {module.rpartition('.')[0]} import {module.rpartition('.')[2]} as {_alias(module)}" for module in modules
    ]


def _calls(modules: Iterable[str]) -> list[str]:
    return [f"    {_alias(module)}.declare_logic()" for module in modules]


def _alias(module: str) -> str:
    return module.removeprefix("logic.logic_discovery.").replace(".", "_") + "_rules"


class _File:
    """One file that has a function ``declare_logic``."""

    def __init__(
        self, source: Parsed, classes: Mapping[str, AlsClass], report: Report, modules: Iterable[str] = ()
    ) -> None:
        self.source, self.classes, self.report, self.modules = source, classes, report, list(modules)
        self.renames = Renames(classes)
        self.imports: dict[str, str] = {}
        self.known = {*dir(builtins), *classes, "models", "Rule", "LogicRow"}
        self.uses: set[str] = set()

    def text(self) -> str | None:
        """The new file; None where nothing is declared in it."""
        tree = self.source.tree
        names = ("declare_logic", "init_rule")
        functions = (each for each in tree.body if isinstance(each, ast.FunctionDef))
        declare = next((each for each in functions if each.name in names), None)
        if declare is None:
            return None
        for each in ast.walk(tree):
            if isinstance(each, ast.Import | ast.ImportFrom):
                self._import(each)
        beside = [line for each in tree.body if each is not declare for line in self._beside(each)]
        body = [line for each in declare.body for line in self._statement(each)]
        lines = [docstring(ast.get_docstring(tree) or "Business rules."), ""]
        used = sorted(line for name, line in self.imports.items() if name in self.uses)
        lines += [*used, *([""] if used else [])]
        if self.renames.used:
            lines.append(f"from database.models import {', '.join(sorted(self.renames.used))}")
        lines += _imports(self.modules)
        own = sorted(name for name in ("LogicRow", "Rule") if name in self.uses)
        lines += [f"from rowgate.logic import {', '.join(own)}"] if own else []
        lines += [
            *(["", *beside] if beside else []),
            "",
            "",
            "def declare_logic() -> None:",
            f"    {docstring(ast.get_docstring(declare) or 'Declare the rules.')}",
        ]
        return "\n".join([*lines, *_calls(self.modules), *(f"    {line}".rstrip() for line in body)]).rstrip() + "\n"

    # --- what may be named

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Keep what comes with Python; what is ApiLogicServer's own stays unknown."""
        for each in node.names:
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else each.name
            top = module.split(".")[0]
            if each.name == "*" or (top not in sys.stdlib_module_names and module != "logic_bank.util"):
                continue
            bound = each.asname or (each.name if isinstance(node, ast.ImportFrom) else top)
            self.known.add(bound)
            renamed = f" as {each.asname}" if each.asname else ""
            start = f"from {module} import" if isinstance(node, ast.ImportFrom) else "import"
            self.imports[bound] = f"{start} {each.name}{renamed}"

    def _unknown(self, node: ast.AST) -> list[str]:
        """Names that a statement uses, and that are neither known nor its own."""
        own = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
        own |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        own |= {each.name for each in ast.walk(node) if isinstance(each, ast.ExceptHandler) and each.name}
        used = (each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))
        return [name for name in dict.fromkeys(used) if name not in self.known and name not in own]

    # --- statements

    def _beside(self, node: ast.stmt) -> list[str]:
        """A statement of the module: functions and constants that rules use."""
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass) or _is_text(node) or _only_imports(node):
            return []
        if _target(node) in ("app_logger", "logger"):
            return self._kept(node) if not self._unknown(node) else []
        if _target(node) in ("declare_logic_message", "db", "session"):
            return []
        return ["", *self._kept_or_left(node)]

    def _statement(self, node: ast.stmt) -> list[str]:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass) or _is_text(node):
            return []
        call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        called = ast.unparse(call.func) if call is not None else ""
        if called == "discover_logic" or called.startswith(("app_logger", "logger", "logic_bank", "print")):
            return []
        if call is not None and called.startswith(("Rule.", "RuleExtension.")):
            return ["", *self.source.comments_before(node), *self._rule(call, called.partition(".")[2], node)]
        if isinstance(node, ast.FunctionDef) and _is_for_all(node):
            return []  # told at the rule that calls it
        return ["", *self._kept_or_left(node)]

    def _kept_or_left(self, node: ast.stmt) -> list[str]:
        unknown = self._unknown(node)
        if unknown:
            what = f"`{node.name}`" if isinstance(node, ast.FunctionDef | ast.ClassDef) else "a statement"
            why = f"It uses {', '.join(unknown)}, which this project does not have."
            self.report.needs(self.source.place(node), f"{what} is left out", why)
            return commented(self.source.lines_of(node))
        return self._kept(node)

    def _kept(self, node: ast.stmt) -> list[str]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.known.add(node.name)
        self.known |= {
            each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        self.uses |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        for each in ast.walk(node):
            if isinstance(each, ast.Attribute) and each.attr in ("copy_children", "session", "engine"):
                used = ast.unparse(each)
                self.report.notes.append(
                    f"`{self.source.place(node)}` uses `{used}` of LogicBank: try whether it works."
                )
                break
        inside = [each for each in getattr(node, "body", []) if isinstance(each, ast.Import | ast.ImportFrom)]
        node = self.renames.visit(node)
        if inside:
            node.body = [each for each in node.body if each not in inside] or [ast.Pass()]  # type: ignore[attr-defined]
        return ast.unparse(ast.fix_missing_locations(node)).splitlines()

    # --- rules

    def _rule(self, call: ast.Call, name: str, node: ast.stmt) -> list[str]:
        if name == "early_row_event_all_classes":
            return self._for_all(node)
        try:
            made = self._translated(call, name)
        except _UntranslatableError as error:
            self.report.needs(self.source.place(node), f"Rule.{name} is left out", str(error))
            return commented([f"left out: {error}", *self.source.lines_of(node)])
        self.uses |= {"Rule", *(each.id for each in ast.walk(made) if isinstance(each, ast.Name))}
        return [ast.unparse(ast.fix_missing_locations(made))]

    def _translated(self, call: ast.Call, name: str) -> ast.Call:
        new = "constraint" if name == "commit_constraint" else _SAME.get(name) or _EVENTS.get(name) or name
        if new not in _KEYWORDS:
            raise _UntranslatableError(f"There is no such rule here: {name}.")
        unknown = [name for each in (*call.args, *call.keywords) for name in self._unknown(each)]
        if unknown:
            raise _UntranslatableError(f"It uses {', '.join(unknown)}, which was left out, or is not in this project.")
        said = {each.arg: each.value for each in call.keywords if each.arg is not None}
        said = {**dict(zip(_KEYWORDS[new], call.args, strict=False)), **said}
        if name == "commit_constraint":
            said["at_commit"] = ast.Constant(True)
        if "as_exp" in said:
            said["as_expression"] = _as_lambda(said.pop("as_exp"))
        for text in ("as_condition", "where", "as_expression"):
            if isinstance(said.get(text), ast.Constant):
                said[text] = _as_lambda(said[text])
        strange = [each for each in said if each not in _KEYWORDS[new]]
        if strange:
            raise _UntranslatableError(f"It has {', '.join(strange)}, which this rule does not take here.")
        if "error_msg" in said:
            said["error_msg"] = self._message(said["error_msg"], call)
        elif new == "constraint":
            said["error_msg"] = ast.Constant("A business rule refused this change.")
        first, *others = (each for each in _KEYWORDS[new] if each in said)
        made = ast.Call(
            ast.parse(f"Rule.{new}", mode="eval").body,
            [said[first]],
            [ast.keyword(each, said[each]) for each in others],
        )
        visited: ast.Call = self.renames.visit(made)
        return visited

    def _message(self, node: ast.expr, call: ast.Call) -> ast.expr:
        """Fields name columns; an expression between braces would have to be evaluated."""
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise _UntranslatableError("Its error_msg is no plain text.")
        text = _ROUND.sub(r"{\1:.\2f}", node.value)
        if all(_FIELD.fullmatch(each) for each in re.findall(r"\{(.*?)\}", text)) and text.count("{") == text.count(
            "}"
        ):
            return ast.Constant(text)
        self.report.notes.append(f"`{self.source.place(call)}`: the message shows no values; they were computed in it.")
        return ast.Constant(re.sub(r"\{.*?\}", "...", text).replace("{", "").replace("}", ""))

    def _for_all(self, node: ast.stmt) -> list[str]:
        stamped = sorted(
            name
            for name, each in self.classes.items()
            if any(each.attributes.get(column) in ("dt.datetime", "dt.date", "str") for column in _STAMPS)
            and all(each.attributes.get(column, "dt.")[:3] == "dt." for column in ("CreatedOn", "UpdatedOn"))
        )
        why = "Locking, permissions and stamps need no event: ETags, the policy, and Rule.stamp do that."
        handler = next(
            (each for each in ast.walk(self.source.tree) if isinstance(each, ast.FunctionDef) and _is_for_all(each)),
            None,
        )
        self.report.needs(
            self.source.place(node), "the event for all classes is left out", f"{why} See what else it did."
        )
        lines = commented(
            [f"left out: {why}", *(self.source.lines_of(handler) if handler else []), *self.source.lines_of(node)]
        )
        if stamped:
            self.uses.add("Rule")
            self.renames.used |= set(stamped)
            lines = [f"Rule.stamp([{', '.join(stamped)}])", "", *lines]
        return lines


def _as_lambda(node: ast.expr) -> ast.expr:
    """A text that LogicBank would evaluate, as a function."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise _UntranslatableError("Its expression is neither a function nor a text.")
    try:
        return ast.parse(f"lambda row: {node.value.strip()}", mode="eval").body
    except SyntaxError as fault:
        raise _UntranslatableError(f"Its expression is no Python: {fault}.") from fault


def _only_imports(node: ast.stmt) -> bool:
    """Whether it is a try around imports."""
    return isinstance(node, ast.Try) and all(isinstance(each, ast.Import | ast.ImportFrom) for each in node.body)


def _is_for_all(node: ast.FunctionDef) -> bool:
    return [each.arg for each in node.args.args] == ["logic_row"]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _target(node: ast.stmt) -> str | None:
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else None
