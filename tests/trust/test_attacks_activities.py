"""Attempts on flash sales, groups, bargains, presales, points and draws: twice, too late, too early, for others."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order, word_of_payment
from growth import draw_shop
from siyu.goods import offers
from siyu.growth import draws
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.people import customers, points
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import bargains, flashsales, groupbuys, orders, payments, pointsprices, presales
from trade import bargain_shop, flash_shop, group_shop, presale_shop

KINDS = (flashsales, groupbuys, bargains, presales, pointsprices)


@pytest.fixture(autouse=True)
def _activities(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in KINDS:
        monkeypatch.setitem(orders.ACTIVITIES, room.ACTIVITY.kind, room.ACTIVITY)


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=50)


async def listen(database: Database, shop: Shop) -> None:
    """Whoever hears of orders does."""
    heard = [*offers.CONSUMERS, *points.CONSUMERS]
    heard += [consumer for room in KINDS for consumer in room.CONSUMERS]
    for consumer in heard:
        while await digest(database, shop.merchant, consumer):
            pass


async def number_of(database: Database, shop: Shop, order_id: UUID) -> str:
    async with database.begin(shop.merchant) as uow:
        return (await payments.open_payments(uow, [order_id]))[0]


async def arrives(database: Database, shop: Shop, number: str, amount: int) -> payments.Outcome:
    async with database.begin(shop.merchant) as uow:
        (outcome,) = await payments.settle(uow, [word_of_payment(number, amount)])
    await listen(database, shop)
    return outcome


async def closed(database: Database, shop: Shop, order_id: UUID, reason: str = "expired") -> None:
    async with database.begin(shop.merchant) as uow:
        assert await orders.close(uow, [order_id], reason) == [order_id]
    await listen(database, shop)


async def order_of(database: Database, shop: Shop, order_id: UUID) -> orders.Order:
    async with database.begin(shop.merchant) as uow:
        return await orders.find(uow, order_id)


async def priced(database: Database, shop: Shop, price: int) -> None:
    """The catalogue's price of an apple is another now."""
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update skus set price = %(price)s where merchant_id = %(merchant_id)s and id = %(sku)s",
            price=price,
            sku=shop.apple,
        )


async def a_guest(database: Database, shop: Shop, phone: str = "13800000000") -> UUID:
    guest_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await customers.welcome_guest(
            uow, guest_id, name="路人", phone=phone, first_door_id=None, channel="guest"
        )
    return guest_id


@pytest.mark.parametrize("late_first", [False, True])
async def test_one_bargain_sells_one_unit_though_money_for_a_closed_order_comes_too(
    database: Database, shop: Shop, late_first: bool
) -> None:
    owner = await a_customer(database, shop.merchant)
    bargain = await bargain_shop.started(database, shop, await bargain_shop.an_offer(database, shop), owner)
    first = await bargain_shop.bought(database, shop, owner, bargain.id, 1_290)
    late = await number_of(database, shop, first.id)
    await closed(database, shop, first.id)
    for _ in range(bargain_shop.HELPS):
        await bargain_shop.helped(database, shop, bargain.id)
    second = await bargain_shop.bought(database, shop, owner, bargain.id, bargain_shop.FLOOR)
    prompt = await number_of(database, shop, second.id)

    words = [(late, first.total), (prompt, second.total)]
    for number, amount in words if late_first else reversed(words):
        assert await arrives(database, shop, number, amount) is payments.Outcome.PAID
    await listen(database, shop)

    states = [(await order_of(database, shop, one.id)).state for one in (first, second)]
    assert sorted(states) == ["paid", "refunded"], states
    kept = (first, second)[states.index("paid")]
    assert (await bargain_shop.seen(database, shop, bargain.id)).order_id == kept.id


async def test_a_deposit_is_never_more_than_a_fifth_of_what_is_really_paid(
    database: Database, shop: Shop
) -> None:
    offer_id = await presale_shop.an_offer(database, shop)
    await priced(database, shop, 400)
    buyer = await a_customer(database, shop.merchant)

    with pytest.raises(presales.DepositTooHigh):
        await presale_shop.ordered(database, shop, offer_id, buyer)


async def test_a_tier_gives_back_what_was_paid_above_it_and_not_what_was_never_paid(
    database: Database, merchant: Merchant
) -> None:
    """The apples became cheaper than the group while it was open: there is less to give back."""
    shop = await a_shop(database, merchant, stock=50)
    rule = offers.GroupBuy(prices={shop.apple: 990}, size=2, tiers=(offers.GroupTier(3, {shop.apple: 800}),))
    market = group_shop.Market(shop, await group_shop.an_offer(database, merchant, rule), database)
    group, first = await group_shop.opened(market)
    await priced(database, shop, 850)
    rest = []
    for _ in range(2):
        order = await group_shop.buy(market, await a_customer(database, merchant), group.id)
        await group_shop.pay(market, order)
        rest.append(order)

    paid = []
    for one in (first, *rest):
        order = await order_of(database, shop, one.id)
        paid.append(order.total - order.refunded)
    assert paid == [800, 800, 800]


