"""Relation grants in a secured session: reads, writes, can(), removal with the row; and an independent oracle."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, ForeignKey, delete, func, insert, select, text, update
from sqlalchemy.exc import UnsupportedCompilationError
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship

from rowgate.databases import BEGIN_MODE
from rowgate.enforce import Gate, SecureSession, StatementRecord, can
from rowgate.enforce.columns import fetch
from rowgate.errors import (
    AccessRefused,
    CheckRefused,
    ReferenceMissing,
    RelationshipRefused,
    StatementRefused,
    UnknownPermission,
)
from rowgate.mapped import table_of
from rowgate.policy import BoundPolicy, CheckFailed, Policy
from rowgate.relations import Graph
from rowgate.relations.install import install
from rowgate.relations.table import metadata
from rowgate.types import Access, Principal
from rowgate.zed import parse_relationship, resolve
from rowgate.zed.relationships import SubjectRef
from tests.conftest import BOTH, Copies
from tests.relations.naive import Naive

SCHEMA = """
use self

definition person {
  relation boss: person
  permission above = self + boss->above
}

definition role {
  relation member: person
}

definition platform {
  relation admin: role#member
}

definition folder {
  relation parent: folder
  relation owner: person
  relation viewer: person | role#member
  relation banned: person
  permission view = (viewer + owner->above + parent->view) - banned
  permission add = owner
}

definition document {
  relation folder: folder
  relation author: person
  relation tag: tag
  relation platform: platform
  relation viewer: person | person:* | role#member
  permission view = viewer + folder->view + tag->view + platform->admin
  permission edit = author & folder->view
  permission both = tag.all(view)
}

