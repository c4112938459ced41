"""Every error a user can meet: a stable code, what happened, and what to do about it.

Codes are never reused. ``docs/reference/errors.md`` has a section for each, and a test fails when one is missing.
The families: RG1xx access, RG2xx requests, RG3xx log-in, RG4xx business rules, RG5xx set-up and internal faults,
RG6xx relationship schemas and relationships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class RowgateError(Exception):
    """Base of all errors that rowgate raises on purpose.

    Args:
        detail: what happened, for the person who caused it; never SQL, a parameter, or a value of a hidden row.
        hint: what to do; the class's own hint where none is given.
        pointers: JSON pointers into the request's document (``/data/attributes/Balance``), one per fault.
        parameter: the query parameter at fault (``filter[Nmae]``).
        header: the request header at fault (``If-Match``).
        meta: further facts for a program that reads the error.
    """

    code: ClassVar[str] = "RG500"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    hint: ClassVar[str] = "The log has the details, under the id of the request."

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        pointers: Sequence[str] = (),
        parameter: str | None = None,
        header: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = hint or self.hint
        self.pointers = tuple(pointers)
        self.parameter = parameter
        self.header = header
        self.meta = dict(meta or {})

    @property
    def response_headers(self) -> Mapping[str, str]:
        """Headers that the HTTP answer carries beside the error's document, ``Retry-After`` say."""
        return {}

    def __str__(self) -> str:
        return f"{self.code} {self.detail} {self.advice}".strip()


# --- RG1xx: access ----------------------------------------------------------------------------------------------


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
    """A client set a column that a rule derives."""

    code = "RG104"
    status = 403
    title = "Read-only attribute"
    hint = "Leave the attribute out; its rule computes it."


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


class StillReferenced(RowgateError):
    """Other rows still refer to the row that was to be deleted or re-keyed."""

    code = "RG108"
    status = 409
    title = "Still in use"
    hint = "Remove or move the rows that refer to it first."


# --- RG2xx: requests --------------------------------------------------------------------------------------------


class BadParameter(RowgateError):
    """A query parameter that is unknown, given twice, or whose value cannot be understood."""

    code = "RG201"
    status = 400
    title = "Query not understood"
    hint = "docs/reference/api.md has the grammar of every parameter."


class BadDocument(RowgateError):
    """A request body that is not JSON, or not the JSON:API document that the address takes."""

    code = "RG202"
    status = 400
    title = "Document not understood"
    hint = "Send a JSON:API document: https://jsonapi.org/format/#document-structure."


class BadValue(RowgateError):
    """A value that its attribute cannot hold."""

    code = "RG203"
    status = 422
    title = "Value refused"
    hint = "Nothing was written. Send a value of the attribute's type."


class UnknownMember(RowgateError):
    """A document sets an attribute or a relationship that its type does not have."""

    code = "RG204"
    status = 422
    title = "Unknown member"
    hint = "Nothing was written. /api/swagger.json lists the members of every type."


class Faults(RowgateError):
    """Several faults of one request, told at once.

    Args:
        errors: the faults, at least one; the status is theirs where they agree, else 400.
    """

    code = "RG205"
    status = 400
    title = "Several faults"
    hint = "Each of the errors says what to do."

    def __init__(self, errors: Sequence[RowgateError]) -> None:
        super().__init__(f"The request has {len(errors)} faults.")
        self.errors = tuple(errors)


class TypeConflict(RowgateError):
    """A document's type or id is not the one that its address holds."""

    code = "RG206"
    status = 409
    title = "Type or id conflict"
    hint = "Send the type and the id that the address names."


class ClientIdRefused(RowgateError):
    """A client chose the id of a row that the database numbers."""

    code = "RG207"
    status = 403
    title = "Id refused"
    hint = "Leave the id out; the answer has it."


class RowChanged(RowgateError):
    """Somebody changed the row since the client read it."""

    code = "RG208"
    status = 409
    title = "Changed meanwhile"
    hint = "Nothing was written. meta.current has the row as it is now: merge, and send its S_CheckSum."


class AlreadyThere(RowgateError):
    """A row with this id, or with another value that must be unique, exists."""

    code = "RG209"
    status = 409
    title = "Already there"
    hint = "Nothing was written. Choose another id or value."


class ValueMissing(RowgateError):
    """An attribute that must have a value has none."""

    code = "RG210"
    status = 422
    title = "Value missing"
    hint = "Nothing was written. Give every attribute that must have a value."


class ConstraintRefused(RowgateError):
    """A constraint of the database does not hold for the values."""

    code = "RG211"
    status = 422
    title = "Refused by the database"
    hint = "Nothing was written. Change the values and try again."


