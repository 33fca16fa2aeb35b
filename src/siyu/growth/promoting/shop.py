"""In the shop: what promoting is and how to join, and the promoters' own pages."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.growth import distribution, promoters
from siyu.growth.promoters import Apply
from siyu.growth.promoting import forms
from siyu.growth.promoting.entering import link_of
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.place import doors
from siyu.runtime.edge import (
    ByActor,
    InUow,
    OfMerchant,
    WithSettings,
    remember_visitor,
    visitor_of,
)

PUBLIC = {"public": True}
SHOPPER = {"permission": Permission.SHOPPER}


@get("/shop/{slug:str}/promote", opt=PUBLIC, include_in_schema=False)
async def recruit(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """What being a promoter means and pays, the agreement, and the application of whoever is signed in."""
    customer_id = actor.customer_id if actor.kind == "customer" else None
    me = await promoters.maybe_of_customer(uow, customer_id) if customer_id else None
    if me is not None and me.state != "dismissed":
        return Redirect(f"/desk/{merchant.slug}", status_code=303)
    plans = await distribution.plans(uow)
    return web.page(
        request,
        "promoting/shop_recruit.html",
        merchant=merchant,
        promoter=me,
        application=await promoters.last_application(uow, customer_id) if customer_id else None,
        is_signed_in=customer_id is not None,
        nickname=(await customers.find(uow, customer_id)).nickname if customer_id else "",
        rules=await promoters.rules(uow),
        agreement=await promoters.agreement(uow),
        plans=[
            plan
            for plan in plans
            if plan.starts_at <= uow.now and (plan.ends_at is None or uow.now < plan.ends_at)
        ],
        words=promoters,
        days=settings.after_sale_days,
        bound_days=doors.ATTRIBUTION_DAYS,
        rate_max=distribution.RATE_BPS_MAX,
    )


@post("/shop/{slug:str}/promote", opt=SHOPPER, status_code=200, include_in_schema=False)
async def apply(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Apply: free, of age, and having agreed to the version that was shown."""
    form = await request.form()
    if form.get("agrees") != "1":
        raise Invalid(field="agrees", zh="请先阅读并同意推广协议。", en="Please accept the agreement first.")
    answered = await promoters.apply(
        uow,
        actor.customer_id,
        Apply(
            id=forms.key(form),
            kind=forms.text(form, "kind") or "koc",
            name=forms.text(form, "name"),
            version=forms.text(form, "version"),
            reason=forms.text(form, "reason"),
            community_size=forms.whole(form, "community_size")
            if forms.text(form, "community_size")
            else None,
        ),
    )
    if answered.state == "approved":
        return web.done(request, f"/desk/{merchant.slug}", web.mark("已成为推广员，去分享第一件商品吧"))
    return web.done(request, f"/shop/{merchant.slug}/promote", web.mark("申请已提交，商家审核后会显示在这里"))


@get("/shop/{slug:str}/s/{code:str}", opt=PUBLIC, include_in_schema=False)
async def face_page(
    *,
    request: Request[Any, Any, Any],
    code: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """A promoter's own page. Coming to it is coming through their door, and so is every product on it."""
    door = await doors.door_by_code(uow, code)
    face = await promoters.face(uow, door.promoter_id) if door.promoter_id else None
    owner = await promoters.find(uow, door.promoter_id) if door.promoter_id else None
    if face is None or owner is None or not face.is_open or owner.state != "active":
        raise NotFound(what="小店 / page")
    await doors.scan(uow, code, visitor_of(request), actor.customer_id if actor.kind == "customer" else None)
    cards = await catalog.cards_in(uow, face.product_ids)
    response = web.page(
        request,
        "promoting/shop_face.html",
        merchant=merchant,
        face=face,
        kind=promoters.KINDS[owner.kind],
        products=[
            (card, link_of(settings, merchant, door, card.id).removeprefix(settings.base_url))
            for card in cards
        ],
    )
    remember_visitor(request, response)
    return response


routes = [recruit, apply, face_page]
