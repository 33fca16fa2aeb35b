"""Making a group buy on the console: what it is called, how many people, which goods at which price."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog, offers
from siyu.goods.offers import GroupBuy, GroupTier, OfferForm
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.groupbuys import queries
from siyu.trade.groupbuys.rules import HOURS_MAX, PEOPLE_MAX

WRITE = {"permission": Permission.OFFERS_WRITE}
PRICE = "price-"  # fields of the form are price-<sku>: empty means that it is not in the offer
TIER = "tier-"  # tier-<people>: what everybody's price falls by from so many people on
FOUND_MAX = 8
BLANK = OfferForm(name="", rule=GroupBuy(prices={}, size=2))


@get("/console/{slug:str}/groups/new", opt=WRITE)
async def form_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, offer: FromQuery[UUID | None] = None
) -> Response[str]:
    """The form: empty, or with what an offer says now."""
    known = await offers.find(uow, offer) if offer is not None else None
    form = known.form() if known is not None else BLANK
    if not isinstance(form.rule, GroupBuy):
        raise NotFound(what="拼团活动 / group buy")
    (goods,) = await queries.goods_of(uow, [form.rule])
    return web.page(
        request,
        "groupbuys/console_form.html",
        merchant=merchant,
        offer=known,
        form=form,
        rule=form.rule,
        goods=goods,
        tiers=[(people, _falls(form.rule, people)) for people in range(3, PEOPLE_MAX + 1)],
        is_begun=known is not None and known.has_begun(uow.now),
        zone=ZoneInfo(merchant.timezone),
        people_max=PEOPLE_MAX,
        hours_max=HOURS_MAX,
    )


def _falls(rule: GroupBuy, people: int) -> int | None:
    """By how much a tier lowers the price of the first SKU, in minor units; None where there is no such tier."""
    tier = next((tier for tier in rule.tiers if tier.size == people), None)
    if tier is None or not rule.prices:
        return None
    sku_id = next(iter(rule.prices))
    return rule.prices[sku_id] - tier.prices.get(sku_id, rule.prices[sku_id])


@get("/console/{slug:str}/groups/goods", opt=WRITE)
async def goods(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, q: FromQuery[str] = ""
) -> Response[str]:
    """A fragment: SKUs found, each with a field for its price; those that were given one already stay."""
    words = q.strip()[:60]
    found = (await catalog.cards(uow, search=words, limit=FOUND_MAX)).items if words else ()
    products = await catalog.cards_of(uow, [card.id for card in found]) if found else []
    typed = {
        UUID(name.removeprefix(PRICE)): text[:20]
        for name, text in request.query_params.items()
        if name.startswith(PRICE) and _is_id(name.removeprefix(PRICE)) and text.strip()
    }
    kept = await catalog.prices(uow, list(typed)) if typed else {}
    return web.page(
        request,
        "groupbuys/console_goods.html",
        merchant=merchant,
        q=words,
        products=products,
        kept=kept,
        typed=typed,
    )


@post("/console/{slug:str}/groups/new", opt=WRITE, status_code=200)
async def save(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Keep the offer; with `publish` buyers meet it at once, or from its start on."""
    form = await request.form()
    try:
        offer_id = UUID(_text(form, "idempotency_key"))
    except ValueError:
        offer_id = ids.new()
    asked = _form(form, merchant)
    try:
        await offers.save(uow, offer_id, await _with_kept(uow, offer_id, asked))
        if form.get("publish") == "1":
            await offers.activate(uow, offer_id)
    except Invalid as refusal:
        raise _at_its_field(refusal, asked.rule) from None
    said = web.mark("拼团活动已发布") if form.get("publish") == "1" else web.mark("拼团活动已保存为草稿")
    return web.done(request, f"/console/{merchant.slug}/groups/new?offer={offer_id}", said)


