"""Where staff come in and go out: the sign-in pages of console and desk."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from siyu import web
from siyu.kernel.errors import DomainError, TooManyRequests
from siyu.kernel.permissions import ROLES, Permission
from siyu.people.staff.model import WrongPassword
from siyu.people.staff.signing_in import sign_in
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import (
    ByActor,
    InUow,
    OfMerchant,
    OnDatabase,
    WithSettings,
    cookie_of,
    sign_in_cookie,
    sign_out_cookie,
)
from siyu.settings import Settings

PUBLIC = {"public": True}
ANY_STAFF = {"permission": Permission.STAFF_SELF}


def inside(path: str, home: str) -> str:
    """`path` when it lies below `home`, else `home`: an address from outside must not lead anybody elsewhere."""
    is_below = path == home or path.startswith((home + "/", home + "?"))
    return path if is_below and "\\" not in path and "//" not in path else home


def door(
    request: Request[Any, Any, Any],
    merchant: Merchant,
    frame: str,
    *,
    wanted: str,
    login: str = "",
    refusal: DomainError | None = None,
) -> Response[str]:
    """The sign-in page of `console` or `desk`; a refusal is shown at the field."""
    shown = web.problem_of(request, refusal) if refusal else None
    return web.page(
        request,
        f"staff/{frame}_signin.html",
        merchant=merchant,
        wanted=inside(wanted, f"/{frame}/{merchant.slug}"),
        login=login,
        problem=shown,
        status_code=shown.status if shown else 200,
    )


async def enter(
    request: Request[Any, Any, Any], merchant: Merchant, database: Database, settings: Settings, frame: str
) -> Response[Any]:
    """Sign a member of staff in and lead them to what they wanted; a refusal keeps what was typed."""
    form = await request.form()
    login, wanted = str(form.get("login", "")).strip(), str(form.get("next", ""))
    try:
        session = await sign_in(
            database, merchant, login, str(form.get("password", "")), days=settings.session_days
        )
    except (WrongPassword, TooManyRequests) as refusal:
        return door(request, merchant, frame, wanted=wanted, login=login, refusal=refusal)
    response: Response[Any] = Redirect(inside(wanted, f"/{frame}/{merchant.slug}"), status_code=303)
    sign_in_cookie(request, response, "staff", session)
    return response


@get("/console/{slug:str}/signin", opt=PUBLIC)
async def console_door(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The console asks who is there."""
    return door(request, merchant, "console", wanted=request.query_params.get("next", ""))


@post("/console/{slug:str}/signin", opt=PUBLIC)
async def enter_console(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase, settings: WithSettings
) -> Response[Any]:
    """Into the console."""
    return await enter(request, merchant, database, settings, "console")


@get("/desk/{slug:str}/signin", opt=PUBLIC)
async def desk_door(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The workbench asks who is there: a guide with a login, or a promoter by WeChat."""
    return door(request, merchant, "desk", wanted=request.query_params.get("next", ""))


@post("/desk/{slug:str}/signin", opt=PUBLIC)
async def enter_desk(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase, settings: WithSettings
) -> Response[Any]:
    """Into the workbench."""
    return await enter(request, merchant, database, settings, "desk")


async def leave(request: Request[Any, Any, Any], uow: InUow, merchant: Merchant, frame: str) -> Response[Any]:
    """End the session here and everywhere it was copied to."""
    token = request.cookies.get(cookie_of("staff", merchant.slug))
    if token:
        await sessions.sign_out(uow, token)
    response: Response[Any] = Redirect(f"/{frame}/{merchant.slug}/signin", status_code=303)
    sign_out_cookie(request, response, "staff")
    return response


@post("/console/{slug:str}/signout", opt=PUBLIC)
async def leave_console(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Out of the console."""
    return await leave(request, uow, merchant, "console")


@post("/desk/{slug:str}/signout", opt=PUBLIC)
async def leave_desk(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Out of the workbench."""
    return await leave(request, uow, merchant, "desk")


@get("/console/{slug:str}", opt=ANY_STAFF)
async def home(merchant: OfMerchant, actor: ByActor) -> Redirect:
    """Each role begins where its work is: numbers, the counter, orders, or what is left."""
    if actor.may(Permission.INSIGHT_READ):
        return Redirect(f"/console/{merchant.slug}/dashboard", status_code=303)
    if actor.may(Permission.PICKUP_VERIFY) or actor.permissions == ROLES["supplier"]:
        return Redirect(f"/desk/{merchant.slug}", status_code=303)
    home_of_role = "orders" if actor.may(Permission.ORDERS_READ) else "jobs"
    return Redirect(f"/console/{merchant.slug}/{home_of_role}", status_code=303)


routes = [console_door, enter_console, desk_door, enter_desk, leave_console, leave_desk, home]
