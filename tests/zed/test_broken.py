"""Whatever is done to a text, it is either understood or refused with a place in it; nothing else ever comes out."""

from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.errors import SchemaError
from rowgate.zed import parse, render_file, resolve
from rowgate.zed.openfga import import_model

FIXTURES = Path(__file__).parent / "fixtures"
ZED = (FIXTURES / "everything.zed").read_text(encoding="utf-8")
FGA = (FIXTURES / "model.fga").read_text(encoding="utf-8")
PIECES = st.sampled_from(
    [*"{}()[]|+-&=:;#*.,<>/\"'\\\n\r\t @", "->", "...", "/*", "*/", "//", "nil", "use ", "with", ""]
)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 8)))
        text = text[:begin] + draw(PIECES) + text[end:]
    return text


def refusal(read: Callable[[str], object], text: str) -> SchemaError | None:
    try:
        read(text)
    except SchemaError as error:
        return error
    return None


@given(damaged(ZED))
@settings(max_examples=200, deadline=None)
def test_a_damaged_schema(text: str) -> None:
    error = refusal(resolve, text)
    if error is None:
        assert parse(render_file(parse(text))) == parse(text)
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert error.text == lines[error.line - 1]
    assert 1 <= error.column <= len(error.text) + 1
    assert error.text in str(error)


@given(damaged(FGA))
@settings(max_examples=150, deadline=None)
def test_a_damaged_model(text: str) -> None:
    error = refusal(import_model, text)
    if error is None:
        imported = import_model(text)
        assert resolve(render_file(imported.file)) == imported.schema
    else:
        assert error.text in str(error)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text(text: str) -> None:
    for read in (resolve, import_model):
        error = refusal(read, text)
        assert error is None or error.code.startswith("RG6")
