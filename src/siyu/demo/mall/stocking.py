"""The warehouse fills: arrivals in lots, what is kept back, price lists; later a transfer on its way and a count."""

from datetime import timedelta

from siyu.demo.mall.ground import Ground
from siyu.demo.mall.model import BISTRO, GUESTS
from siyu.demo.people import openid, phone
from siyu.demo.shelving import code_of
from siyu.goods import inventory, pricing
from siyu.kernel import ids
from siyu.people import customers
from siyu.trade import suppliers

LEVEL = "金卡会员"
# Pieces that arrive, by SKU: in one lot with days until it expires, or (0) goods that keep.
ARRIVALS = {
    "HS020101": (60, 210), "HS020102": (80, 210), "HS020201": (40, 160), "HS020302": (30, 300),
    "HS020402": (60, 120), "HS020502": (36, 24), "HS030101": (90, 75), "HS030102": (24, 75),
    "HS030302": (50, 26), "HS030501": (40, 18), "HS030801-2": (30, 140), "HS030802-2": (30, 140),
    "HS040601": (40, 200), "HS040701": (48, 320), "HS050101": (120, 0), "HS050102": (90, 0),
    "HS060401": (24, 640), "HS060701-2": (20, 500), "HS060702-2": (20, 500), "HS060703-2": (20, 500),
    "HS080101": (30, 0), "HS080102": (30, 0),
}  # fmt: skip
SECOND_LOTS = {"HS030101": (20, 12), "HS020402": (12, 9)}  # the rest of an older delivery
KEPT_BACK = {"HS060401": 4, "HS040701": 6}
AT_STORES = {"HS020101": (12, 210), "HS030101": (12, 75), "HS030801-2": (8, 140), "HS040601": (10, 200)}
MEMBERS_PAY = {"HS030101": 2390, "HS040701": 6290, "HS040601": 3380, "HS060401": 12800, "HS050102": 5090}
# By SKU: prices of one unit from so many on.
BISTRO_PAYS = {
    "HS020102": ((5, 3890), (20, 3690)),
    "HS020302": ((4, 10900), (10, 10400)),
    "HS020502": ((6, 2180), (12, 2050)),
}
SUPPLY_PRICES = {"HS020102": 3150, "HS020302": 9200, "HS020502": 1620}
LOST_IN_COUNT = 2


def lots() -> dict[str, tuple[int, int]]:
    """Everything that arrives at the warehouse: pieces, and days until they expire."""
    return ARRIVALS | {code_of("sweetpotato"): (40, 11), code_of("nearcrackers"): (36, 26)}


async def fill(ground: Ground) -> None:
    """Vans come to the warehouse, and some of it goes to the stores that ride out."""
    house = ground.house
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        today = inventory.today_of(uow)
        rows = [(house.warehouse, code, *one) for code, one in lots().items()]
        rows += [(house.warehouse, code, *one) for code, one in SECOND_LOTS.items()]
        rows += [
            (house.stores[store], code, *one)
            for store in ("YC", "KQ")
            for code, one in (AT_STORES | {code_of("sweetpotato"): (24, 11)}).items()
        ]
        for place in range(2):  # one lot of a SKU at a time
            seen: dict[tuple[object, str], int] = {}
            group = []
            for location, code, pieces, days in rows:
                nth = seen[location, code] = seen.get((location, code), -1) + 1
                if nth == place:
                    group.append((location, code, pieces, days))
            await inventory.receive(
                uow,
                [inventory.Pieces(location, house.skus[code], pieces) for location, code, pieces, _ in group],
                lot_names=[
                    inventory.LotName(f"{today:%y%m}-{days:03}", today + timedelta(days=days))
                    if days
                    else None
                    for *_, days in group
                ],
                note="首批入库" if place == 0 else "尾批并入",
            )
        for code, pieces in KEPT_BACK.items():
            await inventory.set_safety(uow, house.warehouse, house.skus[code], pieces)


