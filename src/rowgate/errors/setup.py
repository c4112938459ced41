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


class MigrationRefused(RowgateError):
    """A migration cannot be written or run as asked."""

    code = "RG545"
    title = "Migration refused"
    hint = "`rowgate db history` lists the migrations, and which of them have run."


class MigrationFailed(RowgateError):
    """The database did not take a migration."""

    code = "RG546"
    title = "Migration failed"
    hint = (
        "SQLite and PostgreSQL are as they were. MariaDB keeps each statement that went through: "
        "`rowgate db current` tells how far it came."
    )


class RebuildRefused(RowgateError):
    """A project's generated files cannot be generated anew."""

    code = "RG552"
    title = "Rebuild refused"
    hint = "Nothing was changed."


class ImportRefused(RowgateError):
    """An ApiLogicServer project cannot be taken over: it is not there, or cannot be read."""

    code = "RG551"
    title = "Import refused"
    hint = "Nothing was written. Name the project's folder: the one that holds database/models.py."


class PolicyTestRefused(RowgateError):
    """Policy tests that cannot be run: a file that is not understood, an unknown user, rows that do not fit."""

    code = "RG550"
    title = "Policy test refused"
    hint = "Mend the line named; docs/reference/policy-tests.md has the format."


class ProjectFileRefused(RowgateError):
    """What a project was made from is not known: ``.rowgate/project.toml`` is missing or cannot be understood."""

    code = "RG560"
    title = "Not a generated project"
    hint = "`rowgate new` writes .rowgate with the project; bring it back from version control."


class NewProjectRefused(RowgateError):
    """A new project cannot be written: the folder is not empty, or its name cannot be one."""

    code = "RG561"
    title = "New project refused"
    hint = "Nothing was written. Name another folder: rowgate new PROJECT --db-url URL"


class NothingToMap(RowgateError):
    """The database has no table that the project could show."""

    code = "RG563"
    title = "No tables"
    hint = "See whether the URL names the right database, and what --include, --exclude and --schema leave."


class DatabaseNotAdded(RowgateError):
    """A database cannot be added to a project: its name is taken, or a file is where one would be written."""

    code = "RG565"
    title = "Database not added"
    hint = "Nothing was written. Name the database otherwise: rowgate add-db NAME --db-url URL"


class UserRefused(RowgateError):
    """A user cannot be made or changed as asked."""

    code = "RG562"
    title = "User refused"
    hint = "`rowgate users list` shows the users there are."
