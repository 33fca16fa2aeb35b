"""Price lists on the console: who gets which price, and what somebody would pay."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.pricing import explaining, lists, uploading
from siyu.goods.pricing.console_words import CHANNELS
from siyu.goods.pricing.model import Buyer, ListForm, NewItem
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime import spreadsheets
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
UPLOAD_BYTES_MAX = 2 * 1024 * 1024
PICKED_MAX = 8


@get("/console/{slug:str}/prices", opt=READ)
async def price_lists(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """All lists, those that count first."""
    found = await lists.every(uow)
    return web.page(
        request,
        "pricing/console_lists.html",
        merchant=merchant,
        lists=found,
        running={each.id for each in found if lists.is_running(each, uow.now)},
        now=uow.now,
        channels=CHANNELS,
    )


@get("/console/{slug:str}/prices/new", opt=WRITE)
async def new_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """An empty form for a list."""
    return web.page(
        request,
        "pricing/console_new.html",
        merchant=merchant,
        stores=await explaining.stores(uow),
        levels=await lists.levels(uow),
        channels=CHANNELS,
    )


@post("/console/{slug:str}/prices", opt=WRITE, status_code=200)
async def add_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Make a list."""
    form = await request.form()
    list_id = _key(form)
    await lists.save(uow, list_id, await _form(form, uow, merchant))
    return web.done(
        request, f"/console/{merchant.slug}/prices/{list_id}", web.mark("价目表已建立，现在加入商品")
    )


def _key(form: FormMultiDict) -> UUID:
    try:
        return UUID(_text(form, "idempotency_key"))
    except ValueError:
        return ids.new()


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


async def _form(form: FormMultiDict, uow: UnitOfWork, merchant: Merchant) -> ListForm:
    priority = _text(form, "priority") or "0"
    if not (priority.isascii() and priority.isdecimal() and len(priority) < 5):
        raise Invalid(
            field="priority", zh="优先级需在 0 到 999 之间。", en="A priority is between 0 and 999."
        )
    return ListForm(
        name=_text(form, "name"),
        priority=int(priority),
        level=_text(form, "level"),
        channel=_text(form, "channel"),
        store_id=_id(_text(form, "store"), "store"),
        customer_id=await explaining.customer_called(uow, _text(form, "customer")),
        starts_at=moment(_text(form, "starts_at"), merchant, "starts_at"),
        ends_at=moment(_text(form, "ends_at"), merchant, "ends_at"),
    )


