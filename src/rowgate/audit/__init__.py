"""What was allowed, what was refused, and why: the filter log and the explanation of one row."""

from rowgate.audit.explain import explain_entity, explain_row
from rowgate.audit.explanation import EntityExplanation, Explanation
from rowgate.audit.log import FilterLog
from rowgate.audit.setup import configure_logging

__all__ = [
    "EntityExplanation",
    "Explanation",
    "FilterLog",
    "configure_logging",
    "explain_entity",
    "explain_row",
]
