"""``local.env`` in the instance folder: this machine's own settings, passwords among them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from rowgate.errors import SettingRefused
from rowgate.settings import LOCAL_FILE, load_settings, local_text, write_local

URL = "postgresql://shop:hush@db/shop"


def committed(root: Path, text: str) -> None:
    (root / "config").mkdir(exist_ok=True)
    (root / "config/default.env").write_text(text, encoding="utf-8")


def local(root: Path, text: str, *, folder: str = "instance", mode: int = 0o600) -> Path:
    path = root / folder / LOCAL_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_it_comes_after_the_environment_and_before_the_committed_file(tmp_path: Path) -> None:
    committed(tmp_path, "ROWGATE_PORT=1\nROWGATE_PAGE_SIZE=1\nROWGATE_WORKERS=1\n")
    local(tmp_path, "ROWGATE_PORT=2\nROWGATE_PAGE_SIZE=2\n")
    found = load_settings(tmp_path, environ={"ROWGATE_PORT": "3"})
    assert (found.port, found.page_size, found.workers) == (3, 2, 1)
    assert load_settings(tmp_path, environ={}, port=4).port == 4


def test_it_may_hold_a_password_that_nothing_shows(tmp_path: Path) -> None:
    local(tmp_path, f"ROWGATE_DATABASE_URL={URL}\n")
    found = load_settings(tmp_path, environ={})
    assert found.database_url.password == "hush"
    assert "hush" not in repr(found)


@pytest.mark.parametrize("how", ["environment", "committed", "program"])
def test_it_is_read_in_the_instance_folder_wherever_that_is(tmp_path: Path, how: str) -> None:
    local(tmp_path, "ROWGATE_PORT=2\n", folder="elsewhere")
    local(tmp_path, "ROWGATE_PORT=3\n")
    if how == "committed":
        committed(tmp_path, "ROWGATE_INSTANCE=elsewhere\n")
    environ = {"ROWGATE_INSTANCE": "elsewhere"} if how == "environment" else {}
    given = {"instance": tmp_path / "elsewhere"} if how == "program" else {}
    assert load_settings(tmp_path, environ=environ, **given).port == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ROWGATE_PROT=2", r"ROWGATE_PROT from local.env:1 is no setting"),
        ("nothing", r"local.env:1 is not NAME=value"),
        ("ROWGATE_PORT=many", r"ROWGATE_PORT from local.env is 'many'"),
        ("ROWGATE_INSTANCE=there", r"local.env:1 sets ROWGATE_INSTANCE, the folder that it is itself in"),
    ],
)
def test_refused(tmp_path: Path, text: str, words: str) -> None:
    local(tmp_path, text)
    with pytest.raises(SettingRefused, match=words):
        load_settings(tmp_path, environ={})


def test_in_production_others_must_not_read_its_secrets(tmp_path: Path) -> None:
    path = local(tmp_path, f"ROWGATE_DATABASE_URL={URL}\n", mode=0o640)
    assert load_settings(tmp_path, environ={}).database_url.password == "hush"
    with pytest.raises(SettingRefused, match="others can read it") as refused:
        load_settings(tmp_path, environ={"ROWGATE_ENV": "production"})
    assert "hush" not in str(refused.value)
    assert f"chmod 600 {path}" in refused.value.advice
    path.chmod(0o600)
    assert load_settings(tmp_path, environ={"ROWGATE_ENV": "production"}).production


def test_in_production_a_file_without_secrets_may_be_read(tmp_path: Path) -> None:
    local(tmp_path, "ROWGATE_PORT=2\n", mode=0o644)
    assert load_settings(tmp_path, environ={"ROWGATE_ENV": "production"}).port == 2


# --- writing ---------------------------------------------------------------------------------------------------------


def test_writing_replaces_a_line_keeps_the_others_and_the_mode(tmp_path: Path) -> None:
    path = local(tmp_path, "# mine\nROWGATE_PORT=2\nROWGATE_HOST=h\n", mode=0o644)
    write_local(path, {"ROWGATE_PORT": "3", "ROWGATE_DATABASE_URL": URL})
    assert path.read_text(encoding="utf-8") == f"# mine\nROWGATE_PORT=3\nROWGATE_HOST=h\nROWGATE_DATABASE_URL={URL}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [LOCAL_FILE]


def test_a_line_break_cannot_smuggle_in_another_setting(tmp_path: Path) -> None:
    path = tmp_path / "instance" / LOCAL_FILE
    for broken in ("a\nROWGATE_ENV=development", "a\r\nb", "a\x85b", "a\u2028b", "a\n"):
        with pytest.raises(SettingRefused, match="line break"):
            write_local(path, {"ROWGATE_HOST": broken})
    assert not path.exists()


@given(value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"]), min_size=1))
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_written_is_what_is_read(tmp_path: Path, value: str) -> None:
    local(tmp_path, local_text({"ROWGATE_SECRET": value}))
    secret = load_settings(tmp_path, environ={}).secret
    assert secret is not None
    assert secret.value == value
