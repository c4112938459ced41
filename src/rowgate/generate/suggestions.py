"""What the schema suggests: a tenant, rows that are only marked as deleted, owners, and parents whose permission holds.

Names of columns are all there is to go by, so these are guesses. They stand as comments in a new project's
declarations, and none of them does anything until somebody takes the comment marks off. Each is right code then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rowgate.generate.models import GeneratedClass, GeneratedColumn, Models
from rowgate.generate.parents import ParentChain, find_chain
from rowgate.policy.relation_types import in_small_letters

__all__ = ["Section", "Suggested", "suggest"]

_TENANTS: Final = ("tenant", "client", "organization", "organisation", "org", "company", "account", "workspace")
_TENANT_ENDINGS: Final = ("", "id", "key", "code")
_MARKS: Final = ("deleted", "removed", "archived", "discontinued")
_OWNERS: Final = ("owner", "user", "createdby", "author", "assignee", "creator")
_MOST_OWNED: Final = 5
_RELATIONS: Final = ("sqlite", "postgresql")
"""The dialects that relationship grants are compiled for."""
_MARK_ENDINGS: Final = ("", "at", "on", "date", "flag")
_TAKEN: Final = (
    *("Access", "Mapped", "Marked", "Policy", "Principal", "Roles", "StrEnum", "Tenanted", "User", "annotations"),
    *("dataclass", "dt", "not_", "or_", "policy", "uuid"),
)
"""Names that mean something else in the file of declarations."""
_CLAIM_TYPES: Final = ("int", "str", "uuid.UUID")


@dataclass(frozen=True, kw_only=True)
class Section:
    """One suggestion.

    Args:
        title: a few words.
        why: what was found, and what the lines would do; whole sentences.
        code: the lines, without comment marks.
    """

    title: str
    why: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """The commented start of a project's declarations.

    Args:
        sections: in the order of the file.
        claims: the fields that the sections want the principal to have, with their annotations.
        example: the class that a grant is shown for; empty where nothing is mapped.
        classes: the mapped classes that the sections and the example name, as an import names them: ``Order``, or
            ``User as UserRow`` where the name is taken.
        imports: the lines that import what else they name.
        schema: the relationship schema, without comment marks; empty where none is suggested.
        hidden: mapped classes that only tie two others together.
    """

    sections: tuple[Section, ...] = ()
    claims: Mapping[str, str]
    example: str = ""
    classes: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    schema: str = ""
    hidden: frozenset[str] = frozenset()


def suggest(models: Models, *, dialect: str) -> Suggested:
    """What the mapped classes of a database suggest.

    Args:
        models: as generated.
        dialect: SQLAlchemy's name of the database's kind; not every kind can have relationship grants.
    """
    found = _Found()
    tables = [each for each in models.classes if not each.is_view]
    found.tenants(models.classes)
    found.marks(models.classes)
    found.owners(tables)
    if dialect in _RELATIONS and (chain := find_chain(models.classes)) is not None:
        found.chain(chain)
    example = min((each.name for each in tables), default="")
    return found.suggested(example, hidden=frozenset(each.name for each in tables if _ties(each)))


class _Found:
    """Collects the sections, and what they need."""

    def __init__(self) -> None:
        self._sections: list[Section] = []
        self._claims: dict[str, str] = {}
        self._classes: set[str] = set()
        self._imports: set[str] = set()
        self._schema = ""

    def suggested(self, example: str, *, hidden: frozenset[str]) -> Suggested:
        return Suggested(
            sections=tuple(self._sections),
            claims=self._claims,
            example=_called(example),
            classes=tuple(
                name if _called(name) == name else f"{name} as {_called(name)}"
                for name in sorted({*self._classes, example} - {""})
            ),
            imports=tuple(sorted(self._imports)),
            schema=self._schema,
            hidden=hidden,
        )

    def tenants(self, classes: Iterable[GeneratedClass]) -> None:
        column, holders = _commonest(classes, _TENANTS, _may_be_tenant)
        if column is None or len(holders) < 2:
            return
        claim = self._claim(in_small_letters(column.name), column.python_type)
        self._shape(
            "Tenanted",
            "Rows belong to one tenant.",
            holders,
            f"row.{column.name} == user.{claim}",
            title="A tenant",
            why=f"{_having(holders, column.name)} Whoever asks sees the rows of their own, in every entity that has "
            "the column, and writes no others. It goes by a claim of the log-in, declared in User above.",
        )

    def marks(self, classes: Iterable[GeneratedClass]) -> None:
        column, holders = _commonest(classes, _MARKS, _may_be_mark)
        if column is None:
            return
        condition = _unmarked(column, nullable=any(each.nullable for each in holders.values()))
        function = (condition or "").partition("(")[0]
        if function in ("not_", "or_"):
            self._imports.add(f"from sqlalchemy import {function}")
        self._shape(
            "Marked",
            "Rows may be marked as gone; they stay in the database.",
            holders,
            condition or "",
            title="Rows that are marked as gone",
            why=f"{_having(holders, column.name)} Marked rows are hidden. Nobody whom the filter binds can mark one "
            "either: the row would be gone for them, so whoever may mark rows has to be exempt.",
        )

    def _shape(
        self,
        shape: str,
        words: str,
        holders: Mapping[str, GeneratedColumn],
        condition: str,
        *,
        title: str,
        why: str,
    ) -> None:
        column = next(iter(holders.values()))
        optional = " | None" if any(each.nullable for each in holders.values()) else ""
        self._imports.add("from sqlalchemy.orm import Mapped")
        kind = self._typed(column.python_type)
        code = f'''\
class {shape}:
    """{words}"""

    {column.name}: Mapped[{kind}{optional}]


policy.global_filter({shape}, lambda row, user: {condition}, exempt=[Roles.admin])'''
        self._sections.append(Section(title=title, why=why, code=code))

    def owners(self, classes: Iterable[GeneratedClass]) -> None:
        owned: list[tuple[str, GeneratedColumn]] = []
        for each in classes:
            column = _owner(each)
            if column is not None and (not owned or column.python_type == owned[0][1].python_type):
                owned.append((each.name, column))
        if not owned:
            return
        claim = self._owner_claim(owned[0][1])
        condition = "where=lambda row, user: row.{} == " + claim
        lines = [
            f"policy.grant({_called(name)}, Roles.user, access=Access.ALL, {condition.format(column.name)})"
            for name, column in owned[:_MOST_OWNED]
        ]
        self._classes.update(name for name, _ in owned[:_MOST_OWNED])
        others = f" There are {len(owned) - _MOST_OWNED} more." if len(owned) > _MOST_OWNED else ""
        self._sections.append(
            Section(
                title="Owners",
                why=f"A column says whose a row is, in {_names(name for name, _ in owned[:_MOST_OWNED])}.{others} "
                "Whoever holds the role user reads and changes their own rows.",
                code="\n".join(lines),
            )
        )

    def chain(self, chain: ParentChain) -> None:
        owner = next((c for each in chain.classes[:1] if (c := _owner(each)) is not None), None)
        claim = "" if owner is None else self._owner_claim(owner)
        who = f", claim=lambda user: {claim}" if claim and claim != "user.id" else ""
        lines = [f'policy.relations("schema.zed", subject="{chain.subject}"{who})', ""]
        root = _called(chain.classes[0].name)
        if owner is not None:
            lines.append(f'policy.relation({root}, "owner", {root}.{owner.name}, subject="{chain.subject}")')
        for link in chain.links:
            child = _called(link.child)
            lines.append(f'policy.relation({child}, "{link.relation}", {child}.{link.column})')
        lines.append("")
        lines += [f'policy.relation_grant({_called(each.name)}, "read", access=Access.READ)' for each in chain.classes]
        self._classes.update(each.name for each in chain.classes)
        self._schema = chain.schema(owned=owner is not None)
        self._sections.append(
            Section(
                title="Rows that are seen with their parents",
                why=f"{chain.words} Whoever may read the parent may read what belongs to it; security/schema.zed says "
                "how, and has comment marks to take off too. The server then makes a table, relationships, in the "
                "database, and triggers that keep it in step; `rowgate relations grant` writes into it who sees what.",
                code="\n".join(lines),
            )
        )

    def _owner_claim(self, column: GeneratedColumn) -> str:
        if column.python_type == "str":
            return "user.id"
        return f"user.{self._claim('user_id', column.python_type)}"

    def _claim(self, name: str, kind: str) -> str:
        self._claims[name] = f"{self._typed(kind)} | None"
        return name

    def _typed(self, kind: str) -> str:
        """The annotation of a type's plain name; its module is imported."""
        module, _, _ = kind.rpartition(".")
        if module:
            self._imports.add("import datetime as dt" if module == "dt" else f"import {module}")
        return kind


