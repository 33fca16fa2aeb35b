"""Making an offer on the console: choose a template, fill in what it needs, see what a buyer will read."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.goods.offers import figures, forms, keeping, previewing
from siyu.goods.offers.checking import problems
from siyu.goods.offers.console import terms
from siyu.goods.offers.console_words import FUNDERS, KINDS, NOTES, PAGES, STACKING
from siyu.goods.offers.keeping import OfferRow
from siyu.goods.offers.model import (
    PRICE_KINDS,
    Bargain,
    Bundle,
    Gift,
    LimitedPrice,
    OfferForm,
    Presale,
    Scope,
)
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
FOUND_MAX = 8


@get("/console/{slug:str}/offers/new", opt=WRITE)
async def choose(
    request: Request[Any, Any, Any], merchant: OfMerchant, kind: FromQuery[str] = ""
) -> Response[Any]:
    """The templates: what an offer can be; with `kind` straight to that one's form."""
    if kind in KINDS:
        return Redirect(f"/console/{merchant.slug}/offers/new/{kind}", status_code=303)
    return web.page(
        request, "offers/console_new.html", merchant=merchant, kinds=KINDS, notes=NOTES, pages=PAGES
    )


@get("/console/{slug:str}/offers/new/{kind:str}", opt=WRITE)
async def blank(
    request: Request[Any, Any, Any], kind: FromPath[str], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The form of a new offer of this kind; kinds with rooms of their own are made there. Raises NotFound."""
    if kind in PAGES:
        return Redirect(f"/console/{merchant.slug}/{PAGES[kind]}", status_code=303)
    if kind not in forms.RULES:
        raise NotFound(what="活动 / offer")
    return await _page(request, uow, merchant, kind, None, ids.new())


@get("/console/{slug:str}/offers/{offer_id:uuid}/edit", opt=WRITE)
async def edit(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The form with what the offer says now."""
    offer = await keeping.find(uow, offer_id)
    if offer.kind not in forms.RULES:
        page = {"flash": f"flash/{offer_id}/edit", "group": f"groups/new?offer={offer_id}"}.get(
            offer.kind, "points-prices"
        )
        return Redirect(f"/console/{merchant.slug}/{page}", status_code=303)
    return await _page(request, uow, merchant, offer.kind, offer, offer_id)


async def _page(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    merchant: Merchant,
    kind: str,
    offer: OfferRow | None,
    offer_id: UUID,
) -> Response[str]:
    rule: Any = offer.rule if offer is not None else None
    scope = offer.scope if offer is not None else Scope()
    named = [*_skus_of(rule)]
    return web.page(
        request,
        "offers/console_form.html",
        merchant=merchant,
        kind=kind,
        offer=offer,
        offer_id=offer_id,
        rule=rule,
        scope=scope,
        goods=await catalog.prices(uow, named) if named else {},
        products=await catalog.cards_of(uow, list(scope.product_ids)) if scope.product_ids else [],
        categories=await catalog.categories(uow),
        is_begun=offer is not None and offer.has_begun(uow.now),
        terms=terms(offer, merchant) if offer is not None else [],
        conflicts=await figures.conflicts(uow, offer_id, offer.form()) if offer is not None else [],
        kinds=KINDS,
        notes=NOTES,
        stacking=STACKING,
        funders=FUNDERS,
        half=partial(web.half, web.language_of(request)),
        at=partial(_local, ZoneInfo(merchant.timezone)),
        percent=_percent,
    )


def _skus_of(rule: Any) -> tuple[UUID, ...]:
    match rule:
        case LimitedPrice(prices=prices):
            return tuple(prices)
        case Bundle(parts=parts):
            return tuple(parts)
        case Presale(prices=prices):
            return tuple(prices)
        case Gift(sku_id=sku_id) | Bargain(sku_id=sku_id):
            return (sku_id,)
    return ()


def _local(zone: ZoneInfo, moment: datetime | None) -> str:
    """A moment as `datetime-local` fields write it."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _percent(points: int | None) -> str:
    """Basis points as a person writes a percentage."""
    if points is None:
        return ""
    whole, rest = divmod(points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


@get("/console/{slug:str}/offers/goods", opt=WRITE)
async def goods(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    q: FromQuery[str] = "",
    how: FromQuery[str] = "scope",
) -> Response[str]:
    """A fragment: goods found, to be given a price, a quantity, chosen as a gift, or put into the scope (`how`)."""
    words = q.strip()[:60]
    found = (await catalog.cards(uow, search=words, limit=FOUND_MAX)).items if words else ()
    products = await catalog.cards_of(uow, [card.id for card in found]) if found else []
    return web.page(
        request,
        "offers/console_goods.html",
        merchant=merchant,
        q=words,
        products=products,
        how=how if how in {"price", "part", "gift", "scope"} else "scope",
    )


@post("/console/{slug:str}/offers/preview/{kind:str}", opt=WRITE, status_code=200)
async def preview(
    *,
    request: Request[Any, Any, Any],
    kind: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    first: FromQuery[bool] = False,
) -> Response[str]:
    """A fragment: the page a buyer will see, what stands in the way, and which live offers it meets. Keeps nothing.

    Of a form that was just opened (`first`) nothing is missing yet.
    """
    language = web.language_of(request)
    said: list[str] = []
    seen = ""
    refusals: list[str] = []
    found: list[figures.Conflict] = []
    form = await request.form()
    offer_id = forms.uuid_in(str(form.get("idempotency_key", ""))) or ids.new()
    _known(kind)
    try:
        asked = forms.form_in(form, merchant, kind)
        refusals = [problem.sentence(language) for problem in await problems(uow, asked)]
        found = await figures.conflicts(uow, offer_id, asked)
        if not await problems(uow, _called(asked, language, kind)):
            said = terms(_shown(asked, kind), merchant)
            seen = (
                await previewing.page(request, uow, _called(asked, language, kind))
                if kind in PRICE_KINDS
                else ""
            )
    except DomainError as refusal:
        refusals = [refusal.sentence(language)]
    return web.page(
        request,
        "offers/console_preview.html",
        merchant=merchant,
        kind=kind,
        kinds=KINDS,
        terms=said,
        seen=seen,
        refusals=[] if first else refusals,
        conflicts=found,
        half=partial(web.half, language),
    )


def _called(form: OfferForm, language: str, kind: str) -> OfferForm:
    """The form with a name: the page can be looked at before somebody has thought of one."""
    return form if form.name else msgspec.structs.replace(form, name=web.translate(language, KINDS[kind]))


def _known(kind: str) -> str:
    if kind not in forms.RULES:
        raise NotFound(what="活动 / offer")
    return kind


def _shown(form: OfferForm, kind: str) -> OfferRow:
    """The form as the offer it would become, for its words alone."""
    said = {name: getattr(form, name) for name in OfferForm.__struct_fields__}
    now = clock.now()
    return OfferRow(
        id=ids.new(), kind=kind, state="draft", version=1, spent=0, uses=0, created_at=now, updated_at=now, **said
    )  # fmt: skip


@post("/console/{slug:str}/offers/save/{kind:str}", opt=WRITE, status_code=200)
async def save(
    request: Request[Any, Any, Any], kind: FromPath[str], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Keep the offer; with `publish` buyers meet it at once, or from its start on."""
    form = await request.form()
    offer_id = forms.uuid_in(str(form.get("idempotency_key", ""))) or ids.new()
    asked = forms.form_in(form, merchant, _known(kind))
    try:
        await keeping.save(uow, offer_id, await _to_the_second(uow, offer_id, asked))
        if form.get("publish") == "1":
            await keeping.activate(uow, offer_id)
    except Invalid as refusal:
        raise _at_its_field(refusal, asked) from None
    said = web.mark("活动已发布") if form.get("publish") == "1" else web.mark("活动已保存")
    return web.done(request, f"/console/{merchant.slug}/offers/{offer_id}", said)


async def _to_the_second(uow: UnitOfWork, offer_id: UUID, asked: OfferForm) -> OfferForm:
    """A field of minutes says nothing of seconds: the same minute is the moment that was kept."""
    try:
        kept = (await keeping.find(uow, offer_id)).form()
    except NotFound:
        return asked

    def same(typed: datetime | None, was: datetime | None) -> datetime | None:
        if typed is None or was is None:
            return typed
        return was if was.replace(second=0, microsecond=0) == typed else typed

    starts = asked.starts_at if asked.starts_at is not None else kept.starts_at
    return msgspec.structs.replace(
        asked, starts_at=same(starts, kept.starts_at), ends_at=same(asked.ends_at, kept.ends_at)
    )


# The rule's fields as the page calls them.
_NAMES = {
    "rule.benefit.off": "off",
    "rule.benefit.cap": "cap",
    "rule.benefit.least": "least",
    "rule.benefit.price": "off",
}


def _at_its_field(refusal: Invalid, asked: OfferForm) -> Invalid:
    field = refusal.field or "name"
    if field.startswith("rule.steps["):
        number, _, part = field.removeprefix("rule.steps[").partition("].")
        field = f"{part}-{number}"
    elif field.startswith("rule.prices[") and isinstance(asked.rule, LimitedPrice | Presale):
        number = int(field.removeprefix("rule.prices[").partition("]")[0])
        field = f"{forms.PRICE}{list(asked.rule.prices)[number]}"
    else:
        field = _NAMES.get(field, field.removeprefix("rule."))
    return Invalid(field=field, zh=refusal.facts["reason_zh"], en=refusal.facts["reason_en"])


routes = [choose, blank, edit, goods, preview, save]
