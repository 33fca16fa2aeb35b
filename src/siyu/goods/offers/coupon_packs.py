"""Packs of codes: unguessable, made in the background, downloaded as one sheet, claimed one by one."""

import secrets
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from siyu.goods.offers import coupons, coupons_issue
from siyu.goods.offers.coupons_issue import Batch, Chosen, NotEnoughCoupons, Work
from siyu.kernel import ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime import jobs
from siyu.runtime.db import UnitOfWork, uuid_array

PACK_MAX = 1_000_000
STEP_CODES = 10_000
PAGE = 5_000


def new_code() -> str:
    """A code by chance from the operating system: 5 bits for each of its characters."""
    bits = secrets.randbits(5 * coupons.CODE_LENGTH)
    return "".join([ids.SAFE_ALPHABET[bits >> 5 * at & 31] for at in range(coupons.CODE_LENGTH)])


async def make_pack(uow: UnitOfWork, offer_id: UUID, codes: int, *, batch_id: UUID) -> Batch:
    """Have so many codes made, all counted against the template's total at once; the job has the pack's id.

    Raises Invalid, NotFound, CouponNotClaimable, NotEnoughCoupons and IdempotencyConflict.
    """
    if not 1 <= codes <= PACK_MAX:
        raise Invalid(
            field="codes", zh="一次可生成 1 到 1,000,000 个兑换码。", en="A pack has 1 to 1,000,000 codes."
        )
    one, left = await coupons_issue.open_template(uow, offer_id)
    found = await coupons_issue.start_batch(uow, batch_id, offer_id, "codes", Chosen(), codes)
    if found is not None:
        if found.wanted != codes:
            raise IdempotencyConflict
        return found
    if left is not None and codes > left:
        raise NotEnoughCoupons(left=left, wanted=codes)
    await coupons_issue.count(uow, offer_id, codes)
    await jobs.start(
        uow,
        "coupons.pack",
        Work(batch_id, offer_id),
        title_zh=f"生成兑换码：{one.name}",
        title_en=f"Make coupon codes: {one.name}",
        total=codes,
        job_id=batch_id,
    )
    return await coupons_issue.batch(uow, batch_id)


async def pack_step(uow: UnitOfWork, work: Work, position: int | None) -> jobs.Step:
    """The next codes of a pack. One that exists already is left out and made up for by the next step."""
    run = await coupons_issue.batch(uow, work.batch_id)
    wanted = min(STEP_CODES, run.wanted - run.issued)
    made = 0
    if wanted > 0:
        made = await uow.run(
            """
            insert into coupons (merchant_id, id, offer_id, code, source, state, batch_id, created_at, updated_at,
                                 offer_version)
            select %(merchant_id)s, t.id, o.id, t.code, 'code', 'issued', %(batch)s, %(now)s, %(now)s, o.version
            from unnest(%(ids)s::uuid[], %(codes)s::text[]) as t (id, code)
            join offers o on o.merchant_id = %(merchant_id)s and o.id = %(offer)s
            on conflict do nothing
            """,
            ids=uuid_array([ids.new() for _ in range(wanted)]),
            codes=[new_code() for _ in range(wanted)],
            offer=work.offer_id,
            batch=work.batch_id,
        )
        await uow.send(
            """
            update coupon_batches set issued = issued + %(made)s
            where merchant_id = %(merchant_id)s and id = %(batch)s
            """,
            batch=work.batch_id,
            made=made,
        )
    is_over = run.issued + made >= run.wanted
    return jobs.Step(
        (position or 0) + made,
        made,
        is_over=is_over,
        result=f"offers/{work.offer_id}/coupons" if is_over else "",
    )


class PackedCode(msgspec.Struct, frozen=True):
    """A code of a pack and what became of it."""

    id: UUID
    code: str
    state: str
    is_claimed: bool


async def codes_of(uow: UnitOfWork, batch_id: UUID) -> AsyncIterator[PackedCode]:
    """Every code of a pack, in the order in which they were made, read in parts. Raises NotFound."""
    run = await coupons_issue.batch(uow, batch_id)
    if run.kind != "codes":
        raise NotFound("兑换码批次 / pack of codes")
    after: UUID | None = None
    while True:
        found = await uow.all(
            PackedCode,
            """
            select id, code, state, customer_id is not null as is_claimed from coupons
            where merchant_id = %(merchant_id)s and batch_id = %(batch)s
              and (%(after)s::uuid is null or id > %(after)s)
            order by id limit %(limit)s
            """,
            batch=batch_id,
            after=after,
            limit=PAGE,
        )
        for one in found:
            yield one
        if len(found) < PAGE:
            return
        after = found[-1].id


JOBS = [
    jobs.Kind("coupons.issue", Work, coupons_issue.issue_step),
    jobs.Kind("coupons.pack", Work, pack_step),
]
