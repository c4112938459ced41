"""A project of ApiLogicServer's shape, taken over: it starts, shows and refuses what it should, and fails closed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml
from argon2 import PasswordHasher
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import configure_mappers

from rowgate.auth.passwords import Passwords
from rowgate.auth.sql_models import User
from rowgate.cli import main
from rowgate.databases import make_engine
from rowgate.errors import ImportRefused, NewProjectRefused
from rowgate.generate.bases import read_bases
from rowgate.generate.import_als import import_als
from rowgate.generate.import_als_models import read_models
from rowgate.generate.import_als_report import STRICTER, Report
from rowgate.generate.import_als_security import read_security
from rowgate.generate.import_als_source import AlsProject, Parsed
from tests.generate.als_project import FILES, write_als_project

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
TESTS = """
tests:
  - as: carl
    sees_only: {Firm: [a], Bill: [1]}
    may: [{insert Bill: {FirmId: a, Amount: 80, Paid: false, PostCode: "2"}}, delete Bill 1]
    may_not:
      - insert Bill: {FirmId: a, Amount: 800, Paid: false}
        code: RG401
      - insert Bill: {FirmId: a, Amount: -1, Paid: false}
        code: RG401
      - insert Bill: {FirmId: a, Amount: 1, Paid: false, PostCode: secret}
        code: RG103
      - insert Bill: {FirmId: b, Amount: 1, Paid: false}
        code: RG107
      - update Firm a: {Owed: 0}
        code: RG104
      - delete Firm a
      - update Firm b: {Name: x}
  - as: a
    sees_only: {Firm: [a]}
    may_not: [{update Firm a: {Name: x}}]
  - as: {}
    sees_only: {Firm: [], Bill: []}
  - as: {roles: ["head of all"]}
    sees: {Firm: all, Bill: all}
"""
SCRIPT = """
import json, sys
from pathlib import Path

from rowgate.app import create_app
from rowgate.project import load_project
from rowgate.settings import load_settings
from rowgate.startup import declaration_findings
from rowgate.testing.bench import Bench
from rowgate.testing.running import read_or_refuse, run_test, trials_of

root = Path(sys.argv[1])
project = load_project(root)
settings = load_settings(root)
told = {"findings": [str(each) for each in declaration_findings(project) if each.level == "error"]}
with Bench(project, lambda: settings) as bench:
    results = [run_test(trial) for trial in trials_of(bench, read_or_refuse(bench, root / "t.yaml"))]
    told["failures"] = [failure.text() for result in results for failure in result.failures]
client = create_app(settings, project=project).test_client()
log_in = {"username": "carl", "password": "clear text"}
token = client.post("/api/auth/login", json=log_in).get_json()["access_token"]
headers = {"Authorization": f"Bearer {token}"}
told["firms"] = [each["id"] for each in client.get("/api/Firm", headers=headers).get_json()["data"]]
told["hello"] = client.get("/hello?who=me", headers=headers).get_json()
told["nobody"] = client.get("/hello").status_code
told["guarded"] = client.get("/guarded", headers=headers).status_code
print(json.dumps(told))
"""


def taken_over(folder: Path, **changed: str) -> tuple[Path, Report]:
    source = write_als_project(folder / "old", **changed)
    report = import_als(source, folder / "new", passwords=CHEAP)
    return folder / "new", report


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return taken_over(tmp_path_factory.mktemp("als"))[0]


def test_it_starts_and_behaves(project: Path) -> None:
    (project / "t.yaml").write_text(TESTS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROWGATE_")}
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(project)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["findings"] == []
    assert told["failures"] == []
    assert told["firms"] == ["a"]
    assert told["hello"] == {"result": "me"}
    assert (told["nobody"], told["guarded"]) == (401, 404)


def test_nothing_of_the_old_project_is_run_or_changed(tmp_path: Path) -> None:
    taken_over(tmp_path)
    assert not (tmp_path / "old/RAN").exists()
    assert not Path("RAN").exists()
    for name, text in FILES.items():
        assert (tmp_path / "old" / name).read_text(encoding="utf-8") == text


def test_every_file_is_python_and_has_its_base(project: Path) -> None:
    for path in project.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    assert "class Firm" in read_bases(project)["database/models.py"]
    assert "ROWGATE_DATABASE_URL=" in (project / "instance/local.env").read_text(encoding="utf-8")


def test_log_ins_have_hashes_and_claims(project: Path) -> None:
    engine = make_engine(f"sqlite:///{project / 'instance/auth.sqlite'}")
    with engine.connect() as connection:
        users = {row.id: row for row in connection.execute(select(User.id, User.password_hash, User.claims))}
    engine.dispose()
    assert CHEAP.check(users["carl"].password_hash, "clear text")
    assert users["a"].claims == {"client_id": 1, "region": "north"}
    assert users["old"].password_hash == "!"
    assert b"clear text" not in (project / "instance/auth.sqlite").read_bytes()


def test_what_needs_a_hand_is_listed_and_stays_as_a_comment(project: Path) -> None:
    report = (project / "import-report.md").read_text(encoding="utf-8")
    for words in (
        "Firm.shout is left out",
        "the class Elsewhere is left out",
        "the table BillView is left out",
        "`helper` is left out",
        "the event for all classes is left out",
        "`tell` is left out. It uses kafka_producer",
        "Rule.after_flush_row_event is left out. It uses tell",
        "Rule.parent_check is left out. There is no such rule here",
        "the endpoint /firms is left out. It uses models, safrs.",
        "the endpoint /guarded is left out. It uses jwt_required().",
        "old cannot log in yet",
        "the passwords of a are short",
        "`Bill.Zip` is called `PostCode` now",
        "the message shows no values",
        "No class has `Nowhere`",
        "`ui/admin.yaml` no longer has Firm.Gone, Firm.Others, User",
    ):
        assert words in report, words
    assert all(title in report for title, _ in STRICTER)
    text = (project / "logic/logic_discovery/owing/credit.py").read_text(encoding="utf-8")
    assert "# Rule.after_flush_row_event(on_class=models.Bill, calling=tell)" in text
    assert 'row.PostCode != "x"' in text.replace("'", '"')
    admin = yaml.safe_load((project / "ui/admin.yaml").read_text(encoding="utf-8"))
    assert admin["resources"]["Bill"] == {"attributes": [{"name": "PostCode"}]}
    assert [tab["name"] for tab in admin["resources"]["Firm"]["tab_groups"]] == ["BillList"]


HEAD = """
class Roles():
    clerk = "clerk"