async def _with_kept(uow: UnitOfWork, offer_id: UUID, asked: OfferForm) -> OfferForm:
    """What this form has no fields for stays as it is."""
    try:
        kept = (await offers.find(uow, offer_id)).form()
    except NotFound:
        return asked
    return msgspec.structs.replace(
        kept,
        name=asked.name,
        rule=asked.rule,
        per_person=asked.per_person,
        starts_at=_to_the_second(asked.starts_at, kept.starts_at) or kept.starts_at,
        ends_at=_to_the_second(asked.ends_at, kept.ends_at),
    )


def _to_the_second(typed: datetime | None, kept: datetime | None) -> datetime | None:
    """A field of minutes says nothing of seconds: the same minute is the moment that was kept."""
    if typed is None or kept is None:
        return typed
    return kept if kept.replace(second=0, microsecond=0) == typed else typed


def _at_its_field(refusal: Invalid, rule: object) -> Invalid:
    """The field of the page that a refusal of the rule is about: prices are counted there and named here."""
    field = refusal.field or "name"
    if isinstance(rule, GroupBuy) and field.startswith("rule.prices["):
        place = int(field.removeprefix("rule.prices[").partition("]")[0])
        field = f"{PRICE}{list(rule.prices)[place]}"
    elif isinstance(rule, GroupBuy) and field.startswith("rule.tiers["):
        place = int(field.removeprefix("rule.tiers[").partition("]")[0])
        field = f"{TIER}{rule.tiers[place].size}"
    return Invalid(field=field, zh=refusal.facts["reason_zh"], en=refusal.facts["reason_en"])


def _form(form: FormMultiDict, merchant: Merchant) -> OfferForm:
    """The form as it was filled in. Raises Invalid at the field."""
    prices = {
        UUID(name.removeprefix(PRICE)): _amount(form, name, merchant)
        for name in dict.fromkeys(form.keys())
        if name.startswith(PRICE) and _is_id(name.removeprefix(PRICE)) and _text(form, name)
    }
    falls = {
        n: _amount(form, f"{TIER}{n}", merchant)
        for n in range(3, PEOPLE_MAX + 1)
        if _text(form, f"{TIER}{n}")
    }
    rule = GroupBuy(
        prices=prices,
        size=_count(form, "rule.size") or 0,
        hours=_count(form, "rule.hours") or 0,
        least_size=_count(form, "rule.least_size"),
        least_hours=_count(form, "rule.least_hours"),
        tiers=tuple(
            GroupTier(n, {sku: max(price - fall, 1) for sku, price in prices.items()}) for n, fall in falls.items()
        ),
        leader_off=_amount(form, "rule.leader_off", merchant) if _text(form, "rule.leader_off") else 0,
        new_joiners_only=form.get("rule.new_joiners_only") == "1",
        units_max=_count(form, "rule.units_max") or 0,
        seat_minutes=_count(form, "rule.seat_minutes") or 0,
    )  # fmt: skip
    return OfferForm(
        name=_text(form, "name"),
        rule=rule,
        starts_at=_moment(form, "starts_at", merchant),
        ends_at=_moment(form, "ends_at", merchant),
        per_person=_count(form, "per_person"),
    )


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:200] if isinstance(value, str) else ""


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _count(form: FormMultiDict, name: str) -> int | None:
    text = _text(form, name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise Invalid(field=name, zh="请填写整数。", en="Give a whole number.")
    return int(text)


def _amount(form: FormMultiDict, name: str, merchant: Merchant) -> int:
    try:
        return money.parse(_text(form, name), merchant.currency)
    except ValueError:
        raise Invalid(field=name, zh="金额格式不正确。", en="The amount is not valid.") from None


def _moment(form: FormMultiDict, name: str, merchant: Merchant) -> datetime | None:
    """An instant typed in the merchant's zone."""
    text = _text(form, name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(merchant.timezone))
    except ValueError:
        raise Invalid(field=name, zh="请选择日期和时间。", en="Choose a date and time.") from None


routes = [form_page, goods, save]
