"""What is parsed, rendered and parsed again is the same; and a schema survives the way to OpenFGA and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.zed import parse, render, render_file, resolve
from rowgate.zed.model import (
    AllowedType,
    Arrow,
    Caveat,
    Exclusion,
    Expression,
    Intersection,
    Nil,
    Parameter,
    ParameterType,
    Permission,
    Reference,
    Relation,
    Self,
    Union,
)
from rowgate.zed.openfga import import_model
from rowgate.zed.openfga_export import export_model
from rowgate.zed.syntax import Block, Member, PartialReference, SchemaFile, Use

NAMES = st.from_regex(r"[a-z][a-z0-9_]{1,6}[a-z0-9]", fullmatch=True).filter(
    lambda name: name not in {"nil", "with", "self", "and", "caveat", "partial", "import", "relation", "true", "null"}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=20).map(str.strip)
LINE_COMMENTS = WORDS.map(lambda text: f"// {text}".rstrip())
BLOCK_COMMENTS = st.lists(WORDS.filter(lambda text: "*/" not in text), min_size=1, max_size=3).map(
    lambda lines: "\n".join(["/**", *(f"* {line}".rstrip() for line in lines), "*/"])
)
# A line "* /" of a block would end it.
COMMENTS = st.lists(LINE_COMMENTS | BLOCK_COMMENTS.filter(lambda text: text.count("*/") == 1), max_size=2).map(tuple)

EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    st.builds(Reference, NAMES)
    | st.builds(Arrow, NAMES, NAMES)
    | st.builds(Arrow, NAMES, NAMES, st.sampled_from(["any", "all"]), st.just(True))
    | st.just(Nil())
    | st.just(Self()),
    lambda inner: (
        st.builds(Union, st.lists(inner, min_size=2, max_size=4).map(tuple))
        | st.builds(Intersection, st.lists(inner, min_size=2, max_size=4).map(tuple))
        | st.builds(Exclusion, inner, inner)
    ),
    max_leaves=12,
)
SUBJECTS = st.tuples(st.none() | NAMES, st.just(False)) | st.tuples(st.none(), st.just(True))
TYPES = st.builds(
    lambda kind, subject, caveat, expiration: AllowedType(kind, *subject, caveat, expiration),
    PATHS,
    SUBJECTS,
    st.none() | PATHS.filter(lambda name: name != "expiration"),
    st.booleans(),
)
RELATIONS = st.builds(Relation, NAMES, st.lists(TYPES, min_size=1, max_size=4).map(tuple), COMMENTS)
PERMISSIONS = st.builds(Permission, NAMES, EXPRESSIONS, st.lists(PATHS, max_size=2).map(tuple), COMMENTS)
MEMBERS: st.SearchStrategy[Member] = RELATIONS | PERMISSIONS | st.builds(PartialReference, PATHS, COMMENTS)
BLOCKS = st.builds(Block, PATHS, st.lists(MEMBERS, max_size=5).map(tuple), st.booleans(), COMMENTS, COMMENTS)
PARAMETERS = st.lists(NAMES, min_size=1, max_size=3, unique=True)
PARAMETER_TYPES = st.recursive(
    st.sampled_from("any bool bytes double duration int ipaddress string timestamp uint".split()).map(ParameterType),
    lambda inner: st.builds(lambda name, kind: ParameterType(name, (kind,)), st.sampled_from(["list", "map"]), inner),
    max_leaves=3,
)


@st.composite
def caveats(draw: st.DrawFn) -> Caveat:
    names = draw(PARAMETERS.filter(lambda names: not {"in", "int", "map", "list", "type", "bool"} & set(names)))
    parameters = tuple(Parameter(name, draw(PARAMETER_TYPES)) for name in names)
    margin = draw(st.sampled_from(["", "  ", "\t"]))
    text = draw(st.sampled_from(["'{'", '"}"', "r'\\'", "{1: {}}", "3u"]))
    body = f" == {text} ||\n{margin}".join(names) + f" != {text}"
    return Caveat(draw(PATHS), parameters, body, draw(COMMENTS))


USES = tuple(Use(flag) for flag in ("expiration", "partial", "self"))
FILES = st.builds(
    lambda statements, closing: SchemaFile((*USES, *statements), closing),
    st.lists(BLOCKS | caveats(), max_size=4),
    COMMENTS,
)


@given(FILES)
@settings(max_examples=150, deadline=None)
def test_a_rendered_file_is_parsed_as_it_was(file: SchemaFile) -> None:
    text = render_file(file)
    assert parse(text) == file
    assert render_file(parse(text)) == text


@given(EXPRESSIONS)
@settings(max_examples=100, deadline=None)
def test_line_ends_and_spaces_do_not_matter(expression: Expression) -> None:
    file = SchemaFile((Use("self"), Block("document", (Permission("view", expression),))))
    text = render_file(file).replace("\n", "\r\n").replace("    ", "\t").replace("(", "( ").replace(" + ", "+\r\n")
    assert parse(text) == file


@st.composite
def model_texts(draw: st.DrawFn) -> str:
    """A schema that OpenFGA can say as well, well formed by the way it is made."""
    kinds = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    lines = []
    for kind in kinds:
        relations = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
        lines.append(f"definition {kind} {{")
        for relation in relations:
            types = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2, unique=True))
            lines.append(f"    relation {relation}: {' | '.join(types)}")
        known = list(relations)
        for name in draw(
            st.lists(NAMES.filter(lambda name, taken=relations: name not in taken), max_size=3, unique=True)
        ):
            operands = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
            sign = draw(st.sampled_from([" + ", " & ", " - "]))
            lines.append(f"    permission {name} = {sign.join(operands)}")
            known.append(name)
        lines.append("}")
    return "\n".join(lines)


@given(model_texts().filter(lambda text: not {"or", "not", "but", "from", "this"} & set(text.split())))
@settings(max_examples=80, deadline=None)
def test_to_openfga_and_back(text: str) -> None:
    schema = resolve(text)
    imported = import_model(export_model(schema))
    assert imported.schema == schema
    assert not imported.renamed
    assert resolve(render(schema)) == schema


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("aaa - bbb + ccc", Exclusion(Reference("aaa"), Union((Reference("bbb"), Reference("ccc"))))),
        ("aaa & bbb + ccc", Intersection((Reference("aaa"), Union((Reference("bbb"), Reference("ccc")))))),
        ("aaa - bbb & ccc", Exclusion(Reference("aaa"), Intersection((Reference("bbb"), Reference("ccc"))))),
        ("aaa - bbb - ccc", Exclusion(Exclusion(Reference("aaa"), Reference("bbb")), Reference("ccc"))),
        ("aaa.any(bbb)", Arrow("aaa", "bbb", "any", call=True)),
        ("nil + self", Union((Nil(), Self()))),
    ],
)
def test_precedence(text: str, shape: Expression) -> None:
    block = parse(f"use self\ndefinition document {{ permission view = {text} }}").statements[1]
    assert isinstance(block, Block)
    member = block.members[0]
    assert isinstance(member, Permission)
    assert member.expression == shape
