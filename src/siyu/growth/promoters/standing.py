"""A promoter's standing: paused, going again, dismissed, and the level of their own sales."""

from collections.abc import Sequence
from uuid import UUID

from siyu.growth.promoters.model import NotPromoting, Promoter, WasDismissed
from siyu.growth.promoters.queries import find
from siyu.growth.promoters.recruiting import checked_reason
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.place import doors
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

LEVEL_LENGTH_MAX = 30


def require_active(promoter: Promoter) -> None:
    """Raises NotPromoting for who is paused or was dismissed."""
    if promoter.state != "active":
        raise NotPromoting


async def pause(uow: UnitOfWork, promoter_id: UUID, reason: str) -> Promoter:
    """No new commission until resumed; links go on leading to the shop. Twice is once. Raises Invalid, WasDismissed."""
    return await _move(uow, promoter_id, "paused", "promoters.pause", checked_reason(reason))


async def resume(uow: UnitOfWork, promoter_id: UUID, reason: str = "") -> Promoter:
    """Promoting goes on. Twice is once. Raises WasDismissed."""
    return await _move(uow, promoter_id, "active", "promoters.resume", reason.strip()[:500])


async def dismiss(uow: UnitOfWork, promoter_id: UUID, reason: str) -> Promoter:
    """End the cooperation for good: doors close and nothing new is earned; what was earned is still paid out.

    Twice is once. Raises Invalid.
    """
    left = await _move(uow, promoter_id, "dismissed", "promoters.dismiss", checked_reason(reason))
    for door in await doors.of_promoter(uow, promoter_id):
        if door.is_open:
            await doors.set_open(uow, door.id, is_open=False)
    return left


async def _move(uow: UnitOfWork, promoter_id: UUID, state: str, action: str, reason: str) -> Promoter:
    await uow.run(
        "select 1 from promoters where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=promoter_id,
    )
    before = await find(uow, promoter_id)
    if before.state == state:
        return before
    if before.state == "dismissed":
        raise WasDismissed
    await uow.run(
        "update promoters set state = %(state)s where merchant_id = %(merchant_id)s and id = %(id)s",
        id=promoter_id,
        state=state,
    )
    await _remember(uow, [(promoter_id, "state", before.state, state, reason)])
    await audit.note(
        uow, action, subject_kind="promoter", subject=promoter_id, name=before.name,
        before={"state": before.state}, after={"state": state}, reason=reason,
    )  # fmt: skip
    return await find(uow, promoter_id)


async def set_level(uow: UnitOfWork, wanted: Sequence[tuple[UUID, str, str]]) -> int:
    """Give promoters levels: (promoter, level, why). Who has it already stays as they are. Returns how many changed.

    Raises Invalid for a level that is no name.
    """
    for _, level, _ in wanted:
        if not (1 <= len(level) <= LEVEL_LENGTH_MAX and level.strip() == level):
            raise Invalid(
                field="level", zh="等级名称需为 1 到 30 个字。", en="A level has 1 to 30 characters."
            )
    by_id = {promoter_id: (level, reason) for promoter_id, level, reason in wanted}
    held = await uow.all(
        Promoter,
        """
        select id, customer_id, kind, name, state, agreement_version, joined_at, level, trained_at from promoters
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for update
        """,
        ids=list(by_id),
    )
    before = {promoter.id: promoter.level for promoter in held}
    changed = [
        (promoter_id, "level", before[promoter_id], level, reason)
        for promoter_id, (level, reason) in by_id.items()
        if promoter_id in before and before[promoter_id] != level
    ]
    if not changed:
        return 0
    await uow.run(
        """
        update promoters p set level = t.level
        from unnest(%(ids)s::uuid[], %(levels)s::text[]) as t (id, level)
        where p.merchant_id = %(merchant_id)s and p.id = t.id
        """,
        ids=[row[0] for row in changed],
        levels=[row[3] for row in changed],
    )
    await _remember(uow, changed)
    for promoter_id, _, was, level, reason in changed:
        await audit.note(
            uow, "promoters.set_level", subject_kind="promoter", subject=promoter_id,
            before={"level": was}, after={"level": level}, reason=reason,
        )  # fmt: skip
    return len(changed)


async def _remember(uow: UnitOfWork, changes: Sequence[tuple[UUID, str, str, str, str]]) -> None:
    await uow.run(
        """
        insert into promoter_changes (merchant_id, id, promoter_id, what, before, after, reason, by_name, at)
        select %(merchant_id)s, t.id, t.promoter_id, t.what, t.before, t.after, t.reason, %(by)s, %(now)s
        from unnest(%(ids)s::uuid[], %(promoters)s::uuid[], %(whats)s::text[], %(befores)s::text[], %(afters)s::text[],
                    %(reasons)s::text[]) as t (id, promoter_id, what, before, after, reason)
        """,
        ids=[ids.new() for _ in changes],
        promoters=[row[0] for row in changes],
        whats=[row[1] for row in changes],
        befores=[row[2] for row in changes],
        afters=[row[3] for row in changes],
        reasons=[row[4][:500] for row in changes],
        by=uow.actor.name,
    )
