"""Kinds of goods, what bundles hold, when goods come and go, copies: each rule where it would hurt."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, placed
from siyu.goods import catalog, inventory
from siyu.goods.catalog import Component, NewProduct, NewSku, ProductWords, Schedule
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import stores
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def words_of(uow, product_id, **said) -> ProductWords:
    product = await catalog.product(uow, product_id)
    return msgspec.structs.replace(ProductWords(product.category_id, product.title), **said)


async def product_of(database: Database, shop: Shop, sku_id):
    async with database.begin(shop.merchant) as uow:
        return (await catalog.prices(uow, [sku_id]))[sku_id].product_id


async def a_basket(database: Database, shop: Shop, *parts: tuple) -> tuple:
    """A bundle of (sku, quantity) parts: its product and its SKU."""
    basket = NewProduct(category="x", title="早餐篮", skus=(NewSku("BASKET", 3_000),), kind="bundle")
    async with database.begin(shop.merchant) as uow:
        fruit = next(iter(await catalog.categories(uow))).id
        skus = await catalog.add_products(uow, [basket], {"x": fruit})
        await catalog.set_bundle(uow, basket.id, [Component(*part) for part in parts])
    return basket.id, skus["BASKET"]


async def test_a_bundle_is_as_many_as_its_scarcest_component_at_one_place(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        second = await stores.add(uow, stores.NewStore(code="S2", name="二店", address="二路 2 号"))
        # Seven more apples but no milk: no basket can be packed here.
        await inventory.receive(uow, [inventory.Pieces(second.id, shop.apple, 7)])
    basket, sku = await a_basket(database, shop, (shop.apple, 3), (shop.milk, 1))

    async with database.begin(shop.merchant) as uow:
        product = await catalog.product(uow, basket)
        (card,) = (await catalog.cards(uow, search="BASKET")).items
        here = await catalog.available_at(uow, [sku, shop.apple], shop.store_id)
        price = (await catalog.prices(uow, [sku]))[sku]
        apple = (await catalog.prices(uow, [shop.apple]))[shop.apple].product_id
        baskets, apples = (
            await catalog.pieces_by_store(uow, basket),
            await catalog.pieces_by_store(uow, apple),
        )
    assert (product.skus[0].available, card.available) == (3, 3)
    assert (baskets, apples) == ({shop.store_id: 3, second.id: 0}, {shop.store_id: 10, second.id: 7})
    assert here == {sku: 3, shop.apple: 10}
    assert {(part.sku_id, part.quantity) for part in price.components} == {(shop.apple, 3), (shop.milk, 1)}


async def test_what_is_promised_or_kept_back_counts_neither_alone_nor_in_a_bundle(
    database: Database, shop: Shop
) -> None:
    basket, _ = await a_basket(database, shop, (shop.apple, 2))
    await placed(database, shop, await a_customer(database, shop.merchant), apples=4)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update stock set safety = 3 where merchant_id = %(merchant_id)s and sku_id = %(sku)s",
            sku=shop.apple,
        )
        product = await catalog.product(uow, basket)
        apple = await catalog.product(uow, (await catalog.prices(uow, [shop.apple]))[shop.apple].product_id)

    assert (apple.skus[0].available, product.skus[0].available) == (3, 1)


async def test_a_bundle_holds_no_bundle_nothing_virtual_and_nothing_of_somebody_else(
    database: Database, shop: Shop, new_shop
) -> None:
    _, basket_sku = await a_basket(database, shop, (shop.apple, 1))
    stranger = await a_shop(database, await new_shop())
    async with database.begin(shop.merchant) as uow:
        category = next(iter(await catalog.categories(uow))).id
        more = await catalog.add_products(
            uow,
            [
                NewProduct(category="x", title="券", skus=(NewSku("TICKET", 100),), kind="virtual"),
                outer := NewProduct(category="x", title="大篮", skus=(NewSku("OUTER", 100),), kind="bundle"),
            ],
            {"x": category},
        )
    wrong = [
        [],
        [Component(basket_sku, 1)],
        [Component(more["OUTER"], 1)],
        [Component(more["TICKET"], 1)],
        [Component(stranger.apple, 1)],
        [Component(shop.apple, 0)],
        [Component(shop.apple, 1), Component(shop.apple, 2)],
    ]

    for parts in wrong:
        with pytest.raises(Invalid) as refusal:
            async with database.begin(shop.merchant) as uow:
                await catalog.set_bundle(uow, outer.id, parts)
        assert refusal.value.field == "components"
    async with database.begin(shop.merchant) as uow:
        assert await catalog.components(uow, more["OUTER"]) == []
        assert await catalog.components(uow, basket_sku) == [Component(shop.apple, 1)]


async def test_goods_in_a_bundle_or_in_stock_do_not_become_bundles_or_virtual(
    database: Database, shop: Shop
) -> None:
    await a_basket(database, shop, (shop.apple, 1))
    apple = await product_of(database, shop, shop.apple)
    milk = await product_of(database, shop, shop.milk)

    for product_id in (apple, milk):
        for kind in ("bundle", "virtual", "weighed"):  # weighed: nobody said how heavy they are
            with pytest.raises(Invalid) as refusal:
                async with database.begin(shop.merchant) as uow:
                    await catalog.edit_product(uow, product_id, await words_of(uow, product_id, kind=kind))
            assert refusal.value.field == "kind"
        async with database.begin(shop.merchant) as uow:
            assert (await catalog.product(uow, product_id)).kind == "physical"


async def test_virtual_goods_need_no_stock_and_say_how_long_they_last(database: Database, shop: Shop) -> None:
    ticket = NewProduct(
        category="x", title="洗车券", skus=(NewSku("TICKET", 5_000),), kind="virtual", valid_days=90
    )
    async with database.begin(shop.merchant) as uow:
        skus = await catalog.add_products(uow, [ticket], {"x": next(iter(await catalog.categories(uow))).id})
        product = await catalog.product(uow, ticket.id)
        price = (await catalog.prices(uow, list(skus.values())))[skus["TICKET"]]
    assert (product.skus[0].available, price.kind, price.valid_days) == (999, "virtual", 90)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"return_policy": "excluded"}, "return_reason"),
        ({"return_policy": "excluded", "return_reason": "flawed"}, "return_reason"),
        ({"return_policy": "confirmed", "return_reason": "fresh"}, "return_reason"),
        ({"return_policy": "seven_days", "return_reason": "fresh"}, "return_reason"),
        ({"return_policy": "never"}, "return_policy"),
        ({"kind": "service"}, "kind"),
        ({"valid_days": 30}, "valid_days"),
        ({"kind": "virtual", "valid_days": 3_651}, "valid_days"),
        ({"pictures": ("products/none.webp",)}, "pictures"),
        ({"category_id": ids.new()}, "category"),
    ],
)
async def test_words_against_the_law_or_the_house_are_refused_and_nothing_changes(
    database: Database, shop: Shop, said: dict, field: str
) -> None:
    apple = await product_of(database, shop, shop.apple)
    async with database.begin(shop.merchant) as uow:
        before = await catalog.product(uow, apple)

    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await catalog.edit_product(uow, apple, await words_of(uow, apple, title="别的", **said))

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert await catalog.product(uow, apple) == before


async def test_fresh_goods_may_be_excluded_and_a_quote_knows_it(database: Database, shop: Shop) -> None:
    apple = await product_of(database, shop, shop.apple)
    async with database.begin(shop.merchant) as uow:
        await catalog.edit_product(
            uow, apple, await words_of(uow, apple, return_policy="excluded", return_reason="fresh")
        )
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
    assert (price.return_policy, price.return_reason) == ("excluded", "fresh")


async def on_shelf(database: Database, shop: Shop, product_id) -> bool:
    async with database.begin(shop.merchant) as uow:
        return (await catalog.product(uow, product_id)).is_on_shelf


async def changes(database: Database, shop: Shop, product_id) -> list[tuple[bool, str]]:
    async with database.begin(shop.merchant) as uow:
        return [(c.is_on_shelf, c.why) for c in reversed(await catalog.shelf_changes(uow, product_id))]


async def look(database: Database, shop: Shop) -> int:
    return await database.attempt(shop.merchant, catalog.turn_due)


async def test_goods_come_and_go_at_their_moments_and_each_moment_is_used_once(
    database: Database, shop: Shop
) -> None:
    apple = await product_of(database, shop, shop.apple)
    now = clock.now()
    async with database.begin(shop.merchant) as uow:
        await catalog.set_schedule(uow, apple, Schedule(now + timedelta(hours=1), now + timedelta(hours=3)))
    assert not await on_shelf(database, shop, apple)
    assert await look(database, shop) == 0

    clock.move_to(timedelta(hours=2))
    assert await look(database, shop) == 1
    assert await look(database, shop) == 0
    assert await on_shelf(database, shop, apple)
    async with database.begin(shop.merchant) as uow:
        await catalog.set_shelf(uow, apple, is_on_shelf=False)  # by hand: the used moment does not fight it
    assert await look(database, shop) == 0
    assert not await on_shelf(database, shop, apple)

    clock.move_to(timedelta(hours=4))
    assert await look(database, shop) == 1
    assert await changes(database, shop, apple) == [(False, "schedule"), (True, "schedule"), (False, "hand")]


async def test_a_time_that_passed_while_nobody_looked_ends_off_the_shelf(
    database: Database, shop: Shop
) -> None:
    apple = await product_of(database, shop, shop.apple)
    now = clock.now()
    async with database.begin(shop.merchant) as uow:
        await catalog.set_schedule(uow, apple, Schedule(now + timedelta(hours=1), now + timedelta(hours=2)))

    clock.move_to(timedelta(days=2))
    done = await asyncio.gather(look(database, shop), look(database, shop))

    assert sum(done) == 1
    assert not await on_shelf(database, shop, apple)
    async with database.begin(shop.merchant) as uow:
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
    assert not price.is_sellable


async def test_a_schedule_the_wrong_way_round_is_refused(database: Database, shop: Shop) -> None:
    apple = await product_of(database, shop, shop.apple)
    now = clock.now()
    for wrong in (
        Schedule(now + timedelta(hours=2), now + timedelta(hours=1)),
        Schedule(None, now - timedelta(hours=1)),
    ):
        with pytest.raises(Invalid) as refusal:
            async with database.begin(shop.merchant) as uow:
                await catalog.set_schedule(uow, apple, wrong)
        assert refusal.value.field == "shelf_until"
    assert await on_shelf(database, shop, apple)


async def test_a_copy_has_its_own_codes_no_stock_and_waits_off_the_shelf(
    database: Database, shop: Shop
) -> None:
    apple = await product_of(database, shop, shop.apple)
    copy_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await catalog.copy_product(uow, apple, copy_id)
        await catalog.copy_product(uow, apple, copy_id)
        second = await catalog.copy_product(uow, apple, ids.new())
        copies = [await catalog.product(uow, one) for one in (copy_id, second)]
        cards = (await catalog.cards(uow, on_shelf_only=False)).items

    assert [
        (c.title, c.is_on_shelf, c.skus[0].code, c.skus[0].price, c.skus[0].available) for c in copies
    ] == [
        ("红富士苹果 2", False, "APPLE-2", 1_290, 0),
        ("红富士苹果 3", False, "APPLE-3", 1_290, 0),
    ]
    assert len(cards) == 4


async def test_another_merchants_product_cannot_be_copied(database: Database, shop: Shop, new_shop) -> None:
    apple = await product_of(database, shop, shop.apple)
    with pytest.raises(NotFound):
        async with database.begin(await new_shop()) as uow:
            await catalog.copy_product(uow, apple, ids.new())


async def test_a_product_page_is_still_one_statement_and_so_are_prices(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    basket, sku = await a_basket(database, shop, (shop.apple, 1))
    async with database.begin(shop.merchant) as uow:
        asked: list[str] = []
        answer = uow.connection.cursor

        def counted(*args, **kwargs):
            asked.append("statement")
            return answer(*args, **kwargs)

        monkeypatch.setattr(uow.connection, "cursor", counted)
        await catalog.product(uow, basket)
        await catalog.prices(uow, [sku, shop.apple])
        monkeypatch.undo()
    assert asked == ["statement"] * 2