def _id(text: str, field: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid(field=field, zh="没有这个选项。", en="There is no such choice.") from None


def moment(text: str, merchant: Merchant, field: str) -> datetime | None:
    """An instant typed in the merchant's zone; None when empty. Raises Invalid at the field."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(merchant.timezone))
    except ValueError:
        raise Invalid(field=field, zh="请选择日期和时间。", en="Choose a date and time.") from None


@get("/console/{slug:str}/prices/{list_id:uuid}", opt=READ)
async def list_page(
    *,
    request: Request[Any, Any, Any],
    list_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Any:
    """One list: whom it is for and what it says."""
    each = await lists.find(uow, list_id)
    if export:
        return await _export(request, uow, list_id, each.name, export)
    page = await lists.items(uow, list_id, after=lists.after_item(after))
    here = f"/console/{merchant.slug}/prices/{list_id}"
    return web.page(
        request,
        "pricing/console_list.html",
        merchant=merchant,
        list=each,
        is_running=lists.is_running(each, uow.now),
        items=page.items,
        stores=await explaining.stores(uow),
        levels=await lists.levels(uow),
        channels=CHANNELS,
        zone=ZoneInfo(merchant.timezone),
        next_href=f"{here}?{urlencode({'after': page.next})}" if page.next else None,
        first_href=here if after else None,
    )


async def _export(
    request: Request[Any, Any, Any], uow: UnitOfWork, list_id: UUID, name: str, kind: str
) -> Any:
    language = web.language_of(request)

    async def rows() -> AsyncIterator[list[Any]]:
        items = web.every_page(
            lambda cursor: lists.items(uow, list_id, after=lists.after_item(cursor), limit=200)
        )
        async for item in items:
            yield [
                item.code,
                item.least,
                web.Amount(item.price),
                item.title,
                item.sku_title,
                web.Amount(item.marked),
            ]

    words = ("商品编码", "起购数量", "价格", "商品名称", "规格", "标价")
    return await web.sheet(request, name, [web.translate(language, word) for word in words], rows(), kind)


@post("/console/{slug:str}/prices/{list_id:uuid}", opt=WRITE, status_code=200)
async def edit_list(
    request: Request[Any, Any, Any], list_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Change whom a list is for and when."""
    await lists.find(uow, list_id)
    await lists.save(uow, list_id, await _form(await request.form(), uow, merchant))
    return web.done(request, f"/console/{merchant.slug}/prices/{list_id}", web.mark("价目表已保存"))


@post("/console/{slug:str}/prices/{list_id:uuid}/active", opt=WRITE, status_code=200)
async def set_active(
    request: Request[Any, Any, Any], list_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Pause a list, or let it count again."""
    is_active = (await request.form()).get("is_active") == "1"
    await lists.set_active(uow, list_id, is_active=is_active)
    said = web.mark("价目表已启用") if is_active else web.mark("价目表已暂停，立即按标价收")
    return web.done(request, f"/console/{merchant.slug}/prices/{list_id}", said)


@post("/console/{slug:str}/prices/{list_id:uuid}/copy", opt=WRITE, status_code=200)
async def copy_list(
    request: Request[Any, Any, Any], list_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The same list again, paused."""
    new_id = _key(await request.form())
    await lists.copy(uow, list_id, new_id)
    return web.done(request, f"/console/{merchant.slug}/prices/{new_id}", web.mark("已复制，启用前不生效"))


@get("/console/{slug:str}/prices/{list_id:uuid}/pick", opt=WRITE)
async def pick(
    *,
    request: Request[Any, Any, Any],
    list_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    q: FromQuery[str] = "",
) -> Response[str]:
    """A fragment: SKUs found for the list, each with its form."""
    found = await catalog.cards(uow, search=q, limit=PICKED_MAX, on_shelf_only=False) if q.strip() else None
    products = await catalog.cards_of(uow, [card.id for card in found.items]) if found and found.items else []
    order = {card.id: place for place, card in enumerate(found.items)} if found else {}
    return web.page(
        request,
        "pricing/console_pick.html",
        merchant=merchant,
        list_id=list_id,
        q=q.strip(),
        products=sorted(products, key=lambda product: order[product.id]),
    )


@post("/console/{slug:str}/prices/{list_id:uuid}/items", opt=WRITE, status_code=200)
async def set_item(
    request: Request[Any, Any, Any], list_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give a SKU its price in the list, from so many units on."""
    form = await request.form()
    sku_id, least = _id(_text(form, "sku"), "sku"), _text(form, "least") or "1"
    if sku_id is None:
        raise Invalid(field="sku", zh="请选择商品。", en="Choose a product.")
    if not (least.isascii() and least.isdecimal() and len(least) < 7):
        raise Invalid(
            field="least", zh="起购数量需在 1 到 99999 之间。", en="A quantity is between 1 and 99,999."
        )
    try:
        price = money.parse(_text(form, "price"), merchant.currency)
    except ValueError:
        raise Invalid(
            field="price", zh="请输入金额，例如 12.80。", en="Enter an amount such as 12.80."
        ) from None
    await lists.set_items(uow, list_id, [NewItem(sku_id, int(least), price)])
    return web.done(request, f"/console/{merchant.slug}/prices/{list_id}", web.mark("价格已保存"))


@post("/console/{slug:str}/prices/{list_id:uuid}/items/remove", opt=WRITE, status_code=200)
async def remove_item(
    request: Request[Any, Any, Any], list_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Take a price out of the list."""
    form = await request.form()
    sku_id, least = _id(_text(form, "sku"), "sku"), _text(form, "least")
    if sku_id is None or not (least.isascii() and least.isdecimal() and len(least) < 7):
        raise Invalid(field="sku", zh="请选择商品。", en="Choose a product.")
    await lists.remove_item(uow, list_id, sku_id, int(least))
    return web.done(request, f"/console/{merchant.slug}/prices/{list_id}", web.mark("已移出价目表"))


@post("/console/{slug:str}/prices/{list_id:uuid}/upload", opt=WRITE, status_code=200)
async def upload(
    request: Request[Any, Any, Any], list_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Prices from a file or pasted rows; the good rows are taken, the others shown with their reasons."""
    form = await request.form()
    each = await lists.find(uow, list_id)
    report = await uploading.upload(uow, list_id, await _table(form))
    return web.page(
        request,
        "pricing/console_report.html",
        merchant=merchant,
        list=each,
        report=report,
        is_chinese=web.language_of(request) == web.CHINESE,
    )


async def _table(form: FormMultiDict) -> spreadsheets.Table:
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        data = await file.read(UPLOAD_BYTES_MAX + 1)
        if len(data) > UPLOAD_BYTES_MAX:
            raise Invalid(field="file", zh="文件不能超过 2 MB。", en="A file has at most 2 MB.")
        return await asyncio.to_thread(spreadsheets.read, data, rows_max=uploading.ROWS_MAX)
    text = _text(form, "pasted")
    if not text:
        raise Invalid(field="pasted", zh="请粘贴内容或选择文件。", en="Paste rows or choose a file.")
    return uploading.pasted(text)


class Asked(msgspec.Struct, frozen=True):
    """What the tester was asked, as typed."""

    basket: str = ""
    level: str = ""
    channel: str = "shop"
    store: str = ""
    customer: str = ""
    at: str = ""


@get("/console/{slug:str}/prices/tester", opt=READ)
async def tester(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What would this customer pay, and why."""
    told = {name: request.query_params.get(name, "") for name in Asked.__struct_fields__}
    asked = Asked(**{name: value.strip() for name, value in told.items() if value.strip()})
    explained, refused = None, None
    if asked.basket:
        try:
            explained = await _explained(asked, uow, merchant)
        except Invalid as problem:
            refused = problem
    return web.page(
        request,
        "pricing/console_tester.html",
        merchant=merchant,
        asked=asked,
        explained=explained,
        refused=refused.sentence(web.language_of(request)) if refused else "",
        stores=await explaining.stores(uow),
        levels=await lists.levels(uow),
        channels=CHANNELS,
        half=partial(web.half, web.language_of(request)),
    )


async def _explained(asked: Asked, uow: UnitOfWork, merchant: Merchant) -> explaining.Explained:
    customer_id = await explaining.customer_called(uow, asked.customer)
    level = asked.level or (await explaining.customer_level(uow, customer_id) if customer_id else "")
    buyer = Buyer(customer_id, level, asked.channel, _id(asked.store, "store"))
    at = moment(asked.at, merchant, "at") or uow.now
    return await explaining.explain(uow, explaining.wishes_in(asked.basket), buyer, at)


routes = [
    price_lists,
    new_list,
    add_list,
    tester,
    list_page,
    edit_list,
    set_active,
    copy_list,
    pick,
    set_item,
    remove_item,
    upload,
]
