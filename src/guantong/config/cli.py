"""The `guantong` command: a table of names, each with the function that does it.

The functions are named by strings and looked up after Django is set up, because most of them live in modules with
models, which can only be imported then.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from guantong import __version__
from guantong.config.env import ROOT, VARIABLES, load_env
from guantong.config.sentences import CommandError, sentence_for, write_trace


@dataclass(frozen=True)
class Command:
    """One subcommand: `target` is `module:function`, called with the words that follow the command's name."""

    target: str
    help: str
    needs_django: bool = True
    hidden: bool = False


COMMANDS: dict[str, Command] = {
    "run": Command("guantong.config.serve:run", "serve: database, samples, web server, worker", needs_django=False),
    "migrate": Command("guantong.config.commands:migrate", "bring the database up to date"),
    "worker": Command("guantong.config.commands:worker", "do background jobs until stopped"),
    "check-books": Command("guantong.config.commands:check_books", "prove that the books agree [--company UID]"),
    "user": Command("guantong.config.commands:user", "user create NAME [--role R --company C] | user password NAME"),
    "company": Command(
        "guantong.config.commands:company", "company create NAME --currency CNY --country CN --zone Asia/Shanghai"
    ),
    "token": Command("guantong.config.commands:token", "token create USER [--name N]: a key for the API"),
    "bench": Command("guantong.config.commands:bench", "measure, all or one by NAME", needs_django=False),
    "engine": Command("guantong.config.commands:engine", "engine NAME --input F --output G", needs_django=False),
    "translations": Command("guantong.config.translations:main", "--update, --check or --compile", needs_django=False),
    "django": Command("guantong.config.commands:django", "any command of Django's manage.py", needs_django=False),
    "env": Command("guantong.config.cli:show_variables", "list the settings by environment", needs_django=False),
    "help": Command("guantong.config.cli:show_help", "list the commands", needs_django=False),
    "_prepare": Command("guantong.config.prepare:prepare", "", hidden=True),
    "_server": Command("guantong.config.server:serve", "", needs_django=False, hidden=True),
}

LAUNCHER_HELP = {
    "test": "lint, types, contracts, translations and all tests (by the launcher)",
    "lint": "the part of test that needs no database (by the launcher)",
    "soak": "the tests that take longer than CI may (by the launcher)",
    "lock": "make the locks of the Python packages anew (by the launcher)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code. Every expected failure is one sentence on stderr and the code 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):
        print(f"guantong {__version__}")
        return 0
    name = words[0] if words and words[0] not in {"-h", "--help"} else "help"
    try:
        return _call(name, words[1:])
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else _complain(str(stop.code)) if stop.code else 0
    except Exception as error:
        return _complain(_explain(error))


def _call(name: str, words: list[str]) -> int:
    command = COMMANDS.get(name)
    if command is None:
        raise CommandError(f"There is no command '{name}': ./guantong help lists them.")
    load_env()
    if command.needs_django:
        set_up_django()
    return int(resolve(command.target)(words) or 0)


def set_up_django() -> None:
    """Load the settings and every app, after which modules with models can be imported."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
    import django

    django.setup()


def resolve(target: str) -> Callable[..., Any]:
    """The function that `module:function` names."""
    module, _, function = target.partition(":")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise CommandError(f"This version of Guantong has no {module}.") from error
        raise
    return found


def parse(name: str, words: list[str], *options: tuple[str, dict[str, Any]]) -> argparse.Namespace:
    """Parse the words after a command's name; a mistake prints the usage and leaves with code 2."""
    parser = argparse.ArgumentParser(prog=f"guantong {name}", allow_abbrev=False)
    for option, settings in options:
        parser.add_argument(option, **settings)
    return parser.parse_args(words)


def show_help(words: list[str]) -> int:
    """Print every command with its line of help."""
    print(f"Guantong (贯通) {__version__}\n\nusage: ./guantong COMMAND\n")
    shown = {name: command.help for name, command in COMMANDS.items() if not command.hidden}
    for name, text in {"run": shown.pop("run"), **LAUNCHER_HELP, **shown}.items():
        print(f"  {name:<13} {text}")
    return 0


def show_variables(words: list[str]) -> int:
    """Print every setting that may come by the environment."""
    for name, text in VARIABLES.items():
        print(f"  {name:<19} {text}")
    return 0


def _explain(error: Exception) -> str:
    sentence = sentence_for(error)
    if sentence is not None:
        return sentence
    if os.environ.get("GUANTONG_DEBUG", "").lower() in {"1", "true", "yes", "on"}:
        raise error
    try:
        folder = load_env().data / "log"
    except Exception:
        folder = ROOT / "var" / "log"
    return write_trace(error, folder)


def _complain(sentence: str) -> int:
    print(f"guantong: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
