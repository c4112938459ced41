"""Imports, partials, what a resolved schema holds, and what is checked between its parts beyond the fixtures."""

import pytest

from rowgate.errors import SchemaConflict, SchemaError, UnknownSchemaName
from rowgate.zed import resolve
from rowgate.zed.lint import doubts
from rowgate.zed.model import AllowedType, Permission, Reference, Relation
from rowgate.zed.reach import subject_types

FILES = {
    "people/user.zed": "use partial\ndefinition user {}\npartial owned { relation owner: user }",
    "people/group.zed": 'use import\nimport "user.zed"\ndefinition group { relation member: user }',
    "again.zed": 'use import\nimport "./main.zed"',
    "circle.zed": 'use import\nimport "circle.zed"',
    "broken.zed": "definition user {}\ndefinition user {}",
}


def read(path: str) -> str:
    if path not in FILES:
        raise FileNotFoundError(path)
    return FILES[path]


def importing(*paths: str, rest: str = "") -> str:
    return "\n".join(["use import", "use partial", *(f'import "{path}"' for path in paths), rest])


def test_imports_bring_definitions_and_partials_once() -> None:
    text = importing("people/group.zed", "./people/../people/user.zed", rest="definition document { ...owned }")
    schema = resolve(text, read=read)
    assert list(schema.definitions) == ["user", "group", "document"]
    assert schema.member("document", "owner") == Relation("owner", (AllowedType("user"),))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere.zed", "cannot be read"),
        ("../user.zed", "not a file beside"),
        ("people/../../user.zed", "not a file beside"),
        ("/etc/passwd", "not a file beside"),
        ("people\\user.zed", "not a file beside"),
        ("circle.zed", "imports this file in turn"),
        ("", "not a file beside"),
    ],
)
def test_imports_stay_in_the_folder(path: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        resolve(importing(path), read=read)


def test_an_error_in_an_imported_file_names_it() -> None:
    with pytest.raises(SchemaConflict) as caught:
        resolve(importing("broken.zed"), name="main.zed", read=read)
    assert (caught.value.source, caught.value.line, caught.value.column) == ("broken.zed", 2, 12)
    assert caught.value.text == "definition user {}"


def test_an_error_in_a_partial_shows_the_partial() -> None:
    text = "use partial\npartial shared {\n    permission view = viewr\n}\ndefinition document { ...shared }"
    with pytest.raises(UnknownSchemaName) as caught:
        resolve(text)
    assert caught.value.line == 3


def test_nested_partials_come_in_their_place() -> None:
    schema = resolve(
        """
        use partial
        definition user {}
        definition document { relation first: user; ...outer; permission last = second }
        partial outer { ...inner; permission third = second }
        partial inner { relation second: user }
        """
    )
    assert schema.definitions["document"].members == ("first", "second", "third", "last")


def test_a_schema_cannot_be_changed() -> None:
    schema = resolve("definition user {}")
    with pytest.raises(TypeError):
        schema.definitions["user"] = schema.definitions["user"]  # type: ignore[index]


def test_ellipsis_is_no_relation() -> None:
    relation = resolve("definition user {}\ndefinition doc { relation viewer: user#... }").member("doc", "viewer")
    assert relation == Relation("viewer", (AllowedType("user"),))


def test_recursion_through_arrows_and_relations_is_allowed() -> None:
    schema = resolve(
        "definition user {}\ndefinition folder { relation parent: folder; relation viewer: user | folder#view;"
        " permission view = viewer + parent->view }"
    )
    assert isinstance(schema.member("folder", "view"), Permission)


def test_a_wildcard_in_the_same_definition_is_passed_on_as_spicedb_does() -> None:
    resolve("definition user { relation friend: user:*; relation guest: user#friend }")


def test_permission_chains_do_not_exhaust_anything() -> None:
    many = "\n".join(f"    permission perm{number + 1} = perm{number} + perm{number}" for number in range(2000))
    schema = resolve(f"definition user {{\n    relation perm0: user\n{many}\n}}")
    assert len(schema.definitions["user"].permissions) == 2000


DEEP = {f"deep{number}.zed": f'use import\nimport "deep{number + 1}.zed"' for number in range(1000)}


@pytest.mark.parametrize(
    "text",
    [
        f"definition user {{ permission view = {'(' * 5000}nil{')' * 5000} }}",
        f"definition user {{ permission view = nil{' - nil' * 5000} }}",
        f"definition user {{ permission view = nil{' - (nil + nil' * 5000}{')' * 5000} }}",
        f"caveat deep(word {'list<' * 5000}int{'>' * 5000}) {{ word == word }}",
        "use partial\n"
        + "\n".join(f"partial part{number} {{ ...part{number + 1} }}" for number in range(2000))
        + "\npartial part2000 {}",
        'use import\nimport "deep0.zed"',
    ],
    ids=["parentheses", "exclusions", "mixed", "types", "partials", "imports"],
)
def test_nesting_has_an_end(text: str) -> None:
    with pytest.raises(SchemaError):
        resolve(text, read=DEEP.__getitem__)


def test_what_a_person_writes_is_not_too_deep() -> None:
    resolve(f"definition user {{ permission view = {'(nil - ' * 20}nil{')' * 20}{' - nil' * 20} }}")


def test_positions_do_not_count() -> None:
    assert Reference("viewer") == Reference(
        "viewer", position=resolve("definition user {}").definitions["user"].position
    )


GROUPS = """
use self
definition user {}
definition robot {}
definition group {
    relation member: user | group#member | group#all_robots
    relation machine: robot:*
    permission all_robots = machine & machine - member
    permission nobody = member & machine
    permission itself = self + nil
    permission through = machine.all(nothing)
    permission none = nil
}
"""


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("member", {"user", "robot"}),
        ("all_robots", {"robot"}),
        ("itself", {"group"}),
        ("none", set()),
    ],
)
def test_subject_types(name: str, types: set[str]) -> None:
    schema = resolve(GROUPS.replace("robot:*", "robot").replace("permission nobody", "permission nobody_at_all"))
    assert subject_types(schema)["group", name] == types


def test_doubts() -> None:
    schema = resolve(
        """
        definition user {}
        definition folder { relation viewer: user }
        definition document {
            relation parent: folder | folder#viewer
            relation viewer: user
            permission view = parent->view
            permission walked = viewer + parent->viewer
            permission nobody = viewer & parent
            permission none = nil
        }
        """
    )
    found = [(doubt.permission, doubt.hint) for doubt in doubts(schema)]
    assert found == [
        ("view", "Did you mean `viewer`?"),
        ("view", "Let the relation take the type alone."),
        ("walked", "Let the relation take the type alone."),
    ]


def test_a_permission_that_can_give_nobody_is_doubted() -> None:
    schema = resolve(
        "definition user {}\ndefinition robot {}\n"
        "definition document { relation aaa: user; relation bbb: robot; permission both = aaa & bbb }"
    )
    assert [doubt.text for doubt in doubts(schema)] == [
        "Permission `both` can give nobody, whatever the relationships."
    ]
