"""Declarations, and what they mean: one condition per entity and access. Pure: no Flask, no session, no I/O."""

from rowgate.policy.actions import Authorization
from rowgate.policy.algebra import Decision, Holder
from rowgate.policy.binding import BoundPolicy
from rowgate.policy.checks import CheckFailed, Finding
from rowgate.policy.policy import Policy

__all__ = ["Authorization", "BoundPolicy", "CheckFailed", "Decision", "Finding", "Holder", "Policy"]
