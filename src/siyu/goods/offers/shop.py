"""Coupons on a phone: the centre, my coupons, a code, what they are good for; and the offers of one product."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog, pricing
from siyu.goods.offers import coupons, coupons_queries, coupons_words, hinting, shelf
from siyu.goods.offers.coupons_queries import CentreCoupon
from siyu.goods.offers.engine_index import rank, reach_of
from siyu.goods.offers.model import PRICE_KINDS, Coupon, Offer, Rule, Scope
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime import limits
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase

SHOPPER = {"permission": Permission.SHOPPER}
PUBLIC = {"public": True}
TRIES_MAX, TRIES_SECONDS = 10, 600  # of codes, for one shopper
OF_PRODUCT_MAX = 6
CENTRE = "/shop/{slug:str}/coupons"


class ClaimForm(msgspec.Struct, frozen=True):
    """`key` is made with the button, so that a second arrival of one click claims nothing more."""

    key: UUID | None = None


class CodeForm(msgspec.Struct, frozen=True):
    code: str = ""


def _reader(actor: Actor) -> UUID | None:
    return actor.customer_id if actor.kind == "customer" else None


def _words(request: Request[Any, Any, Any], merchant: Merchant) -> dict[str, Any]:
    half = partial(web.half, web.language_of(request))
    return {
        "merchant": merchant,
        "half": half,
        "words": coupons_words,
        "new_key": ids.new,
        "use_href": hinting.goods_href,
    }


@get(CENTRE, opt=PUBLIC, include_in_schema=False)
async def centre(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """What can be claimed, each with its state, and the field for a code."""
    found = await coupons_queries.centre(uow, _reader(actor))
    return web.page(
        request,
        "offers/coupon_centre.html",
        shown=_standing(found, uow, actor),
        held=await coupons_queries.held(uow, actor.customer_id) if actor.kind == "customer" else None,
        **_words(request, merchant),
    )


def _standing(
    found: list[CentreCoupon], uow: UnitOfWork, actor: Actor
) -> list[tuple[CentreCoupon, tuple[str, str]]]:
    is_known = actor.kind == "customer"
    return [(one, one.standing(uow.now, is_known=is_known)) for one in found]


@post(CENTRE + "/{offer_id:uuid}/claim", opt=SHOPPER, include_in_schema=False, status_code=200)
async def claim(
    request: Request[Any, Any, Any],
    *,
    offer_id: FromPath[UUID],
    data: URLEncodedBody[ClaimForm],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Claim one; the button becomes what there is to do next."""
    await coupons.claim(uow, offer_id, actor.customer_id, key=data.key)
    if not web.wants_fragment(request):
        return Redirect(f"/shop/{merchant.slug}/me/coupons", status_code=303)
    (one,) = await coupons_queries.centre(uow, actor.customer_id, offer_id=offer_id)
    return web.page(
        request,
        "offers/coupon_button.html",
        one=one,
        standing=one.standing(uow.now, is_known=True),
        has_claimed=True,
        **_words(request, merchant),
    )


