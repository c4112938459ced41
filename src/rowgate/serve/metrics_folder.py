"""The folder in which several processes share their metrics.

A module of its own, as it is needed before ``prometheus_client`` is loaded, and where gunicorn is not installed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Final

__all__ = ["METRICS_FOLDER", "share_metrics", "stop_sharing_metrics"]

METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names it."""


def share_metrics(workers: int) -> None:
    """Give the metrics of several processes a folder. Call it before anything imports ``prometheus_client``.

    Args:
        workers: how many processes; one needs no folder.
    """
    if workers > 1:
        os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="rowgate-metrics-")


def stop_sharing_metrics() -> None:
    """Remove the folder, if there is one."""
    folder = os.environ.pop(METRICS_FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
