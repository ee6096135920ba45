"""The settings an operator may give through the environment, read and checked in one place.

Standard library only: the launcher, the tests and `settings.py` all read this before Django exists.
Every wrong value raises `EnvError` with one sentence that names the variable, so that no command answers with a trace.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds `guantong`, `src` and `frontend`; `./var` is made here unless GUANTONG_DATA says otherwise."""

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "pgsql"})
SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465, "smtp+ssl": 465}

VARIABLES: dict[str, str] = {
    "GUANTONG_PORT": "port the web server listens on (default 8000)",
    "GUANTONG_HOST": "address the web server listens on (default 127.0.0.1; 0.0.0.0 for every network card)",
    "GUANTONG_BASE_URL": "address people type, if a proxy or name stands in front (default from host and port)",
    "GUANTONG_DATA": "folder for the database, files, keys and logs (default ./var)",
    "DATABASE_URL": "postgresql://user:password@host:5432/name (default: SQLite in GUANTONG_DATA)",
    "GUANTONG_TLS_CERT": "certificate file in PEM; with GUANTONG_TLS_KEY the server speaks https",
    "GUANTONG_TLS_KEY": "private key file in PEM",
    "GUANTONG_SMTP": "smtp+tls://user:password@host:587, smtps://… or smtp://… (default: mails are written to files)",
    "GUANTONG_MAIL_FROM": "sender of mails (default guantong@localhost)",
    "GUANTONG_DEMO": "0 starts with an empty database instead of the samples (default 1)",
    "GUANTONG_DEBUG": "1 shows Django's debug pages; never where others can reach the server (default 0)",
    "GUANTONG_WORKERS": "number of background worker processes (default 1)",
}
"""Every variable with one line of help; the README's table and `guantong env` are made from it."""


class EnvError(Exception):
    """A setting is wrong; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Database:
    """Where the data lives: an SQLite file, or a PostgreSQL server reached by TCP or by a Unix socket."""

    engine: str
    name: str
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_postgres(self) -> bool:
        """Whether the data is on a PostgreSQL server."""
        return self.engine == "postgresql"

    def django(self) -> dict[str, Any]:
        """The entry for Django's DATABASES, without the tuning that `settings.py` adds."""
        if not self.is_postgres:
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": self.name}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": self.port,
            "OPTIONS": dict(self.options),
        }

    def describe(self) -> str:
        """A short name for messages that never shows the password."""
        if not self.is_postgres:
            return f"SQLite {self.name}"
        return f"PostgreSQL {self.name} on {self.host or 'the local socket'}{':' + self.port if self.port else ''}"


@dataclass(frozen=True)
class Smtp:
    """The mail server; `security` is `none`, `starttls` or `tls`."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Env:
    """All settings, checked."""

    port: int
    host: str
    base_url: str
    data: Path
    database: Database
    tls_cert: Path | None
    tls_key: Path | None
    smtp: Smtp | None
    mail_from: str
    demo: bool
    debug: bool
    workers: int

    @property
    def https(self) -> bool:
        """Whether people reach the site by https, by our own certificate or by a proxy's."""
        return self.base_url.startswith("https://")

    @property
    def local_url(self) -> str:
        """The address at which this machine itself reaches the server, for the readiness check."""
        return f"{'https' if self.tls_cert else 'http'}://{_url_host(reachable_host(self.host))}:{self.port}"


def load_env(environ: Mapping[str, str] | None = None) -> Env:
    """Read every setting from `environ` (by default the process's own); raise `EnvError` at the first wrong one."""
    source = os.environ if environ is None else environ
    port = _number(source, "GUANTONG_PORT", 8000, 1, 65535)
    host = _text(source, "GUANTONG_HOST", "127.0.0.1").strip("[]")
    data = _folder(source)
    cert, key = _tls_files(source)
    default_url = f"{'https' if cert else 'http'}://{_url_host(_shown_host(host))}:{port}"
    return Env(
        port=port,
        host=host,
        base_url=_base_url(source, default_url),
        data=data,
        database=parse_database_url(_text(source, "DATABASE_URL", ""), data),
        tls_cert=cert,
        tls_key=key,
        smtp=parse_smtp_url(_text(source, "GUANTONG_SMTP", "")),
        mail_from=_text(source, "GUANTONG_MAIL_FROM", "guantong@localhost"),
        demo=_flag(source, "GUANTONG_DEMO", _flag(source, "DEMO", True)),
        debug=_flag(source, "GUANTONG_DEBUG", False),
        workers=_number(source, "GUANTONG_WORKERS", 1, 1, 64),
    )