@pytest.mark.parametrize("kind", ["flash", "group"])
async def test_a_guest_of_nobodys_phone_is_not_one_more_person_for_a_limit(
    database: Database, merchant: Merchant, kind: str
) -> None:
    if kind == "flash":
        sale = await flash_shop.a_sale(database, merchant, quota=10)
        shop, offer_id, price = sale.shop, sale.offer_id, flash_shop.PRICE
    else:
        market = await group_shop.a_market(database, merchant)
        shop, offer_id, price = market.shop, market.offer_id, group_shop.PRICE
    guest = await a_guest(database, shop)
    wish = an_order(shop, guest, apples=1, expected_total=price, claim=orders.Claim(kind, offer_id))

    with pytest.raises(DomainError) as refusal:
        await orders.place(database, merchant, wish, pay_minutes=30)

    assert refusal.value.code == "orders.claim_needs_sign_in"
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s") == 0
        assert await uow.one(int, "select count(*) from flash_takes where merchant_id = %(merchant_id)s") == 0


async def test_a_guest_gets_neither_a_coupon_nor_what_is_for_newcomers(
    database: Database, shop: Shop
) -> None:
    """Or a browser that forgets its cookies would be new for ever."""
    guest = await a_guest(database, shop)
    known = await a_customer(database, shop.merchant)
    coupon_id, first_id = ids.new(), ids.new()
    async with database.begin(shop.merchant) as uow:
        coupon = offers.Coupon(offers.CouponAmount(500, 1_000), days=7, is_public=True)
        await offers.save(uow, coupon_id, offers.OfferForm("新人券", coupon))
        await offers.save(uow, first_id, offers.OfferForm("首单立减", offers.FirstOrder(500)))
        for offer_id in (coupon_id, first_id):
            await offers.activate(uow, offer_id)

    with pytest.raises(DomainError) as refusal:
        async with database.begin(shop.merchant) as uow:
            await offers.claim(uow, coupon_id, guest)
    placed = [
        await orders.place(database, shop.merchant, an_order(shop, who, apples=1), pay_minutes=30)
        for who in (guest, known)
    ]

    assert "请先登录" in refusal.value.sentence("zh-CN")
    assert [one.total for one in placed] == [1_290, 790]
    async with database.begin(shop.merchant) as uow:
        assert await uow.one(int, "select count(*) from coupons where merchant_id = %(merchant_id)s") == 0
        await customers.bind(uow, guest, "phone", "13800000000")
        assert (await offers.claim(uow, coupon_id, guest)).customer_id == guest


async def test_the_books_of_a_flash_sale_hold_when_money_comes_after_the_piece_went_to_somebody_else(
    database: Database, merchant: Merchant
) -> None:
    sale = await flash_shop.a_sale(database, merchant, stock=3, quota=1)
    first, second = [await a_customer(database, merchant) for _ in range(2)]
    lost = await flash_shop.buy(sale, first)
    late = await number_of(database, sale.shop, lost.id)
    await closed(database, sale.shop, lost.id)
    flash_shop.memory.forget()
    taken = await flash_shop.buy(sale, second)

    await arrives(database, sale.shop, late, lost.total)
    await arrives(database, sale.shop, await number_of(database, sale.shop, taken.id), taken.total)

    async with database.begin(merchant) as uow:
        assert await flashsales.flash_proofs(uow) == []
        assert await orders.stock_promised_wrongly(uow) == []
        assert await offers.wrong_counters(uow) == []


async def test_points_are_spent_once_by_ten_orders_at_once_and_come_back_by_the_unit(
    database: Database, shop: Shop
) -> None:
    buyer = await draw_shop.with_points(database, shop, 1_000)
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        form = offers.OfferForm("换购", offers.PointsPrice({shop.apple: (500, 100)}))
        await offers.save(uow, offer_id, form)
        await offers.activate(uow, offer_id)

    async def buy() -> orders.PlacedOrder | DomainError:
        wish = an_order(shop, buyer, apples=2, claim=orders.Claim("points", offer_id), expected_total=200)
        try:
            return await orders.place(database, shop.merchant, wish, pay_minutes=30)
        except DomainError as refusal:
            return refusal

    answers = await asyncio.gather(*(buy() for _ in range(10)))

    (order,) = [one for one in answers if isinstance(one, orders.PlacedOrder)]
    assert await draw_shop.balance(database, shop, buyer) == 0
    await arrives(database, shop, await number_of(database, shop, order.id), order.total)
    asked = ids.new()
    for request in (asked, asked, ids.new()):
        async with database.begin(shop.merchant) as uow:
            await payments.request_refund(uow, payments.RequestRefund(request, order.id, ((1, 1),), "不要了"))
        await listen(database, shop)
    assert await draw_shop.balance(database, shop, buyer) == 1_000
    assert (await order_of(database, shop, order.id)).refunded == 200


