"""The `guantong` command."""

from __future__ import annotations

import errno
import importlib.util
import os

import pytest

from guantong import __version__
from guantong.config import cli
from guantong.config.env import ROOT, VARIABLES, EnvError
from guantong.config.sentences import CommandError, sentence_for


def test_the_version_is_printed(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"guantong {__version__}\n"


def test_help_lists_every_command_that_is_not_hidden(capsys):
    assert cli.main([]) == 0
    shown = capsys.readouterr().out
    for name, command in cli.COMMANDS.items():
        assert (f"  {name} " in shown) is not command.hidden


def test_an_unknown_command_is_one_sentence(capsys):
    assert cli.main(["fly"]) == 1
    assert capsys.readouterr().err == "guantong: There is no command 'fly': ./guantong help lists them.\n"


def test_a_wrong_setting_stops_every_command_with_its_sentence(capsys, monkeypatch):
    monkeypatch.setenv("GUANTONG_PORT", "none")
    assert cli.main(["check-books"]) == 1
    assert "GUANTONG_PORT is 'none'" in capsys.readouterr().err


def test_an_unexpected_failure_keeps_its_trace_in_a_file(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GUANTONG_DATA", str(tmp_path))
    monkeypatch.delenv("GUANTONG_DEBUG", raising=False)
    monkeypatch.setattr(cli, "show_help", lambda words: os.environ["NO_SUCH_VARIABLE"])
    assert cli.main(["help"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert "KeyError" in err
    (log,) = (tmp_path / "log").iterdir()
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize(
    "name", [name for name, command in cli.COMMANDS.items() if command.target.startswith("guantong")]
)
def test_every_command_names_a_module_of_ours(name: str):
    module, _, function = cli.COMMANDS[name].target.partition(":")
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    with open(spec.origin, encoding="utf-8") as source:
        assert f"def {function}(" in source.read()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot be written"),
        (RuntimeError("database or disk is full"), "disk is full"),
        (RuntimeError("attempt to write a readonly database"), "cannot be written"),
        (PermissionError(errno.EACCES, "Permission denied", "/data/x"), "/data/x may not be used"),
        (EnvError("A is wrong."), "A is wrong."),
        (CommandError("B is wrong."), "B is wrong."),
    ],
)
def test_expected_failures_have_a_sentence(error: Exception, words: str):
    assert words in (sentence_for(error) or "")


def test_a_fault_of_ours_has_none():
    assert sentence_for(ZeroDivisionError("division by zero")) is None


def test_the_readme_documents_every_setting():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README yet")
    text = readme.read_text(encoding="utf-8")
    assert [name for name in VARIABLES if name not in text] == []
