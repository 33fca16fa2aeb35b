"""JSON: stock."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody

from siyu.goods import catalog
from siyu.goods.catalog import StockedSku
from siyu.goods.inventory import actions, queries
from siyu.goods.inventory.model import Level, Pieces
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["Stock 库存"]
ARRIVALS_MAX = 500


class Arrival(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces that arrived at a store."""

    store_id: UUID
    sku_id: UUID
    quantity: int


@get("/api/v1/{slug:str}/stock", opt={"permission": Permission.CATALOG_READ}, tags=TAGS)
async def list_stock(
    uow: InUow,
    store_id: FromQuery[UUID | None] = None,
    search: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> list[StockedSku]:
    """Stock by store and SKU, scarcest first."""
    return await catalog.stocked_skus(uow, location_id=store_id, search=search, limit=limit)


@post("/api/v1/{slug:str}/stock/arrivals", opt={"permission": Permission.STOCK_WRITE}, tags=TAGS)
async def receive(data: JSONBody[list[Arrival]], uow: InUow) -> list[Level]:
    """Goods arrive: stock rises, with a move that says so. All of the list or nothing."""
    if not 1 <= len(data) <= ARRIVALS_MAX:
        raise Invalid(field="", zh="每次 1 到 500 行。", en="Between 1 and 500 rows at a time.")
    for i, arrival in enumerate(data):
        if not 1 <= arrival.quantity <= 1_000_000:
            raise Invalid(
                field=f"[{i}].quantity", zh="数量需在 1 到 1000000 之间。", en="Between 1 and 1,000,000."
            )
    known = await catalog.prices(uow, [arrival.sku_id for arrival in data])
    for i, arrival in enumerate(data):
        if arrival.sku_id not in known:
            raise Invalid(field=f"[{i}].sku_id", zh="没有这个商品规格。", en="There is no such SKU.")
    await actions.receive(uow, [Pieces(a.store_id, a.sku_id, a.quantity) for a in data])
    return await queries.levels(uow, [arrival.sku_id for arrival in data])


routes = [list_stock, receive]
