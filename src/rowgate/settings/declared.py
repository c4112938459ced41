"""Every setting, declared once: its type, what it takes, its default and what it decides."""

# ruff: noqa: RUF009 - _setting() is dataclasses.field() with the words of the documentation added

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL

from rowgate.errors import SettingRefused
from rowgate.settings import values
from rowgate.settings.values import Secret, shown_as

__all__ = ["PREFIX", "Setting", "Settings", "declared_settings", "described"]

PREFIX = "ROWGATE_"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the documentation, ``--help`` and an error say of one setting.

    Args:
        name: the environment variable.
        field: the attribute of `Settings`.
        allowed: the values it takes, in words.
        default: its default, in words.
        help: what it decides.
        quiet: its value may hold a password, so no error quotes it.
    """

    name: str
    field: str
    allowed: str
    default: str
    help: str
    quiet: bool


def _setting(
    parse: Callable[[str], Any],
    *,
    allowed: str,
    help: str,  # noqa: A002 - the word that argparse and click use
    default: Any = MISSING,
    default_words: str | None = None,
    quiet: bool = False,
) -> Any:
    words = default_words or shown_as(default)
    return field(
        default=default,
        metadata={"parse": parse, "allowed": allowed, "help": help, "default": words, "quiet": quiet},
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Every setting of a rowgate server. Build it with `load_settings`.

    Args:
        root: the project's folder.
    """

    root: Path
    instance: Path = _setting(
        values.path,
        allowed="a folder; a relative one is under the project's folder",
        default=Path("instance"),
        help="Holds what the running server writes: SQLite files and the generated signing secret.",
    )
    env: Literal["development", "production"] = _setting(
        values.choice("development", "production"),
        allowed="development or production",
        default="development",
        help="In production the server does not start with a weak signing secret.",
    )
    host: str = _setting(
        values.word,
        allowed="an address or host name",
        default="127.0.0.1",
        help="The address the server listens on. The default is reachable from this machine only.",
    )
    port: int = _setting(
        values.integer(0, 65535), allowed="0 to 65535 (0: any free one)", default=5656, help="The port it listens on."
    )
    database_url: URL = _setting(
        values.url,
        allowed="an SQLAlchemy URL; a relative SQLite file is under the project's folder",
        default_words="sqlite:///<instance>/database.sqlite",
        quiet=True,
        default=None,
        help="The database that holds the rows.",
    )
    auth_database_url: URL = _setting(
        values.url,
        allowed="an SQLAlchemy URL; a relative SQLite file is under the project's folder",
        default_words="sqlite:///<instance>/auth.sqlite",
        quiet=True,
        default=None,
        help="The database that holds users, roles, claims and revoked tokens; never exposed by the API.",
    )
    auth_provider: Literal["sql", "memory"] = _setting(
        values.choice("sql", "memory"),
        allowed="sql or memory",
        default="sql",
        help="Where users come from: the log-in database, or a list the program gives (tests).",
    )
    secret: Secret | None = _setting(
        values.secret,
        allowed="text of 32 bytes or more",
        default=None,
        default_words="none: generated into the instance folder",
        quiet=True,
        help="Signs the tokens. Never in config/default.env.",
    )
    access_minutes: int = _setting(
        values.integer(1, 1440), allowed="1 to 1440", default=15, help="Minutes that an access token is good for."
    )
    refresh_days: int = _setting(
        values.integer(1, 365),
        allowed="1 to 365",
        default=7,
        help="Days from log-in until refreshing ends and the user logs in again.",
    )
    login_attempts: int = _setting(
        values.integer(1, 1000),
        allowed="1 to 1000",
        default=10,
        help="Failed log-ins for one user name from one address within the window; then 429.",
    )
    login_attempts_address: int = _setting(
        values.integer(1, 100_000),
        allowed="1 to 100000",
        default=100,
        help="Failed log-ins from one address within the window, whatever the user names; then 429.",
    )
    login_window_seconds: int = _setting(
        values.integer(1, 86_400),
        allowed="1 to 86400",
        default=300,
        help="Seconds that a failed log-in counts for.",
    )
    trusted_proxies: int = _setting(
        values.integer(0, 10),
        allowed="0 to 10",
        default=0,
        help="How many reverse proxies stand in front and set X-Forwarded-For, -Proto and -Host.",
    )
    cors_origins: tuple[str, ...] = _setting(
        values.origins,
        allowed="origins such as https://app.example.com, separated by commas; no *",
        default=(),
        help="Web pages of these other origins may call the API. Empty: none may.",
    )
    page_size: int = _setting(
        values.integer(1, 100_000), allowed="1 to 100000", default=250, help="Rows of a list that asks for no number."
    )
    page_size_max: int = _setting(
        values.integer(1, 100_000),
        allowed="1 to 100000, not less than ROWGATE_PAGE_SIZE",
        default=1000,
        help="The most rows that one list may ask for.",
    )
    include_depth: int = _setting(
        values.integer(0, 10),
        allowed="0 to 10",
        default=3,
        help="How many relationships deep an include path may go: include=A.B.C is three.",
    )
    body_limit: int = _setting(
        values.integer(1024, 1_073_741_824),
        allowed="1024 to 1073741824",
        default=1_048_576,
        help="Bytes of the largest request body taken; a larger one is answered 413.",
    )
    optimistic_locking: bool = _setting(
        values.switch,
        allowed="on or off",
        default=True,
        help="Resources carry S_CheckSum, and a PATCH that sends an old one is refused.",
    )
    filter_log: Literal["text", "json", "off"] = _setting(
        values.choice("text", "json", "off"),
        allowed="text, json or off",
        default="text",
        help="The form of the filter log, which says for every statement which declarations applied.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting(
        values.choice("DEBUG", "INFO", "WARNING", "ERROR"),
        allowed="DEBUG, INFO, WARNING or ERROR",
        default="INFO",
        help="The least grave messages logged.",
    )

    def __post_init__(self) -> None:
        # Frozen, so set through object: these defaults need the folders of this very instance.
        instance = (self.root / self.instance).resolve()
        object.__setattr__(self, "instance", instance)
        for name, file in (("database_url", "database.sqlite"), ("auth_database_url", "auth.sqlite")):
            url: URL | None = getattr(self, name)
            object.__setattr__(self, name, self._rooted(url or URL.create("sqlite", database=str(instance / file))))
        if self.page_size > self.page_size_max:
            raise SettingRefused(
                f"ROWGATE_PAGE_SIZE is {self.page_size}, more than ROWGATE_PAGE_SIZE_MAX, {self.page_size_max}."
            )

    def _rooted(self, url: URL) -> URL:
        """A relative SQLite file would otherwise be another one in each folder the server is started from."""
        file = url.database
        if url.get_backend_name() != "sqlite" or not file or file == ":memory:" or file.startswith("file:"):
            return url
        return url.set(database=str(self.root / file))

    @property
    def production(self) -> bool:
        """Whether this is not somebody's own machine: weak secrets are then refused."""
        return self.env != "development"

    @classmethod
    def all(cls) -> tuple[Setting, ...]:
        """Every setting, in the order of the documentation."""
        return tuple(described(each) for each in declared_settings())

    def shown(self) -> dict[str, str]:
        """Every setting's value by its variable's name, with secrets and passwords hidden."""
        return {each.name: shown_as(getattr(self, each.field)) for each in self.all()}

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.shown().items())
        return f"Settings(root={str(self.root)!r}, {values})"


def declared_settings() -> tuple[Field[Any], ...]:
    return tuple(each for each in fields(Settings) if "parse" in each.metadata)


def described(declared: Field[Any]) -> Setting:
    facts = declared.metadata
    return Setting(
        name=PREFIX + declared.name.upper(),
        field=declared.name,
        allowed=facts["allowed"],
        default=facts["default"],
        help=facts["help"],
        quiet=facts["quiet"],
    )