DefaultRolePermission(to_role=Roles.clerk)
"""
HIDDEN = [
    "GlobalFilter('Client_id', roles_not_filtered=['sa'], filter='{entity_class}.Client_id == load()')",
    "GlobalFilter('Client_id', roles_not_filtered=['sa'], filter='__import__(\"os\").system(\"true\")')",
    "GlobalFilter('Client_id', roles_not_filtered=['sa'], filter='this is no Python')",
    "GlobalFilter('Client_id', roles_not_filtered=['sa'], filter=BY_CLIENT)",
    "Grant(on_entity=models.Firm, to_role=Roles.clerk, filter=lambda: models.Firm.Level == session.query(1))",
    "Grant(on_entity=models.Firm, to_role=Roles.clerk, filter=lambda: models.Firm.Level == 0 and models.Firm.Id)",
    "Grant(on_entity=models.Firm, to_role=Roles.clerk, filter=lambda: not models.Firm.Level)",
    "Grant(on_entity=models.Firm, to_role=Roles.clerk, filter=lambda: Security.current_user_has_role('x'))",
    "Grant(on_entity=models.Firm, to_role=Roles.clerk, filter=lambda: models.Gone.Id == 1)",
]


def security_of(declared: str) -> tuple[str, Report]:
    """The translated file of these declarations."""
    models, text, report = FILES["database/models.py"], HEAD + declared, Report()
    read = read_models(Parsed("models.py", models, ast.parse(models)), None, report)
    security = read_security(Parsed("declare_security.py", text, ast.parse(text)), read.classes, report)
    made = security.text({}, set())
    ast.parse(made)
    return made, report


@pytest.mark.parametrize("declared", HIDDEN)
def test_a_condition_that_is_not_understood_hides_every_row(declared: str) -> None:
    text, report = security_of(declared)
    assert "lambda row, user: false()" in text
    assert "from sqlalchemy import false" in text
    assert f"# {declared}" in text
    assert any(what == "a condition hides every row now" for _, what, _ in report.by_hand)


@pytest.mark.parametrize(
    ("declared", "condition"),
    [
        ("lambda: models.Bill.PostCode == 'x'", "row.PostCode == 'x'"),
        ("lambda: Bill.Zip == Security.current_user().region", "row.PostCode == user.region"),
        ("lambda: or_(models.Bill.Amount > 1, not_(models.Bill.Paid))", "or_(row.Amount > 1, not_(row.Paid))"),
        ("lambda: models.Bill.FirmId.in_([1, 'a'])", "row.FirmId.in_([1, 'a'])"),
        (
            "lambda: models.Bill.FirmId.in_(select(models.Firm.Id).where(models.Firm.Level == 0))",
            "row.FirmId.in_(select(Firm.Id).where(Firm.Level == 0))",
        ),
        ("lambda: (models.Bill.Paid == True) & (models.Bill.Amount < -1)", "(row.Paid == True) & (row.Amount < -1)"),
    ],
)
def test_a_condition_is_translated(declared: str, condition: str) -> None:
    text, report = security_of(f"Grant(on_entity=models.Bill, to_role=Roles.clerk, filter={declared})")
    assert f"policy.grant(Bill, Roles.clerk, where=lambda row, user: {condition})" in text
    assert ("region: str | None = None" in text) is ("region" in condition)
    assert not any("condition" in what for _, what, _ in report.by_hand)


@pytest.mark.parametrize(
    "declared",
    [
        "Grant(on_entity=models.Gone, to_role=Roles.clerk)",
        "Grant(on_entity=models.Firm, to_role=Roles.nobody)",
        "Grant(on_entity=models.Firm, to_role=WHO)",
        "Grant(on_entity=models.Firm, to_role=Roles.clerk, can_read=MAYBE)",
        "GlobalFilter(NAME, filter='{entity_class}.Client_id == 1', roles_not_filtered=['sa'])",
        "GlobalFilter('Client_id', filter='{entity_class}.Client_id == 1', roles_not_filtered=EXEMPT)",
        "DefaultRolePermission(to_role=WHO, can_read=False)",
    ],
)
def test_a_declaration_that_is_not_understood_stops_the_start(declared: str) -> None:
    text, report = security_of(declared)
    assert "raise NotImplementedError(" in text
    assert f"# {declared}" in text
    assert any("stops the start" in what for _, what, _ in report.by_hand)


def test_what_is_no_project_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"There is no database/models\.py"):
        import_als(tmp_path, tmp_path / "new")
    broken = write_als_project(tmp_path / "broken", database__models="class (")
    with pytest.raises(ImportRefused, match=r"database/models\.py cannot be read"):
        import_als(broken, tmp_path / "new")
    (broken / "database/db.sqlite").unlink()
    with pytest.raises(ImportRefused, match="does not say plainly where the database is"):
        import_als(broken, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(NewProjectRefused):
        import_als(broken, tmp_path)


def test_the_command(tmp_path: Path) -> None:
    source = write_als_project(tmp_path / "old", config__config="")
    (source / "database/authentication_db.sqlite").unlink()
    url = f"sqlite:///{source / 'database/db.sqlite'}"
    done = CliRunner().invoke(main, ["import-als", str(source), str(tmp_path / "new"), "--db-url", url])
    assert done.exit_code == 0, done.output
    assert "database/models.py: 2 classes" in done.stdout
    assert "no log-ins were taken over. `rowgate add-auth` makes the first user." in done.stdout
    assert (tmp_path / "new/import-report.md").is_file()
    again = CliRunner().invoke(main, ["import-als", str(source), str(tmp_path / "new"), "--db-url", url])
    assert again.exit_code == 2


@pytest.mark.parametrize(
    ("config", "database"),
    [
        ("x = 1", "database/db.sqlite"),
        ("class C:\n    p = str(root.joinpath('data/own.sqlite'))\n    URI: str = f'sqlite:///{p}'", "data/own.sqlite"),
        ("class C:\n    URI = 'sqlite:///data/own.sqlite'", "data/own.sqlite"),
        ("class C:\n    URI = 'sqlite:///own.sqlite'", "database/own.sqlite"),
        ("class C:\n    URI = 'postgresql://ada@localhost/shop'", None),
    ],
)
def test_the_database_is_the_one_that_the_old_project_names(config: str, database: str | None, tmp_path: Path) -> None:
    source = write_als_project(tmp_path / "old", config__config=config.replace("URI", "SQLALCHEMY_DATABASE_URI"))
    for name in ("data/own.sqlite", "database/own.sqlite"):
        if name == database:
            (source / name).parent.mkdir(exist_ok=True)
            (source / name).touch()
    url = AlsProject(source).database_url()
    assert url is not None
    assert url.database == (str(source / database) if database else "shop")


OLDER = """
from sqlalchemy.dialects.mysql import *
from sqlalchemy.sql.sqltypes import NullType
t_links = Table('links', metadata, Column('a', ForeignKey('A.id')), Column('b', ForeignKey('B.id')))

