"""Group buying on the console: which groups need somebody soon, how it goes, and whose money is on its way back."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.groupbuys import figures, queries, reading, words

READ = {"permission": Permission.OFFERS_READ}
TABS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": (web.mark("拼团中"), ("open", "full")),
    "soon": (web.mark("两小时内到期"), ("open", "full")),
    "succeeded": (web.mark("拼团成功"), ("succeeded",)),
    "refunding": (web.mark("退款中"), ("expired", "refunding")),
    "failed": (web.mark("拼团未成功"), ("failed",)),
    "all": (web.mark("全部"), ()),
}


@get("/console/{slug:str}/groups", opt=READ)
async def group_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    tab: FromQuery[str] = "",
    offer: FromQuery[UUID | None] = None,
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Groups by state, with the figures of the last 30 days."""
    tab = tab if tab in TABS else ""
    asked: dict[str, Any] = {"states": TABS[tab][1], "soon": tab == "soon", "offer_id": offer}
    if export:
        return await _sheet(request, uow, asked, export)
    found = await figures.listing(uow, after=after_moment(after or None), **asked)
    sums = await figures.figures(uow)
    here = f"/console/{merchant.slug}/groups"
    counts = {"": sums.open_now, "soon": sums.soon, "refunding": None}
    kept = {"tab": tab, **({"offer": str(offer)} if offer else {})}
    return web.page(
        request,
        "groupbuys/console_list.html",
        merchant=merchant,
        groups=found.items,
        figures=sums,
        days=await figures.days(uow),
        tabs=[(word, f"{here}?tab={key}", tab == key, counts.get(key)) for key, (word, _) in TABS.items()],
        tab=tab,
        next_href=f"{here}?{urlencode({**kept, 'after': found.next})}" if found.next else None,
        first_href=f"{here}?{urlencode(kept)}" if after else None,
        words=words,
    )


async def _sheet(
    request: Request[Any, Any, Any], uow: UnitOfWork, asked: dict[str, Any], kind: str
) -> Response[Any]:
    say = web.language_of(request)
    head = [
        web.translate(say, word)
        for word in (
            web.mark("活动"), web.mark("团长"), web.mark("状态"), web.mark("成团人数"), web.mark("已付款"),
            web.mark("待付款"), web.mark("开团时间"), web.mark("到期"),
        )
    ]  # fmt: skip

    def row(one: figures.Row) -> list[Any]:
        state = web.translate(say, words.STATES[one.state][0])
        return [one.name, one.leader, state, one.size, one.paid, one.held, one.created_at, one.expires_at]

    pages = web.every_page(
        lambda cursor: figures.listing(uow, after=after_moment(cursor), limit=200, **asked)
    )
    return await web.sheet(
        request, web.translate(say, web.mark("拼团")), head, (row(one) async for one in pages), kind
    )


@get("/console/{slug:str}/groups/{group_id:uuid}", opt=READ)
async def group_page(
    request: Request[Any, Any, Any], group_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One group: its terms as they were when it opened, and every seat with its order and its refund."""
    found = await reading.groups(uow, [group_id])
    if not found:
        raise NotFound(what="拼团 / group")
    (group,) = found
    (goods,) = await queries.goods_of(uow, [group.terms])
    return web.page(
        request,
        "groupbuys/console_group.html",
        merchant=merchant,
        group=group,
        goods=goods,
        seats=await figures.seat_rows(uow, group_id),
        words=words,
    )


routes = [group_list, group_page]
