"""Close to a store: couriers in their slots, and vouchers that are used at the counter."""

from datetime import datetime, timedelta

from siyu.demo import people
from siyu.demo.mall.ground import Ground
from siyu.demo.mall.model import HE, SUN, WANG, Guest
from siyu.demo.people import SHOPPER
from siyu.demo.rhythm import local_day
from siyu.demo.shelving import code_of
from siyu.kernel import clock
from siyu.trade import delivery, fulfilment

GUIDE = "guide"  # who also rides out from the flagship


async def _slots(ground: Ground, store: str) -> list[datetime]:
    """Starts of the slots with room, in order."""
    async with ground.database.begin(ground.merchant) as uow:
        for local, slots in await delivery.locals_for(uow):
            if local.store_id == ground.house.stores[store]:
                return [slot.starts_at for slot in slots if slot.left]
    return []


async def _by_courier(
    ground: Ground, key: str, guest: Guest, lines: dict[str, int], store: str, slot: datetime
) -> None:
    address = guest.address(people.phone(guest.number))
    await ground.order(
        key, guest.number, lines, delivery="local", store=store, slot=slot, address=address, remark="请按门铃"
    )
    await ground.pay(key)


async def ride(ground: Ground) -> None:
    """An order for today's next slot is brought at once."""
    slot = (await _slots(ground, "YC"))[0]
    lines = {"HS020101": 1, code_of("sweetpotato"): 3}
    await _by_courier(ground, "brought", SUN, lines, "YC", slot)
    order_id, rider = ground.bought["brought"].id, ground.house.staff[GUIDE]
    guide = ground.worker(GUIDE, "guide")
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        await fulfilment.assign(uow, order_id, rider)
    async with ground.database.begin(ground.merchant, guide) as uow:
        await fulfilment.set_out(uow, order_id, courier_id=rider)
        uow.now += timedelta(minutes=34)
        await fulfilment.deliver(uow, order_id, courier_id=rider, note="本人签收")


async def book_rides(ground: Ground) -> None:
    """One for the next slot, with a courier; one for tomorrow; one at the other store."""
    slots = await _slots(ground, "YC")
    today = local_day(clock.now())
    tomorrow = next(slot for slot in slots if local_day(slot) > today)
    await _by_courier(ground, "next-slot", WANG, {"HS030101": 1, "HS030801-2": 1}, "YC", slots[0])
    await _by_courier(ground, "tomorrow", SUN, {"HS040601": 1, code_of("sweetpotato"): 2}, "YC", tomorrow)
    other = await _slots(ground, "KQ")
    await _by_courier(ground, "other-store", HE, {"HS020101": 1, "HS030101": 1}, "KQ", other[-1])
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        await fulfilment.assign(uow, ground.bought["next-slot"].id, ground.house.staff[GUIDE])


async def buy_vouchers(ground: Ground) -> None:
    """林小满 buys two; she uses one of them the next day."""
    await ground.order("voucher", SHOPPER, {code_of("facial"): 2}, delivery="none")
    await ground.pay("voucher")


async def use_voucher(ground: Ground) -> None:
    order_id = ground.bought["voucher"].id
    async with ground.database.begin(ground.merchant, ground.worker(GUIDE, "guide")) as uow:
        code = (await fulfilment.codes_of(uow, order_id))[0]
        await fulfilment.redeem(
            uow,
            fulfilment.Redeem(ground.new_id("redeem", order_id), code.code, ground.house.stores["YC"]),
        )
