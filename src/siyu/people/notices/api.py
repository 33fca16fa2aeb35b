"""JSON: the shopper's notices."""

import msgspec
from litestar import get, post
from litestar.params import FromQuery

from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.people.notices import queries, telling
from siyu.people.notices.saying import Said, said
from siyu.runtime.edge import ByActor, InUow, OfMerchant

TAGS = ["Notices 消息"]
SHOPPER = {"permission": Permission.SHOPPER}


class Count(msgspec.Struct, frozen=True):
    """How many notices are new, or were."""

    unread: int


@get("/api/v1/{slug:str}/me/notices", opt=SHOPPER, tags=TAGS)
async def my_notices(
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    after: FromQuery[str | None] = None,
    language: FromQuery[str] = "zh-CN",
) -> Page[Said]:
    """The shopper's notices, newest first, in `language` (zh-CN or en). Reading them here does not mark them read."""
    page = await queries.listing(uow, actor.customer_id, after=after_moment(after or ""))
    return Page(items=[said(one, merchant, language) for one in page.items], next=page.next)


@get("/api/v1/{slug:str}/me/notices/unread", opt=SHOPPER, tags=TAGS)
async def count_unread(uow: InUow, actor: ByActor) -> Count:
    """How many notices the shopper has not seen."""
    return Count(await queries.unread(uow, actor.customer_id))


@post("/api/v1/{slug:str}/me/notices/read", opt=SHOPPER, tags=TAGS, status_code=200)
async def read_all(uow: InUow, actor: ByActor) -> Count:
    """All notices of the shopper are read; answers how many were new."""
    return Count(await telling.mark_read(uow, actor.customer_id))


routes = [my_notices, count_unread, read_all]
