"""The workbench: what guides hand out today, what promoters share and earn, and how one becomes a promoter."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.growth import distribution, promoters
from siyu.growth.distribution import Plan
from siyu.growth.promoters import Promoter
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.people import customers, staff
from siyu.place import doors, stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.settings import Settings
from siyu.trade import orders

ANYBODY = {"permission": (Permission.PICKUP_VERIFY, Permission.SHOPPER, Permission.SUPPLY_SHIP)}
PROMOTER = {"permission": Permission.SHOPPER}
PRODUCTS_SHOWN = 20
LINES_SHOWN = 100


def day_start(now: datetime, merchant: Merchant) -> datetime:
    """Midnight of the merchant's present day."""
    return now.astimezone(ZoneInfo(merchant.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


def not_yet(merchant: Merchant) -> Redirect:
    """Where somebody is led who is not a promoter: to what being one means."""
    return Redirect(f"/desk/{merchant.slug}/join", status_code=303)


@get("/desk/{slug:str}", opt=ANYBODY)
async def today(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """What is to be done now: orders to hand out, or goods to share."""
    if actor.kind == "staff" and not actor.may(Permission.PICKUP_VERIFY):
        return Redirect(f"/desk/{merchant.slug}/supply", status_code=303)  # a supplier's people
    if actor.kind == "staff":
        return await _counter(request, uow, merchant, actor)
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    since = day_start(uow.now, merchant)
    own = [door.id for door in await doors.of_promoter(uow, me.id)]
    return web.page(
        request,
        "promoting/desk_today.html",
        merchant=merchant,
        promoter=me,
        earned=await distribution.earnings(uow, me.id, since),
        earnings=await distribution.earnings(uow, me.id),
        expected=await distribution.expected(uow, me.id),
        visits=await doors.sums_of(uow, own, since),
        visits_ever=await doors.sums_of(uow, own),
        lines=await distribution.commissions(uow, me.id, limit=5),
        state_of=distribution.state_of,
    )


async def _counter(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: Merchant, actor: Actor
) -> Response[str]:
    """The guide's day: who waits, and what went out."""
    counts = await orders.counts_by_state(uow, store_id=actor.store_id)
    return web.page(
        request,
        "promoting/desk_counter.html",
        merchant=merchant,
        store=await stores.find(uow, actor.store_id) if actor.store_id else None,
        waiting_count=counts.get("paid", 0),
        waiting=await orders.waiting_at_store(uow, actor.store_id),
        handed=await orders.handed_over_since(uow, day_start(uow.now, merchant), actor.store_id),
    )


class Shared(msgspec.Struct, frozen=True):
    """A product as a promoter shares it; `earns` is what one piece would earn, None without a plan."""

    product_id: UUID
    title: str
    picture: str
    price: int
    available: int
    rate_bps: int | None
    earns: int | None
    link: str


def link_of(settings: Settings, merchant: Merchant, door: doors.Door, product_id: UUID | None = None) -> str:
    """The promoter's own short link, to the shop or to one product."""
    link = f"{settings.base_url}/d/{merchant.slug}/{door.code}"
    return f"{link}?to={quote(f'product/{product_id}')}" if product_id else link


def _earning(
    plans: list[Plan], category_id: UUID, price: int, now: datetime
) -> tuple[int | None, int | None]:
    plan = distribution.plan_for(plans, category_id, now)
    return (plan.rate_bps, distribution.earned(price, plan.rate_bps)) if plan else (None, None)


async def _own_door(uow: UnitOfWork, me: Promoter) -> doors.Door:
    own = [door for door in await doors.of_promoter(uow, me.id) if door.is_open]
    if not own:
        raise Invalid(
            field="",
            zh="你的推广入口已关闭，请联系商家。",
            en="Your door has been closed; please ask the shop.",
        )
    return own[0]


@get("/desk/{slug:str}/share", opt=PROMOTER)
async def share(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
    q: FromQuery[str] = "",
) -> Response[Any]:
    """Goods to share, each through the promoter's own door."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    door = await _own_door(uow, me)
    plans = await distribution.plans(uow)
    found = await catalog.cards(uow, search=q, limit=PRODUCTS_SHOWN)
    shared = [
        Shared(
            card.id,
            card.title,
            card.picture,
            card.price,
            card.available,
            *_earning(plans, card.category_id, card.price, uow.now),
            link=link_of(settings, merchant, door, card.id),
        )
        for card in found.items
        if card.available > 0
    ]
    return web.page(
        request,
        "promoting/desk_share.html",
        merchant=merchant,
        promoter=me,
        link=link_of(settings, merchant, door),
        products=shared,
        q=q.strip(),
        days=doors.ATTRIBUTION_DAYS,
    )


@get("/desk/{slug:str}/share/{product_id:uuid}", opt=PROMOTER)
async def share_product(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """One product with its code, link and words to send."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    product = await catalog.product(uow, product_id)
    price = min(sku.price for sku in product.skus)
    rate_bps, earns = _earning(await distribution.plans(uow), product.category_id, price, uow.now)
    return web.page(
        request,
        "promoting/desk_product.html",
        merchant=merchant,
        product=product,
        price=price,
        rate_bps=rate_bps,
        earns=earns,
        link=link_of(settings, merchant, await _own_door(uow, me), product_id),
        days=doors.ATTRIBUTION_DAYS,
    )


@get("/desk/{slug:str}/earnings", opt=PROMOTER)
async def my_earnings(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """What was earned, line by line, and why."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    lines = await distribution.commissions(uow, me.id, limit=LINES_SHOWN)
    return web.page(
        request,
        "promoting/desk_earnings.html",
        merchant=merchant,
        promoter=me,
        earnings=await distribution.earnings(uow, me.id),
        expected=await distribution.expected(uow, me.id),
        lines=lines,
        lines_max=LINES_SHOWN,
        days=settings.after_sale_days,
        state_of=distribution.state_of,
    )


@get("/desk/{slug:str}/invitation", opt=PROMOTER)
async def invitation(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """A fragment for the shop's own page: the promoter's card, or an honest invitation."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    return web.page(
        request,
        "promoting/desk_invitation.html",
        merchant=merchant,
        promoter=me,
        earnings=await distribution.earnings(uow, me.id) if me else None,
    )


@get("/desk/{slug:str}/join", opt=PROMOTER)
async def joining(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """What being a promoter means, and the agreement."""
    if await promoters.maybe_of_customer(uow, actor.customer_id):
        return Redirect(f"/desk/{merchant.slug}", status_code=303)
    return web.page(
        request,
        "promoting/desk_join.html",
        merchant=merchant,
        nickname=(await customers.find(uow, actor.customer_id)).nickname,
        version=promoters.AGREEMENT_VERSION,
        days=settings.after_sale_days,
        bound_days=doors.ATTRIBUTION_DAYS,
        rate_max=distribution.RATE_BPS_MAX,
    )


@post("/desk/{slug:str}/join", opt=PROMOTER, status_code=200)
async def join(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Become a promoter: free, of age, and having agreed to the version that was shown."""
    form = await request.form()
    if form.get("version") != promoters.AGREEMENT_VERSION:
        raise Invalid(
            field="agrees",
            zh="协议已更新，请刷新后重新阅读。",
            en="The agreement has changed; please reload and read it again.",
        )
    if form.get("agrees") != "1":
        raise Invalid(field="agrees", zh="请先阅读并同意推广协议。", en="Please accept the agreement first.")
    await promoters.enrol(uow, actor.customer_id, kind="koc", name=str(form.get("name", "")))
    return web.done(request, f"/desk/{merchant.slug}", web.mark("已成为推广员，去分享第一件商品吧"))


@get("/desk/{slug:str}/me", opt=ANYBODY)
async def me_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Who is signed in, and the way out."""
    if actor.kind == "staff":
        return web.page(
            request,
            "promoting/desk_me.html",
            merchant=merchant,
            name=actor.name,
            role=staff.role_word(actor.permissions),
            store=await stores.find(uow, actor.store_id) if actor.store_id else None,
            promoter=None,
        )
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    return web.page(
        request,
        "promoting/desk_me.html",
        merchant=merchant,
        name=me.name,
        role=promoters.KINDS[me.kind],
        store=None,
        promoter=me,
    )


routes = [today, share, share_product, my_earnings, invitation, joining, join, me_page]
