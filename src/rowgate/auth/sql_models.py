"""The tables of log-ins, on a base of their own so that no API can expose them with the business rows."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, MetaData, String, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class AuthBase(DeclarativeBase):
    """Base of the log-in tables; never the base of the business rows."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class User(AuthBase):
    """Somebody who can log in.

    ``password_hash`` is an Argon2 hash in PHC string format; ``claims`` holds the principal's typed claims, each absent
    when it has no value.
    """

    __tablename__ = "auth_user"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    claims: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    roles: Mapped[list["UserRole"]] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True, order_by="UserRole.role"
    )


class UserRole(AuthBase):
    """A role that a user holds."""

    __tablename__ = "auth_user_role"

    user_id: Mapped[str] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(64), primary_key=True)

    user: Mapped[User] = relationship(back_populates="roles")


class RevokedToken(AuthBase):
    """A token that was logged out; the row may be deleted after ``expires_at`` (UTC, no zone)."""

    __tablename__ = "auth_revoked_token"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime, index=True)
    kind: Mapped[str] = mapped_column(String(16))
