"""Callbacks: believed only after the signature over the raw body has been verified, and only then parsed."""

from collections.abc import Mapping

import msgspec

from siyu.connect import crypto
from siyu.connect.gateways import Callback
from siyu.connect.wxpay.errors import CallbackRefused
from siyu.connect.wxpay.model import Credentials, WireRefund, WireTransaction, WireTransfer
from siyu.connect.wxpay.signing import CLOCK_SKEW_SECONDS_MAX, SIGNATURE_PROBE_PREFIX, answer_message
from siyu.kernel import clock


class Resource(msgspec.Struct, frozen=True):
    algorithm: str
    ciphertext: str
    nonce: str
    original_type: str = ""
    associated_data: str = ""


class Envelope(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    resource: Resource


class Owner(msgspec.Struct, frozen=True):
    """Whose money a notice speaks of. Transfers spell the merchant differently from everything else."""

    mchid: str = ""
    mch_id: str = ""
    appid: str = ""


def why_not_signed(credentials: Credentials, headers: Mapping[str, str], body: bytes) -> str | None:
    """The reason why these bytes are not the platform's, or None if they are. No network, whatever the serial."""
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        timestamp, nonce = lower["wechatpay-timestamp"], lower["wechatpay-nonce"]
        signature, serial = lower["wechatpay-signature"], lower["wechatpay-serial"]
    except KeyError:
        return "header_missing"
    if signature.startswith(SIGNATURE_PROBE_PREFIX):
        return "signature_probe"
    key = credentials.platform_keys.get(serial)
    if key is None:
        return "serial_unknown"
    if not _is_fresh(timestamp):
        return "timestamp_stale"
    is_signed = crypto.verify(key, answer_message(timestamp=timestamp, nonce=nonce, body=body), signature)
    return None if is_signed else "signature_invalid"


def _is_fresh(timestamp: str) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    return abs(clock.now().timestamp() - int(timestamp)) <= CLOCK_SKEW_SECONDS_MAX


def open_callback(credentials: Credentials, headers: Mapping[str, str], body: bytes) -> Callback:
    """Verify, decrypt and read a callback. `headers` may be spelled in any case; `body` is the raw request body.

    Raises CallbackRefused. The caller still compares the amount with its own order: a signature proves who
    speaks, not that the sum is the one we asked for.
    """
    reason = why_not_signed(credentials, headers, body)
    if reason:
        raise CallbackRefused(reason)
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
        resource = envelope.resource
        if resource.algorithm != "AEAD_AES_256_GCM":
            raise CallbackRefused("algorithm_unknown")
        plaintext = crypto.open_sealed(
            credentials.api_v3_key,
            resource.ciphertext,
            nonce=resource.nonce,
            associated_data=resource.associated_data,
        )
        return _read(credentials, envelope, plaintext)
    except crypto.CannotOpen as error:
        raise CallbackRefused("resource_sealed_with_other_key") from error
    except msgspec.MsgspecError as error:
        raise CallbackRefused("content_unreadable") from error


def _read(credentials: Credentials, envelope: Envelope, plaintext: bytes) -> Callback:
    owner = msgspec.json.decode(plaintext, type=Owner)
    if (owner.mchid or owner.mch_id) != credentials.merchant_id:
        raise CallbackRefused("other_merchant")
    if owner.appid and owner.appid not in (credentials.app_id, credentials.mini_app_id):
        raise CallbackRefused("other_app")
    transaction = refund = payout = None
    # The event type alone does not tell: profit-sharing notices also say TRANSACTION.SUCCESS.
    if envelope.resource.original_type == "transaction":
        transaction = msgspec.json.decode(plaintext, type=WireTransaction).read()
    elif envelope.resource.original_type == "refund":
        refund = msgspec.json.decode(plaintext, type=WireRefund).read()
    elif envelope.resource.original_type == "mch_payment":
        payout = msgspec.json.decode(plaintext, type=WireTransfer).read()
    return Callback(envelope.id, envelope.event_type, transaction, refund, payout=payout)
