"""What the two languages do not share is refused, and what is renamed on the way in is told."""

import pytest

from rowgate.errors import NoCorrespondence, SchemaError
from rowgate.zed import resolve
from rowgate.zed.model import AllowedType, Arrow, Permission, Reference, Relation, Union
from rowgate.zed.openfga import import_model
from rowgate.zed.openfga_export import export_model

HEAD = "model\n  schema 1.1\ntype user\n"
MIXED = HEAD + (
    "type folder\n  relations\n    define parent: [folder]\n    define viewer: [user, user:*] or viewer from parent\n"
)


def test_what_is_both_assigned_and_computed_is_split() -> None:
    imported = import_model(MIXED)
    assert imported.renamed == {("folder", "viewer"): "viewer_direct"}
    assert imported.schema.member("folder", "viewer_direct") == Relation(
        "viewer_direct", (AllowedType("user"), AllowedType("user", wildcard=True))
    )
    assert imported.schema.member("folder", "viewer") == Permission(
        "viewer", Union((Reference("viewer_direct"), Arrow("parent", "viewer")))
    )


def test_a_name_that_the_split_needs_may_be_taken() -> None:
    text = MIXED.replace("define parent", "define viewer_direct: [user]\n    define parent")
    with pytest.raises(SchemaError, match="`viewer_direct` is there twice"):
        import_model(text)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("permission view = viewer + nil", "`nil`"),
        ("permission view = self", "`self`"),
        ("permission view = parent.all(view)", "`.all`"),
        ("relation guest: user with expiration", "`with expiration`"),
        ("relation grouped: folder#viewer; permission view = grouped->viewer", "subjects with a relation"),
        ("permission view = parent->nothing", "none of the types knows"),
        ("relation guest: ten/ant", "`ten/ant`"),
        ("relation guest: user with odd", "type bytes"),
        ("relation and: user", "The name `and`"),
        ("permission from = viewer", "The name `from`"),
    ],
)
def test_what_openfga_cannot_say(body: str, words: str) -> None:
    use = "use self\n" + ("use expiration\n" if "expiration" in body else "")
    caveat = "caveat odd(raw list<bytes>) { size(raw) > 0 }\n" if "odd" in body else ""
    tenant = "definition ten/ant {}\n" if "ten/ant" in body else ""
    schema = resolve(
        f"{use}{caveat}{tenant}definition user {{}}\n"
        f"definition folder {{ relation parent: folder; relation viewer: user; {body} }}"
    )
    with pytest.raises(NoCorrespondence, match=words) as caught:
        export_model(schema)
    assert caught.value.line > 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "type user",
        "model\n  schema 1.2\ntype user",
        HEAD + "type document\n  relations\n    define viewer [user]",
        HEAD + "type document\n  relations\n    define viewer: [user] or",
        HEAD + "type document\n  relations\n    define viewer: [user] but blocked",
        HEAD + "type document\n  relations\n    define viewer: ([user]",
        HEAD + "type document\n  relations\n    define viewer: []",
        HEAD + "type document\n  relations\n    define viewer: [user:anna]",
        HEAD + "type document\n  relations\n    define viewer: [user] or [user:*]",
        HEAD + "type document\n  relations\n    define viewer: [user with late]",
        HEAD + "type document\n  relations\n    define viewer: [user]\n    define edit: viewer from viewer-x",
        HEAD + "condition late(hour: int) { hour > 8",
        HEAD + "condition late(hour: int) { hours > 8 }",
        HEAD + "condition late(hour: integer) { hour > 8 }",
        HEAD + "condition late(hour: map) { hour.late }",
        HEAD + "extend type user",
        HEAD + f"type document\n  relations\n    define viewer: {'(' * 5000}[user]{')' * 5000}",
    ],
)
def test_what_is_no_model(text: str) -> None:
    with pytest.raises(SchemaError):
        import_model(text)
