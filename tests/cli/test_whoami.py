"""``rowgate whoami``: roles, claims, and each verb with what gives it."""

import json
import re

import pytest

from tests.cli.conftest import Invoke

pytestmark = pytest.mark.usefixtures("sample_databases")


def row(output: str, entity: str) -> list[str]:
    """The cells of one entity's line."""
    (line,) = (line for line in output.splitlines() if line.startswith(f"{entity} "))
    return re.split(r"\s{2,}", line)


def test_roles_claims_and_verbs(invoke: Invoke) -> None:
    output = invoke("whoami", "s1").stdout
    assert output.splitlines()[0] == "s1"
    assert "roles   sales\n" in output
    assert "client_id = 2, region = 'British Isles'" in output
    assert row(output, "Customer") == ["Customer", "some", "some", "some", "-", "grant sales, 2 global filters"]
    assert row(output, "Order") == ["Order", "all", "all", "all", "-", "permission sales"]


def test_the_superuser_has_everything(invoke: Invoke) -> None:
    assert row(invoke("whoami", "sa").stdout, "Customer") == ["Customer", "all", "all", "all", "all", "superuser"]


def test_a_user_without_roles_is_shown_with_the_one_that_stands_in(invoke: Invoke) -> None:
    assert "roles   none, so public\n" in invoke("whoami", "p1").stdout


def test_json_has_every_declaration_with_its_line(invoke: Invoke) -> None:
    document = json.loads(invoke("whoami", "s1", "--json").stdout)
    verbs = document["entities"]["Customer"]
    assert (verbs["READ"]["rows"], verbs["READ"]["by"], verbs["DELETE"]["rows"]) == ("some", "grants", "none")
    counting = [each for each in verbs["READ"]["declarations"] if each["counts"]]
    assert [each["says"] for each in counting] == [
        "Client_id == user.client_id (2)",
        "Region == user.region ('British Isles')",
        "CreditLimit > 300",
        "ContactName == 'Mike'",
    ]
    assert all(each["source"].startswith("security/declare_security.py:") for each in counting)


def test_a_stranger_is_told_apart_from_an_empty_user(invoke: Invoke) -> None:
    result = invoke("whoami", "nobody")
    assert result.exit_code == 2
    assert "there is no user 'nobody' who may log in" in result.stderr
