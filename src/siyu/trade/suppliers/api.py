"""JSON: suppliers, their prices, purchase orders and arrivals."""

from typing import Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase
from siyu.trade.suppliers import keeping, purchase_queries, purchasing, queries
from siyu.trade.suppliers.model import (
    Item,
    NewSupplier,
    Purchase,
    PurchaseCard,
    Receipt,
    Receive,
    Supplier,
    SupplierCard,
    SupplierChange,
    WantedItem,
    WantedPurchase,
)

TAGS = ["Suppliers 供应商"]
READ = {"permission": Permission.SUPPLY_READ}
WRITE = {"permission": Permission.SUPPLY_WRITE}
BUY = {"permission": Permission.PURCHASE_WRITE}


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`finish`: what is missing will not come any more."""

    action: Literal["send", "cancel", "finish"]


@get("/api/v1/{slug:str}/suppliers", opt=READ, tags=TAGS)
async def list_suppliers(uow: InUow) -> list[SupplierCard]:
    """All suppliers, with what is under way and what we owe (`owed`, minor units)."""
    return await queries.every(uow)


@post("/api/v1/{slug:str}/suppliers", opt=WRITE, tags=TAGS)
async def add_supplier(data: JSONBody[NewSupplier], uow: InUow) -> Supplier:
    """Add a supplier. The same `id` again returns the one that is there."""
    return await keeping.add(uow, data)


@get("/api/v1/{slug:str}/suppliers/{supplier_id:uuid}", opt=READ, tags=TAGS)
async def read_supplier(supplier_id: FromPath[UUID], uow: InUow) -> Supplier:
    """One supplier."""
    return await queries.find(uow, supplier_id)


@put("/api/v1/{slug:str}/suppliers/{supplier_id:uuid}", opt=WRITE, tags=TAGS)
async def change_supplier(
    supplier_id: FromPath[UUID], data: JSONBody[SupplierChange], uow: InUow
) -> Supplier:
    """New terms."""
    return await keeping.change(uow, supplier_id, data)


@get("/api/v1/{slug:str}/suppliers/{supplier_id:uuid}/items", opt=READ, tags=TAGS)
async def list_items(supplier_id: FromPath[UUID], uow: InUow) -> list[Item]:
    """What a supplier supplies and at what price."""
    await queries.find(uow, supplier_id)
    return await queries.items(uow, supplier_id)


@put("/api/v1/{slug:str}/suppliers/{supplier_id:uuid}/items", opt=WRITE, tags=TAGS)
async def set_item(supplier_id: FromPath[UUID], data: JSONBody[WantedItem], uow: InUow) -> list[Item]:
    """What one SKU costs here, and whether the supplier sends it to buyers."""
    await keeping.set_item(uow, supplier_id, data)
    return await queries.items(uow, supplier_id)


@get("/api/v1/{slug:str}/purchases", opt=READ, tags=TAGS)
async def list_purchases(
    uow: InUow, supplier_id: FromQuery[UUID | None] = None, after: FromQuery[str | None] = None
) -> Page[PurchaseCard]:
    """Purchase orders, newest first."""
    return await purchase_queries.purchases(uow, supplier_id=supplier_id, after=after_moment(after))


@post("/api/v1/{slug:str}/purchases", opt=BUY, tags=TAGS)
async def draft(
    data: JSONBody[WantedPurchase], merchant: OfMerchant, database: OnDatabase, actor: ByActor
) -> Purchase:
    """Draft a purchase order. The same `id` again returns the one that is there."""
    number = await purchasing.fresh_number(database, merchant)
    return await database.attempt(merchant, lambda uow: purchasing.draft(uow, data, number), actor)


@get("/api/v1/{slug:str}/purchases/{purchase_id:uuid}", opt=READ, tags=TAGS)
async def read_purchase(purchase_id: FromPath[UUID], uow: InUow) -> Purchase:
    """One purchase order with its lines."""
    return await purchase_queries.find_purchase(uow, purchase_id)


@post("/api/v1/{slug:str}/purchases/{purchase_id:uuid}/moves", opt=BUY, tags=TAGS, status_code=200)
async def move(purchase_id: FromPath[UUID], data: JSONBody[Move], uow: InUow) -> Purchase:
    """Send a purchase order, cancel it, or end it short."""
    match data.action:
        case "send":
            return await purchasing.send(uow, purchase_id)
        case "cancel":
            return await purchasing.cancel(uow, purchase_id)
        case "finish":
            return await purchasing.finish(uow, purchase_id)


@get("/api/v1/{slug:str}/purchases/{purchase_id:uuid}/receipts", opt=READ, tags=TAGS)
async def list_receipts(purchase_id: FromPath[UUID], uow: InUow) -> list[Receipt]:
    """What arrived of a purchase order, oldest first."""
    await purchase_queries.find_purchase(uow, purchase_id)
    return await purchase_queries.receipts(uow, purchase_id)


@post("/api/v1/{slug:str}/receipts", opt=BUY, tags=TAGS, status_code=200)
async def receive(data: JSONBody[Receive], uow: InUow) -> Purchase:
    """Pieces arrive, in lots where named. The same `id` again counts once."""
    return await purchasing.receive(uow, data)


routes = [
    list_suppliers,
    add_supplier,
    read_supplier,
    change_supplier,
    list_items,
    set_item,
    list_purchases,
    draft,
    read_purchase,
    move,
    list_receipts,
    receive,
]
