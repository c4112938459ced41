"""RG6xx. Relationship schemas and relationships."""

from __future__ import annotations

from collections.abc import Mapping

from rowgate.errors.base import RowgateError


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


class EngineUnreachable(RowgateError):
    """A permission could not be checked, because what answers questions about relationships did not answer."""

    code = "RG615"
    status = 503
    title = "Permission not checked"
    hint = "Nothing was done. Send the request again after the seconds that Retry-After says."

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"Retry-After": "1"}


class NoCorrespondence(SchemaError):
    """Something in a schema of one language that the other language cannot say."""

    code = "RG620"
    title = "Not the same in the other language"
    hint = "docs/reference/schema-language.md lists what corresponds."
