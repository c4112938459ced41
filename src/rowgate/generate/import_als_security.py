"""``security/declare_security.py`` of ApiLogicServer in rowgate's spelling.

A condition that cannot be translated becomes one that no row satisfies: left out, a filter would show what it hid, and
a grant would leave its entity to the permissions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rowgate.generate.import_als_models import AlsClass, Renames
from rowgate.generate.import_als_report import Report, commented
from rowgate.generate.import_als_source import Parsed

__all__ = ["SUPERUSER", "Security", "read_security"]

_VERBS: Final = {
    "can_read": "Access.READ",
    "can_insert": "Access.INSERT",
    "can_update": "Access.UPDATE",
    "can_delete": "Access.DELETE",
}
_SQL: Final = frozenset({"and_", "or_", "not_", "func", "true", "false", "select", "exists", "cast", "null", "case"})
_ENTITY: Final = "entity_class"
_HIDES: Final = "false()"
SUPERUSER: Final = "sa"
NO_ROLE: Final = "public"


@dataclass
class Security:
    """The new file, and what it needs of the log-ins.

    Attributes:
        roles: the roles there are.
        claims: that conditions use.
    """

    lines: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    claims: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)
    sql: set[str] = field(default_factory=set)
    shaped: bool = False

    def text(self, claims: Mapping[str, str], roles: set[str]) -> str:
        """The file.

        Args:
            claims: the Python type of each claim that log-ins have.
            roles: those that log-ins hold.
        """
        for role in sorted({*roles, SUPERUSER, NO_ROLE} - set(self.roles.values())):
            self.roles[_identifier(role)] = role
        kinds = {**dict.fromkeys(sorted(self.claims), "str"), **claims}
        plain = {"dt": "import datetime as dt", "Decimal": "from decimal import Decimal"}
        lines = [
            '"""Who may see and do what; taken over from ApiLogicServer."""',
            "",
            "from __future__ import annotations",
            "",
        ]
        lines += [line for name, line in plain.items() if any(kind.split(".")[0] == name for kind in kinds.values())]
        lines += ["from dataclasses import dataclass", "from enum import StrEnum", ""]
        lines += [f"from sqlalchemy import {', '.join(sorted(self.sql))}"] if self.sql else []
        lines += ["from sqlalchemy.orm import Mapped"] if self.shaped else []
        lines += [""] if self.sql or self.shaped else []
        lines += [f"from database.models import {', '.join(sorted(self.entities))}"] if self.entities else []
        lines += ["from rowgate.policy import Policy", "from rowgate.types import Access, Principal", "", ""]
        lines += ["class Roles(StrEnum):", '    """Every role there is; log-ins hold any number of them."""', ""]
        lines += [f"    {name} = {role!r}" for name, role in self.roles.items()]
        lines += ["", "", "@dataclass(frozen=True, kw_only=True)", "class User(Principal):"]
        lines += ['    """Who asks, and the claims that conditions may use."""']
        lines += ["", *(f"    {name}: {kind} | None = None" for name, kind in kinds.items())] if kinds else []
        superuser, no_role = (self._member(role) for role in (SUPERUSER, NO_ROLE))
        lines += ["", "", f"policy = Policy(User, superuser={superuser}, no_role={no_role})"]
        return "\n".join([*lines, *self.lines]).rstrip() + "\n"

    def _member(self, role: str) -> str:
        return next(f"Roles.{name}" for name, each in self.roles.items() if each == role)


class _UntranslatableError(Exception):
    """Says why."""


def read_security(source: Parsed, classes: Mapping[str, AlsClass], report: Report) -> Security:
    """Translate the declarations.

    Args:
        source: the file.
        classes: of the models.
        report: told what was not translated.
    """
    reader = _Reader(source, classes, report)
    for node in source.tree.body:
        reader.read(node)
    made = reader.made
    report.translated.append(f"`security/declare_security.py`: {reader.count} declarations, {len(made.roles)} roles")
    return made


class _Reader:
    def __init__(self, source: Parsed, classes: Mapping[str, AlsClass], report: Report) -> None:
        self.source, self.classes, self.report = source, classes, report
        self.made = Security()
        self.count = 0
        self._functions = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
        self._shapes: set[str] = set()

    def read(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ClassDef) and node.name == "Roles":
            self._roles(node)
            return
        call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        name = call.func.id if call is not None and isinstance(call.func, ast.Name) else ""
        make = {
            "DefaultRolePermission": self._permission,
            "Grant": self._grant,
            "GlobalFilter": self._global_filter,
        }.get(name)
        if call is not None and make is not None:
            self.made.lines += ["", *self.source.comments_before(node)]
            try:
                self.made.lines += make(_keywords(call, name), node)
                self.count += 1
            except _UntranslatableError as error:
                # The whole line is lost, which no condition could stand in for: nobody is to get more by that.
                self.report.needs(self.source.place(node), f"the {name} stops the start", str(error))
                self.made.lines += commented(self.source.lines_of(node))
                message = f"{self.source.place(node)}: {name} was not translated: {error}"
                self.made.lines.append(f"raise NotImplementedError({message!r})")
        elif self._is_own(node):
            self.report.needs(self.source.place(node), "a statement is left out", "It is no declaration.")
            self.made.lines += ["", *commented(self.source.lines_of(node))]

    def _is_own(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.FunctionDef):
            return False  # a function is the condition of a grant, or nothing
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return False
        said = ast.unparse(node)
        return not said.startswith(("app_logger", "db =", "session =", "declare_security_message"))

    # --- declarations

    def _roles(self, node: ast.ClassDef) -> None:
        for each in node.body:
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant):
                self.made.roles[_identifier(ast.unparse(each.targets[0]))] = str(each.value.value)

    def _permission(self, said: dict[str, ast.expr], node: ast.stmt) -> list[str]:
        access = self._access(said, given=True)
        return [f"policy.permission({self._role(said.get('to_role'))}, {access})"]

    def _grant(self, said: dict[str, ast.expr], node: ast.stmt) -> list[str]:
        entity = self._entity(said.get("on_entity"))
        arguments = [entity, self._role(said.get("to_role"))]
        if said.keys() & _VERBS.keys():
            arguments.append(f"access={self._access(said, given=True)}")
        where = said.get("filter")
        lines: list[str] = []
        if where is not None and not _is_none(where):
            condition, lines = self._condition(where, entity, node)
            arguments.append(f"where=lambda row, user: {condition}")
        self._reason(said, arguments)
        return [*lines, f"policy.grant({', '.join(arguments)})"]

    def _global_filter(self, said: dict[str, ast.expr], node: ast.stmt) -> list[str]:
        named = said.get("global_filter_attribute_name")
        if not isinstance(named, ast.Constant) or not str(named.value).isidentifier():
            raise _UntranslatableError("global_filter_attribute_name is no plain name.")
        attribute = str(named.value)
        renamed = {new for each in self.classes.values() for old, new in each.renamed.items() if old == attribute}
        if not any(attribute in each.attributes for each in self.classes.values()):
            if renamed:
                attribute = renamed.pop()
            else:
                self.report.notes.append(
                    f"No class has `{attribute}`: its global filter bound nothing, and is a comment."
                )
                return commented(self.source.lines_of(node))
        self.made.shaped = True
        condition, lines = self._condition(said.get("filter"), "", node)
        exempt = self._role_list(said.get("roles_not_filtered"))
        shape = f"Has{attribute[:1].upper()}{attribute[1:]}"
        made: list[str] = []
        if shape not in self._shapes:
            self._shapes.add(shape)
            kinds = {each.attributes[attribute] for each in self.classes.values() if attribute in each.attributes}
            kind = kinds.pop() if len(kinds) == 1 else ""
            kind = kind if kind in ("int", "str", "bool", "float") else "object"
            made = [
                "",
                f"class {shape}:",
                f'    """Rows have {attribute}."""',
                "",
                f"    {attribute}: Mapped[{kind} | None]",
            ]
            made += ["", ""]
        return [
            *made,
            *lines,
            f"policy.global_filter({shape}, lambda row, user: {condition}, exempt=[{', '.join(exempt)}])",
        ]

    def _reason(self, said: dict[str, ast.expr], arguments: list[str]) -> None:
        debug = said.get("filter_debug")
        if isinstance(debug, ast.Constant) and isinstance(debug.value, str) and debug.value:
            arguments.append(f"reason={debug.value!r}")

    # --- parts

    def _entity(self, node: ast.expr | None) -> str:
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name not in self.classes:
            raise _UntranslatableError(f"There is no mapped class {name or 'named'} for on_entity.")
        self.made.entities.add(name)
        return name

    def _role(self, node: ast.expr | None) -> str:
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Roles":
            if node.attr not in self.made.roles:
                raise _UntranslatableError(f"Roles has no {node.attr}.")
            return f"Roles.{node.attr}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for name, role in self.made.roles.items():
                if role == node.value:
                    return f"Roles.{name}"
            name = _identifier(node.value)
            self.made.roles[name] = node.value
            return f"Roles.{name}"
        raise _UntranslatableError("The role is neither Roles.name nor a text.")

    def _role_list(self, node: ast.expr | None) -> list[str]:
        if node is None:
            return []
        if not isinstance(node, ast.List | ast.Tuple):
            raise _UntranslatableError("roles_not_filtered is no list.")
        return [self._role(each) for each in node.elts]

    def _access(self, said: Mapping[str, ast.expr], *, given: bool) -> str:
        verbs: list[str] = []
        for name, verb in _VERBS.items():
            value = said.get(name)
            if value is None:
                verbs += [verb] if given else []
            elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
                verbs += [verb] if value.value else []
            else:
                raise _UntranslatableError(f"{name} is neither True nor False.")
        return "Access.ALL" if len(verbs) == len(_VERBS) else " | ".join(verbs) or "Access.NONE"

    def _condition(self, node: ast.expr | None, entity: str, at: ast.stmt) -> tuple[str, list[str]]:
        """The condition as source, and comments where it is not what it was."""
        try:
            return self._translated(node, entity), []
        except _UntranslatableError as error:
            self.report.needs(self.source.place(at), "a condition hides every row now", str(error))
            self.made.sql.add("false")
            return _HIDES, commented([f"FIXME, {error}", *self.source.lines_of(at)])

    def _translated(self, node: ast.expr | None, entity: str) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value.replace("{entity_class}", _ENTITY).strip(), mode="eval").body
            except (SyntaxError, ValueError) as fault:
                raise _UntranslatableError(f"The filter is no expression: {fault}.") from fault
        if isinstance(node, ast.Name) and node.id in self._functions:
            node = self._returned(self._functions[node.id])
        if isinstance(node, ast.Lambda):
            if node.args.args:
                raise _UntranslatableError("The filter is a function with parameters.")
            node = node.body
        if node is None:
            raise _UntranslatableError("There is no filter.")
        condition = _Condition(entity, self.classes)
        made = condition.visit(node)
        self.made.claims |= condition.claims
        self.made.sql |= condition.sql
        self.made.entities |= condition.entities
        return ast.unparse(ast.fix_missing_locations(made))

    def _returned(self, function: ast.FunctionDef) -> ast.expr:
        body = [
            each for each in function.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        ]
        if function.args.args or len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            raise _UntranslatableError(f"{function.name} does more than to return a condition.")
        return body[0].value


class _Condition(ast.NodeTransformer):
    """A filter's expression, on ``row`` and ``user``."""

    def __init__(self, entity: str, classes: Mapping[str, AlsClass]) -> None:
        self.entity, self.classes = entity, classes
        self.claims: set[str] = set()
        self.sql: set[str] = set()
        self.entities: set[str] = set()
        self._renames = Renames(classes)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if _is_user(node.value):
            if node.attr == "UserRoleList":
                raise _UntranslatableError("It looks at the user's roles; say it with to_role or roles_not_filtered.")
            if node.attr != "id":
                self.claims.add(node.attr)
            return ast.Attribute(ast.Name("user", ast.Load()), node.attr, ast.Load())
        owner = self._owner(node.value)
        if owner is None:
            return self.generic_visit(node)
        if owner in ("row", self.entity):
            renamed = self.classes[self.entity].renamed if self.entity in self.classes else {}
            return ast.Attribute(ast.Name("row", ast.Load()), renamed.get(node.attr, node.attr), ast.Load())
        self.entities.add(owner)
        return ast.Attribute(
            ast.Name(owner, ast.Load()), self.classes[owner].renamed.get(node.attr, node.attr), ast.Load()
        )

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in _SQL:
            self.sql.add(node.id)
        elif self._owner(node) is None:
            raise _UntranslatableError(f"It uses {node.id}, which is neither a column nor a claim.")
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func).endswith("current_user_has_role"):
            raise _UntranslatableError("It asks for a role; say it with to_role or roles_not_filtered.")
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        raise _UntranslatableError(
            "It has a Python and/or, which gave only one side of it: write and_(...) or or_(...)."
        )

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not):
            raise _UntranslatableError("It has a Python not: write not_(...).")
        return self.generic_visit(node)

    def _owner(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return "row" if node.id == _ENTITY else node.id if node.id in self.classes else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "models":
            if node.attr not in self.classes:
                raise _UntranslatableError(f"There is no mapped class {node.attr}.")
            return node.attr
        return None


def _keywords(call: ast.Call, name: str) -> dict[str, ast.expr]:
    """The arguments by name, those without one too."""
    order = {
        "DefaultRolePermission": ("to_role", "can_read", "can_insert", "can_update", "can_delete"),
        "Grant": (
            "on_entity",
            "to_role",
            "can_read",
            "can_insert",
            "can_update",
            "can_delete",
            "filter",
            "filter_debug",
        ),
        "GlobalFilter": ("global_filter_attribute_name", "filter", "roles_not_filtered"),
    }[name]
    said = dict(zip(order, call.args, strict=False))
    return {**said, **{each.arg: each.value for each in call.keywords if each.arg is not None}}


def _is_user(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Security.current_user"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _identifier(role: str) -> str:
    name = re.sub(r"\W", "_", role)
    return name if name.isidentifier() else f"role_{name}"
