"""What is the promoter's own on the phone: the agreement, the real name, and their page of the shop."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from siyu import web
from siyu.goods import catalog, media
from siyu.growth import promoters
from siyu.growth.promoters import FaceForm, IdentityForm
from siyu.growth.promoting import forms
from siyu.growth.promoting.entering import PROMOTER, link_of, may_share, not_yet, own_door
from siyu.kernel.errors import Invalid
from siyu.runtime import limits
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings

PRODUCTS_OFFERED = 100
PICTURES_PER_HOUR = 20
IDENTITIES_PER_HOUR = 10
HOUR_SECONDS = 3600


@get("/desk/{slug:str}/agreement", opt=PROMOTER)
async def agreement_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """The agreement in force, what was accepted when, and accepting it."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    return web.page(
        request,
        "promoting/desk_agreement.html",
        merchant=merchant,
        promoter=me,
        agreement=await promoters.agreement(uow),
        acceptances=await promoters.acceptances_of(uow, me.id),
    )


@post("/desk/{slug:str}/agreement", opt=PROMOTER, status_code=200)
async def accept(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Accept the version that was shown."""
    me = await promoters.of_customer(uow, actor.customer_id)
    form = await request.form()
    if form.get("agrees") != "1":
        raise Invalid(field="agrees", zh="请先阅读并同意推广协议。", en="Please accept the agreement first.")
    await promoters.accept_agreement(uow, me.id, forms.text(form, "version"))
    return web.done(request, f"/desk/{merchant.slug}", web.mark("已同意新版协议"))


@get("/desk/{slug:str}/identity", opt=PROMOTER)
async def identity_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """The real name as it is known, masked, and the form."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    return web.page(
        request,
        "promoting/desk_identity.html",
        merchant=merchant,
        identity=await promoters.identity(uow, me.id),
        words=promoters,
    )


@post("/desk/{slug:str}/identity", opt=PROMOTER, status_code=200)
async def submit_identity(
    *,
    request: Request[Any, Any, Any],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Hand in the real name for review. Tries are counted, so that nobody tests numbers against ours."""
    form = await request.form()
    await limits.take(
        database,
        merchant,
        "promoter_identity",
        str(actor.customer_id),
        most=IDENTITIES_PER_HOUR,
        seconds=HOUR_SECONDS,
    )
    async with database.begin(merchant, actor) as uow:
        me = await promoters.of_customer(uow, actor.customer_id)
        await promoters.submit_identity(
            uow,
            me.id,
            IdentityForm(
                real_name=forms.text(form, "real_name"),
                id_number=forms.text(form, "id_number"),
                is_consented=form.get("is_consented") == "1",
                bank_account=forms.text(form, "bank_account"),
                bank_name=forms.text(form, "bank_name"),
                tax_method=forms.text(form, "tax_method"),
            ),
            secret=settings.secret,
        )
    return web.done(request, f"/desk/{merchant.slug}/identity", web.mark("已提交，商家核实后就可以提现"))


@get("/desk/{slug:str}/face", opt=PROMOTER)
async def face_page(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """The promoter's own page of the shop, to be edited."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    if led := await may_share(uow, me):
        return led
    door = await own_door(uow, me)
    known = await promoters.face(uow, me.id)
    chosen = await catalog.cards_in(uow, known.product_ids) if known else []
    offered = (await catalog.cards(uow, limit=PRODUCTS_OFFERED)).items
    return web.page(
        request,
        "promoting/desk_face.html",
        merchant=merchant,
        promoter=me,
        face=known,
        chosen={card.id for card in chosen},
        products=[*chosen, *(card for card in offered if card.id not in {each.id for each in chosen})],
        items_max=promoters.ITEMS_MAX,
        link=f"{settings.base_url}/shop/{merchant.slug}/s/{door.code}",
        door_link=link_of(settings, merchant, door),
    )


@post("/desk/{slug:str}/face", opt=PROMOTER, status_code=200)
async def keep_face(
    *,
    request: Request[Any, Any, Any],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Keep the page; a new picture is kept first."""
    form = await request.form()
    async with database.begin(merchant, actor) as uow:
        me = await promoters.of_customer(uow, actor.customer_id)
        promoters.require_active(me)
        await promoters.require_agreed(uow, me)
        known = await promoters.face(uow, me.id)
    wanted = FaceForm(
        name=forms.text(form, "name"),
        words=forms.text(form, "words"),
        picture=known.picture if known and form.get("no_picture") != "1" else "",
        is_open=form.get("is_open") == "1",
        product_ids=forms.idents(form, "products"),
    )
    file = form.get("picture")
    if isinstance(file, UploadFile) and file.filename:
        await limits.take(
            database,
            merchant,
            "promoter_picture",
            str(actor.customer_id),
            most=PICTURES_PER_HOUR,
            seconds=HOUR_SECONDS,
        )
        body = await file.read(media.BYTES_MAX + 1)
        picture = await media.keep(database, merchant, actor, settings, body, "picture")
        wanted = msgspec.structs.replace(wanted, picture=picture.key)
    async with database.begin(merchant, actor) as uow:
        await promoters.keep_face(uow, me.id, wanted)
    return web.done(request, f"/desk/{merchant.slug}/face", web.mark("小店已保存"))


routes = [agreement_page, accept, identity_page, submit_identity, face_page, keep_face]
