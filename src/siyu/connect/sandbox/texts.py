"""The SMS vendor's side of `SendSms`: verify the signature, obey the limits, put the text into the phone's inbox."""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, Router, post

from siyu.connect import sms
from siyu.connect.sandbox.store import Text
from siyu.connect.sandbox.world import World, now, world_of
from siyu.kernel import ids

AnyRequest = Request[Any, Any, Any]

CLOCK_SKEW_SECONDS_MAX = 15 * 60
PART = re.compile(r"(Credential|SignedHeaders|Signature)=([^,]+)")
PHONE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
SIGNED_AT_LEAST = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce")
# Of one signature to one number, as the vendor limits sign-in codes: how many in how many seconds.
LIMITS = (
    (1, 60, "分钟级流控Permits:1"),
    (5, 3600, "小时级流控Permits:5"),
    (10, 86_400, "天级流控Permits:10"),
)


class Refusal(Exception):
    """The vendor's error: its gateway answers 4xx, the SMS business behind it 200."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status


class Answer(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    code: str
    message: str
    request_id: str
    biz_id: str = ""


@post("/", status_code=200)
async def send_sms(request: AnyRequest) -> Response[bytes]:
    world = world_of(request)
    request_id = str(ids.new()).upper()
    try:
        _check_signature(world, request, await request.body())
        answer, status = Answer("OK", "OK", request_id, _accepted(world, request)), 200
    except Refusal as refusal:
        answer, status = Answer(refusal.code, refusal.message, request_id), refusal.status
    return Response(msgspec.json.encode(answer), status_code=status, media_type="application/json")


def _check_signature(world: World, request: AnyRequest, body: bytes) -> None:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    parts = dict(PART.findall(rest))
    if scheme != sms.ACS3 or len(parts) != 3:
        raise Refusal("IncompleteSignature", "The request signature does not conform to standards.", 400)
    if parts["Credential"] != world.keys.numbers.sms_access_key_id:
        raise Refusal("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    # The list that the caller signed is followed, not a fixed set: the vendor's own client signs more.
    names = parts["SignedHeaders"].split(";")
    if any(name not in names for name in SIGNED_AT_LEAST) or any(name not in headers for name in names):
        raise Refusal("IncompleteSignature", "A header that must be signed is not.", 400)
    body_sha256 = hashlib.sha256(body).hexdigest()
    canonical = sms.acs3_canonical_request(
        method=request.method,
        path="/",
        query=sms.acs3_query(dict(request.query_params.items())),
        headers=headers,
        signed_headers=names,
        body_sha256=body_sha256,
    )
    expected = sms.acs3_signature(world.keys.numbers.sms_access_key_secret, canonical)
    is_ours = hmac.compare_digest(expected.encode(), parts["Signature"].encode())
    if not is_ours or headers["x-acs-content-sha256"] != body_sha256:
        raise Refusal(
            "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.", 400
        )
    _check_moment(world, headers["x-acs-date"], headers["x-acs-signature-nonce"])


def _check_moment(world: World, signed_at: str, nonce: str) -> None:
    try:
        moment = datetime.strptime(signed_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Refusal(
            "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.", 400
        ) from error
    if abs(now() - moment) > CLOCK_SKEW_SECONDS_MAX:
        raise Refusal("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400)
    is_new = world.store.change("INSERT OR IGNORE INTO nonces (nonce, seen_at) VALUES (?, ?)", nonce, now())
    if not is_new:
        raise Refusal("SignatureNonceUsed", "Specified signature nonce was used already.", 400)


def _accepted(world: World, request: AnyRequest) -> str:
    """Store the text and return its BizId. Raises Refusal."""
    if request.headers["x-acs-action"] != "SendSms":
        raise Refusal("InvalidAction.NotFound", "Specified api is not found.", 404)
    query = request.query_params
    phone = PHONE.fullmatch(query.get("PhoneNumbers", ""))
    if phone is None:
        raise Refusal("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号")
    sign_name, template = query.get("SignName", ""), query.get("TemplateCode", "")
    if not sign_name:
        raise Refusal("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法")
    if not template:
        raise Refusal("isv.SMS_TEMPLATE_ILLEGAL", "短信模板不合法")
    parameters = query.get("TemplateParam", "{}")
    try:
        words = msgspec.json.decode(parameters, type=dict[str, str | int])
    except msgspec.MsgspecError as error:
        raise Refusal("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值") from error
    text = Text(
        biz_id=f"{secrets.randbelow(10**15):015d}^0",
        phone=phone[1],
        sign_name=sign_name,
        template=template,
        parameters=parameters,
        code=str(words.get("code", "")),
        sent_at=now(),
    )
    _check_limits(world, text)
    world.store.add(text)
    return text.biz_id


def _check_limits(world: World, text: Text) -> None:
    if not world.flags.are_sms_limits_on:
        return
    for count, seconds, words in LIMITS:
        since = text.sent_at - seconds
        sent = world.store.count(
            "texts", "phone = ? AND sign_name = ? AND sent_at > ?", text.phone, text.sign_name, since
        )
        if sent >= count:
            raise Refusal("isv.BUSINESS_LIMIT_CONTROL", f"触发{words}")


router = Router(path="/", route_handlers=[send_sms])
