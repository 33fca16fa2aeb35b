"""The envelope of Alipay seen from its side: verify every call, sign every answer over its exact text."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response

from siyu.connect import alipay, crypto
from siyu.connect.sandbox.alipay.rows import Problem, Refused
from siyu.connect.sandbox.world import CHINA, World, now

T = TypeVar("T")

MESSAGES = {
    "20000": "Service Currently Unavailable",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
}
FIXED = {"format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0"}
COMMON = (
    *FIXED, "app_id", "method", "sign", "timestamp", "biz_content", "notify_url", "return_url", "app_auth_token",
)  # fmt: skip


async def parameters(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Address and form together: clients put parameters into either. Raises Refused when one comes twice."""
    parts = [request.scope["query_string"], await request.body() if request.method == "POST" else b""]
    try:
        return alipay.form_fields(b"&".join(part for part in parts if part))
    except alipay.NotSigned as error:
        raise Refused("isv.invalid-parameter", "参数无效或重复", "40002") from error


def check_signed(world: World, given: Mapping[str, str]) -> None:
    """Raise Refused unless the application whose keys we share signed these parameters."""
    if given.get("app_id") != world.keys.alipay.app_id:
        raise Refused("isv.invalid-app-id", "无效的AppID参数", "40002")
    for name, value in FIXED.items():
        if given.get(name) != value:
            raise Refused(f"isv.invalid-{name.replace('_', '-')}", f"{name} 参数无效", "40002")
    unknown = sorted(set(given) - set(COMMON))
    if unknown:
        raise Refused("isv.invalid-parameter", f"参数无效：{unknown[0]}", "40002")
    try:
        datetime.strptime(given.get("timestamp", ""), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError as error:
        raise Refused("isv.invalid-timestamp", "非法的时间戳参数", "40002") from error
    message = alipay.request_string(given).encode()
    if not crypto.verify(world.keys.app_public_pem, message, given.get("sign", "")):
        raise Refused("isv.invalid-signature", "无效签名", "40002")


def content(given: Mapping[str, str], kind: type[T]) -> T:
    """`biz_content` as `kind`. Raises Refused for unknown or empty fields and wrong types."""
    try:
        return msgspec.json.decode(given.get("biz_content", ""), type=kind)
    except msgspec.MsgspecError as error:
        raise Refused("ACQ.INVALID_PARAMETER", f"参数无效：{error}") from error


def answer(world: World, method: str, said: msgspec.Struct) -> Response[bytes]:
    """A signed answer. Slashes are escaped, as Alipay's own do: the signature is over the text, not the object."""
    text = msgspec.json.encode(said).decode().replace("/", "\\/")
    return _enveloped(method, text, crypto.sign(_key(world), text.encode()))


def refused(world: World, method: str, refusal: Refused) -> Response[bytes]:
    """A refusal; unsigned when the gateway does not know for whom to sign."""
    problem = Problem(refusal.code, MESSAGES[refusal.code], refusal.sub_code, refusal.sub_msg)
    if refusal.code == "40002":
        return _enveloped(method, msgspec.json.encode(problem).decode(), "")
    return answer(world, method, problem)


def signed_form(world: World, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields with Alipay's signature over them: a notice, or the way back from a page."""
    given = {name: value for name, value in fields.items() if value}
    return {
        **given,
        "sign": crypto.sign(_key(world), alipay.notice_string(given).encode()),
        "sign_type": "RSA2",
    }


def form_body(fields: Mapping[str, str]) -> bytes:
    """Fields as a form travels."""
    return urlencode(fields).encode()


def china_now() -> str:
    """The time as Alipay writes it."""
    return f"{datetime.fromtimestamp(now(), CHINA):%Y-%m-%d %H:%M:%S}"


def _key(world: World) -> bytes:
    is_rotated = world.flags.is_platform_key_rotated
    return world.keys.next_platform_private_pem if is_rotated else world.keys.alipay_private_pem


def _enveloped(method: str, text: str, sign: str) -> Response[bytes]:
    node = method.replace(".", "_") + "_response" if method else "error_response"
    tail = f',"sign":{json.dumps(sign)}' if sign else ""
    return Response(
        f"{{{json.dumps(node)}:{text}{tail}}}".encode(), media_type="application/json;charset=utf-8"
    )
