"""Relationship grants: who may do what, from relationships between objects, as SQL in the database of the rows."""

from rowgate.relations.answers import Answer, Subjects, Verdict
from rowgate.relations.expand import Branch
from rowgate.relations.explain import Explanation
from rowgate.relations.graph import Graph, Question

__all__ = ["Answer", "Branch", "Explanation", "Graph", "Question", "Subjects", "Verdict"]
