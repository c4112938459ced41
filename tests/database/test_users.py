"""The sample's log-ins: users, hashes, roles and claims, in a database of their own."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from database.load import load_users
from database.models import Base
from rowgate.auth.sql_models import AuthBase, User
from rowgate.errors import DatabaseNotEmpty

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

ROLES = {
    "sa": ["sa"],
    "admin": ["sa"],
    "u1": ["tenant"],
    "u2": ["manager", "tenant"],
    "sam": ["dev", "manager"],
    "aneu": ["tenant"],
    "r1": ["renter"],
    "s1": ["sales"],
    "ALFKI": ["customer", "tenant"],
    "ANATR": ["customer", "tenant"],
    "p1": [],
    "nancy": ["employee"],
    "andrew": ["employee"],
    "steven": ["employee"],
}


def test_users_and_roles(users_engine: Engine):
    with Session(users_engine) as session:
        users = session.scalars(select(User)).all()
        assert {user.id: [role.role for role in user.roles] for user in users} == ROLES
        assert all(user.active for user in users)
        assert session.get_one(User, "nancy").name == "Nancy Davolio"


def test_claims_are_typed_and_absent_when_empty(users_engine: Engine):
    with Session(users_engine) as session:
        claims = {user.id: user.claims for user in session.scalars(select(User))}
    assert claims["sa"] == {}
    assert claims["s1"] == {"client_id": 2, "region": "British Isles"}
    assert claims["ALFKI"] == {"client_id": 1}
    assert claims["steven"] == {"employee_id": 5}


def test_passwords_are_argon2_hashes_with_a_salt_each(users_engine: Engine):
    with Session(users_engine) as session:
        hashes = session.scalars(select(User.password_hash)).all()
    assert len(set(hashes)) == 14
    assert all(value.startswith("$argon2id$") for value in hashes)
    assert all(CHEAP.verify(value, "p") for value in hashes)


def test_log_in_tables_are_apart_from_the_business_rows(sample_engine: Engine, users_engine: Engine):
    assert not set(AuthBase.metadata.tables) & set(Base.metadata.tables)
    assert not set(inspect(sample_engine).get_table_names()) & set(AuthBase.metadata.tables)
    assert set(inspect(users_engine).get_table_names()) == set(AuthBase.metadata.tables)
    assert not {mapper.class_ for mapper in AuthBase.registry.mappers} & {
        mapper.class_ for mapper in Base.registry.mappers
    }


def test_loading_again_is_refused(users_engine: Engine):
    with pytest.raises(DatabaseNotEmpty):
        load_users(users_engine, hasher=CHEAP)


@pytest.mark.postgresql
def test_users_load_on_postgresql(postgres_copies):
    engine = postgres_copies(empty=True)
    told: list[tuple[str, int, int]] = []
    assert load_users(engine, hasher=CHEAP, progress=lambda *step: told.append(step)) == 14
    assert told[-1] == ("users", 14, 14)
    test_users_and_roles(engine)


def test_deleting_a_user_deletes_the_roles(users_engine: Engine):
    with Session(users_engine) as session:
        session.delete(session.get_one(User, "u2"))
        session.commit()
        assert session.get(User, "u2") is None
