"""The envelope of WeChat Pay v3 seen from the platform's side: verify every request, sign every answer."""

import re
import secrets
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response

from siyu.connect import crypto, wxpay
from siyu.connect.sandbox.world import World, now

T = TypeVar("T")

FIELD = re.compile(r'(\w+)="([^"]*)"')
BODY_BYTES_MAX = 64 * 1024
FOUR_BYTE_LEAD = 0xF0  # the first byte of every UTF-8 character that the gateway refuses


class Refusal(Exception):
    """The gateway says no. `number` is its numeric code, which the real one hides in the Request-ID."""

    def __init__(self, status: int, code: str, message: str, number: int = 0) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.number = number


class Problem(msgspec.Struct, frozen=True):
    code: str
    message: str


def signed(world: World, body: bytes, *, number: int = 0, is_callback: bool = False) -> dict[str, str]:
    """The headers that make `body` the platform's word."""
    numbers, is_rotated = world.keys.numbers, world.flags.is_platform_key_rotated
    timestamp, nonce = str(int(now())), secrets.token_hex(16)
    key = world.keys.next_platform_private_pem if is_rotated else world.keys.platform_private_pem
    message = wxpay.answer_message(timestamp=timestamp, nonce=nonce, body=body)
    headers = {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": crypto.sign(key, message),
        "Wechatpay-Serial": numbers.next_platform_key_id if is_rotated else numbers.platform_key_id,
        "Wechatpay-Signature-Type": wxpay.AUTHORIZATION_SCHEME,
    }
    if not is_callback:
        headers["Request-ID"] = f"{secrets.token_hex(12).upper()}-{number}"
    return headers


def answer(
    world: World, content: msgspec.Struct | None, status: int = 200, *, number: int = 0
) -> Response[bytes]:
    """A signed answer; without content 204, whose empty body is signed as well."""
    body = msgspec.json.encode(content) if content is not None else b""
    return Response(
        body,
        status_code=status if content is not None else 204,
        headers=signed(world, body, number=number),
        media_type="application/json",
    )


def refused(world: World, refusal: Refusal) -> Response[bytes]:
    """The signed form of a refusal."""
    problem = Problem(refusal.code, refusal.message)
    return answer(world, problem, refusal.status, number=refusal.number)


def target_of(request: Request[Any, Any, Any]) -> str:
    """Path and query exactly as they came over the wire: the bytes that were signed."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    return (raw + (b"?" + query if query else b"")).decode("latin-1")


async def authenticated(world: World, request: Request[Any, Any, Any]) -> bytes:
    """The raw body, if the merchant signed it just now. Raises Refusal 401."""
    body = await request.body()
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    fields = dict(FIELD.findall(rest))
    numbers = world.keys.numbers
    if scheme != wxpay.AUTHORIZATION_SCHEME or len(fields) < 5:
        raise _unsigned("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    if fields.get("mchid") != numbers.merchant_id:
        raise _unsigned("商户号不存在")
    if fields.get("serial_no") != numbers.merchant_serial:
        raise _unsigned("商户证书序列号有误")
    timestamp, nonce = fields.get("timestamp", ""), fields.get("nonce_str", "")
    is_fresh = timestamp.isdigit() and abs(now() - int(timestamp)) <= wxpay.CLOCK_SKEW_SECONDS_MAX
    if not is_fresh:
        raise _unsigned("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    if not 1 <= len(nonce) <= 32:
        raise _unsigned("随机串长度应为1至32")
    message = wxpay.request_message(
        method=request.method, target=target_of(request), timestamp=timestamp, nonce=nonce, body=body
    )
    if not crypto.verify(world.keys.merchant_public_pem, message, fields.get("signature", "")):
        raise _unsigned("签名错误，请检查后再试")
    if len(body) > BODY_BYTES_MAX:
        raise Refusal(400, "PARAM_ERROR", "请求体过大", 268435461)
    return body


def read(body: bytes, kind: type[T]) -> T:
    """A request body as `kind`. Refuses unknown fields, nulls, wrong types and four-byte characters."""
    try:
        plain = msgspec.json.encode(msgspec.json.decode(body))
        if any(byte >= FOUR_BYTE_LEAD for byte in plain):
            raise Refusal(
                400, "PARAM_ERROR", "参数中含有不支持的字符（仅支持1至3字节的UTF-8字符）", 268435461
            )
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        if "unknown field" in str(error):
            raise Refusal(400, "PARAM_ERROR", f"参数中含有非法的额外参数：{error}", 270924358) from error
        raise Refusal(400, "PARAM_ERROR", f"参数非法：{error}", 268435461) from error
    except msgspec.DecodeError as error:
        raise Refusal(400, "PARAM_ERROR", "请求体不是JSON", 268435461) from error


def fingerprint(body: bytes) -> str:
    """The same for two bodies that say the same, however they are written."""
    return msgspec.json.encode(msgspec.json.decode(body), order="deterministic").decode()


def _unsigned(message: str) -> Refusal:
    return Refusal(401, "SIGN_ERROR", message, 268443699)
