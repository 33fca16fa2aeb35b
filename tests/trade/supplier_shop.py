"""A shop whose apples a supplier sends, and milk that it buys."""

from uuid import UUID

import msgspec

from factories import Shop, a_customer, a_shop, word_of_payment
from siyu.events import OrderRefunded, RefundedUnits
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.money import ledger
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Worker
from siyu.trade import delivery, fulfilment, orders, payments, suppliers
from trade.fulfilment_shop import HOME


class Orchard(msgspec.Struct, frozen=True):
    """Apples come straight from the orchard at 8.00, of which it says it has 50."""

    shop: Shop
    supplier: suppliers.Supplier

    @property
    def place(self) -> UUID:
        assert self.supplier.location_id is not None
        return self.supplier.location_id

    @property
    def person(self) -> Actor:
        """Somebody who works at the orchard."""
        return Actor(
            kind="staff",
            id=None,
            name="果园老王",
            permissions=ROLES["supplier"],
            scope=frozenset({self.place}),
        )


async def a_supplier(
    database: Database, merchant: Merchant, name: str = "果园", **facts
) -> suppliers.Supplier:
    wanted = suppliers.NewSupplier(
        id=ids.new(), name=name, address="产地路 8 号", **{"has_location": True, **facts}
    )
    async with database.begin(merchant) as uow:
        return await suppliers.add(uow, wanted)


async def an_orchard(database: Database, merchant: Merchant, *, stock: int = 50, **facts) -> Orchard:
    shop = await a_shop(database, merchant, stock=10)
    supplier = await a_supplier(database, merchant, **facts)
    orchard = Orchard(shop, supplier)
    await set_price(database, orchard, 800)
    async with database.begin(merchant) as uow:
        await inventory.receive(uow, [inventory.Pieces(orchard.place, shop.apple, stock)])
        await delivery.offer(uow, ("pickup", "express"))
        await uow.run(
            "update stores set ships = true where merchant_id = %(merchant_id)s and id = %(id)s",
            id=shop.store_id,
        )
    return orchard


async def set_price(database: Database, orchard: Orchard, price: int, *, drop: bool = True) -> None:
    async with database.begin(orchard.shop.merchant) as uow:
        await suppliers.set_item(
            uow,
            orchard.supplier.id,
            suppliers.WantedItem(orchard.shop.apple, price, "AP-1", is_drop_shipped=drop),
        )


async def bought(
    database: Database, orchard: Orchard, *, apples: int = 2, milk: int = 0
) -> orders.PlacedOrder:
    """A paid order to an address."""
    shop = orchard.shop
    lines = [(shop.apple, apples), (shop.milk, milk)]
    wish = orders.PlaceOrder(
        customer_id=await a_customer(database, shop.merchant),
        store_id=None,
        lines=tuple(orders.WantedLine(sku, n) for sku, n in lines if n),
        expected_total=1_000_000,
        key=ids.new().hex,
        delivery="express",
        address=HOME,
    )
    order = await orders.place(database, shop.merchant, wish, pay_minutes=30)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.settle(uow, [word_of_payment(number, order.total)])
    return order


def box(order_id: UUID, *lines: tuple[int, int]) -> fulfilment.SendParcel:
    digits = f"{ids.new().int % 10**13:013d}"
    return fulfilment.SendParcel(ids.new(), order_id, "sf", f"SF{digits}", lines or ((1, 1),))


async def sent(
    database: Database, orchard: Orchard, order_id: UUID, *lines: tuple[int, int]
) -> fulfilment.Parcel:
    async with database.begin(orchard.shop.merchant, orchard.person) as uow:
        return await suppliers.ship(uow, box(order_id, *lines))


async def digested(database: Database) -> None:
    """Let the books of suppliers hear of what happened."""
    await Worker(Directory(database), suppliers.CONSUMERS, []).drain()


async def owed(database: Database, merchant: Merchant, supplier_id: UUID) -> int:
    """What the ledger says we owe."""

    async with database.begin(merchant) as uow:
        proof = await ledger.trial_balance(uow)
        assert proof.is_sound
        return await ledger.balance_of(uow, suppliers.account_of(supplier_id))


async def refunded(
    database: Database, merchant: Merchant, order_id: UUID, *lines: tuple[int, int], of: str = "any"
):
    """The money went back for these units."""

    async with database.begin(merchant) as uow:
        taken = await orders.take_back_units(uow, order_id, lines, restock=True, of=of)
        uow.publish(
            OrderRefunded(
                order_id,
                ids.new(),
                taken.amount,
                tuple(RefundedUnits(x.line_no, x.first, x.quantity, x.amount) for x in taken.lines),
            )
        )
