"""RG5xx. Set-up and internal faults; the server does not start."""

from __future__ import annotations

from rowgate.errors.base import RowgateError


class DeclarationError(RowgateError):
    """A declaration that cannot mean what it says; the server does not start."""

    code = "RG501"
    title = "Declaration refused"
    hint = "Mend the line named and start again."


class ProjectRefused(RowgateError):
    """The folder holds no project that can be loaded."""

    code = "RG510"
    title = "No project here"
    hint = "Run the command in the project's folder, or name it: rowgate --project DIR ..."


class SettingRefused(RowgateError):
    """A setting that is unknown, or whose value is not allowed; the server does not start."""

    code = "RG520"
    title = "Setting refused"
    hint = "docs/reference/settings.md lists every setting with the values it takes."


class DatabaseNotEmpty(RowgateError):
    """A new database was to be built where there is one already."""

    code = "RG530"
    title = "Database not empty"
    hint = "Nothing was changed. Name another database, or remove this one first."


class SampleFileError(RowgateError):
    """A file of sample rows does not fit the tables."""

    code = "RG531"
    title = "Sample file refused"
    hint = "Mend the line named and start again."


class DatabaseUnreachable(RowgateError):
    """A database cannot be opened at start: no server, no such database, no driver, a wrong password."""

    code = "RG532"
    title = "Database not reached"
    hint = "Start it, or mend the setting; docs/reference/settings.md says what it takes."


class AddressRefused(RowgateError):
    """The server cannot listen where it was told to."""

    code = "RG533"
    title = "Address not available"
    hint = "The port is taken, or this machine lacks the address: name another with --port, --host or --bind."


class RelationTableRefused(RowgateError):
    """The database does not let us make the relation table or its triggers; the server does not start."""

    code = "RG534"
    title = "Relation table refused"
    hint = "Let somebody who may change the tables run the statements named, once."

    @classmethod
    def of(cls, cause: str, statements: str) -> RelationTableRefused:
        """The error with the database's own words and the statements that it refused.

        Args:
            cause: what the database said.
            statements: what is to be run.
        """
        words = " ".join(cause.split())
        return cls(f"The relation table or its triggers cannot be made: {words}", hint=f"{cls.hint}\n{statements}")
