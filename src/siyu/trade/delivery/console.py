"""Delivery on the console: which ways are offered, freight templates, and each store's own couriers."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import Permission
from siyu.people import addresses
from siyu.place import stores
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.delivery import actions, forms, queries
from siyu.trade.delivery.forms import GroupForm, LocalForm, TemplateForm
from siyu.trade.delivery.model import WAYS, FreightTemplate, RegionGroup
from siyu.trade.delivery.slots import slots

WRITE = {"permission": Permission.DELIVERY_WRITE}
WAY_WORDS = {
    "pickup": (web.mark("到店自提"), web.mark("顾客付款后凭提货码到门店取")),
    "express": (web.mark("快递配送"), web.mark("按运费模板收费，在承诺时限内发出")),
    "local": (web.mark("同城配送"), web.mark("由开通同城的门店按时段送上门")),
}
PRICING_WORDS = {"piece": web.mark("按件数"), "weight": web.mark("按重量"), "flat": web.mark("每单一口价")}
WEEKDAYS = (
    web.mark("周一"),
    web.mark("周二"),
    web.mark("周三"),
    web.mark("周四"),
    web.mark("周五"),
    web.mark("周六"),
    web.mark("周日"),
)


def region_words(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each code with its name, as a chip shows it."""
    return [(code, "".join(dict.fromkeys(addresses.names_of(code) or (code,)))) for code in codes]


def picker() -> dict[str, Any]:
    """What the region picker needs: nothing chosen, and where each province's file is."""
    return {
        "region_levels": addresses.levels("")[:3],
        "region_files": {p.code: web.static(f"lib/regions-{p.code}.json") for p in addresses.provinces()},
        "region_words": region_words,
    }


