"""Each sentence of the contract's algebra, by example."""

from __future__ import annotations

import pytest
from sqlalchemy import or_

from rowgate.types import Access
from tests.policy.declared import Category, Customer, Roles, Tenanted, User, bound, decide, new_policy, sql

READ, INSERT, UPDATE, DELETE = Access.READ, Access.INSERT, Access.UPDATE, Access.DELETE


def test_1_a_superuser_may_do_everything_whatever_is_declared() -> None:
    policy = new_policy()
    policy.grant(Customer, Roles.root, access=READ, where=lambda row, user: row.credit > 300)
    policy.global_filter(Tenanted, lambda row, user: row.client == user.client)
    for access in Access:
        decision = decide(policy, Customer, access, Roles.root)
        assert (decision.by, decision.refused, decision.condition) == ("superuser", False, None)


def test_1_another_role_beside_it_takes_nothing_away() -> None:
    policy = new_policy()
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    assert decide(policy, Customer, DELETE, Roles.root, Roles.sales).condition is None


def test_2_the_permissions_of_all_roles_add_up() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.permission(Roles.sales, INSERT)
    policy.permission(Roles.tenant, DELETE)
    made = bound(policy)
    assert made.holder(User(id="u", roles=frozenset({"sales", "tenant"}))).default == READ | INSERT | DELETE


def test_2_who_has_no_role_has_the_one_named_for_that() -> None:
    policy = new_policy()
    policy.permission(Roles.public, READ)
    assert not decide(policy, Customer, READ).refused
    assert decide(policy, Customer, READ, Roles.sales).refused


def test_2_and_none_where_none_is_named() -> None:
    policy = new_policy()
    policy.no_role = None
    policy.permission(Roles.public, READ)
    assert decide(policy, Customer, READ).refused


def test_3_only_grants_on_the_entity_to_a_role_that_is_held_match() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(Customer, Roles.tenant, where=lambda row, user: row.credit > 300)
    policy.grant(Category, Roles.sales, where=lambda row, user: row.id > 1)
    decision = decide(policy, Customer, READ, Roles.sales)
    assert (decision.by, decision.condition) == ("permissions", None)


def test_4_a_grant_without_access_takes_the_default() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ | UPDATE)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    assert sql(decide(policy, Customer, UPDATE, Roles.sales).rows) == "customer.credit > :credit_1"
    assert decide(policy, Customer, DELETE, Roles.sales).refused


def test_4_the_default_of_a_grant_is_of_all_roles_of_the_principal() -> None:
    policy = new_policy()
    policy.permission(Roles.tenant, DELETE)
    policy.grant(Customer, Roles.sales)
    assert not decide(policy, Customer, DELETE, Roles.sales, Roles.tenant).refused


def test_4_a_grant_that_names_access_gives_exactly_that() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, Access.ALL)
    policy.grant(Customer, Roles.sales, access=INSERT)
    assert not decide(policy, Customer, INSERT, Roles.sales).refused
    for access in (READ, UPDATE, DELETE):
        assert decide(policy, Customer, access, Roles.sales).refused


@pytest.mark.parametrize("access", list(Access))
def test_5_without_a_matching_grant_the_permission_decides(access: Access) -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ | DELETE)
    decision = decide(policy, Customer, access, Roles.sales)
    assert decision.refused is (access in (INSERT, UPDATE))
    assert sql(decision.rows) == ("false" if decision.refused else "None")


def test_5_matching_grants_are_ored() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.region == "North")
    rows = decide(policy, Customer, READ, Roles.sales).rows
    assert sql(rows) == sql(or_(Customer.credit > 300, Customer.region == "North"))


def test_5_a_grant_without_where_means_all_rows() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    policy.grant(Customer, Roles.sales)
    assert decide(policy, Customer, READ, Roles.sales).rows is None


def test_5_where_a_grant_matches_the_permission_gives_nothing_more() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, Access.ALL)
    policy.grant(Customer, Roles.sales, access=READ, where=lambda row, user: row.credit > 300)
    assert decide(policy, Customer, DELETE, Roles.sales).refused


def test_6_global_filters_are_anded_to_whatever_gives_the_rows() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    policy.global_filter(Tenanted, lambda row, user: row.client == user.client)
    visible = decide(policy, Customer, READ, Roles.sales, client=2).condition
    assert sql(visible) == "customer.credit > :credit_1 AND customer.client = :rowgate_client"
    assert sql(decide(policy, Category, READ, Roles.sales, client=2).condition) == "category.client = :rowgate_client"


