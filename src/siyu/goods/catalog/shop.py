"""The shop's shelves: home, categories, search and the product page.

Where a product can be fetched is a fragment of `place.stores`; the cart and its badge are fragments of `trade.carts`.
"""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods import media
from siyu.goods.catalog import bundles, description, queries, reference_price, searching, sorting
from siyu.goods.catalog.model import Category, Product, ProductCard, Sku
from siyu.kernel.paging import Page, after_position
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant, cookie_of

PAGE_SIZE = 12  # three screens of a phone: enough to scroll, little to wait for
LOW_STOCK = 5  # below it the number is said; above, "in stock" is the whole truth a shopper needs
QUANTITY_MAX = 999  # of one SKU in one order


class ShelfCard(msgspec.Struct, frozen=True):
    """A product in a list. `here` counts pieces free at the shopper's store; None when no store was chosen yet.

    `was` is the reference price to be struck through, when there is one above today's.
    """

    card: ProductCard
    here: int | None
    was: int | None = None


class Choice(msgspec.Struct, frozen=True):
    """A SKU on the product page. `here` and `was` as in ShelfCard; `most` is how many may be wanted at once."""

    sku: Sku
    here: int | None
    was: int | None = None

    @property
    def is_off(self) -> bool:
        return not self.sku.is_sellable or self.sku.available <= 0

    @property
    def most(self) -> int:
        return max(1, min(QUANTITY_MAX, self.here or self.sku.available))


def _store_wanted(request: Request[Any, Any, Any], merchant: Merchant) -> UUID | None:
    """The store this browser picks up from, as `place.stores` remembers it."""
    try:
        return UUID(request.cookies[cookie_of("store", merchant.slug)])
    except (KeyError, ValueError):
        return None


async def _free_at(uow: UnitOfWork, products: list[Product], store_id: UUID | None) -> dict[UUID, int] | None:
    """Pieces free at the store by SKU; None without a store."""
    if store_id is None:
        return None
    sku_ids = [sku.id for product in products for sku in product.skus if sku.is_sellable]
    return await queries.available_at(uow, sku_ids, store_id)


async def _shelf(uow: UnitOfWork, cards: Page[ProductCard], store_id: UUID | None) -> Page[ShelfCard]:
    """The cards with what the shopper's store has of them."""
    products = await queries.cards_of(uow, [card.id for card in cards.items]) if store_id else []
    free = await _free_at(uow, products, store_id)
    here = {product.id: sum((free or {}).get(sku.id, 0) for sku in product.skus) for product in products}
    was = await reference_price.struck_of_products(uow, [card.id for card in cards.items])
    items = [ShelfCard(card, here.get(card.id), was.get(card.id)) for card in cards.items]
    return Page(items=items, next=cards.next)


async def _cards(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    *,
    category_id: UUID | None = None,
    search: str = "",
    after: str = "",
) -> Page[ShelfCard]:
    cards = await queries.cards(
        uow, category_id=category_id, search=search, after=after_position(after), limit=PAGE_SIZE
    )
    return await _shelf(uow, cards, _store_wanted(request, uow.merchant))


@get("/shop/{slug:str}", opt={"public": True}, include_in_schema=False)
async def home(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, closed_door: FromQuery[bool] = False
) -> Response[str]:
    """The shop's front: store, search, categories and everything on the shelf in the merchant's order."""
    return web.page(
        request,
        "catalog/shop_home.html",
        merchant=merchant,
        categories=_outermost(await sorting.shown_categories(uow)),
        feed=await _cards(request, uow),
        came_by_closed_door=closed_door,
    )


def _outermost(tree: list[Category]) -> list[Category]:
    return [category for category in tree if category.level == 1]


@get("/shop/{slug:str}/feed", opt={"public": True}, include_in_schema=False)
async def feed(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    after: FromQuery[str] = "",
    c: FromQuery[UUID | None] = None,
    q: FromQuery[str] = "",
) -> Response[str]:
    """The next goods of a list, for the end of the page."""
    found = await _cards(request, uow, category_id=c, search=q, after=after)
    return web.page(
        request,
        "catalog/shop_feed.html",
        merchant=merchant,
        feed=found,
        category_id=c,
        search=q,
        is_rows=c is not None,
    )


