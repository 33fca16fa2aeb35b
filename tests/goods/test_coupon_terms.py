"""A coupon keeps the terms under which it was given out, whatever becomes of its template."""

from uuid import UUID

import msgspec

from factories import Shop, a_customer, a_shop, an_order
from siyu.goods import offers
from siyu.goods.offers import coupons_queries
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders

FULL = 1_290


def five_off(**more: object) -> offers.OfferForm:
    rule = offers.Coupon(offers.CouponAmount(500), days=7, is_public=True, claims_max=3)
    return offers.OfferForm(name="五元券", rule=msgspec.structs.replace(rule, **more))


async def kept(database: Database, shop: Shop, form: offers.OfferForm, offer_id: UUID) -> None:
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, form)


async def claimed(database: Database, shop: Shop, offer_id: UUID, customer: UUID) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return (await offers.claim(uow, offer_id, customer)).id


async def total_with(database: Database, shop: Shop, customer: UUID, coupon_id: UUID) -> int:
    wish = an_order(shop, customer, apples=1, key=str(ids.new()), coupon_ids=(coupon_id,))
    async with database.begin(shop.merchant) as uow:
        ask = orders.QuoteAsk(
            customer_id=customer,
            store_id=shop.store_id,
            lines=wish.lines,
            channel="shop",
            coupon_ids=(coupon_id,),
        )
        return (await orders.quote(uow, ask)).total


async def edited_by_force(database: Database, shop: Shop, offer_id: UUID) -> None:
    """What the console refuses once buyers have seen the template: a lower benefit, under a new version."""
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            with worse as (
                update offers set rule = jsonb_set(rule, '{benefit,off}', '1'), name = '一分券', version = version + 1
                where merchant_id = %(merchant_id)s and id = %(id)s returning *
            )
            insert into offer_versions (merchant_id, offer_id, version, name, rule, scope, audience, stacking, priority,
                                        floor_margin, at)
            select merchant_id, id, version, name, rule, scope, audience, stacking, priority, floor_margin, %(now)s
            from worse
            """,
            id=offer_id,
        )


async def test_every_change_of_an_offer_is_kept_as_a_version(database: Database, merchant: Merchant) -> None:
    shop, offer_id = await a_shop(database, merchant), ids.new()
    await kept(database, shop, five_off(), offer_id)
    await kept(database, shop, five_off(days=9), offer_id)
    await kept(database, shop, five_off(days=9), offer_id)

    async with database.begin(merchant) as uow:
        days = await uow.all(
            int,
            """
            select (rule ->> 'days')::int from offer_versions
            where merchant_id = %(merchant_id)s and offer_id = %(id)s order by version
            """,
            id=offer_id,
        )
        version = (await offers.find(uow, offer_id)).version

    assert days == [7, 9]
    assert version == 2


async def test_a_later_edit_changes_nothing_about_coupons_already_given_out(
    database: Database, merchant: Merchant
) -> None:
    shop, offer_id = await a_shop(database, merchant), ids.new()
    customer = await a_customer(database, merchant)
    await kept(database, shop, five_off(), offer_id)
    async with database.begin(merchant) as uow:
        await offers.activate(uow, offer_id)
    old = await claimed(database, shop, offer_id, customer)

    await edited_by_force(database, shop, offer_id)
    new = await claimed(database, shop, offer_id, customer)

    assert await total_with(database, shop, customer, old) == FULL - 500
    assert await total_with(database, shop, customer, new) == FULL - 1
    async with database.begin(merchant) as uow:
        wallet = await coupons_queries.mine(uow, customer, "usable")
    assert {(one.id, one.name) for one in wallet.items} == {(old, "五元券"), (new, "一分券")}


async def test_the_best_of_two_versions_is_used_and_the_order_says_which(
    database: Database, merchant: Merchant
) -> None:
    shop, offer_id = await a_shop(database, merchant), ids.new()
    customer = await a_customer(database, merchant)
    await kept(database, shop, five_off(), offer_id)
    async with database.begin(merchant) as uow:
        await offers.activate(uow, offer_id)
    old = await claimed(database, shop, offer_id, customer)
    await edited_by_force(database, shop, offer_id)
    await claimed(database, shop, offer_id, customer)

    wish = an_order(shop, customer, apples=1, expected_total=FULL, coupon_ids=None)
    placed = await orders.place(database, merchant, wish, pay_minutes=30)

    async with database.begin(merchant) as uow:
        (line,) = (await orders.find(uow, placed.id)).lines
        used = await uow.one(
            UUID, "select id from coupons where merchant_id = %(merchant_id)s and state = 'locked'"
        )
    assert placed.total == FULL - 500
    assert used == old
    assert [(step.amount, step.version) for step in line.build_up] == [(-500, 1)]


async def test_a_printed_code_keeps_the_terms_it_was_printed_with(
    database: Database, merchant: Merchant
) -> None:
    shop, offer_id = await a_shop(database, merchant), ids.new()
    customer = await a_customer(database, merchant)
    await kept(database, shop, five_off(is_public=False), offer_id)
    async with database.begin(merchant) as uow:
        await offers.activate(uow, offer_id)
        await uow.run(
            """
            insert into coupons (merchant_id, id, offer_id, code, source, state, created_at, updated_at, offer_version)
            values (%(merchant_id)s, %(id)s, %(offer)s, 'ABCD2345EFGH', 'code', 'issued', %(now)s, %(now)s, 1)
            """,
            id=ids.new(),
            offer=offer_id,
        )
    await edited_by_force(database, shop, offer_id)

    async with database.begin(merchant) as uow:
        held = await offers.claim_code(uow, "abcd-2345-efgh", customer)

    assert await total_with(database, shop, customer, held.id) == FULL - 500
