"""What stands around the shelves from the first day: a warehouse, freight, couriers' slots, rules and the keeper."""

from uuid import UUID

import msgspec

from siyu.demo.places import KEEPER, KEEPER_ROLE, MERCHANT_NAME, PASSWORD, WAREHOUSE
from siyu.demo.shelving import CHILLED, PLAIN
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.people import staff
from siyu.place import stores
from siyu.runtime.db import UnitOfWork
from siyu.trade import delivery, payments

KEEPER_MAY = frozenset(
    {
        Permission.CATALOG_READ,
        Permission.ORDERS_READ,
        Permission.PARCELS_WRITE,
        Permission.STOCK_COUNT,
        Permission.STOCK_WRITE,
    }
)
# Stores with couriers of their own, and the districts they ride to.
COURIERS = {"YC": ("330602",), "KQ": ("330603",)}
OPENS, CLOSES = 9 * 60, 21 * 60  # minutes of the day
NEARBY = ("33", "31", "32", "34")  # 浙江、上海、江苏、安徽
REMOTE = ("54", "65")  # 西藏、新疆
LOCAL = delivery.LocalRules(
    radius=6_000,
    tiers=(delivery.Tier(3_000, 300), delivery.Tier(6_000, 600)),
    minimum=2_900,
    openings=tuple(delivery.Opening(weekday, OPENS, CLOSES) for weekday in range(1, 8)),
    slot_minutes=120,
    capacity=6,
    cutoff_minutes=30,
    days_ahead=2,
)


class Premises(msgspec.Struct, frozen=True):
    """Freight templates by name, the warehouse, and who keeps it."""

    freight: dict[str, UUID]
    warehouse: UUID
    keeper: UUID


async def furnish(uow: UnitOfWork, store_ids: dict[str, UUID]) -> Premises:
    """Set up everything that ships."""
    warehouse = await stores.add(
        uow,
        stores.NewStore(
            code=WAREHOUSE.code,
            name=WAREHOUSE.name,
            address=WAREHOUSE.address,
            phone=WAREHOUSE.phone,
            hours=WAREHOUSE.hours,
            latitude=WAREHOUSE.latitude,
            longitude=WAREHOUSE.longitude,
            kind="warehouse",
            region_code=WAREHOUSE.region_code,
            ships=True,
        ),
    )
    # The warehouse alone sends parcels; were a store to help out one day, it would come after it.
    await inventory.set_rules(
        uow,
        inventory.StockRules("priority", split=True, priority=(warehouse.id, store_ids["YC"]), low_below=8),
    )
    await delivery.offer(uow, ("pickup", "express", "local"), ship_hours=48)
    for code, districts in COURIERS.items():
        rules = msgspec.structs.replace(LOCAL, districts=districts)
        await delivery.set_local(uow, store_ids[code], rules, is_on=True)
    await payments.set_options(
        uow,
        payments.Options(
            is_offline_on=True,
            bank="演示银行绍兴越城支行",
            account_name=f"绍兴{MERCHANT_NAME}商贸有限公司（演示）",
            account_number="6200 0000 0000 0000 018",
        ),
    )
    return Premises(await _freight(uow), warehouse.id, await _keeper(uow, warehouse.id))


async def _freight(uow: UnitOfWork) -> dict[str, UUID]:
    """Plain parcels by weight, chilled ones only where they arrive the next day."""
    plain = delivery.FreightTemplate(
        ids.new(),
        PLAIN,
        "weight",
        (
            delivery.RegionGroup((), True, 1_000, 1_000, 1_000, 400, 9_900),
            delivery.RegionGroup(NEARBY, True, 1_000, 600, 1_000, 200, 5_900),
            delivery.RegionGroup(REMOTE, True, 1_000, 2_000, 1_000, 1_200),
        ),
        is_default=True,
    )
    chilled = delivery.FreightTemplate(
        ids.new(),
        CHILLED,
        "piece",
        (
            delivery.RegionGroup((), is_delivered=False),
            delivery.RegionGroup(NEARBY, True, 2, 1_200, 1, 300, 12_900),
        ),
    )
    return {wanted.name: (await delivery.keep_template(uow, wanted)).id for wanted in (plain, chilled)}


async def _keeper(uow: UnitOfWork, warehouse: UUID) -> UUID:
    """A role of the merchant's own that sees nothing but its locations, and somebody who has it."""
    role = ids.new()
    await staff.add_role(uow, role, staff.NewRole(KEEPER_ROLE, KEEPER_MAY, "stores"))
    return await staff.hire(
        uow,
        login=KEEPER.login,
        name=KEEPER.name,
        password=PASSWORD,
        wanted=staff.Assignment(str(role), (warehouse,)),
    )