@get("/shop/{slug:str}/category", opt={"public": True}, include_in_schema=False)
async def category(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, c: FromQuery[UUID | None] = None
) -> Response[str]:
    """One category beside the list of all; without a choice the first."""
    tree = await sorting.shown_categories(uow)
    chosen = next((one for one in tree if one.id == c), tree[0] if tree else None)
    way = sorting.way_to(tree, chosen.id) if chosen else []
    return web.page(
        request,
        "catalog/shop_category.html",
        merchant=merchant,
        categories=_outermost(tree),
        chosen=chosen,
        root=way[0] if way else None,
        below=sorting.within(tree, way[0].id)[1:] if way else [],
        feed=await _cards(request, uow, category_id=chosen.id) if chosen else Page[ShelfCard](items=[]),
    )


async def _near(request: Request[Any, Any, Any], uow: UnitOfWork, words: str) -> Page[ShelfCard]:
    """What comes nearest to a search that found nothing."""
    cards = Page(items=await queries.cards_in(uow, await searching.near(uow, words)))
    return await _shelf(uow, cards, _store_wanted(request, uow.merchant))


@get("/shop/{slug:str}/search", opt={"public": True}, include_in_schema=False)
async def search(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, q: FromQuery[str] = ""
) -> Response[str]:
    """Goods whose title, subtitle or code contains the words; without words, the categories to look through."""
    words = q.strip()[:60]
    feed = await _cards(request, uow, search=words) if words else None
    near = await _near(request, uow, words) if feed is not None and not feed.items else None
    is_typing = request.headers.get("hx-target") == "results"
    return web.page(
        request,
        "catalog/shop_results.html" if is_typing else "catalog/shop_search.html",
        merchant=merchant,
        search=words,
        feed=feed,
        near=near,
        categories=[] if words else _outermost(await sorting.shown_categories(uow)),
    )


@get("/shop/{slug:str}/product/{product_id:uuid}", opt={"public": True}, include_in_schema=False)
async def product_page(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A product with its choices. One that is off the shelf says so and answers 410."""
    product = await queries.product(uow, product_id)
    free = await _free_at(uow, [product], _store_wanted(request, merchant))
    sold = [sku for sku in product.skus if sku.is_sellable]
    was = await reference_price.struck_prices(uow, {sku.id: sku.price for sku in sold})
    choices = [
        Choice(sku, free.get(sku.id, 0) if free is not None else None, was.get(sku.id)) for sku in sold
    ]
    is_gone = not product.is_on_shelf or not choices
    return web.page(
        request,
        "catalog/shop_product.html",
        merchant=merchant,
        status_code=410 if is_gone else 200,
        product=product,
        choices=choices,
        chosen=_first_choice(choices),
        is_gone=is_gone,
        is_sold_out=all(choice.is_off for choice in choices),
        low_stock=LOW_STOCK,
        brand=next((each.name for each in await sorting.brands(uow) if each.id == product.brand_id), "")
        if product.brand_id
        else "",
        tags=[tag.name for tag in await sorting.tags(uow) if tag.is_shown and tag.name in product.tags]
        if product.tags
        else [],
        parts=await bundles.bundle_parts(uow, product_id) if product.kind == "bundle" else [],
        description=description.rendered(product.description, merchant.slug),
        srcset=partial(media.srcset, merchant),
    )


def _first_choice(choices: list[Choice]) -> Choice | None:
    """What is chosen to begin with: the first that my store has, else the first that anyone has, else the first."""
    return next(
        (choice for is_good in (lambda one: bool(one.here) and not one.is_off, lambda one: not one.is_off)
         for choice in choices if is_good(choice)),
        choices[0] if choices else None,
    )  # fmt: skip


routes = [home, feed, category, search, product_page]
