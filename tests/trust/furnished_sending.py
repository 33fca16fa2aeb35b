"""What delivery, fulfilment, the counter and after-sales keep: at least one row of each."""

from typing import Any
from uuid import UUID

from factories import Shop, paid, word_of_payment
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import digest
from siyu.trade import aftersales, delivery, fulfilment, orders, payments
from siyu.trade.orders import pickup
from trust.furnished_goods import home

SF = "SF1234567890123"
EVERY_DAY = tuple(delivery.Opening(day, 0, 1_440) for day in range(1, 8))
RULES = delivery.LocalRules(
    radius=5_000, tiers=(delivery.Tier(5_000, 500),), minimum=0, openings=EVERY_DAY, slot_minutes=60,
    capacity=9, cutoff_minutes=30, days_ahead=1, districts=("310115",),
)  # fmt: skip


async def offer_everything(
    uow: UnitOfWork, shop: Shop, mark: str, rules: delivery.LocalRules = RULES
) -> UUID:
    """Pickup, parcels at 8.00 and the store's own courier; the id of the freight template."""
    await delivery.offer(uow, ("pickup", "express", "local"))
    template_id = ids.new()
    template = delivery.FreightTemplate(
        template_id, f"{mark}快递", "piece", (delivery.RegionGroup(first_fee=800),), is_default=True
    )
    await delivery.keep_template(uow, template)
    # Where it is and whether it ships is said on the store's page, one field of many.
    await uow.run(
        """
        update stores set ships = true, latitude = 31230000, longitude = 121500000
        where merchant_id = %(merchant_id)s and id = %(store)s
        """,
        store=shop.store_id,
    )
    await delivery.set_local(uow, shop.store_id, rules, is_on=True)
    return template_id


async def bought(
    database: Database, shop: Shop, buyer: UUID, mark: str, sku_id: UUID, way: str, quantity: int = 1
) -> orders.PlacedOrder:
    """A paid order that leaves by express, local or none."""
    slot = None
    if way == "local":
        async with database.begin(shop.merchant) as uow:
            ((_, slots),) = await delivery.locals_for(uow)
        slot = slots[0].starts_at
    wish = orders.PlaceOrder(
        customer_id=buyer,
        store_id=shop.store_id if way == "local" else None,
        lines=(orders.WantedLine(sku_id, quantity),),
        expected_total=1_000_000,
        key=ids.new().hex,
        delivery=way,
        address=None if way == "none" else home(mark),
        slot=slot,
    )
    order = await orders.place(database, shop.merchant, wish, pay_minutes=30)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.settle(uow, [word_of_payment(number, order.total)])
    return order


async def sent_out(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID, mark: str, known: dict[str, Any]
) -> dict[str, object]:
    """A parcel, a ride, codes, a handover and a case; ids by the names that paths use."""
    async with database.begin(merchant) as uow:
        template_id = await offer_everything(uow, shop, mark)
        await pickup.set_cross_store(uow, is_allowed=True)
        carrier = fulfilment.Carrier(
            f"boat_{ids.new().hex[-8:]}", f"{mark}快船", f"{mark} boat", "https://boat.example/{number}"
        )
        await fulfilment.add_carrier(uow, carrier)
        await fulfilment.set_terms(uow, known["card_product_id"], on_expiry="keep")
    to_ship = await bought(database, shop, buyer, mark, known["box_sku_id"], "express", 2)
    by_courier = await bought(database, shop, buyer, mark, shop.apple, "local")
    vouchers = await bought(database, shop, buyer, mark, known["card_sku_id"], "none")
    while await digest(database, merchant, fulfilment.CONSUMERS[0]):
        pass
    parcel = fulfilment.SendParcel(ids.new(), to_ship.id, "sf", SF, ((1, 1),))
    async with database.begin(merchant) as uow:
        await fulfilment.send(uow, parcel)
        await fulfilment.assign(uow, by_courier.id, known["courier_id"])
        await orders.add_note(uow, to_ship.id, f"{mark}轻放")
        (code,) = await fulfilment.codes_of(uow, vouchers.id)
    return {
        "template_id": template_id, "ship_order_id": to_ship.id, "parcel_id": parcel.id,
        "ride_order_id": by_courier.id, "code_order_id": vouchers.id, "voucher_code": code.code,
        "carrier_code": carrier.code, **await _over_the_counter(database, merchant, shop, buyer),
    }  # fmt: skip


async def _over_the_counter(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID
) -> dict[str, object]:
    """Handed over by code, and then brought back: a case that waits for an answer."""
    order = await paid(database, shop, buyer, apples=9)
    handover_id, case_id = ids.new(), ids.new()
    async with database.begin(merchant) as uow:
        code = (await orders.find(uow, order.id)).pickup_code
        assert code is not None
        await orders.verify_pickup(uow, code, handover_id=handover_id)
        wish = aftersales.OpenCase(case_id, order.id, "return", "quality", ((1, 1),), words="坏了")
        await aftersales.open_case(uow, wish, customer_id=buyer)
    return {"handover_id": handover_id, "case_id": case_id, "fetched_order_id": order.id}
