"""Brings the database up to date and fills an empty one with the samples; a process of its own before the server.

It is its own process so that the supervisor, which lives as long as the server, never loads Django.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from guantong.config.cli import parse, resolve
from guantong.config.env import Env, load_env, make_data_folder
from guantong.config.lifeline import end_with_parent
from guantong.config.progress import Progress
from guantong.config.sentences import CommandError

LOGINS = "logins.json"
UNFINISHED = "samples-unfinished"


def prepare(words: list[str]) -> int:
    """Migrate, add reference data, then load the samples into an empty database, unless GUANTONG_DEMO=0."""
    parse("_prepare", words)
    end_with_parent(lambda: os._exit(1))
    env = load_env()
    make_data_folder(env.data)
    (env.data / "static").mkdir(exist_ok=True)  # whitenoise warns of a missing one at every start
    set_unfinished_aside(env)
    migrate_database()
    resolve("guantong.fusion.reference:load_reference")()
    if env.demo and resolve("guantong.fusion.samples:is_empty")():
        marker = env.data / UNFINISHED
        marker.write_text(env.database.describe(), encoding="utf-8")
        save_logins(env.data, load_samples())
        connection.close()
        marker.unlink()
    return 0


def set_unfinished_aside(env: Env) -> None:
    """Begin anew where an earlier start was interrupted while it loaded the samples.

    Samples are made by many transactions of their own, and no server starts before they are whole, so a half filled
    database holds nobody's work. An SQLite file is moved aside; a PostgreSQL database is left to who owns it.
    """
    marker = env.data / UNFINISHED
    if not marker.exists() or marker.read_text(encoding="utf-8") != env.database.describe():
        return
    if env.database.is_postgres:
        raise CommandError(
            f"Loading the samples into {env.database.describe()} was interrupted: make that database anew, delete "
            f"{marker}, and start again."
        )
    for ending in ("", "-wal", "-shm"):
        path = Path(f"{env.database.name}{ending}")
        if path.exists():
            path.replace(f"{env.database.name}.unfinished{ending}")
    marker.unlink()


def migrate_database() -> None:
    """Apply what is missing, with one line of progress; say nothing when nothing is."""
    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return
    progress, done = Progress("Database"), 0

    def report(action: str, migration: Any | None = None, fake: bool | None = None) -> None:
        nonlocal done
        if action == "apply_success":
            done += 1
        if migration is not None:
            progress.update(done, len(plan), f"{migration.app_label} {migration.name}")

    MigrationExecutor(connection, report).migrate(executor.loader.graph.leaf_nodes())
    resolve("django.core.management:call_command")("migrate", verbosity=0, interactive=False)
    progress.finish(f"{len(plan)} steps")


def load_samples() -> list[tuple[str, str, str]]:
    """Load the samples with a bar; the logins they made."""
    progress = Progress("Samples")
    load = resolve("guantong.fusion.samples:load")
    logins: list[tuple[str, str, str]] = load(progress=lambda done, total, what: progress.update(done, total, what))
    progress.finish("loaded")
    return logins


def save_logins(data: Path, logins: list[tuple[str, str, str]]) -> None:
    """Keep the sample logins beside the database, readable by its owner alone, to print them at every start."""
    descriptor = os.open(data / LOGINS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(logins, stream, ensure_ascii=False, indent=1)
