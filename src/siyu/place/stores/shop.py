"""The shop's pages about stores: which one is mine, which others there are, and where a product can be fetched."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.kernel.errors import NotFound
from siyu.people import customers
from siyu.place.stores.choosing import Pickup, mine, near, pickup, remember, wanted
from siyu.place.stores.model import Store
from siyu.place.stores.queries import every
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

FAR_METRES = 10_000_000  # stores that do not say where they are come last


class ListedStore(msgspec.Struct, frozen=True):
    """A store in a list. `metres` is the distance, when both places are known; `pieces` what it has of a product."""

    store: Store
    metres: int | None = None
    pieces: int = 0


class ChooseStore(msgspec.Struct, frozen=True):
    store_id: UUID
    next: str = ""


def _now_there(uow: UnitOfWork) -> datetime:
    return uow.now.astimezone(ZoneInfo(uow.merchant.timezone))


def _listed(stores: list[Store], place: tuple[int, int] | None) -> list[ListedStore]:
    """Open stores first, then by distance when the shopper's place is known."""
    listed = [ListedStore(store, store.metres_from(*place) if place else None) for store in stores]
    return sorted(
        listed, key=lambda one: (not one.store.is_open, FAR_METRES if one.metres is None else one.metres)
    )


@get("/shop/{slug:str}/stores", opt={"public": True}, include_in_schema=False)
async def store_list(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    near_to: FromQuery[str] = "",
    next_page: FromQuery[str] = "",
) -> Response[str]:
    """Every store, the nearest first when the browser says where it is. The place is used once and not kept."""
    place = near(near_to)
    chosen = await mine(uow, wanted(request, merchant))
    return web.page(
        request,
        "stores/shop_list.html",
        merchant=merchant,
        stores=_listed(await every(uow), place),
        chosen_id=chosen.id if chosen else None,
        is_sorted=place is not None,
        next_page=customers.way_back(merchant.slug, next_page),
    )


@post("/shop/{slug:str}/stores", opt={"public": True}, include_in_schema=False)
async def choose_store(
    request: Request[Any, Any, Any], data: URLEncodedBody[ChooseStore], uow: InUow, merchant: OfMerchant
) -> Redirect:
    """Pick up at this store from now on."""
    store = next((store for store in await every(uow) if store.id == data.store_id), None)
    if store is None:
        raise NotFound(what="门店 / store")
    response = Redirect(customers.way_back(merchant.slug, data.next), status_code=303)
    remember(request, response, merchant, store.id)
    return response


@get("/shop/{slug:str}/stores/mine", opt={"public": True}, include_in_schema=False)
async def my_store(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """The line at the top of the home page: the store this browser picks up from."""
    store = await mine(uow, wanted(request, merchant))
    return _about_store(request, merchant, store, "stores/shop_mine.html", store=store)


@get("/shop/{slug:str}/stores/with/{product_id:uuid}", opt={"public": True}, include_in_schema=False)
async def stores_with(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """What a product page promises: pieces at my store and when they can be fetched, else the stores that have it."""
    store = await mine(uow, wanted(request, merchant))
    pieces = await _pieces(uow, product_id)
    others = [
        ListedStore(other, pieces=pieces[other.id])
        for other in await every(uow)
        if other.is_open and pieces.get(other.id, 0) > 0 and (store is None or other.id != store.id)
    ]
    return _about_store(
        request,
        merchant,
        store,
        "stores/shop_promise.html",
        store=store,
        pieces=pieces.get(store.id, 0) if store else 0,
        pickup=pickup(store.hours, _now_there(uow)) if store else Pickup("hours"),
        others=sorted(others, key=lambda one: -one.pieces),
        here=f"/shop/{merchant.slug}/product/{product_id}",
    )


async def _pieces(uow: UnitOfWork, product_id: UUID) -> dict[UUID, int]:
    """Free pieces of the product's sellable SKUs by store. Raises NotFound."""
    await catalog.product(uow, product_id)
    return await catalog.pieces_by_store(uow, product_id)


def _about_store(
    request: Request[Any, Any, Any], merchant: Merchant, chosen: Store | None, template: str, **context: Any
) -> Response[str]:
    """A fragment about the shopper's store; whoever had not chosen one keeps the one they were shown."""
    response = web.page(request, template, merchant=merchant, **context)
    if chosen is not None and wanted(request, merchant) != chosen.id:
        remember(request, response, merchant, chosen.id)
    return response


routes = [store_list, choose_store, my_store, stores_with]
