"""What offers and their activities keep: at least one row of each."""

from datetime import timedelta
from uuid import UUID

from factories import Shop
from siyu.goods import offers
from siyu.growth import draws
from siyu.kernel import ids
from siyu.people import notices, points
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import bargains


async def promoted(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID, friend: UUID, order_id: UUID, mark: str
) -> dict[str, object]:
    """A threshold, a coupon template with a coupon and a pack, a flash sale, a bargain with a help, a presale, points
    and a draw.
    """
    made = {name: ids.new() for name in ("offer_id", "coupon_offer_id", "flash_offer_id", "bargain_offer_id", "presale_offer_id", "points_offer_id")}  # fmt: skip
    async with database.begin(merchant) as uow:
        now = uow.now
        rules: dict[str, offers.Rule] = {
            "offer_id": offers.AmountOff((offers.Reached(9_000_000, 500),)),
            "coupon_offer_id": offers.Coupon(offers.CouponAmount(100, 9_000_000), days=7, is_public=True),
            "flash_offer_id": offers.Flash((offers.FlashItem(shop.milk, 100, 3, shop.store_id),)),
            "bargain_offer_id": offers.Bargain(shop.apple, 1_200, 900, 4),
            "presale_offer_id": offers.Presale(
                {shop.milk: 600}, 50, 60, now + timedelta(days=3), now + timedelta(days=4), now + timedelta(days=5)
            ),
            "points_offer_id": offers.PointsPrice({shop.milk: (10, 500)}),
        }  # fmt: skip
        for name, rule in rules.items():
            form = offers.OfferForm(f"{mark}{name}", rule, starts_at=now, ends_at=now + timedelta(days=9))
            await offers.save(uow, made[name], form)
            if name != "flash_offer_id":  # its sweep would put pieces aside
                await offers.activate(uow, made[name])
    async with database.begin(merchant) as uow:
        coupon = await offers.claim(uow, made["coupon_offer_id"], buyer)
        batch = await offers.make_pack(uow, made["coupon_offer_id"], 2, batch_id=ids.new())
        bargain = await bargains.start(uow, made["bargain_offer_id"], buyer)
        await bargains.give_help(uow, bargain.id, friend)
        await points.set_rule(uow, points.Rule(is_on=True, per_yuan=1, keep_years=1))
        await points.grant(uow, ids.new(), buyer, 500, f"{mark}积分")
        await notices.tell(uow, [notices.Notice(buyer, "bargain_over", bargain.id, {"name": f"{mark}砍价"})])
        await _rows(uow, made, shop, buyer, order_id)
    draw = await _draw(database, merchant, buyer, mark)
    return {**made, **draw, "coupon_id": coupon.id, "batch_id": batch.id, "bargain_id": bargain.id}


async def _rows(uow: UnitOfWork, made: dict[str, UUID], shop: Shop, buyer: UUID, order_id: UUID) -> None:
    """Rows that orders of these kinds would leave."""
    await uow.run(
        """
        with used as (
            insert into offer_uses (merchant_id, order_id, offer_id, customer_id, amount, at)
            values (%(merchant_id)s, %(order)s, %(offer)s, %(buyer)s, 0, %(now)s)
        ), items as (
            insert into flash_items (merchant_id, offer_id, sku_id, location_id, position, price, wanted, quota, taken,
                                     per_person, version, carved_at, returned_at)
            values (%(merchant_id)s, %(flash)s, %(sku)s, %(store)s, 1, 100, 3, 3, 1, 1, 1, %(now)s, %(now)s)
            returning offer_id
        ), earned as (
            insert into point_earnings (merchant_id, order_id, line_no, customer_id, number, units, basis, points,
                                        state, created_at)
            values (%(merchant_id)s, %(order)s, 1, %(buyer)s, '1', 3, 300, 3, 'pending', %(now)s)
            returning order_id
        ), bought as (
            insert into point_purchases (merchant_id, order_id, line_no, offer_id, customer_id, sku_id, units,
                                         points_each, spending_id, state, at)
            values (%(merchant_id)s, %(order)s, 2, %(points)s, %(buyer)s, %(sku)s, 1, 10, %(spending)s, 'returned',
                    %(now)s)
        )
        select 1
        """,
        order=order_id, offer=made["offer_id"], buyer=buyer, flash=made["flash_offer_id"], sku=shop.milk,
        store=shop.store_id, points=made["points_offer_id"], spending=ids.new(),
    )  # fmt: skip
    await uow.run(
        """
        with took as (
            insert into flash_takes (merchant_id, order_id, sku_id, offer_id, customer_id, quantity, state, at)
            values (%(merchant_id)s, %(order)s, %(sku)s, %(flash)s, %(buyer)s, 1, 'closed', %(now)s)
        )
        insert into point_reversals (merchant_id, refund_id, order_id, line_no, units, points, at)
        values (%(merchant_id)s, %(refund)s, %(order)s, 1, 0, 0, %(now)s)
        """,
        order=order_id,
        sku=shop.milk,
        flash=made["flash_offer_id"],
        buyer=buyer,
        refund=ids.new(),
    )


async def _draw(database: Database, merchant: Merchant, buyer: UUID, mark: str) -> dict[str, object]:
    draw_id, ticket_id = ids.new(), ids.new()
    async with database.begin(merchant) as uow:
        rules = draws.Rules(
            name=f"{mark}抽奖",
            starts_at=uow.now + timedelta(hours=1),
            ends_at=uow.now + timedelta(days=7),
            prizes=(draws.Prize(1, "小奖", "points", number=3, value=1_000, odds=100_000, points=10),),
            conditions="满额即可",
            redemption="自动到账",
            ticket_points=10,
        )
        await draws.save(uow, draw_id, rules)
        await draws.publish(uow, draw_id)
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            with ticket as (
                insert into draw_tickets (merchant_id, id, draw_id, customer_id, origin, subject_id, state, created_at)
                values (%(merchant_id)s, %(ticket)s, %(draw)s, %(buyer)s, 'points', %(ticket)s, 'drawn', %(now)s)
            )
            insert into draw_results (merchant_id, draw_id, serial, ticket_id, customer_id, rolled, at)
            values (%(merchant_id)s, %(draw)s, 1, %(ticket)s, %(buyer)s, 999999, %(now)s)
            """,
            ticket=ticket_id,
            draw=draw_id,
            buyer=buyer,
        )
    return {"draw_id": draw_id}
