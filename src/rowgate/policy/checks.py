"""Start-up checks: what a policy cannot mean is told at start, with a code, the line and a hint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rowgate.errors import DeclarationError
from rowgate.policy.declarations import Source

__all__ = ["CHECKS", "CheckFailed", "Finding"]

Level = Literal["error", "warning"]

# code -> (level, what the check looks for, what to do). Codes are never reused.
CHECKS: Mapping[str, tuple[Level, str, str]] = {
    "P001": (
        "error",
        "A declaration names a role that does not exist.",
        "Add it to Roles, or mend the name.",
    ),
    "P002": ("error", "A global filter's shape matches no entity.", "Mend the shape's column names."),
    "P003": ("error", "A condition names a column that the entity lacks.", "Mend the name."),
    "P004": (
        "error",
        "A condition uses a claim that the principal's class lacks.",
        "Add the claim as a field.",
    ),
    "P005": (
        "error",
        "A condition does not give an SQL expression.",
        "Return an expression of columns and claims.",
    ),
    "P006": (
        "warning",
        "No permission and no grant mentions an entity.",
        "Nobody but a superuser reaches it.",
    ),
    "P007": (
        "error",
        "A class cannot be secured: joined inheritance, two classes on one table, or no table.",
        "Map one class to each table, or leave the class out of the models given to rowgate.",
    ),
    "P008": (
        "error",
        "A table of the log-in database is mapped by the models.",
        "Keep users in their own database.",
    ),
    "P009": (
        "error",
        "The signing secret is missing, short or known.",
        "Set ROWGATE_SECRET to 32 random bytes.",
    ),
    "P010": (
        "error",
        "Two tables have one name, in two schemas.",
        "Leave one of the classes out of the models given to rowgate: criteria could bind to the wrong table.",
    ),
    "P015": (
        "warning",
        "Nothing is declared yet.",
        "Everybody but a superuser is refused every row: declare a permission or a grant below this line.",
    ),
    "P020": (
        "error",
        "The relationship schema cannot be read or understood.",
        "Mend the line named; docs/reference/schema-language.md has the grammar.",
    ),
    "P021": (
        "error",
        "A declaration names a type or permission that the relationship schema lacks.",
        "Define it in the schema, or mend the name.",
    ),
    "P022": (
        "error",
        "Columns cannot state a relation as declared.",
        "Name attributes that lead from the resource to the subject, and a relation that allows it.",
    ),
    "P023": (
        "warning",
        "SQL cannot say a permission that a grant names.",
        "It is answered in memory, before each statement; rewrite the permission where rows are many.",
    ),
    "P024": (
        "warning",
        "Something in the relationship schema looks like a mistake.",
        "Mend it, or leave it where it is meant.",
    ),
    "P025": (
        "error",
        "Relationships are declared without a schema.",
        "Declare it first: policy.relations(Path(__file__).with_name('schema.zed'), ...).",
    ),
    "P026": (
        "error",
        "A permission is named like the guard of a relation that its type lacks.",
        "Mend the name, or choose another word for guards: policy.relations(..., share='...').",
    ),
    "P011": (
        "error",
        "A field rule names a column that the entity lacks.",
        "Name attributes that are mapped to columns of the entity's own table.",
    ),
    "P012": (
        "error",
        "A field rule hides a column without which the row is not known.",
        "Hide other columns; to hide whole rows, write a grant or a global filter.",
    ),
    "P013": (
        "error",
        "The lines of one action disagree on how they combine.",
        "Say combine= alike in each line of the action.",
    ),
    "P014": (
        "error",
        "A condition names a table of another database.",
        "A statement runs on one database. Give the principal a claim with what the condition has to know.",
    ),
    "P027": (
        "error",
        "A relation grant is on an entity of another database than the relationships.",
        "Write a grant with where=, or keep the entity in the main database.",
    ),
    "P028": (
        "error",
        "Relationship grants do not speak the language of this database.",
        "They are compiled for SQLite and PostgreSQL. Take policy.relations(...) out, and write grants with where=.",
    ),
    "P030": (
        "error",
        "ui/admin.yaml says something that cannot be meant.",
        "docs/reference/admin-yaml.md lists every key with what it takes.",
    ),
    "P031": (
        "warning",
        "ui/admin.yaml says something that has no effect.",
        "docs/reference/admin-yaml.md lists every key with what it takes.",
    ),
    "P040": (
        "error",
        "The database lacks a table or columns that the models have.",
        "rowgate db upgrade runs migrations, rowgate db migrate writes one. Is the database right? rowgate rebuild.",
    ),
    "P041": (
        "warning",
        "A database could not be looked at, so it is not known whether it has the tables of the models.",
        "Start it, or mend the setting; the server does not start without it.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a start-up check found."""

    code: str
    level: Level
    message: str
    hint: str
    source: Source | None

    @classmethod
    def of(cls, code: str, message: str, *, source: Source | None = None, hint: str | None = None) -> Finding:
        """A finding of a known check, with the check's own hint where none is given."""
        level, _, default_hint = CHECKS[code]
        return cls(code=code, level=level, message=message, hint=hint or default_hint, source=source)

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        return f"{where}{self.level} {self.code}: {self.message}\n    {self.hint}"


class CheckFailed(DeclarationError):
    """The policy has errors; the server does not start. ``findings`` has them all."""

    code = "RG502"
    title = "The policy has errors"
    hint = "Mend the lines named and run: rowgate check"

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [finding for finding in findings if finding.level == "error"]
        super().__init__("\n".join(str(finding) for finding in errors))
        self.findings = tuple(findings)
