"""The console's list of orders: filtered, read on by keyset, downloaded, and worked on many at a time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.place import doors, stores
from siyu.runtime import audit
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.orders import bulk, searching, words
from siyu.trade.orders.model import OrderCard
from siyu.trade.orders.searching import Wanted

READ = {"permission": Permission.ORDERS_READ}
WRITE = {"permission": Permission.ORDERS_WRITE}
EXPORT_PAGE = 200
ASKED = ("state", "delivery", "channel", "store", "door", "promoter", "since", "until", "least", "most", "q")
ACTIONS = {"note": bulk.NOTE, "cancel": bulk.CANCEL, "receive": bulk.RECEIVE}


def wanted_of(asked: Mapping[str, str], merchant: Merchant) -> Wanted:
    """What the address asks for. A value that makes no sense narrows nothing."""

    def one_of(name: str, known: Mapping[str, Any]) -> str | None:
        value = asked.get(name)
        return value if value in known else None

    return Wanted(
        state=one_of("state", words.STATES),
        delivery=one_of("delivery", words.DELIVERIES),
        channel=one_of("channel", words.CHANNELS),
        store_id=_id(asked.get("store")),
        door_id=_id(asked.get("door")),
        promoter_id=_id(asked.get("promoter")),
        since=_midnight(asked.get("since"), merchant),
        until=_midnight(asked.get("until"), merchant, plus=1),
        least=_minor(asked.get("least"), merchant),
        most=_minor(asked.get("most"), merchant),
        text=asked.get("q", "").strip(),
    )


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _midnight(text: str | None, merchant: Merchant, *, plus: int = 0) -> datetime | None:
    try:
        day = date.fromisoformat(text or "") + timedelta(days=plus)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), ZoneInfo(merchant.timezone)).astimezone(UTC)


def _minor(text: str | None, merchant: Merchant) -> int | None:
    try:
        minor = money.parse(text or "", merchant.currency)
    except ValueError:
        return None
    return minor if 0 <= minor < 2**62 else None


def _tabs(
    here: str, kept: dict[str, str], tallies: dict[str, tuple[int, bool]]
) -> list[tuple[str, str, bool, str | None]]:
    """(word, address, is it shown, how many): the filters stay when the state changes."""
    others = {name: value for name, value in kept.items() if name != "state"}
    chosen = kept.get("state")
    tabs: list[tuple[str, str, bool, str | None]] = [
        (web.mark("全部"), _address(here, others), chosen is None, None)
    ]
    for state, (word, _) in words.STATES.items():
        count, is_all = tallies.get(state, (0, True))
        shown = f"{count:,}" + ("" if is_all else "+")
        tabs.append((word, _address(here, {**others, "state": state}), chosen == state, shown))
    return tabs


def _address(path: str, asked: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(asked)}" if asked else path


@get("/console/{slug:str}/orders", opt=READ)
async def order_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Orders that match, newest first; `export=csv|xlsx` downloads all of them."""
    query = request.query_params
    kept = {name: query[name].strip() for name in ASKED if query.get(name, "").strip()}
    wanted = wanted_of(kept, merchant)
    kind = query.get("export", "")
    if kind:
        return await _download(request, uow, wanted, kept, kind)
    after = query.get("after")
    found = await searching.search(uow, wanted, after=after_moment(after))
    here = f"/console/{merchant.slug}/orders"
    is_dense = query.get("dense") == "1"
    shown = {**kept, "dense": "1"} if is_dense else kept
    places = [store for store in await stores.every(uow) if uow.actor.sees(store.id)]
    return web.page(
        request,
        "orders/console_list.html",
        merchant=merchant,
        orders=found.items,
        looked_until=found.looked_until,
        tabs=_tabs(here, shown, await searching.tallies(uow)),
        words=words,
        asked={name: kept.get(name, "") for name in ASKED},
        is_asked=not msgspec.structs.replace(wanted, state=None).is_anything,
        is_dense=is_dense,
        dense_href=_address(here, kept if is_dense else {**kept, "dense": "1"}),
        stores=places,
        doors=await doors.every(uow),
        query=urlencode(kept),
        export_href=_address(here, kept) + ("&" if kept else "?") + "export=",
        orders_max=bulk.ORDERS_MAX,
        first_href=_address(here, shown) if after else None,
        next_href=_address(here, {**shown, "after": found.next}) if found.next else None,
    )


