"""Third-party conformance cases (format ``rebac-conformance/1``), where they are found; no case is kept here.

The folder is found through ROWGATE_CONFORMANCE, or beside the checkout.
"""

import json
import os
from pathlib import Path

import yaml
from sqlalchemy import Engine, delete

from rowgate.relations.expected import Score, compare
from rowgate.relations.table import RELATIONSHIPS, metadata

__all__ = ["FOLDERS", "Score", "cases", "folder", "run"]

FOLDERS = ("edge", "random", "spicedb_testconfigs", "spicedb_other", "spicedb_gotables", "openfga_as_spicedb")


def folder() -> Path | None:
    """The folder of the cases, or None where there is none."""
    named = os.environ.get("ROWGATE_CONFORMANCE")
    found = Path(named) if named else Path(__file__).parents[3] / "shared" / "conformance" / "public"
    return found if found.is_dir() else None


def cases() -> list[Path]:
    """The case files, in order."""
    top = folder()
    return sorted(path for name in FOLDERS for path in (top / name).glob("*.yaml")) if top else []


def run(case: Path, engine: Engine) -> Score:
    """Compare all answers of a case on a database, whose relationships it replaces."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(delete(RELATIONSHIPS))
    document = yaml.safe_load(case.read_text(encoding="utf-8"))
    expected = json.loads(case.with_name(f"{case.stem}.expected.json").read_text(encoding="utf-8"))
    return compare(document, expected, engine, name=case.stem)
