"""A small merchant with a past, written with plain inserts: enough of everything to disagree about."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork

DOORS = (
    ("store_shelf", "point", "owned"),
    ("koc", "social", "owned"),
    ("platform", "platform", "rented"),
    ("ad", "platform", "purchased"),
    ("poster", "point", "owned"),
)
STATES = ("unpaid", "paid", "picked_up", "received", "received", "received", "refunded", "closed")
DAY = timedelta(days=1)


class Written:
    """What was written, by kind: ids in order."""

    def __init__(self) -> None:
        self.stores: list[UUID] = []
        self.doors: list[UUID] = []
        self.customers: list[UUID] = []
        self.orders: list[UUID] = []
        self.skus: list[tuple[UUID, UUID]] = []


async def write_shop(
    uow: UnitOfWork, *, seed: int = 7, customers: int = 40, orders: int = 120, days: int = 100
) -> Written:
    """Stores, doors, people, touches, orders, refunds and commissions of the last `days` days up to now."""
    chance = random.Random(seed)
    made = Written()
    await _write_goods(uow, made)
    await _write_doors(uow, made, chance, days)
    await _write_people(uow, made, chance, customers, days)
    promoter = await _write_promoter(uow, made)
    for n in range(orders):
        await write_order(uow, made, chance, n, days, promoter)
    return made


async def insert(uow: UnitOfWork, table: str, **facts: Any) -> None:
    columns = ", ".join(facts)
    values = ", ".join(f"%({name})s" for name in facts)
    await uow.run(f"insert into {table} (merchant_id, {columns}) values (%(merchant_id)s, {values})", **facts)


async def _write_goods(uow: UnitOfWork, made: Written) -> None:
    category = ids.new()
    await insert(uow, "categories", id=category, name="水果")
    for n in range(3):
        product, sku = ids.new(), ids.new()
        await insert(
            uow,
            "products",
            id=product,
            category_id=category,
            title=f"苹果,“{n}”号\n新到",
            created_at=uow.now,
            updated_at=uow.now,
        )
        await insert(uow, "skus", id=sku, product_id=product, code=f"A{n}", price=990 + n, updated_at=uow.now)
        made.skus.append((product, sku))


async def _write_doors(uow: UnitOfWork, made: Written, chance: random.Random, days: int) -> None:
    for n in range(2):
        made.stores.append(ids.new())
        await insert(
            uow,
            "stores",
            id=made.stores[-1],
            code=f"S{n}",
            name=f"{n} 号店",
            address="",
            created_at=uow.now,
        )
    for n, (kind, space, ownership) in enumerate(DOORS):
        made.doors.append(ids.new())
        await insert(
            uow,
            "doors",
            id=made.doors[-1],
            code=f"door{n}",
            name=f"入口 {n}",
            kind=kind,
            space=space,
            ownership=ownership,
            store_id=made.stores[0] if space == "point" else None,
            created_at=uow.now,
            updated_at=uow.now,
        )
    for _ in range(25):
        await insert(
            uow,
            "door_costs",
            id=ids.new(),
            door_id=chance.choice(made.doors[1:4]),
            day=(uow.now - chance.randrange(days) * DAY).date(),
            amount=chance.randrange(1, 90_000),
            created_at=uow.now,
        )


async def _write_people(
    uow: UnitOfWork, made: Written, chance: random.Random, customers: int, days: int
) -> None:
    for n in range(customers):
        customer = ids.new()
        door = chance.choice([*made.doors, None])
        joined = _moment(uow.now, chance, days)
        made.customers.append(customer)
        await insert(
            uow,
            "customers",
            id=customer,
            nickname=f"顾客 {n}",
            first_door_id=door,
            joined_at=joined,
            updated_at=uow.now,
        )
        for again in range(chance.randrange(4)):
            await insert(
                uow,
                "touches",
                id=ids.new(),
                door_id=door or made.doors[0],
                visitor_id=ids.derived("visitor", uow.merchant_id, n // 2 if again else n),
                customer_id=customer if chance.random() < 0.5 else None,
                at=joined - timedelta(hours=again),
                updated_at=uow.now,
            )


async def _write_promoter(uow: UnitOfWork, made: Written) -> tuple[UUID, UUID]:
    promoter, plan = ids.new(), ids.new()
    await insert(
        uow,
        "promoters",
        id=promoter,
        customer_id=made.customers[0],
        kind="koc",
        name="小禾",
        state="active",
        agreement_version="1",
        joined_at=uow.now,
    )
    await insert(
        uow,
        "commission_plans",
        id=plan,
        name="全店",
        created_at=uow.now,
    )
    return promoter, plan


async def write_order(
    uow: UnitOfWork,
    made: Written,
    chance: random.Random,
    n: int,
    days: int,
    promoter: tuple[UUID, UUID],
) -> UUID:
    """One order of one or two lines, perhaps partly refunded, perhaps with a commission."""
    order, state = ids.new(), chance.choice(STATES)
    lines = [
        (product, sku, chance.randrange(1, 5), chance.randrange(100, 9_000))
        for product, sku in chance.sample(made.skus, chance.randrange(1, 3))
    ]
    total = sum(quantity * price for _, _, quantity, price in lines)
    was_paid = state not in ("unpaid", "closed")
    if state == "refunded":
        units = [quantity for _, _, quantity, _ in lines]
    elif state == "received" and chance.random() < 0.3:
        units = [1] + [0] * (len(lines) - 1)
    else:
        units = [0] * len(lines)
    refunded = sum(count * line[3] for count, line in zip(units, lines, strict=True))
    placed = _moment(uow.now, chance, days)
    made.orders.append(order)
    await insert(
        uow,
        "orders",
        id=order,
        number=f"N{n:06d}",
        customer_id=chance.choice([*made.customers, None]),
        channel=chance.choice(("shop", "shop", "api", "import", "history")),
        state=state,
        store_id=chance.choice(made.stores),
        currency=uow.merchant.currency,
        total=total,
        refunded=refunded,
        door_id=chance.choice([*made.doors, None]),
        pickup_code=f"P{n:05d}" if state == "paid" else None,
        placed_at=placed,
        paid_at=min(placed + timedelta(minutes=3), uow.now) if was_paid else None,
        updated_at=uow.now,
    )
    await _write_lines(uow, order, lines, units)
    if refunded:
        await _write_refund(uow, order, refunded, units, [line[3] for line in lines], n)
    if was_paid and chance.random() < 0.4:
        await insert(
            uow,
            "commissions",
            order_id=order,
            line_no=1,
            promoter_id=promoter[0],
            plan_id=promoter[1],
            rate_bps=500,
            basis=lines[0][2] * lines[0][3],
            units=lines[0][2],
            amount=lines[0][2] * lines[0][3] // 20,
            uncut=lines[0][2] * lines[0][3] // 20,
            state="pending",
            earned_at=uow.now,
        )
    return order


async def _write_lines(
    uow: UnitOfWork, order: UUID, lines: list[tuple[UUID, UUID, int, int]], units: list[int]
) -> None:
    for no, ((product, sku, quantity, price), count) in enumerate(zip(lines, units, strict=True), start=1):
        await insert(
            uow,
            "order_lines",
            order_id=order,
            line_no=no,
            product_id=product,
            sku_id=sku,
            title=f"苹果,“{no}”号",
            quantity=quantity,
            unit_price=price,
            amount=quantity * price,
            refunded_quantity=count,
            refunded_amount=count * price,
        )


async def _write_refund(
    uow: UnitOfWork, order: UUID, amount: int, units: list[int], prices: list[int], n: int
) -> None:
    refund = ids.new()
    await insert(
        uow,
        "refunds",
        id=refund,
        order_id=order,
        out_refund_no=f"R{n:06d}",
        amount=amount,
        reason="不想要了",
        kind="after_sale",
        state="done",
        requested_at=uow.now,
        done_at=uow.now,
        updated_at=uow.now,
    )
    for no, (count, price) in enumerate(zip(units, prices, strict=True), start=1):
        if count:
            await insert(
                uow,
                "refund_lines",
                refund_id=refund,
                order_id=order,
                line_no=no,
                first=0,
                quantity=count,
                amount=count * price,
            )


def _moment(now: datetime, chance: random.Random, days: int) -> datetime:
    """Any minute of the last `days` days: also those that are another day in the merchant's zone."""
    return (now - timedelta(minutes=chance.randrange(1, days * 1_440))).astimezone(UTC)
