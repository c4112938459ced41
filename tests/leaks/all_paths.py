"""Every path there is: importing the modules that register them."""

from tests.leaks import (
    paths_bulk,
    paths_filter,
    paths_flush,
    paths_load,
    paths_refused,
    paths_rules,
    paths_select,
)
from tests.leaks.matrix import PATHS

__all__ = [
    "PATHS",
    "paths_bulk",
    "paths_filter",
    "paths_flush",
    "paths_load",
    "paths_refused",
    "paths_rules",
    "paths_select",
]
