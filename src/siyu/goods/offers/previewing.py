"""What buyers will see, before it is published: the shop's own page for the form as it stands. Nothing is kept."""

import re
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from siyu import web
from siyu.goods import catalog
from siyu.goods.offers import coupons_words, hinting
from siyu.goods.offers.coupons_queries import CentreCoupon
from siyu.goods.offers.model import Bundle, Coupon, Gift, LimitedPrice, Offer, OfferForm
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork

SCRIPT = re.compile(r"<script\b[^>]*></script>")


class Shown(msgspec.Struct, frozen=True):
    """The product on whose page the offer is shown. `price` is the limited one where there is one, in minor units."""

    title: str
    picture: str
    price: int
    marked: int


async def page(request: Request[Any, Any, Any], uow: UnitOfWork, form: OfferForm) -> str:
    """The coupon centre with this coupon, or the page of a product with this offer, as HTML."""
    language, merchant = web.language_of(request), uow.merchant
    offer_id = ids.new()
    offer = Offer(offer_id, form.name, form.rule, form.scope)
    coupon = (
        CentreCoupon(
            offer_id, form.name, form.rule, form.scope, form.audience, "active", form.starts_at, form.ends_at, 0, 0, "",
            is_new=True,
        )
        if isinstance(form.rule, Coupon)
        else None
    )  # fmt: skip
    whole = web.render(
        "offers/preview_page.html",
        language=language,
        merchant=merchant,
        coupon=coupon,
        product=None if coupon else await _product(uow, form),
        automatic=[] if coupon else [offer],
        shown=[],
        half=partial(web.half, language),
        words=coupons_words,
        new_key=ids.new,
        use_href=hinting.goods_href,
    )
    return SCRIPT.sub("", whole)  # the frame it is shown in runs none, and says so in the browser's log


async def _product(uow: UnitOfWork, form: OfferForm) -> Shown | None:
    """A product the offer is good for: one that it names, else the first of its category, else of the shop."""
    named = _named(form)
    if named:
        prices = await catalog.prices(uow, named)
        known = next((prices[sku] for sku in named if sku in prices), None)
        if known is not None:
            special = form.rule.prices[known.sku_id] if isinstance(form.rule, LimitedPrice) else known.price
            return Shown(known.title, known.picture, special, known.price)
    if form.scope.product_ids:
        cards = await catalog.cards_in(uow, list(form.scope.product_ids[:1]))
    else:
        category = form.scope.category_ids[0] if form.scope.category_ids else None
        cards = list((await catalog.cards(uow, category_id=category, limit=1)).items)
    return Shown(cards[0].title, cards[0].picture, cards[0].price, cards[0].price) if cards else None


def _named(form: OfferForm) -> list[UUID]:
    """SKUs that the rule or the scope names."""
    match form.rule:
        case LimitedPrice(prices=prices):
            return list(prices)
        case Bundle(parts=parts):
            return list(parts)
        case Gift():
            return list(form.scope.sku_ids)
    return list(form.scope.sku_ids)
