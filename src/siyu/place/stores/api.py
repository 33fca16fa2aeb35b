"""JSON: locations, for those who run them. The public list of stores is `/api/v1/{slug}/stores`."""

from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, JSONBody

from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.place.stores.actions import check
from siyu.place.stores.model import NewStore, Store, StoreChange
from siyu.runtime.edge import InUow

TAGS = ["Stores 门店"]


@get("/api/v1/{slug:str}/locations", opt={"permission": Permission.CATALOG_READ}, tags=TAGS)
async def list_locations(uow: InUow) -> list[Store]:
    """Every location where stock can lie: stores, pickup points, warehouses and suppliers'."""
    return await stores.locations(uow)


@post("/api/v1/{slug:str}/locations", opt={"permission": Permission.SETTINGS_WRITE}, tags=TAGS)
async def add_location(data: JSONBody[NewStore], uow: InUow) -> Store:
    """Open a location. Its `code` is used once: 422 when it is taken."""
    check(data)
    if any(store.code == data.code for store in await stores.locations(uow)):
        raise Invalid(field="code", zh="这个编号已被使用。", en="This code is already in use.")
    return await stores.add(uow, data)


@put("/api/v1/{slug:str}/locations/{store_id:uuid}", opt={"permission": Permission.SETTINGS_WRITE}, tags=TAGS)
async def change_location(store_id: FromPath[UUID], data: JSONBody[StoreChange], uow: InUow) -> Store:
    """Change a location; its code stays."""
    return await stores.edit(uow, store_id, data)


routes = [list_locations, add_location, change_location]