def test_6_a_filter_binds_only_entities_of_its_shape() -> None:
    from tests.policy.declared import Note

    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.global_filter(Tenanted, lambda row, user: row.client == user.client)
    assert decide(policy, Note, READ, Roles.sales, client=2).filters == ()


def test_6_a_mapped_class_as_shape_means_only_itself() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.global_filter(Category, lambda row, user: row.client == user.client)
    assert decide(policy, Customer, READ, Roles.sales, client=2).condition is None
    assert decide(policy, Category, READ, Roles.sales, client=2).condition is not None


@pytest.mark.parametrize(
    ("exempt", "only", "roles", "outcome"),
    [
        ([], None, ["sales"], "applies"),
        (["sales"], None, ["sales"], "exempt"),
        (["sales"], None, ["sales", "tenant"], "exempt"),
        (["sales"], None, ["tenant"], "applies"),
        ([], ["sales"], ["sales"], "applies"),
        ([], ["sales"], ["tenant"], "only for other roles"),
        ([], ["sales"], ["sales", "tenant"], "applies"),
        ([], [], ["sales"], "only for other roles"),
        (["tenant"], ["sales"], ["sales", "tenant"], "exempt"),
        (["public"], None, [], "exempt"),
    ],
)
def test_6_whom_a_filter_binds(exempt: list[str], only: list[str] | None, roles: list[str], outcome: str) -> None:
    policy = new_policy()
    policy.global_filter(Tenanted, lambda row, user: row.client == user.client, exempt=exempt, only=only)
    (verdict,) = decide(policy, Customer, READ, *roles, client=2).filters
    assert verdict.outcome == outcome


def test_8_the_check_of_a_grant_is_its_where_unless_given() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, Access.ALL)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 9, check=lambda row, user: row.open)
    decision = decide(policy, Customer, INSERT, Roles.sales)
    checks = [sql(decision.check_of(verdict)) for verdict in decision.giving]
    assert checks == ["customer.credit > :credit_1", "customer.open"]


def test_10_a_condition_that_uses_a_none_claim_is_false_in_a_grant() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.client == user.client)
    decision = decide(policy, Customer, READ, Roles.sales)
    assert not decision.refused  # the verb is given, on no row
    assert sql(decision.rows) == "false"
    assert decision.grants[0].outcome == "claim is None"


@pytest.mark.parametrize("negated", [False, True])
def test_10_also_where_it_says_other_things_too(negated: bool) -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(
        Customer,
        Roles.sales,
        where=lambda row, user: ~(row.client == user.client) if negated else or_(row.open, row.client == user.client),
    )
    assert sql(decide(policy, Customer, READ, Roles.sales).rows) == "false"


def test_10_and_hides_every_row_in_a_global_filter() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.global_filter(Tenanted, lambda row, user: row.client == user.client)
    assert sql(decide(policy, Customer, READ, Roles.sales).condition) == "false"


def test_10_a_none_claim_of_a_check_fails_it_though_the_where_holds() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, Access.ALL)
    policy.grant(Customer, Roles.sales, check=lambda row, user: row.region == user.region)
    decision = decide(policy, Customer, INSERT, Roles.sales, client=2)
    assert sql(decision.check_of(decision.giving[0])) == "false"


def test_10_a_grant_with_a_none_claim_leaves_the_others_alone() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.client == user.client)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.credit > 300)
    rows = sql(decide(policy, Customer, READ, Roles.sales).rows)
    assert "credit" in rows
    assert "client" not in rows


def test_11_more_roles_never_give_fewer_verbs() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ | UPDATE)
    policy.permission(Roles.tenant, READ)
    for access in (READ, UPDATE):
        assert not decide(policy, Customer, access, Roles.sales, Roles.tenant).refused


def test_principals_who_differ_only_in_values_share_their_decision() -> None:
    policy = new_policy()
    policy.permission(Roles.sales, READ)
    policy.global_filter(Tenanted, lambda row, user: row.client == user.client)
    made = bound(policy)
    one, two = (made.holder(User(id="u", roles=frozenset({"sales"}), client=client)) for client in (1, 2))
    assert made.decide(one, Customer, READ) is made.decide(two, Customer, READ)