definition tag {
  relation fan: person
  permission view = fan
}
"""


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Folder(Base):
    __tablename__ = "folder"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id", ondelete="CASCADE"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owner: Mapped[Person | None] = relationship()
    documents: Mapped[list["Document"]] = relationship(back_populates="folder", passive_deletes="all")


class Tag(Base):
    __tablename__ = "tag"
    name: Mapped[str] = mapped_column(primary_key=True)


class Tagged(Base):
    __tablename__ = "tagged"
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    tag_name: Mapped[str] = mapped_column(ForeignKey("tag.name"), primary_key=True)


class Document(Base):
    __tablename__ = "document"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(default="")
    secret: Mapped[bool] = mapped_column(default=False)
    folder: Mapped[Folder | None] = relationship(back_populates="documents")
    tags: Mapped[list[Tag]] = relationship(secondary="tagged", viewonly=True)


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    person_id: int | None = None
    agent_for: int | None = None


class Hideable:
    secret: Mapped[bool]


def declared(**more: object) -> Policy[User]:
    policy = Policy(User, roles=["member", "librarian", "admin"], superuser="admin")
    policy.permission("member", Access.READ | Access.UPDATE | Access.INSERT)
    policy.permission("librarian", Access.ALL)
    policy.global_filter(Hideable, lambda row, user: row.secret.is_(False))
    policy.relations(SCHEMA, subject="person", claim=lambda user: user.person_id)
    policy.relation(Person, "boss", Person.boss_id)
    policy.relation(Folder, "parent", Folder.parent_id)
    policy.relation(Folder, "owner", Folder.owner)
    policy.relation(Document, "folder", Document.folder)
    policy.relation(Document, "author", Document.author_id)
    policy.relation(Document, "tag", Document.tags)
    policy.relation(Document, "platform", constant="platform:global")
    policy.relation("role", "member", claim=lambda user: user.roles)
    policy.relation_grant(Document, "view", access=Access.READ)
    policy.relation_grant(Document, "edit", access=Access.UPDATE)
    policy.relation_grant(Document, "add", access=Access.INSERT, parent=Document.folder)
    policy.grant(Document, "librarian", where=lambda row, user: row.title == "public")
    return policy


ROWS: Mapping[type, list[dict[str, object]]] = {
    Person: [{"id": 1, "boss_id": None}, {"id": 2, "boss_id": 1}, {"id": 3, "boss_id": 2}, {"id": 4, "boss_id": None}],
    Folder: [
        {"id": 1, "parent_id": None, "owner_id": 3},
        {"id": 2, "parent_id": 1, "owner_id": None},
        {"id": 3, "parent_id": None, "owner_id": 4},
    ],
    Tag: [{"name": "red"}, {"name": 'o\'hara "x"'}],
    Document: [
        {"id": 1, "folder_id": 1, "author_id": 3},
        {"id": 2, "folder_id": 2, "author_id": 4},
        {"id": 3, "folder_id": 3, "author_id": 2},
        {"id": 4, "folder_id": None, "author_id": 1},
        {"id": 5, "folder_id": 1, "author_id": 3, "secret": True},
        {"id": 6, "folder_id": None, "author_id": None, "title": "public"},
    ],
    Tagged: [{"document_id": 3, "tag_name": "red"}, {"document_id": 4, "tag_name": 'o\'hara "x"'}],
}
LINES = ["document:4#viewer@person:4", "folder:3#viewer@role:member#member"]


class World:
    """A database with rows and relationships, and a gate on it."""

    def __init__(self, engine: Engine, policy: Policy[User]) -> None:
        self.engine = engine
        self.records: list[StatementRecord] = []
        Base.metadata.create_all(engine)
        self.gate = Gate(policy, engine, models=Base, observers=[self])
        relations = self.gate.bound.relations
        assert relations
        self.relations = relations
        install(engine, {kind: table_of(entity) for entity, kind in relations.types.items()})
        with engine.begin() as connection:
            for entity, rows in ROWS.items():
                for row in rows:
                    connection.execute(insert(table_of(entity)), row)
        self.graph = Graph(relations.compiled, engine)
        self.graph.write(LINES)

    def statement(self, record: StatementRecord) -> None:
        self.records.append(record)

    def trusted(self, record: object) -> None: ...

    def session(self, person: int | None, *roles: str, agent_for: int | None = None) -> SecureSession:
        user = User(id=f"p{person}", roles=frozenset(roles), person_id=person, agent_for=agent_for)
        return self.gate.session(user, writes=True)

    def seen(self, person: int | None, *roles: str) -> list[int]:
        with self.session(person, *roles) as session:
            return list(session.scalars(select(Document.id).order_by(Document.id)))


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> Engine:
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    return copies(empty=True)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine, declared())


# --- reading ----------------------------------------------------------------------------------------------------


def test_rows_follow_from_columns_and_relationships(world: World) -> None:
    assert world.seen(3) == [1, 2]  # owns folder 1, which holds folder 2
    assert world.seen(1) == [1, 2]  # is above the owner, two steps
    assert world.seen(4) == [3, 4]  # owns folder 3; document 4 was shared
    assert world.seen(4, "member") == [3, 4]
    assert world.seen(1, "member") == [1, 2, 3]  # folder 3 is shared with a role
    world.graph.write(["tag:red#fan@person:3"])
    assert world.seen(3) == [1, 2, 3]


def test_a_global_filter_holds_beside_a_relation_grant(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(update(table_of(Document)).where(text("id = 1")).values(secret=True))
    assert world.seen(3) == [2]


def test_a_role_grant_adds_rows(world: World) -> None:
    assert world.seen(3, "librarian") == [1, 2, 6]


def test_a_subject_whose_claim_is_none_is_nobody_even_for_a_wildcard(world: World) -> None:
    world.graph.write(["document:6#viewer@person:*"])
    assert world.seen(None) == []
    assert world.seen(2) == [1, 2, 6]


def test_roles_of_the_principal_are_relationships_and_nobody_elses(world: World) -> None:
    world.graph.write(["platform:global#admin@role:librarian#member"])
    assert world.seen(2, "librarian") == [1, 2, 3, 4, 6]
    assert world.seen(2) == [1, 2]
    with pytest.raises(RelationshipRefused):
        world.graph.write(["role:librarian#member@person:2"])


def test_an_exclusion_takes_away_below_too(world: World) -> None:
    world.graph.write(["folder:2#banned@person:3"])
    assert world.seen(3) == [1]
    world.graph.write(["folder:1#banned@person:3"])
    assert world.seen(3) == []


def test_expired_relationships_do_not_count_and_a_new_one_counts_at_once(world: World) -> None:
    world.graph.delete(["document:4#viewer@person:4"])
    assert world.seen(4) == [3]


def test_other_ways_to_read_are_filtered(world: World) -> None:
    with world.session(3) as session:
        assert session.get(Document, 3) is None
        assert session.scalar(select(func.count()).select_from(Document)) == 2
        other = aliased(Document)
        assert set(session.scalars(select(other.id))) == {1, 2}


def test_one_statement_is_sent_whatever_the_depth(world: World) -> None:
    world.records.clear()
    assert world.seen(1) == [1, 2]
    (record,) = world.records
    assert record.sent is not None
    (decision,) = record.decisions
    assert [v.bound.where.text({"person_id": 1}) for v in decision.giving if v.bound.where] == [
        "document#view for person user.person_id (1)"
    ]


# --- can() ------------------------------------------------------------------------------------------------------


def test_can_in_where_in_columns_and_on_an_alias(world: World) -> None:
    with world.session(3) as session:
        assert list(session.scalars(select(Document.id).where(can("edit", Document)))) == [1]
        rows = session.execute(select(Document.id, can("edit", Document)).order_by(Document.id)).all()
        assert [(each[0], bool(each[1])) for each in rows] == [(1, True), (2, False)]
        other = aliased(Document)
        pairs = select(Document.id, other.id).join(other, other.id > Document.id).where(can("edit", Document))
        assert session.execute(pairs).all() == [(1, 2)]
        assert session.execute(pairs.where(can("edit", other))).all() == []
        assert session.scalar(select(func.count()).where(~can("edit", Document))) == 1


def test_can_is_refused_where_it_can_mean_nothing(world: World) -> None:
    with world.session(3) as session, pytest.raises(UnknownPermission):
        session.scalars(select(Document.id).where(can("vieww", Document)))
    with world.session(3, "member") as session, pytest.raises(UnknownPermission):
        session.scalars(select(Tagged.tag_name).where(can("view", Tagged)))
    with world.engine.connect() as plain, pytest.raises(UnsupportedCompilationError):
        plain.execute(select(Document.id).where(can("view", Document)))
    with world.session(3) as session, pytest.raises(StatementRefused):
        session.execute(select(text("1")).where(text("EXISTS (SELECT * FROM relationships)")))


# --- writing ----------------------------------------------------------------------------------------------------


def test_update_needs_its_own_permission_on_a_visible_row(world: World) -> None:
    with world.session(3) as session:
        session.get_one(Document, 1).title = "mine"
        session.commit()
    with world.session(3) as session:
        session.get_one(Document, 2).title = "not mine"
        with pytest.raises(AccessRefused):
            session.commit()
    with world.session(2) as session:
        assert session.get(Document, 3) is None  # its author, and it is in a folder that is hidden
        result = session.execute(update(Document).where(Document.id == 3).values(title="hidden"))
        assert result.rowcount == 0


def test_a_row_may_not_be_moved_out_of_the_permission(world: World) -> None:
    with world.session(3) as session:
        session.get_one(Document, 1).author_id = 2
        with pytest.raises((CheckRefused, ReferenceMissing)):
            session.commit()
    with world.session(3) as session, pytest.raises(CheckRefused):
        session.execute(update(Document).where(Document.id == 1).values(author_id=None))
    assert world.seen(3) == [1, 2]


def test_insert_asks_for_the_permission_on_the_parent(world: World) -> None:
    with world.session(3, "member") as session:
        session.add(Document(id=10, folder_id=1, title="new"))
        session.commit()
    for folder in (2, 3, None):
        with world.session(3, "member") as session:
            session.add(Document(id=11, folder_id=folder))
            with pytest.raises((CheckRefused, ReferenceMissing)):
                session.commit()
    with world.engine.connect() as plain:
        assert plain.scalar(text("SELECT count(*) FROM document WHERE id > 6")) == 1


def test_bulk_delete_touches_what_the_grant_gives(engine: Engine) -> None:
    policy = declared()
    policy.relation_grant(Document, "edit", access=Access.DELETE)
    world = World(engine, policy)
    with world.session(3) as session:
        assert session.execute(delete(Document)).rowcount == 1
        session.commit()
    with world.engine.connect() as plain:
        assert set(plain.scalars(text("SELECT id FROM document"))) == {2, 3, 4, 5, 6}


# --- removal with the row ---------------------------------------------------------------------------------------


def remaining(world: World) -> set[str]:
    return {str(each) for each in world.graph.written()}


def test_relationships_go_with_their_row_in_the_same_transaction(world: World) -> None:
    world.graph.write(["document:1#viewer@person:4", "document:2#viewer@person:4", "document:12#viewer@person:4"])
    before = remaining(world)
    with world.session(1, "admin") as session:
        session.delete(session.get_one(Document, 1))
        session.flush()
        session.rollback()
    assert remaining(world) == before
    with world.session(1, "admin") as session:
        session.delete(session.get_one(Document, 1))
        session.commit()
    assert remaining(world) == before - {"document:1#viewer@person:4"}


def test_relationships_go_with_a_cascade_a_bulk_statement_and_raw_sql(world: World) -> None:
    world.graph.write([f"document:{each}#viewer@person:{1 + each % 2}" for each in (1, 2, 3)])
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM folder WHERE id = 1"))  # folder 2 and documents 1, 2 and 5 go with it
    assert remaining(world) == {"document:3#viewer@person:2", *LINES}
    with world.session(1, "admin") as session:
        session.execute(delete(Document).where(Document.id >= 3))
        session.commit()
    assert remaining(world) == {LINES[1]}


def test_a_row_that_gets_another_key_leaves_its_relationships(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM tagged"))
        connection.execute(text("UPDATE document SET id = 40 WHERE id = 4"))
        connection.execute(text("UPDATE document SET title = 'x'"))
    assert remaining(world) == {LINES[1]}


def test_the_relationships_of_a_subject_go_too(world: World) -> None:
    world.graph.write(["document:4#viewer@person:3"])
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE document SET author_id = NULL"))
        connection.execute(text("UPDATE folder SET owner_id = NULL"))
        connection.execute(text("DELETE FROM person WHERE id = 4"))
    assert remaining(world) == {LINES[1], "document:4#viewer@person:3"}


def test_installing_again_changes_nothing_and_drops_what_is_no_longer_wanted(world: World) -> None:
    def triggers() -> set[str]:
        names = (
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            if world.engine.dialect.name == "postgresql"
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        with world.engine.connect() as connection:
            return set(connection.scalars(text(names)))

    before = triggers()
    tables = {kind: table_of(entity) for entity, kind in world.relations.types.items()}
    install(world.engine, tables)
    assert triggers() == before
    install(world.engine, {"document": table_of(Document)})
    assert triggers() < before
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM document WHERE id = 4"))
    assert remaining(world) == {LINES[1]}


def test_a_start_that_finds_everything_locks_nothing(sqlite_copies: Copies) -> None:
    world = World(sqlite_copies(empty=True), declared())
    tables = {kind: table_of(entity) for entity, kind in world.relations.types.items()}
    with world.engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"}).begin() as writer:
        writer.execute(text("UPDATE document SET title = 'x'"))
        install(world.engine, tables)  # would be refused: the database is locked


# --- declarations -----------------------------------------------------------------------------------------------


def faults(declare: object) -> list[str]:
    policy = Policy(User, roles=["member"])
    policy.permission("member", Access.READ)
    declare(policy)  # type: ignore[operator]
    try:
        return [each.code for each in BoundPolicy(policy, [m.class_ for m in Base.registry.mappers]).findings]
    except CheckFailed as refused:
        return [each.code for each in refused.findings]


@pytest.mark.parametrize(
    ("code", "declare"),
    [
        ("P020", lambda p: p.relations("definition person {\n relation x: nobody\n}", subject="person")),
        ("P020", lambda p: p.relations("no_such_file.zed", subject="person")),
        ("P021", lambda p: p.relations(SCHEMA, subject="persom")),
        ("P021", lambda p: p.relations(SCHEMA, subject="person", otherwise="anonymous:visitor")),
        ("P004", lambda p: p.relations(SCHEMA, subject="person", claim=lambda user: user.nmae)),
        ("P005", lambda p: p.relations(SCHEMA, subject="person", claim=lambda user: user.person_id + 1)),
        ("P021", lambda p: (p.relations(SCHEMA, subject="person"), p.relation_grant(Document, "vieww"))),
        ("P021", lambda p: (p.relations(SCHEMA, subject="person"), p.relation_grant(Tagged, "view"))),
        ("P022", lambda p: (p.relations(SCHEMA, subject="person"), p.relation(Document, "author", Document.title))),
        ("P022", lambda p: (p.relations(SCHEMA, subject="person"), p.relation(Document, "author", Document.folder_id))),
        ("P022", lambda p: (p.relations(SCHEMA, subject="person"), p.relation(Document, "autor", Document.author_id))),
        ("P022", lambda p: (p.relations(SCHEMA, subject="person"), p.relation(Document, "author"))),
        ("P022", lambda p: (p.relations(SCHEMA, subject="person"), p.relation(Document, "author", Folder.owner))),
        (
            "P022",
            lambda p: (
                p.relations(SCHEMA, subject="person"),
                p.relation_grant(Document, "view", access=Access.INSERT, parent=Document.tags),
            ),
        ),
        ("P025", lambda p: p.relation_grant(Document, "view")),
        ("P025", lambda p: p.relation(Document, "folder", Document.folder)),
    ],
)
def test_what_cannot_be_meant_is_told_at_start(code: str, declare: object) -> None:
    assert code in faults(declare)


# --- acting for somebody ----------------------------------------------------------------------------------------


def test_an_agent_sees_what_both_see(engine: Engine) -> None:
    policy = Policy(User, roles=["member"])
    policy.permission("member", Access.READ)
    agents = SCHEMA.replace("definition tag {", "definition agent {\n}\n\ndefinition tag {")
    agents = agents.replace("relation viewer: person | person:* | role#member", "relation viewer: person | agent")
    policy.relations(
        agents, subject="person", claim=lambda user: user.person_id, also={"agent": lambda user: user.agent_for}
    )
    policy.relation_grant(Document, "viewer")
    Base.metadata.create_all(engine)
    metadata.create_all(engine)
    gate = Gate(policy, engine, models=Base)
    assert gate.bound.relations
    with engine.begin() as connection:
        connection.execute(insert(table_of(Document)), [{"id": each, "title": ""} for each in (1, 2, 3)])
    graph = Graph(gate.bound.relations.compiled, engine)
    graph.write(["document:1#viewer@person:1", "document:2#viewer@person:1", "document:3#viewer@agent:7"])
    graph.write(["document:2#viewer@agent:7"])
    for agent, wanted in ((None, [1, 2]), (7, [2]), (8, [])):
        user = User(id="x", roles=frozenset(["member"]), person_id=1, agent_for=agent)
        with gate.session(user) as session:
            assert list(session.scalars(select(Document.id).order_by(Document.id))) == wanted


def test_whoever_is_not_logged_in_may_be_somebody_too(engine: Engine) -> None:
    policy = Policy(User, roles=["member"])
    policy.permission("member", Access.READ)
    public = SCHEMA.replace("definition tag {", "definition anonymous {\n}\n\ndefinition tag {")
    public = public.replace("relation viewer: person | person:*", "relation viewer: person | person:* | anonymous:*")
    policy.relations(public, subject="person", claim=lambda user: user.person_id, otherwise="anonymous:visitor")
    policy.relation_grant(Document, "viewer")
    Base.metadata.create_all(engine)
    metadata.create_all(engine)
    gate = Gate(policy, engine, models=Base)
    assert gate.bound.relations
    with engine.begin() as connection:
        connection.execute(insert(table_of(Document)), [{"id": each, "title": ""} for each in (1, 2, 3)])
    graph = Graph(gate.bound.relations.compiled, engine)
    graph.write(["document:1#viewer@person:*", "document:2#viewer@anonymous:*", "document:3#viewer@person:1"])
    for person, wanted in ((1, [1, 3]), (2, [1]), (None, [2])):
        with gate.session(User(id="x", roles=frozenset(["member"]), person_id=person)) as session:
            assert list(session.scalars(select(Document.id).order_by(Document.id))) == wanted


# --- what SQL cannot say ----------------------------------------------------------------------------------------


def test_a_permission_that_sql_cannot_say_is_announced_and_answered(engine: Engine) -> None:
    policy = Policy(User, roles=["member"])
    policy.permission("member", Access.READ | Access.UPDATE)
    schema = """
