"""Whose request it is now: what one statement answers is what the two stores answer one by one."""

import time
from typing import Any

import pytest
from sqlalchemy import event

from rowgate import auth
from rowgate.auth.standing import make_standing
from rowgate.databases import make_engine

SQL = pytest.mark.parametrize(
    "house", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


@pytest.mark.parametrize("user", ["s1", "jürgen", "u2", "gone", "nobody", "S1", "s1 ", "s1\0", "s1\ud800", ""])
@pytest.mark.parametrize("login", ["ended", "lasting", "Ended", "", "'", "\0", "\ud800"])
def test_the_same_as_asking_both(house: Any, user: str, login: str) -> None:
    house.revocations.revoke("ended", expires_at=int(time.time()) + 60)
    wanted = None if login == "ended" else house.provider.principal(user)
    found = make_standing(house.provider, house.revocations).principal(user, login=login)
    if login in ("\0", "\ud800") and house.engine is not None:
        assert found is None, "no database takes such an id, and no token carries one"
    else:
        assert found == wanted


@SQL
def test_one_statement_and_nothing_kept(house: Any, person: Any) -> None:
    standing = make_standing(house.provider, house.revocations)
    sent: list[str] = []
    event.listen(house.engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    assert standing.principal("s1", login="a").roles == {"sales"}
    assert len(sent) == 1

    house.put(person(id="s1", password="p", roles=["manager"], claims={"client_id": 3, "region": "x"}))
    assert standing.principal("s1", login="a").roles == {"manager"}, "roles are as they are now"
    house.revocations.revoke("a", expires_at=int(time.time()) + 60)
    assert standing.principal("s1", login="a") is None
    assert standing.principal("s1", login="b") is not None
    house.remove("s1")
    assert standing.principal("s1", login="b") is None


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_ended_log_ins_kept_elsewhere_count_too(house: Any, tmp_path: Any) -> None:
    class Sterner(auth.SqlRevocations):
        def revoked(self, login: str) -> bool:
            return login == "never"

    memory = auth.MemoryRevocations()
    memory.revoke("never", expires_at=int(time.time()) + 60)
    elsewhere = make_engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    auth.sql_models.RevokedToken.__table__.create(elsewhere)  # type: ignore[attr-defined]
    other = auth.SqlRevocations(elsewhere)
    other.revoke("never", expires_at=int(time.time()) + 60)
    for store in (memory, other, Sterner(house.engine)):
        standing = make_standing(house.provider, store)
        assert standing.principal("s1", login="never") is None
        assert standing.principal("s1", login="a") is not None
    elsewhere.dispose()


def test_a_token_whose_signature_is_remembered_still_ends(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = rig.tokens()["access_token"]
    assert [rig.call("/api/rows", token).status_code for _ in range(2)] == [200, 200]
    late = time.time() + 31 * 86_400
    monkeypatch.setattr("rowgate.auth.tokens.time.time", lambda: late)
    answer = rig.call("/api/rows", token)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (401, "RG303")
