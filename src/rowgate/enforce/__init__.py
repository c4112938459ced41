"""A policy made effective: every statement of a secured session is filtered, checked, or refused.

Works in any SQLAlchemy program; knows no web framework.
"""

from rowgate.enforce.can import can
from rowgate.enforce.gate import Gate, Rules
from rowgate.enforce.records import (
    ActionRecord,
    Change,
    Observer,
    RelationshipRecord,
    SentStatement,
    StatementRecord,
    TrustedRecord,
)
from rowgate.enforce.session import GateSession, SecureSession, TrustedSession
from rowgate.enforce.sharing import Sharing

__all__ = [
    "ActionRecord",
    "Change",
    "Gate",
    "GateSession",
    "Observer",
    "RelationshipRecord",
    "Rules",
    "SecureSession",
    "SentStatement",
    "Sharing",
    "StatementRecord",
    "TrustedRecord",
    "TrustedSession",
    "can",
]
