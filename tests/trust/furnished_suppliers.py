"""What suppliers keep: at least one row of each."""

from datetime import timedelta
from uuid import UUID

from factories import Shop
from siyu.goods import catalog, inventory
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import fulfilment, suppliers
from trust.furnished_sending import bought


async def supplied(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID, mark: str
) -> dict[str, object]:
    """A supplier that sends pears, of which one left; milk that was ordered and arrived in part; a statement."""
    pear = await _pears(database, merchant, mark)
    wanted = suppliers.NewSupplier(
        ids.new(), f"{mark}果农", f"{mark}老王", address=f"{mark}产地路 8 号", has_location=True
    )
    async with database.begin(merchant) as uow:
        supplier = await suppliers.add(uow, wanted)
        assert supplier.location_id is not None
        await suppliers.set_item(
            uow, supplier.id, suppliers.WantedItem(pear, 300, "P-1", is_drop_shipped=True)
        )
        await inventory.receive(uow, [inventory.Pieces(supplier.location_id, pear, 20)])
    order = await bought(database, shop, buyer, mark, pear, "express", 2)
    box = fulfilment.SendParcel(ids.new(), order.id, "sf", "SF9876543210123", ((1, 1),))
    async with database.begin(merchant) as uow:
        await fulfilment.send(uow, box)
    while await digest(database, merchant, suppliers.CONSUMERS[0]):
        pass
    purchase = await _purchase(database, merchant, shop, supplier.id, mark)
    statement = await _statement(database, merchant, supplier.id)
    return {
        "supplier_id": supplier.id, "purchase_id": purchase, "statement_id": statement,
        "supply_location_id": supplier.location_id, "supplied_order_id": order.id,
    }  # fmt: skip


async def _pears(database: Database, merchant: Merchant, mark: str) -> UUID:
    category_id = ids.new()
    async with database.begin(merchant) as uow:
        category = await catalog.add_category(uow, category_id, f"{mark}产地")
        pears = catalog.NewProduct(
            category=category.name, title=f"{mark}梨", skus=(catalog.NewSku(f"{mark}PEAR", 900),)
        )
        return (await catalog.add_products(uow, [pears], {category.name: category_id}))[f"{mark}PEAR"]


async def _purchase(database: Database, merchant: Merchant, shop: Shop, supplier_id: UUID, mark: str) -> UUID:
    number = await suppliers.fresh_number(database, merchant)
    lines = (suppliers.WantedLine(shop.milk, 10, 400),)
    wanted = suppliers.WantedPurchase(ids.new(), supplier_id, shop.store_id, lines, remark=f"{mark}早上送")
    async with database.begin(merchant) as uow:
        made = await suppliers.draft(uow, wanted, number)
        await suppliers.send(uow, made.id)
        await suppliers.receive(uow, suppliers.Receive(ids.new(), made.id, (suppliers.Arrived(1, 4),)))
    return made.id


async def _statement(database: Database, merchant: Merchant, supplier_id: UUID) -> UUID:
    """A month later, when its first period is over."""
    before = clock.offset()
    clock.move_to(before + timedelta(days=40))
    try:
        async with database.begin(merchant) as uow:
            return (await suppliers.make_statement(uow, supplier_id)).id
    finally:
        clock.move_to(before)
