"""Settings: typed, in one order of precedence, and told apart when wrong; each of them is documented."""

import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import make_url

from config.settings import project
from rowgate.errors import SettingRefused
from rowgate.settings import Secret, Settings, load_settings

PAGE = project.root / "docs/reference/settings.md"
SECRET = "k3J9sPq0vXw7LmZ2tR8yB5nC1dF6gH4a"


def env_file(root: Path, text: str) -> None:
    (root / "config").mkdir(exist_ok=True)
    (root / "config/default.env").write_text(text, encoding="utf-8")


def test_defaults(tmp_path: Path) -> None:
    found = load_settings(tmp_path, environ={})
    assert (found.host, found.port, found.env, found.production) == ("127.0.0.1", 5656, "development", False)
    assert found.instance == tmp_path / "instance"
    assert found.database_url == make_url(f"sqlite:///{tmp_path}/instance/database.sqlite")
    assert found.auth_database_url == make_url(f"sqlite:///{tmp_path}/instance/auth.sqlite")
    assert (found.secret, found.cors_origins, found.page_size) == (None, (), 250)
    assert found.optimistic_locking is True
    assert list(tmp_path.iterdir()) == []


def test_overrides_then_environment_then_file_then_default(tmp_path: Path) -> None:
    env_file(tmp_path, "# comment\n\nROWGATE_PORT=1\nROWGATE_HOST = '0.0.0.0'\nROWGATE_PAGE_SIZE=\"7\"\n")
    environ = {"ROWGATE_PORT": "2", "ROWGATE_PAGE_SIZE": "8", "PATH": "/bin", "ROWGATE_TEST_PG": "x"}
    found = load_settings(tmp_path, environ=environ, port=3, host=None)
    assert (found.port, found.page_size, found.host, found.page_size_max) == (3, 8, "0.0.0.0", 1000)  # noqa: S104


def test_types(tmp_path: Path) -> None:
    found = load_settings(
        tmp_path,
        environ={
            "ROWGATE_INSTANCE": "/var/lib/rowgate",
            "ROWGATE_DATABASE_URL": "postgresql://u:pw@db/rows",
            "ROWGATE_SECRET": SECRET,
            "ROWGATE_CORS_ORIGINS": "https://a.example, http://localhost:3000",
            "ROWGATE_OPTIMISTIC_LOCKING": "off",
            "ROWGATE_ENV": "production",
        },
    )
    assert found.instance == Path("/var/lib/rowgate")
    assert found.database_url.password == "pw"
    assert found.auth_database_url.database == "/var/lib/rowgate/auth.sqlite"
    assert found.secret == Secret(SECRET)
    assert found.cors_origins == ("https://a.example", "http://localhost:3000")
    assert (found.optimistic_locking, found.production) == (False, True)


def test_overrides_as_the_fields_type(tmp_path: Path) -> None:
    origins = ("https://a.example",)
    found = load_settings(
        tmp_path,
        environ={},
        port=0,
        instance=tmp_path / "i",
        optimistic_locking=False,
        cors_origins=origins,
        secret=Secret(SECRET),
        database_url=make_url("postgresql://u:pw@db/rows"),
    )
    assert (found.port, found.instance, found.optimistic_locking) == (0, tmp_path / "i", False)
    assert (found.cors_origins, found.secret, found.database_url.password) == (origins, Secret(SECRET), "pw")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///rows.sqlite", "{root}/rows.sqlite"),
        ("sqlite:////srv/rows.sqlite", "/srv/rows.sqlite"),
        ("sqlite://", None),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite:///file:x?mode=memory&uri=true", "file:x"),
    ],
)
def test_relative_sqlite_files_are_under_the_project(tmp_path: Path, url: str, file: str | None) -> None:
    found = load_settings(tmp_path, environ={"ROWGATE_DATABASE_URL": url}).database_url.database
    assert found == (file and file.format(root=tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PORT", ""),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "1_000"),
        ("PORT", "٣"),
        ("PORT", "9" * 5000),
        ("ENV", "prod"),
        ("HOST", ""),
        ("HOST", "a b"),
        ("INSTANCE", ""),
        ("ACCESS_MINUTES", "0"),
        ("REFRESH_DAYS", "3.5"),
        ("OPTIMISTIC_LOCKING", "true"),
        ("FILTER_LOG", "JSON"),
        ("LOG_LEVEL", "debug"),
        ("AUTH_PROVIDER", "ldap"),
        ("BODY_LIMIT", "10"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "a.example"),
        ("CORS_ORIGINS", "https://a.example/"),
        ("CORS_ORIGINS", "https://A.example"),
        ("CORS_ORIGINS", "https://u@a.example"),
        ("CORS_ORIGINS", "https://[a"),
    ],
)
def test_bad_value_names_the_variable_the_value_and_what_is_allowed(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingRefused) as caught:
        load_settings(tmp_path, environ={f"ROWGATE_{name}": value})
    allowed = next(each.allowed for each in Settings.all() if each.name == f"ROWGATE_{name}")
    assert f"ROWGATE_{name} from the environment is {value!r}. Allowed: {allowed}." == caught.value.detail


