"""Giving coupons out: to chosen customers, to everybody or a part of them in sets, as a prize, and with a payment.

An id is made from what the coupon was given for, so that the same run, prize or payment never gives a second one.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.offers import coupons
from siyu.goods.offers.coupons import CouponNotClaimable, CouponsGone, Template
from siyu.goods.offers.model import HeldCoupon
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, IdempotencyConflict, Invalid, NotFound
from siyu.runtime import audit, jobs
from siyu.runtime.db import UnitOfWork, uuid_array

AT_ONCE = 500  # so many customers are served while the asker waits; more are a job's work
STEP_CUSTOMERS = 20_000  # about half a second
CHOSEN_MAX = 2_000


class NotEnoughCoupons(DomainError):
    """The template's total does not leave enough for this run. Nothing was issued."""

    code = "coupons.not_enough"
    status = 409
    zh = "总量只剩 {left} 张，这次要发 {wanted} 张，未发放。"
    en = "Only {left} are left of the total and this run needs {wanted}; none was issued."


class Chosen(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which customers get one. Empty fields ask for nothing; all empty: everybody.

    `newcomers`: who has never paid; `joined_from`: who came since then (UTC).
    """

    customer_ids: tuple[UUID, ...] = ()
    levels: tuple[str, ...] = ()
    newcomers: bool = False
    joined_from: datetime | None = None


class Batch(msgspec.Struct, frozen=True):
    """One run of issuing. `wanted` is how many it set out to issue, `issued` how many there are."""

    id: UUID
    offer_id: UUID
    kind: str
    chosen: Chosen
    wanted: int
    issued: int
    created_by: UUID | None
    created_name: str
    created_at: datetime


class Work(msgspec.Struct, frozen=True):
    """What the job of a run knows: everything else stands in its row."""

    batch_id: UUID
    offer_id: UUID


_BATCH = """
    select id, offer_id, kind, chosen, wanted, issued, created_by, created_name, created_at from coupon_batches
    where merchant_id = %(merchant_id)s
"""


async def batch(uow: UnitOfWork, batch_id: UUID) -> Batch:
    """A run. Raises NotFound."""
    found = await uow.maybe(Batch, _BATCH + " and id = %(id)s", id=batch_id)
    if found is None:
        raise NotFound("发放批次 / run of coupons")
    return found


async def batches(uow: UnitOfWork, offer_id: UUID, *, limit: int = 50) -> list[Batch]:
    """The latest runs of a template, newest first."""
    return await uow.all(
        Batch,
        _BATCH + " and offer_id = %(offer)s order by created_at desc, id desc limit %(limit)s",
        offer=offer_id,
        limit=limit,
    )


async def lock_counter(uow: UnitOfWork, offer_id: UUID) -> int:
    """How many were ever issued; nobody else issues until this unit of work ends."""
    return await uow.one(
        int,
        """
        insert into coupon_counters as c (merchant_id, offer_id) values (%(merchant_id)s, %(offer)s)
        on conflict (merchant_id, offer_id) do update set issued = c.issued
        returning c.issued
        """,
        offer=offer_id,
    )


async def count(uow: UnitOfWork, offer_id: UUID, issued: int) -> None:
    """Count what was issued, after `lock_counter`."""
    if issued:
        await uow.send(
            """
            update coupon_counters set issued = issued + %(issued)s
            where merchant_id = %(merchant_id)s and offer_id = %(offer)s
            """,
            offer=offer_id,
            issued=issued,
        )


async def open_template(uow: UnitOfWork, offer_id: UUID) -> tuple[Template, int | None]:
    """The template, and how many it still has (None: no limit), its counter locked.

    Raises NotFound and CouponNotClaimable.
    """
    await coupons.template(uow, offer_id)
    issued = await lock_counter(uow, offer_id)
    one = await coupons.template(uow, offer_id)
    why = coupons.not_now(one, uow.now)
    if why:
        raise CouponNotClaimable(why=why)
    return one, None if one.rule.total is None else max(0, one.rule.total - issued)


async def start_batch(
    uow: UnitOfWork, batch_id: UUID, offer_id: UUID, kind: str, chosen: Chosen, wanted: int
) -> Batch | None:
    """Write a run down; None when it is new. Raises IdempotencyConflict when this id was used for another."""
    written = await uow.run(
        """
        insert into coupon_batches (merchant_id, id, offer_id, kind, chosen, wanted, created_by, created_name, created_at)
        values (%(merchant_id)s, %(id)s, %(offer)s, %(kind)s, %(chosen)s::jsonb, %(wanted)s, %(by)s, %(name)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=batch_id,
        offer=offer_id,
        kind=kind,
        chosen=msgspec.json.encode(chosen).decode(),
        wanted=wanted,
        by=uow.actor.id,
        name=uow.actor.name,
    )
    if written:
        await audit.note(
            uow,
            "coupons.issue",
            subject_kind="offer",
            subject=offer_id,
            after={"kind": kind, "wanted": wanted},
        )
        return None
    found = await batch(uow, batch_id)
    if found.offer_id != offer_id or found.kind != kind or found.chosen != chosen:
        raise IdempotencyConflict
    return found


async def issue(uow: UnitOfWork, offer_id: UUID, chosen: Chosen, *, batch_id: UUID) -> Batch:
    """Give one coupon to each of these customers: at once when they are few, else in the background.

    The job has the run's id. What a person may claim (`claims_max`) does not limit what the merchant gives. Raises
    NotFound, Invalid, CouponNotClaimable, NotEnoughCoupons and IdempotencyConflict.
    """
    if len(chosen.customer_ids) > CHOSEN_MAX:
        raise Invalid(
            field="customer_ids", zh="一次最多选 2,000 位顾客。", en="At most 2,000 customers at a time."
        )
    again = await _begun(uow, batch_id, offer_id, chosen)
    if again is not None:
        return again
    one, left = await open_template(uow, offer_id)
    wanted = await how_many(uow, chosen)
    if chosen.customer_ids and wanted < len(set(chosen.customer_ids)):
        raise Invalid(
            field="customer_ids",
            zh="选中的顾客里有不存在或已注销的。",
            en="A chosen customer does not exist.",
        )
    if not wanted:
        raise Invalid(field="customer_ids", zh="没有符合条件的顾客。", en="No customer is like that.")
    if left is not None and wanted > left:
        raise NotEnoughCoupons(left=left, wanted=wanted)
    again = await start_batch(uow, batch_id, offer_id, "customers", chosen, wanted)
    if again is not None:
        return again
    if wanted <= AT_ONCE:
        await issue_set(uow, one, batch_id, chosen, after=None, limit=None, left=left)
    else:
        await jobs.start(
            uow,
            "coupons.issue",
            Work(batch_id, offer_id),
            title_zh=f"发放优惠券：{one.name}",
            title_en=f"Issue coupons: {one.name}",
            total=wanted,
            job_id=batch_id,
        )
    return await batch(uow, batch_id)


async def _begun(uow: UnitOfWork, batch_id: UUID, offer_id: UUID, chosen: Chosen) -> Batch | None:
    found = await uow.maybe(Batch, _BATCH + " and id = %(id)s", id=batch_id)
    if found is not None and (
        found.offer_id != offer_id or found.kind != "customers" or found.chosen != chosen
    ):
        raise IdempotencyConflict
    return found


_MATCHING = """
    from customers c
    where c.merchant_id = %(merchant_id)s and c.state = 'active'
      and (not %(is_named)s or c.id = any(%(named)s::uuid[]))
      and (not %(has_levels)s or c.level = any(%(levels)s::text[]))
      and (%(joined)s::timestamptz is null or c.joined_at >= %(joined)s)
      and (not %(newcomers)s or not exists (
              select from orders r where r.merchant_id = c.merchant_id and r.customer_id = c.id and r.paid_at is not null))
"""


def _params(chosen: Chosen) -> dict[str, object]:
    return {
        "is_named": bool(chosen.customer_ids),
        "named": uuid_array(chosen.customer_ids),
        "has_levels": bool(chosen.levels),
        "levels": list(chosen.levels),
        "joined": chosen.joined_from,
        "newcomers": chosen.newcomers,
    }


async def how_many(uow: UnitOfWork, chosen: Chosen) -> int:
    """How many customers are meant today."""
    return await uow.one(int, "select count(*)" + _MATCHING, **_params(chosen))


class Given(msgspec.Struct, frozen=True):
    """What one set brought: how many were looked at, the last of them, and how many coupons are new."""

    seen: int
    last: UUID | None
    issued: int


async def issue_set(
    uow: UnitOfWork,
    one: Template,
    batch_id: UUID,
    chosen: Chosen,
    *,
    after: UUID | None,
    limit: int | None,
    left: int | None,
) -> Given:
    """The next `limit` customers after `after` get theirs, in one statement; at most `left` (None: no limit) are new.

    The template's counter is locked by the caller. A customer who has this run's coupon gets no second one.
    """
    valid = coupons.validity(one, uow.now)
    if valid is None:
        raise CouponNotClaimable(why="有效期已过 / its time is over")
    given = await uow.one(
        Given,
        """
        with chosen as materialized (
            select c.id, md5(%(batch)s || c.id::text)::uuid as coupon
        """
        + _MATCHING
        + """
              and (%(after)s::uuid is null or c.id > %(after)s)
            order by c.id limit %(limit)s
        ),
        fresh as (
            select t.id, t.coupon from chosen t
            where not exists (select from coupons k where k.merchant_id = %(merchant_id)s and k.id = t.coupon)
            order by t.id limit %(left)s
        ),
        put as (
            insert into coupons (merchant_id, id, offer_id, customer_id, source, state, valid_from, valid_until,
                                 batch_id, created_at, updated_at, offer_version)
            select %(merchant_id)s, coupon, %(offer)s, id, 'manual', 'issued', %(since)s, %(until)s, %(batch_id)s,
                   %(now)s, %(now)s, %(version)s
            from fresh
            on conflict (merchant_id, id) do nothing
            returning 1
        )
        select (select count(*) from chosen) as seen, (select id from chosen order by id desc limit 1) as last,
               (select count(*) from put) as issued
        """,
        **_params(chosen),
        batch=str(batch_id),
        batch_id=batch_id,
        offer=one.id,
        version=one.version,
        after=after,
        limit=limit,
        left=left,
        since=valid[0],
        until=valid[1],
    )
    await count(uow, one.id, given.issued)
    await uow.send(
        """
        update coupon_batches set issued = issued + %(issued)s
        where merchant_id = %(merchant_id)s and id = %(batch_id)s
        """,
        batch_id=batch_id,
        issued=given.issued,
    )
    return given


async def issue_step(uow: UnitOfWork, work: Work, position: UUID | str | None) -> jobs.Step:
    """The next part of a run. It ends early, and says so, when the total is used up."""
    after = UUID(position) if isinstance(position, str) else position
    one, left = await open_template(uow, work.offer_id)
    run = await batch(uow, work.batch_id)
    given = await issue_set(uow, one, run.id, run.chosen, after=after, limit=STEP_CUSTOMERS, left=left)
    failed: tuple[jobs.Failure, ...] = ()
    is_short = left is not None and given.issued >= left and run.issued + given.issued < run.wanted
    if is_short:
        failed = (jobs.Failure(run.issued + given.issued + 1, one.name, CouponsGone.zh, CouponsGone.en),)
    is_over = is_short or given.seen < STEP_CUSTOMERS
    result = f"offers/{work.offer_id}/coupons" if is_over else ""
    return jobs.Step(given.last or after, given.seen, failed, is_over=is_over, result=result)


async def give(
    uow: UnitOfWork, offer_id: UUID, customer_id: UUID, *, of: UUID, source: str = "api"
) -> HeldCoupon:
    """Give a customer one coupon for `of` (a prize, a request of the API): for the same `of` always the same one.

    Raises NotFound, CouponNotClaimable and CouponsGone.
    """
    coupon_id = ids.derived("coupons.give", offer_id, customer_id, of)
    one, left = await open_template(uow, offer_id)
    held = await _held(uow, [coupon_id])
    if held:
        return held[0]
    valid = coupons.validity(one, uow.now)
    if valid is None or left == 0:
        raise CouponsGone
    await uow.run(
        """
        insert into coupons (merchant_id, id, offer_id, customer_id, source, state, valid_from, valid_until,
                             created_at, updated_at, offer_version)
        select %(merchant_id)s, %(id)s, %(offer)s, c.id, %(source)s, 'issued', %(since)s, %(until)s, %(now)s, %(now)s,
               %(version)s
        from customers c
        where c.merchant_id = %(merchant_id)s and c.id = %(customer)s and c.state = 'active'
        """,
        id=coupon_id,
        offer=offer_id,
        customer=customer_id,
        version=one.version,
        source=source,
        since=valid[0],
        until=valid[1],
    )
    held = await _held(uow, [coupon_id])
    if not held:
        raise NotFound("顾客 / customer")
    await count(uow, offer_id, 1)
    return held[0]


async def _held(uow: UnitOfWork, coupon_ids: Sequence[UUID]) -> list[HeldCoupon]:
    return await uow.all(
        HeldCoupon,
        """
        select id, offer_id, customer_id, valid_from, valid_until from coupons
        where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[]) and customer_id is not null
        """,
        ids=uuid_array(coupon_ids),
    )
