"""ApiLogicServer's spellings mean what rowgate's own mean; string filters are parsed, never evaluated."""

from __future__ import annotations

from types import ModuleType

import pytest
from sqlalchemy import Engine, func, select

from database.models import Base, Category, Customer, Product
from rowgate import als
from rowgate.als.strings import parse_filter
from rowgate.enforce import Gate
from rowgate.errors import DeclarationError, MissingPrincipal
from rowgate.policy import CheckFailed

DECLARATIONS = """
from database import models
from rowgate.als import DefaultRolePermission, GlobalFilter, Grant, Security

class Roles():
    tenant = "tenant"
    sales = "sales"

DefaultRolePermission(to_role = Roles.tenant, can_read=True, can_delete=True)
DefaultRolePermission(to_role = Roles.sales, can_read=True, can_delete=False)

GlobalFilter(   global_filter_attribute_name = "Client_id",
                roles_not_filtered = ["sa"],
                filter = '{entity_class}.Client_id == Security.current_user().client_id')
GlobalFilter(   global_filter_attribute_name = "Discontinued",
                roles_not_filtered = ["sa", "manager"],
                filter = '{entity_class}.Discontinued == 0')
GlobalFilter(   global_filter_attribute_name = "Region",
                roles_not_filtered = ["sa", "tenant"],
                filter = '{entity_class}.Region == Security.current_user().region')

Grant(  on_entity = models.Customer,
        to_role = Roles.sales,
        filter = lambda : models.Customer.CreditLimit > 300,
        filter_debug = "CreditLimit > 300")
Grant(  on_entity = models.Customer,
        to_role = Roles.sales,
        filter = lambda : models.Customer.ContactName == "Mike")
Grant(  on_entity = models.Customer,
        to_role = "own",
        can_delete = False,
        filter = lambda : models.Customer.Id == Security.current_user().id)
"""


def declared(text: str) -> ModuleType:
    module = ModuleType("declare_security")
    exec(compile(text, "declare_security.py", "exec"), vars(module))  # noqa: S102 - the text is this test's own
    return module


@pytest.fixture
def gate(sample_engine: Engine) -> Gate:
    policy = als.policy_of(declared(DECLARATIONS), claims=["client_id", "region"])
    return Gate(policy, sample_engine, models=Base)


@pytest.mark.parametrize(
    ("roles", "claims", "customers", "categories"),
    [
        ({"sales"}, {"client_id": 2, "region": "British Isles"}, 1, 3),
        ({"tenant"}, {"client_id": 1}, 89, 1),
        ({"tenant"}, {"client_id": 2}, 3, 3),
        ({"sa"}, {}, 95, 8),
    ],
)
def test_an_existing_file_gives_the_same_rows(
    gate: Gate, roles: set[str], claims: dict[str, object], customers: int, categories: int
) -> None:
    principal = gate.policy.principal(id="x", roles=frozenset(roles), **claims)
    with gate.session(principal) as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == customers
        assert session.scalar(select(func.count()).select_from(Category)) == categories


def test_a_boolean_column_compared_with_zero(gate: Gate) -> None:
    with gate.session(gate.policy.principal(id="x", roles=frozenset({"tenant"}), client_id=1)) as session:
        assert session.scalar(select(func.count()).select_from(Product).where(Product.Discontinued)) == 0


def test_a_grant_without_verbs_takes_those_of_the_permission() -> None:
    policy = als.policy_of(declared(DECLARATIONS), claims=["client_id", "region"])
    by_role = {grant.role: grant for grant in policy.grants}
    assert by_role["sales"].access is None
    assert by_role["own"].access is not None
    assert by_role["own"].access.words == "READ, INSERT, UPDATE"


def test_the_line_of_a_declaration_is_that_of_the_users_file() -> None:
    policy = als.policy_of(declared(DECLARATIONS), claims=["client_id", "region"])
    assert [grant.source.line for grant in policy.grants] == [22, 26, 29]
    assert policy.grants[0].source.file == "declare_security.py"


def test_a_claim_the_user_lacks_stops_the_start(sqlite_engine: Engine) -> None:
    policy = als.policy_of(declared(DECLARATIONS), claims=["client_id"])
    with pytest.raises(CheckFailed, match="P004"):
        Gate(policy, sqlite_engine, models=Base)


def test_a_filter_cannot_ask_for_roles(sqlite_engine: Engine) -> None:
    text = DECLARATIONS + (
        "\nGrant(on_entity=models.Order, to_role='sales', filter=lambda: Security.current_user_has_role('sa'))\n"
    )
    with pytest.raises(CheckFailed, match="current_user_has_role"):
        Gate(als.policy_of(declared(text), claims=["client_id", "region"]), sqlite_engine, models=Base)


def test_pythons_and_in_a_filter_is_refused(sqlite_engine: Engine) -> None:
    text = DECLARATIONS + (
        "\nGrant(on_entity=models.Order, to_role='sales', "
        "filter=lambda: models.Order.Id > 1 and models.Order.Freight > 2)\n"
    )
    with pytest.raises(CheckFailed, match="P005"):
        Gate(als.policy_of(declared(text), claims=["client_id", "region"]), sqlite_engine, models=Base)


def test_outside_of_a_request_there_is_no_current_user() -> None:
    with pytest.raises(MissingPrincipal):
        als.Security.current_user()


def test_a_module_that_declares_nothing_is_no_policy() -> None:
    with pytest.raises(DeclarationError, match="declares nothing"):
        als.policy_of(ModuleType("empty"))


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("{entity_class}.CreditLimit > 300 and {entity_class}.Region == 'x'", '"CreditLimit" > 300 AND'),
        ("or_({entity_class}.Id == 'a', {entity_class}.Id == 'b')", " OR "),
        ("not {entity_class}.Region == 'x'", '"Region" != '),
        ("{entity_class}.Region in ['a', 'b']", '"Region" IN ('),
        ("{entity_class}.Region.is_(None)", '"Region" IS NULL'),
        ("({entity_class}.Region != 'x') & ({entity_class}.CreditLimit >= -1)", '"CreditLimit" >= -1'),
    ],
)
def test_what_a_string_may_say(text: str, sql: str) -> None:
    built = parse_filter(text)(Customer, None)
    assert sql in str(built.compile(compile_kwargs={"literal_binds": True}))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "{entity_class}.__class__.__mro__",
        "{entity_class}.Id.like(open('/etc/passwd').read())",
        "[x for x in (1, 2)]",
        "(lambda: 1)()",
        "{entity_class}.Id == f'{1}'",
        "{entity_class}.Id == Security.current_user().client.id",
        "{entity_class}.Id == Security.other().id",
        "{entity_class}.Id == models.Customer.Id",
        "1 in {entity_class}.Id",
        "{entity_class}.Id ==",
        "text('1=1')",
        "{entity_class}.Id.op('=')('x')",
        "1 < {entity_class}.CreditLimit < 3",
    ],
)
def test_what_a_string_may_not_say(text: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_filter(text)
    assert "where=lambda row, user:" in caught.value.advice


def test_a_dunder_column_is_no_way_out() -> None:
    with pytest.raises(DeclarationError):
        parse_filter("{entity_class}.__init__ == 1")
