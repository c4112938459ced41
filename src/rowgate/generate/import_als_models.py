"""``database/models.py`` of ApiLogicServer as typed SQLAlchemy 2 classes: same classes, same attributes, no SAFRS.

An attribute whose column has another name gets the column's name: LogicBank goes by those.
"""

from __future__ import annotations

import ast
import importlib
import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rowgate.generate.import_als_report import Report, commented, docstring
from rowgate.generate.import_als_source import Parsed

__all__ = ["AlsClass", "AlsModels", "Renames", "read_models"]

_TYPES: Final = {
    **dict.fromkeys(("Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT", "TINYINT"), "int"),
    **dict.fromkeys(
        ("String", "Text", "Unicode", "UnicodeText", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "TEXT"), "str"
    ),
    **dict.fromkeys(("MEDIUMTEXT", "LONGTEXT", "TINYTEXT", "Enum", "CITEXT"), "str"),
    **dict.fromkeys(("Numeric", "DECIMAL", "NUMERIC", "MONEY"), "Decimal"),
    **dict.fromkeys(("Float", "Double", "FLOAT", "REAL", "DOUBLE", "DOUBLE_PRECISION"), "float"),
    **dict.fromkeys(("Boolean", "BOOLEAN", "BIT"), "bool"),
    **dict.fromkeys(("Date", "DATE"), "dt.date"),
    **dict.fromkeys(("DateTime", "TIMESTAMP", "DATETIME", "DATETIME2"), "dt.datetime"),
    **dict.fromkeys(("Time", "TIME"), "dt.time"),
    **dict.fromkeys(("LargeBinary", "BLOB", "BYTEA", "VARBINARY", "BINARY"), "bytes"),
    **dict.fromkeys(("Uuid", "UUID"), "uuid.UUID"),
}
_DROPPED: Final = frozenset({"allow_client_generated_ids", "S_CheckSum"})
_ORM: Final = frozenset({"Mapped", "mapped_column", "relationship", "remote", "foreign", "backref", "DeclarativeBase"})


@dataclass
class AlsClass:
    """One mapped class.

    Attributes:
        attributes: the Python type of each column's attribute; "" where it is not known.
        relationships: the class that each leads to; "" where it is not known.
        renamed: the old name of an attribute, and its new one.
    """

    name: str
    table: str
    attributes: dict[str, str] = field(default_factory=dict)
    relationships: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AlsModels:
    """The classes, and the text of the two new files."""

    classes: Mapping[str, AlsClass]
    text: str
    customized: str


class Renames(ast.NodeTransformer):
    """Attributes that have another name now, and ``models.Customer`` as ``Customer``.

    Args:
        classes: of the models.
    """

    def __init__(self, classes: Mapping[str, AlsClass]) -> None:
        self.classes = classes
        self.used: set[str] = set()
        kept = {name for each in classes.values() for name in (*each.attributes, *each.relationships)}
        # An old name that another class still has is changed only where the class stands beside it.
        self._anywhere = {old: new for each in classes.values() for old, new in each.renamed.items() if old not in kept}

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "models" and node.attr in self.classes:
            self.used.add(node.attr)
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        if isinstance(node.value, ast.Name) and node.value.id in self.classes:
            node.attr = self.classes[node.value.id].renamed.get(node.attr, node.attr)
        else:
            node.attr = self._anywhere.get(node.attr, node.attr)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.classes:
            self.used.add(node.id)
        return node


def read_models(models: Parsed, customized: Parsed | None, report: Report) -> AlsModels:
    """Translate the mapped classes.

    Args:
        models: ``database/models.py``.
        customized: ``database/customize_models.py``, if there is one.
        report: told what was not translated.
    """
    reader = _Reader(models, report)
    reader.read()
    text = reader.text()
    more = _customized(customized, reader.classes, report)
    return AlsModels(reader.classes, text, more)


