"""After-sales: what may be claimed, who has to act until when, and what silence means."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, paid, stock_of
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant
from siyu.trade import aftersales, orders, payments


def a_wish(order_id: UUID, **changes: object) -> aftersales.OpenCase:
    facts = {
        "id": ids.new(),
        "order_id": order_id,
        "kind": "refund_only",
        "reason": "changed_mind",
        "lines": ((1, 1),),
    }
    return aftersales.OpenCase(**{**facts, **changes})


async def fetched(database: Database, shop: Shop, customer: UUID, *, apples: int = 2) -> orders.PlacedOrder:
    """An order that was paid, handed over and received."""
    order = await paid(database, shop, customer, apples=apples)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        await orders.confirm_received(uow, [order.id])
    return order


async def test_goods_that_have_not_left_are_refunded_at_once(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await paid(database, shop, customer, apples=2)
    wish = a_wish(order.id)

    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(uow, wish, customer_id=customer)
    async with database.begin(merchant) as uow:
        again = await aftersales.open_case(uow, wish, customer_id=customer)

    assert (case.state, case.refunded) == ("refunding", 1_290)
    assert again.id == case.id
    assert await stock_of(database, shop, shop.apple) == (10, 1)
    async with database.begin(merchant) as uow:
        assert len(await payments.refunds_of_order(uow, order.id)) == 1
        assert (await orders.find(uow, order.id)).open_cases == 0


async def test_a_return_waits_for_the_merchant_the_goods_and_the_check(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)

    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=customer
        )
    assert case.state == "requested"
    async with database.begin(merchant) as uow:
        assert (await aftersales.agree(uow, case.id)).state == "returning"
        assert (
            await aftersales.send_back(uow, case.id, "SF", "SF123", customer_id=customer)
        ).state == "returned"
        done = await aftersales.check_in(uow, case.id, restock=True)

    assert (done.state, done.refunded, done.is_restocked) == ("refunding", 1_290, True)
    assert [step.action for step in done.steps] == ["opened", "agreed", "sent_back", "refunded"]
    assert await stock_of(database, shop, shop.apple) == (9, 0)


async def test_no_unit_is_claimed_twice(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        await aftersales.open_case(
            uow, a_wish(order.id, kind="return", reason="no_reason", lines=((1, 2),)), customer_id=customer
        )

    with pytest.raises(aftersales.NotThere) as refused:
        async with database.begin(merchant) as uow:
            await aftersales.open_case(
                uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=customer
            )

    assert refused.value.facts["left"] == 0
    async with database.begin(merchant) as uow:
        assert len((await aftersales.listing(uow, order_id=order.id)).items) == 1


async def test_silence_of_the_merchant_agrees_and_of_the_buyer_ends_the_case(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=customer
        )

    clock.move_to(timedelta(hours=49))
    async with database.begin(merchant) as uow:
        assert await aftersales.run_clock(database, merchant) == 1
        assert (await aftersales.find(uow, case.id)).state == "returning"
        assert await aftersales.run_clock(database, merchant) == 0
    clock.move_to(timedelta(hours=49, days=8))
    async with database.begin(merchant) as uow:
        await aftersales.run_clock(database, merchant)
        ended = await aftersales.find(uow, case.id)

    assert ended.state == "lapsed"
    async with database.begin(merchant) as uow:
        assert (await orders.find(uow, order.id)).open_cases == 0
        assert await payments.refunds_of_order(uow, order.id) == []


async def test_goods_that_came_back_unchecked_are_refunded(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, kind="return", reason="quality", words="坏了"), customer_id=customer
        )
        await aftersales.agree(uow, case.id)
        await aftersales.send_back(uow, case.id, "", "", customer_id=customer)

    clock.move_to(timedelta(days=3, minutes=1))
    async with database.begin(merchant) as uow:
        await aftersales.run_clock(database, merchant)
        found = await aftersales.find(uow, case.id)

    assert (found.state, found.refunded) == ("refunding", 1_290)


async def test_seven_days_end_with_the_seventh_day_after_receipt(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    wish = a_wish(order.id, kind="return", reason="no_reason")

    clock.move_to(timedelta(days=8, hours=1))
    with pytest.raises(aftersales.WindowOver):
        async with database.begin(merchant) as uow:
            await aftersales.open_case(uow, wish, customer_id=customer)
    clock.move_to(timedelta(days=7) - timedelta(minutes=1))
    async with database.begin(merchant) as uow:
        assert (await aftersales.open_case(uow, wish, customer_id=customer)).state == "requested"


async def test_goods_outside_the_seven_days_come_back_for_a_fault_only(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            update products set return_policy = 'excluded', return_reason = 'fresh'
            where merchant_id = %(merchant_id)s
            """
        )
    order = await fetched(database, shop, customer)

    with pytest.raises(aftersales.NotReturnable):
        async with database.begin(merchant) as uow:
            await aftersales.open_case(
                uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=customer
            )
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, reason="spoiled", words="烂了三个"), customer_id=customer
        )
    assert case.state == "requested"


