"""Where the log goes: set up once by the server, from the settings."""

from __future__ import annotations

import logging
import sys
from typing import Final, TextIO

from rowgate.audit.log import LOGGER, FilterLog, Form
from rowgate.settings import Settings

__all__ = ["configure_logging"]

_ROOT: Final = "rowgate"


class _OurHandler(logging.StreamHandler[TextIO]):
    """Marks the handlers made here, so that a second set-up replaces them."""


def configure_logging(settings: Settings) -> FilterLog:
    """Set up rowgate's loggers, and make the observer that writes the filter log.

    Records go to standard error, unless the program has set up logging itself: a handler that stands on ``rowgate``
    or above it is left to do the work, and none is added. Calling this again replaces what the last call set up.

    Args:
        settings: ``log_level`` and ``filter_log``. Where the latter is ``off``, authorised statements are not logged;
            refused ones and trusted sessions still are, as text.

    Returns:
        The observer for ``Gate(observers=[...])``.
    """
    level = logging.getLevelNamesMapping()[settings.log_level]
    form: Form = "json" if settings.filter_log == "json" else "text"
    root, security = logging.getLogger(_ROOT), logging.getLogger(LOGGER)
    for logger in (root, security):
        for handler in [each for each in logger.handlers if isinstance(each, _OurHandler)]:
            logger.removeHandler(handler)
            logger.propagate = True
    root.setLevel(level)
    security.setLevel(max(level, logging.WARNING) if settings.filter_log == "off" else level)
    if not root.hasHandlers():
        root.addHandler(_handler("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        if not security.handlers:
            # A block of lines reads best without a prefix, so the time stands at its end; JSON has its own.
            security.addHandler(_handler("%(message)s" if form == "json" else "%(message)s, %(asctime)s"))
        security.propagate = False
    return FilterLog(format=form)


def _handler(form: str) -> logging.Handler:
    handler = _OurHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(form))
    return handler
