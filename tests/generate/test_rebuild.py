"""`rowgate rebuild`: the database changed, the project follows, and no edit is lost."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rowgate.cli import main
from rowgate.errors import RebuildRefused
from rowgate.generate.answers import Answers
from rowgate.generate.bases import read_bases
from rowgate.generate.introspect import Choice, read_database
from rowgate.generate.models import write_models
from rowgate.generate.planned import merged_file
from rowgate.generate.project import render, write_new
from rowgate.generate.replacing import replace_files

SQL = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, city VARCHAR(40));
CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer,
  total NUMERIC(10, 2));
CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT);
"""

Rowgate = Callable[..., Result]


def change(database: Path, sql: str) -> None:
    """Change the database by other means."""
    connection = sqlite3.connect(database)
    connection.executescript(sql)
    connection.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The files of a new project."""
    database = tmp_path_factory.mktemp("made") / "shop.sqlite"
    change(database, SQL)
    models = write_models(read_database(f"sqlite:///{database}", Choice()))
    return render(Answers(name="shop", title="Shop"), {"main": models})


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    change(path, SQL)
    return path


@pytest.fixture
def shop(made: Mapping[str, str], database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project for the database."""
    monkeypatch.setenv("ROWGATE_DATABASE_URL", f"sqlite:///{database}")
    write_new(tmp_path / "shop", made, answers=Answers(name="shop", title="Shop"))
    return tmp_path / "shop"


OWN = ("api", "config", "database", "logic", "security", "tests")


@pytest.fixture
def rowgate(shop: Path) -> Iterator[Rowgate]:
    """Run ``rowgate`` in the project; the sample's modules come back afterwards."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in OWN[:-1]}
    path = list(sys.path)

    def run(*arguments: str) -> Result:
        for name in [name for name in sys.modules if name.split(".")[0] in OWN[:-1]]:
            del sys.modules[name]
        return CliRunner().invoke(main, ["--project", str(shop), *arguments])

    yield run
    for name in [name for name in sys.modules if name.split(".")[0] in OWN[:-1]]:
        del sys.modules[name]
    sys.modules.update(kept)
    sys.path[:] = path


def state(folder: Path) -> dict[str, bytes]:
    """Every file of the project with its content; what Python compiles left out."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_changed(rowgate: Rowgate, shop: Path) -> None:
    before = state(shop)
    result = rowgate("rebuild")
    assert (result.exit_code, result.output) == (0, "The project is up to date with its database.\n")
    assert state(shop) == before


def test_a_new_column_and_a_new_table_beside_edits(rowgate: Rowgate, shop: Path, database: Path) -> None:
    models, menu = shop / "database/models.py", shop / "ui/admin.yaml"
    edit(models, "    name: Mapped[str]", "    # As in the register.\n    name: Mapped[str]")
    edit(models, "    total: Mapped[", "    amount: Mapped[")
    edit(
        models,
        "    amount: Mapped[Decimal | None] = mapped_column(",
        '    amount: Mapped[Decimal | None] = mapped_column("total", ',
    )
    edit(menu, "  Note: {}\n", "  Note:\n    label: Remark  # of ours\n")
    change(
        database, "ALTER TABLE customer ADD COLUMN email VARCHAR(80); CREATE TABLE payment (id INTEGER PRIMARY KEY);"
    )
    before = state(shop)

    dry = rowgate("rebuild", "--dry-run")
    assert dry.exit_code == 0
    assert "+    email: Mapped[str | None] = mapped_column(String(80))" in dry.output
    assert "Nothing was." in dry.output
    assert state(shop) == before

    result = rowgate("rebuild")
    assert result.exit_code == 0, result.output
    text = models.read_text(encoding="utf-8")
    assert "    # As in the register.\n    name: Mapped[str]" in text
    assert 'amount: Mapped[Decimal | None] = mapped_column("total", ' in text
    assert "    email: Mapped[str | None] = mapped_column(String(80))\n" in text
    assert "class Payment(Base):" in text
    assert menu.read_text(encoding="utf-8").endswith("    label: Remark  # of ours\n  Payment: {}\n")
    assert "# of ours" not in read_bases(shop)["ui/admin.yaml"]
    assert "class Payment(Base):" in read_bases(shop)["database/models.py"]
    assert rowgate("rebuild").output == "The project is up to date with its database.\n"


