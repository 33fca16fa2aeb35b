"""JSON: shoppers claim coupons and see theirs; systems issue, list and void them. Repeating a request changes nothing."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from siyu.goods.offers import (
    coupon_packs,
    coupons,
    coupons_issue,
    coupons_life,
    coupons_queries,
    coupons_report,
    coupons_words,
)
from siyu.goods.offers.coupons_issue import Batch, Chosen
from siyu.goods.offers.coupons_queries import CentreCoupon, ListedCoupon, MyCoupon
from siyu.goods.offers.coupons_report import Funnel
from siyu.goods.offers.model import HeldCoupon, Scope
from siyu.goods.offers.shop import count_try
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase

TAGS = ["Coupons 优惠券"]
SHOPPER = {"permission": Permission.SHOPPER}
READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.OFFERS_WRITE}
OF_OFFER = "/api/v1/{slug:str}/offers/{offer_id:uuid}/coupons"


class OnOffer(msgspec.Struct, frozen=True):
    """A coupon that is given out. `terms` and `lasting` are words "中文 / english"; `mine` counts the shopper's claims.

    `standing`: claim, claimed, gone, not_yet or not_for, which says `why`. Times are UTC.
    """

    id: UUID
    name: str
    terms: str
    lasting: str
    scope: Scope
    standing: str
    why: str
    mine: int
    starts_at: datetime | None
    ends_at: datetime | None


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the caller's: a second arrival gives the same coupon."""

    id: UUID


class ClaimCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str


class Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the caller's, and the run's. `to` empty is everybody."""

    id: UUID
    to: Chosen = Chosen()


class MakePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the caller's, and the pack's."""

    id: UUID
    codes: int


@get("/api/v1/{slug:str}/coupons", opt={"public": True}, tags=TAGS)
async def centre(uow: InUow, actor: ByActor) -> list[OnOffer]:
    """Coupons that are given out in public; whoever is signed in sees which they may claim."""
    is_known = actor.kind == "customer"
    found = await coupons_queries.centre(uow, actor.customer_id if is_known else None)
    return [_on_offer(one, one.standing(uow.now, is_known=is_known), uow.merchant.currency) for one in found]


def _on_offer(one: CentreCoupon, standing: tuple[str, str], currency: str) -> OnOffer:
    return OnOffer(
        id=one.id,
        name=one.name,
        terms=coupons_words.benefit(one.rule, currency),
        lasting=coupons_words.lasting(one.rule),
        scope=one.scope,
        standing=standing[0],
        why=standing[1],
        mine=one.mine,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
    )


@post("/api/v1/{slug:str}/coupons/{offer_id:uuid}/claim", opt=SHOPPER, status_code=200, tags=TAGS)
async def claim(offer_id: FromPath[UUID], data: JSONBody[Claim], uow: InUow, actor: ByActor) -> HeldCoupon:
    """The shopper claims one coupon of a template that is given out in public."""
    return await coupons.claim(uow, offer_id, actor.customer_id, key=data.id)


@post("/api/v1/{slug:str}/coupons/code", opt=SHOPPER, status_code=200, tags=TAGS)
async def claim_code(
    data: JSONBody[ClaimCode], database: OnDatabase, merchant: OfMerchant, actor: ByActor
) -> HeldCoupon:
    """The shopper claims the coupon of a code; at most ten tries in ten minutes."""
    await count_try(database, merchant, actor.customer_id)
    async with database.begin(merchant, actor) as uow:
        return await coupons.claim_code(uow, data.code, actor.customer_id)


@get("/api/v1/{slug:str}/me/coupons", opt=SHOPPER, tags=TAGS)
async def my_coupons(
    uow: InUow,
    actor: ByActor,
    tab: FromQuery[str] = "usable",
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[MyCoupon]:
    """The shopper's coupons: `tab` is usable, used or expired."""
    if tab not in coupons_queries.TABS:
        raise Invalid(
            field="tab", zh="tab 只能是 usable、used 或 expired。", en="tab is usable, used or expired."
        )
    return await coupons_queries.mine(uow, actor.customer_id, tab, after=after_moment(after), limit=limit)


@get(OF_OFFER, opt=READ, tags=TAGS)
async def listing(
    offer_id: FromPath[UUID],
    uow: InUow,
    coupon_state: Annotated[str | None, QueryParameter(name="state")] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[ListedCoupon]:
    """A template's coupons, newest first; of one state when named."""
    await coupons.template(uow, offer_id)
    return await coupons_queries.listing(
        uow, offer_id, state=coupon_state, after=after_moment(after), limit=limit
    )


@get(OF_OFFER + "/funnel", opt=READ, tags=TAGS)
async def funnel(offer_id: FromPath[UUID], uow: InUow) -> Funnel:
    """How far a template's coupons came."""
    await coupons.template(uow, offer_id)
    (found,) = await coupons_report.funnels(uow, [offer_id])
    return found


@post(OF_OFFER + "/issue", opt=WRITE, status_code=200, tags=TAGS)
async def issue(offer_id: FromPath[UUID], data: JSONBody[Issue], uow: InUow) -> Batch:
    """Give one coupon to each of these customers; more than 500 are served in the background, by the job `id`."""
    return await coupons_issue.issue(uow, offer_id, data.to, batch_id=data.id)


@post(OF_OFFER + "/packs", opt=WRITE, status_code=200, tags=TAGS)
async def make_pack(offer_id: FromPath[UUID], data: JSONBody[MakePack], uow: InUow) -> Batch:
    """Have codes made in the background, by the job `id`."""
    return await coupon_packs.make_pack(uow, offer_id, data.codes, batch_id=data.id)


@get("/api/v1/{slug:str}/coupon-runs/{batch_id:uuid}", opt=READ, tags=TAGS)
async def run(batch_id: FromPath[UUID], uow: InUow) -> Batch:
    """One run: how many it set out to issue, and how many there are."""
    return await coupons_issue.batch(uow, batch_id)


@post("/api/v1/{slug:str}/coupons/{coupon_id:uuid}/void", opt=WRITE, status_code=204, tags=TAGS)
async def void(coupon_id: FromPath[UUID], uow: InUow) -> None:
    """Make a coupon void that no order holds or has used."""
    await coupons_life.void(uow, coupon_id)


routes = [centre, claim, claim_code, my_coupons, listing, funnel, issue, make_pack, run, void]
