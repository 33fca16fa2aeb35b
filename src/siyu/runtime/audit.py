"""Who changed what, when, from what to what, and why. Table audit_log is only ever added to.

A room writes its note in the unit of work of the change itself, so that neither is there without the other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork

REASON_LENGTH_MAX = 500


class Entry(msgspec.Struct, frozen=True):
    """One change. `before` and `after` are what the room said of the subject; None where there was nothing."""

    id: UUID
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str
    at: datetime


class Change(msgspec.Struct, frozen=True):
    """One field of an entry that differs."""

    field: str
    before: Any
    after: Any


async def note(
    uow: UnitOfWork,
    action: str,
    *,
    subject_kind: str,
    subject: UUID | None = None,
    name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write down that the actor of this unit of work did `action` to `subject` (people call it `name`).

    `before` and `after` hold only what the action could change, as plain JSON: amounts as minor units under keys
    such as `price`, `total` or `…_amount`, and no personal data that need not be kept.
    """
    await uow.send(
        """
        insert into audit_log (merchant_id, id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id,
                               subject, before, after, reason, at)
        values (%(merchant_id)s, %(id)s, %(kind)s, %(actor)s, %(name)s, %(action)s, %(subject_kind)s, %(subject)s,
                %(called)s, %(before)s::jsonb, %(after)s::jsonb, %(reason)s, %(now)s)
        """,
        id=ids.new(),
        kind=uow.actor.kind,
        actor=uow.actor.id,
        name=uow.actor.name,
        action=action,
        subject_kind=subject_kind,
        subject=subject,
        called=name[:200],
        before=_json(before),
        after=_json(after),
        reason=reason.strip()[:REASON_LENGTH_MAX],
    )


def _json(told: Mapping[str, Any] | None) -> str | None:
    return None if told is None else msgspec.json.encode(dict(told)).decode()


class Wanted(msgspec.Struct, frozen=True):
    """What to look for; None does not narrow. Days are instants: from `since` on, before `until`."""

    action: str | None = None
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def listing(
    uow: UnitOfWork, wanted: Wanted, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Page[Entry]:
    """Entries, newest first. The cursor is (at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Entry,
        """
        select id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject, before, after, reason,
               at
        from audit_log
        where merchant_id = %(merchant_id)s
          and (%(action)s::text is null or action = %(action)s)
          and (%(actor)s::uuid is null or actor_id = %(actor)s)
          and (%(subject)s::uuid is null or subject_id = %(subject)s)
          and (%(since)s::timestamptz is null or at >= %(since)s)
          and (%(until)s::timestamptz is null or at < %(until)s)
          and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(last_id)s::uuid))
        order by at desc, id desc limit %(limit)s
        """,
        action=wanted.action,
        actor=wanted.actor_id,
        subject=wanted.subject_id,
        since=wanted.since,
        until=wanted.until,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.at.isoformat()}~{last.id}" if last else None)


async def actions_known(uow: UnitOfWork) -> list[str]:
    """Every action that was ever noted, each found by one step through the index."""
    return await uow.all(
        str,
        """
        with recursive known as (
            (select action from audit_log where merchant_id = %(merchant_id)s order by action limit 1)
            union all
            select (select a.action from audit_log a
                    where a.merchant_id = %(merchant_id)s and a.action > known.action order by a.action limit 1)
            from known where known.action is not null
        )
        select action from known where action is not null
        """,
    )


def changes(entry: Entry) -> list[Change]:
    """The fields that differ between before and after, in the order the room told them."""
    before, after = entry.before or {}, entry.after or {}
    return [
        Change(field, before.get(field), after.get(field))
        for field in dict.fromkeys((*before, *after))
        if before.get(field) != after.get(field)
    ]
