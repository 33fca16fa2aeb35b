"""Claiming a coupon: who may, when, how many, and by a code."""

from datetime import UTC, datetime, timedelta

import pytest

from goods.coupon_shop import a_template, issued, later, people, rows
from siyu.goods import offers
from siyu.goods.offers import Audience, coupon_packs, coupons_issue
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, NotFound


async def claimed(database, merchant, offer_id, customer_id, **said):
    async with database.begin(merchant) as uow:
        return await offers.claim(uow, offer_id, customer_id, **said)


async def refused(database, merchant, offer_id, customer_id) -> DomainError:
    before = await rows(database, merchant, offer_id), await issued(database, merchant, offer_id)
    with pytest.raises(DomainError) as refusal:
        await claimed(database, merchant, offer_id, customer_id)
    assert (await rows(database, merchant, offer_id), await issued(database, merchant, offer_id)) == before
    return refusal.value


async def test_a_coupon_is_valid_for_its_days_from_the_claim(database, merchant):
    offer_id = await a_template(database, merchant, days=7)
    (customer,) = await people(database, merchant, 1)

    coupon = await claimed(database, merchant, offer_id, customer)

    assert coupon.valid_until - coupon.valid_from == timedelta(days=7)
    assert (await rows(database, merchant, offer_id))[0].source == "claim"
    assert await issued(database, merchant, offer_id) == 1


async def test_fixed_dates_hold_for_every_coupon(database, merchant):
    since, until = clock.now() + timedelta(days=1), clock.now() + timedelta(days=3)
    offer_id = await a_template(database, merchant, days=None, since=since, until=until)
    (customer,) = await people(database, merchant, 1)

    coupon = await claimed(database, merchant, offer_id, customer)

    assert (coupon.valid_from, coupon.valid_until) == (since, until)


async def test_the_same_click_arriving_twice_gives_the_same_coupon(database, merchant):
    offer_id = await a_template(database, merchant, claims_max=3)
    (customer,) = await people(database, merchant, 1)
    key = ids.new()

    first = await claimed(database, merchant, offer_id, customer, key=key)
    second = await claimed(database, merchant, offer_id, customer, key=key)
    other = await claimed(database, merchant, offer_id, customer, key=ids.new())

    assert first == second != other
    assert await issued(database, merchant, offer_id) == 2


async def test_nobody_claims_more_than_one_person_may(database, merchant):
    offer_id = await a_template(database, merchant, claims_max=2)
    customer, other = await people(database, merchant, 2)
    for _ in range(2):
        await claimed(database, merchant, offer_id, customer)

    refusal = await refused(database, merchant, offer_id, customer)

    assert refusal.code == "coupons.limit_reached"
    assert refusal.sentence("zh") == "你已经领过了，每人限领 2 张。"
    await claimed(database, merchant, offer_id, other)


async def test_the_last_one_is_the_last_one(database, merchant):
    offer_id = await a_template(database, merchant, total=1)
    customer, other = await people(database, merchant, 2)
    await claimed(database, merchant, offer_id, customer)

    assert (await refused(database, merchant, offer_id, other)).code == "coupons.gone"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"state": "draft"}, "还没开始"),
        ({"state": "paused"}, "暂停领取"),
        ({"state": "ended"}, "已经结束"),
        ({"starts_at": datetime(2030, 1, 1, tzinfo=UTC)}, "还没开始"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "已经结束"),
        ({"days": None, "until": datetime(2020, 1, 1, tzinfo=UTC)}, "已经结束"),
        ({"is_public": False}, "它不公开领取"),
        ({"audience": Audience(levels=("金卡",))}, "仅限会员（金卡）"),
    ],
)
async def test_a_coupon_that_is_not_given_out_says_why(database, merchant, said, why):
    offer_id = await a_template(database, merchant, **said)
    (customer,) = await people(database, merchant, 1)

    refusal = await refused(database, merchant, offer_id, customer)

    assert refusal.code == "coupons.not_claimable"
    assert refusal.facts["why"].startswith(f"{why} / ")


async def test_a_level_opens_the_coupons_of_that_level(database, merchant):
    offer_id = await a_template(database, merchant, audience=Audience(levels=("金卡",)))
    (customer,) = await people(database, merchant, 1, level="金卡")

    assert (await claimed(database, merchant, offer_id, customer)).customer_id == customer


async def test_another_merchants_coupon_does_not_exist(database, merchant, new_shop):
    offer_id = await a_template(database, await new_shop())
    (customer,) = await people(database, merchant, 1)

    with pytest.raises(NotFound):
        await claimed(database, merchant, offer_id, customer)


async def pack(database, merchant, offer_id, codes):
    """A pack that is ready; its codes."""
    batch_id = ids.new()
    async with database.begin(merchant) as uow:
        await offers.make_pack(uow, offer_id, codes, batch_id=batch_id)
        step = await coupon_packs.pack_step(uow, coupons_issue.Work(batch_id, offer_id), None)
        assert step.is_over
        return [one.code async for one in coupon_packs.codes_of(uow, batch_id)]


async def by_code(database, merchant, code, customer):
    async with database.begin(merchant) as uow:
        return await offers.claim_code(uow, code, customer)


async def test_a_code_is_claimed_as_people_type_it(database, merchant):
    offer_id = await a_template(database, merchant, is_public=False)
    customer, other = await people(database, merchant, 2)
    code, *_ = codes = await pack(database, merchant, offer_id, 3)

    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]} ".replace("0", "o").replace("1", "l")
    with pytest.raises(DomainError) as wrong:
        await by_code(database, merchant, "0" * 12, customer)
    coupon = await by_code(database, merchant, typed, customer)
    again = await by_code(database, merchant, code, customer)
    with pytest.raises(DomainError) as taken:
        await by_code(database, merchant, code, other)
    with pytest.raises(DomainError) as enough:
        await by_code(database, merchant, codes[1], customer)

    assert coupon == again
    assert [one.value.code for one in (wrong, taken, enough)] == [
        "coupons.code_unknown",
        "coupons.code_taken",
        "coupons.limit_reached",
    ]
    assert [one.customer_id for one in await rows(database, merchant, offer_id)].count(None) == 2
    assert await issued(database, merchant, offer_id) == 3


@pytest.mark.parametrize("text", ["", "  ", "短", "A" * 500, "\u0000" * 12, "'; drop table coupons; --"])
async def test_nonsense_is_no_code(database, merchant, text):
    (customer,) = await people(database, merchant, 1)

    with pytest.raises(DomainError) as refusal:
        await by_code(database, merchant, text, customer)

    assert refusal.value.field == "code"


async def test_a_claim_after_the_end_of_the_pack_is_refused(database, merchant):
    offer_id = await a_template(database, merchant, days=None, until=clock.now() + timedelta(days=2))
    (customer,) = await people(database, merchant, 1)
    (code,) = await pack(database, merchant, offer_id, 1)
    later(days=3)

    with pytest.raises(DomainError) as refusal:
        await by_code(database, merchant, code, customer)

    assert refusal.value.code == "coupons.not_claimable"