async def welcome(ground: Ground) -> None:
    """People who order from home sign in, and get their level; prices are written for them."""
    async with ground.database.begin(ground.merchant) as uow:
        new = []
        for guest in GUESTS:
            customer_id = ground.people[guest.number] = ids.new()
            known_by = (("wechat_openid", openid(guest.number)), ("phone", phone(guest.number)))
            new.append(customers.NewCustomer(customer_id, guest.name, uow.now, known_by))
        await customers.add_customers(uow, new, channel="shop")
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        for guest in GUESTS[:3]:
            await customers.set_level(uow, ground.people[guest.number], LEVEL)
        skus = ground.house.skus
        members, bistro = ids.new(), ids.new()
        await pricing.save(uow, members, pricing.ListForm("金卡会员价", priority=10, level=LEVEL))
        await pricing.set_items(
            uow, members, [pricing.NewItem(skus[code], 1, price) for code, price in MEMBERS_PAY.items()]
        )
        await pricing.save(
            uow,
            bistro,
            pricing.ListForm(f"{BISTRO.name}批发价", priority=50, customer_id=ground.people[BISTRO.number]),
        )
        await pricing.set_items(
            uow,
            bistro,
            [
                pricing.NewItem(skus[code], least, price)
                for code, tiers in BISTRO_PAYS.items()
                for least, price in tiers
            ],
        )


async def send_on(ground: Ground) -> None:
    """A transfer leaves for the store and has not arrived."""
    house = ground.house
    wanted = inventory.transfers.WantedTransfer(
        ground.new_id("transfer"), house.warehouse, house.stores["KQ"],
        tuple(ground.skus({"HS020402": 12, "HS030101": 18, "HS050101": 24})), "周末补货，顺丰同城",
    )  # fmt: skip
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        await inventory.transfers.draft(uow, wanted)
        await inventory.transfers.send(uow, wanted.id)


async def count(ground: Ground) -> None:
    """Four shelves are counted; of one, pieces are missing."""
    house, stocktake = ground.house, ground.new_id("stocktake")
    counted = [house.skus[code] for code in ("HS040601", "HS050101", "HS060701-2", "HS030801-2")]
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        await inventory.stocktakes.begin(
            uow, inventory.stocktakes.WantedStocktake(stocktake, house.warehouse, remark="月度抽盘")
        )
        there = await inventory.levels(uow, counted, house.warehouse)
        on_hand = {level.sku_id: level.on_hand for level in there}
        await inventory.stocktakes.record(
            uow,
            stocktake,
            [
                inventory.stocktakes.Count(
                    sku_id,
                    on_hand[sku_id] - (LOST_IN_COUNT if sku_id == counted[0] else 0),
                    ground.new_id("count", sku_id),
                )
                for sku_id in counted
            ],
        )
        await inventory.stocktakes.post(uow, stocktake)


async def buy_in(ground: Ground) -> None:
    """A supplier with prices; an order of which part has arrived, and one that is only written down."""
    house, supplier = ground.house, ground.new_id("supplier")
    first, second = ground.new_id("purchase", 1), ground.new_id("purchase", 2)
    numbers = [await suppliers.fresh_number(ground.database, ground.merchant) for _ in range(2)]
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        today = inventory.today_of(uow)
        await suppliers.add(
            uow,
            suppliers.NewSupplier(
                supplier, "绍兴稻田粮油批发部（演示）", "俞建民", "0575-0000 0601", "绍兴市越城区粮贸路 9 号"
            ),
        )
        for code, cost in SUPPLY_PRICES.items():
            await suppliers.set_item(uow, supplier, suppliers.WantedItem(house.skus[code], cost))
        baskets = ((first, {"HS020102": 60, "HS020302": 24}), (second, {"HS020502": 48}))
        for number, (purchase, lines) in zip(numbers, baskets, strict=True):
            wanted = tuple(
                suppliers.WantedLine(house.skus[code], pieces, SUPPLY_PRICES[code], today + timedelta(days=2))
                for code, pieces in lines.items()
            )
            await suppliers.draft(
                uow,
                suppliers.WantedPurchase(purchase, supplier, house.warehouse, wanted, "送货前一天电话确认"),
                number,
            )
        await suppliers.send(uow, first)
        arrived = suppliers.Arrived(1, 40, f"{today:%y%m}-P1", today + timedelta(days=240))
        await suppliers.receive(
            uow, suppliers.Receive(ground.new_id("arrival"), first, (arrived,), "先到四十袋")
        )