class A(SAFRSBase, db.Model):
    __tablename__ = 'A'
    id = db.Column(db.Integer, primary_key=True)
    flag = Column(TINYINT(1), nullable=False)
    state = Column(ENUM('x', 'y'))
    place = Column(NullType)
    odd = Column(Geometry('POINT'))
    when = Column('class', DateTime)
    b_id = Column(ForeignKey('B.id'))
    b = relationship('B', primaryjoin='A.b_id == B.id', cascade_backrefs=False, backref='AList')
    many = relationship('B', secondary=t_links)

class B(SAFRSBase, db.Model):
    __tablename__ = 'B'
    id = Column(CHAR(36), primary_key=True)
"""


def test_models_of_older_projects() -> None:
    report = Report()
    made = read_models(Parsed("models.py", OLDER, ast.parse(OLDER)), None, report)
    module = types.ModuleType("als_older")
    sys.modules["als_older"] = module
    try:
        exec(compile(made.text, "models.py", "exec"), module.__dict__)  # noqa: S102
        configure_mappers()
        a = module.A.__table__
        assert [(column.name, column.nullable) for column in a.columns] == [
            ("id", False),
            ("flag", False),
            ("state", True),
            ("class", True),
            ("b_id", True),
        ]
        assert set(module.A.__mapper__.relationships.keys()) == {"b", "many"}
        assert set(module.B.__mapper__.relationships.keys()) == {"AList"} == set(made.classes["B"].relationships)
    finally:
        del sys.modules["als_older"]
        module.Base.registry.dispose()
    assert made.classes["A"].attributes["b_id"] == "str"
    assert [what for _, what, _ in report.by_hand] == [
        "the column A.place is left out",
        "the column A.odd is left out",
    ]