def test_a_conflict_writes_nothing_until_it_is_decided(rowgate: Rowgate, shop: Path, database: Path) -> None:
    models = shop / "database/models.py"
    edit(models, "name: Mapped[str] = mapped_column(String(50))", "name: Mapped[str] = mapped_column(String(70))")
    change(
        database,
        """CREATE TABLE other (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, city VARCHAR(40), email TEXT);
        DROP TABLE customer; ALTER TABLE other RENAME TO customer;""",
    )
    before = state(shop)
    result = rowgate("rebuild")
    assert result.exit_code == 1
    for words in (
        "conflict: Customer.name (database/models.py)",
        "    |     name: Mapped[str] = mapped_column(String(70))",
        "    |     name: Mapped[str] = mapped_column(String(60))",
        "    |     name: Mapped[str] = mapped_column(String(50))",
        "Nothing was written.",
        "--take 'mine:Customer.name'",
    ):
        assert words in result.output
    assert state(shop) == before
    assert rowgate("rebuild", "--dry-run").exit_code == 1
    assert rowgate("rebuild", "--take", "theirs:Customer.city").exit_code == 1
    assert state(shop) == before


@pytest.mark.parametrize(("take", "length"), [("mine", 70), ("theirs:Customer.*", 60), ("theirs", 60)])
def test_a_decided_conflict(rowgate: Rowgate, shop: Path, database: Path, take: str, length: int) -> None:
    models = shop / "database/models.py"
    edit(models, "name: Mapped[str] = mapped_column(String(50))", "name: Mapped[str] = mapped_column(String(70))")
    change(
        database,
        """CREATE TABLE other (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, city VARCHAR(40), email TEXT);
        DROP TABLE customer; ALTER TABLE other RENAME TO customer;""",
    )
    result = rowgate("rebuild", "--take", take)
    assert result.exit_code == 0, result.output
    text = models.read_text(encoding="utf-8")
    assert f"name: Mapped[str] = mapped_column(String({length}))" in text
    assert "email: Mapped[str | None]" in text
    assert rowgate("rebuild").output == "The project is up to date with its database.\n"


def test_what_is_no_decision(rowgate: Rowgate) -> None:
    result = rowgate("rebuild", "--take", "ours")
    assert result.exit_code == 2
    assert "RG552 Rebuild refused: --take ours" in result.output


def test_a_table_that_vanished(rowgate: Rowgate, shop: Path, database: Path) -> None:
    change(database, "DROP TABLE note")
    assert rowgate("rebuild").exit_code == 0
    assert "Note" not in (shop / "database/models.py").read_text(encoding="utf-8")
    assert "Note" not in (shop / "ui/admin.yaml").read_text(encoding="utf-8")


def test_a_table_that_vanished_and_was_touched(rowgate: Rowgate, shop: Path, database: Path) -> None:
    models = shop / "database/models.py"
    edit(models, "    words: Mapped[", "    # Ours.\n    words: Mapped[")
    change(database, "DROP TABLE note")
    result = rowgate("rebuild")
    assert result.exit_code == 1
    assert "conflict: Note (database/models.py)" in result.output
    assert "it is no longer generated" in result.output
    kept = rowgate("rebuild", "--take", "mine")
    assert "class Note(Base):" in models.read_text(encoding="utf-8")
    assert kept.exit_code == 1  # the class stays, and the database lacks its table
    assert "P040: table note is missing" in kept.output


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        ("from database.models import Note\n", "ImportError: cannot import name 'Note'"),
        ("policy.grant(Customer, Roles.admin, where=lambda row, user: row.city == 'x')\n", "P003"),
    ],
)
def test_declarations_that_name_what_vanished_are_told(
    rowgate: Rowgate, shop: Path, database: Path, declaration: str, words: str
) -> None:
    security = shop / "security/declare_security.py"
    with security.open("a", encoding="utf-8") as file:
        file.write(f"\nfrom database.models import Customer  # noqa\n{declaration}")
    change(database, "DROP TABLE note; ALTER TABLE customer DROP COLUMN city;")
    result = rowgate("rebuild")
    assert result.exit_code == 1
    assert "The project's declarations do not fit any more:" in result.output
    assert "security/declare_security.py:" in result.output
    assert words in result.output
    assert "city" not in (shop / "database/models.py").read_text(encoding="utf-8")


