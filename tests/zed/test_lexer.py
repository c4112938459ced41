"""The edges of a caveat's body, which is CEL and not cut into tokens."""

import pytest

from rowgate.errors import SchemaError
from rowgate.zed import resolve


@pytest.mark.parametrize(
    "body",
    [
        "word == '}'",
        'word == "{" // }',
        "word == r'\\' || word == R\"\\\"",
        "word == '''a ' }''' ",
        'word == """a " } \\""" """',
        "{'a': {'b': word}}.a.b == word",
        "word == '\\\\'",
        'word == "\\x22" || bytes(word) == b"}"',
    ],
)
def test_braces_in_texts_and_comments_do_not_end_it(body: str) -> None:
    schema = resolve(f"caveat odd(word string) {{ {body}\n}}\ndefinition user {{}}")
    assert schema.caveats["odd"].body == body.strip()
    assert "user" in schema.definitions


@pytest.mark.parametrize("body", ['word == "a\\"b"', "word == 'a\\'b'", 'bytes(word) == b"\\"c"', 'word == "\\\\\\""'])
def test_an_escaped_quote_is_refused_as_spicedb_does(body: str) -> None:
    with pytest.raises(SchemaError, match="cannot be escaped"):
        resolve(f"caveat odd(word string) {{ {body} }}")


@pytest.mark.parametrize("body", ["word == 'a", 'word == "a\nb"', "word == r'a"])
def test_a_text_ends_on_its_line(body: str) -> None:
    with pytest.raises(SchemaError, match="does not end"):
        resolve(f"caveat odd(word string) {{ {body} }}")


def test_a_parameter_may_be_called_as_a_type_and_a_type_needs_none() -> None:
    resolve('caveat kind(type string, num any) { type == "a" && num == optional.none() || type(num) == int }')


def test_a_tab_counts_as_one_column_and_the_mark_stands_under_its_place() -> None:
    with pytest.raises(SchemaError) as caught:
        resolve("definition user {\n\t\tpermission view = \tviewr\n}", name="schema.zed")
    error = caught.value
    assert (error.line, error.column, error.text) == (2, 22, "\t\tpermission view = \tviewr")
    assert str(error).splitlines()[2] == "    \t\t                  \t^^^^^"
    assert error.meta == {"source": "schema.zed", "line": 2, "column": 22}
