"""A project in memory whose models change, and `rowgate db` on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.cli.common import TeachingGroup
from rowgate.cli.db import db
from rowgate.policy import Policy
from rowgate.project import Project
from rowgate.settings import Settings, load_settings
from rowgate.types import Principal

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

Change = Callable[[type[DeclarativeBase]], None]


def shop(*, email: bool = False, code: int = 20, orders: bool = True, notes: bool = False) -> type[DeclarativeBase]:
    """Models of a shop: customers, orders that go with their customer, and customers' parents."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMES)

    class Customer(Base):
        __tablename__ = "Customer"
        Id: Mapped[int] = mapped_column(primary_key=True)
        Code: Mapped[str] = mapped_column(String(code))
        ParentId: Mapped[int | None] = mapped_column(ForeignKey("Customer.Id", ondelete="CASCADE"), index=True)
        if email:
            Email: Mapped[str | None] = mapped_column(String(80))

    if orders:

        class Order(Base):
            __tablename__ = "Order"
            Id: Mapped[int] = mapped_column(primary_key=True)
            CustomerId: Mapped[int] = mapped_column(ForeignKey("Customer.Id", ondelete="CASCADE"))

    if notes:

        class Note(Base):
            __tablename__ = "Note"
            Id: Mapped[int] = mapped_column(primary_key=True)
            Text: Mapped[str | None]

    return Base


@dataclass(frozen=True)
class Here:
    """Stands for the project in a folder."""

    project: Project
    _settings: Settings

    def settings(self) -> Settings:
        """The settings."""
        return self._settings


@dataclass(frozen=True)
class World:
    """A project's folder and database."""

    root: Path
    url: str
    policy: Policy[Any]

    def project(self, models: type[DeclarativeBase], **more: Any) -> Project:
        """The project with these models."""
        return Project(root=self.root, models=models, policy=self.policy, **more)

    @property
    def settings(self) -> Settings:
        """Where the database is."""
        return load_settings(self.root, environ={}, database_url=self.url, instance=self.root / "instance")

    def db(self, models: type[DeclarativeBase], *arguments: str, **more: Any) -> Result:
        """Run `rowgate db` with these models."""
        return self.on(self.project(models, **more), *arguments)

    def on(self, project: Project, *arguments: str) -> Result:
        """Run `rowgate db` on a project."""
        group = TeachingGroup(commands={"db": db})
        return CliRunner().invoke(group, ["db", *arguments], obj=Here(project, self.settings))

    def fine(self, models: type[DeclarativeBase], *arguments: str) -> str:
        """The same, which must end well; its output."""
        result = self.db(models, *arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    def at(self, url: str) -> World:
        """The same project on another database."""
        return replace(self, url=url)

    @property
    def versions(self) -> list[str]:
        """The files of the migrations, by name without the date."""
        return sorted(path.name.split("_", 1)[1] for path in (self.root / "migrations/versions").glob("*.py"))


def nobody() -> Policy[Principal]:
    """A policy that declares nothing."""
    return Policy(Principal, roles=["reader"])
