"""The workbench: what guides hand out today, what promoters share, who came, and what it earned."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.growth import affinity, distribution, promoters
from siyu.growth.distribution import Commission, Plan
from siyu.growth.promoters import Promoter
from siyu.growth.promoting import queries
from siyu.growth.promoting.entering import PROMOTER, day_start, link_of, may_share, not_yet, own_door
from siyu.kernel.permissions import Permission
from siyu.people import staff
from siyu.place import doors, stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.trade import orders

ANYBODY = {"permission": (Permission.PICKUP_VERIFY, Permission.SHOPPER, Permission.SUPPLY_SHIP)}
PRODUCTS_READ = 60
PRODUCTS_SHOWN = 20
LINES_SHOWN = 100


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
        is_agreed=me.agreement_version == (await promoters.agreement(uow)).version,
        tasks=[each for each in await promoters.tasks_of(uow, me) if not each.is_done and not each.is_over],
        lessons_left=[each for each in await promoters.studied(uow, me.id) if each.passed_at is None],
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
    """A product as a promoter shares it."""

    product_id: UUID
    title: str
    picture: str
    price: int
    available: int
    sold: int
    earning: "Earning"
    link: str
    why: str


def ranked(shared: list[Shared], fits: Sequence[UUID]) -> list[Shared]:
    """What fits the promoter comes first, in that order; then what sells and earns well, then as the shop has it."""
    place = {product_id: number for number, product_id in enumerate(fits)}
    return sorted(
        shared,
        key=lambda each: (
            place.get(each.product_id, len(place)),
            -(each.earning.earns or 0) * (each.sold + 1),
        ),
    )


class Earning(msgspec.Struct, frozen=True):
    """What one piece would earn this promoter: `earns` minor units, by a rate in basis points or a fixed amount."""

    rate_bps: int | None
    earns: int | None


def _earning(
    plans: list[Plan], me: Promoter, product_id: UUID, category_id: UUID, price: int, now: datetime
) -> Earning:
    plan = distribution.plan_for(
        plans, category_id, now, product_id=product_id, promoter_id=me.id, promoter_kind=me.kind
    )
    if plan is None:
        return Earning(None, None)
    worth = plan.rule.worth_of(me.level)
    if plan.rule.rate_bps is None:
        return Earning(None, worth)
    return Earning(worth, distribution.earned(price, worth))


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
    if led := await may_share(uow, me):
        return led
    door = await own_door(uow, me)
    plans = await distribution.plans(uow)
    matches = [] if q.strip() else await affinity.for_promoter(uow, me.id, PRODUCTS_SHOWN)
    say = partial(web.translate, web.language_of(request))
    why = {match.product_id: affinity.told(match.reasons[0], say) for match in matches if match.reasons}
    fitting = await catalog.cards_in(uow, [match.product_id for match in matches])
    known = {card.id for card in fitting}
    found = await catalog.cards(uow, search=q, limit=PRODUCTS_READ)
    cards = [*fitting, *(card for card in found.items if card.id not in known)]
    sold = await queries.selling(uow, [card.id for card in cards])
    shared = [
        Shared(
            card.id,
            card.title,
            card.picture,
            card.price,
            card.available,
            sold.get(card.id, 0),
            _earning(plans, me, card.id, card.category_id, card.price, uow.now),
            link=link_of(settings, merchant, door, card.id),
            why=why.get(card.id, ""),
        )
        for card in cards
        if card.available > 0
    ]
    return web.page(
        request,
        "promoting/desk_share.html",
        merchant=merchant,
        promoter=me,
        link=link_of(settings, merchant, door),
        face=await promoters.face(uow, me.id),
        face_link=f"{settings.base_url}/shop/{merchant.slug}/s/{door.code}",
        products=(shared if q.strip() else ranked(shared, [card.id for card in fitting]))[:PRODUCTS_SHOWN],
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
    """One product with its code, link and words to send, and a poster to save."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    if led := await may_share(uow, me):
        return led
    product = await catalog.product(uow, product_id)
    price = min(sku.price for sku in product.skus)
    return web.page(
        request,
        "promoting/desk_product.html",
        merchant=merchant,
        product=product,
        price=price,
        earning=_earning(await distribution.plans(uow), me, product_id, product.category_id, price, uow.now),
        link=link_of(settings, merchant, await own_door(uow, me), product_id),
        days=doors.ATTRIBUTION_DAYS,
    )


@get("/desk/{slug:str}/visitors", opt=PROMOTER)
async def visitors(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Who came through the promoter's doors: how many each day, and who became a customer."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    own = await doors.of_promoter(uow, me.id)
    return web.page(
        request,
        "promoting/desk_visitors.html",
        merchant=merchant,
        sums=await doors.sums_of(uow, [door.id for door in own]),
        days=list(reversed(await queries.days(uow, own))),
        comers=await queries.comers(uow, [door.id for door in own]),
    )


class Sale(msgspec.Struct, frozen=True):
    """An order that came through the promoter, with what its lines earn."""

    id: UUID
    number: str
    at: datetime
    titles: list[str]
    basis: int
    remaining: int


def sales_of(lines: list[Commission]) -> list[Sale]:
    """Commission lines put together by their orders, newest first."""
    by_order: dict[UUID, list[Commission]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    return [
        Sale(
            id=of_order[0].order_id,
            number=of_order[0].order_number,
            at=of_order[0].earned_at,
            titles=[line.title for line in of_order],
            basis=sum(line.basis for line in of_order),
            remaining=sum(line.remaining for line in of_order),
        )
        for of_order in by_order.values()
    ]


@get("/desk/{slug:str}/sales", opt=PROMOTER)
async def sales(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """The orders that came through the promoter's doors."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    lines = await distribution.commissions(uow, me.id, limit=LINES_SHOWN)
    return web.page(
        request,
        "promoting/desk_sales.html",
        merchant=merchant,
        sales=sales_of(lines),
        is_cut=len(lines) == LINES_SHOWN,
        earnings=await distribution.earnings(uow, me.id),
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
    return web.page(
        request,
        "promoting/desk_earnings.html",
        merchant=merchant,
        promoter=me,
        identity=await promoters.identity(uow, me.id),
        earnings=await distribution.earnings(uow, me.id),
        expected=await distribution.expected(uow, me.id),
        lines=await distribution.commissions(uow, me.id, limit=LINES_SHOWN),
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
async def joining(merchant: OfMerchant) -> Redirect:
    """Where invitations lead: to what being a promoter means."""
    return not_yet(merchant)


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
        identity=await promoters.identity(uow, me.id),
        words=promoters,
    )


routes = [today, share, share_product, visitors, sales, my_earnings, invitation, joining, me_page]
