"""The relationship schema language of SpiceDB: text to an immutable model and back, and relationships in text.

Pure: no database, no files, the standard library only. ``docs/reference/schema-language.md`` is the manual.
"""

from rowgate.zed.admission import check_relationship
from rowgate.zed.model import Schema
from rowgate.zed.parser import parse
from rowgate.zed.relationships import ObjectRef, Relationship, SubjectRef, parse_relationship, parse_relationships
from rowgate.zed.render import render, render_file
from rowgate.zed.resolver import resolve

__all__ = [
    "ObjectRef",
    "Relationship",
    "Schema",
    "SubjectRef",
    "check_relationship",
    "parse",
    "parse_relationship",
    "parse_relationships",
    "render",
    "render_file",
    "resolve",
]
