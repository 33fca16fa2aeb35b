"""Callbacks of WeChat Pay: planned in the transaction that caused them, carried by a courier until accepted.

Written down before they are sent, so a killed sandbox goes on where it stopped. A callback may therefore arrive
twice, as it may from the real gateway.
"""

import secrets
from uuid import UUID

import msgspec

from siyu.connect import crypto
from siyu.connect.sandbox import wire
from siyu.connect.sandbox.store import Delivery
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import World, now, rfc3339
from siyu.kernel import ids
from siyu.web import mark

# Seconds between the attempts (回调通知处理): fifteen repeats over a day.
RETRY_SECONDS = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600)
ACCEPTED = (200, 204)


class Plan(msgspec.Struct, frozen=True):
    """How a callback should travel: `copies` 0 drops it, 2 duplicates it; `delay_seconds` makes it late."""

    copies: int = 1
    delay_seconds: float = 0.0


BUTTONS = {"pay": Plan(), "pay_silently": Plan(copies=0)}
COPIES = {"normal": 1, "delay": 1, "drop": 0, "duplicate": 2}


def travelling(fate: str, delay_seconds: float) -> Plan:
    """How a callback travels that a tester wants normal, dropped, duplicated or delayed."""
    return Plan(COPIES[fate], delay_seconds if fate == "delay" else 0.0)


def decided(button: str) -> Plan:
    """How the callback travels after a shopper pressed this button. Raises Refusal for one that no cashier has."""
    if button not in BUTTONS:
        raise Refusal(400, "PARAM_ERROR", mark("支付参数不完整"))
    return BUTTONS[button]


class ResourceOut(msgspec.Struct, frozen=True):
    original_type: str
    algorithm: str
    ciphertext: str
    associated_data: str
    nonce: str


class EnvelopeOut(msgspec.Struct, frozen=True):
    id: str
    create_time: str
    resource_type: str
    event_type: str
    summary: str
    resource: ResourceOut


def plan(
    world: World,
    travel: Plan,
    *,
    out_trade_no: str,
    notify_url: str,
    event_type: str,
    original_type: str,
    summary: str,
    content: msgspec.Struct | dict[str, str],
    gateway: str = "wxpay",
) -> None:
    """Write down a callback, inside the caller's transaction. The same event id in every copy."""
    if world.flags.drop_callbacks:
        return
    event_id: UUID = ids.new()
    for _ in range(travel.copies):
        delivery = Delivery(
            id=None,
            event_id=str(event_id),
            out_trade_no=out_trade_no,
            notify_url=notify_url,
            event_type=event_type,
            original_type=original_type,
            summary=summary,
            plaintext=msgspec.json.encode(content).decode(),
            created_at=now(),
            attempts=0,
            due_at=now() + travel.delay_seconds,
            gateway=gateway,
        )
        world.store.add(delivery)
    world.planned.set()


def sealed(world: World, delivery: Delivery, plaintext: bytes | None = None) -> bytes:
    """The envelope of a callback, encrypted with the merchant's APIv3 key."""
    nonce = secrets.token_hex(6)
    ciphertext = crypto.seal(
        world.keys.numbers.api_v3_key.encode(),
        delivery.plaintext.encode() if plaintext is None else plaintext,
        nonce=nonce,
        associated_data=delivery.original_type,
    )
    envelope = EnvelopeOut(
        id=delivery.event_id,
        create_time=rfc3339(delivery.created_at),
        resource_type="encrypt-resource",
        event_type=delivery.event_type,
        summary=delivery.summary,
        resource=ResourceOut(
            delivery.original_type, "AEAD_AES_256_GCM", ciphertext, delivery.original_type, nonce
        ),
    )
    return msgspec.json.encode(envelope)


def enveloped(world: World, delivery: Delivery) -> tuple[dict[str, str], bytes]:
    """Headers and body of a callback, sealed and signed anew for each attempt."""
    body = sealed(world, delivery)
    return headers_of(world, body), body


def headers_of(world: World, body: bytes) -> dict[str, str]:
    """The headers that make `body` the platform's word."""
    return {**wire.signed(world, body, is_callback=True), "Content-Type": "application/json"}


def is_accepted(status: int, _answer: bytes) -> bool:
    """What ends the repeats."""
    return status in ACCEPTED