def test_a_project_that_was_not_generated(rowgate: Rowgate, shop: Path) -> None:
    (shop / ".rowgate/project.toml").unlink()
    for command in ("rebuild", "upgrade"):
        result = rowgate(command)
        assert result.exit_code == 2
        assert "RG560" in result.output


def test_a_database_that_does_not_answer(rowgate: Rowgate, shop: Path, database: Path) -> None:
    before = state(shop)
    database.unlink()
    result = rowgate("rebuild")
    assert result.exit_code == 2
    assert "RG532" in result.output
    assert state(shop) == before
    assert not database.exists()


def test_a_file_that_is_no_text(rowgate: Rowgate, shop: Path) -> None:
    (shop / "ui/admin.yaml").write_bytes(b"\xff\xfe")
    result = rowgate("rebuild")
    assert result.exit_code == 2
    assert "ui/admin.yaml cannot be read" in result.output


def test_a_generated_file_that_the_user_removed(rowgate: Rowgate, shop: Path, database: Path) -> None:
    (shop / "ui/admin.yaml").unlink()
    assert rowgate("rebuild").output == "The project is up to date with its database.\n"
    change(database, "CREATE TABLE payment (id INTEGER PRIMARY KEY)")
    result = rowgate("rebuild")
    assert result.exit_code == 1
    assert "conflict: the whole file (ui/admin.yaml)" in result.output
    assert rowgate("rebuild", "--take", "mine").exit_code == 0
    assert not (shop / "ui/admin.yaml").exists()


# --- all or nothing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", range(1, 10))
def test_a_disk_that_fails_anywhere_leaves_every_file_as_it_was(
    shop: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    before = state(shop)
    count = 0
    rename, write = Path.rename, Path.write_bytes

    def failed() -> None:
        nonlocal count
        count += 1
        if count == failing:
            raise OSError(28, "No space left on device")

    def failing_rename(self: Path, target: Path) -> Path:
        failed()
        return rename(self, target)

    def failing_write(self: Path, data: bytes) -> int:
        failed()
        return write(self, data)

    monkeypatch.setattr(Path, "rename", failing_rename)
    monkeypatch.setattr(Path, "write_bytes", failing_write)
    with pytest.raises(RebuildRefused, match="No space left on device"):
        replace_files(
            shop,
            {"database/models.py": "x\n", "ui/admin.yaml": None, "new/deep/file.txt": "z\n"},
            bases={"database/models.py": "x\n"},
        )
    monkeypatch.undo()
    assert state(shop) == before
    assert not (shop / "new").exists()


def test_files_are_replaced_removed_and_made(shop: Path) -> None:
    (shop / "run.py").chmod(0o755)
    replace_files(shop, {"run.py": "x\n", "ui/admin.yaml": None, "new/deep/file.txt": "z\n"}, bases={"run.py": "x\n"})
    after = state(shop)
    assert after["run.py"] == after[".rowgate/generated/run.py"] == b"x\n"
    assert after["new/deep/file.txt"] == b"z\n"
    assert "ui/admin.yaml" not in after
    assert (shop / "run.py").stat().st_mode & 0o777 == 0o755
    assert not [name for name in after if name.endswith((".new", ".old"))]


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "after", "conflicts"),
    [
        (None, None, "a\n", "a\n", 0),
        ("a\n", "a\n", None, None, 0),
        ("a\n", "b\n", None, "b\n", 1),
        ("a\n", None, "a\n", None, 0),
        ("a\n", None, "b\n", None, 1),
        (None, "b\n", "a\n", "b\n", 1),
        ("a\n", "b\n", "a\n", "b\n", 0),
        ("a\n", None, None, None, 0),
    ],
)
def test_whole_files(base: str | None, mine: str | None, theirs: str | None, after: str | None, conflicts: int) -> None:
    found = merged_file("a.txt", base=base, mine=mine, theirs=theirs)
    assert (found.after, len(found.conflicts)) == (after, conflicts)
