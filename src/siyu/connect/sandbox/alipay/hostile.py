"""Notices of Alipay that a merchant must refuse, or survive: each with one thing wrong and everything else right."""

import base64

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from siyu.connect import alipay, crypto, gateways
from siyu.connect.sandbox import posting
from siyu.connect.sandbox.alipay import notices, trades, wire
from siyu.connect.sandbox.alipay.rows import Trade
from siyu.connect.sandbox.hostile import Attack
from siyu.connect.sandbox.store import Delivery
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World
from siyu.kernel import ids

VARIANTS = (
    "forged_signature",
    "tampered_amount",
    "sha1_downgrade",
    "repeated_field",
    "unsigned",
    "other_app",
    "other_merchant",
    "wrong_amount",
    "replay",
)


async def attack(world: World, out_trade_no: str, variant: str) -> Attack:
    """Send one hostile notice about a trade to its notify_url. Raises Refusal, Refused."""
    trade = trades.existing(world, out_trade_no)
    body = _replay(world, trade) if variant == "replay" else _forged(world, trade, variant)
    response = await posting.post(world, trade.notify_url, notices.HEADERS, body)
    if response is None:
        return Attack(variant, 0, "")
    return Attack(variant, response.status_code, response.text[:500])


def _replay(world: World, trade: Trade) -> bytes:
    """Byte for byte the last notice that was already sent."""
    sent = world.store.row(
        Delivery,
        "WHERE gateway = 'alipay' AND out_trade_no = ? AND sent_body <> '' ORDER BY id DESC",
        trade.out_trade_no,
    )
    if sent is None:
        raise Refusal(409, "NOTHING_TO_REPLAY", "这笔交易还没有发出过通知")
    return sent.sent_body.encode()


def _forged(world: World, trade: Trade, variant: str) -> bytes:
    if variant not in VARIANTS:
        raise Refusal(400, "PARAM_ERROR", f"variant: {', '.join(VARIANTS)}")
    # What the notice says: that the trade is paid, whether it is or not.
    claimed = msgspec.structs.replace(
        trade, status="TRADE_SUCCESS", paid_at=trade.paid_at or trade.created_at
    )
    said = {
        **notices.fields(world, claimed, None, 0),
        "notify_id": str(ids.new()).replace("-", ""),
        "notify_time": wire.china_now(),
    }
    if variant == "other_app":
        said |= {"app_id": "2021000000000000", "auth_app_id": "2021000000000000"}
    elif variant == "other_merchant":
        said["seller_id"] = "2088000000000000"
    elif variant == "wrong_amount":
        said["total_amount"] = gateways.yuan(trade.total + 1)
    signed = wire.signed_form(world, said)
    message = alipay.notice_string(signed).encode()
    if variant == "forged_signature":
        signed["sign"] = crypto.sign(world.keys.next_platform_private_pem, message)
    elif variant == "sha1_downgrade":
        signed["sign"] = _sha1(world.keys.alipay_private_pem, message)
    elif variant == "unsigned":
        del signed["sign"]
    elif variant == "tampered_amount":
        signed["total_amount"] = gateways.yuan(trade.total + 1)
    body = wire.form_body(signed)
    return body + b"&total_amount=0.01" if variant == "repeated_field" else body


def _sha1(private_key_pem: bytes, message: bytes) -> str:
    """A signature as the old RSA mode made them."""
    key = serialization.load_pem_private_key(private_key_pem, password=None)
    assert isinstance(key, RSAPrivateKey), "the sandbox makes RSA keys only"
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA1())).decode()  # noqa: S303
