"""Making offers: checked by field, better for buyers once they run, never begun twice."""

from datetime import timedelta

import msgspec
import pytest

from factories import Shop, a_shop
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.people import merchants
from siyu.runtime.db import Database, Merchant

FORM = offers.OfferForm("满 50 减 5", offers.AmountOff((offers.Reached(5_000, 500),)), budget=100_00)


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def test_an_offer_is_a_draft_until_it_is_published_and_counts_from_nothing(database, shop):
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        made = await offers.save(uow, offer_id, FORM)
        again = await offers.save(uow, offer_id, FORM)
        active = await offers.activate(uow, offer_id)

    assert (made.kind, made.state, made.version, made.spent, made.uses) == ("amount_off", "draft", 1, 0, 0)
    assert again == made
    assert (active.state, active.phase(clock.now())) == ("active", "running")
    assert made.form() == FORM


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"rule": offers.AmountOff((offers.Reached(500, 500),))}, "rule.steps[0].off"),
        (
            {"rule": offers.AmountOff((offers.Reached(5_000, 500), offers.Reached(4_000, 600)))},
            "rule.steps[1].least",
        ),
        ({"rule": offers.PercentOff((offers.Reached(1, 10_000),))}, "rule.steps[0].off"),
        ({"rule": offers.NthItem(1, 5_000)}, "rule.n"),
        ({"rule": offers.Coupon(offers.CouponPercent(1_000, 0), days=7)}, "rule.benefit.cap"),
        ({"rule": offers.Coupon(offers.CouponAmount(500, 5_000))}, "rule.days"),
        ({"rule": offers.LimitedPrice({ids.new(): 100})}, "rule"),
        ({"rule": offers.LimitedPrice({})}, "rule.prices"),
        ({"funders": (offers.Funder("merchant", 9_000),)}, "funders"),
        ({"per_person": 0}, "per_person"),
        ({"scope": offers.Scope(product_ids=(ids.new(),))}, "scope.product_ids"),
        ({"starts_at": clock.now(), "ends_at": clock.now() - timedelta(1)}, "ends_at"),
    ],
)
async def test_what_cannot_be_published_names_its_field_and_keeps_nothing(database, shop, change, field):
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        with pytest.raises(Invalid) as refused:
            await offers.save(uow, offer_id, msgspec.structs.replace(FORM, **change))
        assert refused.value.field == field
        with pytest.raises(NotFound):
            await offers.find(uow, offer_id)


async def test_a_group_has_five_people_at_most_and_no_price_above_the_marked_one(database, shop):
    async with database.begin(shop.merchant) as uow:
        for rule, field in (
            (offers.GroupBuy({shop.apple: 1_000}, size=6), "rule.size"),
            (offers.GroupBuy({shop.apple: 1_291}, size=3), "rule.prices[0]"),
            (offers.GroupBuy({shop.apple: 1_000}, size=3, least_size=2), "rule.least_hours"),
            (offers.GroupBuy({shop.apple: 1_000}, size=3, hours=73), "rule.hours"),
        ):
            with pytest.raises(Invalid) as refused:
                await offers.save(uow, ids.new(), msgspec.structs.replace(FORM, rule=rule))
            assert refused.value.field == field


async def test_a_running_offer_only_gets_better_for_buyers(database, shop):
    offer_id = ids.new()
    limited = msgspec.structs.replace(FORM, ends_at=clock.now() + timedelta(days=2), per_person=2)
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, limited)
        await offers.activate(uow, offer_id)
        for worse, field in (
            ({"rule": offers.AmountOff((offers.Reached(5_000, 400),))}, "rule"),
            ({"budget": 99_00}, "budget"),
            ({"per_person": 1}, "per_person"),
            ({"uses_max": 5}, "uses_max"),
            ({"ends_at": clock.now() + timedelta(days=1)}, "ends_at"),
        ):
            with pytest.raises(Invalid) as refused:
                await offers.save(uow, offer_id, msgspec.structs.replace(limited, **worse))
            assert refused.value.field == field
        better = msgspec.structs.replace(
            limited, budget=None, per_person=None, ends_at=clock.now() + timedelta(days=9)
        )
        assert (await offers.save(uow, offer_id, better)).version == 2


async def test_what_has_ended_never_begins_again_but_can_be_cloned(database, shop):
    offer_id, new_id = ids.new(), ids.new()
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, FORM)
        await offers.activate(uow, offer_id)
        await offers.pause(uow, offer_id)
        await offers.activate(uow, offer_id)
        await offers.end(uow, offer_id)
        for action in (offers.activate, offers.pause):
            with pytest.raises(offers.WrongOfferState):
                await action(uow, offer_id)
        with pytest.raises(offers.WrongOfferState):
            await offers.save(uow, offer_id, msgspec.structs.replace(FORM, budget=None))
        copy = await offers.clone(uow, offer_id, new_id)
        assert copy == await offers.clone(uow, offer_id, new_id)
    assert (copy.state, copy.rule, copy.name) == ("draft", FORM.rule, "满 50 减 5 副本")


async def test_another_merchant_finds_nothing_and_may_name_nothing_of_ours(database, database_url, shop):
    other_merchant = await merchants.create(database_url, slug=f"o{ids.new().hex}", name="别家")
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, FORM)
    async with database.begin(other_merchant) as uow:
        with pytest.raises(NotFound):
            await offers.activate(uow, offer_id)
        with pytest.raises(Invalid):
            await offers.save(
                uow, ids.new(), msgspec.structs.replace(FORM, rule=offers.LimitedPrice({shop.apple: 100}))
            )
        assert (await offers.listing(uow)).items == []


async def test_the_list_is_narrowed_by_phase_kind_text_and_time(database, shop):
    now = clock.now()
    async with database.begin(shop.merchant) as uow:
        for name, times in (
            ("旧", (None, now + timedelta(hours=1))),
            ("新", (now + timedelta(days=3), None)),
        ):
            offer_id = ids.new()
            await offers.save(
                uow, offer_id, msgspec.structs.replace(FORM, name=name, starts_at=times[0], ends_at=times[1])
            )
            await offers.activate(uow, offer_id)

        async def names(**asked):
            return [offer.name for offer in (await offers.listing(uow, **asked)).items]

        assert await names() == ["新", "旧"]
        assert await names(phase="running") == ["旧"]
        assert await names(phase="waiting") == ["新"]
        assert await names(text="旧") == ["旧"]
        assert await names(kinds=["gift"]) == []
        assert await names(until=now + timedelta(days=1)) == ["旧"]
        assert await names(since=now + timedelta(days=1)) == ["新"]
