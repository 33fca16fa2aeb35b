"""The reference price: histories from 明码标价和禁止价格欺诈规定 art. 16 and 17, and what becomes of each."""

from datetime import timedelta
from uuid import UUID

import pytest

from goods.small_shop import SmallShop, a_small_shop
from siyu.events import LineFact, OrderPaid, OrderRefunded
from siyu.events.orders import RefundedUnits
from siyu.goods import catalog
from siyu.goods.catalog import reference_price
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> SmallShop:
    return await a_small_shop(database, merchant)


async def sold(
    database: Database,
    shop: SmallShop,
    days_ago: float,
    amount: int,
    quantity: int = 1,
    sku: UUID | None = None,
) -> UUID:
    """An order paid some days ago; its id."""
    order_id, sku_id = ids.new(), sku or shop.apple
    clock.move_to(timedelta(days=-days_ago))
    async with database.begin(shop.merchant) as uow:
        line = LineFact(1, ids.new(), sku_id, quantity, amount)
        uow.publish(OrderPaid(order_id, "1", ids.new(), amount, (line,)))
    clock.move_to(timedelta(0))
    return order_id


async def refunded(database: Database, shop: SmallShop, order_id: UUID, quantity: int) -> None:
    async with database.begin(shop.merchant) as uow:
        uow.publish(OrderRefunded(order_id, ids.new(), 0, (RefundedUnits(1, 0, quantity, 0),)))


async def struck(database: Database, shop: SmallShop) -> int | None:
    """What may be struck through beside the apples' price of 12.90."""
    await digest(database, shop.merchant, reference_price.CONSUMERS[0])
    async with database.begin(shop.merchant) as uow:
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple].price
        return (await reference_price.struck_prices(uow, {shop.apple: price})).get(shop.apple)


HISTORIES = {
    "no deal, no reference": ([], None),
    "the lowest of the last seven days": ([(6.9, 1_500), (3, 1_390), (1, 1_450)], 1_390),
    "an older lower deal does not count while there are newer ones": ([(8, 1_300), (3, 1_390)], 1_390),
    "without a deal in seven days the last one": ([(30, 1_300), (10, 1_600), (9, 1_400)], 1_400),
    "the seventh day counts to the hour": ([(7.02, 1_300), (6.98, 1_390)], 1_390),
    "not above today's price: nothing to show": ([(3, 1_290)], None),
    "one cheap deal within seven days is enough": ([(6, 1_500), (5, 990), (1, 1_500)], None),
}


@pytest.mark.parametrize("name", HISTORIES)
async def test_histories(database: Database, shop: SmallShop, name: str) -> None:
    deals, wanted = HISTORIES[name]
    for days_ago, amount in deals:
        await sold(database, shop, days_ago, amount)

    assert await struck(database, shop) == wanted


async def test_the_price_of_a_deal_is_what_one_unit_cost_rounded_down(
    database: Database, shop: SmallShop
) -> None:
    await sold(database, shop, 1, 4_000, quantity=3)

    assert await struck(database, shop) == 1_333


async def test_a_deal_that_was_wholly_refunded_is_none_and_one_refunded_in_part_is(
    database: Database, shop: SmallShop
) -> None:
    whole = await sold(database, shop, 1, 1_390)
    part = await sold(database, shop, 2, 2_900, quantity=2)
    assert await struck(database, shop) == 1_390

    await refunded(database, shop, whole, 1)
    await refunded(database, shop, part, 1)
    assert await struck(database, shop) == 1_450

    await refunded(database, shop, part, 1)
    assert await struck(database, shop) is None


async def test_a_raise_before_a_cut_makes_no_basis(database: Database, shop: SmallShop) -> None:
    await sold(database, shop, 20, 1_290)
    for price in (1_990, 1_190):
        async with database.begin(shop.merchant) as uow:
            await catalog.set_price(uow, shop.apple, price)

    assert await struck(database, shop) == 1_290
    async with database.begin(shop.merchant) as uow:
        idle = await reference_price.without_deals(uow, [shop.apple])
    assert [each.price for each in idle] == [1_190, 1_990]


async def test_another_merchants_deals_and_another_sku_are_no_basis(
    database: Database, shop: SmallShop, new_shop
) -> None:
    neighbour = await a_small_shop(database, await new_shop())
    await sold(database, neighbour, 1, 1_990)
    await sold(database, shop, 1, 1_990, sku=shop.milk)

    assert await struck(database, shop) is None
    assert await struck(database, neighbour) == 1_990


async def test_a_card_strikes_through_only_what_all_its_cheapest_choices_allow(
    database: Database, shop: SmallShop
) -> None:
    async with database.begin(shop.merchant) as uow:
        categories = {each.name: each.id for each in await catalog.categories(uow)}
        tea = catalog.NewProduct(
            category="水果",
            title="茶",
            skus=(catalog.NewSku("T1", 1_000, "绿"), catalog.NewSku("T2", 1_000, "红")),
        )
        skus = await catalog.add_products(uow, [tea], categories)
    await sold(database, shop, 1, 1_500, sku=skus["T1"])
    await digest(database, shop.merchant, reference_price.CONSUMERS[0])
    async with database.begin(shop.merchant) as uow:
        assert await reference_price.struck_of_products(uow, [tea.id]) == {}

    await sold(database, shop, 1, 1_400, sku=skus["T2"])
    await digest(database, shop.merchant, reference_price.CONSUMERS[0])
    async with database.begin(shop.merchant) as uow:
        assert await reference_price.struck_of_products(uow, [tea.id]) == {tea.id: 1_400}
