"""What the filter log says of relationships that were written, removed and refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from rowgate.audit.log import FilterLog, Form
from rowgate.enforce import Change, RelationshipRecord
from rowgate.types import Principal
from rowgate.zed import ObjectRef, Relationship, SubjectRef, parse_relationship


def record(
    relationship: Relationship, *, change: Change = Change.SHARED, refused: str | None = None
) -> RelationshipRecord:
    principal = Principal(id="nancy", roles=frozenset({"employee"}))
    return RelationshipRecord(
        request_id="r1",
        principal=principal,
        roles=principal.roles,
        change=change,
        relationship=relationship,
        refused=refused,
        actor="admin",
    )


def told(caplog: pytest.LogCaptureFixture, form: Form, made: RelationshipRecord) -> tuple[str, str]:
    caplog.set_level("INFO", "rowgate.security")
    FilterLog(format=form).relationship(made)
    return caplog.records[-1].getMessage(), caplog.records[-1].levelname


def test_a_change_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    shared = record(parse_relationship("order:1#viewer@employee:5[expiration:2030-01-01T00:00:00Z]"))
    assert told(caplog, "text", shared) == (
        "admin as nancy [employee] SHARED order:1#viewer@employee:5[expiration:2030-01-01T00:00:00Z], request r1",
        "INFO",
    )
    gone = record(parse_relationship("order:1#viewer@employee:5"), change=Change.UNSHARED)
    assert told(caplog, "text", gone)[0].startswith("admin as nancy [employee] UNSHARED order:1#viewer@employee:5,")


def test_a_refusal_is_a_warning_with_its_error(caplog: pytest.LogCaptureFixture) -> None:
    made = record(parse_relationship("order:1#viewer@employee:5"), refused="RG111 You may not share this order.")
    text, level = told(caplog, "text", made)
    assert level == "WARNING"
    assert text.splitlines() == [
        "admin as nancy [employee] SHARED order:1#viewer@employee:5 refused",
        "  RG111 You may not share this order, request r1",
    ]


def test_json_has_every_documented_field(caplog: pytest.LogCaptureFixture) -> None:
    made = json.loads(told(caplog, "json", record(parse_relationship("order:1#viewer@employee:5")))[0])
    moment = datetime.fromisoformat(made.pop("time"))
    assert abs((datetime.now(UTC) - moment).days) < 1
    assert made == {
        "event": "relationship",
        "request_id": "r1",
        "principal": "nancy",
        "roles": ["employee"],
        "actor": "admin",
        "change": "shared",
        "relationship": "order:1#viewer@employee:5",
        "refused": None,
    }
    refused = record(parse_relationship("order:1#viewer@employee:5"), refused="RG112 no")
    assert json.loads(told(caplog, "json", refused)[0])["event"] == "relationship_refused"


def test_an_id_cannot_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    forged = Relationship(
        ObjectRef("order", "1"), "viewer", SubjectRef("employee", "5\nsa [sa] SHARED order:2#viewer@employee:5")
    )
    text, _ = told(caplog, "text", record(forged))
    assert len(text.splitlines()) == 1
    odd = Relationship(ObjectRef("order", "1"), "viewer", SubjectRef("employee", "5"), "office", {"x": float("nan")})
    assert "order:1#viewer@employee:5" in told(caplog, "text", record(odd, refused="RG610 no"))[0]
