"""What became of an ApiLogicServer project: what was translated, what is stricter now, and what needs a hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["FILE", "Report", "commented", "docstring"]

FILE: Final = "import-report.md"
"""Where the report is in the new project."""

STRICTER: Final = (
    (
        "A hidden row is hidden on every path",
        "Lists, includes, relationships' addresses, counts, filters and sorts through a relation, lazy loads, and your "
        "own queries. A row that is hidden answers 404, as one that is not there.",
    ),
    (
        "Writes are checked",
        "An update or delete touches only rows that the user sees; a new or changed row must satisfy a grant and every "
        "global filter (403); a foreign key must point to a row that the user sees (409).",
    ),
    (
        "A Grant gives the verbs of the user's permissions",
        "ApiLogicServer's gave all four to whom it matched, unless can_...=False took some away. Where that was meant, "
        "write access=Access.ALL.",
    ),
    (
        "A Grant decides alone",
        "Where a grant on the entity matches a user, its rows are all that the user sees; one without a filter gives "
        "all rows, whatever the filters of others.",
    ),
    ("A claim that is None matches nothing", "`row.Region == user.region` hides every row from who has no region."),
    (
        "Nobody is not everybody",
        "Code that asks for rows without a user is an error; `with gate.trusted(reason=...)` is the one bypass, and "
        "is logged.",
    ),
    ("Endpoints of your own need a log-in", "Also those that had no `jwt_required`."),
    ("Derived columns are read-only", "What a sum, count, formula or copy computes cannot be set by a client (403)."),
    ("Raw SQL is refused", "`text()` and Core statements on mapped tables do not run in a user's session."),
    ("Passwords are Argon2 hashes", "Those in clear text were hashed; nobody can read them again."),
    ("Only the role sa is above the policy", "A user whose id is sa is not, unless they hold the role."),
)


@dataclass
class Report:
    """Filled while the project is translated.

    Attributes:
        translated: in words, by part of the project.
        by_hand: the place, what it is, and why it was not translated.
        notes: what is otherwise than it was, and need not be mended.
    """

    translated: list[str] = field(default_factory=list)
    by_hand: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def needs(self, place: str, what: str, why: str) -> None:
        """Note something that was not translated."""
        self.by_hand.append((place, what, why))

    def text(self, source: str) -> str:
        """The report as Markdown.

        Args:
            source: the name of the project that it is about.
        """
        lines = [f"# {source}, taken over from ApiLogicServer", "", "## Translated", ""]
        lines += [f"- {each}" for each in self.translated]
        lines += ["", "## Needs a hand", ""]
        lines += [f"- `{place}`: {what}. {why}" for place, what, why in self.by_hand] or ["Nothing."]
        if self.notes:
            lines += ["", "## Otherwise than it was", "", *(f"- {each}" for each in self.notes)]
        lines += ["", "## What is stricter now, and why", ""]
        lines += [f"- **{title}.** {why}" for title, why in STRICTER]
        lines += [
            "",
            "## Next",
            "",
            "1. `rowgate check`",
            "2. `rowgate admin-yaml --from ui/admin.yaml --write` leaves in that file what still has an effect.",
            "3. Work off the list above; each place has the original as a comment.",
            "4. Write down what users see in [policy tests](security/tests/), before you change anything.",
            "",
        ]
        return "\n".join(lines)


def commented(lines: Iterable[str], *, indent: str = "") -> list[str]:
    """Lines as a comment."""
    return [f"{indent}# {line}".rstrip() for line in lines]


def docstring(text: str) -> str:
    """A docstring's source, whatever stands in it."""
    return repr(text) if "\\" in text or '"""' in text or text.endswith('"') else f'"""{text}"""'
