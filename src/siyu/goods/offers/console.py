"""Campaigns on the console: the list with its gauges, one offer with its numbers, and what can be done to it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods.offers import activity_words, coupons_words, figures, hinting, keeping
from siyu.goods.offers.console_words import ACTIONS, KINDS, OWN_PAGES, PAGES, PHASES, SHOP_PAGES, STACKING
from siyu.goods.offers.keeping import OfferRow
from siyu.goods.offers.model import PRICE_KINDS, Coupon, Offer
from siyu.kernel import ids
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime import audit
from siyu.runtime.db import Merchant
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
PAGE_SIZE = 30
CHANGES_SHOWN = 20


@get("/console/{slug:str}/offers", opt=READ)
async def offer_list(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    phase: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[str]:
    """Every campaign of every kind, newest first, with budget, uses and what it brought."""
    page = await keeping.listing(
        uow,
        kinds=[kind] if kind in KINDS else None,
        phase=phase if phase in PHASES else None,
        text=q,
        after=after_moment(after),
        limit=PAGE_SIZE,
    )
    said = {name: value for name, value in (("phase", phase), ("kind", kind), ("q", q.strip())) if value}
    here = f"/console/{merchant.slug}/offers"
    return web.page(
        request,
        "offers/console_list.html",
        merchant=merchant,
        offers=page.items,
        brought=await figures.brought(uow, [offer.id for offer in page.items]),
        now=uow.now,
        kinds=KINDS,
        pages=PAGES,
        phases=PHASES,
        phase=phase,
        kind=kind,
        q=q.strip(),
        query=urlencode(said | ({"after": after} if after else {})),
        next_href=f"{here}?{urlencode({**said, 'after': page.next})}" if page.next else None,
        first_href=f"{here}?{urlencode(said)}" if after else None,
    )


@get("/console/{slug:str}/offers/{offer_id:uuid}", opt=READ)
async def offer_page(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One campaign: where it stands, what it brought, day by day, its last orders, conflicts and changes."""
    offer = await keeping.find(uow, offer_id)
    days = await figures.by_day(uow, offer_id)
    changes = await audit.listing(uow, audit.Wanted(subject_id=offer_id), limit=CHANGES_SHOWN)
    return web.page(
        request,
        "offers/console_offer.html",
        merchant=merchant,
        offer=offer,
        brought=(await figures.brought(uow, [offer_id])).get(offer_id),
        days=days,
        uses=await figures.last_uses(uow, offer_id),
        conflicts=await figures.conflicts(uow, offer_id, offer.form()) if is_priced(offer) else [],
        changes=changes.items,
        terms=terms(offer, merchant),
        now=uow.now,
        kinds=KINDS,
        phases=PHASES,
        stacking=STACKING,
        has_coupons=offer.kind == "coupon",
        is_priced=is_priced(offer),
        actions=ACTIONS,
        own_page=OWN_PAGES.get(offer.kind, "").format(id=offer_id),
        shop_page=_shop_page(offer, f"/shop/{merchant.slug}"),
        half=partial(web.half, web.language_of(request)),
        new_key=ids.new,
    )


def _shop_page(offer: OfferRow, root: str) -> str:
    """Where buyers meet it."""
    if offer.kind in SHOP_PAGES:
        return f"{root}/{SHOP_PAGES[offer.kind].format(id=offer.id)}"
    return hinting.goods_href(root, offer.id, offer.scope)


def is_priced(offer: OfferRow) -> bool:
    """Whether the engine works it out in every cart; the others have rooms of their own."""
    return offer.kind in PRICE_KINDS


def terms(offer: OfferRow, merchant: Merchant) -> list[str]:
    """What it gives, in the words buyers read: "中文 / english"."""
    if not is_priced(offer):
        return activity_words.activity(offer.rule, merchant.currency)
    said = (
        coupons_words.benefit(offer.rule, merchant.currency)
        if isinstance(offer.rule, Coupon)
        else coupons_words.rule(Offer(offer.id, offer.name, offer.rule), merchant.currency)
    )
    return [said, coupons_words.scope(offer.scope)]


@post("/console/{slug:str}/offers/{offer_id:uuid}/activate", opt=WRITE, status_code=200)
async def activate(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Publish it, or go on after a pause."""
    await keeping.activate(uow, offer_id)
    return _back(request, merchant, offer_id, web.mark("活动已发布"))


@post("/console/{slug:str}/offers/{offer_id:uuid}/pause", opt=WRITE, status_code=200)
async def pause(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Stop giving it out for a while."""
    await keeping.pause(uow, offer_id)
    return _back(request, merchant, offer_id, web.mark("活动已暂停"))


@post("/console/{slug:str}/offers/{offer_id:uuid}/end", opt=WRITE, status_code=200)
async def end(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """End it for good."""
    await keeping.end(uow, offer_id)
    return _back(request, merchant, offer_id, web.mark("活动已结束"))


@post("/console/{slug:str}/offers/{offer_id:uuid}/clone", opt=WRITE, status_code=200)
async def clone(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A draft with the same rules; the page's key makes a second press harmless."""
    key = str((await request.form()).get("key", ""))
    try:
        new_id = UUID(key)
    except ValueError:
        new_id = ids.new()
    copy = await keeping.clone(uow, offer_id, new_id)
    return _back(request, merchant, copy.id, web.mark("已复制为草稿"))


def _back(request: Request[Any, Any, Any], merchant: Merchant, offer_id: UUID, said: str) -> Response[Any]:
    return web.done(request, f"/console/{merchant.slug}/offers/{offer_id}", said)


routes = [offer_list, offer_page, activate, pause, end, clone]