def test_each_further_database_has_a_variable(tmp_path: Path) -> None:
    env_file(tmp_path, "ROWGATE_DATABASE_URL_HR=sqlite:///hr.sqlite")
    environ = {"ROWGATE_DATABASE_URL_OLD_BOOKS": "postgresql://u:hunter2@db/books"}
    found = load_settings(tmp_path, environ=environ)
    assert set(found.database_urls) == {"hr", "old_books"}
    assert found.url_of("hr").database == str(tmp_path / "hr.sqlite")
    assert found.url_of("old_books").password == "hunter2"
    assert found.url_of("other").database == str(tmp_path / "instance/other.sqlite")
    assert "hunter2" not in repr(found)
    assert found.shown()["ROWGATE_DATABASE_URL_HR"] == f"sqlite:///{tmp_path}/hr.sqlite"
    assert load_settings(tmp_path, environ={}, database_urls=found.database_urls) == found
    given = load_settings(tmp_path, environ=environ, database_urls={"hr": "sqlite://", "old_books": "sqlite:///b"})
    assert [url.database for url in given.database_urls.values()] == [None, str(tmp_path / "b")]


@pytest.mark.parametrize("name", ["ROWGATE_DATABASE_URL_", "ROWGATE_DATABASE_URL_hr", "ROWGATE_DATABASE_URL_<NAME>"])
def test_a_variable_that_can_be_no_databases(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingRefused, match="is no setting"):
        load_settings(tmp_path, environ={name: "sqlite://"})


def test_a_further_databases_bad_url_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="ROWGATE_DATABASE_URL_HR from the environment is a value that is not"):
        load_settings(tmp_path, environ={"ROWGATE_DATABASE_URL_HR": "hunter4"})
    env_file(tmp_path, "ROWGATE_DATABASE_URL_HR=postgresql://u:hunter2@db/rows")
    with pytest.raises(SettingRefused, match="no secrets"):
        load_settings(tmp_path, environ={})


def test_page_size_above_its_maximum(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="ROWGATE_PAGE_SIZE is 500, more than ROWGATE_PAGE_SIZE_MAX, 100"):
        load_settings(tmp_path, environ={"ROWGATE_PAGE_SIZE": "500", "ROWGATE_PAGE_SIZE_MAX": "100"})


def test_unknown_names_are_errors_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match=r"ROWGATE_PROT from the environment is no setting.*ROWGATE_PORT"):
        load_settings(tmp_path, environ={"ROWGATE_PROT": "1"})
    with pytest.raises(SettingRefused, match="ROWGATE_PROT from the program"):
        load_settings(tmp_path, environ={}, prot=1)
    env_file(tmp_path, "\nROWGATE_PROT=1")
    with pytest.raises(SettingRefused, match=r"config/default\.env:2"):
        load_settings(tmp_path, environ={})


def test_line_that_is_none(tmp_path: Path) -> None:
    env_file(tmp_path, "ROWGATE_PORT 1")
    with pytest.raises(SettingRefused, match=r"config/default\.env:1 is not NAME=value"):
        load_settings(tmp_path, environ={})


@pytest.mark.parametrize(
    "line",
    [
        f"ROWGATE_SECRET={SECRET}",
        "ROWGATE_DATABASE_URL=postgresql://u:hunter2@db/rows",
        "ROWGATE_AUTH_DATABASE_URL=postgresql://db/rows?password=hunter2",
    ],
)
def test_committed_file_holds_no_secrets(tmp_path: Path, line: str) -> None:
    env_file(tmp_path, line)
    with pytest.raises(SettingRefused, match="no secrets") as caught:
        load_settings(tmp_path, environ={})
    assert "hunter2" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    found = load_settings(
        tmp_path,
        environ={
            "ROWGATE_SECRET": SECRET,
            "ROWGATE_DATABASE_URL": "postgresql://u:hunter2@db/rows",
            "ROWGATE_AUTH_DATABASE_URL": "postgresql://db/rows?user=u&password=hunter3",
        },
    )
    for text in (repr(found), str(found), f"{found}", str(found.shown()), repr(found.secret), f"{found.secret}"):
        assert not any(word in text for word in (SECRET, "hunter2", "hunter3"))
    for bad in ("hunter4", "://u:hunter4@db", "postgresql://u:hunter4@db:port/x"):
        with pytest.raises(SettingRefused) as caught:
            load_settings(tmp_path, environ={"ROWGATE_DATABASE_URL": bad})
        assert "hunter4" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_frozen(tmp_path: Path) -> None:
    with pytest.raises(FrozenInstanceError):
        load_settings(tmp_path, environ={}).port = 1  # type: ignore[misc]


@examples(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([each.name for each in Settings.all()]), st.text(), max_size=3))
def test_any_environment_gives_settings_or_an_error_of_ours(tmp_path: Path, environ: dict[str, str]) -> None:
    try:
        found = load_settings(tmp_path, environ=environ)
    except SettingRefused:
        return
    assert (
        load_settings(tmp_path, environ={}, **{each.field: getattr(found, each.field) for each in Settings.all()})
        == found
    )


def test_the_projects_own_settings_are_sound() -> None:
    assert load_settings(project.root, port=0).root == project.root


def test_every_setting_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `(ROWGATE_[\w<>]+)` \| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    declared = [(each.name, each.allowed, f"`{each.default}`", each.help) for each in Settings.all()]
    assert rows == declared