definition person {
}

definition folder {
  relation parent: folder
  relation viewer: person
  permission view = viewer - parent->view
}
"""
    policy.relations(schema, subject="person", claim=lambda user: user.person_id)
    policy.relation(Folder, "parent", Folder.parent_id)
    policy.relation_grant(Folder, "view")
    Base.metadata.create_all(engine)
    metadata.create_all(engine)
    gate = Gate(policy, engine, models=Base)
    assert [each.code for each in gate.bound.findings] == ["P023"]
    assert gate.bound.relations
    with engine.begin() as connection:
        for number in range(1, 6):
            parent = number - 1 or None
            connection.execute(insert(table_of(Folder)), {"id": number, "parent_id": parent})
    Graph(gate.bound.relations.compiled, engine).write([f"folder:{number}#viewer@person:1" for number in range(1, 6)])
    with gate.session(User(id="x", roles=frozenset(["member"]), person_id=1)) as session:
        assert list(session.scalars(select(Folder.id).order_by(Folder.id))) == [1, 3, 5]


@pytest.mark.parametrize("permission", ["by_day", "odd"])
def test_can_knows_what_its_permission_needs_at_its_first_use(engine: Engine, permission: str) -> None:
    """No grant names these permissions, so nothing has looked up their values before."""
    policy = Policy(User, roles=["member"])
    policy.permission("member", Access.READ)
    schema = """
