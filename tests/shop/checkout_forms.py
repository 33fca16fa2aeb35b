"""Filling in the checkout page in tests, at a shop that sends parcels and couriers."""

from datetime import timedelta

from siyu.kernel import clock, ids
from siyu.people import addresses, customers
from siyu.people.addresses import Address
from siyu.trade import delivery, orders

HOME = Address("林小满", "13800000000", "310115", (), "世纪大道 100 号", 31_230_000, 121_500_000)
WRITTEN = {
    "name": "林小满",
    "phone": "13800000000",
    "province": "31",
    "city": "3101",
    "district": "310115",
    "detail": "世纪大道 100 号",
}
CONTACT = {"name": "林小满", "phone": "13800000000", "agree": "1"}
EVERY_DAY = tuple(delivery.Opening(day, 0, 1_440) for day in range(1, 8))
RULES = delivery.LocalRules(
    radius=5_000,
    tiers=(delivery.Tier(5_000, 500),),
    minimum=2_000,
    openings=EVERY_DAY,
    slot_minutes=60,
    capacity=1,
    cutoff_minutes=30,
    days_ahead=1,
    districts=("310115",),
)


async def send_everything(database, shop):
    """Offer pickup, parcels at 8.00 and the store's own courier at 5.00 from 20.00 on."""
    async with database.begin(shop.merchant) as uow:
        await delivery.offer(uow, ("pickup", "express", "local"))
        group = delivery.RegionGroup(first_fee=800, free_amount=9_900)
        nowhere = delivery.RegionGroup(("54",), is_delivered=False)
        await delivery.keep_template(
            uow, delivery.FreightTemplate(ids.new(), "标准快递", "piece", (nowhere, group))
        )
        await delivery.set_local(uow, shop.store_id, RULES, is_on=True)
        await uow.run(
            """
            update stores set ships = true, latitude = 31230000, longitude = 121500000
            where merchant_id = %(merchant_id)s
            """
        )
    return shop


async def customer_of(database, shop):
    async with database.begin(shop.merchant) as uow:
        (found,) = (await customers.listing(uow)).items
    return found.id


async def known_address(database, shop):
    customer = await customer_of(database, shop)
    async with database.begin(shop.merchant) as uow:
        return (await addresses.keep(uow, customer, ids.new(), HOME)).id


async def all_orders(database, shop):
    async with database.begin(shop.merchant) as uow:
        found = (await orders.listing(uow)).items
        return [await orders.find(uow, order.id) for order in found]


async def preview(holder, form, /, **changes):
    answer = await holder.post("/checkout/preview", {**form, **changes})
    assert answer.status_code == 200, answer.text
    return answer.text


async def guest_form(phone, sku, quantity=1):
    form = await phone.checkout_form(f"/checkout?sku={sku}&quantity={quantity}")
    clock.move_to(timedelta(seconds=5))
    return {**form, "delivery": "pickup"}