def reachable_host(host: str) -> str:
    """The address to connect to when the server listens on `host`: a wildcard is reached by loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def parse_database_url(url: str, data: Path) -> Database:
    """Turn DATABASE_URL into a `Database`; an empty one means the SQLite file in the data folder."""
    if not url:
        return Database(engine="sqlite", name=str(data / "guantong.sqlite3"))
    parts = _split(url, "DATABASE_URL", "postgresql://user:password@host:5432/name")
    if parts.scheme == "sqlite":
        path = unquote(parts.path[1:] if parts.path.startswith("/") else parts.path)
        if parts.netloc or not path:
            raise EnvError("DATABASE_URL for SQLite must read sqlite:////absolute/path or sqlite:///relative/path.")
        return Database(engine="sqlite", name=path if path == ":memory:" else str(Path(path).expanduser().absolute()))
    if parts.scheme not in POSTGRES_SCHEMES:
        raise EnvError(f"DATABASE_URL begins with '{parts.scheme}://', but only postgresql:// and sqlite:// are known.")
    return _postgres(parts)


def _postgres(parts: SplitResult) -> Database:
    """Read a PostgreSQL URL; a Unix socket's folder comes as `?host=/folder` or percent-encoded in the host's place."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    name = unquote(parts.path.lstrip("/")) or options.pop("dbname", "")
    if not name:
        raise EnvError("DATABASE_URL names no database: write its name after the last slash.")
    # urlsplit lower-cases the host, which would break the path of a socket.
    raw_host = parts.netloc.rpartition("@")[2]
    given_host = unquote(raw_host.partition(":")[0]) if "%2f" in raw_host.lower() else unquote(parts.hostname or "")
    return Database(
        engine="postgresql",
        name=name,
        host=given_host or options.pop("host", ""),
        port=str(parts.port or options.pop("port", "")),
        user=unquote(parts.username or "") or options.pop("user", ""),
        password=unquote(parts.password or "") or options.pop("password", ""),
        options=options,
    )


def parse_smtp_url(url: str) -> Smtp | None:
    """Turn GUANTONG_SMTP into an `Smtp`; an empty one means that no mail leaves the machine."""
    if not url:
        return None
    example = "smtp+tls://user:password@host:587"
    parts = _split(url, "GUANTONG_SMTP", example)
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        raise EnvError(f"GUANTONG_SMTP is not understood: write it like {example}.")
    security = {"smtp": "none", "smtp+tls": "starttls"}.get(parts.scheme, "tls")
    return Smtp(
        host=parts.hostname,
        port=parts.port or SMTP_PORTS[parts.scheme],
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def make_data_folder(data: Path) -> None:
    """Make the data folder, closed to other users, and prove that it can be written."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / f".write-{secrets.token_hex(6)}"
        probe.write_bytes(b"guantong")
        probe.unlink()
    except OSError as error:
        raise EnvError(
            f"The data folder {data} cannot be written ({error.strerror or error}); free it or set GUANTONG_DATA."
        ) from error


def load_secret_key(data: Path) -> str:
    """Return the site's secret key, making `secret.key` readable by its owner alone at the first start.

    Two processes that start together agree: the key is written whole to a file of its own and then linked into place,
    which only the first can do.
    """
    path = data / "secret.key"
    try:
        if not path.exists():
            make_data_folder(data)
            draft = data / f".secret-{secrets.token_hex(6)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(secrets.token_urlsafe(48) + "\n")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvError(f"The secret key {path} cannot be read or made ({error}).") from error
    if len(key) < 32:
        raise EnvError(f"The secret key {path} is shorter than 32 characters: delete the file to have a new one made.")
    return key


def _text(source: Mapping[str, str], name: str, default: str) -> str:
    value = source.get(name, "").strip()
    return value or default


def _number(source: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = _text(source, name, str(default))
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise EnvError(f"{name} is '{text}', but must be a whole number from {low} to {high}.")
    return int(text)


def _flag(source: Mapping[str, str], name: str, default: bool) -> bool:
    text = _text(source, name, "1" if default else "0").lower()
    if text in TRUE_WORDS or text in FALSE_WORDS:
        return text in TRUE_WORDS
    raise EnvError(f"{name} is '{text}', but must be 1 or 0.")


def _folder(source: Mapping[str, str]) -> Path:
    text = _text(source, "GUANTONG_DATA", "")
    return Path(text).expanduser().absolute() if text else ROOT / "var"


def _tls_files(source: Mapping[str, str]) -> tuple[Path | None, Path | None]:
    names = ("GUANTONG_TLS_CERT", "GUANTONG_TLS_KEY")
    values = [_text(source, name, "") for name in names]
    if not any(values):
        return None, None
    for name, value in zip(names, values, strict=True):
        if not value:
            raise EnvError(f"{name} is missing: TLS needs both GUANTONG_TLS_CERT and GUANTONG_TLS_KEY.")
    for name, value in zip(names, values, strict=True):
        if not os.access(value, os.R_OK) or not Path(value).is_file():
            raise EnvError(f"{name} names {value}, which is not a file that can be read.")
    return Path(values[0]).absolute(), Path(values[1]).absolute()


def _base_url(source: Mapping[str, str], default: str) -> str:
    text = _text(source, "GUANTONG_BASE_URL", default).rstrip("/")
    parts = _split(text, "GUANTONG_BASE_URL", "https://erp.example.com")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise EnvError(f"GUANTONG_BASE_URL is '{text}', but must read like https://erp.example.com.")
    if parts.query or parts.fragment or parts.path:
        raise EnvError(f"GUANTONG_BASE_URL is '{text}', but must end after the host and port.")
    return text


def _split(url: str, name: str, example: str) -> SplitResult:
    """Split a URL, turning the standard library's complaints about ports and brackets into a sentence."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        if "%2f" in url.lower() and "Port" in str(error):
            return urlsplit(url)
        raise EnvError(f"{name} is not understood ({error}): write it like {example}.") from error
    return parts


def _shown_host(host: str) -> str:
    return "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1", ""} else host


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
