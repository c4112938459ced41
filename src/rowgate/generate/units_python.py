"""Python as a tree of units: a module's imports, classes and statements, a class's members, a call's keywords.

A class goes by its table and a column by its name in the database, so that one that the user gave another name in
Python is still found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rowgate.generate.units import Key, Unit, above, lines_of, numbered

__all__ = ["DOC", "FUTURE", "IMPORT", "python_units"]

DOC, FUTURE, IMPORT = "doc", "future", "import"
"""Kinds of units, the first part of their keys, that have a place or a merge of their own."""

_Item = ast.stmt | ast.keyword | ast.expr


def python_units(text: str) -> Unit:
    """Take a module apart.

    Raises:
        SyntaxError: the text is no Python.
    """
    tree = ast.parse(text)
    lines = lines_of(text)
    parts, foot = _Reader(lines).units(tree.body, 0, len(lines), within="")
    return Unit(key=(), label="", parts=parts, foot=foot)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def units(self, items: Sequence[_Item], start: int, end: int, *, within: str) -> tuple[tuple[Unit, ...], str]:
        """The units between two lines (from 0), and the comments below the last one."""
        found: list[Unit] = []
        here = start
        groups = list(_together(items))
        for number, group in enumerate(groups):
            first, last = _first(group[0]), _last(group[-1])
            spaced = above(self.lines[here:first])
            following = _first(groups[number + 1][0]) if number + 1 < len(groups) else end
            last += self._inside_below(group[-1], last, following)
            found.append(self._unit(group, first, last, gap=spaced.gap, lead=spaced.lead, within=within))
            here = last
        return tuple(numbered(found)), "".join(self.lines[here:end])

    def _inside_below(self, item: _Item, last: int, following: int) -> int:
        """How many lines of comments below a compound statement are indented into it."""
        if not hasattr(item, "body") or isinstance(item, ast.expr):
            return 0
        foot = above(self.lines[last:following], indent=item.col_offset).foot
        return foot.count("\n")

    def _unit(self, group: Sequence[_Item], first: int, last: int, *, gap: str, lead: str, within: str) -> Unit:
        item = group[0]
        alone = all(map(_is_doc, group[1:]))
        key, name = _key(item) if alone else (("lines", *map(ast.unparse, group)), "")
        label = ".".join(filter(None, (within, name or self.lines[first].strip())))
        unit = Unit(key=key, label=label, gap=gap, lead=lead, indent=item.col_offset)
        inside = _inside(item) if len(group) == 1 else []
        if not inside or not self._apart(item, inside, first, last):
            return replace(unit, body="".join(self.lines[first:last]))
        start = _first(inside[0])
        while start > first + 1 and not self.lines[start - 1].split("#")[0].strip():
            start -= 1
        end = last if isinstance(item, ast.ClassDef | ast.If) else last - 1
        parts, foot = self.units(inside, start, end, within=label)
        return replace(
            unit, body="".join(self.lines[first:start]), parts=parts, foot=foot + "".join(self.lines[end:last])
        )

    def _apart(self, item: _Item, inside: Sequence[_Item], first: int, last: int) -> bool:
        """Whether the items stand on lines of their own, so that one can be taken out or put in."""
        block = isinstance(item, ast.ClassDef | ast.If)
        for each in inside[:1] if block else inside:
            if self.lines[_first(each)][: _column(each)].strip():
                return False
        if block:
            return True
        ends = [self.lines[_last(each) - 1].encode()[each.end_col_offset or 0 :].decode().lstrip() for each in inside]
        return all(end.startswith(",") for end in ends) and self.lines[last - 1].strip() in (")", "]")


def _together(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """The items, with those together that share a line, and a docstring together with what it stands below."""
    group: list[_Item] = []
    for item in items:
        if group and _first(item) >= _last(group[-1]) and not _is_doc(item):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _is_doc(item: _Item) -> bool:
    match item:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _first(item: _Item) -> int:
    """The line that an item begins on, from 0; its decorators belong to it."""
    decorators: list[ast.expr] = getattr(item, "decorator_list", [])
    return min([item.lineno, *(each.lineno for each in decorators)]) - 1


def _last(item: _Item) -> int:
    """The line after an item's last, from 0."""
    return item.end_lineno or item.lineno


def _column(item: _Item) -> int:
    if getattr(item, "decorator_list", ()):
        return 0
    return item.col_offset


def _inside(item: _Item) -> Sequence[_Item]:
    """What a unit is taken apart into; nothing where it is one piece."""
    match item:
        case ast.ClassDef():
            return item.body
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
            return item.body
        case (
            ast.Assign(value=ast.Call(args=[], keywords=keywords))
            | ast.AnnAssign(value=ast.Call(args=[], keywords=keywords))
        ):
            return keywords if all(each.arg for each in keywords) else []
        case ast.Assign(value=ast.Tuple(elts=elements) | ast.List(elts=elements)):
            return elements
    return []


def _key(item: _Item) -> tuple[Key, str]:
    """What a unit goes by, and what a person calls it."""
    match item:
        case ast.Expr() if _is_doc(item):
            return (DOC,), "docstring"
        case ast.ImportFrom(module="__future__"):
            return (FUTURE,), ""
        case ast.ImportFrom():
            return (IMPORT, "." * item.level + (item.module or "")), ""
        case ast.Import():
            return (IMPORT, "", ast.unparse(item)), ""
        case ast.ClassDef():
            table = _table(item)
            return (("table", table) if table is not None else ("name", item.name)), item.name
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return ("name", item.name), item.name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return _member(name, None, item.value), name
        case ast.AnnAssign(target=ast.Name(id=name)):
            return _member(name, item.annotation, item.value), name
        case ast.keyword():
            return ("keyword", item.arg or ""), item.arg or ""
        case ast.If(test=test):
            return ("if", ast.unparse(test)), f"if {ast.unparse(test)}"
        case ast.Dict():
            return ("dict",), ""
        case ast.Call(func=func, keywords=keywords):
            named = [ast.unparse(each.value) for each in keywords if each.arg == "name"]
            return ("call", ast.unparse(func), *(named or [ast.unparse(item)])), ""
    return ("text", ast.unparse(item)), ""


def _table(item: ast.ClassDef) -> str | None:
    for each in item.body:
        match each:
            case ast.Assign(targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=str(name))):
                return name
    return None


def _member(name: str, annotation: ast.expr | None, value: ast.expr | None) -> Key:
    """The key of a name that is given a value: a column's by the name that the database has."""
    match value:
        case ast.Call(func=ast.Name(id="mapped_column") | ast.Attribute(attr="mapped_column"), args=arguments):
            match arguments:
                case [ast.Constant(value=str(column)), *_]:
                    return ("column", column)
            return ("column", name)
        case None if annotation is not None and ast.unparse(annotation).startswith("Mapped["):
            return ("column", name)
    return ("name", name)