async def test_an_agreed_amount_leaves_the_goods_with_the_buyer(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, reason="spoiled", words="烂了", lines=((1, 2),)), customer_id=customer
        )

    with pytest.raises(Invalid):
        async with database.begin(merchant) as uow:
            await aftersales.agree(uow, case.id, amount=2_581)
    async with database.begin(merchant) as uow:
        done = await aftersales.agree(uow, case.id, amount=500)
        order_now = await orders.find(uow, order.id)

    assert done.refunded == 500
    assert (order_now.state, order_now.refunded, order_now.lines[0].refunded_quantity) == ("received", 500, 0)


async def test_an_exchange_moves_stock_and_no_money(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, kind="exchange", reason="damaged", words="破了"), customer_id=customer
        )
        await aftersales.agree(uow, case.id)
        await aftersales.send_back(uow, case.id, "SF", "SF1", customer_id=customer)
        done = await aftersales.replace(uow, case.id, restock=False, carrier="SF", tracking="SF2")

    assert (done.state, done.new_tracking, done.refund_id) == ("done", "SF2", None)
    assert await stock_of(database, shop, shop.apple) == (7, 0)


async def test_a_refusal_can_be_disputed_and_reopened_by_somebody_above(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=customer
        )
    with pytest.raises(Invalid):
        async with database.begin(merchant) as uow:
            await aftersales.refuse(uow, case.id, "because", "就是不行")
    async with database.begin(merchant) as uow:
        await aftersales.refuse(uow, case.id, "used", "已经用过")
        await aftersales.dispute(uow, case.id, "没有用过", customer_id=customer)
        reopened = await aftersales.arbitrate(uow, case.id, is_upheld=False, words="照片看不出使用痕迹")

    assert (reopened.state, reopened.is_disputed, reopened.closed_at) == ("requested", False, None)
    async with database.begin(merchant) as uow:
        assert (await orders.find(uow, order.id)).open_cases == 1


async def test_a_case_is_nobody_elses(database: Database, merchant: Merchant, new_shop) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer, other = await a_customer(database, merchant), await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    async with database.begin(merchant) as uow:
        case = await aftersales.open_case(
            uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=customer
        )

    with pytest.raises(NotFound):
        async with database.begin(merchant) as uow:
            await aftersales.withdraw(uow, case.id, customer_id=other)
    with pytest.raises(NotFound):
        async with database.begin(merchant) as uow:
            await aftersales.open_case(
                uow, a_wish(order.id, kind="return", reason="no_reason"), customer_id=other
            )
    with pytest.raises(NotFound):
        async with database.begin(await new_shop()) as uow:
            await aftersales.agree(uow, case.id)


async def test_only_staff_may_say_that_both_sides_agreed(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await fetched(database, shop, customer)
    clock.move_to(timedelta(days=60))
    wish = a_wish(order.id, reason="agreed")

    with pytest.raises(Invalid):
        async with database.begin(merchant) as uow:
            await aftersales.open_case(uow, wish, customer_id=customer)
    async with database.begin(merchant) as uow:
        assert (await aftersales.open_case(uow, wish)).state == "requested"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "x"}, "reason"),
        ({"lines": ()}, "lines"),
        ({"lines": ((9, 1),)}, "lines[0]"),
        ({"lines": ((1, 0),)}, "lines[0]"),
        ({"kind": "return"}, "kind"),
        ({"reason": "no_reason"}, "reason"),
        ({"words": "长" * 501}, "words"),
    ],
    ids=["reason", "nothing", "line", "quantity", "kind", "reason-of-others", "words"],
)
async def test_a_bad_wish_names_its_field(
    database: Database, merchant: Merchant, changes: dict, field: str
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    customer = await a_customer(database, merchant)
    order = await paid(database, shop, customer, apples=2)

    with pytest.raises(Invalid) as refused:
        async with database.begin(merchant) as uow:
            await aftersales.open_case(uow, a_wish(order.id, **changes), customer_id=customer)

    assert refused.value.field == field
    assert await stock_of(database, shop, shop.apple) == (10, 2)
