"""Three versions of a YAML file become one, by keys; comments, quotes and layout stay."""

from __future__ import annotations

from dataclasses import replace

import yaml

from rowgate.generate.merge_units import Choose, Conflict, Merger
from rowgate.generate.units import Unit
from rowgate.generate.units_yaml import yaml_units

__all__ = ["merge_yaml"]


def merge_yaml(base: str, mine: str, theirs: str, *, choose: Choose) -> tuple[str, tuple[Conflict, ...]]:
    """Merge by keys.

    Args:
        base: as last generated.
        mine: the user's.
        theirs: as generated now.
        choose: decides conflicts.

    Returns:
        The merged text, and the conflicts that were left open.

    Raises:
        yaml.YAMLError: one of the three is no YAML, or the keys do not fit together.
        ValueError: one of the three is no mapping in block style.
    """
    merger = _YamlMerger(choose)
    merged = merger.unit(*(yaml_units(text) for text in (base, mine, theirs)))
    text = merged.text if merged is not None else ""
    yaml_units(text)
    yaml.safe_load(text)
    return text, tuple(merger.conflicts)


class _YamlMerger(Merger):
    def part(self, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Unit | None:
        """A key that lost all that was in it keeps an empty value: without one, it would be null."""
        merged = self.unit(base, mine, theirs)
        if merged is None or merged.parts is None or merged.parts or merged.key[0] != "key":
            return merged
        kinds = {part.key[0] for unit in (mine, theirs) if unit is not None for part in unit.parts or ()}
        head, _, note = merged.body.rstrip("\n").partition(" #")
        empty = "[]" if "item" in kinds else "{}"
        return replace(merged, body=f"{head.rstrip()} {empty}{' #' + note if note else ''}\n", parts=None)
