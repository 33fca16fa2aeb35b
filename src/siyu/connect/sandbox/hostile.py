"""Callbacks that a merchant must refuse, or survive: each with one thing wrong and everything else right."""

import secrets

import msgspec

from siyu.connect import crypto, wxpay
from siyu.connect.sandbox import deliveries, orders, posting
from siyu.connect.sandbox.store import Delivery, Order
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, now
from siyu.kernel import ids

VARIANTS = (
    "forged_signature",
    "tampered_body",
    "stale",
    "signature_probe",
    "unknown_serial",
    "other_api_v3_key",
    "other_merchant",
    "wrong_amount",
    "replay",
)
STALE_SECONDS = 301


class Attack(msgspec.Struct, frozen=True):
    """What was tried and how the merchant answered; status 0 is no answer."""

    variant: str
    status: int
    answer: str


async def attack(world: World, out_trade_no: str, variant: str) -> Attack:
    """Send one hostile callback about an order to its notify_url. Raises Refusal."""
    order = orders.existing(world, out_trade_no)
    headers, body = _replay(world, order) if variant == "replay" else _forged(world, order, variant)
    response = await posting.post(world, order.notify_url, headers, body)
    if response is None:
        return Attack(variant, 0, "")
    return Attack(variant, response.status_code, response.text[:500])


def _replay(world: World, order: Order) -> tuple[dict[str, str], bytes]:
    """The very bytes and headers of a callback that was already delivered."""
    sent = world.store.row(
        Delivery,
        "WHERE gateway = 'wxpay' AND out_trade_no = ? AND sent_body <> '' ORDER BY id DESC",
        order.out_trade_no,
    )
    if sent is None:
        raise Refusal(409, "NOTHING_TO_REPLAY", "这笔订单还没有发出过通知")
    return msgspec.json.decode(sent.sent_headers, type=dict[str, str]), sent.sent_body.encode()


def _claim(world: World, order: Order, variant: str) -> bytes:
    """What the callback says: that the order is paid, whether it is or not."""
    described = orders.described(world, order)
    claimed = msgspec.structs.replace(
        described,
        trade_state="SUCCESS",
        trade_state_desc="支付成功",
        transaction_id=described.transaction_id or f"4200{secrets.randbelow(10**24):024d}",
        success_time=described.success_time or "2026-01-01T00:00:00+08:00",
    )
    if variant == "wrong_amount":
        claimed = msgspec.structs.replace(claimed, amount=orders.AmountOut(order.total + 1, order.total + 1))
    if variant == "other_merchant":
        claimed = msgspec.structs.replace(claimed, mchid="1900000000")
    return msgspec.json.encode(claimed)


def _forged(world: World, order: Order, variant: str) -> tuple[dict[str, str], bytes]:
    if variant not in VARIANTS:
        raise Refusal(400, "PARAM_ERROR", f"variant: {', '.join(VARIANTS)}")
    delivery = Delivery(
        id=None,
        event_id=str(ids.new()),
        out_trade_no=order.out_trade_no,
        notify_url=order.notify_url,
        event_type="TRANSACTION.SUCCESS",
        original_type="transaction",
        summary="支付成功",
        plaintext=_claim(world, order, variant).decode(),
        created_at=now(),
        attempts=0,
        due_at=now(),
    )
    body = deliveries.sealed(_with_other_key(world) if variant == "other_api_v3_key" else world, delivery)
    headers = deliveries.headers_of(world, body)
    if variant == "forged_signature":
        # Signed by somebody, as an attacker with a key pair of their own would.
        headers["Wechatpay-Signature"] = crypto.sign(world.keys.next_platform_private_pem, body)
    elif variant == "tampered_body":
        body = body.replace("支付成功".encode(), "支付成功!".encode(), 1)
    elif variant == "stale":
        headers |= _signed_long_ago(world, body)
    elif variant == "signature_probe":
        headers["Wechatpay-Signature"] = wxpay.SIGNATURE_PROBE_PREFIX + headers["Wechatpay-Signature"]
    elif variant == "unknown_serial":
        headers["Wechatpay-Serial"] = "PUB_KEY_ID_0199999999999999999999999999999999"
    return headers, body


def _with_other_key(world: World) -> World:
    numbers = msgspec.structs.replace(world.keys.numbers, api_v3_key=secrets.token_hex(16))
    keys = msgspec.structs.replace(world.keys, numbers=numbers)
    return World(keys=keys, store=world.store, http=world.http, base_url=world.base_url)


def _signed_long_ago(world: World, body: bytes) -> dict[str, str]:
    """A good signature of more than five minutes ago."""
    timestamp, nonce = str(int(now()) - STALE_SECONDS), secrets.token_hex(16)
    message = wxpay.answer_message(timestamp=timestamp, nonce=nonce, body=body)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": crypto.sign(world.keys.platform_private_pem, message),
    }
