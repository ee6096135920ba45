"""The thin subcommands: each reads its words and calls the one function that does the work."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import sys
import threading
from collections.abc import Iterator

from guantong.config.cli import parse, resolve
from guantong.config.env import ROOT
from guantong.config.lifeline import end_with_parent
from guantong.config.sentences import CommandError


def migrate(words: list[str]) -> int:
    """Bring the database up to date."""
    parse("migrate", words)
    resolve("guantong.config.prepare:migrate_database")()
    return 0


def worker(words: list[str]) -> int:
    """Do background jobs until a signal says to stop; the job at hand is finished first."""
    options = parse("worker", words, ("--supervised", {"action": "store_true"}))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if options.supervised:
        end_with_parent(stop.set)
    resolve("guantong.core.jobs:work_forever")(stop.is_set)
    return 0


def check_books(words: list[str]) -> int:
    """Prove that the books agree with each other, for one company or for all."""
    options = parse("check-books", words, ("--company", {"default": "", "metavar": "UID"}))
    return int(resolve("guantong.core.checks:run_check_books")(options.company, sys.stdout))


def user(words: list[str]) -> int:
    """Make a user, or give one a new password."""
    texts = [(f"--{name}", {"default": ""}) for name in ("name", "email", "role", "company")]
    options = parse("user", words, ("what", {"choices": ["create", "password"]}), ("username", {}), *texts)
    people = "guantong.core.people"
    with refusals_as_sentences():
        resolve("guantong.fusion.reference:load_reference")()
        if options.what == "create":
            given = {name: getattr(options, name) for name in ("name", "email", "role", "company")}
            resolve(f"{people}:create_user")(options.username, _new_password(), **given)
        else:
            users = resolve("django.contrib.auth:get_user_model")()._default_manager
            found = users.filter(username=options.username).first()
            if found is None:
                raise CommandError(f"There is no user {options.username}.")
            resolve(f"{people}:set_password")(found, _new_password())
    print(f"{options.username}: {'created' if options.what == 'create' else 'password changed'}")
    return 0


def company(words: list[str]) -> int:
    """Make a company, for an installation without the samples."""
    needed = [(f"--{name}", {"required": True}) for name in ("currency", "country", "zone")]
    options = parse(
        "company", words, ("what", {"choices": ["create"]}), ("name", {}), *needed, ("--city", {"default": ""})
    )
    given = {name: getattr(options, name) for name in ("currency", "country", "zone", "city")}
    with refusals_as_sentences():
        resolve("guantong.fusion.reference:load_reference")()
        resolve("guantong.master.companies.setup:create_company")(options.name, **given)
    print(f"{options.name}: created. Next: guantong user create NAME --role admin")
    return 0


def token(words: list[str]) -> int:
    """Make a key for the API and print it; it cannot be shown again."""
    options = parse(
        "token", words, ("what", {"choices": ["create"]}), ("user", {}), ("--name", {"default": "command line"})
    )
    with refusals_as_sentences():
        print(resolve("guantong.core.tokens:create_token")(options.user, options.name))
    return 0


@contextlib.contextmanager
def refusals_as_sentences() -> Iterator[None]:
    """What the frame refuses with a sentence (no such user, too short a password) is no fault of ours."""
    try:
        yield
    except (ValueError, LookupError) as error:
        raise CommandError(str(error.args[0]) if error.args else "That is refused.") from error


def bench(words: list[str]) -> int:
    """Measure; see tests/bench."""
    sys.path.insert(0, str(ROOT))
    return int(resolve("tests.bench.runner:main")(words))


def engine(words: list[str]) -> int:
    """Run one engine on a file, without the platform."""
    return int(resolve("guantong.engines.cli:main")(words) or 0)


def django(words: list[str]) -> int:
    """Hand over to Django's own command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["guantong django", *words])
    return 0


def _new_password() -> str:
    """Ask twice at a terminal; otherwise take one line of standard input."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
        if not password:
            raise CommandError("The password is expected on standard input, which is empty.")
        return password
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise CommandError("The two passwords differ: nothing was changed.")
    return password
