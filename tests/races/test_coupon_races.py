"""Many at once for the same coupons: what is there is given out, and not one more."""

import asyncio

from goods.coupon_shop import a_template, issued, people, rows
from siyu.goods import offers
from siyu.goods.offers import coupon_packs, coupons_issue
from siyu.kernel import ids
from siyu.kernel.errors import DomainError

CROWD = 50
CLICKS = 20


async def outcome(database, merchant, work) -> str:
    try:
        await database.attempt(merchant, work)
    except DomainError as refusal:
        return refusal.code
    return "ok"


async def test_fifty_at_once_for_the_last_coupon(database, merchant):
    offer_id = await a_template(database, merchant, total=1)
    crowd = await people(database, merchant, CROWD)

    said = await asyncio.gather(
        *(outcome(database, merchant, lambda uow, who=who: offers.claim(uow, offer_id, who)) for who in crowd)
    )

    assert sorted(said) == ["coupons.gone"] * (CROWD - 1) + ["ok"]
    assert len(await rows(database, merchant, offer_id)) == await issued(database, merchant, offer_id) == 1


async def test_twenty_clicks_of_one_person_claim_what_one_person_may(database, merchant):
    offer_id = await a_template(database, merchant, claims_max=3, total=100)
    (customer,) = await people(database, merchant, 1)

    said = await asyncio.gather(
        *(
            outcome(database, merchant, lambda uow: offers.claim(uow, offer_id, customer, key=ids.new()))
            for _ in range(CLICKS)
        )
    )

    assert sorted(said) == ["coupons.limit_reached"] * (CLICKS - 3) + ["ok"] * 3
    assert len(await rows(database, merchant, offer_id)) == await issued(database, merchant, offer_id) == 3


async def test_one_code_is_one_persons(database, merchant):
    offer_id = await a_template(database, merchant)
    crowd = await people(database, merchant, CLICKS)
    batch_id = ids.new()
    async with database.begin(merchant) as uow:
        await offers.make_pack(uow, offer_id, 1, batch_id=batch_id)
        await coupon_packs.pack_step(uow, coupons_issue.Work(batch_id, offer_id), None)
        (code,) = [one.code async for one in coupon_packs.codes_of(uow, batch_id)]

    said = await asyncio.gather(
        *(
            outcome(database, merchant, lambda uow, who=who: offers.claim_code(uow, code, who))
            for who in crowd
        )
    )

    assert sorted(said) == ["coupons.code_taken"] * (CLICKS - 1) + ["ok"]


async def test_one_run_started_by_many_gives_everybody_one(database, merchant):
    offer_id = await a_template(database, merchant, total=30)
    await people(database, merchant, 10)
    batch_id = ids.new()

    said = await asyncio.gather(
        *(
            outcome(
                database,
                merchant,
                lambda uow: offers.issue_coupons(uow, offer_id, offers.Chosen(), batch_id=batch_id),
            )
            for _ in range(8)
        )
    )

    assert said == ["ok"] * 8
    assert len(await rows(database, merchant, offer_id)) == await issued(database, merchant, offer_id) == 10


async def test_claims_while_a_run_goes_on_stay_within_the_total(database, merchant):
    offer_id = await a_template(database, merchant, total=15)
    crowd = await people(database, merchant, 10)

    said = await asyncio.gather(
        *(
            outcome(database, merchant, lambda uow, who=who: offers.claim(uow, offer_id, who))
            for who in crowd
        ),
        outcome(
            database,
            merchant,
            lambda uow: offers.issue_coupons(uow, offer_id, offers.Chosen(), batch_id=ids.new()),
        ),
    )

    assert await issued(database, merchant, offer_id) == len(await rows(database, merchant, offer_id)) <= 15
    assert said[-1] in ("ok", "coupons.not_enough")
    assert set(said[:-1]) <= {"ok", "coupons.gone"}
