"""Business rules: LogicBank, run inside the flush of a session with the rule author's authority."""

from rowgate.logic.bank import RuleSet, activate_rules
from rowgate.logic.rules import LogicRow, Rule, refuse

__all__ = ["LogicRow", "Rule", "RuleSet", "activate_rules", "refuse"]
