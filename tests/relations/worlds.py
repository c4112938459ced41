"""Random schemas with relationships that they allow, small enough for the naive evaluator."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from rowgate.errors import SchemaError
from rowgate.zed import check_relationship, resolve
from rowgate.zed.model import AllowedType, Schema
from rowgate.zed.relationships import ObjectRef, Relationship, SubjectRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDS = ("one", "two", "ten")
CAVEATS = "caveat flag_a(aflag bool) {\n  aflag\n}\n\ncaveat flag_b(bflag bool) {\n  bflag\n}\n"
PEOPLE = ("user", "user with flag_a", "user with expiration", "user with flag_b and expiration")
GROUPS = ("group#member", "group#member with flag_b", "group#lead")
PERMISSIONS = ("view", "edit", "admin")


@dataclass(frozen=True)
class World:
    """A schema, what is in it, and the context of a request."""

    text: str
    schema: Schema = field(repr=False)
    relationships: tuple[Relationship, ...]
    context: dict[str, bool]


def _some(draw: Any, options: tuple[str, ...], *, at_least: int = 1) -> list[str]:
    chosen: list[str] = draw(st.lists(st.sampled_from(options), min_size=at_least, max_size=4, unique=True))
    return chosen


def _expression(draw: Any, plain: list[str], arrows: list[tuple[str, list[str]]], depth: int) -> str:
    kind = draw(st.sampled_from(("leaf", "leaf", "+", "&", "-") if depth else ("leaf",)))
    if kind != "leaf":
        left, right = (_expression(draw, plain, arrows, depth - 1) for _ in range(2))
        return f"({left} {kind} {right})"
    leaf = draw(st.sampled_from(("name", "name", "arrow", "arrow", "all", "self", "nil") if arrows else ("name",)))
    if leaf in ("self", "nil"):
        return str(leaf)
    if leaf == "name":
        return str(draw(st.sampled_from(plain)))
    relation, targets = draw(st.sampled_from(arrows))
    target = draw(st.sampled_from(targets))
    return f"{relation}.all({target})" if leaf == "all" else f"{relation}->{target}"


@st.composite
def worlds(draw: Any) -> World:
    """A schema with groups in groups, folders in folders and documents in folders, and some relationships."""
    group = f"  relation member: {' | '.join(_some(draw, (*PEOPLE[:3], 'group#member', 'group#lead')))}\n"
    group += f"  relation lead: {' | '.join(_some(draw, PEOPLE))}\n"
    blocks = [f"definition group {{\n{group}}}\n"]
    for kind, parents in (("folder", ("folder",)), ("document", ("folder", "document", "folder with flag_a"))):
        lines = [f"  relation parent: {' | '.join(_some(draw, parents))}\n"]
        lines.append(f"  relation viewer: {' | '.join(_some(draw, (*PEOPLE, *GROUPS, 'user:*')))}\n")
        lines.append(f"  relation banned: {' | '.join(_some(draw, (*PEOPLE, *GROUPS)))}\n")
        plain = ["viewer", "banned"]
        arrows = [("parent", [*PERMISSIONS, "viewer", "absent"])]
        for name in PERMISSIONS:
            lines.append(f"  permission {name} = {_expression(draw, plain, arrows, 2)}\n")
            plain.append(name)
        blocks.append(f"definition {kind} {{\n{''.join(lines)}}}\n")
    text = "\n".join(["use expiration\nuse self\n", CAVEATS, "definition user {}\n", *blocks])
    try:
        schema = resolve(text)
    except SchemaError as error:
        raise AssertionError(text) from error
    relations = [(kind, relation) for kind, each in schema.definitions.items() for relation in each.relations.values()]
    options = [(kind, each.name, allowed) for kind, each in relations for allowed in each.types]
    chosen = draw(st.lists(st.tuples(st.sampled_from(options), st.integers(0, 10**6)), max_size=25))
    found = {each.key: each for each in (_relationship(*option, seed) for option, seed in chosen)}
    for each in found.values():
        check_relationship(schema, each)
    context = draw(st.fixed_dictionaries({}, optional={"aflag": st.booleans(), "bflag": st.booleans()}))
    return World(text, schema, tuple(found.values()), context)


def _relationship(kind: str, relation: str, allowed: AllowedType, seed: int) -> Relationship:
    seed, resource = divmod(seed, len(IDS))
    seed, subject = divmod(seed, len(IDS))
    seed, expired = divmod(seed, 3)
    seed, written = divmod(seed, 3)
    who = SubjectRef(allowed.type, "*" if allowed.wildcard else IDS[subject], allowed.relation or "")
    context = {}
    if allowed.caveat and written:
        context = {"aflag" if allowed.caveat == "flag_a" else "bflag": written == 1}
    moment = NOW + timedelta(days=-1 if expired == 0 else 1) if allowed.expiration else None
    return Relationship(ObjectRef(kind, IDS[resource]), relation, who, allowed.caveat, context, moment)
