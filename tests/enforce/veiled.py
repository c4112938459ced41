"""Mapped classes with columns that field rules hide, lock, or hide in some rows; and the policy that does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.policy import Policy
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Worker(Base):
    __tablename__ = "worker"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    grade: Mapped[int] = mapped_column(default=1)
    salary: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    code: Mapped[str | None] = mapped_column("secret_code", unique=True)
    note: Mapped[str | None]
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id"))
    boss: Mapped[Worker | None] = relationship(remote_side="Worker.id", back_populates="reports")
    reports: Mapped[list[Worker]] = relationship(back_populates="boss")
    badges: Mapped[list[Badge]] = relationship(
        back_populates="worker", foreign_keys="Badge.worker_id", passive_deletes=True
    )


class Badge(Base):
    """Refers to a worker by a foreign key that is hidden, and to the same by a column that is hidden over there."""

    __tablename__ = "badge"
    id: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id", ondelete="SET NULL"))
    code: Mapped[str | None] = mapped_column(ForeignKey("worker.secret_code"))
    worker: Mapped[Worker | None] = relationship(back_populates="badges", foreign_keys=worker_id)
    bearer: Mapped[Worker | None] = relationship(foreign_keys=code, viewonly=True)


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    worker: int | None = None


def make_policy() -> Policy[User]:
    """A clerk reads no salary and no code, of notes the own, and may not change what is graded above 5."""
    policy = Policy(User, superuser="root", roles=["root", "chief", "clerk"])
    policy.permission("chief", Access.ALL)
    policy.permission("clerk", Access.ALL)
    policy.hide(Worker, Worker.salary, "code", unless=["chief"], reason="pay is private")
    policy.hide(Worker, Worker.note, unless=["chief"], where=lambda row, user: row.id != user.worker)
    policy.hide(Badge, "worker_id", unless=["chief"])
    policy.readonly(Worker, "grade", unless=["chief"])
    policy.readonly(Worker, Worker.name, unless=["chief"], where=lambda row, user: row.grade > 5)
    return policy


ROOT = User(id="root", roles=frozenset({"root"}))
CHIEF = User(id="chief", roles=frozenset({"chief"}))
CLERK = User(id="clerk", roles=frozenset({"clerk"}), worker=1)
STRANGER = User(id="stranger", roles=frozenset({"clerk"}))
BOTH = User(id="both", roles=frozenset({"clerk", "chief"}), worker=1)
