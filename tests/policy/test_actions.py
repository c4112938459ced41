"""Actions: who may do them, by which line, on which rows; in each form in which a condition may be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from fractal_specifications.generic.operators import (
    ContainsSpecification,
    EqualsSpecification,
    GreaterThanEqualSpecification,
    InSpecification,
    IsNoneSpecification,
    LessThanSpecification,
    NotEqualsSpecification,
    NotSpecification,
)
from fractal_specifications.generic.specification import EmptySpecification, Specification
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.errors import ActionRefused, DeclarationError
from rowgate.policy import Authorization, BoundPolicy, CheckFailed, Policy
from rowgate.policy.fractal import condition_of
from rowgate.policy.texts import parse_condition
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Pizza(Base):
    __tablename__ = "pizza"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    kind: Mapped[str | None]
    cook_id: Mapped[int | None] = mapped_column(ForeignKey("cook.id"))
    cook: Mapped[Cook | None] = relationship()


class Cook(Base):
    __tablename__ = "cook"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    budget: int | None = None
    kinds: tuple[str, ...] | None = None


def new_policy() -> Policy[User]:
    policy = Policy(User, superuser="root", no_role="guest", roles=["root", "guest", "student", "cook", "chef"])
    policy.permission("student", Access.READ)
    return policy


def authorize(policy: Policy[User], action: str, user: User, **request: Any) -> Authorization:
    bound = BoundPolicy(policy, [Pizza, Cook])
    holder = bound.holder(user)
    return bound.actions.authorize(user, action, roles=holder.roles, superuser=holder.superuser, **request)


def user(*roles: str, **claims: Any) -> User:
    return User(id="u", roles=frozenset(roles), **claims)


def sql(authorization: Authorization, entity: type = Pizza) -> str:
    return " ".join(str(authorization.condition(entity).compile(compile_kwargs={"literal_binds": True})).split())


CHEAP, DEAR = Pizza(id=1, name="a", price=5, kind="fish"), Pizza(id=2, name="b", price=50, kind=None)


def test_only_the_roles_named_may() -> None:
    policy = new_policy()
    policy.action("order", "student", "cook")
    for role in ("student", "cook", "root"):
        assert authorize(policy, "order", user(role)).allows(CHEAP)
    for refused in (user("chef"), user()):
        with pytest.raises(ActionRefused, match="order"):
            authorize(policy, "order", refused)


def test_who_has_no_role_is_a_guest() -> None:
    policy = new_policy()
    policy.action("look", "guest")
    assert authorize(policy, "look", user()).condition(Pizza) is not None


def test_an_action_that_nobody_declared_is_a_mistake_and_no_refusal() -> None:
    with pytest.raises(DeclarationError, match="not declared"):
        authorize(new_policy(), "ordre", user("root"))


def test_several_roles_add_up() -> None:
    policy = new_policy()
    policy.action("order", "student", where=lambda row, user: row.price <= user.budget)
    policy.action("order", "cook", where=lambda row, user: row.kind.is_(None))
    both = authorize(policy, "order", user("student", "cook", budget=10))
    assert (both.allows(CHEAP), both.allows(DEAR)) == (True, True)
    assert sql(both) == "pizza.price <= 10 OR pizza.kind IS NULL"
    one = authorize(policy, "order", user("student", budget=10))
    assert (one.allows(CHEAP), one.allows(DEAR)) == (True, False)


def test_or_the_first_that_matches_decides_alone() -> None:
    policy = new_policy()
    policy.action("order", "student", where=lambda row, user: row.price <= user.budget, combine="first")
    policy.action("order", "cook", combine="first")
    assert sql(authorize(policy, "order", user("student", "cook", budget=10))) == "pizza.price <= 10"
    assert sql(authorize(policy, "order", user("cook"))) == "true"


def test_a_line_for_a_method_or_an_endpoint_is_for_no_other() -> None:
    policy = new_policy()
    policy.action("pizza", "student", method="get")
    policy.action("pizza", "student", method=["POST", "PATCH"], endpoint="/pizza", where="row.price < 10")
    assert sql(authorize(policy, "pizza", user("student"), method="GET")) == "true"
    assert (
        sql(authorize(policy, "pizza", user("student"), method="POST", endpoints=["e", "/pizza"])) == "pizza.price < 10"
    )
    for request in ({"method": "POST"}, {"method": "DELETE", "endpoints": ["/pizza"]}, {}):
        with pytest.raises(ActionRefused):
            authorize(policy, "pizza", user("student"), **request)  # type: ignore[arg-type]


def test_a_claim_that_is_none_gives_no_row() -> None:
    policy = new_policy()
    policy.action("order", "student", where=lambda row, user: row.price != user.budget)
    nobody = authorize(policy, "order", user("student"))
    assert sql(nobody) == "false"
    assert nobody.truth(CHEAP) is False


def test_what_it_is_on_is_all_that_it_is_on() -> None:
    policy = new_policy()
    policy.action("order", "student", on=Pizza)
    assert sql(authorize(policy, "order", user("student"))) == "true"
    assert sql(authorize(policy, "order", user("student")), Cook) == "false"
    assert authorize(policy, "order", user("student")).allows(Cook(id=1, name="c")) is False


def test_require() -> None:
    policy = new_policy()
    policy.action("order", "student", where="row.price < 10")
    given = authorize(policy, "order", user("student"))
    given.require(CHEAP)
    with pytest.raises(ActionRefused, match="this Pizza"):
        given.require(DEAR)


# --- in memory


@pytest.mark.parametrize(
    "where",
    [
        lambda row, user: row.name.like("a%"),
        lambda row, user: row.name < "b",
        lambda row, user: row.cook.has(Cook.name == "x"),
        lambda row, user: func.lower(row.name) == "a",
        lambda row, user: row.price + 1 > 2,
        lambda row, user: select(Cook.id).where(Cook.id == row.cook_id).exists(),
    ],
)
def test_what_only_the_database_can_tell_is_not_guessed(where: Any) -> None:
    policy = new_policy()
    policy.action("order", "student", where=where)
    given = authorize(policy, "order", user("student"))
    with pytest.raises(DeclarationError, match="only be told by the database"):
        given.allows(CHEAP)
    assert given.condition(Pizza) is not None


@pytest.mark.parametrize(
    ("where", "truths"),
    [
        ("row.kind == 'fish'", (True, None)),
        ("row.kind != 'fish'", (False, None)),
        ("not row.kind == 'fish'", (False, None)),
        ("row.kind in ['fish', 'meat']", (True, None)),
        ("row.kind not in []", (True, True)),
        ("row.kind in []", (False, False)),
        ("row.kind is None", (False, True)),
        ("row.kind is not None and row.price < 10", (True, False)),
        ("row.kind == 'meat' or row.price < 10", (True, None)),
        ("row.kind == 'meat' and row.price > 10", (False, None)),
        ("row.price in [5, 50]", (True, True)),
        ("row.kind in user.kinds", (True, None)),
        ("row.price == user.budget", (True, False)),
        ("True", (True, True)),
        ("not True", (False, False)),
    ],
)
def test_null_is_unknown(where: str, truths: tuple[bool | None, bool | None]) -> None:
    policy = new_policy()
    policy.action("order", "student", where=where)
    given = authorize(policy, "order", user("student", budget=5, kinds=("fish",)))
    assert (given.truth(CHEAP), given.truth(DEAR)) == truths
    assert (given.allows(CHEAP), given.allows(DEAR)) == tuple(truth is True for truth in truths)


# --- start-up checks


@pytest.mark.parametrize(
    ("code", "declare"),
    [
        ("P001", lambda policy: policy.action("a", "studnet")),
        ("P003", lambda policy: policy.action("a", "student", on=Pizza, where=lambda row, user: row.prize > 1)),
        ("P003", lambda policy: policy.action("a", "student", on=Pizza, where="row.prize > 1")),
        ("P004", lambda policy: policy.action("a", "student", on=Pizza, where="row.price > user.bugdet")),
        ("P005", lambda policy: policy.action("a", "student", on=Pizza, where=lambda row, user: row.price and True)),
        ("P007", lambda policy: policy.action("a", "student", on=User)),
        ("P013", lambda policy: [policy.action("a", "student", combine=each) for each in ("any", "first")]),
    ],
)
def test_a_mistake_stops_the_start(code: str, declare: Any) -> None:
    policy = new_policy()
    declare(policy)
    with pytest.raises(CheckFailed) as failed:
        BoundPolicy(policy, [Pizza, Cook])
    assert [finding.code for finding in failed.value.findings if finding.level == "error"] == [code]


def test_a_condition_without_an_entity_is_checked_when_it_is_used() -> None:
    policy = new_policy()
    policy.action("order", "student", where=lambda row, user: row.price > 1)
    assert sql(authorize(policy, "order", user("student"))) == "pizza.price > 1"
    with pytest.raises(DeclarationError, match="Cook"):
        authorize(policy, "order", user("student")).condition(Cook)


@pytest.mark.parametrize("where", ["row.price >", "__import__('os')", "row.price == open('x')", "row.cook.name == 'x'"])
def test_text_outside_of_the_grammar_is_refused_where_it_stands(where: str) -> None:
    with pytest.raises(DeclarationError):
        new_policy().action("order", "student", where=where)


def test_an_action_for_nobody_is_a_mistake() -> None:
    with pytest.raises(DeclarationError, match="names no role"):
        new_policy().action("order")


# --- text and specifications


@pytest.mark.parametrize(
    "text",
    [
        "row.price <= user.budget and row.kind in ['fish', 'meat']",
        "((row.price) <= (user.budget)) & (row.kind.is_(None))",
        "not (row.a == 1 or row.b is not None)",
        "or_(row.a == -1, and_(row.b != 'it\\'s', not_(row.c)))",
        "row.a.in_((1, 2))",
        "True",
    ],
)
def test_a_text_goes_round(text: str) -> None:
    made = parse_condition(text)
    again = parse_condition(str(made))
    assert (str(again), again) == (str(made), made)


SPECIFICATIONS: dict[str, Specification] = {
    "row.price == 5": EqualsSpecification("price", 5),
    "row.price != -5": NotEqualsSpecification("price", -5),
    "row.price < 9": LessThanSpecification("price", 9),
    "row.kind in ['fish', 'meat']": InSpecification("kind", ["fish", "meat"]),
    "row.kind is None": IsNoneSpecification("kind"),
    "not row.kind is None": NotSpecification(IsNoneSpecification("kind")),
    "True": EmptySpecification(),
    "row.price == 5 and row.kind == 'fish'": EqualsSpecification("price", 5) & EqualsSpecification("kind", "fish"),
    "row.kind == 'a' and (row.price == 5 or row.price >= 9)": EqualsSpecification("kind", "a")
    & (EqualsSpecification("price", 5) | GreaterThanEqualSpecification("price", 9)),
}


@pytest.mark.parametrize("text", SPECIFICATIONS)
def test_a_specification_is_the_text_that_says_the_same(text: str) -> None:
    made = condition_of(SPECIFICATIONS[text])
    assert str(parse_condition(str(made))) == str(made)
    # The parts of an AND of fractal's come in an order of its own.
    assert sorted(str(made).replace("(", "").replace(")", "").split()) == sorted(
        text.replace("(", "").replace(")", "").split()
    )


def test_a_specification_with_claims() -> None:
    policy = new_policy()
    policy.action("order", "student", on=Pizza, where=lambda user: LessThanSpecification("price", user.budget))
    given = authorize(policy, "order", user("student", budget=10))
    assert sql(given) == "pizza.price < 10"
    assert (given.allows(CHEAP), given.allows(DEAR)) == (True, False)
    assert sql(authorize(policy, "order", user("student"))) == "false"
    policy.action("eat", "student", where=EqualsSpecification("kind", "fish"))
    assert authorize(policy, "eat", user("student")).truth(DEAR) is None


@pytest.mark.parametrize(
    "specification",
    [ContainsSpecification("name", "x"), EqualsSpecification("cook.name", "x"), EqualsSpecification("cook__name", "x")],
)
def test_a_specification_without_a_counterpart_is_refused(specification: Specification) -> None:
    with pytest.raises(DeclarationError):
        new_policy().action("order", "student", where=specification)
