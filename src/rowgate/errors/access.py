"""RG1xx. Access: who may see and do what."""

from __future__ import annotations

from collections.abc import Iterable

from rowgate.errors.base import RowgateError


class MissingPrincipal(RowgateError):
    """Code asked for rows without saying on whose behalf."""

    code = "RG101"
    status = 500
    title = "No principal"
    hint = "Open the session for a principal, or say why it needs none: with gate.trusted(reason='...')."


class AccessRefused(RowgateError):
    """None of the principal's permissions and grants gives this verb on this entity."""

    code = "RG102"
    status = 403
    title = "Access refused"
    hint = "A permission or grant in security/declare_security.py would have to give it."


class CheckRefused(RowgateError):
    """The row as it would be after the write is outside of what the principal may write."""

    code = "RG103"
    status = 403
    title = "Row refused"
    hint = "Nothing was written. The new row must satisfy a grant and every global filter."


class ReadOnlyColumn(RowgateError):
    """A client set a column that a rule or the database computes."""

    code = "RG104"
    status = 403
    title = "Read-only attribute"
    hint = "Leave the attribute out; it is computed."


class RowNotFound(RowgateError):
    """No such row, or none that the principal may see: the two are told in the same words."""

    code = "RG105"
    status = 404
    title = "Not found"
    hint = "Check the type and the id."

    @classmethod
    def of(cls, entity: str) -> RowNotFound:
        """The error for a row of an entity; without its key, so that any two such answers are equal to the letter."""
        return cls(f"There is no such {entity}.")


class StatementRefused(RowgateError):
    """A statement that cannot be filtered by the policy: text, Core, DDL, a raw connection."""

    code = "RG106"
    status = 500
    title = "Statement refused"
    hint = "Use an ORM statement on mapped classes, or open with gate.trusted(reason='...')."


class ReferenceMissing(RowgateError):
    """A foreign key points to no row that the principal may see."""

    code = "RG107"
    status = 409
    title = "Related row not found"
    hint = "Check the id of the related row."

    @classmethod
    def of(cls, entity: str, *, pointer: str) -> ReferenceMissing:
        """The error for a reference to a row of an entity; one wording, so that no two ways to refer tell apart."""
        return cls(f"There is no such {entity} to refer to.", pointers=[pointer])


class StillReferenced(RowgateError):
    """Other rows still refer to the row that was to be deleted or re-keyed."""

    code = "RG108"
    status = 409
    title = "Still in use"
    hint = "Remove or move the rows that refer to it first."


class FieldRefused(RowgateError):
    """A client set an attribute that a field rule hides from it, or lets it read only."""

    code = "RG109"
    status = 403
    title = "Attribute refused"
    hint = "Nothing was written. Leave the attribute out; only some roles may set it."

    @classmethod
    def of(cls, entity: str, names: Iterable[str], *, pointer: str = "/data/attributes") -> FieldRefused:
        """The error for attributes of an entity; the same for hidden and for read-only ones.

        Args:
            entity: its name.
            names: of the attributes.
            pointer: of the object in the request's document that they are members of.
        """
        faults = sorted(names)
        return cls(
            f"You may not set {', '.join(faults)} of this {entity}.",
            pointers=[f"{pointer}/{name}" for name in faults],
        )


class ActionRefused(RowgateError):
    """None of the principal's roles gives the action, or it gives it for other rows."""

    code = "RG110"
    status = 403
    title = "Action refused"
    hint = "An action in security/declare_security.py would have to allow it."


class PermissionRefused(RowgateError):
    """The relationships do not give the principal a permission on an object."""

    code = "RG111"
    status = 403
    title = "Permission refused"
    hint = "Somebody who may share the object would have to share it with you."


class GivesMore(RowgateError):
    """A relationship would give a permission that whoever writes or removes it lacks, or has only for a time."""

    code = "RG112"
    status = 403
    title = "More than you have"
    hint = (
        "Nothing was written. Nobody gives more than they have, nor for longer, nor without a caveat that binds them."
    )
