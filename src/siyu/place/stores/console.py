"""Stores and other locations on the console, and their names for the forms of other rooms."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.earth import MILLIONTHS
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.people import addresses
from siyu.place import stores
from siyu.place.stores.actions import check, region_of
from siyu.place.stores.choosing import near
from siyu.place.stores.model import OWN_KINDS, Kind, NewStore, Store, StoreChange
from siyu.runtime.edge import InUow, OfMerchant

OWNER = {"permission": Permission.SETTINGS_WRITE}

KINDS = {
    "store": web.mark("门店"),
    "warehouse": web.mark("仓库"),
    "pickup_point": web.mark("自提点"),
    "supplier": web.mark("供应商"),
}


@get("/console/{slug:str}/settings/stores", opt=OWNER)
async def store_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    kind: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """All locations, or those of one kind."""
    every = await stores.locations(uow)
    shown = [one for one in every if one.kind == kind] if kind in KINDS else every
    if export:
        return await _sheet(request, shown, export)
    here = f"/console/{merchant.slug}/settings/stores"
    counts = {name: sum(one.kind == name for one in every) for name in KINDS}
    tabs = [(web.mark("全部"), here, kind not in KINDS, len(every))]
    tabs += [
        (word, f"{here}?kind={name}", kind == name, counts[name])
        for name, word in KINDS.items()
        if counts[name] or name == "store"
    ]
    return web.page(
        request, "stores/console_stores.html", merchant=merchant, stores=shown, kinds=KINDS, tabs=tabs
    )


async def _sheet(request: Request[Any, Any, Any], shown: list[Store], kind: str) -> Any:
    language = web.language_of(request)

    def word(text: str) -> str:
        return web.translate(language, text)

    head = [web.mark("编号"), web.mark("名称"), web.mark("类型"), web.mark("地址"), web.mark("区划代码"),
            web.mark("电话"), web.mark("营业时间"), web.mark("可发货"), web.mark("营业中")]  # fmt: skip
    rows = (
        (one.code, one.name, word(KINDS[one.kind]), one.address, one.region_code, one.phone, one.hours, one.ships,
         one.is_open)
        for one in shown
    )  # fmt: skip
    return await web.sheet(request, word(web.mark("门店与仓库")), [word(text) for text in head], rows, kind)


@post("/console/{slug:str}/settings/stores", opt=OWNER, status_code=200)
async def add_store(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Open a location."""
    form = await request.form()
    facts = msgspec.structs.asdict(_said(form))
    del facts["is_open"]
    wanted = NewStore(code=str(form.get("code", "")).strip(), **facts)
    check(wanted)
    if any(store.code == wanted.code for store in await stores.locations(uow)):
        raise Invalid(field="code", zh="这个编号已被使用。", en="This code is already in use.")
    await stores.add(uow, wanted)
    return web.done(request, f"/console/{merchant.slug}/settings/stores", web.mark("门店已添加"))


@get("/console/{slug:str}/settings/stores/{store_id:uuid}", opt=OWNER)
async def store_page(
    request: Request[Any, Any, Any], store_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One location, to be changed."""
    store = await stores.find(uow, store_id)
    names = addresses.names_of(store.region_code) if store.region_code else None
    return web.page(
        request,
        "stores/console_store.html",
        merchant=merchant,
        store=store,
        place=_place(store),
        region=" ".join(names or ()),
        kinds=[(name, KINDS[name]) for name in OWN_KINDS],
    )


@post("/console/{slug:str}/settings/stores/{store_id:uuid}", opt=OWNER, status_code=200)
async def change_store(
    request: Request[Any, Any, Any], store_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Change a location."""
    change = _said(await request.form())
    await stores.edit(uow, store_id, change)
    return web.done(
        request, f"/console/{merchant.slug}/settings/stores/{store_id}", web.mark("已保存 {name}"), name=change.name
    )  # fmt: skip


def _said(form: FormMultiDict) -> StoreChange:
    """The fields of a location; a region left empty is read out of the address."""

    def told(name: str) -> str:
        return str(form.get(name, "")).strip()

    point = near(told("place").replace("，", ",").replace(" ", "")) if told("place") else (0, 0)
    if point is None:
        raise Invalid(
            field="place",
            zh="坐标写成“纬度,经度”，例如 31.298,120.585。",
            en="Write the coordinates as latitude,longitude, e.g. 31.298,120.585.",
        )
    said_kind = told("kind") or "store"
    kind: Kind | None = next((own for own in OWN_KINDS if own == said_kind), None)
    if kind is None:
        raise Invalid(field="kind", zh="请选择地点类型。", en="Choose a kind of location.")
    return StoreChange(
        name=told("name"),
        address=told("address"),
        phone=told("phone"),
        hours=told("hours"),
        latitude=point[0],
        longitude=point[1],
        kind=kind,
        region_code=told("region_code") or region_of(told("address")),
        ships=bool(told("ships")),
        is_open=bool(told("is_open")),
    )


def _place(store: Store) -> str:
    """`31.298,120.585`, or nothing when nobody knows."""
    if not (store.latitude or store.longitude):
        return ""
    return f"{_degrees(store.latitude)},{_degrees(store.longitude)}"


def _degrees(millionths: int) -> str:
    whole, part = divmod(abs(millionths), MILLIONTHS)
    return f"{'-' if millionths < 0 else ''}{whole}.{part:06d}"


@get("/console/{slug:str}/stores/choices", opt={"permission": Permission.CATALOG_READ})
async def choices(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    chosen: FromQuery[str] = "",
    empty: FromQuery[bool] = False,
    everywhere: FromQuery[bool] = False,
) -> Response[str]:
    """A fragment for forms: the stores as `<option>`s, with one for "all" when `empty`; warehouses too if asked."""
    return web.page(
        request,
        "stores/console_choices.html",
        merchant=merchant,
        stores=await stores.locations(uow) if everywhere else await stores.every(uow),
        chosen=chosen,
        has_empty=empty,
    )


routes = [store_list, add_store, store_page, change_store, choices]
