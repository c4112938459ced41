"""Paths around the ORM: Core, raw SQL, connections, options. What cannot be filtered must be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    cast,
    column,
    delete,
    exists,
    extract,
    func,
    insert,
    inspect,
    literal,
    literal_column,
    select,
    table,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.schema import AddConstraint, CheckConstraint, CreateTable, DropTable
from sqlalchemy.sql.elements import quoted_name

from database import models as m
from rowgate.enforce import SecureSession
from rowgate.enforce.compiler import EnforcedBy
from tests.leaks.matrix import Asking, Row, path, refused, words
from tests.leaks.truth import CANARIES

R = Row.REFUSED


def _rows(session: SecureSession, statement: Any, *args: Any, **options: Any) -> list[Any]:
    return [tuple(row) for row in session.execute(statement, *args, **options)]


def _all_refused(ask: Asking, *actions: Callable[[SecureSession], Any]) -> Iterator[Any]:
    for action in actions:
        with ask.session() as session:
            yield from refused(lambda action=action, session=session: action(session))


@path(R, finds=False)
def core_tables(ask: Asking) -> Iterator[Any]:
    secured = ask.entity.__table__
    owner = m.Order.__table__
    shadow = Table(secured.name, MetaData(), Column("Id", String), Column(ask.name.key, String))
    light = table(secured.name, column("Id"), column(ask.name.key))
    yield from _all_refused(
        ask,
        lambda session: _rows(session, select(secured)),
        lambda session: _rows(session, select(secured.alias())),
        lambda session: _rows(session, select(shadow)),
        lambda session: _rows(session, select(light)),
        lambda session: _rows(session, select(func.count()).select_from(secured)),
        lambda session: _rows(session, select(owner.c.Id).where(exists(select(secured.c.Id)))),
        lambda session: _rows(session, select(select(secured).cte())),
        lambda session: _rows(session, select(secured).union(select(secured))),
        lambda session: _rows(session, secured.select()),
    )


@path(R)
def core_tables_within_orm_statements(ask: Asking) -> Iterator[Any]:
    """There they are filtered as the entity is."""
    secured = ask.entity.__table__
    names = CANARIES[ask.entity][0]
    shadow = Table(secured.name, MetaData(), Column("Id", String), Column(names, String))
    light = table(secured.name, column("Id"), column(names))
    with ask.session() as session:
        for source in (secured, secured.alias("x"), shadow, shadow.alias("y"), light, light.alias("z")):
            crossed = select(m.Shipper.Id, source.c[names]).select_from(m.Shipper).join(source, true())
            yield _rows(session, crossed.where(m.Shipper.Id == 1))
            inner = select(func.max(source.c[names])).scalar_subquery()
            yield _rows(session, select(m.Shipper.Id, inner).where(m.Shipper.Id == 1))


@path(R, finds=False)
def raw_text(ask: Asking) -> Iterator[Any]:
    name = ask.entity.__name__
    every = f'SELECT * FROM "{name}"'
    yield from _all_refused(
        ask,
        lambda session: _rows(session, text(every)),
        lambda session: _rows(session, text(every).columns(Column("Id", String))),
        lambda session: _rows(session, text(every + "; COMMIT")),
        lambda session: session.scalars(select(ask.entity).from_statement(text(every))).all(),
        lambda session: session.query(ask.entity).from_statement(text(every)).all(),
        lambda session: _rows(session, select(text(f'* FROM "{name}"'))),
        lambda session: _rows(session, select(m.Shipper.Id, text(f'(SELECT max("Id") FROM "{name}")'))),
        lambda session: _rows(session, select(m.Shipper.Id).where(text(f'EXISTS (SELECT 1 FROM "{name}")'))),
        lambda session: _rows(session, select(m.Shipper.Id).order_by(text(f'(SELECT 1 FROM "{name}")'))),
        lambda session: _rows(session, select(m.Shipper.Id).group_by(text(f'(SELECT 1 FROM "{name}")'))),
        lambda session: _rows(session, select(literal_column("1")).select_from(text(f'"{name}"'))),
    )


@path(R, finds=False)
def raw_text_of_one_word(ask: Asking) -> Iterator[Any]:
    """A plain name is harmless as a column, and a table where a table is expected."""
    name, values = ask.entity.__name__, CANARIES[ask.entity][0]
    word, lower = text(name), text(name.lower())
    yield from _all_refused(
        ask,
        lambda session: _rows(session, select(column(values)).select_from(word)),
        lambda session: _rows(session, select(column(values)).select_from(lower)),
        lambda session: _rows(session, select(literal_column(values)).select_from(word)),
        lambda session: _rows(session, select(func.count()).select_from(word)),
        lambda session: _rows(session, select(m.Shipper.Id, column(values)).select_from(word)),
        lambda session: _rows(session, select(m.Shipper.Id).where(exists(select(column("Id")).select_from(word)))),
        lambda session: _rows(session, select(func.max(select(column(values)).select_from(word).scalar_subquery()))),
    )


@path(R, finds=False)
def raw_parts(ask: Asking) -> Iterator[Any]:
    """Raw SQL in the corners: hints, prefixes, operators, names."""
    name, values = ask.entity.__name__, CANARIES[ask.entity][0]
    inner = f'(SELECT max("{values}") FROM "{name}")'
    bare = f"IS NULL UNION SELECT {values} FROM {name} WHERE Id IS NOT"
    shipper = m.Shipper.Id
    yield from _all_refused(
        ask,
        lambda session: _rows(session, select(shipper, literal_column(inner))),
        lambda session: _rows(session, select(shipper, column(inner, is_literal=True))),
        lambda session: _rows(session, select(shipper).prefix_with(f"{inner}, ")),
        lambda session: _rows(
            session, select(m.Shipper.CompanyName).prefix_with(values, "FROM", name, "UNION", "SELECT")
        ),
        lambda session: _rows(session, select(shipper.op("/*")(1)).where(shipper.op("*/")(1))),
        lambda session: _rows(session, select(shipper.op("`")(1)).where(shipper.op("`")(1))),
        lambda session: _rows(session, select(shipper).suffix_with(f"UNION SELECT {inner}")),
        lambda session: _rows(session, select(shipper).with_statement_hint(f"UNION SELECT {inner}")),
        lambda session: _rows(session, select(shipper).with_hint(m.Shipper, f"JOIN {name}")),
        lambda session: _rows(session, select(shipper.op(f"= 1 OR {inner} >")(0))),
        lambda session: _rows(session, select(m.Shipper.CompanyName.op(bare)(None))),
        lambda session: _rows(session, select(m.Shipper.CompanyName).where(m.Shipper.CompanyName.op(bare)(None))),
        lambda session: _rows(session, select(extract(f"year FROM {inner}", shipper))),
        lambda session: _rows(session, select(func.coalesce(shipper, text(inner)))),
    )


@path(R, finds=False)
def functions_that_run_sql(ask: Asking) -> Iterator[Any]:
    """Functions of the database that take a query, or the name of a table, as a string."""
    name = ask.entity.__name__
    every = f'SELECT * FROM "{name}"'
    with ask.session() as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
    if sqlite:
        yield from _all_refused(
            ask,
            lambda session: _rows(session, select(func.load_extension("x"))),
            lambda session: _rows(session, select(func.writefile("/nowhere/x", "x"))),
            lambda session: _rows(session, select(getattr(func, name)().table_valued(CANARIES[ask.entity][0]))),
        )
        return
    quoted = f'"{name}"'
    yield from _all_refused(
        ask,
        lambda session: _rows(session, select(cast(func.query_to_xml(every, True, False, ""), String))),
        lambda session: _rows(session, select(m.Shipper.Id, cast(func.query_to_xml(every, True, False, ""), String))),
        lambda session: _rows(session, select(cast(func.schema_to_xml("public", True, False, ""), String))),
        lambda session: _rows(session, select(cast(func.database_to_xml(True, False, ""), String))),
        lambda session: _rows(session, select(func.ts_stat(every))),
        lambda session: _rows(session, select(func.pg_read_file("PG_VERSION"))),
        lambda session: _rows(session, select(func.lo_import("/etc/hostname"))),
        lambda session: _rows(session, select(func.dblink(every))),
        lambda session: _rows(session, select(func.pg_catalog.query_to_xml(every, True, False, ""))),
        lambda session: _rows(session, select(func.table_to_xml(quoted, True, False, ""))),
    )


@path(R, finds=False)
def other_tables(ask: Asking) -> Iterator[Any]:
    """Tables that the policy does not know: the catalogue, and the secured ones by other names."""
    name = ask.entity.__name__
    sqlite = ask.truth.engine.dialect.name == "sqlite"
    schema = "main" if sqlite else "public"
    strangers = [
        table("sqlite_master" if sqlite else "pg_stats", column("tbl_name" if sqlite else "most_common_vals")),
        Table(name, MetaData(), Column("Id", String), schema=schema),
        Table(name.lower(), MetaData(), Column("Id", String)),
        Table(f"{name} ", MetaData(), Column("Id", String)),
    ]
    for stranger in strangers:
        yield from _all_refused(
            ask,
            lambda session, stranger=stranger: _rows(session, select(stranger)),
            lambda session, stranger=stranger: _rows(session, select(m.Shipper.Id, stranger)),
            lambda session, stranger=stranger: _rows(session, select(m.Shipper.Id).where(exists(select(stranger)))),
        )


@path(R, finds=False)
def connections(ask: Asking) -> Iterator[Any]:
    secured = ask.entity.__table__
    every = f'SELECT * FROM "{secured.name}"'

    def by_engine(session: SecureSession, send: Callable[[Any], Any]) -> Any:
        with session.get_bind().connect() as connection:  # type: ignore[union-attr]
            return [tuple(row) for row in send(connection)]

    def by_own_connection(session: SecureSession, send: Callable[[Any], Any]) -> Any:
        return [tuple(row) for row in send(Session.connection(session))]

    for way in (by_engine, by_own_connection):
        yield from _all_refused(
            ask,
            lambda session, way=way: way(session, lambda c: c.execute(select(secured))),
            lambda session, way=way: way(session, lambda c: c.execute(select(ask.entity))),
            lambda session, way=way: way(session, lambda c: c.execute(text(every))),
            lambda session, way=way: way(session, lambda c: c.exec_driver_sql(every)),
            lambda session, way=way: way(session, lambda c: c.execute(select(literal(1)).select_from(secured))),
            lambda session, way=way: way(session, lambda c: c.execute(CreateTable(secured))),
            lambda session, way=way: way(session, lambda c: c.execute(DropTable(secured))),
            lambda session, way=way: way(session, lambda c: c.execute(AddConstraint(CheckConstraint("1")))),
            lambda session, way=way: way(session, lambda c: c.execute(insert(secured).values(Id=ask.missing))),
            lambda session, way=way: way(session, lambda c: c.execute(update(secured).values({ask.name.key: "x"}))),
            lambda session, way=way: way(session, lambda c: c.execute(delete(secured))),
        )

    def by_another_session(session: SecureSession) -> Any:
        with Session(session.get_bind()) as plain:
            return plain.scalars(select(ask.entity)).all()

    yield from _all_refused(
        ask,
        lambda session: session.connection(),
        by_another_session,
        lambda session: inspect(session.get_bind()).get_table_names(),
    )


@path(R, finds=False)
def another_bind(ask: Asking) -> Iterator[Any]:
    plain = {"bind": ask.gate.plain_engine}
    yield from _all_refused(
        ask,
        lambda session: session.scalars(select(ask.entity), bind_arguments=plain).all(),
        lambda session: _rows(session, text(f'SELECT * FROM "{ask.entity.__name__}"'), bind_arguments=plain),
        lambda session: session.get_bind(bind=ask.gate.plain_engine),
        lambda session: session.get(ask.entity, ask.hidden[0], bind_arguments=plain),
    )


@path(R, finds=False)
def criteria_of_somebody_else(ask: Asking) -> Iterator[Any]:
    """A statement that brings the option by which the compiler knows whose rows to write."""
    boss = type(ask.user)(id="boss", roles=frozenset({"sa"}))
    with ask.gate.session(boss) as other:
        stranger = other.criteria
    for criteria in (ask.gate.every_row, stranger):
        yield from _all_refused(
            ask,
            lambda session, criteria=criteria: session.scalars(select(ask.entity).options(EnforcedBy(criteria))).all(),
            lambda session, criteria=criteria: _rows(session, select(ask.name).options(EnforcedBy(criteria))),
        )


@path(R)
def execution_options(ask: Asking) -> Iterator[Any]:
    """Options that send a statement elsewhere, or through a cache that others have filled."""
    shared: dict[Any, Any] = {}
    with Session(ask.gate.plain_engine) as plain:
        plain.scalars(select(ask.entity), execution_options={"compiled_cache": shared}).all()
    for options in (
        {"compiled_cache": shared},
        {"compiled_cache": None},
        {"populate_existing": True},
        {"autoflush": False},
        {"stream_results": True},
        {"prebuffer_rows": True},
    ):
        with ask.session() as session:
            yield session.scalars(select(ask.entity), execution_options=options).all()


@path(R, finds=False)
def another_schema(ask: Asking) -> Iterator[Any]:
    schema = "main" if ask.truth.engine.dialect.name == "sqlite" else "public"
    options = {"schema_translate_map": {None: schema}}
    with ask.session() as session:
        yield words(lambda: session.scalars(select(ask.entity), execution_options=options).all())
        yield words(lambda: session.scalars(select(func.count(ask.key)), execution_options=options).all())


@path(R, finds=False)
def names_that_hold_sql(ask: Asking) -> Iterator[Any]:
    """Labels and aliases that claim to need no quotes."""
    name, values = ask.entity.__name__, CANARIES[ask.entity][0]
    label = quoted_name(f'x, (SELECT group_concat("{values}") FROM "{name}") AS y', quote=False)
    alias = quoted_name(f'x JOIN "{name}"', quote=False)
    shadow = column(quoted_name(f'(SELECT max("{values}") FROM "{name}")', quote=False))
    with ask.session() as session:
        for statement in (
            select(m.Shipper.Id.label(label)),
            select(aliased(m.Shipper, name=alias).Id),
            select(m.Shipper.Id, shadow),
        ):
            yield words(lambda statement=statement: [row._mapping for row in session.execute(statement)])
            session.rollback()


@path(R)
def types_that_hold_sql(ask: Asking) -> Iterator[Any]:
    """Casts and coercions change what comes back, not which rows."""
    with ask.session() as session:
        yield _rows(session, select(type_coerce(ask.name, String)))
        yield _rows(session, select(cast(ask.name, String)))
        yield _rows(session, select(cast(cast(ask.key, String), String), cast(literal("1"), Integer), cast(1, Float)))
        yield _rows(session, select(ask.name.collate("C" if session.get_bind().dialect.name != "sqlite" else "NOCASE")))


@path(R, writes=True)
def core_writes(ask: Asking) -> Iterator[Any]:
    secured = ask.entity.__table__
    values = {ask.name.key: "x"}
    yield from _all_refused(
        ask,
        lambda session: (session.execute(update(secured).values(values)), session.commit()),
        lambda session: (session.execute(delete(secured)), session.commit()),
        lambda session: (session.execute(insert(secured).values(Id=ask.missing, **values)), session.commit()),
        lambda session: (session.execute(insert(ask.entity).values(Id=ask.missing, **values)), session.commit()),
        lambda session: (session.execute(insert(ask.entity), [{"Id": ask.missing, **values}]), session.commit()),
        lambda session: (session.execute(text(f'DELETE FROM "{secured.name}"')), session.commit()),
        lambda session: session.bulk_update_mappings(ask.entity, [{"Id": key, **values} for key in ask.some]),
        lambda session: session.bulk_insert_mappings(ask.entity, [{"Id": ask.missing, **values}]),
        lambda session: session.bulk_save_objects([ask.entity(Id=ask.missing, **values)]),
    )


@path(R, writes=True, dialect="postgresql")
def writes_within_a_select(ask: Asking) -> Iterator[Any]:
    """PostgreSQL writes in a CTE."""
    secured = ask.entity.__table__
    written = update(secured).values({ask.name.key: "x"}).returning(secured.c.Id).cte()
    gone = delete(m.OrderDetail).returning(m.OrderDetail.Id).cte()
    yield from _all_refused(
        ask,
        lambda session: (_rows(session, select(written.c.Id)), session.commit()),
        lambda session: (_rows(session, select(m.Shipper.Id, written.c.Id)), session.commit()),
        lambda session: (_rows(session, select(m.Shipper.Id, gone.c.Id)), session.commit()),
        lambda session: (_rows(session, select(m.Shipper.Id).add_cte(written)), session.commit()),
    )
