"""Stores on the console, and their names for the forms of other rooms."""

import re
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.runtime.edge import InUow, OfMerchant

OWNER = {"permission": Permission.SETTINGS_WRITE}
CODE = re.compile(r"[0-9A-Za-z-]{1,20}")


@get("/console/{slug:str}/settings/stores", opt=OWNER)
async def store_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """All stores."""
    return web.page(request, "stores/console_stores.html", merchant=merchant, stores=await stores.every(uow))


@post("/console/{slug:str}/settings/stores", opt=OWNER, status_code=200)
async def add_store(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Open a store."""
    form = await request.form()
    said = {name: str(form.get(name, "")).strip() for name in ("code", "name", "address", "phone", "hours")}
    if not CODE.fullmatch(said["code"]):
        raise Invalid(
            field="code",
            zh="编号用 1 到 20 个字母、数字或横线。",
            en="A code has 1 to 20 letters, digits or hyphens.",
        )
    if any(store.code == said["code"] for store in await stores.every(uow)):
        raise Invalid(field="code", zh="这个编号已被使用。", en="This code is already in use.")
    for field, most, zh, en in (("name", 40, "门店名称", "A name"), ("address", 120, "地址", "An address")):
        if not 1 <= len(said[field]) <= most:
            raise Invalid(
                field=field, zh=f"{zh}需为 1 到 {most} 个字。", en=f"{en} has 1 to {most} characters."
            )
    await stores.add(
        uow,
        stores.NewStore(
            code=said["code"],
            name=said["name"],
            address=said["address"],
            phone=said["phone"][:30],
            hours=said["hours"][:60],
        ),
    )
    return web.done(request, f"/console/{merchant.slug}/settings/stores", web.mark("门店已添加"))


@get("/console/{slug:str}/stores/choices", opt={"permission": Permission.CATALOG_READ})
async def choices(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    chosen: FromQuery[str] = "",
    empty: FromQuery[bool] = False,
) -> Response[str]:
    """A fragment for forms: the stores as `<option>`s, with one for "all" when `empty`."""
    return web.page(
        request,
        "stores/console_choices.html",
        merchant=merchant,
        stores=await stores.every(uow),
        chosen=chosen,
        has_empty=empty,
    )


routes = [store_list, add_store, choices]
