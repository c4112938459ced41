"""A small project for policy tests: accounts of clients, with notes; and how a test asks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.admin.nodes import Faults
from rowgate.policy import Policy
from rowgate.project import Project
from rowgate.settings import Settings
from rowgate.testing.bench import Bench
from rowgate.testing.reading import read_policy_file
from rowgate.testing.running import Result, fault_text, read_or_refuse, run_test, trials_of
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"
    Id: Mapped[str] = mapped_column(String(10), primary_key=True)
    Client: Mapped[int]
    Amount: Mapped[int] = mapped_column(default=0)
    Pin: Mapped[str | None] = mapped_column(String(10))
    Notes: Mapped[list[Note]] = relationship(back_populates="Account", passive_deletes="all")


class Note(Base):
    __tablename__ = "note"
    AccountId: Mapped[str] = mapped_column(ForeignKey("account.Id"), primary_key=True)
    Number: Mapped[int] = mapped_column(primary_key=True)
    Text: Mapped[str]
    Account: Mapped[Account] = relationship(back_populates="Notes")


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    client: int | None = None


class Owned:
    """Rows belong to one client."""

    Client: Mapped[int]


def new_policy() -> Policy[Any]:
    return Policy(User, superuser="root", roles=["root", "clerk", "chief", "guest"])


def full_policy() -> Policy[Any]:
    """One declaration of each kind, on a line of its own."""
    policy = new_policy()
    policy.permission("clerk", Access.READ | Access.UPDATE | Access.INSERT)
    policy.permission("chief", Access.ALL)
    policy.global_filter(Owned, lambda row, user: row.Client == user.client, exempt=["chief"])
    policy.grant(Account, "clerk", where=lambda row, user: row.Amount > 100)
    policy.grant(Account, "clerk", where=lambda row, user: row.Id == "vip")
    policy.hide(Account, "Pin", unless=["chief"])
    policy.readonly(Account, "Amount", unless=["chief"])
    policy.action("close", "chief", on=Account, where=lambda row, user: row.Amount == 0)
    return policy


def no_settings() -> Settings:
    raise AssertionError("the project's own databases are not asked")


def bench_of(policy: Policy[Any], root: Path, *, settings: Callable[[], Settings] = no_settings, **more: Any) -> Bench:
    return Bench(Project(root=root, models=Base, policy=policy, **more), settings)


def written(root: Path, text: str, name: str = "t.yaml") -> Path:
    path = root / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(policy: Policy[Any], root: Path, text: str) -> list[str]:
    """The faults of a file: ``line: message | hint``."""
    faults = Faults()
    with bench_of(policy, root) as bench:
        file = read_policy_file(written(root, text), bench.vocabulary, faults)
    assert (file is None) is bool(faults)
    assert all(fault_text(Path("t.yaml"), fault).startswith(f"t.yaml:{fault.line}: error: ") for fault in faults)
    return [f"{fault.line}: {fault.message}{f' | {fault.hint}' if fault.hint else ''}" for fault in faults]


def results_of(policy: Policy[Any], root: Path, text: str, **more: Any) -> list[Result]:
    with bench_of(policy, root, **more) as bench:
        return [run_test(trial) for trial in trials_of(bench, read_or_refuse(bench, written(root, text)))]


def failures_of(policy: Policy[Any], root: Path, text: str, **more: Any) -> list[str]:
    return [failure.text() for result in results_of(policy, root, text, **more) for failure in result.failures]
