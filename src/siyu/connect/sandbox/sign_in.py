"""WeChat's side of web sign-in: the page on the phone, the code, the token, the profile."""

import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from litestar import MediaType, Request, Response, Router, get, post

from siyu.connect.sandbox import persons, screens
from siyu.connect.sandbox.store import Code, Person, Token
from siyu.connect.sandbox.world import World, now, world_of
from siyu.web import mark

AnyRequest = Request[Any, Any, Any]

CODE_SECONDS = 5 * 60
TOKEN_SECONDS = 7200
NICKNAME_LENGTH_MAX = 32
STATE = re.compile(r"[0-9A-Za-z]{0,128}")
SCOPES = ("snsapi_base", "snsapi_userinfo")


class TokenOut(msgspec.Struct, frozen=True, omit_defaults=True):
    access_token: str
    expires_in: int
    refresh_token: str
    openid: str
    scope: str
    is_snapshotuser: int = 0
    unionid: str = ""


class ProfileOut(msgspec.Struct, frozen=True, omit_defaults=True):
    openid: str
    nickname: str
    sex: int
    language: str
    city: str
    province: str
    country: str
    headimgurl: str
    privilege: tuple[str, ...]
    unionid: str = ""


class RefusalOut(msgspec.Struct, frozen=True):
    errcode: int
    errmsg: str


class BadLink(Exception):
    """The sign-in link itself is wrong; the phone shows why and nobody is sent anywhere."""


def check_link(world: World, parameters: dict[str, str]) -> None:
    """Raise BadLink for what WeChat would not open."""
    target = urlsplit(parameters.get("redirect_uri", ""))
    if parameters.get("appid") != world.keys.numbers.app_id:
        raise BadLink(mark("AppID 参数错误 (10012)"))
    if target.scheme not in ("http", "https") or not target.hostname:
        raise BadLink(mark("redirect_uri 参数错误 (10003)"))
    if parameters.get("response_type") != "code":
        raise BadLink(mark("response_type 参数错误 (10004)"))
    if parameters.get("scope") not in SCOPES:
        raise BadLink(mark("Scope 参数错误或没有 Scope 权限 (10005)"))
    if not STATE.fullmatch(parameters.get("state", "")):
        raise BadLink(mark("state 参数错误 (10016)"))


def sent_back(world: World, parameters: dict[str, str], person: Person) -> Response[bytes]:
    """Redirect to the merchant with a fresh code for this person."""
    code = Code(secrets.token_hex(16), person.openid, parameters["scope"], now() + CODE_SECONDS, None)
    world.store.add(code)
    target = urlsplit(parameters["redirect_uri"])
    query = urlencode(
        [
            *parse_qsl(target.query, keep_blank_values=True),
            ("code", code.code),
            ("state", parameters["state"]),
        ]
    )
    return Response(b"", status_code=302, headers={"Location": urlunsplit(target._replace(query=query))})


@get("/connect/oauth2/authorize")
async def choose_person(request: AnyRequest) -> Response[Any]:
    """Who is holding the phone? `?as=<openid>` or `?person=<nickname>` answers at once, for automated drives."""
    world = world_of(request)
    parameters = {name: str(value) for name, value in request.query_params.items()}
    try:
        check_link(world, parameters)
    except BadLink as fault:
        return screens.message(request, str(fault), status_code=400)
    parameters.setdefault("state", "")
    wanted = parameters.pop("as", "") or parameters.pop("person", "")
    if wanted:
        person = persons.find(world.store, wanted)
        if person is None:
            return screens.message(request, mark("手机上没有这个人"), status_code=404)
        return sent_back(world, parameters, person)
    everyone = persons.everyone(world.store)
    return screens.show(
        request, "choose.html", persons=everyone, link=parameters, query=urlencode(parameters)
    )


@post("/connect/oauth2/authorize", status_code=302)
async def add_and_choose(request: AnyRequest) -> Response[Any]:
    """A new person takes the phone."""
    world = world_of(request)
    form = await request.form()
    parameters = {name: str(value) for name, value in form.items()}
    try:
        check_link(world, parameters)
    except BadLink as fault:
        return screens.message(request, str(fault), status_code=400)
    parameters.setdefault("state", "")
    nickname = parameters.get("nickname", "").strip()[:NICKNAME_LENGTH_MAX]
    if not nickname:
        return screens.message(request, mark("请填写昵称"), status_code=400)
    person = persons.save(world.store, nickname=nickname, phone=parameters.get("phone", "").strip())
    return sent_back(world, parameters, person)


@get("/sns/oauth2/access_token")
async def access_token(request: AnyRequest) -> Response[bytes]:
    world, query = world_of(request), request.query_params
    numbers = world.keys.numbers
    if query.get("appid") != numbers.app_id:
        return _said(RefusalOut(40013, "invalid appid"))
    if query.get("secret") != numbers.app_secret:
        return _said(RefusalOut(40125, "invalid appsecret"))
    if query.get("grant_type") != "authorization_code":
        return _said(RefusalOut(40002, "invalid grant_type"))
    code = world.store.row(Code, "WHERE code = ?", query.get("code", ""))
    if code is None or code.expires_at <= now():
        return _said(RefusalOut(40029, "invalid code"))
    is_first = world.store.change(
        "UPDATE codes SET used_at = ? WHERE code = ? AND used_at IS NULL", now(), code.code
    )
    if not is_first:
        return _said(RefusalOut(40163, "code been used"))
    token = Token(secrets.token_urlsafe(48), code.openid, code.scope, now() + TOKEN_SECONDS)
    world.store.add(token)
    flags, person = world.flags, persons.find(world.store, code.openid)
    return _said(
        TokenOut(
            access_token=token.token,
            expires_in=TOKEN_SECONDS,
            refresh_token=secrets.token_urlsafe(48),
            openid=code.openid,
            scope=code.scope,
            is_snapshotuser=int(flags.is_visitor_snapshot),
            unionid=person.unionid if person and flags.is_unionid_given else "",
        )
    )


@get("/sns/userinfo")
async def profile(request: AnyRequest) -> Response[bytes]:
    world, query = world_of(request), request.query_params
    token = world.store.row(Token, "WHERE token = ?", query.get("access_token", ""))
    if token is None:
        return _said(RefusalOut(40001, "invalid credential, access_token is invalid or not latest"))
    if token.expires_at <= now():
        return _said(RefusalOut(42001, "access_token expired"))
    person = persons.find(world.store, token.openid)
    if person is None or query.get("openid") != token.openid:
        return _said(RefusalOut(40003, "invalid openid"))
    if token.scope != "snsapi_userinfo":
        return _said(RefusalOut(48001, "api unauthorized"))
    return _said(
        ProfileOut(
            openid=person.openid,
            nickname=person.nickname,
            sex=0,
            language="",
            city="",
            province="",
            country="",
            headimgurl=f"{world.base_url}/avatars/{person.openid}.svg",
            privilege=(),
            unionid=person.unionid if world.flags.is_unionid_given else "",
        )
    )


def _said(content: msgspec.Struct) -> Response[bytes]:
    """WeChat answers 200 and calls its JSON plain text, errors included."""
    return Response(msgspec.json.encode(content), media_type=MediaType.TEXT)


router = Router(path="/", route_handlers=[choose_person, add_and_choose, access_token, profile])
