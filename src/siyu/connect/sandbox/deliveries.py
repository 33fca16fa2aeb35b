"""Callbacks to the merchant: planned in the transaction that caused them, carried by a courier until accepted.

Written down before they are sent, so a killed sandbox goes on where it stopped. A callback may therefore arrive
twice, as it may from the real gateway.
"""

import asyncio
import logging
import secrets
from uuid import UUID

import httpx
import msgspec

from siyu.connect import crypto
from siyu.connect.sandbox import wire
from siyu.connect.sandbox.store import Delivery, Refund
from siyu.connect.sandbox.world import World, now, rfc3339
from siyu.kernel import ids

logger = logging.getLogger(__name__)

# Seconds between the attempts (回调通知处理): fifteen repeats over a day.
RETRY_SECONDS = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600)
ANSWER_SECONDS_MAX = 5.0  # a slower answer counts as a failure
ACCEPTED = (200, 204)
AT_ONCE_MAX = 16
LOOK_SECONDS_MAX = 0.5  # the clock may be moved; an idle courier looks this often


class Plan(msgspec.Struct, frozen=True):
    """How a callback should travel: `copies` 0 drops it, 2 duplicates it; `delay_seconds` makes it late."""

    copies: int = 1
    delay_seconds: float = 0.0


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
    content: msgspec.Struct,
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


async def post(world: World, url: str, headers: dict[str, str], body: bytes) -> httpx.Response | None:
    """Send one callback; None when no answer came in time."""
    try:
        return await world.http.post(
            url,
            content=body,
            headers={**headers, "Content-Type": "application/json"},
            timeout=ANSWER_SECONDS_MAX,
        )
    except httpx.HTTPError as error:
        logger.info("callback to %s: no answer (%s)", url, type(error).__name__)
        return None


async def attempt(world: World, delivery: Delivery) -> None:
    """Send a delivery once and write down what came of it."""
    body = sealed(world, delivery)
    headers = wire.signed(world, body, is_callback=True)
    response = await post(world, delivery.notify_url, headers, body)
    status = response.status_code if response is not None else 0
    attempts = delivery.attempts + 1
    state, due_at = "delivered", delivery.due_at
    if status not in ACCEPTED:
        is_over = attempts > len(RETRY_SECONDS)
        state = "given_up" if is_over else "waiting"
        if not is_over:
            due_at = now() + RETRY_SECONDS[attempts - 1] * world.flags.retry_time_scale
    world.store.change(
        "UPDATE deliveries SET attempts = ?, state = ?, due_at = ?, last_status = ?, sent_headers = ?, sent_body = ?"
        " WHERE id = ?",
        attempts,
        state,
        due_at,
        status,
        msgspec.json.encode(headers).decode(),
        body.decode(),
        delivery.id,
    )


async def carry_due(world: World) -> int:
    """Attempt what is due now; return how many there were."""
    due = world.store.rows(
        Delivery, "WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at LIMIT ?", now(), AT_ONCE_MAX
    )
    await asyncio.gather(*(attempt(world, delivery) for delivery in due))
    return len(due)


def seconds_to_next(world: World) -> float:
    """How long nothing will happen, unless something new is planned."""
    delivery = world.store.row(Delivery, "WHERE state = 'waiting' ORDER BY due_at")
    refund = world.store.row(Refund, "WHERE status = 'PROCESSING' ORDER BY settles_at")
    moments = [delivery.due_at] if delivery else []
    moments += [refund.settles_at] if refund else []
    return max(0.0, min([LOOK_SECONDS_MAX, *(moment - now() for moment in moments)]))
