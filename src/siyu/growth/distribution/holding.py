"""Commission that waits for a person: of one order, or of everything a promoter has pending. While held it does not
mature; what was payable before stays payable, and payouts ask `held_reason`.
"""

from uuid import UUID

from siyu.growth import promoters
from siyu.growth.distribution import reversal
from siyu.growth.distribution.model import Decided, Hold
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import bounded
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

REASON_MAX = 500


def checked_reason(reason: str) -> str:
    """Raises Invalid."""
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写原因（500 字以内）。", en="Give a reason of at most 500 characters."
        )
    return reason


async def hold_order(uow: UnitOfWork, hold_id: UUID, order_id: UUID, reason: str) -> Hold:
    """A person wants to look at this order's commission first. The same id again, or an order that is held already,
    changes nothing. Raises NotFound when it earns none, and Invalid.
    """
    reason = checked_reason(reason)
    whose = await uow.maybe(
        UUID,
        """
        select promoter_id from commissions
        where merchant_id = %(merchant_id)s and order_id = %(order)s order by line_no limit 1
        """,
        order=order_id,
    )
    if whose is None:
        raise NotFound(what="佣金 / commission")
    return await _raise(uow, hold_id, whose, order_id, reason)


async def hold_promoter(uow: UnitOfWork, hold_id: UUID, promoter_id: UUID, reason: str) -> Hold:
    """All of a promoter's pending commission, and what they earn meanwhile, waits. Raises NotFound and Invalid."""
    promoter = await promoters.find(uow, promoter_id)
    return await _raise(uow, hold_id, promoter.id, None, checked_reason(reason))


async def _raise(
    uow: UnitOfWork, hold_id: UUID, promoter_id: UUID, order_id: UUID | None, reason: str
) -> Hold:
    written = await uow.run(
        """
        insert into commission_holds (merchant_id, id, promoter_id, order_id, cause, reason, state, raised_by, raised_at)
        values (%(merchant_id)s, %(id)s, %(promoter)s, %(order)s, 'manual', %(reason)s, 'open', %(by)s, %(now)s)
        on conflict do nothing
        """,
        id=hold_id,
        promoter=promoter_id,
        order=order_id,
        reason=reason,
        by=uow.actor.name,
    )
    if written:
        await uow.run(
            """
            update commissions set is_held = true
            where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and state = 'pending'
              and (%(order)s::uuid is null or order_id = %(order)s)
            """,
            promoter=promoter_id,
            order=order_id,
        )
        await audit.note(
            uow,
            "commission.hold",
            subject_kind="promoter" if order_id is None else "order",
            subject=order_id or promoter_id,
            after={"state": "held"},
            reason=reason,
        )
    standing = await uow.one(
        UUID,
        """
        select id from commission_holds
        where merchant_id = %(merchant_id)s
          and (id = %(id)s or (state = 'open' and promoter_id = %(promoter)s and order_id is not distinct from %(order)s))
        order by (id = %(id)s) desc limit 1
        """,
        id=hold_id,
        promoter=promoter_id,
        order=order_id,
    )
    return await find(uow, standing)


async def release(uow: UnitOfWork, hold_id: UUID, decision: str) -> Hold:
    """All is well: it matures as if nothing had been. Raises NotFound, Decided and Invalid."""
    hold = await _decide(uow, hold_id, "released", decision)
    if hold.decided_at == uow.now:
        await _let_go(uow, hold)
    return hold


async def deny(uow: UnitOfWork, hold_id: UUID, decision: str) -> Hold:
    """The sale was not a third person's: its commission is taken back. Raises NotFound, Decided, and Invalid for a hold
    of a whole promoter, which is released or ends with orders denied one by one.
    """
    hold = await find(uow, hold_id)
    if hold.order_id is None:
        raise Invalid(
            field="decision", zh="推广员的全部佣金不能一次驳回，请逐单处理。", en="Deny orders one by one."
        )
    hold = await _decide(uow, hold_id, "denied", decision)
    if hold.decided_at == uow.now and hold.order_id is not None:
        await reversal.deny(uow, hold.id, hold.order_id)
        await _let_go(uow, hold)
    return hold


async def _decide(uow: UnitOfWork, hold_id: UUID, state: str, decision: str) -> Hold:
    decision = checked_reason(decision)
    decided = await uow.run(
        """
        update commission_holds
        set state = %(state)s, decided_by = %(by)s, decided_at = %(now)s, decision = %(decision)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'open'
        """,
        id=hold_id,
        state=state,
        by=uow.actor.name,
        decision=decision,
    )
    hold = await find(uow, hold_id)
    if not decided and hold.state != state:
        raise Decided
    if decided:
        await audit.note(
            uow,
            f"commission.{'release' if state == 'released' else 'deny'}",
            subject_kind="promoter" if hold.order_id is None else "order",
            subject=hold.order_id or hold.promoter_id,
            name=hold.order_number or hold.promoter_name,
            before={"state": "held"},
            after={"state": state},
            reason=decision,
        )
    return hold


async def _let_go(uow: UnitOfWork, hold: Hold) -> None:
    """Lines that no other open hold keeps."""
    await uow.run(
        """
        update commissions c set is_held = false
        where c.merchant_id = %(merchant_id)s and c.promoter_id = %(promoter)s and c.is_held
          and (%(order)s::uuid is null or c.order_id = %(order)s)
          and not exists (select from commission_holds h
                          where h.merchant_id = %(merchant_id)s and h.state = 'open'
                            and h.promoter_id = c.promoter_id
                            and (h.order_id is null or h.order_id = c.order_id))
        """,
        promoter=hold.promoter_id,
        order=hold.order_id,
    )


async def find(uow: UnitOfWork, hold_id: UUID) -> Hold:
    """Raises NotFound."""
    found = await _holds(uow, hold_id, None, 1)
    if not found:
        raise NotFound(what="待审核佣金 / held commission")
    return found[0]


async def holds(uow: UnitOfWork, state: str | None = "open", *, limit: int = 100) -> list[Hold]:
    """Holds in a state (None: all), the oldest open ones first, decided ones newest first."""
    return await _holds(uow, None, state, limit)


async def _holds(uow: UnitOfWork, hold_id: UUID | None, state: str | None, limit: int) -> list[Hold]:
    return await uow.all(
        Hold,
        """
        select h.id, h.promoter_id, p.name as promoter_name, h.order_id, coalesce(o.number, '') as order_number,
               h.cause, h.reason, h.state,
               coalesce((select sum(c.amount - c.reversed_amount) from commissions c
                         where c.merchant_id = %(merchant_id)s and c.promoter_id = h.promoter_id
                           and (h.order_id is null or c.order_id = h.order_id) and c.state = 'pending'),
                        0)::bigint as amount,
               h.raised_by, h.raised_at, h.decided_by, h.decided_at, h.decision
        from commission_holds h
        join promoters p on p.merchant_id = h.merchant_id and p.id = h.promoter_id
        left join orders o on o.merchant_id = h.merchant_id and o.id = h.order_id
        where h.merchant_id = %(merchant_id)s and (%(id)s::uuid is null or h.id = %(id)s)
          and (%(state)s::text is null or h.state = %(state)s)
        order by h.decided_at desc nulls first, h.raised_at, h.id limit %(limit)s
        """,
        id=hold_id,
        state=state,
        limit=bounded(limit),
    )


async def held_reason(uow: UnitOfWork, promoter_id: UUID) -> str | None:
    """Why all of this promoter's commission waits; None when it does not."""
    return await uow.maybe(
        str,
        """
        select reason from commission_holds
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and state = 'open' and order_id is null
        """,
        promoter=promoter_id,
    )
