"""What the reference of the schema language shows is what the language does."""

import re
from pathlib import Path

from rowgate.errors import SchemaError
from rowgate.zed import check_relationship, parse_relationships, render_file, resolve
from rowgate.zed.caveats import PARAMETER_TYPES
from rowgate.zed.lexer import KEYWORDS
from rowgate.zed.model import Exclusion, Permission, Reference
from rowgate.zed.parser import FLAGS, parse

PAGE = (Path(__file__).parents[2] / "docs/reference/schema-language.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_example_is_a_schema_in_the_renderers_layout() -> None:
    text = block("zed")
    assert render_file(parse(text)) == text
    assert list(resolve(text).definitions) == ["user", "group", "folder", "document"]


def test_the_relationships_are_well_formed() -> None:
    assert len(list(parse_relationships(block("text")))) == 4


def test_every_flag_keyword_and_parameter_type_is_told() -> None:
    for word in (*FLAGS, *KEYWORDS):
        assert f"`{word}`" in PAGE, word
    for name, arguments in PARAMETER_TYPES.items():
        assert f"`{name}<T>`" in PAGE if arguments else f"`{name}`" in PAGE, name


def test_the_lines_of_python() -> None:
    schema = resolve(block("zed"))
    view = schema.definitions["document"].permissions["view"]
    assert isinstance(view, Permission)
    assert isinstance(view.expression, Exclusion)
    assert view.expression.removed == Reference("blocked")
    for _, relationship in parse_relationships("document:plan#owner@user:anna"):
        assert str(check_relationship(schema, relationship)) == "user"


def test_what_is_not_in_the_language_is_an_error() -> None:
    for text in ("use everything", "@decorated\ndefinition user {}", "definition user {} trailing", "\x00"):
        try:
            resolve(text)
        except SchemaError:
            continue
        raise AssertionError(text)