@get("/console/{slug:str}/delivery", opt=WRITE)
async def overview(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Which ways are offered, the freight templates, and the stores that deliver themselves."""
    found = await queries.templates(uow)
    every = await stores.every(uow)
    return web.page(
        request,
        "delivery/console_delivery.html",
        merchant=merchant,
        settings=await queries.settings_of(uow),
        ways=[(way, *WAY_WORDS[way]) for way in WAYS],
        templates=found,
        pricing_words=PRICING_WORDS,
        stores=[(store, await queries.local_of(uow, store.id)) for store in every],
    )


@post("/console/{slug:str}/delivery", opt=WRITE, status_code=200)
async def save_settings(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Say which ways are offered."""
    form = await request.form()
    hours = forms.whole(
        forms.text_in(form, "ship_hours"), "ship_hours", "请填写整数小时。", "Please give whole hours."
    )
    await actions.offer(uow, forms.all_in(form, "ways"), hours)
    return web.done(request, f"/console/{merchant.slug}/delivery", web.mark("收货方式已保存"))


@get("/console/{slug:str}/delivery/templates/choices", opt={"permission": Permission.CATALOG_READ})
async def choices(
    *, request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, chosen: FromQuery[str] = ""
) -> Response[str]:
    """A fragment for the product's form: the templates as `<option>`s, the first one for the default."""
    return web.page(
        request,
        "delivery/console_choices.html",
        merchant=merchant,
        templates=await queries.templates(uow),
        chosen=chosen,
    )


def _template_page(
    request: Request[Any, Any, Any],
    merchant: Merchant,
    form: TemplateForm,
    *,
    is_new: bool,
    refusal: DomainError | None = None,
) -> Response[str]:
    return web.page(
        request,
        "delivery/console_template.html",
        merchant=merchant,
        status_code=refusal.status if refusal else 200,
        form=form,
        is_new=is_new,
        pricings=[(key, PRICING_WORDS[key]) for key in forms.PRICINGS],
        error=web.problem_of(request, refusal).detail if refusal else "",
        field=(refusal.field or "") if refusal else "",
        **picker(),
    )


@get("/console/{slug:str}/delivery/templates/new", opt=WRITE)
async def new_template(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """An empty template; its id is made now, so that a second tap writes the same one."""
    start = FreightTemplate(ids.new(), "", "piece", (RegionGroup(),))
    return _template_page(request, merchant, TemplateForm.of(start, merchant.currency), is_new=True)


@get("/console/{slug:str}/delivery/templates/{template_id:uuid}", opt=WRITE)
async def template_page(
    request: Request[Any, Any, Any], template_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One template, to be changed."""
    form = TemplateForm.of(await queries.template(uow, template_id), merchant.currency)
    return _template_page(request, merchant, form, is_new=False)


@post("/console/{slug:str}/delivery/templates/{template_id:uuid}", opt=WRITE, status_code=200)
async def save_template(
    request: Request[Any, Any, Any], template_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Save a template, or show the form with a row more or less."""
    sent = await request.form()
    form, do = forms.template_in(template_id, sent), forms.text_in(sent, "do")
    is_new = all(one.id != template_id for one in await queries.templates(uow))
    if do == "add":
        form = msgspec.structs.replace(form, groups=(*form.groups[:-1], GroupForm(), form.groups[-1]))
        return _template_page(request, merchant, form, is_new=is_new)
    if do.startswith("drop-"):
        left = tuple(group for i, group in enumerate(form.groups) if f"drop-{i}" != do)
        return _template_page(request, merchant, msgspec.structs.replace(form, groups=left), is_new=is_new)
    try:
        await actions.keep_template(uow, forms.template_of(form, merchant.currency))
    except DomainError as refusal:
        return _template_page(request, merchant, form, is_new=is_new, refusal=refusal)
    return web.done(request, f"/console/{merchant.slug}/delivery", web.mark("运费模板已保存"))


@post("/console/{slug:str}/delivery/templates/{template_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove_template(
    request: Request[Any, Any, Any], template_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Remove a template nobody uses."""
    await actions.remove_template(uow, template_id)
    return web.done(request, f"/console/{merchant.slug}/delivery", web.mark("运费模板已删除"))


async def _local_page(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    store: stores.Store,
    form: LocalForm,
    refusal: DomainError | None = None,
) -> Response[str]:
    """The form, and the slots it would give now when it can be read."""
    try:
        rules = forms.rules_of(form, uow.merchant.currency)
        preview = (
            slots(rules, uow.merchant.timezone, {}, uow.now) if rules.openings and rules.slot_minutes else []
        )
    except (DomainError, ValueError):
        preview = []
    return web.page(
        request,
        "delivery/console_local.html",
        merchant=uow.merchant,
        status_code=refusal.status if refusal else 200,
        store=store,
        form=form,
        weekdays=list(enumerate(WEEKDAYS, start=1)),
        preview=preview[:60],
        error=web.problem_of(request, refusal).detail if refusal else "",
        field=(refusal.field or "") if refusal else "",
        **picker(),
    )


@get("/console/{slug:str}/delivery/local/{store_id:uuid}", opt=WRITE)
async def local_page(request: Request[Any, Any, Any], store_id: FromPath[UUID], uow: InUow) -> Response[str]:
    """A store's own delivery."""
    store = await stores.find(uow, store_id)
    local = await queries.local_of(uow, store_id)
    form = LocalForm.of(local, local.rules if local else queries.NO_RULES, uow.merchant.currency)
    return await _local_page(request, uow, store, form)


@post("/console/{slug:str}/delivery/local/{store_id:uuid}", opt=WRITE, status_code=200)
async def save_local(
    request: Request[Any, Any, Any], store_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Save a store's own delivery, or show what its slots would be."""
    sent = await request.form()
    form, store = forms.local_in(sent), await stores.find(uow, store_id)
    try:
        rules = forms.rules_of(form, merchant.currency)
        if forms.text_in(sent, "do") == "preview":
            return await _local_page(request, uow, store, form)
        await actions.set_local(uow, store_id, rules, is_on=form.is_on)
    except DomainError as refusal:
        return await _local_page(request, uow, store, form, refusal)
    return web.done(request, f"/console/{merchant.slug}/delivery", web.mark("同城配送已保存"))


routes = [
    overview,
    save_settings,
    choices,
    new_template,
    template_page,
    save_template,
    remove_template,
    local_page,
    save_local,
]
