"""Draws: published before, the same for everybody, done again by anybody, and never for inviting."""

import hashlib
from datetime import timedelta

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, paid
from growth.draw_shop import START, balance, chances, published, running, takes_part, with_points, work
from siyu.goods import offers
from siyu.growth import draws, promoters
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.people import points
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def test_what_is_published_is_hashed_and_the_seed_is_not_told(database: Database, shop: Shop) -> None:
    draw_id = await published(database, shop)
    async with database.begin(shop.merchant) as uow:
        draw = await draws.shown(uow, draw_id)
        (version,) = await draws.versions(uow, draw_id)
        assert await draws.seed_of(uow, draw_id) is None
        seed = await uow.one(bytes, "select seed from draws where merchant_id = %(merchant_id)s")

    assert version.hash == hashlib.sha256(version.text.encode()).hexdigest()
    assert draw.seed_hash == hashlib.sha256(seed).hexdigest()
    assert draw.seed_hash in version.text
    assert seed.hex() not in version.text
    assert version.rules == draw.rules


async def test_the_whole_draw_can_be_done_again_from_the_seed(database: Database, shop: Shop) -> None:
    draw_id = await running(database, shop)
    customer = await with_points(database, shop)
    results = [await takes_part(database, shop, draw_id, customer) for _ in range(40)]
    won = [result.prize_no for result in results]
    clock.move_to(timedelta(days=8))
    await work(database, shop)
    async with database.begin(shop.merchant) as uow:
        draw = await draws.shown(uow, draw_id)
        seed = await draws.seed_of(uow, draw_id)
        log = [line.outcome for line in await draws.log(uow, draw_id)]
        told = [(one.from_serial, one.rules) for one in await draws.versions(uow, draw_id)]
        given_ = await draws.given(uow, draw_id)

    assert draw.state == "ended"
    assert [result.serial for result in results] == list(range(1, 41))
    assert draws.verify(seed, draw.seed_hash, draw_id, told, log) == []
    assert draws.verify(b"x" * 32, draw.seed_hash, draw_id, told, log) == list(range(1, 41))
    changed = [*log[:7], msgspec.structs.replace(log[7], prize_no=None if log[7].prize_no else 1), *log[8:]]
    assert draws.verify(seed, draw.seed_hash, draw_id, told, changed) == [8]
    assert {no: won.count(no) for no in (1, 2)} == given_
    assert given_[1] <= 3
    assert await balance(database, shop, customer) == 500 - 40 * 5 + won.count(1) * 100 + won.count(2) * 10


async def test_a_prize_that_is_gone_gives_way_to_the_one_the_rules_name(
    database: Database, shop: Shop
) -> None:
    prizes = (
        draws.Prize(1, "头奖", "points", number=1, value=100, odds=1_000_000, points=7, instead=2),
        draws.Prize(2, "二奖", "points", number=1, value=100, odds=0 + 1, points=3),
    )
    with pytest.raises(Invalid) as refusal:
        await published(database, shop, prizes=prizes)
    assert refusal.value.field == "odds"
    prizes = (msgspec.structs.replace(prizes[0], odds=999_999), prizes[1])
    draw_id = await running(database, shop, prizes=prizes)
    customer = await with_points(database, shop)

    results = [await takes_part(database, shop, draw_id, customer) for _ in range(3)]

    assert [(one.hit_no, one.prize_no) for one in results] == [(1, 1), (1, 2), (1, None)]
    assert await balance(database, shop, customer) == 500 - 15 + 7 + 3


async def test_the_same_request_draws_once(database: Database, shop: Shop) -> None:
    draw_id = await running(database, shop)
    customer = await with_points(database, shop)
    asked = ids.new()

    first = await takes_part(database, shop, draw_id, customer, asked)
    second = await takes_part(database, shop, draw_id, customer, asked)

    assert (second.serial, second.ticket_id, second.prize_no) == (
        first.serial,
        first.ticket_id,
        first.prize_no,
    )
    assert await chances(database, shop, draw_id, customer) == (0, 1)


