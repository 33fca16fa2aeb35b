"""The seam between orders and activities, with the smallest activity there is: a number of seats at a price."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order, stock_of
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, IdempotencyConflict, Invalid
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders

SEAT_PRICE = 900


class NoSeat(DomainError):
    code = "tests.no_seat"
    status = 409
    zh = "没有名额了。"
    en = "No seat is left."


class Seats:
    """Seats of an offer, counted in a row of their own; `held_for` and the rest are set by each test."""

    def __init__(self, offer_id: UUID, sku_id: UUID, seats: int) -> None:
        self.offer_id, self.sku_id, self.seats = offer_id, sku_id, seats
        self.row_id = ids.new()
        self.given_back: list[UUID] = []
        self.extra: dict[str, object] = {}

    def terms(self) -> orders.ClaimTerms:
        return orders.ClaimTerms(
            {self.sku_id: SEAT_PRICE}, "group", self.offer_id, "拼团 / group", ids.new(), **self.extra
        )

    async def look(self, uow, ask):
        return self.terms()

    async def take(self, uow, asks):
        answers = []
        for _ in asks:
            got = await uow.run(
                """
                update offer_counters set uses = uses + 1
                where merchant_id = %(merchant_id)s and offer_id = %(offer)s and uses < %(seats)s
                """,
                offer=self.row_id,
                seats=self.seats,
            )
            answers.append(self.terms() if got else NoSeat())
        return answers

    async def give_back(self, uow, order_ids):
        self.given_back += order_ids
        await uow.run(
            "update offer_counters set uses = uses - %(n)s where merchant_id = %(merchant_id)s and offer_id = %(offer)s",
            n=len(order_ids),
            offer=self.row_id,
        )


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


@pytest.fixture
async def seats(database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Seats:
    offer_id = ids.new()
    seats = Seats(offer_id, shop.apple, 2)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            with made as (
                insert into offers (merchant_id, id, name, kind, rule, state, created_at, updated_at)
                select %(merchant_id)s, id, '名额', 'tests', '{}', 'active', %(now)s, %(now)s
                from unnest(%(ids)s::uuid[]) as t (id)
            )
            insert into offer_counters (merchant_id, offer_id)
            select %(merchant_id)s, id from unnest(%(ids)s::uuid[]) as t (id)
            """,
            ids=[offer_id, seats.row_id],
        )
    activity = orders.Activity("tests", seats.look, seats.take, seats.give_back)
    monkeypatch.setitem(orders.ACTIVITIES, "tests", activity)
    return seats


def wish(shop: Shop, customer: UUID, seats: Seats, **changes: object) -> orders.PlaceOrder:
    order = an_order(shop, customer, apples=1, key=str(ids.new()))
    claim = orders.Claim("tests", seats.offer_id)
    return msgspec.structs.replace(order, **{"claim": claim, "expected_total": SEAT_PRICE, **changes})


async def taken(database: Database, shop: Shop, seats: Seats) -> int:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(
            int,
            "select uses from offer_counters where merchant_id = %(merchant_id)s and offer_id = %(offer)s",
            offer=seats.row_id,
        )


async def test_a_claim_gives_its_price_and_the_order_says_which(database, shop, seats):
    customer = await a_customer(database, shop.merchant)

    placed = await orders.place(database, shop.merchant, wish(shop, customer, seats), pay_minutes=30)

    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, placed.id)
    assert (order.total, order.claim_kind) == (SEAT_PRICE, "tests")
    (line,) = order.lines
    assert [(step.code, step.amount, step.rule_id) for step in line.build_up] == [
        ("group", SEAT_PRICE - 1_290, seats.offer_id)
    ]


async def test_the_second_submit_takes_no_second_seat(database, shop, seats):
    customer = await a_customer(database, shop.merchant)
    order = wish(shop, customer, seats)

    first = await orders.place(database, shop.merchant, order, pay_minutes=30)
    second = await orders.place(database, shop.merchant, order, pay_minutes=30)

    assert (second.id, second.is_replay) == (first.id, True)
    assert await taken(database, shop, seats) == 1


