"""Carts: what is in them, before and after signing in, at today's prices."""

from datetime import timedelta
from uuid import uuid4

import pytest

from factories import Shop, a_customer
from siyu.goods import catalog
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Database
from siyu.trade import carts


async def contents(database: Database, shop: Shop, owner) -> dict:
    async with database.begin(shop.merchant) as uow:
        cart = await carts.read(uow, owner, shop.store_id)
    return {line.sku_id: (line.quantity, line.is_chosen) for line in cart.lines}


async def test_adding_the_same_thing_twice_adds_up(database, shop):
    owner = ids.new()

    async with database.begin(shop.merchant) as uow:
        first = await carts.add(uow, owner, shop.apple, 2)
        second = await carts.add(uow, owner, shop.apple, 3)

    assert (first, second) == (2, 5)
    assert await contents(database, shop, owner) == {shop.apple: (5, True)}


async def test_a_line_never_holds_more_than_999_pieces(database, shop):
    owner = ids.new()

    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 998)
        there = await carts.add(uow, owner, shop.apple, 5)

    assert there == 999


@pytest.mark.parametrize("quantity", [0, -1, 1000])
async def test_an_impossible_quantity_is_refused_and_changes_nothing(database, shop, quantity):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 2)

    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await carts.set_quantity(uow, owner, shop.apple, quantity)

    assert refusal.value.field == "quantity"
    assert await contents(database, shop, owner) == {shop.apple: (2, True)}


async def test_what_is_off_the_shelf_cannot_be_added(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
        await catalog.set_shelf(uow, price.product_id, is_on_shelf=False)

    for sku in (shop.apple, uuid4()):
        with pytest.raises(carts.NotSold):
            async with database.begin(shop.merchant) as uow:
                await carts.add(uow, owner, sku)

    assert await contents(database, shop, owner) == {}


async def test_a_line_whose_product_went_off_the_shelf_stays_but_does_not_count(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 2)
        await carts.add(uow, owner, shop.milk, 1)
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
        await catalog.set_shelf(uow, price.product_id, is_on_shelf=False)

    async with database.begin(shop.merchant) as uow:
        cart = await carts.read(uow, owner, shop.store_id)

    assert [line.sku_id for line in cart.chosen] == [shop.milk]
    assert (cart.total, cart.pieces, cart.pieces_chosen, cart.is_all_chosen) == (680, 3, 1, True)


async def test_only_chosen_lines_make_the_total(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 2)
        await carts.add(uow, owner, shop.milk, 3)
        await carts.choose(uow, owner, shop.apple, is_chosen=False)
        cart = await carts.read(uow, owner)
        await carts.choose_all(uow, owner, is_chosen=True)
        everything = await carts.read(uow, owner)

    assert (cart.total, cart.is_all_chosen) == (3 * 680, False)
    assert (everything.total, everything.is_all_chosen) == (2 * 1290 + 3 * 680, True)


async def test_a_line_that_is_not_there_is_neither_changed_nor_chosen(database, shop):
    owner = ids.new()

    for change in (
        lambda uow: carts.set_quantity(uow, owner, shop.apple, 2),
        lambda uow: carts.choose(uow, owner, shop.apple, is_chosen=True),
    ):
        with pytest.raises(carts.NotInCart):
            async with database.begin(shop.merchant) as uow:
                await change(uow)

    assert await contents(database, shop, owner) == {}


async def test_a_cart_holds_as_many_things_as_an_order_can(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        categories = await catalog.add_categories(uow, [("很多", "")])
        many = catalog.NewProduct(
            category="很多",
            title="很多",
            skus=tuple(catalog.NewSku(f"N{n}", 100) for n in range(carts.LINES_MAX)),
        )
        skus = await catalog.add_products(uow, [many], categories)
        for sku in skus.values():
            await carts.add(uow, owner, sku)

    with pytest.raises(carts.CartFull):
        async with database.begin(shop.merchant) as uow:
            await carts.add(uow, owner, shop.apple)
    async with database.begin(shop.merchant) as uow:
        more = await carts.add(uow, owner, next(iter(skus.values())), 1)

    assert more == 2
    assert len(await contents(database, shop, owner)) == carts.LINES_MAX


async def test_a_price_that_changed_since_the_line_was_touched_is_told(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 1)
        await carts.add(uow, owner, shop.milk, 1)
    clock.move_to(timedelta(minutes=1))
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 1_390)
    clock.move_to(timedelta(minutes=2))
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 1_190)
        told = {line.sku_id: (line.price_before, line.price) for line in (await carts.read(uow, owner)).lines}
        assert told == {shop.apple: (1_290, 1_190), shop.milk: (None, 680)}
        await carts.set_quantity(uow, owner, shop.apple, 2)
    clock.move_to(timedelta(minutes=3))

    async with database.begin(shop.merchant) as uow:
        seen = {line.sku_id: line.price_before for line in (await carts.read(uow, owner)).lines}

    assert seen == {shop.apple: None, shop.milk: None}


async def test_a_price_that_came_back_is_no_change(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 1)
    for minutes, price in ((1, 1_390), (2, shop.apple_price)):
        clock.move_to(timedelta(minutes=minutes))
        async with database.begin(shop.merchant) as uow:
            await catalog.set_price(uow, shop.apple, price)

    async with database.begin(shop.merchant) as uow:
        (line,) = (await carts.read(uow, owner)).lines

    assert line.price_before is None


async def test_a_visitors_cart_joins_the_customers_once(database, shop):
    visitor, customer = carts.visitors_cart(uuid4()), await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, customer, shop.apple, 1)
        await carts.choose(uow, customer, shop.apple, is_chosen=False)
        await carts.add(uow, visitor, shop.apple, 2)
        await carts.add(uow, visitor, shop.milk, 4)

    async with database.begin(shop.merchant) as uow:
        moved = await carts.merge(uow, visitor, customer)
    async with database.begin(shop.merchant) as uow:
        again = await carts.merge(uow, visitor, customer)

    assert (moved, again) == (2, 0)
    assert await contents(database, shop, customer) == {shop.apple: (3, True), shop.milk: (4, True)}
    assert await contents(database, shop, visitor) == {}


async def test_stock_is_that_of_the_chosen_store(database, shop):
    owner = ids.new()
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, owner, shop.apple, 11)
        here = (await carts.read(uow, owner, shop.store_id)).lines[0]
        nowhere = (await carts.read(uow, owner)).lines[0]
        elsewhere = (await carts.read(uow, owner, uuid4())).lines[0]

    assert (here.available, here.is_short) == (10, True)
    assert (nowhere.available, nowhere.is_short) == (None, False)
    assert (elsewhere.available, elsewhere.is_short) == (0, True)


async def test_a_visitor_cookie_can_never_name_a_customers_cart(database, shop):
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await carts.add(uow, customer, shop.apple, 1)

    assert carts.visitors_cart(customer) != customer
    assert await contents(database, shop, carts.visitors_cart(customer)) == {}
