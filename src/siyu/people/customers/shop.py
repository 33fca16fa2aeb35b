"""The shopper's own page: who they are, their phone, what they agreed to; the privacy notice and the licence.

Signing in itself is in `place.doors.entrance`, because the doors a visitor came through come along.
"""

import json
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.kernel.errors import DomainError, Invalid
from siyu.kernel.permissions import Permission
from siyu.people.customers import actions, phone, queries
from siyu.people.customers.actions import CONSENT_VERSION
from siyu.people.customers.rules import agreed
from siyu.runtime import sessions
from siyu.runtime.edge import (
    ByActor,
    InUow,
    OfMerchant,
    OnDatabase,
    WithSettings,
    cookie_of,
    sign_out_cookie,
)

SHOPPER = {"permission": Permission.SHOPPER}
SEND_AGAIN_SECONDS = 60
ASKED_FOR = {  # what a shopper may switch on and off, each with the same one tap
    "marketing": (web.mark("接收优惠消息"), web.mark("新品、优惠和到货提醒；关闭后立即停止。")),
    "personalisation": (web.mark("个性化推荐"), web.mark("按购买记录推荐商品；关闭后只看通用排序。")),
}
ON, OFF = web.mark("已开启"), web.mark("已关闭该项")


class AskCode(msgspec.Struct, frozen=True):
    phone: str = ""
    agree: str = ""


class BindPhone(msgspec.Struct, frozen=True):
    phone: str = ""
    code: str = ""


class ChangeConsent(msgspec.Struct, frozen=True):
    """`given` is what a switch sends when it is on; one that is off sends nothing."""

    purpose: str
    given: str = ""


@get("/shop/{slug:str}/me", opt={"public": True}, include_in_schema=False)
async def me(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """My page. A visitor sees what signing in is good for."""
    if actor.kind != "customer":
        return web.page(request, "customers/shop_visitor.html", merchant=merchant)
    consents = await queries.consents_of(uow, actor.customer_id)
    last_word = {consent.purpose: consent.is_given for consent in reversed(consents)}
    identities = await queries.identities_of(uow, actor.customer_id)
    return web.page(
        request,
        "customers/shop_me.html",
        merchant=merchant,
        customer=await queries.find(uow, actor.customer_id),
        phone=next((one.value for one in identities if one.kind == "phone"), ""),
        has_wechat=any(one.kind == "wechat_openid" for one in identities),
        asked_for=[(key, word, note, last_word.get(key, False)) for key, (word, note) in ASKED_FOR.items()],
    )


@post("/shop/{slug:str}/me/consents", opt=SHOPPER, include_in_schema=False, status_code=200)
async def change_consent(
    request: Request[Any, Any, Any], data: URLEncodedBody[ChangeConsent], uow: InUow, actor: ByActor
) -> Response[str]:
    """Give or withdraw one consent. Raises Invalid for a purpose that is not the shopper's to switch."""
    if data.purpose not in ASKED_FOR:
        raise Invalid(field="purpose", zh="没有这一项。", en="There is no such purpose.")
    is_given = bool(data.given)
    await actions.record_consent(uow, actor.customer_id, data.purpose, is_given=is_given, channel="shop")
    said = web.translate(web.language_of(request), ON if is_given else OFF)
    return Response(
        "", media_type="text/html", headers={"hx-trigger": json.dumps({"siyu:toast": {"text": said}})}
    )


@get("/shop/{slug:str}/me/phone", opt=SHOPPER, include_in_schema=False)
async def phone_page(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The form to add a phone to my account."""
    return web.page(request, "customers/shop_phone.html", merchant=merchant, phone="", errors={})


@post("/shop/{slug:str}/me/phone", opt=SHOPPER, include_in_schema=False)
async def bind_phone(
    request: Request[Any, Any, Any],
    *,
    data: URLEncodedBody[BindPhone],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Add a phone that the shopper proved to hold. A refusal shows the form again, with the reason at its field."""
    try:
        number = phone.clean_phone(data.phone)
        await phone.verify_code(database, merchant, number, data.code, secret=settings.secret)
        async with database.begin(merchant, actor) as uow:
            await actions.bind(uow, actor.customer_id, "phone", number)
    except DomainError as refusal:
        return web.page(
            request,
            "customers/shop_phone.html",
            merchant=merchant,
            status_code=refusal.status,
            phone=data.phone[:20],
            errors={refusal.field or "phone": web.problem_of(request, refusal).detail},
        )
    return Redirect(f"/shop/{merchant.slug}/me", status_code=303)


@post("/shop/{slug:str}/signin/code", opt={"public": True}, include_in_schema=False, status_code=200)
async def send_code(
    request: Request[Any, Any, Any],
    *,
    data: URLEncodedBody[AskCode],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[str]:
    """Text a code to this phone; answers with the button that may be pressed again in a minute."""
    if actor.kind != "customer":
        agreed(data.agree)
    number = phone.clean_phone(data.phone)
    code = await phone.issue_code(database, merchant, number, secret=settings.secret)
    await request.app.state.sms.send_code(number, code)
    return web.page(
        request, "customers/shop_code_button.html", merchant=merchant, wait_seconds=SEND_AGAIN_SECONDS
    )


@get("/shop/{slug:str}/signin/code", opt={"public": True}, include_in_schema=False)
async def code_button(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The button that asks for a code, ready again."""
    return web.page(request, "customers/shop_code_button.html", merchant=merchant, wait_seconds=0)


@post("/shop/{slug:str}/signout", opt={"public": True}, include_in_schema=False)
async def sign_out(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Redirect:
    """End this browser's session."""
    token = request.cookies.get(cookie_of("customer", merchant.slug))
    if token:
        await sessions.sign_out(uow, token)
    response = Redirect(f"/shop/{merchant.slug}", status_code=303)
    sign_out_cookie(request, response, "customer")
    return response


@get("/shop/{slug:str}/privacy", opt={"public": True}, include_in_schema=False)
async def privacy(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The privacy notice (个人信息保护法 art. 17): who, what for, what, how long, with whom, and one's rights."""
    return web.page(request, "customers/shop_privacy.html", merchant=merchant, version=CONSENT_VERSION)


@get("/shop/{slug:str}/licence", opt={"public": True}, include_in_schema=False)
async def licence(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """Who runs the shop (电子商务法 art. 15)."""
    return web.page(request, "customers/shop_licence.html", merchant=merchant)


routes = [me, change_consent, phone_page, bind_phone, send_code, code_button, sign_out, privacy, licence]
