"""The settings: typed, read once from overrides, the environment and a file, then frozen.

Every value goes through the same parser wherever it came from, so a bad one is told in the same words.
``docs/reference/settings.md`` repeats what `Settings` declares, and a test fails when it does not.
"""

from rowgate.settings.declared import Setting, Settings
from rowgate.settings.load import LOCAL_FILE, load_settings
from rowgate.settings.local import local_text, write_local
from rowgate.settings.values import Secret

__all__ = ["LOCAL_FILE", "Secret", "Setting", "Settings", "load_settings", "local_text", "write_local"]
