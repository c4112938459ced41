"""Every setting, declared once: its type, what it takes, its default and what it decides."""

# ruff: noqa: RUF009 - _setting() is dataclasses.field() with the words of the documentation added

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL

from rowgate.errors import SettingRefused
from rowgate.settings import values
from rowgate.settings.values import Secret, shown_as

__all__ = ["FAMILY", "PREFIX", "Setting", "Settings", "declared_settings", "described"]

PREFIX = "ROWGATE_"
FAMILY = re.compile(r"ROWGATE_DATABASE_URL_(?P<database>[A-Z][A-Z0-9_]*)")
"""The variables that hold the URLs of a project's further databases."""


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

    The one whose name ends in ``_<NAME>`` stands for a variable for each further database.
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
    name: str | None = None,
) -> Any:
    words = default_words or shown_as(default)
    return field(
        default=default,
        metadata={"parse": parse, "allowed": allowed, "help": help, "default": words, "quiet": quiet, "name": name},
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
    database_urls: Mapping[str, URL] = _setting(
        values.url,
        name=f"{PREFIX}DATABASE_URL_<NAME>",
        allowed="an SQLAlchemy URL; a relative SQLite file is under the project's folder",
        default_words="sqlite:///<instance>/<name>.sqlite",
        quiet=True,
        default=None,
        help="The further database of that name in config/settings.py, in capitals: ROWGATE_DATABASE_URL_HR for hr.",
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
    included_max: int = _setting(
        values.integer(1, 1_000_000),
        allowed="1 to 1000000",
        default=10_000,
        help="The most rows that one answer may include.",
    )
    include_depth: int = _setting(
        values.integer(0, 10),
        allowed="0 to 10",
        default=3,
        help="How many relationships deep an include path may go: include=A.B.C is three.",
    )
    include_max: int = _setting(
        values.integer(0, 1000),
        allowed="0 to 1000",
        default=20,
        help="How many relationships one request may include: include=A.B,A.C is three. Each costs a statement.",
    )
    path_depth: int = _setting(
        values.integer(0, 8),
        allowed="0 to 8",
        default=5,
        help="How many relationships the path of a filter or a sort may go through: filter[A.B.name] is two.",
    )
    sort_max: int = _setting(
        values.integer(1, 100),
        allowed="1 to 100",
        default=10,
        help="How many attributes a list may be sorted by.",
    )
    filter_max: int = _setting(
        values.integer(1, 500),
        allowed="1 to 500",
        default=100,
        help="How many conditions the filters of one request may have; each word of a search counts.",
    )
    filter_values_max: int = _setting(
        values.integer(1, 10_000),
        allowed="1 to 10000",
        default=1000,
        help="How many values the conditions of one request may list, all together.",
    )
    operations_max: int = _setting(
        values.integer(1, 10_000),
        allowed="1 to 10000",
        default=500,
        help="The most operations of one atomic request, and the most rows of one bulk PATCH, POST or DELETE.",
    )
    idempotency_hours: int = _setting(
        values.integer(0, 8760),
        allowed="0 to 8760",
        default=24,
        help="Hours that an Idempotency-Key is kept, in rowgate_idempotency_keys; 0 keeps none, and refuses them.",
    )
    body_limit: int = _setting(
        values.integer(1024, 1_073_741_824),
        allowed="1024 to 1073741824",
        default=1_048_576,
        help="Bytes of the largest request body taken; a larger one is answered 413.",
    )
    request_seconds: int = _setting(
        values.integer(1, 3600),
        allowed="1 to 3600",
        default=30,
        help="Seconds a request may take until its answer begins; then its statement is stopped: 504.",
    )
    workers: int = _setting(
        values.integer(1, 64),
        allowed="1 to 64",
        default=2,
        help="Processes of rowgate serve; about one for each core.",
    )
    threads: int = _setting(
        values.integer(1, 16),
        allowed="1 to 16",
        default=4,
        help="Requests that one process serves at a time.",
    )
    metrics_token: Secret | None = _setting(
        values.secret,
        allowed="text",
        default=None,
        default_words="none: in development /metrics answers this machine, in production nobody",
        quiet=True,
        help="Bearer token that /metrics asks for. Never in config/default.env.",
    )
    deliver_events: bool = _setting(
        values.switch,
        allowed="on or off",
        default=False,
        help="Each process of the server delivers events to webhooks; off leaves it to rowgate events drain.",
    )
    optimistic_locking: bool = _setting(
        values.switch,
        allowed="on or off",
        default=True,
        help="Resources carry S_CheckSum, and a PATCH that sends an old one is refused.",
    )
    why_roles: tuple[str, ...] = _setting(
        values.words,
        allowed="names of roles, separated by commas; * for everybody",
        default=(),
        default_words="none: superusers only",
        help="Roles that may ask why they see the rows they see: the declarations and the SQL of their own statements.",
    )
    inspector_roles: tuple[str, ...] = _setting(
        values.words,
        allowed="names of roles, separated by commas",
        default=(),
        default_words="none: superusers only",
        help="Roles that may inspect the policy for any user and any row, and so learn of every row.",
    )
    view_as_roles: tuple[str, ...] = _setting(
        values.words,
        allowed="names of roles, separated by commas",
        default=(),
        default_words="none: superusers only",
        help="Roles that may view the rows as another user; only a superuser views as a superuser.",
    )
    filter_log: Literal["text", "json", "off"] = _setting(
        values.choice("text", "json", "off"),
        allowed="text, json or off",
        default="text",
        help="The form of the filter log, which says for every statement which declarations applied.",
    )
    access_log: Literal["json", "text", "off"] = _setting(
        values.choice("json", "text", "off"),
        allowed="json, text or off",
        default="json",
        help="The form of the access log, one line for each request on standard output.",
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
        urls: Mapping[str, URL] = self.database_urls or {}
        object.__setattr__(self, "database_urls", {name: self._rooted(url) for name, url in sorted(urls.items())})
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

    def url_of(self, database: str) -> URL:
        """Where a further database is.

        Args:
            database: its name in the project.
        """
        return self.database_urls.get(database) or URL.create(
            "sqlite", database=str(self.instance / f"{database}.sqlite")
        )

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
        shown: dict[str, str] = {}
        for each in self.all():
            value = getattr(self, each.field)
            if isinstance(value, Mapping):
                shown |= {member(each, name): shown_as(url) for name, url in value.items()}
            else:
                shown[each.name] = shown_as(value)
        return shown

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.shown().items())
        return f"Settings(root={str(self.root)!r}, {values})"


def declared_settings() -> tuple[Field[Any], ...]:
    return tuple(each for each in fields(Settings) if "parse" in each.metadata)


def member(setting: Setting, database: str) -> str:
    """The variable of one database, of the setting that stands for one for each."""
    return setting.name.replace("<NAME>", database.upper())


def described(declared: Field[Any]) -> Setting:
    facts = declared.metadata
    return Setting(
        name=facts["name"] or PREFIX + declared.name.upper(),
        field=declared.name,
        allowed=facts["allowed"],
        default=facts["default"],
        help=facts["help"],
        quiet=facts["quiet"],
    )
