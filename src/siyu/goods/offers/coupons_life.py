"""What becomes of coupons by themselves: they expire, their holders are reminded; and by hand: they are made void."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods.offers.coupons_issue import Batch, batch
from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Sweep

REMIND_BEFORE = timedelta(hours=48)
SWEPT_AT_ONCE = 5_000


class CouponInUse(DomainError):
    """An order holds the coupon, or has used it. Nothing was changed."""

    code = "coupons.in_use"
    status = 409
    zh = "这张券已被订单占用或使用，不能作废。"
    en = "An order holds this coupon or has used it; it cannot be made void."


async def expire_due(uow: UnitOfWork, *, limit: int = SWEPT_AT_ONCE) -> int:
    """Coupons past their end expire; how many did. One that an order holds is left to that order's end."""
    return await uow.run(
        """
        with due as (
            select id from coupons
            where merchant_id = %(merchant_id)s and state = 'issued' and customer_id is not null
              and valid_until <= %(now)s
            order by valid_until limit %(limit)s for update skip locked
        )
        update coupons k set state = 'expired', updated_at = %(now)s
        from due where k.merchant_id = %(merchant_id)s and k.id = due.id
        """,
        limit=limit,
    )


class Ending(msgspec.Struct, frozen=True):
    """A coupon somebody holds that ends soon, under the name it was given out with."""

    id: UUID
    customer_id: UUID
    name: str
    valid_until: datetime


async def remind_due(uow: UnitOfWork, *, limit: int = SWEPT_AT_ONCE) -> list[Ending]:
    """Coupons that end within two days are marked once, so that the shop points to them; which ones were."""
    return await uow.all(
        Ending,
        """
        with due as (
            select id from coupons
            where merchant_id = %(merchant_id)s and state = 'issued' and customer_id is not null
              and valid_until > %(now)s and valid_until <= %(soon)s and reminded_at is null
            order by valid_until limit %(limit)s for update skip locked
        ), marked as (
            update coupons k set reminded_at = %(now)s
            from due where k.merchant_id = %(merchant_id)s and k.id = due.id
            returning k.id, k.customer_id, k.offer_id, k.offer_version, k.valid_until
        )
        select m.id, m.customer_id, coalesce(v.name, o.name) as name, m.valid_until
        from marked m join offers o on o.merchant_id = %(merchant_id)s and o.id = m.offer_id
        left join offer_versions v on v.merchant_id = %(merchant_id)s and v.offer_id = m.offer_id
                                  and v.version = m.offer_version
        """,
        soon=uow.now + REMIND_BEFORE,
        limit=limit,
    )


async def _sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, expire_due)


SWEEPS = [Sweep("coupons.life", 30.0, _sweep)]


class _State(msgspec.Struct, frozen=True):
    offer_id: UUID
    state: str


async def void(uow: UnitOfWork, coupon_id: UUID, *, reason: str = "") -> None:
    """Nobody can use this coupon any more; seen twice it changes nothing. Raises NotFound and CouponInUse."""
    found = await uow.maybe(
        _State,
        "select offer_id, state from coupons where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=coupon_id,
    )
    if found is None:
        raise NotFound("优惠券 / coupon")
    if found.state in ("locked", "used"):
        raise CouponInUse
    if found.state == "void":
        return
    await uow.run(
        """
        update coupons set state = 'void', updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=coupon_id,
    )
    await audit.note(
        uow, "coupons.void", subject_kind="coupon", subject=coupon_id, before={"state": found.state},
        after={"state": "void"}, reason=reason,
    )  # fmt: skip


async def void_batch(uow: UnitOfWork, batch_id: UUID, *, reason: str = "") -> int:
    """Make void what a run issued and nobody has used or is using; how many. Raises NotFound."""
    run: Batch = await batch(uow, batch_id)
    touched = await uow.run(
        """
        with due as (
            select id from coupons
            where merchant_id = %(merchant_id)s and batch_id = %(batch)s and state = 'issued' order by id for update
        )
        update coupons k set state = 'void', updated_at = %(now)s
        from due where k.merchant_id = %(merchant_id)s and k.id = due.id
        """,
        batch=batch_id,
    )
    await audit.note(
        uow,
        "coupons.void_batch",
        subject_kind="offer",
        subject=run.offer_id,
        after={"voided": touched},
        reason=reason,
    )
    return touched


async def void_gifts(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """What was given with these payments and not used goes, once what is left of them would not have brought it."""
    await uow.send(
        """
        with due as (
            select k.id from coupons k
            join orders o on o.merchant_id = k.merchant_id and o.id = k.batch_id
            join offers f on f.merchant_id = k.merchant_id and f.id = k.offer_id
            left join offer_versions v on v.merchant_id = k.merchant_id and v.offer_id = k.offer_id
                                      and v.version = k.offer_version
            where k.merchant_id = %(merchant_id)s and k.batch_id = any(%(orders)s::uuid[]) and k.source = 'paid'
              and k.state = 'issued'
              and (o.state = 'refunded'
                   or o.total - o.refunded < (coalesce(v.rule, f.rule) ->> 'after_payment')::bigint)
            order by k.id for update of k
        )
        update coupons k set state = 'void', updated_at = %(now)s
        from due where k.merchant_id = %(merchant_id)s and k.id = due.id
        """,
        orders=list(order_ids),
    )