class Busy(RowgateError):
    """The database could not serve the request now: a lock, a deadlock, no connection."""

    code = "RG212"
    status = 503
    title = "Try again"
    hint = "Nothing was written. Send the request again after the seconds that Retry-After says."

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"Retry-After": "1"}


class NoSuchAddress(RowgateError):
    """The address has no route."""

    code = "RG213"
    status = 404
    title = "Not found"
    hint = "/api lists the addresses there are."


class MethodRefused(RowgateError):
    """The address does not take the request's method."""

    code = "RG214"
    status = 405
    title = "Method not allowed"
    hint = "The header Allow lists the methods the address takes."


class NotAcceptable(RowgateError):
    """The answer's media type is not among those the client accepts."""

    code = "RG215"
    status = 406
    title = "Not acceptable"
    hint = "Accept application/vnd.api+json without parameters, or application/json."


class BodyTooLarge(RowgateError):
    """The request's body is larger than the server takes."""

    code = "RG216"
    status = 413
    title = "Body too large"
    hint = "ROWGATE_BODY_LIMIT is the limit in bytes."


class MediaTypeRefused(RowgateError):
    """The request's body is of a media type that the address does not take."""

    code = "RG217"
    status = 415
    title = "Media type refused"
    hint = "Send application/vnd.api+json or application/json."


class RequestRefused(RowgateError):
    """HTTP itself refuses the request: a malformed header, an address that is too long, and the like.

    Args:
        status: the HTTP status, 400 to 499.
    """

    code = "RG218"
    status = 400
    title = "Request refused"
    hint = "Check the request's address and headers."

    def __init__(self, detail: str, *, status: int = 400) -> None:
        super().__init__(detail)
        self.http_status = status


# --- RG3xx: log-in ----------------------------------------------------------------------------------------------


class MissingToken(RowgateError):
    """A route that needs to know who asks was called without an access token."""

    code = "RG301"
    status = 401
    title = "Log-in needed"
    hint = "POST /api/auth/login, then send the header Authorization: Bearer <access_token>."

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class BadToken(RowgateError):
    """A token that is damaged, forged, revoked, of the wrong type, or of a user who may no longer log in."""

    code = "RG302"
    status = 401
    title = "Token refused"
    hint = "Log in again: POST /api/auth/login."

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class ExpiredToken(BadToken):
    """A genuine token whose time is over."""

    code = "RG303"
    title = "Token expired"
    hint = "Get a new access token with POST /api/auth/refresh, or log in again."


class BadCredentials(RowgateError):
    """Unknown user, wrong password or inactive user: the three are told in the same words."""

    code = "RG304"
    status = 401
    title = "Log-in refused"
    hint = "Check the user name and the password."

    @property
    def response_headers(self) -> Mapping[str, str]:
        # Not Basic, although log-in takes it: a browser would put up its own password box.
        return {"WWW-Authenticate": "Bearer"}


class Throttled(RowgateError):
    """Too many failed log-ins for a user name from an address, or from an address.

    Args:
        retry_after: seconds until the next attempt is looked at.
    """

    code = "RG305"
    status = 429
    title = "Too many attempts"
    hint = "Wait as long as the header Retry-After says."

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, meta={"retry_after": retry_after})
        self.retry_after = retry_after

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class BadLoginBody(RowgateError):
    """A log-in request that is not a JSON object with a user name and a password, nor HTTP Basic."""

    code = "RG306"
    status = 400
    title = "Log-in not understood"
    hint = 'Send {"username": "...", "password": "..."} as application/json.'


class BadClaim(RowgateError):
    """The log-in provider holds a claim whose type is not the one the project's principal declares."""

    code = "RG307"
    status = 500
    title = "Claim refused"
    hint = "Mend the user's claims, or the field's type in security/declare_security.py."


class PrincipalFixed(RowgateError):
    """Code tried to change who a request is served for."""

    code = "RG308"
    status = 500
    title = "Principal already set"
    hint = "A request has one principal for its life. Open a session of its own for another: gate.session(...)."


class SecretRefused(RowgateError):
    """The signing secret is missing, short, well known, or readable by others; the server does not start."""

    code = "RG309"
    title = "Signing secret refused"
    hint = "Set ROWGATE_SECRET to 32 random bytes or more, or let rowgate write one: make the instance folder writable."


# --- RG4xx: business rules --------------------------------------------------------------------------------------


