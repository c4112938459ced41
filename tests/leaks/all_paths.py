"""Every path there is: importing the modules that register them."""

from tests.leaks import (
    paths_bulk,
    paths_filter,
    paths_flush,
    paths_http,
    paths_http_admin,
    paths_http_batches,
    paths_http_filters,
    paths_http_writes,
    paths_load,
    paths_refused,
    paths_rules,
    paths_select,
    paths_sets,
)
from tests.leaks.matrix import PATHS

__all__ = [
    "PATHS",
    "paths_bulk",
    "paths_filter",
    "paths_flush",
    "paths_http",
    "paths_http_admin",
    "paths_http_batches",
    "paths_http_filters",
    "paths_http_writes",
    "paths_load",
    "paths_refused",
    "paths_rules",
    "paths_select",
    "paths_sets",
]