async def _download(
    request: Request[Any, Any, Any], uow: UnitOfWork, wanted: Wanted, kept: dict[str, str], kind: str
) -> Response[Any]:
    """Everything that matches, as a file. Who took what away is written down (个人信息保护法 art. 54)."""
    language = web.language_of(request)

    def say(word: str) -> str:
        return web.translate(language, word)

    head = [
        web.mark("订单号"), web.mark("下单时间"), web.mark("状态"), web.mark("配送方式"), web.mark("渠道"),
        web.mark("门店"), web.mark("本单入口"), web.mark("买家"), web.mark("商品名称"), web.mark("件数"),
        web.mark("金额"), web.mark("已退款"),
    ]  # fmt: skip

    async def read(cursor: str | None) -> Page[OrderCard]:
        found = await searching.search(uow, wanted, after=after_moment(cursor), limit=EXPORT_PAGE)
        return Page(found.items, found.next)

    def row(order: OrderCard) -> tuple[Any, ...]:
        return (
            order.number,
            order.placed_at,
            say(words.state_word(order.state, order.delivery, order.has_deposit)[0]),
            say(words.DELIVERIES[order.delivery]),
            say(words.CHANNELS[order.channel]),
            order.store_name,
            order.door_name,
            order.customer_name,
            order.first_title,
            order.pieces,
            web.Amount(order.total, order.currency),
            web.Amount(order.refunded, order.currency),
        )

    rows = (row(order) async for order in web.every_page(read))
    await audit.note(
        uow,
        "orders.export",
        subject_kind="list",
        name=say(web.mark("订单")),
        after={"filters": kept, "format": kind},
    )
    return await web.sheet(request, say(web.mark("订单")), [say(word) for word in head], rows, kind)


@post("/console/{slug:str}/orders/bulk", opt=WRITE, status_code=200)
async def work_on_many(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Start a job over the ticked orders, or over all that match (`query` is the list's address)."""
    form = await request.form()
    kind = ACTIONS.get(str(form.get("action", "")))
    text = str(form.get("text", "")).strip()
    if kind is None:
        raise Invalid(field="action", zh="请选择要做的操作。", en="Choose what to do.")
    if kind == bulk.NOTE and not 1 <= len(text) <= 500:
        raise Invalid(field="text", zh="备注为 1 到 500 个字。", en="A note has 1 to 500 characters.")
    if form.get("all") == "1":
        chosen = await _matching(uow, merchant, str(form.get("query", "")))
    else:
        ids_ticked = [_id(str(value)) for value in form.getall("order", [])]
        chosen = await searching.numbers(uow, [one for one in ids_ticked if one])
    if not chosen:
        raise Invalid(field="order", zh="请先勾选订单。", en="Tick some orders first.")
    job_id = _id(str(form.get("idempotency_key", "")))
    if job_id is None:
        raise Invalid(field="order", zh="页面已过期，请刷新。", en="The page has expired; please reload.")
    await bulk.start(uow, kind, bulk.Chosen(tuple(chosen), text), job_id)
    return web.done(request, f"/console/{merchant.slug}/jobs/{job_id}", web.mark("任务已开始"))


async def _matching(uow: UnitOfWork, merchant: Merchant, query: str) -> list[tuple[UUID, str]]:
    """All orders that the list's address asks for. Raises Invalid beyond ORDERS_MAX."""
    wanted = wanted_of(dict(parse_qsl(query)), merchant)
    chosen: list[tuple[UUID, str]] = []
    cursor: str | None = None
    while True:
        found = await searching.search(uow, wanted, after=after_moment(cursor), limit=EXPORT_PAGE)
        chosen += [(order.id, order.number) for order in found.items]
        if len(chosen) > bulk.ORDERS_MAX:
            raise Invalid(
                field="order",
                zh=f"一次最多处理 {bulk.ORDERS_MAX:,} 单，请缩小筛选范围。",
                en=f"At most {bulk.ORDERS_MAX:,} orders at a time; please narrow the filter.",
            )
        if found.next is None:
            return chosen
        cursor = found.next


routes = [order_list, work_on_many]
