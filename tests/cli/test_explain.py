"""``rowgate explain``: which declarations let a row through, and which stopped it."""

import json

import pytest

from tests.cli.conftest import Invoke

pytestmark = pytest.mark.usefixtures("sample_databases")


def test_every_declaration_on_an_entity_with_its_mark(invoke: Invoke) -> None:
    lines = [" ".join(line.split()) for line in invoke("explain", "s1", "Customer").stdout.splitlines()]
    assert lines[0] == "s1 [sales] READ Customer"
    shown = [line.split(" security/")[0] for line in lines[1:]]
    assert shown == [
        "+ global filter Client_id == user.client_id (2)",
        "+ global filter Region == user.region ('British Isles')",
        "| grant sales CreditLimit > 300",
        "| grant sales ContactName == 'Mike'",
        "- grant customer Id == user.id not your role",
        "- grant public Id != 'ANATR' not your role",
    ]


def test_the_declaration_that_stopped_a_row(invoke: Invoke) -> None:
    output = invoke("explain", "s1", "Customer", "ALFKI").stdout
    assert output.startswith("s1 [sales] READ Customer ALFKI: hidden\n")
    (line,) = (line for line in output.splitlines() if "Client_id" in line)
    assert line.lstrip().startswith("- global filter")
    assert "stops it" in line


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        (("s1", "Customer", "CTWTR"), "READ Customer CTWTR: visible"),
        (("s1", "Customer", "NOPE"), "READ Customer NOPE: there is no such row"),
        (("s1", "Customer", "CTWTR", "--access", "UPDATE"), "UPDATE Customer CTWTR: may update"),
        (("r1", "Order", "10643", "--access", "delete"), "DELETE Order 10643: may not delete"),
        (("r1", "Order", "--access", "delete"), "DELETE Order refused"),
    ],
)
def test_the_first_line_is_the_verdict(invoke: Invoke, arguments: tuple[str, ...], verdict: str) -> None:
    assert invoke("explain", *arguments).stdout.splitlines()[0].endswith(verdict)


def test_json_of_an_entity(invoke: Invoke) -> None:
    document = json.loads(invoke("explain", "r1", "Order", "--access", "delete", "--json").stdout)
    assert (document["principal"], document["roles"], document["entity"]) == ("r1", ["renter"], "Order")
    (decision,) = document["decisions"]
    assert decision["access"] == "DELETE"
    assert decision["refused"] is True


def test_json_of_a_row(invoke: Invoke) -> None:
    document = json.loads(invoke("explain", "s1", "Customer", "ALFKI", "--json").stdout)
    assert document["verdict"] == "hidden"
    assert document["key"] == ["ALFKI"]


def test_a_misspelt_entity_is_told_with_the_nearest_name(invoke: Invoke) -> None:
    result = invoke("explain", "s1", "Custmer")
    assert result.exit_code == 2
    assert "there is no entity 'Custmer'. Did you mean Customer?" in result.stderr


@pytest.mark.parametrize(("entity", "key"), [("Order", "abc"), ("Order", "1.5"), ("Region", ""), ("Order", "1_2")])
def test_a_key_of_the_wrong_type_is_told(invoke: Invoke, entity: str, key: str) -> None:
    result = invoke("explain", "s1", entity, key)
    assert result.exit_code == 2
    assert "a number is needed" in result.stderr