@post(CENTRE + "/code", opt=SHOPPER, include_in_schema=False, status_code=200)
async def claim_code(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[CodeForm],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Claim by a code. Tries are counted also when they fail."""
    await count_try(database, merchant, actor.customer_id)
    async with database.begin(merchant, actor) as uow:
        await coupons.claim_code(uow, data.code, actor.customer_id)
    return web.done(request, f"/shop/{merchant.slug}/me/coupons", web.mark("兑换成功，优惠券已放入你的账户"))


async def count_try(database: OnDatabase, merchant: Merchant, customer_id: UUID) -> None:
    """Raises TooManyRequests after too many codes."""
    await limits.take(
        database, merchant, "coupons.code", str(customer_id), most=TRIES_MAX, seconds=TRIES_SECONDS
    )


@get("/shop/{slug:str}/me/coupons", opt=SHOPPER, include_in_schema=False)
async def my_coupons(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    tab: FromQuery[str] = "usable",
    after: FromQuery[str] = "",
) -> Response[str]:
    """My coupons: those I can use, have used, and that ended."""
    tab = tab if tab in coupons_queries.TABS else "usable"
    here = f"/shop/{merchant.slug}/me/coupons"
    page = await coupons_queries.mine(uow, actor.customer_id, tab, after=after_moment(after))
    return web.page(
        request,
        "offers/coupon_mine.html",
        tab=tab,
        found=page.items,
        held=await coupons_queries.held(uow, actor.customer_id),
        now=uow.now,
        next_href=f"{here}?{urlencode({'tab': tab, 'after': page.next})}" if page.next else None,
        first_href=f"{here}?{urlencode({'tab': tab})}" if after else None,
        **_words(request, merchant),
    )


@get("/shop/{slug:str}/me/coupons/entry", opt=SHOPPER, include_in_schema=False)
async def entry(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """A fragment of my page: how many I have, and whether some end soon."""
    return web.page(
        request,
        "offers/coupon_entry.html",
        merchant=merchant,
        held=await coupons_queries.held(uow, actor.customer_id),
    )


@get(CENTRE + "/{offer_id:uuid}/goods", opt=PUBLIC, include_in_schema=False)
async def goods(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The goods a coupon or an automatic offer is good for. Raises NotFound."""
    one = await uow.maybe(
        _Goods,
        """
        select id, name, rule, scope from offers
        where merchant_id = %(merchant_id)s and id = %(id)s and kind = any(%(kinds)s) and state <> 'draft'
        """,
        id=offer_id,
        kinds=list(PRICE_KINDS),
    )
    if one is None:
        raise NotFound("活动 / offer")
    named = [*one.scope.product_ids, *await coupons_queries.products_of(uow, one.scope.sku_ids)]
    cards = await catalog.cards_in(uow, list(dict.fromkeys(named)))
    for category_id in one.scope.category_ids:
        cards += (await catalog.cards(uow, category_id=category_id, limit=50)).items
    return web.page(
        request,
        "offers/coupon_goods.html",
        one=one,
        terms=_terms(one, merchant.currency),
        cards=list({card.id: card for card in cards}.values()),
        **_words(request, merchant),
    )


class _Goods(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    rule: Rule
    scope: Scope


def _terms(one: _Goods, currency: str) -> str:
    if isinstance(one.rule, Coupon):
        return coupons_words.benefit(one.rule, currency)
    return coupons_words.rule(Offer(one.id, one.name, one.rule), currency)


@get("/shop/{slug:str}/product/{product_id:uuid}/offers", opt=PUBLIC, include_in_schema=False)
async def of_product(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment of the product page: what makes this product cheaper now, and coupons to claim for it."""
    product = await catalog.product(uow, product_id)
    lines = [
        pricing.Line(no, sku.id, product.id, product.category_id, 1, sku.price)
        for no, sku in enumerate(product.skus, 1)
    ]
    reader = _reader(actor)
    loaded = await shelf.load(uow, [], [sku.id for sku in product.skus])
    automatic = [
        one
        for one in sorted(loaded.offers, key=rank)
        if not isinstance(one.rule, Coupon)
        and (one.starts_at is None or one.starts_at <= uow.now)
        and any(reach_of(one).covers(line) for line in lines)
    ]
    claimable = [
        one
        for one in await coupons_queries.centre(uow, reader)
        if any(reach_of(Offer(one.id, one.name, one.rule, one.scope)).covers(line) for line in lines)
    ]
    shown = [pair for pair in _standing(claimable, uow, actor) if pair[1][0] in ("claim", "claimed")]
    return web.page(
        request,
        "offers/shop_of_product.html",
        automatic=automatic[:OF_PRODUCT_MAX],
        shown=shown[:OF_PRODUCT_MAX],
        **_words(request, merchant),
    )


routes = [centre, claim, claim_code, my_coupons, entry, goods, of_product]
