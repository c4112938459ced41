"""The sample's visibility once more, stated by relationships alone: the same truth, the same matrix, another engine.

Every visible row of a user is a relationship, reached in one of several ways so that all of the compiler's forms are at
work: directly, through nested groups, on a shelf of shelves; and hidden rows are given and taken away again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase

from database.models import Base
from rowgate.enforce import Gate, Observer, Rules
from rowgate.policy import Policy
from rowgate.relations import Graph
from rowgate.types import Access
from security.declare_security import Roles, User
from security.declare_security import policy as sample
from tests.leaks.truth import CANARIES, Truth

SCHEMA = """
definition login {
}

definition group {
  relation member: login | group#member
}

definition shelf {
  relation above: shelf
  relation reader: login | group#member
  permission read = reader + above->read
}

// The sample's dashboard asks about it; nobody may see one here.
definition organization {
  permission can_view_finance_dashboard = nil
}
"""
ENTITY = """
definition {name} {{
  relation viewer: login | group#member
  relation shelf: shelf
  relation barred: login
  permission view = (viewer + shelf->read) - barred
}}
"""
USERS = ("admin", "u1", "u2", "s1", "r1", "ALFKI", "p1", "nancy")
"""One of each kind."""

NOT_BY_COLUMNS = {"move_a_row_out", "move_rows_out", "http_move_out", "one_bad_row_among_good_ones"}
"""Paths that move a row out of reach by its columns; where relationships decide, that changes nothing."""

NAMES: Mapping[type[DeclarativeBase], str] = {entity: entity.__name__.lower() for entity in CANARIES}


def declared() -> Policy[User]:
    """Every verb that the sample gives a role, on the rows that relationships give."""
    policy = Policy(User, superuser=Roles.sa, no_role=Roles.public)
    policy.permission(Roles.tenant, Access.ALL)
    policy.permission(Roles.renter, Access.READ | Access.INSERT | Access.UPDATE)
    policy.permission(Roles.manager, Access.READ | Access.INSERT | Access.UPDATE)
    policy.permission(Roles.sales, Access.READ | Access.INSERT | Access.UPDATE)
    policy.permission(Roles.employee, Access.READ)
    policy.permission(Roles.public, Access.READ)
    text = SCHEMA + "".join(ENTITY.format(name=name) for name in NAMES.values())
    policy.relations(text, subject="login", types=dict(NAMES))
    for entity in CANARIES:
        policy.relation_grant(entity, "view")
    policy.actions += sample.actions
    return policy


def lines(truth: Truth, users: Mapping[str, User]) -> Iterator[str]:
    """What gives each user the rows that the truth says are visible, and no other."""
    yield "shelf:low#above@shelf:middle"
    yield "shelf:middle#above@shelf:top"
    for user in users.values():
        yield f"group:inner-{user.id}#member@login:{user.id}"
        yield f"group:outer-{user.id}#member@group:inner-{user.id}#member"
        # A circle of groups must not matter.
        yield f"group:inner-{user.id}#member@group:outer-{user.id}#member"
        yield f"shelf:{user.id}-low#above@shelf:{user.id}-top"
        yield f"shelf:{user.id}-top#reader@group:outer-{user.id}#member"
        for entity, name in NAMES.items():
            for place, key in enumerate(truth.keys(entity, user, hidden=False)):
                if place % 3 == 0:
                    yield f"{name}:{key}#viewer@login:{user.id}"
                elif place % 3 == 1:
                    yield f"{name}:{key}#viewer@group:outer-{user.id}#member"
                else:
                    yield f"{name}:{key}#shelf@shelf:{user.id}-low"
            for place, key in enumerate(truth.keys(entity, user, hidden=True)):
                if place % 4 == 0:
                    # Given in every way, and taken away again.
                    yield f"{name}:{key}#viewer@login:{user.id}"
                    yield f"{name}:{key}#shelf@shelf:{user.id}-low"
                    yield f"{name}:{key}#barred@login:{user.id}"


def make_gate(
    engine: Engine, truth: Truth, users: Mapping[str, User], rules: Rules, observers: Sequence[Observer] = ()
) -> Gate:
    """A gate under which relationships alone decide."""
    gate = Gate(declared(), engine, models=Base, rules=rules, observers=observers)
    relations = gate.bound.relations
    assert relations
    # Without the triggers that remove relationships with their row: the matrix puts deleted rows back.
    Graph(relations.compiled, engine).write(lines(truth, users))
    return gate
