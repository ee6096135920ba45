"""What a process of its own does in the tests of concurrency: ``child.py WORK WORDS``; it dies where it is told to."""

from __future__ import annotations

import os
import sys
import time
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
connection.settings_dict["NAME"] = os.environ["TEST_DATABASE"]

from guantong.core import jobs  # noqa: E402
from guantong.core.actions import run  # noqa: E402
from guantong.core.change import Change  # noqa: E402
from guantong.core.registry import registry  # noqa: E402
from tests import world  # noqa: E402


def wait_for_death(*_words: Any) -> None:
    """Everything is written, nothing committed: say so and wait to be killed."""
    print("in the middle", flush=True)
    time.sleep(60)


def die_after_flush() -> None:
    flush = Change.flush

    def flush_and_wait(self: Change) -> Any:
        flush(self)
        if self.action.verb != "confirm" or sys.argv[1] != "die_in_approve":
            wait_for_death()

    Change.flush = flush_and_wait  # type: ignore[method-assign]


def main(work: str, *words: str) -> None:
    orders, by = registry.resources["sales-orders"], world.as_role("manager")
    if work == "create_orders":
        for _turn in range(int(words[0])):
            world.done(run(orders, "create", by=by, rows=[world.order_values()]))
        print("done", flush=True)
        return
    if work == "die_in_a_job":
        reaction = registry.reactions["tell_salesperson"]

        def tell_and_wait(job: Any) -> None:
            reaction.run(job)
            wait_for_death()

        registry.reactions["tell_salesperson"] = type(reaction)(**{**reaction.__dict__, "run": tell_and_wait})
        jobs.work_once()
        return
    die_after_flush()
    uids = [UUID(word) for word in words]
    if work == "die_in_create":
        run(orders, "create", by=by, rows=[world.order_values()])
    elif work == "die_in_approve":
        run(registry.resources["approvals"], "approve", by=by, objects=uids)
    else:
        rows = [{"note": "half", "lines": [world.line("A-3", "7")]}] if work == "die_in_amend" else []
        run(orders, work.removeprefix("die_in_"), by=by, objects=uids, rows=rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
