"""Policy tests on the project's own database, SQLite or PostgreSQL, and on several databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from config.settings import project
from database.models import Customer, OrderDetail
from rowgate.errors import PolicyTestRefused
from rowgate.project import Database
from rowgate.settings import load_settings
from rowgate.testing.bench import Bench
from rowgate.testing.coverage import measure
from rowgate.testing.running import read_or_refuse, run_test, trials_of
from rowgate.types import Access
from tests.testing.shop import Base, bench_of, failures_of, new_policy, no_settings, written

OWN = """
tests:
  - as: s1
    sees_only: {Customer: [CTWTR]}
    may: [{update Customer CTWTR: {Phone: "1"}}]
    may_not: [{update Customer ALFKI: {Phone: "1"}}, {update Customer CTWTR: {Client_id: 1}}]
  - as: u1
    may: [delete OrderDetail 1]
  - as: nancy
    counts: {Order: 128}
    may: ["permission share order:10258"]
"""


def test_the_projects_own_database_is_asked_and_left_as_it_is(
    sample_engine: Engine, users_engine: Engine, tmp_path: Path
) -> None:
    settings = load_settings(
        project.root,
        environ={},
        instance=tmp_path / "instance",
        database_url=sample_engine.url,
        auth_database_url=users_engine.url,
    )
    with Bench(project, lambda: settings) as bench:
        file = read_or_refuse(bench, written(tmp_path, OWN))
        results = [run_test(trial) for trial in trials_of(bench, file)]
        assert [failure.text() for result in results for failure in result.failures] == []
        decisive = [each.label for each in measure(project.policy, results).lines if each.by is not None]
        assert "grant Customer sales" in decisive
        assert "relation grant Order read employee" in decisive
        with pytest.raises(PolicyTestRefused, match=r"t\.yaml:3: there is no user 's9'"):
            list(trials_of(bench, read_or_refuse(bench, written(tmp_path, OWN.replace("s1", "s9")))))
    with sample_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(OrderDetail)) == 2155
        assert connection.scalar(select(Customer.Phone).where(Customer.Id == "CTWTR")) != "1"


class HrBase(DeclarativeBase):
    pass


class Note(HrBase):
    """Another one than the shop's."""

    __tablename__ = "hr_note"
    Id: Mapped[int] = mapped_column(primary_key=True)


class Badge(HrBase):
    __tablename__ = "badge"
    Id: Mapped[int] = mapped_column(primary_key=True)


SEVERAL = """
rows:
  Account: [{Id: a, Client: 1}]
  Badge: [{Id: 1}, {Id: 2}]
  hr:Note: [{Id: 7}]
tests:
  - as: {roles: [clerk]}
    sees_only: {Account: [a], Badge: [1], hr:Note: [7], main:Note: []}
    may: [read hr:Note 7]
    may_not: [read Badge 2, delete hr:Note 7]
"""


def test_each_expectation_goes_to_the_database_of_its_entity(tmp_path: Path) -> None:
    policy = new_policy()
    policy.permission("clerk", Access.READ)
    policy.grant(Badge, "clerk", where=lambda row, user: row.Id == 1)
    several = {"databases": [Database("hr", models=HrBase)]}
    assert failures_of(policy, tmp_path, SEVERAL, **several) == []
    with bench_of(policy, tmp_path, **several) as bench:
        results = [run_test(trial) for trial in trials_of(bench, read_or_refuse(bench, written(tmp_path, SEVERAL)))]
        assert measure(policy, results).percent == 100
        with pytest.raises(PolicyTestRefused, match="There is no entity 'Note'"):
            read_or_refuse(bench, written(tmp_path, SEVERAL.replace("hr:Note", "Note")))
    assert Base.metadata is not HrBase.metadata


SHARED = """
users:
  anna: {roles: [employee], claims: {employee_id: 7}}
rows:
  Order:
    - {Id: 1, CustomerId: A, EmployeeId: 8}
    - {Id: 2, CustomerId: A, EmployeeId: 8}
  Customer: [{Id: A, CompanyName: A}]
  Employee: [{Id: 8, LastName: Boss, FirstName: B, Salary: 2}, {Id: 7, LastName: Anna, FirstName: A, Salary: 1}]
relationships: |
  // shared with anna
  order:1#viewer@employee:7
tests:
  - as: anna
    sees_only: {Order: [1]}
    may: ["permission read order:1"]
    may_not: ["permission read order:2", "permission share order:1"]
"""


def test_a_file_brings_its_relationships_along(tmp_path: Path) -> None:
    with Bench(project, no_settings) as bench:
        (trial,) = trials_of(bench, read_or_refuse(bench, written(tmp_path, SHARED)))
        result = run_test(trial)
        assert [failure.text() for failure in result.failures] == []
        decisive = [each.label for each in measure(project.policy, [result]).lines if each.by is not None]
        assert decisive == ["permission employee: READ", "relation grant Order read employee"]
        wrong = {"order:1#reader@employee:7": 12, "order:1#viewer@customer:A": 12, "order:1": 10}
        for each, line in wrong.items():
            text = SHARED.replace("order:1#viewer@employee:7", each)
            with pytest.raises(PolicyTestRefused, match=rf"t\.yaml:{line}: error:"):
                read_or_refuse(bench, written(tmp_path, text))
        unknown = SHARED.replace("permission share order:1", "permission sahre order:1")
        with pytest.raises(PolicyTestRefused, match=r"order has no permission 'sahre'\.\n    Did you mean share\?"):
            read_or_refuse(bench, written(tmp_path, unknown))
