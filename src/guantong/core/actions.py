"""Running a verb: permission, row scope, version, state, locks, ports, one transaction, one event an object.

``run`` is the only door: pages, API, import, jobs and agents all come through it and get one of four answers. A run
touches nothing outside the database, so every verb can be dry-run to a difference.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from guantong.core import sql
from guantong.core.access import Actor
from guantong.core.answers import (
    NO_CONSENT,
    Answer,
    Consent,
    Done,
    NeedsApproval,
    NeedsConfirmation,
    Pending,
    Refused,
    objections_of,
)
from guantong.core.change import Change, now
from guantong.core.formats import show_list
from guantong.core.inputs import Draft, read_inputs, read_rows
from guantong.core.models import ApprovalRequest, Event, IdempotencyKey, User
from guantong.core.models.base import Record
from guantong.core.registry import Action, registry
from guantong.core.resource import Resource, kind_of


@dataclass(frozen=True)
class Call:
    """One request to run a verb. ``rows`` are typed values for creating and editing, one an object."""

    resource: type[Resource]
    verb: str
    by: Actor
    objects: Sequence[UUID] = ()
    versions: Mapping[UUID, int] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()
    consent: Consent = NO_CONSENT
    key: str = ""
    dry: bool = False


class _Undo(Exception):
    """Rolls the transaction back and carries the answer out of it."""

    def __init__(self, answer: Answer | None = None, asks: Sequence[tuple[Record, NeedsApproval]] = ()) -> None:
        self.answer = answer
        self.asks = asks


def run(
    resource: type[Resource],
    verb: str,
    *,
    by: Actor,
    objects: Sequence[UUID] = (),
    versions: Mapping[UUID, int] | None = None,
    inputs: Mapping[str, Any] | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
    consent: Consent = NO_CONSENT,
    key: str = "",
    dry: bool = False,
) -> Answer:
    """Run ``verb`` on the objects (or create ``rows``) as one whole: all of them or none.

    ``versions`` are what the caller last saw; ``key`` makes a repeated call act once; ``dry`` writes nothing and
    answers with the difference. Conflicts between writers are retried here and never shown.
    """
    call = Call(resource, verb, by, objects, versions or {}, inputs or {}, rows, consent, key, dry)
    try:
        action = permitted(call)
        return sql.run_with_retry(lambda: _transact(call, action), races=(IdempotencyKey, ApprovalRequest))
    except Refused as refusal:
        return _replay(call) or refusal
    except IntegrityError as error:
        return taken(resource, error)


def permitted(call: Call) -> Action:
    """The verb, if it exists and any role of the actor allows it at all; scope by row is checked under the lock."""
    action = registry.action(call.resource, call.verb)
    if action is None:
        raise Refused("no-such-verb", _("There is no such action here."), status=404)
    company = call.by.company.id if action.form == "create" and call.by.company and _owned(call.resource) else None
    if not call.by.can(call.resource.permission(action.permission_verb), company):
        raise not_allowed(call.resource, action)
    return action


def not_allowed(resource: type[Resource], action: Action) -> Refused:
    return Refused(
        "not-allowed",
        _("Your roles do not allow this."),
        _("Ask an administrator for the permission “%(permission)s”.")
        % {"permission": resource.permission(action.permission_verb)},
        status=403,
    )


def not_own() -> Refused:
    return Refused(
        "not-own",
        _("This is not one of your own records."),
        _("Ask the person in charge, or an administrator for wider rights."),
        status=403,
    )


def company_of(row: Record) -> int | None:
    return getattr(row, "company_id", None)


def _owned(resource: type[Resource]) -> bool:
    return resource.has("company")


def _transact(call: Call, action: Action) -> Answer:
    try:
        with sql.write_transaction():
            replay = _claim(call)
            if replay is not None:
                return replay
            change = Change(call.resource, action, call.by, call.consent)
            done = perform(call, action, change)
            _settle(call, change)
            if call.key:
                _keep(call, done)
            return Done(tuple(row.uid for row in done), tuple(change.difference))
    except _Undo as undo:
        if undo.answer is not None:
            return undo.answer
        return _request(call, action, undo.asks)


def perform(call: Call, action: Action, change: Change) -> list[Record]:
    """The run itself, inside the caller's transaction: load, check, do, write, log."""
    if action.form == "create":
        inputs = _inputs(call, action)
        if not call.rows:
            raise Refused("nothing", _("There is nothing to create."), status=422)
        drafts = read_rows(call.resource, call.rows, call.by)
        _own(call, drafts)
        rows = list(action.run(drafts, by=call.by, change=change, **inputs))
        for row in rows:
            change.add_root(row, created=True)
    else:
        rows = load(call, action)
        inputs = _inputs(call, action)
        for row in rows:
            change.add_root(row)
            _move(row, action, change)
        if action.form == "edit":
            inputs["drafts"] = read_rows(call.resource, call.rows, call.by, stored=rows)
        action.run(rows, by=call.by, change=change, **inputs)
    for port in action.ports:
        cautions, approvals = objections_of(port.ask(rows, by=call.by, change=change))
        change.cautions += cautions
        change.approvals += approvals
    change.flush()
    return rows


