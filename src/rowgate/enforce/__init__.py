"""A policy made effective: every statement of a secured session is filtered, checked, or refused.

Works in any SQLAlchemy program; knows no web framework.
"""

from rowgate.enforce.gate import Gate, Rules
from rowgate.enforce.records import Observer, SentStatement, StatementRecord, TrustedRecord
from rowgate.enforce.session import GateSession, SecureSession, TrustedSession

__all__ = [
    "Gate",
    "GateSession",
    "Observer",
    "Rules",
    "SecureSession",
    "SentStatement",
    "StatementRecord",
    "TrustedRecord",
    "TrustedSession",
]
