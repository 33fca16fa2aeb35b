"""Signing in to the shop: a visitor becomes a customer, and the doors they came through come along.

With WeChat (网页授权) or with a phone and a code. Somebody who is signed in already adds their WeChat to the account.
"""

import hmac
import secrets
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.connect import wechat
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import ROLES
from siyu.people import customers
from siyu.place.doors import actions, queries
from siyu.runtime import sessions
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.edge import (
    ByActor,
    OfMerchant,
    OnDatabase,
    WithSettings,
    cookie_of,
    is_secure,
    remember_visitor,
    sign_in_cookie,
    visitor_of,
)

STATE_SECONDS = 600  # as long as a person may take to look at WeChat's question
STATE_BYTES = 20


class PhoneSignIn(msgspec.Struct, frozen=True):
    phone: str = ""
    code: str = ""
    agree: str = ""
    next: str = ""


class StateLost(DomainError):
    """WeChat sent somebody back whom this browser did not send there, or too late."""

    code = "doors.sign_in_state_lost"
    status = 400
    zh = "登录已过期，请重新点一次微信登录。"
    en = "This sign-in has expired; please tap WeChat sign-in again."


@get("/shop/{slug:str}/signin", opt={"public": True}, include_in_schema=False)
async def sign_in_page(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    open_phone: FromQuery[bool] = False,
) -> Response[Any]:
    """WeChat first, phone second. Whoever is signed in is led on; a guest may still say who they are."""
    way_back = _way_back(request, merchant)
    if actor.kind == "customer" and not await _is_guest(database, merchant, actor):
        return Redirect(way_back, status_code=303)
    return _page(request, merchant, way_back, is_phone_open=open_phone)


async def _is_guest(database: Database, merchant: Merchant, actor: Actor) -> bool:
    async with database.begin(merchant, actor) as uow:
        return await customers.guest_of(uow, actor.customer_id) is not None


def _way_back(request: Request[Any, Any, Any], merchant: Merchant, given: str = "") -> str:
    return customers.way_back(merchant.slug, given or request.query_params.get("next"))


def _page(
    request: Request[Any, Any, Any],
    merchant: Merchant,
    way_back: str,
    *,
    is_phone_open: bool,
    refusal: DomainError | None = None,
    phone: str = "",
) -> Response[str]:
    return web.page(
        request,
        "doors/shop_signin.html",
        merchant=merchant,
        status_code=refusal.status if refusal else 200,
        way_back=way_back,
        is_phone_open=is_phone_open,
        phone=phone,
        errors={refusal.field or "page": web.problem_of(request, refusal).detail} if refusal else {},
    )


@get("/shop/{slug:str}/signin/wechat", opt={"public": True}, include_in_schema=False)
async def to_wechat(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
    agree: FromQuery[str] = "",
) -> Redirect:
    """Send the browser to WeChat. Only after the privacy notice was accepted, now or when the account was made."""
    way_back = _way_back(request, merchant)
    if actor.kind != "customer" and not agree:
        return Redirect(f"/shop/{merchant.slug}/signin", query_params={"next": way_back}, status_code=303)
    state = secrets.token_hex(STATE_BYTES)
    account: wechat.OfficialAccount = request.app.state.wechat
    here = f"{settings.base_url}/shop/{merchant.slug}/signin/wechat/back"
    response = Redirect(account.oauth_url(here, state), status_code=303)
    # The state is known to this browser alone, so nobody can sign a stranger in as themselves (RFC 6749, 10.12).
    response.set_cookie(
        cookie_of("state", merchant.slug),
        state + quote(way_back, safe=""),
        max_age=STATE_SECONDS,
        httponly=True,
        samesite="lax",
        path=f"/shop/{merchant.slug}/signin",
        secure=is_secure(request),
    )
    return response


@get("/shop/{slug:str}/signin/wechat/back", opt={"public": True}, include_in_schema=False)
async def back_from_wechat(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
    code: FromQuery[str] = "",
) -> Response[Any]:
    """WeChat says who it is: sign them in, or add WeChat to the account that is signed in. Raises StateLost."""
    kept = request.cookies.get(cookie_of("state", merchant.slug), "")
    state, wanted = kept[: 2 * STATE_BYTES], unquote(kept[2 * STATE_BYTES :])
    # Litestar keeps the name `state` for the application's own.
    if not state or not hmac.compare_digest(state, request.query_params.get("state", "")):
        raise StateLost
    way_back = customers.way_back(merchant.slug, wanted)
    account: wechat.OfficialAccount = request.app.state.wechat
    try:
        user = await account.exchange_code(code)
    except wechat.SignInRefused as refusal:
        return _page(request, merchant, way_back, is_phone_open=True, refusal=refusal)
    identities = [("wechat_openid", user.openid)] + (
        [("wechat_unionid", user.unionid)] if user.unionid else []
    )
    response = Redirect(way_back, status_code=303)
    response.delete_cookie(cookie_of("state", merchant.slug), path=f"/shop/{merchant.slug}/signin")
    if actor.kind == "customer" and not await _is_guest(database, merchant, actor):
        async with database.begin(merchant, actor) as uow:
            for kind, value in identities:
                await customers.bind(uow, actor.customer_id, kind, value)
        return response
    await _enter(
        request,
        response,
        database=database,
        merchant=merchant,
        identities=identities,
        nickname=user.nickname,
        channel="wechat",
        days=settings.session_days,
        guest_id=actor.id if actor.kind == "customer" else None,
    )
    return response


@post("/shop/{slug:str}/signin/phone", opt={"public": True}, include_in_schema=False)
async def sign_in_by_phone(
    request: Request[Any, Any, Any],
    *,
    data: URLEncodedBody[PhoneSignIn],
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
) -> Response[Any]:
    """Sign in with the code that was texted. A refusal shows the form again, with the reason at its field."""
    way_back = _way_back(request, merchant, data.next)
    try:
        customers.agreed(data.agree)
        number = customers.clean_phone(data.phone)
        await customers.verify_code(database, merchant, number, data.code, secret=settings.secret)
    except DomainError as refusal:
        return _page(request, merchant, way_back, is_phone_open=True, refusal=refusal, phone=data.phone[:20])
    response = Redirect(way_back, status_code=303)
    await _enter(
        request,
        response,
        database=database,
        merchant=merchant,
        identities=[("phone", number)],
        nickname=customers.masked(number),
        channel="phone",
        days=settings.session_days,
        guest_id=actor.id if actor.kind == "customer" else None,
    )
    return response


async def _enter(
    request: Request[Any, Any, Any],
    response: Response[Any],
    *,
    database: Database,
    merchant: Merchant,
    identities: list[tuple[str, str]],
    nickname: str,
    channel: str,
    days: int,
    guest_id: UUID | None,
) -> None:
    """Recognise or welcome the person, bring their touches along, and give the browser a session."""
    visitor = visitor_of(request)

    async def enter(uow: UnitOfWork) -> sessions.Session:
        person = await customers.sign_in_guest(
            uow,
            guest_id,
            identities,
            nickname=nickname,
            first_door_id=await queries.first_door_of_visitor(uow, visitor),
            channel=channel,
        )
        await actions.claim_touches(uow, visitor, person.customer_id)
        return await sessions.sign_in(
            uow,
            kind="customer",
            subject_id=person.customer_id,
            name=person.nickname,
            permissions=ROLES["shopper"],
            days=days,
        )

    session = await database.attempt(merchant, enter, Actor(kind="visitor"))
    sign_in_cookie(request, response, "customer", session)
    remember_visitor(request, response)


routes = [sign_in_page, to_wechat, back_from_wechat, sign_in_by_phone]
