"""The settings by environment."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from guantong.config.env import ROOT, EnvError, load_env, load_secret_key, make_data_folder


def test_without_any_variable_the_defaults_serve_sqlite_on_localhost():
    env = load_env({})
    assert (env.host, env.port, env.base_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert env.data == ROOT / "var"
    assert env.database.name == str(ROOT / "var" / "guantong.sqlite3")
    assert env.demo
    assert not env.debug
    assert env.smtp is None


def test_an_empty_variable_counts_as_none():
    assert load_env({"GUANTONG_PORT": "", "DATABASE_URL": " "}).port == 8000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@db:5433/n", ("db", "5433", "u", "p", "n")),
        ("postgres://u%40corp:p%2F%3A@db/n", ("db", "", "u@corp", "p/:", "n")),
        ("postgresql:///n?host=/run/pg&user=u", ("/run/pg", "", "u", "", "n")),
        ("postgresql://u@%2Frun%2FPg:5433/n", ("/run/Pg", "5433", "u", "", "n")),
        ("postgresql://u@%2Frun%2FPg/n", ("/run/Pg", "", "u", "", "n")),
        ("postgresql://[::1]:5432/n", ("::1", "5432", "", "", "n")),
    ],
)
def test_a_postgresql_url_is_taken_apart(url: str, expected: tuple[str, ...]):
    database = load_env({"DATABASE_URL": url}).database
    assert (database.host, database.port, database.user, database.password, database.name) == expected


def test_options_of_a_postgresql_url_reach_django():
    database = load_env({"DATABASE_URL": "postgresql://db/n?sslmode=require&connect_timeout=3"}).database
    assert database.django()["OPTIONS"] == {"sslmode": "require", "connect_timeout": "3"}


def test_a_password_never_shows_in_messages():
    env = load_env({"DATABASE_URL": "postgresql://u:secret-1@db/n", "GUANTONG_SMTP": "smtps://u:secret-2@mail"})
    assert "secret" not in repr(env) + env.database.describe()


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"GUANTONG_PORT": "http"}, "GUANTONG_PORT"),
        ({"GUANTONG_PORT": "70000"}, "GUANTONG_PORT"),
        ({"GUANTONG_PORT": "8²"}, "GUANTONG_PORT"),
        ({"GUANTONG_DEMO": "maybe"}, "GUANTONG_DEMO"),
        ({"GUANTONG_WORKERS": "0"}, "GUANTONG_WORKERS"),
        ({"GUANTONG_BASE_URL": "erp.example.com"}, "GUANTONG_BASE_URL"),
        ({"GUANTONG_BASE_URL": "https://erp.example.com/path"}, "GUANTONG_BASE_URL"),
        ({"DATABASE_URL": "mysql://db/n"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://db:99999/n"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://[::1/n"}, "DATABASE_URL"),
        ({"GUANTONG_SMTP": "mail.example.com"}, "GUANTONG_SMTP"),
        ({"GUANTONG_TLS_KEY": "/nowhere/key.pem"}, "GUANTONG_TLS_CERT"),
        ({"GUANTONG_TLS_CERT": "/nowhere/c", "GUANTONG_TLS_KEY": "/nowhere/k"}, "GUANTONG_TLS_CERT"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(variables: dict[str, str], word: str):
    with pytest.raises(EnvError) as caught:
        load_env(variables)
    sentence = str(caught.value)
    assert word in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail", 25, "none"),
        ("smtp+tls://u:p%40@mail", 587, "starttls"),
        ("smtps://mail:2465", 2465, "tls"),
    ],
)
def test_a_mail_url_says_how_the_connection_is_protected(url: str, port: int, security: str):
    smtp = load_env({"GUANTONG_SMTP": url}).smtp
    assert smtp is not None
    assert (smtp.host, smtp.port, smtp.security) == ("mail", port, security)


def test_tls_files_make_the_address_https(tmp_path: Path):
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("x")
    env = load_env({"GUANTONG_TLS_CERT": str(tmp_path / "cert.pem"), "GUANTONG_TLS_KEY": str(tmp_path / "key.pem")})
    assert env.base_url == "https://localhost:8000"
    assert env.local_url == "https://127.0.0.1:8000"
    assert env.https


def test_the_secret_key_is_made_once_and_closed_to_others(tmp_path: Path):
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(load_secret_key(tmp_path / "var"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvError, match="cannot be written"):
        make_data_folder(tmp_path / "file" / "var")
