"""The queue: reactions run by a worker, at least once, with back-off; a failure shows on its record.

A worker leases one job for a while. The job's effects in the database and its ``done`` mark commit together, and only
if the lease is still the worker's own: one that was paused too long cannot commit over the one that took over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import close_old_connections, connection
from django.db.models import Q

from guantong.core import sql
from guantong.core.change import now
from guantong.core.models import Job
from guantong.core.registry import registry

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8
IDLE_SECONDS = 0.5
log = logging.getLogger(__name__)


class LostLease(Exception):
    """Another worker took the job over; what this one did is rolled back."""


def work_forever(stop: Callable[[], bool]) -> None:
    """Run jobs until ``stop()`` says so; sleeps shortly when there is nothing to do."""
    while not stop():
        try:
            busy = work_once()
        except Exception:
            log.exception("the worker could not reach the queue")
            close_old_connections()
            busy = False
        if not busy:
            time.sleep(IDLE_SECONDS)


def work_once() -> bool:
    """Lease and run one due job; False when there is none."""
    leased = sql.run_with_retry(_lease)
    if leased is None:
        return False
    job_id, lease = leased
    try:
        sql.run_with_retry(lambda: _run(job_id, lease))
    except LostLease:
        log.warning("job %s was taken over by another worker", job_id)
    except Exception as error:
        log.exception("job %s failed", job_id)
        _fail(job_id, lease, error)
    return True


def _lease() -> tuple[int, UUID] | None:
    """Take the oldest due job that nobody holds."""
    moment = now()
    due = Q(state=Job.State.WAITING, due_at__lte=moment) & (Q(leased_until=None) | Q(leased_until__lt=moment))
    if not Job.objects.filter(due).exists():
        return None
    with sql.write_transaction():
        rows = Job.objects.filter(due).order_by("due_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        job = rows.first()
        if job is None:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, error="The worker ended while running it.")
            return None
        lease = uuid4()
        Job.objects.filter(pk=job.pk).update(lease=lease, leased_until=moment + LEASE, attempts=job.attempts + 1)
    return job.pk, lease


def _run(job_id: int, lease: UUID) -> None:
    with sql.write_transaction():
        job = Job.objects.select_related("event").get(pk=job_id)
        registry.reactions[job.reaction].run(job)
        marked = Job.objects.filter(pk=job_id, lease=lease, state=Job.State.WAITING).update(
            state=Job.State.DONE, finished_at=now(), lease=None, leased_until=None, error=""
        )
        if not marked:
            raise LostLease


def _fail(job_id: int, lease: UUID, error: Exception) -> None:
    """Give the job back with a later due time, or up after the last attempt."""
    job = Job.objects.get(pk=job_id)
    last = job.attempts >= MAX_ATTEMPTS
    Job.objects.filter(pk=job_id, lease=lease).update(
        state=Job.State.FAILED if last else Job.State.WAITING,
        due_at=now() + timedelta(seconds=2**job.attempts),
        lease=None,
        leased_until=None,
        error=f"{type(error).__name__}: {error}"[:1000],
    )


def retry_job(uid: UUID) -> None:
    """Let a failed job run again at once."""
    Job.objects.filter(uid=uid, state=Job.State.FAILED).update(state=Job.State.WAITING, due_at=now(), attempts=0)
