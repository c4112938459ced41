"""RG2xx. Requests that cannot be served as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rowgate.errors.base import RowgateError


class BadParameter(RowgateError):
    """A query parameter that is unknown, given twice, or whose value cannot be understood."""

    code = "RG201"
    status = 400
    title = "Query not understood"
    hint = "docs/reference/query.md has the grammar of every parameter."


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


def all_told(errors: Sequence[RowgateError]) -> None:
    """Refuse a request with all of its faults at once; nothing happens where there are none.

    Raises:
        RowgateError: the only one.
        Faults: several.
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Faults(errors)


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


class RequestTimedOut(RowgateError):
    """The request took longer than the server gives one request."""

    code = "RG219"
    status = 504
    title = "Request timed out"
    hint = "Nothing was written. Ask for less at once: smaller pages, fewer includes, a narrower filter."


class ObjectIdRefused(RowgateError):
    """A request does not name the object that it is about, or names it in a way that no object is named."""

    code = "RG220"
    status = 400
    title = "Object not named"
    hint = "Name one object, once: 1 to 1024 of A-Z a-z 0-9 and / _ | - = +."


class PreconditionFailed(RowgateError):
    """The row is not the one that the request's ``If-Match`` or ``If-None-Match`` asks for."""

    code = "RG221"
    status = 412
    title = "Precondition failed"
    hint = "Nothing was written. Read the row again: the header ETag of the answer is what If-Match takes."


class IdempotencyKeyRefused(RowgateError):
    """A header ``Idempotency-Key`` that holds no key, or is sent to an address that keeps none."""

    code = "RG222"
    status = 400
    title = "Idempotency key refused"
    hint = (
        "Nothing was written. Send 1 to 255 visible ASCII characters in quotes, to POST /api/<Type> or /api/operations."
    )


class IdempotencyKeyReused(RowgateError):
    """An ``Idempotency-Key`` that the same principal sent with another request."""

    code = "RG223"
    status = 422
    title = "Idempotency key reused"
    hint = (
        "Nothing was written. Take a new key for each new request; only an unchanged one is sent again under its key."
    )