def _inputs(call: Call, action: Action) -> dict[str, Any]:
    """What the verb asks for; looked at only when it is known that the actor may see the objects."""
    if action.reason and not call.consent.reason:
        raise Refused("reason-needed", _("Say why."), fields={"reason": _("This is needed.")}, status=422)
    return read_inputs(action.inputs, call.inputs, call.by)


def _own(call: Call, drafts: Sequence[Draft]) -> None:
    """What nobody is named for belongs to who makes it, so that it is never out of its maker's reach."""
    owner = call.resource.owner
    lacking = [draft for draft in drafts if owner and draft.values.get(owner) is None]
    if lacking and call.by.user_id is not None and call.by.uid is not None:
        user = User(pk=call.by.user_id, uid=call.by.uid, name=call.by.name)
        for draft in lacking:
            draft.values[owner] = user


def load(call: Call, action: Action) -> list[Record]:
    """Load and lock the objects in id order; check scope, version and state of each."""
    wanted = list(dict.fromkeys(call.objects))
    if not wanted:
        raise Refused("nothing", _("Pick at least one record."), status=422)
    rows = sql.lock_where(call.resource.model, "uid", wanted)
    view = call.resource.permission("view")
    permission = call.resource.permission(action.permission_verb)
    only = call.resource.only.items()
    seen = [r for r in rows if call.by.may(view, r, call.resource.owner) and all(getattr(r, k) == v for k, v in only)]
    if len(seen) < len(wanted):
        raise missing()
    for row in seen:
        if not call.by.may(permission, row, call.resource.owner):
            raise not_own() if call.by.can(permission, company_of(row)) else not_allowed(call.resource, action)
        _check_version(call, row)
        _check_state(call, action, row)
    by_uid = {row.uid: row for row in seen}
    return [by_uid[uid] for uid in wanted]


COLUMNS = re.compile(r"UNIQUE constraint failed: (?P<sqlite>[^\n]+)|Key \((?P<postgres>[^)]*)\)")


def taken(resource: type[Resource], error: IntegrityError) -> Refused:
    """The database refused a second row with the same key: say at which field. Anything else is a fault of ours."""
    match = COLUMNS.search(f"{error} {error.__cause__}")
    if match is None:
        raise error
    names = {part.rpartition(".")[2].strip(' "').removesuffix("_id") for part in (match[1] or match[2]).split(",")}
    text = _("Another record has this already.")
    specs = [*resource.specs().values()]
    fields = {spec.name: text for spec in specs if spec.source in names and spec.editable and spec.source != "company"}
    return Refused("taken", text, _("Change it and save again."), status=422, fields=dict(fields))


def missing() -> Refused:
    """The same words whether a record does not exist or may not be seen, so that neither can be told apart."""
    return Refused(
        "not-found",
        _("This record does not exist, or you may not see it."),
        _("Check the address, or ask an administrator for access."),
        status=404,
    )


def _check_version(call: Call, row: Record) -> None:
    expected = call.versions.get(row.uid)
    if expected is None or expected == row.version:
        return
    last = (
        Event.objects.filter(kind=kind_of(type(row)), object_id=row.pk).select_related("actor").order_by("-id").first()
    )
    raise Refused(
        "conflict",
        _("%(name)s changed this meanwhile.") % {"name": str(last.actor) if last and last.actor else "Guantong"},
        _("Look at what changed, then try again."),
        details={"version": row.version, "expected": expected, "object": str(row.uid)},
    )


def _check_state(call: Call, action: Action, row: Record) -> None:
    cycle = row.lifecycle
    state = getattr(row, "state", None)
    if cycle is None or state is None or cycle.allows(action.verb, state):
        return
    raise Refused(
        "wrong-state",
        why_not(call.resource, action, row),
        _("Open the record and look at its state."),
        details={"state": state, "object": str(row.uid)},
    )


