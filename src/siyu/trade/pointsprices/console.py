"""Goods for points on the console: what is offered, and making an offer out of SKU codes, points and prices."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict

from siyu import web
from siyu.goods import catalog, offers
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.pointsprices import shelf, taking

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
ROWS = range(1, 9)
DIGITS_MAX = 9


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _whole(form: FormMultiDict, name: str) -> int:
    said = _text(form, name)
    if not (said.isascii() and said.isdecimal() and len(said) <= DIGITS_MAX):
        raise Invalid(field=name, zh="请填写整数。", en="Write a whole number.")
    return int(said)


def _moment(form: FormMultiDict, name: str, merchant: Merchant) -> datetime | None:
    said = _text(form, name)
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(merchant.timezone))
    except ValueError:
        raise Invalid(field=name, zh="请选择日期和时间。", en="Choose a date and time.") from None


@get("/console/{slug:str}/points-prices", opt=READ)
async def points_prices(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What is to be had for points now."""
    return web.page(
        request,
        "pointsprices/console_list.html",
        merchant=merchant,
        goods=await shelf.goods(uow),
        uses={deal.id: deal.uses for deal in await taking.deals(uow)},
    )


@get("/console/{slug:str}/points-prices/new", opt=WRITE)
async def new_offer(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """An empty form."""
    return web.page(request, "pointsprices/console_new.html", merchant=merchant, rows=ROWS)


@post("/console/{slug:str}/points-prices", opt=WRITE, status_code=200)
async def add_offer(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Make an offer and let it begin. What stands against it is said at its field."""
    form = await request.form()
    try:
        offer_id = UUID(_text(form, "idempotency_key"))
    except ValueError:
        offer_id = ids.new()
    wanted = offers.OfferForm(
        name=_text(form, "name"),
        rule=offers.PointsPrice(await _prices(uow, form, merchant)),
        starts_at=_moment(form, "starts_at", merchant),
        ends_at=_moment(form, "ends_at", merchant),
        uses_max=_whole(form, "uses_max") if _text(form, "uses_max") else None,
        per_person=_whole(form, "per_person") if _text(form, "per_person") else None,
    )
    try:
        await offers.find(uow, offer_id)  # the second tap finds what the first one made
    except NotFound:
        await offers.save(uow, offer_id, wanted)
        await offers.activate(uow, offer_id)
    return web.done(request, f"/console/{merchant.slug}/points-prices", web.mark("积分换购已发布"))


async def _prices(uow: UnitOfWork, form: FormMultiDict, merchant: Merchant) -> dict[UUID, tuple[int, int]]:
    """SKU → (points, minor units); rows without a code are left out. Raises Invalid at the field."""
    rows = {row: _text(form, f"code_{row}") for row in ROWS if _text(form, f"code_{row}")}
    if not rows:
        raise Invalid(field="code_1", zh="请填写商品编码。", en="Give the code of a product.")
    known = await catalog.skus_by_code(uow, list(rows.values()))
    prices: dict[UUID, tuple[int, int]] = {}
    for row, code in rows.items():
        if code not in known:
            raise Invalid(field=f"code_{row}", zh=f"没有编码 {code}。", en=f"There is no code {code}.")
        prices[known[code].sku_id] = (_whole(form, f"points_{row}"), _cash(form, f"price_{row}", merchant))
    return prices


def _cash(form: FormMultiDict, name: str, merchant: Merchant) -> int:
    """At least one minor unit: an order of nothing cannot be paid."""
    try:
        cash = money.parse(_text(form, name), merchant.currency)
    except ValueError:
        cash = 0
    if cash < 1:
        raise Invalid(
            field=name, zh="现金部分至少 0.01 元。", en="The part in money is at least one minor unit."
        )
    return cash


routes = [points_prices, new_offer, add_offer]