caveat day(person_id int) {
  person_id == 1
}

definition person {
}

definition folder {
  relation parent: folder
  relation viewer: person
  relation reader: person with day
  permission by_day = reader
  permission odd = viewer - parent->odd
}
"""
    policy.relations(schema, subject="person", claim=lambda user: user.person_id)
    policy.relation(Folder, "parent", Folder.parent_id)
    Base.metadata.create_all(engine)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for number in range(1, 4):
            connection.execute(insert(table_of(Folder)), {"id": number, "parent_id": number - 1 or None})
    wanted = {"by_day": [2], "odd": [1, 3]}[permission]
    for read in (lambda s, q: list(s.scalars(q)), lambda s, q: [row[0] for row in fetch(s, q)]):
        gate = Gate(policy, engine, models=Base)
        assert gate.bound.relations
        graph = Graph(gate.bound.relations.compiled, engine)
        graph.write(["folder:2#reader@person:1[day]", *(f"folder:{number}#viewer@person:1" for number in range(1, 4))])
        with gate.session(User(id="x", roles=frozenset(["member"]), person_id=1)) as session:
            query = select(Folder.id).where(can(permission, Folder)).order_by(Folder.id)
            assert read(session, query) == wanted


# --- against an oracle ------------------------------------------------------------------------------------------


@st.composite
def rows(draw: st.DrawFn) -> dict[str, object]:
    ids = st.sampled_from([1, 2, 3])
    maybe = st.one_of(st.none(), ids)
    return {
        "boss": {each: draw(maybe) for each in (1, 2, 3)},
        "folders": {each: (draw(maybe), draw(maybe)) for each in (1, 2, 3)},
        "documents": {each: (draw(maybe), draw(maybe)) for each in (1, 2, 3)},
        "tagged": draw(st.sets(st.tuples(ids, st.sampled_from(["red", "blue"])))),
        "lines": draw(
            st.sets(
                st.one_of(
                    st.builds("folder:{}#viewer@person:{}".format, ids, ids),
                    st.builds("folder:{}#banned@person:{}".format, ids, ids),
                    st.builds("folder:{}#viewer@role:{}#member".format, ids, st.sampled_from(["member", "other"])),
                    st.builds("document:{}#viewer@person:{}".format, ids, ids),
                    st.builds("document:{}#viewer@person:*".format, ids),
                    st.builds("tag:{}#fan@person:{}".format, st.sampled_from(["red", "blue"]), ids),
                    st.builds("platform:global#admin@role:{}#member".format, st.sampled_from(["member", "other"])),
                )
            )
        ),
        "person": draw(ids),
        "role": draw(st.sampled_from(["member", "other"])),
    }


def as_lines(drawn: Mapping[str, object]) -> Iterator[str]:
    """What the columns state, said as relationships."""
    for person, boss in drawn["boss"].items():  # type: ignore[attr-defined]
        if boss:
            yield f"person:{person}#boss@person:{boss}"
    for folder, (parent, owner) in drawn["folders"].items():  # type: ignore[attr-defined]
        if parent:
            yield f"folder:{folder}#parent@folder:{parent}"
        if owner:
            yield f"folder:{folder}#owner@person:{owner}"
    for document, (folder, author) in drawn["documents"].items():  # type: ignore[attr-defined]
        if folder:
            yield f"document:{document}#folder@folder:{folder}"
        if author:
            yield f"document:{document}#author@person:{author}"
        yield f"document:{document}#platform@platform:global"
    for document, tag in drawn["tagged"]:  # type: ignore[attr-defined]
        yield f"document:{document}#tag@tag:{tag}"
    yield f"role:{drawn['role']}#member@person:{drawn['person']}"
    yield from drawn["lines"]  # type: ignore[misc]


PERMISSIONS = ("view", "edit", "both")
examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=BOTH, scope="module")
def empty_world(request: pytest.FixtureRequest) -> World:
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    policy = Policy(User, roles=["member", "other"])
    policy.permission("member", Access.READ)
    policy.permission("other", Access.READ)
    declaring = declared()
    policy.relation_schema, policy.stated_relations = declaring.relation_schema, declaring.stated_relations
    policy.relation_grant(Document, "view")
    policy.relation_grant(Folder, "view")
    return World(copies(empty=True), policy)


@examples
@given(drawn=rows())
def test_rows_conditions_lists_and_checks_agree_with_the_oracle(empty_world: World, drawn: dict[str, object]) -> None:
    world = empty_world
    with world.engine.begin() as connection:
        for name in ("tagged", "document", "folder", "tag", "person", "relationships"):
            if name in ("folder", "person"):
                column = {"folder": "parent_id", "person": "boss_id"}[name]
                connection.execute(text(f"UPDATE {name} SET {column} = NULL"))
            connection.execute(text(f"DELETE FROM {name}"))
        for person in (1, 2, 3):
            connection.execute(insert(table_of(Person)), {"id": person})
        for person, boss in drawn["boss"].items():  # type: ignore[attr-defined]
            connection.execute(text("UPDATE person SET boss_id = :b WHERE id = :p"), {"b": boss, "p": person})
        for folder, (_, owner) in drawn["folders"].items():  # type: ignore[attr-defined]
            connection.execute(insert(table_of(Folder)), {"id": folder, "owner_id": owner})
        for folder, (parent, _) in drawn["folders"].items():  # type: ignore[attr-defined]
            connection.execute(text("UPDATE folder SET parent_id = :a WHERE id = :f"), {"a": parent, "f": folder})
        for tag in ("red", "blue"):
            connection.execute(insert(table_of(Tag)), {"name": tag})
        for document, (folder, author) in drawn["documents"].items():  # type: ignore[attr-defined]
            connection.execute(insert(table_of(Document)), {"id": document, "folder_id": folder, "author_id": author})
        for document, tag in drawn["tagged"]:  # type: ignore[attr-defined]
            connection.execute(insert(table_of(Tagged)), {"document_id": document, "tag_name": tag})
    world.graph.write(drawn["lines"])  # type: ignore[arg-type]
    schema = resolve(SCHEMA)
    facts = [parse_relationship(line) for line in as_lines(drawn)]
    person, role = drawn["person"], drawn["role"]
    truth = Naive(schema, facts, {}, datetime.now(UTC)).answers(SubjectRef("person", str(person)))
    user = User(id="x", roles=frozenset([str(role)]), person_id=int(str(person)))
    with world.gate.session(user) as session:
        for entity, kind, permissions in ((Document, "document", PERMISSIONS), (Folder, "folder", ("view", "add"))):
            wanted = {name: {i for t, n, i in truth if (t, n) == (kind, name)} for name in permissions}
            visible = {str(each) for each in session.scalars(select(entity.id))}
            assert visible == wanted["view"]
            for name in permissions:
                shown = {str(each) for each in session.scalars(select(entity.id).where(can(name, entity)))}
                assert shown == wanted[name] & wanted["view"]
                listed = session.graph.lookup_resources(kind, name, f"person:{person}")
                assert {each for each, answer in listed.items() if answer} == wanted[name]
                asked = [(f"{kind}:{each}", name, f"person:{person}") for each in (1, 2, 3)]
                checked = session.graph.check_many(asked)
                assert {q[0].partition(":")[2] for q, a in zip(asked, checked, strict=True) if a} == wanted[name]