async def test_too_few_points_buy_no_ticket_and_use_no_serial(database: Database, shop: Shop) -> None:
    draw_id = await running(database, shop)
    customer = await with_points(database, shop, 4)

    with pytest.raises(points.NotEnough):
        await takes_part(database, shop, draw_id, customer)

    assert await balance(database, shop, customer) == 4
    assert await chances(database, shop, draw_id, customer) == (0, 0)
    async with database.begin(shop.merchant) as uow:
        assert (await draws.find(uow, draw_id)).drawn == 0


async def test_nobody_draws_before_the_start_after_the_end_or_too_often(
    database: Database, shop: Shop
) -> None:
    draw_id = await published(database, shop, per_person=2)
    customer = await with_points(database, shop)
    with pytest.raises(draws.NotRunning):
        await takes_part(database, shop, draw_id, customer)
    clock.move_to(START + timedelta(minutes=1))
    for _ in range(2):
        await takes_part(database, shop, draw_id, customer)
    had = await balance(database, shop, customer)
    with pytest.raises(draws.DrawnEnough):
        await takes_part(database, shop, draw_id, customer)
    clock.move_to(timedelta(days=7))
    other = await with_points(database, shop)
    with pytest.raises(draws.NotRunning):
        await takes_part(database, shop, draw_id, other)

    assert await balance(database, shop, customer) == had
    assert await balance(database, shop, other) == 500


async def test_a_received_order_brings_one_ticket_and_its_refund_takes_an_unused_one(
    database: Database, shop: Shop
) -> None:
    draw_id = await running(database, shop, order_least=2_000, ticket_points=None)
    customer = await a_customer(database, shop.merchant)
    small = await paid(database, shop, customer, apples=1)
    big = await paid(database, shop, customer, apples=2)
    await work(database, shop)
    assert await chances(database, shop, draw_id, customer) == (0, 0)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [small.id, big.id])
        await orders.confirm_received(uow, [small.id, big.id])
    for _ in range(2):
        await work(database, shop)
        async with database.begin(shop.merchant) as uow:
            await uow.run("delete from event_cursors where merchant_id = %(merchant_id)s")
    assert await chances(database, shop, draw_id, customer) == (1, 0)

    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), big.id, ((1, 1),), "退货"))
    await work(database, shop)

    assert await chances(database, shop, draw_id, customer) == (0, 0)
    with pytest.raises(draws.NoTicket):
        await takes_part(database, shop, draw_id, customer)


async def test_staff_and_guides_do_not_take_part(database: Database, shop: Shop) -> None:
    draw_id = await running(database, shop)
    customer = await with_points(database, shop)
    async with database.begin(shop.merchant) as uow:
        await promoters.enrol(uow, customer, kind="guide", name="导购小陈")

    with pytest.raises(draws.Excluded):
        await takes_part(database, shop, draw_id, customer)

    assert await balance(database, shop, customer) == 500


async def test_a_coupon_is_given_as_published_though_it_was_paused_meanwhile(
    database: Database, shop: Shop
) -> None:
    offer_id = ids.new()
    coupon = offers.Coupon(offers.CouponAmount(off=500, least=1_000), days=30, total=100)
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, offers.OfferForm(name="满十减五", rule=coupon))
        await offers.activate(uow, offer_id)
    cheap = (draws.Prize(1, "券", "coupon", number=5, value=499, odds=1_000_000, offer_id=offer_id),)
    with pytest.raises(Invalid) as refusal:
        await published(database, shop, prizes=cheap)
    assert refusal.value.field == "prize_1_value"
    draw_id = await running(database, shop, prizes=(msgspec.structs.replace(cheap[0], value=500),))
    customer = await with_points(database, shop)
    await takes_part(database, shop, draw_id, customer)
    async with database.begin(shop.merchant) as uow:
        await offers.pause(uow, offer_id)
    second = await takes_part(database, shop, draw_id, customer)
    async with database.begin(shop.merchant) as uow:
        held = await uow.all(
            str,
            """
            select source || ' ' || state || ' ' || (valid_until - valid_from)::text from coupons
            where merchant_id = %(merchant_id)s and customer_id = %(customer)s
            """,
            customer=customer,
        )

    assert held == ["prize issued 30 days"] * 2
    assert second.gift_id is not None
