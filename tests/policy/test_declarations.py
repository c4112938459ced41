"""Declarations are inert values that know their line; roles are known; a principal is fixed."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

import pytest
from sqlalchemy import not_, or_

from rowgate.errors import DeclarationError
from rowgate.policy import Policy
from rowgate.policy.conditions import ConditionFault, build_condition, claim_parameters
from rowgate.policy.render import condition_text
from rowgate.types import Access, Principal
from tests.policy.declared import Customer, Roles, Tenanted, User, new_policy

# --- declarations


def test_declarations_cannot_be_changed() -> None:
    policy = new_policy()
    made = [
        policy.permission(Roles.sales, Access.READ),
        policy.grant(Customer, Roles.sales),
        policy.global_filter(Tenanted, lambda row, user: row.client == user.client),
    ]
    for declared in made:
        for field in dataclasses.fields(declared):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(declared, field.name, None)


def test_a_declaration_calls_no_condition() -> None:
    def where(row: type[Customer], user: User) -> object:
        raise AssertionError("called")

    new_policy().grant(Customer, Roles.sales, where=where)  # type: ignore[arg-type]


def test_a_declaration_knows_its_line() -> None:
    source = new_policy().grant(Customer, Roles.sales).source
    assert source.file == __file__
    assert str(source).startswith("tests/policy/test_declarations.py:")


def test_roles_are_plain_text_in_declarations() -> None:
    policy = new_policy()
    filtered = policy.global_filter(
        Tenanted, lambda row, user: row.client == 1, exempt=[Roles.root], only=[Roles.sales]
    )
    assert {type(role) for role in (*filtered.exempt, *(filtered.only or ()))} == {str}
    assert type(policy.grant(Customer, Roles.sales).role) is str


# --- the roles there are


def test_the_roles_are_the_members_of_the_enum() -> None:
    assert Policy(User, superuser=Roles.root).roles == {"root", "sales", "tenant", "public"}
    assert Policy(User, no_role=Roles.public).roles == {"root", "sales", "tenant", "public"}


def test_the_roles_may_be_listed() -> None:
    assert Policy(User, roles=["a", "b"], superuser="a").roles == {"a", "b"}
    assert Policy(User, roles=Roles).roles == {"root", "sales", "tenant", "public"}


def test_roles_that_are_nowhere_to_be_found() -> None:
    with pytest.raises(DeclarationError, match="which roles there are"):
        Policy(User, superuser="root")
    with pytest.raises(DeclarationError, match="which roles there are"):
        Policy(User)


def test_two_enums_are_ambiguous() -> None:
    class Others(StrEnum):
        guest = "guest"

    with pytest.raises(DeclarationError):
        Policy(User, superuser=Roles.root, no_role=Others.guest)


def test_a_superuser_or_no_role_that_is_no_role() -> None:
    with pytest.raises(DeclarationError, match="'boss'"):
        Policy(User, roles=["a"], superuser="boss")
    with pytest.raises(DeclarationError, match="'guest'"):
        Policy(User, roles=["a"], no_role="guest")


# --- principals


def test_a_principal_cannot_be_changed() -> None:
    user = User(id="u", roles=frozenset({"sales"}), client=1)
    for name in ("id", "roles", "client"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(user, name, None)


@pytest.mark.parametrize("roles", [frozenset({Roles.sales}), [Roles.sales], {"sales"}, ("sales", "sales"), "sales"])
def test_roles_of_a_principal_are_a_frozen_set_of_plain_text(roles: object) -> None:
    user = User(id="u", roles=roles)  # type: ignore[arg-type]
    assert user.roles == frozenset({"sales"})
    assert isinstance(user.roles, frozenset)
    assert {type(role) for role in user.roles} == {str}


def test_claims_are_all_fields_but_the_roles() -> None:
    assert User.claim_names() == ("id", "client", "region")
    assert User(id="u", client=2).claims() == {"id": "u", "client": 2, "region": None}
    assert Principal.claim_names() == ("id",)
    assert claim_parameters(User(id="u")) == {"rowgate_id": "u", "rowgate_client": None, "rowgate_region": None}


def test_access_in_words() -> None:
    assert (Access.READ | Access.UPDATE).words == "READ, UPDATE"
    assert Access.NONE.words == "nothing"


# --- conditions


def test_the_reason_is_the_given_one_else_the_docstring_else_none() -> None:
    def documented(row: type[Customer], user: User) -> object:
        """Customers who can pay."""
        return row.credit > 300

    def reason_of(function: object, reason: str | None = None) -> str | None:
        return build_condition(function, Customer, User, reason=reason).reason  # type: ignore[arg-type]

    assert reason_of(documented, "because") == "because"
    assert reason_of(documented) == "Customers who can pay."
    assert reason_of(lambda row, user: row.credit > 300) is None


def test_a_condition_knows_its_claims() -> None:
    made = build_condition(
        lambda row, user: or_(row.client == user.client, row.id == user.id, row.open), Customer, User, reason=None
    )
    assert made.claims == {"client", "id"}


def test_plain_true_and_false_are_conditions() -> None:
    assert str(build_condition(lambda row, user: True, Customer, User, reason=None).sql) == "true"
    assert str(build_condition(lambda row, user: False, Customer, User, reason=None).sql) == "false"


def test_a_claim_has_no_truth_of_its_own() -> None:
    with pytest.raises(ConditionFault) as fault:
        build_condition(lambda row, user: row.open if user.client else row.credit > 1, Customer, User, reason=None)
    assert fault.value.code == "P005"


# --- text


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (lambda row, user: row.credit > 300, "credit > 300"),
        (lambda row, user: row.region == "North", "region == 'North'"),
        (lambda row, user: row.client == user.client, "client == user.client (2)"),
        (lambda row, user: row.client != user.client, "client != user.client (2)"),
        (lambda row, user: row.open, "open"),
        (lambda row, user: not_(row.open), "not open"),
        (lambda row, user: row.region.is_(None), "region is None"),
        (lambda row, user: row.region.is_not(None), "region is not None"),
        (lambda row, user: (row.credit >= 1) & (row.credit < 9), "credit >= 1 & credit < 9"),
        (lambda row, user: or_(row.credit <= 1, row.open), "credit <= 1 | open"),
        (lambda row, user: row.region.like("N%"), "region like 'N%'"),
    ],
)
def test_a_condition_in_words(where: object, text: str) -> None:
    made = build_condition(where, Customer, User, reason=None)  # type: ignore[arg-type]
    assert made.text({"client": 2}) == text


def test_a_claim_without_its_value() -> None:
    made = build_condition(lambda row, user: row.client == user.client, Customer, User, reason=None)
    assert made.text() == "client == user.client"
    assert condition_text(made.sql, {"client": None}) == "client == user.client (None)"


def test_a_nested_condition_keeps_its_parentheses() -> None:
    made = build_condition(
        lambda row, user: (row.credit > 1) & or_(row.open, row.region == "N"), Customer, User, reason=None
    )
    assert made.text() == "credit > 1 & (open | region == 'N')"


def test_one_of_several() -> None:
    made = build_condition(lambda row, user: row.region.in_(["N", "S"]), Customer, User, reason=None)
    assert made.text() == "region in ['N', 'S']"