def _commonest(
    classes: Iterable[GeneratedClass], words: tuple[str, ...], fits: Callable[[GeneratedColumn], bool]
) -> tuple[GeneratedColumn | None, dict[str, GeneratedColumn]]:
    """The column that most classes have, of those that fit, and the classes; of several by the order of the words."""
    found: dict[tuple[str, str], dict[str, GeneratedColumn]] = {}
    for each in classes:
        for column in each.columns:
            if fits(column) and [column.name] != [*each.key]:
                found.setdefault((column.name, column.python_type), {})[each.name] = column
    if not found:
        return None, {}
    key = min(found, key=lambda each: (-len(found[each]), _rank(each[0], words), each))
    return next(iter(found[key].values())), found[key]


def _may_be_tenant(column: GeneratedColumn) -> bool:
    fits = any(_plain(column.name) == word + ending for word in _TENANTS for ending in _TENANT_ENDINGS)
    return fits and column.python_type in _CLAIM_TYPES


def _may_be_mark(column: GeneratedColumn) -> bool:
    name = _plain(column.name).removeprefix("is")
    return any(name == word + ending for word in _MARKS for ending in _MARK_ENDINGS) and _unmarked(column) is not None


def _called(name: str) -> str:
    """What a class is called in the file of declarations."""
    return f"{name}Row" if name in _TAKEN else name


