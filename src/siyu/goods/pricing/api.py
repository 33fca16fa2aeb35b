"""JSON: price lists, and what somebody would pay with the reasons."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.goods.pricing import explaining, lists
from siyu.goods.pricing.model import Buyer, Item, ListForm, ListRow, NewItem
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["Prices 价格"]
READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}


class Basket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who would buy what, where and when; `at` is RFC 3339, now when left out."""

    lines: list[explaining.Wish]
    level: str = ""
    channel: str = "shop"
    store_id: UUID | None = None
    customer_id: UUID | None = None
    at: datetime | None = None


class Changed(msgspec.Struct, frozen=True):
    """How many prices differ from before."""

    changed: int


@get("/api/v1/{slug:str}/price-lists", opt=READ, tags=TAGS)
async def all_lists(uow: InUow) -> list[ListRow]:
    """All price lists, those that count first, highest priority first."""
    return await lists.every(uow)


@put("/api/v1/{slug:str}/price-lists/{list_id:uuid}", opt=WRITE, tags=TAGS)
async def save_list(list_id: FromPath[UUID], data: JSONBody[ListForm], uow: InUow) -> ListRow:
    """Make a list under an id of your own, or change it. A second arrival changes nothing."""
    if any(moment is not None and moment.tzinfo is None for moment in (data.starts_at, data.ends_at)):
        raise Invalid(field="starts_at", zh="时间需带时区。", en="Times have a zone.")
    await lists.save(uow, list_id, data)
    return await lists.find(uow, list_id)


@get("/api/v1/{slug:str}/price-lists/{list_id:uuid}/items", opt=READ, tags=TAGS)
async def list_items(
    list_id: FromPath[UUID], uow: InUow, after: FromQuery[str | None] = None, limit: FromQuery[int] = 100
) -> Page[Item]:
    """The prices of a list; `next` of one page is `after` of the following one."""
    await lists.find(uow, list_id)
    return await lists.items(uow, list_id, after=lists.after_item(after), limit=limit)


@put("/api/v1/{slug:str}/price-lists/{list_id:uuid}/items", opt=WRITE, tags=TAGS)
async def set_items(list_id: FromPath[UUID], data: JSONBody[list[NewItem]], uow: InUow) -> Changed:
    """Give SKUs their prices in the list, minor units for one unit; others stay as they are."""
    if len(data) > lists.ITEMS_MAX:
        raise Invalid(field="items", zh="一次最多 20000 个价格。", en="At most 20,000 prices at once.")
    return Changed(await lists.set_items(uow, list_id, data))


@post("/api/v1/{slug:str}/price-explanations", opt=READ, status_code=200, tags=TAGS)
async def explain(data: JSONBody[Basket], uow: InUow) -> explaining.Explained:
    """What a basket would cost: each line from the marked price over each step to what is paid, and what did not apply."""
    at = data.at or uow.now
    if at.tzinfo is None:
        raise Invalid(field="at", zh="时间需带时区。", en="Times have a zone.")
    level = data.level or (await explaining.customer_level(uow, data.customer_id) if data.customer_id else "")
    buyer = Buyer(data.customer_id, level, data.channel, data.store_id)
    return await explaining.explain(uow, data.lines, buyer, at)


routes = [all_lists, save_list, list_items, set_items, explain]