class _Reader:
    def __init__(self, source: Parsed, report: Report) -> None:
        self.source, self.report = source, report
        self.classes: dict[str, AlsClass] = {}
        self._bodies: list[list[str]] = []
        self._backrefs: list[tuple[str, str, str]] = []
        self._names: set[str] = set()
        self._dialects = [
            node.module
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sqlalchemy.")
        ]
        self._column_types = dict(self._typed_columns())

    def read(self) -> None:
        secondary = {
            each.value.id if isinstance(each.value, ast.Name) else str(getattr(each.value, "value", ""))
            for each in ast.walk(self.source.tree)
            if isinstance(each, ast.keyword) and each.arg == "secondary"
        }
        for node in self.source.tree.body:
            if isinstance(node, ast.ClassDef) and _table_name(node) is not None:
                self._class(node)
            elif isinstance(node, ast.Assign) and _called(node.value) == "Table":
                self._table(node, secondary)
        for owner, target, name in self._backrefs:
            if target in self.classes:
                self.classes[target].relationships[name] = owner
        self.report.translated.append(f"`database/models.py`: {len(self.classes)} classes")

    def _table(self, node: ast.Assign, secondary: set[str]) -> None:
        name = ast.unparse(node.targets[0])
        table = ast.literal_eval(node.value.args[0]) if isinstance(node.value, ast.Call) else name
        if not {name, table} & secondary:
            self.report.needs(
                self.source.place(node),
                f"the table {table} is left out",
                "It has no key, so that its rows cannot be told apart; `rowgate new --infer-keys` maps one that has a "
                "unique key.",
            )
            return
        made = ast.unparse(_Metadata().visit(node))
        self._note_names(node)
        self._bodies.append([made])

    def _class(self, node: ast.ClassDef) -> None:
        bind = next((each for each in node.body if _target(each) == "__bind_key__"), None)
        if bind is not None:
            self.report.needs(
                self.source.place(node),
                f"the class {node.name} is left out",
                "It is in another database: `rowgate add-db` takes that one over.",
            )
            return
        made = AlsClass(node.name, _table_name(node) or "")
        self.classes[node.name] = made
        lines = [f"class {node.name}(Base):"]
        doc = ast.get_docstring(node)
        if doc:
            lines += [f"    {docstring(doc)}", ""]
        for each in node.body:
            lines += [f"    {line}" for line in self._member(_Plain().visit(each), made)]
        self._bodies.append(lines)

    def _member(self, node: ast.stmt, made: AlsClass) -> list[str]:
        name, value = _target(node), getattr(node, "value", None)
        if name in ("__tablename__", "__table_args__"):
            self._note_names(node)
            return [ast.unparse(node)]
        if name is not None and isinstance(value, ast.Call) and _called(value) == "Column":
            return self._column(name, value, made, node)
        if name is not None and isinstance(value, ast.Call) and _called(value) == "relationship":
            return self._relationship(name, value, made, node)
        if name is None or name.startswith("_s_") or name in _DROPPED or "_check_sum_" in name:
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if is_text or isinstance(node, ast.Pass) or name is not None:
                return []
        called = name or getattr(node, "name", "a statement")
        return self._left(node, f"{made.name}.{called}", "It is no column and no relationship.")

    def _column(self, name: str, call: ast.Call, made: AlsClass, node: ast.stmt) -> list[str]:
        arguments = list(call.args)
        if arguments and isinstance(arguments[0], ast.Constant) and isinstance(arguments[0].value, str):
            column = arguments[0].value
            if column.isidentifier() and not keyword.iskeyword(column):
                arguments = arguments[1:]
                if column != name:
                    made.renamed[name] = column
                    self.report.notes.append(
                        f"`{made.name}.{name}` is called `{column}` now, as its column: rules go by columns' names."
                    )
                    name = column
        unknown = [each for each in _names(*arguments, *call.keywords) if self._module_of(each) is None]
        if unknown:
            return self._left(node, f"the column {made.name}.{name}", f"{unknown[0]} is no type of SQLAlchemy's.")
        rebuilt = ast.Call(ast.Name("mapped_column", ast.Load()), arguments, call.keywords)
        self._note_names(*arguments, *call.keywords, ast.Name("mapped_column", ast.Load()))
        kind = self._kind(arguments)
        made.attributes[name] = kind
        if not kind:
            return [f"{name} = {ast.unparse(rebuilt)}"]
        said = {each.arg: each.value for each in call.keywords}
        required = _is(said.get("primary_key"), True) or _is(said.get("nullable"), False)
        self._names |= {"Mapped", kind.split(".")[0]}
        return [f"{name}: Mapped[{kind if required else f'{kind} | None'}] = {ast.unparse(rebuilt)}"]

    def _relationship(self, name: str, call: ast.Call, made: AlsClass, node: ast.stmt) -> list[str]:
        call.keywords = [each for each in call.keywords if each.arg != "cascade_backrefs"]
        annotation = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
        target = _leads_to(annotation, call)
        made.relationships[name] = target
        for each in call.keywords:
            if each.arg == "backref" and isinstance(each.value, ast.Constant):
                self._backrefs.append((made.name, target, str(each.value.value)))
        self._note_names(call)
        if not annotation.startswith("Mapped["):
            return [f"{name} = {ast.unparse(call)}"]
        self._names.add("Mapped")
        return [f"{name}: {annotation.replace('List[', 'list[')} = {ast.unparse(call)}"]

    def _left(self, node: ast.stmt, what: str, why: str) -> list[str]:
        self.report.needs(self.source.place(node), f"{what} is left out", why)
        return commented([f"left out: {why}", *self.source.lines_of(node)])

    # --- types and imports

    def _typed_columns(self) -> Iterator[tuple[str, str]]:
        """``Table.column`` and its Python type."""
        for node in self.source.tree.body:
            table = _table_name(node) if isinstance(node, ast.ClassDef) else None
            for each in node.body if isinstance(node, ast.ClassDef) and table else ():
                value = getattr(each, "value", None)
                if isinstance(value, ast.Call) and _called(value) == "Column":
                    literal = value.args[0] if value.args and isinstance(value.args[0], ast.Constant) else None
                    kind = next((_TYPES[name] for arg in value.args if (name := _called(arg)) in _TYPES), "")
                    column = str(literal.value) if literal else _target(each)
                    yield f"{table}.{column}", kind

    def _kind(self, arguments: list[ast.expr], depth: int = 5) -> str:
        for each in arguments:
            if (name := _called(each)) in _TYPES:
                return _TYPES[name]
        for each in arguments:
            if isinstance(each, ast.Call) and _called(each) == "ForeignKey" and each.args and depth:
                referred = str(getattr(each.args[0], "value", ""))
                return self._column_types.get(".".join(referred.split(".")[-2:]), "")
        return ""

    def _note_names(self, *nodes: ast.AST) -> None:
        self._names |= set(_names(*nodes))

    def _module_of(self, name: str) -> str | None:
        if name in self.classes or name in _BUILTINS:
            return ""
        if name == "NullType":  # what ApiLogicServer writes for a type that it did not know
            return None
        if name in _ORM:
            return "sqlalchemy.orm"
        for module in ("sqlalchemy", *self._dialects):
            if hasattr(importlib.import_module(module), name):
                return module
        # What another column of the class is called, in remote_side=[Id].
        return "" if any(name in each.attributes for each in self.classes.values()) else None

    def text(self) -> str:
        """The new file."""
        modules: dict[str, set[str]] = {"sqlalchemy.orm": {"DeclarativeBase"}}
        for name in self._names:
            module = self._module_of(name)
            if module:
                modules.setdefault(module, set()).add(name)
        plain = [line for name, line in _PLAIN_IMPORTS.items() if name in self._names]
        lines = ['"""The mapped classes, taken over from ApiLogicServer."""', "", *plain, *([""] if plain else [])]
        lines += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(modules.items())]
        lines += ["", "", "class Base(DeclarativeBase):", '    """Base of every mapped class."""', ""]
        for body in self._bodies:
            lines += ["", *body, ""]
        return "\n".join(lines).rstrip() + "\n"


