"""JSON: offers as the console keeps them, and what a cart would cost."""

from typing import Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.goods.offers import keeping
from siyu.goods.offers.keeping import OfferRow
from siyu.goods.offers.model import OfferForm
from siyu.goods.offers.simulating import Cart, Simulated, simulate
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["Offers 优惠"]
READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}


class CloneAs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id of the copy, made by the asker: the same twice is one copy."""

    new_id: UUID


@get("/api/v1/{slug:str}/offers", opt=READ, tags=TAGS)
async def offer_list(
    *,
    uow: InUow,
    kind: FromQuery[str | None] = None,
    phase: FromQuery[Literal["draft", "waiting", "running", "paused", "ended"] | None] = None,
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[OfferRow]:
    """Offers of every kind, newest first, by keyset. Amounts are minor units, shares basis points, times UTC."""
    kinds = None if kind is None else [kind]
    return await keeping.listing(
        uow, kinds=kinds, phase=phase, text=q, after=after_moment(after), limit=limit
    )


@get("/api/v1/{slug:str}/offers/{offer_id:uuid}", opt=READ, tags=TAGS)
async def offer(offer_id: FromPath[UUID], uow: InUow) -> OfferRow:
    """One offer with what has been used of it."""
    return await keeping.find(uow, offer_id)


@put("/api/v1/{slug:str}/offers/{offer_id:uuid}", opt=WRITE, tags=TAGS)
async def save(offer_id: FromPath[UUID], data: JSONBody[OfferForm], uow: InUow) -> OfferRow:
    """Make an offer under an id of yours (a draft), or change it. What has begun only gets better for buyers."""
    return await keeping.save(uow, offer_id, data)


@post("/api/v1/{slug:str}/offers/{offer_id:uuid}/{verb:str}", opt=WRITE, tags=TAGS, status_code=200)
async def move(
    offer_id: FromPath[UUID], verb: FromPath[Literal["activate", "pause", "end"]], uow: InUow
) -> OfferRow:
    """Publish, pause or end an offer. What has ended never begins again."""
    moves = {"activate": keeping.activate, "pause": keeping.pause, "end": keeping.end}
    return await moves[verb](uow, offer_id)


@post("/api/v1/{slug:str}/offers/{offer_id:uuid}/clone", opt=WRITE, tags=TAGS)
async def clone(offer_id: FromPath[UUID], data: JSONBody[CloneAs], uow: InUow) -> OfferRow:
    """A draft with the same rules."""
    return await keeping.clone(uow, offer_id, data.new_id)


@post("/api/v1/{slug:str}/offers/simulate", opt=READ, tags=TAGS, status_code=200)
async def simulated(data: JSONBody[Cart], uow: InUow) -> Simulated:
    """What a cart would cost and why, step by step. Nothing is taken."""
    return await simulate(uow, data)


routes = [offer_list, offer, save, move, clone, simulated]
