"""A store's own couriers: distance, fees, slots and their places, also when many want the last one."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import a_shop
from siyu.kernel.errors import Invalid, NotFound
from siyu.people.addresses import Address
from siyu.trade import delivery
from siyu.trade.delivery import Booking, Goods, LocalRules, Opening, Tier

SHANGHAI = "Asia/Shanghai"
# Monday 2026-11-23, 08:00 in Shanghai.
MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
HERE = Address("林小满", "13800000000", "310115", (), "世纪大道 100 号", 31_230_000, 121_500_000)
TWO_KM = msgspec.structs.replace(HERE, latitude=31_248_000)
FAR = msgspec.structs.replace(HERE, latitude=31_330_000)
SOMEWHERE = msgspec.structs.replace(HERE, latitude=0, longitude=0)
RULES = LocalRules(
    radius=5_000,
    tiers=(Tier(1_000, 300), Tier(5_000, 800)),
    minimum=3_000,
    openings=(Opening(1, 540, 720), Opening(2, 540, 600)),
    slot_minutes=60,
    capacity=2,
    cutoff_minutes=30,
    days_ahead=1,
)


def starts(rules: LocalRules, now: datetime) -> list[str]:
    return [f"{s.starts_at.astimezone(UTC):%d %H:%M}" for s in delivery.slots(rules, SHANGHAI, {}, now)]


def test_slots_lie_within_the_hours_of_each_day():
    assert starts(RULES, MONDAY) == ["23 01:00", "23 02:00", "23 03:00", "24 01:00"]


def test_a_slot_closes_before_it_starts():
    assert starts(RULES, MONDAY + timedelta(minutes=30)) == ["23 01:00", "23 02:00", "23 03:00", "24 01:00"]
    assert starts(RULES, MONDAY + timedelta(minutes=31)) == ["23 02:00", "23 03:00", "24 01:00"]


def test_a_closed_day_has_no_slots():
    rules = msgspec.structs.replace(RULES, closed_days=(date(2026, 11, 23),))

    assert starts(rules, MONDAY) == ["24 01:00"]


def test_the_last_slot_may_end_at_midnight():
    rules = msgspec.structs.replace(RULES, openings=(Opening(1, 1_380, 1_440),), days_ahead=0)
    (slot,) = delivery.slots(rules, SHANGHAI, {}, MONDAY)

    assert (slot.starts_at, slot.ends_at) == (
        datetime(2026, 11, 23, 15, tzinfo=UTC),
        datetime(2026, 11, 23, 16, tzinfo=UTC),
    )


@given(
    st.integers(0, 1_300), st.integers(10, 600), st.sampled_from([15, 30, 45, 60, 90]), st.integers(0, 600),
    st.integers(0, 7), st.integers(0, 20_000),
)  # fmt: skip
def test_every_slot_can_still_be_served(opens, length, minutes, cutoff, days, later):
    closes = min(1_440, opens + length)
    rules = msgspec.structs.replace(
        RULES,
        openings=tuple(Opening(day, opens, closes) for day in range(1, 8)),
        slot_minutes=minutes,
        cutoff_minutes=cutoff,
        days_ahead=days,
    )
    now = MONDAY + timedelta(minutes=later)
    found = delivery.slots(rules, SHANGHAI, {}, now)

    for slot in found:
        there = slot.starts_at + timedelta(hours=8)
        minute = there.hour * 60 + there.minute
        assert slot.starts_at >= now + timedelta(minutes=cutoff)
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert opens <= minute
        assert minute + minutes <= closes
    assert found == sorted(found, key=lambda slot: slot.starts_at)


# In the database -----------------------------------------------------------------------------------


async def a_store(database, merchant, **changes):
    shop = await a_shop(database, merchant)
    async with database.begin(merchant) as uow:
        await uow.run(
            "update stores set latitude = 31230000, longitude = 121500000 where merchant_id = %(merchant_id)s"
        )
        await delivery.offer(uow, ("pickup", "local"))
        every_day = tuple(Opening(day, 0, 1_440) for day in range(1, 8))
        await delivery.set_local(
            uow, shop.store_id, msgspec.structs.replace(RULES, openings=every_day, **changes), is_on=True
        )
    return shop


async def first_slot(database, shop):
    async with database.begin(shop.merchant) as uow:
        ((_, slots),) = await delivery.locals_for(uow)
    return slots[0].starts_at


def ask(shop, slot, to=HERE, amount=3_000):
    return delivery.Ask("local", to, (Goods(None, 1, 0, amount),), shop.store_id, slot)


async def terms_of(database, shop, wanted):
    async with database.begin(shop.merchant) as uow:
        return delivery.terms(await delivery.load(uow, [wanted]), wanted, uow.now)


async def booked(database, shop, slot):
    async with database.begin(shop.merchant) as uow:
        return await uow.maybe(
            int,
            "select booked from delivery_slots where merchant_id = %(merchant_id)s and starts_at = %(slot)s",
            slot=slot,
        )


async def test_the_fee_follows_the_distance(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)

    near, two = [await terms_of(database, shop, ask(shop, slot, to)) for to in (HERE, TWO_KM)]

    assert (near.freight, two.freight) == (300, 800)
    assert (near.deliver_from, near.deliver_until, near.ship_by) == (slot, slot + timedelta(hours=1), slot)
    assert two.notes == (("一店同城配送，约 2.0 公里 / Local delivery from 一店, about 2.0 km", 800),)


@pytest.mark.parametrize(
    ("to", "amount", "refusal", "field"),
    [
        (FAR, 3_000, delivery.TooFar, "address"),
        (SOMEWHERE, 3_000, delivery.NeedsPlace, "address"),
        (HERE, 2_999, delivery.BelowMinimum, "delivery"),
    ],
)
async def test_what_a_courier_cannot_do_is_said_at_its_field(database, merchant, to, amount, refusal, field):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)

    with pytest.raises(refusal) as refused:
        await terms_of(database, shop, ask(shop, slot, to, amount))

    assert refused.value.field == field


async def test_an_address_without_a_location_is_served_in_the_named_districts_at_the_farthest_fee(
    database, merchant
):
    shop = await a_store(database, merchant, districts=("310115",))

    assert (
        await terms_of(database, shop, ask(shop, await first_slot(database, shop), SOMEWHERE))
    ).freight == 800


async def test_a_slot_has_to_be_chosen_and_to_exist(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)

    with pytest.raises(delivery.NeedsSlot):
        await terms_of(database, shop, ask(shop, None))
    for odd in (slot + timedelta(minutes=5), slot + timedelta(seconds=1), slot - timedelta(days=2)):
        with pytest.raises(delivery.SlotGone):
            await terms_of(database, shop, ask(shop, odd))
    with pytest.raises(delivery.SlotGone):
        await terms_of(database, shop, ask(shop, slot + timedelta(days=40)))


async def test_moments_that_are_no_slots_leave_no_rows_behind(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)
    for odd in (slot + timedelta(seconds=1), slot + timedelta(minutes=3), slot + timedelta(days=60)):
        with pytest.raises(delivery.SlotGone):
            await terms_of(database, shop, ask(shop, odd))

    async with database.begin(merchant) as uow:
        assert (
            await uow.all(int, "select booked from delivery_slots where merchant_id = %(merchant_id)s") == []
        )


async def test_places_are_taken_given_back_and_never_more_than_there_are(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)
    place = Booking(shop.store_id, slot)

    async with database.begin(merchant) as uow:
        await delivery.book(uow, [place, place])
    with pytest.raises(delivery.SlotFull) as refused:
        await terms_of(database, shop, ask(shop, slot))
    with pytest.raises(delivery.SlotFull):
        async with database.begin(merchant) as uow:
            await delivery.book(uow, [place])
    assert await booked(database, shop, slot) == 2
    async with database.begin(merchant) as uow:
        await delivery.release(uow, [place])

    assert refused.value.field == "slot"
    assert await booked(database, shop, slot) == 1
    assert (await terms_of(database, shop, ask(shop, slot))).freight == 300


async def test_a_group_that_wants_more_than_a_slot_has_gets_nothing(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)

    with pytest.raises(delivery.SlotFull):
        async with database.begin(merchant) as uow:
            await delivery.book(uow, [Booking(shop.store_id, slot)] * 3)

    assert await booked(database, shop, slot) is None


async def test_twenty_buyers_at_once_get_two_places(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)
    wanted = ask(shop, slot)

    async def buy():
        async with database.begin(merchant) as uow:
            tariffs = await delivery.load(uow, [wanted])
            delivery.terms(tariffs, wanted, uow.now)
            await asyncio.sleep(0.002)
            await delivery.book(uow, [Booking(shop.store_id, slot)])

    answers = await asyncio.gather(*(buy() for _ in range(20)), return_exceptions=True)

    assert sum(answer is None for answer in answers) == 2
    assert sum(isinstance(answer, delivery.SlotFull) for answer in answers) == 18
    assert await booked(database, shop, slot) == 2


async def test_a_quote_waits_for_nobody_and_writes_nothing(database, merchant):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)
    wanted = ask(shop, slot)

    async with database.begin(merchant) as holder, database.begin(merchant) as looker:
        await delivery.load(holder, [wanted])
        seen = await asyncio.wait_for(delivery.load(looker, [wanted], is_booking=False), 2)
        assert delivery.terms(seen, wanted, looker.now).freight == 300


async def test_a_store_that_does_not_deliver_or_is_another_merchants_is_refused(database, merchant, new_shop):
    shop = await a_store(database, merchant)
    slot = await first_slot(database, shop)
    other = await new_shop()
    async with database.begin(other) as uow:
        await delivery.offer(uow, ("local",))
        with pytest.raises(delivery.NotOffered) as refused:
            delivery.terms(await delivery.load(uow, [ask(shop, slot)]), ask(shop, slot), uow.now)
        with pytest.raises(NotFound):
            await delivery.set_local(uow, shop.store_id, RULES, is_on=True)
    async with database.begin(merchant) as uow:
        await delivery.set_local(uow, shop.store_id, RULES, is_on=False)
        assert await delivery.locals_for(uow) == []

    assert refused.value.field == "store_id"
    with pytest.raises(delivery.NotOffered):
        await terms_of(database, shop, ask(shop, slot))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"radius": 0}, "radius"),
        ({"capacity": 0}, "capacity"),
        ({"slot_minutes": 61}, "slot_minutes"),
        ({"tiers": ()}, "tiers"),
        ({"tiers": (Tier(1_000, 300),)}, "tiers"),
        ({"tiers": (Tier(1_000, -1), Tier(5_000, 1))}, "tiers"),
        ({"openings": (Opening(1, 600, 540),)}, "hours_1"),
        ({"openings": (Opening(3, 540, 720), Opening(3, 700, 800))}, "hours_3"),
        ({"districts": ("999999",)}, "districts"),
    ],
)
async def test_rules_that_make_no_sense_are_refused_at_their_field(database, merchant, changes, field):
    shop = await a_shop(database, merchant)
    async with database.begin(merchant) as uow:
        with pytest.raises(Invalid) as refused:
            await delivery.set_local(
                uow, shop.store_id, msgspec.structs.replace(RULES, **changes), is_on=True
            )
        assert await delivery.local_of(uow, shop.store_id) is None

    assert refused.value.field == field