class RuleRefused(RowgateError):
    """A business rule refused the change.

    ``detail`` is safe for anyone. ``full_detail`` quotes values of the rows in ``rows`` and of the attributes in
    ``columns`` (entity, attribute); it may be shown only to a principal who sees all of them. It is None where nothing
    can prove that. ``attributes`` are those of ``entity``, which need not be the entity that the client changed.
    :meth:`in_full` is the error to show then.
    """

    code = "RG401"
    status = 422
    title = "Refused by a business rule"
    hint = "Nothing was written. Change the values and try again."

    def __init__(
        self,
        detail: str = "A business rule refused this change.",
        *,
        full_detail: str | None = None,
        rows: frozenset[tuple[type, tuple[object, ...]]] = frozenset(),
        columns: frozenset[tuple[type, str]] = frozenset(),
        entity: type | None = None,
        attributes: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(detail, hint=hint)
        self.full_detail = full_detail
        self.rows = rows
        self.columns = columns
        self.entity = entity
        self.attributes = tuple(attributes)

    def in_full(self) -> RuleRefused:
        """The same refusal with its text and pointers, for a principal who sees all rows and columns it quotes."""
        error = RuleRefused(
            self.full_detail or self.detail,
            full_detail=self.full_detail,
            rows=self.rows,
            columns=self.columns,
            entity=self.entity,
            attributes=self.attributes,
            hint=self.advice,
        )
        error.pointers = tuple(f"/data/attributes/{name}" for name in self.attributes)
        return error


# --- RG5xx: set-up ----------------------------------------------------------------------------------------------


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


# --- RG6xx: relationship schemas and relationships --------------------------------------------------------------


class SchemaError(RowgateError):
    """A relationship schema that is not well formed.

    Args:
        source: how the text is called, usually a file name.
        line: the line at fault, from 1.
        column: the column at fault, in characters from 1.
        text: the line itself.
        width: how many characters of it are at fault.
    """

    code = "RG601"
    title = "Schema not understood"
    hint = "docs/reference/schema-language.md has the grammar."

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        source: str = "schema",
        line: int = 1,
        column: int = 1,
        text: str = "",
        width: int = 1,
    ) -> None:
        super().__init__(detail, hint=hint, meta={"source": source, "line": line, "column": column})
        self.source = source
        self.line = line
        self.column = column
        self.text = text
        self.width = width

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}"
        if not self.text:
            return f"{self.code} {place}: {self.detail} {self.advice}"
        # Tabs stay, so that the mark stands under its place whatever their width; an error at the line's end marks one.
        before = "".join(character if character == "\t" else " " for character in self.text[: self.column - 1])
        mark = "^" * max(1, min(self.width, len(self.text) - self.column + 1))
        return f"{self.code} {place}: {self.detail}\n    {self.text}\n    {before}{mark}\n{self.advice}"


class UnknownSchemaName(SchemaError):
    """A relationship schema that uses a name which nothing defines."""

    code = "RG602"
    title = "Unknown name in the schema"
    hint = "Define it, or mend the name."


class SchemaConflict(SchemaError):
    """A relationship schema whose parts do not go together: a name defined twice, a cycle, a wildcard in an arrow."""

    code = "RG603"
    title = "Schema contradicts itself"
    hint = "docs/reference/schema-language.md tells what may stand where."


class RelationshipRefused(RowgateError):
    """A relationship that is not well formed, or that the schema does not allow."""

    code = "RG610"
    status = 422
    title = "Relationship refused"
    hint = "Nothing was written. The schema says which subjects the relation takes."


class ValidationFileRefused(RowgateError):
    """A validation file that has not the structure of one."""

    code = "RG611"
    status = 422
    title = "Validation file refused"
    hint = "docs/reference/schema-language.md describes the file."


class CaveatFailed(RowgateError):
    """A check whose answer hangs on a caveat that cannot be evaluated: a value of another type, a key not in a map."""

    code = "RG612"
    status = 422
    title = "Caveat not evaluated"
    hint = "Mend the context of the request, or the one written with the relationship."


class CaveatLibraryMissing(RowgateError):
    """A caveat is to be evaluated, and no CEL library is installed."""

    code = "RG613"
    title = "CEL library missing"
    hint = "Install it: pip install 'rowgate[relations]'."


class UnknownPermission(RowgateError):
    """A question about a type, relation or permission that the schema does not have."""

    code = "RG614"
    status = 422
    title = "Unknown permission"
    hint = "The schema lists types, relations and permissions."


class NoCorrespondence(SchemaError):
    """Something in a schema of one language that the other language cannot say."""

    code = "RG620"
    title = "Not the same in the other language"
    hint = "docs/reference/schema-language.md lists what corresponds."
