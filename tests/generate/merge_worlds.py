"""Random models, what a changed database makes of them, and what a user makes of them, with an oracle for the merge.

The oracle knows nothing of units: it merges dictionaries, class by class and member by member.
"""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass, field

TYPES = ["Integer", "String", "Date", "Numeric", "Text"]
Members = dict[str, str]
"""A class's members: each one's source by its key (the column's name, or the attribute's)."""


@dataclass
class World:
    """A module of models: its classes with their members, in order, and the functions beside them."""

    classes: dict[str, Members] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    def copy(self) -> World:
        """Another one of the same content."""
        classes = {name: dict(members) for name, members in self.classes.items()}
        return World(classes, dict(self.functions), list(self.comments))


def column(name: str, kind: str, attribute: str | None = None) -> str:
    """A column's line."""
    given = f'"{name}", ' if attribute else ""
    return f"{attribute or name}: Mapped[str] = mapped_column({given}{kind})"


def generated(draw: random.Random) -> World:
    """A schema as it might be generated."""
    world = World()
    for letter in "ABCDE"[: draw.randint(1, 5)]:
        members = {"__tablename__": f'__tablename__ = "{letter.lower()}"'}
        for number in range(draw.randint(1, 4)):
            members[f"c{number}"] = column(f"c{number}", draw.choice(TYPES))
        world.classes[letter] = members
    return world


def regenerated(base: World, draw: random.Random) -> World:
    """What is generated after the database changed."""
    world = base.copy()
    for _ in range(draw.randint(1, 4)):
        name = draw.choice(list(world.classes) or ["A"])
        members = world.classes.get(name)
        match draw.randrange(6):
            case 0:
                new = f"N{draw.randrange(3)}"
                world.classes[new] = {"__tablename__": f'__tablename__ = "{new.lower()}"', "c0": column("c0", "Date")}
            case 1:
                world.classes.pop(name, None)
            case 2 if members:
                members[f"g{draw.randrange(3)}"] = column(f"g{draw.randrange(3)}", draw.choice(TYPES))
            case 3 if members and len(members) > 1:
                del members[draw.choice(list(members)[1:])]
            case 4 if members and len(members) > 1:
                key = draw.choice(list(members)[1:])
                members[key] = column(key, draw.choice(TYPES))
            case 5:
                names = list(world.classes)
                draw.shuffle(names)
                world.classes = {each: world.classes[each] for each in names}
    for members in world.classes.values():
        for key in [key for key in members if key.startswith("g")]:
            members[key] = column(key, members[key].rsplit("(", 1)[1].rstrip(")"))
    return world


def edited(base: World, draw: random.Random) -> World:
    """What a user makes of it."""
    world = base.copy()
    for number in range(draw.randint(1, 5)):
        name = draw.choice(list(world.classes))
        members = world.classes[name]
        key = draw.choice(list(members)[1:] or [""])
        match draw.randrange(8):
            case 0 if key:
                members[key] = members[key] + f"  # mine {number}"
            case 1 if key.startswith("c"):
                members[key] = column(key, draw.choice(TYPES), attribute=f"{key}_renamed")
            case 2 if key:
                del members[key]
            case 3:
                members[f"m{number}"] = f"def m{number}(self) -> int:\n        # of mine\n        return {number}"
            case 4:
                world.classes[f"Mine{number}"] = {"x": "x = 1"}
            case 5:
                world.functions[f"f{number}"] = f"def f{number}() -> object:\n    return Text"
            case 6:
                world.comments.append(f"# a remark of mine, {number}: Größe, 'quoted' and \"so\"")
            case 7:
                members[f"__mapper_args__{number}"] = f'mapper_args_{number} = {{\n        "eager": {number},\n    }}'
    return world


def written(world: World, draw: random.Random) -> str:
    """The module's text; comments stand anywhere between statements."""
    body: list[str] = []
    remarks = list(world.comments)
    for name, members in world.classes.items():
        lines = [f"class {name}(Base):"]
        for source in members.values():
            if remarks and draw.random() < 0.3:
                lines.append(f"    {remarks.pop()}")
            lines.append(f"    {source}")
        body.append("\n".join([*lines] if members else [*lines, "    pass"]))
    body += world.functions.values()
    body += remarks
    text = "\n\n\n".join(body) + "\n"
    used = [kind for kind in TYPES if f"({kind})" in text or f", {kind})" in text or f"return {kind}" in text]
    head = f"from sqlalchemy import {', '.join(sorted(used))}\n" if used else ""
    return f'"""Models."""\n\n{head}from sqlalchemy.orm import Mapped, mapped_column\n\n\n{text}'


def read(text: str) -> tuple[dict[str, Members], dict[str, str]]:
    """What a module defines, by way of Python's own parser: classes with their members, and functions."""
    tree = ast.parse(text)
    lines = text.split("\n")
    classes: dict[str, Members] = {}
    functions: dict[str, str] = {}
    for node in tree.body:
        source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = source
        elif isinstance(node, ast.ClassDef):
            members = classes[node.name] = {}
            for each in node.body:
                if isinstance(each, ast.Pass):
                    continue
                members[_key(each)] = "\n".join(lines[each.lineno - 1 : each.end_lineno]).strip()
    return classes, functions


def _key(node: ast.stmt) -> str:
    match node:
        case ast.AnnAssign(value=ast.Call(args=[ast.Constant(value=str(column)), *_])):
            return column
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name.replace("mapper_args_", "__mapper_args__")
        case ast.FunctionDef(name=name):
            return name
    raise AssertionError(ast.dump(node))


def expected(base: World, mine: World, theirs: World) -> tuple[dict[str, Members], set[str]]:
    """The classes after the merge, and the places in conflict."""
    result: dict[str, Members] = {}
    conflicts: set[str] = set()
    for name in {**mine.classes, **theirs.classes}:
        was, ours, new = base.classes.get(name), mine.classes.get(name), theirs.classes.get(name)
        if was is not None and new is None and ours is not None and ours != was:
            conflicts.add(name)
            result[name] = ours
        elif new is None:
            if ours is not None and ours != was:
                result[name] = ours
        elif ours is None:
            result[name] = new
        else:
            result[name] = _members(name, was or {}, ours, new, conflicts)
    return result, conflicts


def _members(name: str, was: Members, ours: Members, new: Members, conflicts: set[str]) -> Members:
    result: Members = {}
    for key in {**ours, **new}:
        before, own, fresh = was.get(key), ours.get(key), new.get(key)
        if own != before and fresh not in (before, own):
            conflicts.add(f"{name}.{key}")
            chosen = own
        else:
            chosen = fresh if own == before else own
        if chosen is not None:
            result[key] = chosen
    return result