async def test_the_same_key_at_the_ordinary_price_is_another_order(database, shop, seats):
    customer = await a_customer(database, shop.merchant)
    order = wish(shop, customer, seats)
    await orders.place(database, shop.merchant, order, pay_minutes=30)

    with pytest.raises(IdempotencyConflict):
        await orders.place(
            database, shop.merchant, msgspec.structs.replace(order, claim=None), pay_minutes=30
        )


async def test_of_three_at_once_for_two_seats_one_is_refused_and_keeps_nothing(database, shop, seats):
    customers = [await a_customer(database, shop.merchant) for _ in range(3)]

    answers = await asyncio.gather(
        *(
            orders.place(database, shop.merchant, wish(shop, customer, seats), pay_minutes=30)
            for customer in customers
        ),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["NoSeat", "PlacedOrder", "PlacedOrder"]
    assert await taken(database, shop, seats) == 2
    assert await stock_of(database, shop, shop.apple) == (100, 2)


@pytest.mark.parametrize(
    "changes", [{"expected_total": 1}, {"lines": (orders.WantedLine(ids.new(), 1),)}], ids=["price", "sku"]
)
async def test_an_order_refused_after_its_claim_gives_it_back(database, shop, seats, changes):
    customer = await a_customer(database, shop.merchant)

    with pytest.raises(DomainError):
        await orders.place(database, shop.merchant, wish(shop, customer, seats, **changes), pay_minutes=30)

    assert len(seats.given_back) == 1
    assert await taken(database, shop, seats) == 0
    assert await stock_of(database, shop, shop.apple) == (100, 0)


async def test_a_sku_that_is_not_part_of_the_claim_is_named(database, shop, seats):
    customer = await a_customer(database, shop.merchant)
    lines = (orders.WantedLine(shop.apple, 1), orders.WantedLine(shop.milk, 1))

    with pytest.raises(Invalid) as refused:
        await orders.place(database, shop.merchant, wish(shop, customer, seats, lines=lines), pay_minutes=30)

    assert refused.value.field == "lines[1].sku_id"


async def test_nobody_pays_more_than_the_marked_price(database, shop, seats, monkeypatch):
    monkeypatch.setattr(
        seats, "terms", lambda: orders.ClaimTerms({shop.apple: 9_999}, "group", seats.offer_id, "", ids.new())
    )
    customer = await a_customer(database, shop.merchant)

    placed = await orders.place(
        database, shop.merchant, wish(shop, customer, seats, expected_total=9_999), pay_minutes=30
    )

    assert placed.total == 1_290


async def test_an_unknown_kind_is_refused_before_anything_is_asked(database, shop, seats):
    customer = await a_customer(database, shop.merchant)
    claim = orders.Claim("nothing", ids.new())

    with pytest.raises(orders.NoSuchClaim) as refused:
        await orders.place(database, shop.merchant, wish(shop, customer, seats, claim=claim), pay_minutes=30)

    assert refused.value.field == "claim.kind"


async def test_what_is_held_does_not_leave_until_it_is_released(database, shop, seats):
    seats.extra = {"held_for": "group", "pay_minutes": 10}
    customer = await a_customer(database, shop.merchant)
    placed = await orders.place(database, shop.merchant, wish(shop, customer, seats), pay_minutes=30)
    async with database.begin(shop.merchant) as uow:
        await orders.mark_paid(uow, {placed.id: placed.total})

    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, placed.id)
        assert (order.pay_by - order.placed_at).total_seconds() == 600
        with pytest.raises(orders.WrongState) as refused:
            await orders.hand_over(uow, [placed.id])
        with pytest.raises(orders.WrongState):
            await orders.fulfil_units(uow, placed.id, [(1, 1)], "counter")
    assert "拼团" in refused.value.sentence("zh")

    async with database.begin(shop.merchant) as uow:
        assert await orders.release_hold(uow, [placed.id]) == 1
        assert await orders.release_hold(uow, [placed.id]) == 0
        await orders.hand_over(uow, [placed.id])
    assert await stock_of(database, shop, shop.apple) == (99, 0)