def _rank(name: str, words: tuple[str, ...]) -> int:
    return next(place for place, word in enumerate(words) if _plain(name).removeprefix("is").startswith(word))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _unmarked(column: GeneratedColumn, *, nullable: bool = False) -> str | None:
    """The condition that a row is not marked; None where the column is no mark."""
    row = f"row.{column.name}"
    if column.python_type == "bool":
        return f"{row}.is_not(True)" if nullable else f"not_({row})"
    if column.python_type == "int" and not column.references:
        return f"or_({row} == 0, {row}.is_(None))" if nullable else f"{row} == 0"
    if column.python_type in ("dt.datetime", "dt.date"):
        return f"{row}.is_(None)"
    return None


def _owner(each: GeneratedClass) -> GeneratedColumn | None:
    """The column that says whose a row is; the first of the words that one has."""
    columns = [c for c in each.columns if c.python_type in _CLAIM_TYPES and c.name not in each.key]
    wanted = [name + ending for name in _OWNERS for ending in ("id", "")]
    return next((c for want in wanted for c in columns if _plain(c.name) == want), None)


def _ties(each: GeneratedClass) -> bool:
    """Whether a class has nothing but references to two others."""
    references = [column for column in each.columns if column.references]
    others = [column for column in each.columns if not column.references and column.name not in each.key]
    return len(references) == 2 and not others


def _having(holders: Iterable[str], column: str) -> str:
    names = sorted(holders)
    return f"{_names(names)} {'have' if len(names) > 1 else 'has'} a column {column}."


def _names(holders: Iterable[str]) -> str:
    names = sorted(holders)
    if len(names) > _MOST_OWNED:
        return f"{', '.join(names[:_MOST_OWNED])} and {len(names) - _MOST_OWNED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
