"""What a user may do beside the rows: ask why, inspect the policy for others, view the rows as somebody else.

Settings name the roles; a superuser may do all of it. It goes by the real user, never by the one whose rows are viewed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rowgate.errors import SettingRefused
from rowgate.policy import Policy
from rowgate.settings import Settings
from rowgate.types import Principal

__all__ = ["Powers"]

EVERYBODY = ("*",)


@dataclass(frozen=True, kw_only=True)
class Powers:
    """Who may do what beside the rows.

    Args:
        settings: ``why_roles``, ``inspector_roles`` and ``view_as_roles``.
        policy: knows the roles, and which one is the superuser's.
    """

    settings: Settings
    policy: Policy[Any]

    def check(self) -> None:
        """Refuse settings that name roles which do not exist: a misspelt one would give its power to nobody.

        Raises:
            SettingRefused: one does.
        """
        for name, roles in (
            ("WHY_ROLES", self.settings.why_roles),
            ("INSPECTOR_ROLES", self.settings.inspector_roles),
            ("VIEW_AS_ROLES", self.settings.view_as_roles),
        ):
            if roles == EVERYBODY and name == "WHY_ROLES":
                continue
            for role in roles:
                if role not in self.policy.roles:
                    known = ", ".join(sorted(self.policy.roles))
                    raise SettingRefused(
                        f"ROWGATE_{name} names {role!r}, which is no role.", hint=f"The roles are: {known}."
                    )

    def why(self, user: Principal) -> bool:
        """Whether a user may ask why they see what they see."""
        return self.settings.why_roles == EVERYBODY or self._holds(user, self.settings.why_roles) or self.inspect(user)

    def inspect(self, user: Principal) -> bool:
        """Whether a user may ask about anybody, and about rows that are hidden."""
        return self._holds(user, self.settings.inspector_roles)

    def view_as(self, user: Principal) -> bool:
        """Whether a user may view the rows as somebody else."""
        return self._holds(user, self.settings.view_as_roles)

    def may_view(self, actor: Principal, subject: Principal) -> bool:
        """Whether a user may view the rows as this one. Nobody gains a superuser's sight by it."""
        return self.view_as(actor) and (self.is_superuser(actor) or not self.is_superuser(subject))

    def is_superuser(self, user: Principal) -> bool:
        """Whether the policy lets the user do everything."""
        return self.policy.superuser in self.policy.effective_roles(user)

    def _holds(self, user: Principal, roles: tuple[str, ...]) -> bool:
        return self.is_superuser(user) or not self.policy.effective_roles(user).isdisjoint(roles)
