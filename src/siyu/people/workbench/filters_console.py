"""The saved filters of any list: a fragment that `ui.saved_filters` asks for, and what its forms do."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.people.workbench import filters
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant

ANY_STAFF = {"permission": Permission.STAFF_SELF}


async def _shown(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    merchant: Merchant,
    actor: Actor,
    list_name: str,
    query: str,
) -> Response[str]:
    return web.page(
        request,
        "workbench/filters.html",
        merchant=merchant,
        list_name=filters.checked_list(list_name),
        filters=await filters.saved(uow, list_name),
        query=filters.asked(query),
        me=actor.id,
        manages=actor.may(Permission.STAFF_WRITE),
    )


@get("/console/{slug:str}/filters", opt=ANY_STAFF)
async def of_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    name: FromQuery[str] = "",
) -> Response[str]:
    """The filters of the list `name`; what it is asked now is read from the address of the page around."""
    query = urlsplit(request.headers.get("hx-current-url", "")).query
    return await _shown(request, uow, merchant, actor, name, query)


@post("/console/{slug:str}/filters", opt=ANY_STAFF, status_code=200)
async def keep(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Keep what the list is asked now."""
    form = await request.form()
    list_name, query = str(form.get("list", "")), str(form.get("query", ""))
    await filters.keep(
        uow,
        _id(str(form.get("idempotency_key", ""))),
        filters.checked_list(list_name),
        str(form.get("name", "")),
        query,
        is_shared=form.get("is_shared") == "1",
    )
    if not web.wants_fragment(request):
        return web.done(
            request, f"/console/{merchant.slug}/{list_name}?{filters.asked(query)}", web.mark("筛选已保存")
        )
    return await _shown(request, uow, merchant, actor, list_name, query)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(
            field="name", zh="页面已过期，请刷新。", en="The page has expired; please reload."
        ) from None


@post("/console/{slug:str}/filters/{filter_id:uuid}/remove", opt=ANY_STAFF, status_code=200)
async def remove(
    request: Request[Any, Any, Any],
    filter_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Forget a filter."""
    form = await request.form()
    list_name, query = filters.checked_list(str(form.get("list", ""))), str(form.get("query", ""))
    await filters.remove(uow, filter_id)
    if not web.wants_fragment(request):
        return web.done(request, f"/console/{merchant.slug}/{list_name}", web.mark("筛选已删除"))
    return await _shown(request, uow, merchant, actor, list_name, query)


routes = [of_list, keep, remove]