_PLAIN_IMPORTS: Final = {
    "dt": "import datetime as dt",
    "uuid": "import uuid",
    "Decimal": "from decimal import Decimal",
}
_BUILTINS: Final = frozenset(
    {*dir(__builtins__), *_PLAIN_IMPORTS, "list", "dict", "str", "int", "True", "False", "None"}
)


class _Plain(ast.NodeTransformer):
    """``db.Column`` as ``Column``."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("db", "sa", "sqlalchemy"):
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        return node


class _Metadata(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.parse("Base.metadata", mode="eval").body if node.id == "metadata" else node


def _customized(source: Parsed | None, classes: Mapping[str, AlsClass], report: Report) -> str:
    """``database/customize_models.py``: relationships are kept, the rest stays as a comment."""
    kept: list[str] = []
    left: list[str] = []
    orm: set[str] = set()
    renames = Renames(classes)
    for node in source.tree.body if source is not None else ():
        value = getattr(node, "value", None)
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Import | ast.ImportFrom) or isinstance(value, ast.Constant):
            continue
        if isinstance(target, ast.Attribute) and isinstance(value, ast.Call) and _called(value) == "relationship":
            value.keywords = [each for each in value.keywords if each.arg != "cascade_backrefs"]
            renames.visit(node)
            owner = ast.unparse(target.value)
            to = _leads_to("", value)
            classes[owner].relationships[target.attr] = to
            for keyword_ in value.keywords:
                if keyword_.arg == "backref" and isinstance(keyword_.value, ast.Constant) and to in classes:
                    classes[to].relationships[str(keyword_.value.value)] = owner
            orm |= set(_names(value)) & _ORM
            kept.append(ast.unparse(node))
        elif source is not None and _is_own(node):
            why = "Methods and derived attributes are yours to write on the class, without SAFRS."
            what = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ast.unparse(node).split("=")[0]
            report.needs(source.place(node), f"`{what.strip()}` is left out", why)
            left += commented(["", *source.lines_of(node)])
    lines = ['"""What the mapped classes have beside what the database says."""', ""]
    if kept:
        lines += [f"from sqlalchemy.orm import {', '.join(sorted(orm))}", ""]
    lines += [f"from database.models import {', '.join(['Base', *sorted(renames.used)])}", "", '__all__ = ["Base"]']
    for line in kept:
        lines += ["", line]
    if left:
        lines += ["", "# Not translated:", *left]
    return "\n".join(lines) + "\n"


def _is_own(node: ast.stmt) -> bool:
    """Whether somebody wrote it, and ApiLogicServer's template did not."""
    if isinstance(node, ast.FunctionDef):
        return node.name != "add_method"
    said = ast.unparse(node)
    return not said.startswith(("app_logger", "discover_models", "db =", "session ="))


def _target(node: ast.stmt) -> str | None:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return node.name if isinstance(node, ast.FunctionDef) and "_check_sum_" in node.name else None


def _table_name(node: ast.ClassDef) -> str | None:
    for each in node.body:
        value = getattr(each, "value", None)
        if _target(each) == "__tablename__" and isinstance(value, ast.Constant):
            return str(value.value)
    return None


def _called(node: ast.AST | None) -> str:
    """The last name of what is called, or of a type given without being called."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _names(*nodes: ast.AST) -> list[str]:
    return [each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)]


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _leads_to(annotation: str, call: ast.Call) -> str:
    for text in (annotation, *(str(getattr(each, "value", "")) for each in call.args[:1])):
        found = text.replace("Mapped[", "").replace("List[", "").replace("list[", "").strip("[]\"'")
        if found:
            return found.removesuffix(" | None").strip("\"'")
    return ""
