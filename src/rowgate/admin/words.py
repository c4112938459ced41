"""Names of the models as people's words: ``OrderDetailList`` becomes "Order Details"."""

from __future__ import annotations

import re

__all__ = ["plural", "spaced"]

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def spaced(name: str) -> str:
    """A name of the models in words: ``CompanyName`` and ``company_name`` both become "Company Name"."""
    return " ".join(part[:1].upper() + part[1:] for part in _PARTS.findall(name)) or name


def plural(words: str) -> str:
    """The English plural of a word, or of the last of several."""
    if re.search(r"[^aeiou]y$", words, re.IGNORECASE):
        return f"{words[:-1]}ies"
    if re.search(r"(s|x|z|ch|sh)$", words, re.IGNORECASE):
        return f"{words}es"
    return f"{words}s"
