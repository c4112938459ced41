"""The how-to is true: its declaration, in a project, served over HTTP, ends at the receiver; and its commands work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import project
from tests.outbox.conftest import SECRET, Receiver
from tests.serve.conftest import Server
from tests.serve.test_processes import ask, token_of

PAGE = (project.root / "docs/how-to/webhooks.md").read_text(encoding="utf-8")
Serve = Callable[..., Server]


def declare(folder: Path, receiver: Receiver) -> None:
    """Do what the page says, with a receiver on this machine."""
    declared, given = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    declared = declared.replace("https://crm.example/hooks/customers", receiver.url)
    declared = declared.replace("        fields=", "        internal=True,\n        attempts=1,\n        fields=")
    (folder / "config/webhooks.py").write_text(declared, encoding="utf-8")
    line, argument = given.splitlines()[0], re.findall(r"\.\.\., (.*)\)", given)[0]
    settings = folder / "config/settings.py"
    text = settings.read_text(encoding="utf-8")
    assert "from security.declare_security import" in text
    text = text.replace("from security.declare_security import", f"{line}\nfrom security.declare_security import", 1)
    settings.write_text(
        text.replace("project = Project(\n", f"project = Project(\n    {argument},\n", 1), encoding="utf-8"
    )


def rowgate(folder: Path, *words: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROWGATE_")}
    environ |= {"CRM_WEBHOOK_SECRET": SECRET, "ROWGATE_LOG_LEVEL": "ERROR"}
    program = [sys.executable, "-c", "from rowgate.cli import main; main()", *words]
    done = subprocess.run(program, cwd=folder, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout if done.returncode == 0 else f"{done.returncode}\n{done.stdout}{done.stderr}"


def rename(server: Server, token: str, name: str) -> int:
    body = {"data": {"type": "Customer", "id": "CTWTR", "attributes": {"CompanyName": name}}}
    status, _ = ask(server, "/api/Customer/CTWTR", token, body, method="PATCH")
    return status


@pytest.mark.parametrize("workers", ["2"])
def test_a_change_over_http_ends_at_the_receiver(
    serve: Serve, tmp_path: Path, receiver: Receiver, workers: str
) -> None:
    declare(tmp_path, receiver)
    server = serve(
        "serve", "--bind", "127.0.0.1:0", "--workers", workers, ROWGATE_DELIVER_EVENTS="on", CRM_WEBHOOK_SECRET=SECRET
    )
    token = token_of(server)
    for name in ("One", "Two", "Three"):
        assert rename(server, token, name) == 200
    deadline = time.monotonic() + 60
    while len(receiver.got) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    out, errors = server.stop()
    assert [got.json["data"]["attributes"]["CompanyName"] for got in receiver.got] == ["One", "Two", "Three"]
    assert receiver.got[0].json["data"]["attributes"].keys() == {"CompanyName", "Balance"}
    assert "Traceback" not in errors
    assert SECRET not in out + errors


def test_a_server_that_is_to_deliver_does_not_start_without_the_secret(
    serve: Serve, tmp_path: Path, receiver: Receiver
) -> None:
    declare(tmp_path, receiver)
    with pytest.raises(pytest.fail.Exception, match="RG520 Setting refused: CRM_WEBHOOK_SECRET"):
        serve("serve", "--bind", "127.0.0.1:0", ROWGATE_DELIVER_EVENTS="on")


def test_the_commands(serve: Serve, tmp_path: Path, receiver: Receiver) -> None:
    declare(tmp_path, receiver)
    server = serve("run", "--port", "0")
    assert rename(server, token_of(server), "One") == 200
    server.stop()
    listed = rowgate(tmp_path, "events", "ls")
    assert re.search(r"^ +1  pending   0  \S+  crm  Customer.update  Customer/CTWTR$", listed, re.MULTILINE)
    assert "crm: 1 pending, 0 dead" in listed
    receiver.answer = lambda _got: 500
    assert rowgate(tmp_path, "events", "drain") == "0 delivered, 0 to be tried again, 1 dead.\n"
    shown = json.loads(rowgate(tmp_path, "events", "ls", "--state", "dead", "--webhook", "crm", "--json"))
    assert shown["events"][0]["last_error"] == "answered 500"
    assert shown["events"][0]["payload"]["data"]["attributes"]["CompanyName"] == "One"
    assert "lease" not in shown["events"][0]
    receiver.answer = lambda _got: 200
    assert rowgate(tmp_path, "events", "requeue", "1", "7").startswith("2\n1 to be sent again.")
    assert json.loads(rowgate(tmp_path, "events", "drain", "--json")) == {"delivered": 1, "failed": 0, "dead": 0}
    assert rowgate(tmp_path, "events", "ls") == "No events wait.\n"


def test_the_commands_where_no_webhook_is_declared(serve: Serve, tmp_path: Path) -> None:
    assert serve  # it has made the project's folder
    assert rowgate(tmp_path, "events", "drain") == "0 delivered, 0 to be tried again, 0 dead.\n"
    assert rowgate(tmp_path, "events", "ls") == "No events wait.\n"
    assert rowgate(tmp_path, "events", "requeue").startswith("2\n")