async def test_a_balance_is_paid_once_and_neither_before_its_time_nor_by_the_deposit_again(
    database: Database, shop: Shop
) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await presale_shop.ordered(
        database, shop, await presale_shop.an_offer(database, shop), buyer, apples=1
    )
    twin = [await presale_shop.begun(database, shop, order.id, how) for how in ("wxpay_jsapi", "alipay_wap")]
    first, second = [await arrives(database, shop, number, presale_shop.DEPOSIT) for number in twin]
    assert (first, second) == (payments.Outcome.PAID, payments.Outcome.DOUBLE)
    assert (await order_of(database, shop, order.id)).due == 900

    clock.move_to(presale_shop.BALANCE_IN + timedelta(hours=1))
    rest = [await presale_shop.begun(database, shop, order.id, how) for how in ("wxpay_jsapi", "alipay_wap")]
    got = await asyncio.gather(*(arrives(database, shop, number, 900) for number in rest))

    assert sorted(one.value for one in got) == ["double", "paid"]
    assert (await order_of(database, shop, order.id)).state == "paid"
    books = await presale_shop.books(database, shop)
    assert books["sales"] == 1_100
    async with database.begin(shop.merchant) as uow:
        asked = payments.RequestRefund(ids.new(), order.id, ((1, 1),), "不要了")
        assert (await payments.request_refund(uow, asked)).amount == 1_100


async def test_a_closed_presale_gives_its_deposit_back_once_by_whichever_way(
    database: Database, shop: Shop
) -> None:
    order_id, _, _ = await presale_shop.after_deposit(database, shop)
    await closed(database, shop, order_id, "cancelled_by_merchant")

    async def again() -> UUID:
        async with database.begin(shop.merchant) as uow:
            return (await payments.return_deposit(uow, order_id, "商家退回")).id

    assert len({await again(), await again(), *await asyncio.gather(again(), again())}) == 1
    async with database.begin(shop.merchant) as uow:
        (one,) = await payments.refunds_of_order(uow, order_id)
        assert one.amount == presale_shop.DEPOSIT
        assert not await payments.keep_deposit(uow, order_id)


async def test_a_drawn_draw_is_not_gone_on_with_once_its_seed_is_known(
    database: Database, shop: Shop
) -> None:
    draw_id = await draw_shop.running(database, shop)
    player = await draw_shop.with_points(database, shop)
    await draw_shop.takes_part(database, shop, draw_id, player)
    clock.move_to(timedelta(days=8))
    await draw_shop.work(database, shop)
    rules = draw_shop.some_rules()
    async with database.begin(shop.merchant) as uow:
        assert (await draws.find(uow, draw_id)).state == "ended"
        longer = msgspec.structs.replace(
            (await draws.find(uow, draw_id)).rules, ends_at=clock.now() + timedelta(days=9)
        )

    with pytest.raises(DomainError):
        async with database.begin(shop.merchant) as uow:
            await draws.amend(uow, draw_id, longer, "再来")
    with pytest.raises(DomainError):
        async with database.begin(shop.merchant) as uow:
            await draws.save(uow, draw_id, rules)
    with pytest.raises(DomainError):
        await draw_shop.takes_part(database, shop, draw_id, player)


async def test_ten_taps_with_one_ticket_are_one_result_and_ten_requests_pay_for_each(
    database: Database, shop: Shop
) -> None:
    draw_id = await draw_shop.running(database, shop, per_person=3)
    player = await draw_shop.with_points(database, shop, 12)
    tap = ids.new()

    same = await asyncio.gather(
        *(draw_shop.takes_part(database, shop, draw_id, player, tap) for _ in range(10))
    )
    assert len({one.serial for one in same}) == 1

    async def another() -> int | str:
        try:
            return (await draw_shop.takes_part(database, shop, draw_id, player)).serial
        except DomainError as refusal:
            return refusal.code

    more = await asyncio.gather(*(another() for _ in range(10)))

    serials = [one for one in more if isinstance(one, int)]
    assert len(serials) <= 2
    assert sorted([same[0].serial, *serials]) == list(range(1, len(serials) + 2))
