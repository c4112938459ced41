"""What this project is made of.

Settings have their values in ``default.env`` beside this file (committed, so no secrets), in ``instance/local.env``
(this machine's own), or in the environment, which comes first.
"""

from pathlib import Path

from api.customize_api import customize_api
from database.customize_models import Base
from logic.declare_logic import declare_logic
from rowgate.project import Project
from security.declare_security import policy

project = Project(
    root=Path(__file__).resolve().parent.parent,
    models=Base,
    policy=policy,
    rules=declare_logic,
    customize_api=customize_api,
)