def why_not(resource: type[Resource], action: Action, row: Record) -> Any:
    """Why the state of the row forbids the verb, in words; empty when it does not."""
    cycle, state = row.lifecycle, getattr(row, "state", None)
    if cycle is None or state is None or cycle.allows(action.verb, state):
        return ""
    sources = cycle.sources(action.verb) or ()
    needed = show_list([str(cycle.states[code].label) for code in sources])
    return _("%(record)s is “%(state)s”. “%(action)s” needs: %(needed)s.") % {
        "record": resource.label(row),
        "state": cycle.states[state].label,
        "action": action.label,
        "needed": needed,
    }


def _move(row: Record, action: Action, change: Change) -> None:
    target = row.lifecycle.target(action.verb) if row.lifecycle else None
    if target is not None:
        change.set(row, state=target)


def _settle(call: Call, change: Change) -> None:
    """Stop the run if warnings or approvals are left, or if it was only a rehearsal."""
    open_cautions = [caution for caution in change.cautions if not _overridden(call, caution.code, caution.permission)]
    if open_cautions:
        raise _Undo(NeedsConfirmation(tuple(open_cautions), tuple(change.difference)))
    rows = {row.pk: row for row in change.roots.values()}
    asks = [(rows[a.object_id], a) for a in change.approvals if not call.consent.approvals]
    if call.dry:
        if asks:
            raise _Undo(Pending((), asks[0][1].fact))
        raise _Undo(Done(tuple(row.uid for row in change.roots.values()), tuple(change.difference)))
    if asks:
        raise _Undo(asks=asks)


def _overridden(call: Call, code: str, permission: str) -> bool:
    if code not in call.consent.overrides or not call.consent.reason:
        return False
    if not call.by.can(permission):
        raise Refused(
            "not-allowed",
            _("Your roles do not allow going on in spite of this warning."),
            _("Ask an administrator for the permission “%(permission)s”.") % {"permission": permission},
            status=403,
        )
    return True


# Repeats ----------------------------------------------------------------------------------------------------------


def _fingerprint(call: Call) -> str:
    """What was asked, whatever the order of keys; values as they were sent, because they are not read yet."""
    what = [
        call.resource.slug,
        call.verb,
        call.objects,
        {str(uid): version for uid, version in call.versions.items()},
        call.inputs,
        call.rows,
        call.consent.reason,
        sorted(call.consent.overrides),
    ]
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()


def _claim(call: Call) -> Done | None:
    """What the key did before; None when it is new. A key that meant something else is refused."""
    if not call.key or call.by.user_id is None or call.dry:
        return None
    known = IdempotencyKey.objects.filter(user_id=call.by.user_id, key=call.key).first()
    if known is None:
        return None
    if known.fingerprint != _fingerprint(call):
        raise Refused(
            "key-reused",
            _("This idempotency key was used for another request."),
            _("Send a new key with each new request."),
            status=422,
        )
    return Done(tuple(UUID(uid) for uid in known.objects_done), replayed=True)


def _replay(call: Call) -> Done | None:
    """What another sender of the same key did while this one waited for the lock."""
    try:
        return _claim(call)
    except Refused:
        return None


def _keep(call: Call, done: Sequence[Record]) -> None:
    if call.by.user_id is None:
        return
    row = {
        "user_id": call.by.user_id,
        "key": call.key,
        "fingerprint": _fingerprint(call),
        "objects_done": [str(row.uid) for row in done],
        "created_at": now(),
    }
    sql.insert(IdempotencyKey, [row], returning=False)


# Approvals --------------------------------------------------------------------------------------------------------


def _request(call: Call, action: Action, asks: Sequence[tuple[Record, NeedsApproval]]) -> Answer:
    """Keep what was asked until somebody else approves it; asking again finds the request that waits already."""
    approvals = registry.resources["approvals"]
    ask = registry.actions[kind_of(approvals.model), "ask"]
    with sql.write_transaction():
        stored = sql.lock(call.resource.model, sorted(row.pk for row, _ask in asks))
        fresh = {row.pk: row for row in stored}
        change = Change(approvals, ask, call.by)
        wanted = [(fresh[row.pk], need) for row, need in asks]
        requests = ask.run(wanted, by=call.by, change=change, call=call)
        change.flush()
    return Pending(tuple(request.uid for request in requests), asks[0][1].fact)
