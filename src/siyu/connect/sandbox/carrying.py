"""Carrying what was planned: each gateway's notices in its own envelope, on its own schedule, until accepted."""

import asyncio
from collections.abc import Callable

import msgspec

from siyu.connect.sandbox import deliveries, posting
from siyu.connect.sandbox.alipay import notices
from siyu.connect.sandbox.store import Delivery, Refund, Row
from siyu.connect.sandbox.world import World, now

AT_ONCE_MAX = 16
LOOK_SECONDS_MAX = 0.5  # the clock may be moved; an idle courier looks this often


class Manner(msgspec.Struct, frozen=True):
    """How one gateway carries a notice: its envelope, its patience, and which answers please it."""

    enveloped: Callable[[World, Delivery], tuple[dict[str, str], bytes]]
    retry_seconds: tuple[int, ...]
    is_accepted: Callable[[int, bytes], bool]


MANNERS = {
    "wxpay": Manner(deliveries.enveloped, deliveries.RETRY_SECONDS, deliveries.is_accepted),
    "alipay": Manner(notices.enveloped, notices.RETRY_SECONDS, notices.is_accepted),
}


async def attempt(world: World, delivery: Delivery) -> None:
    """Send a delivery once and write down what came of it."""
    manner = MANNERS[delivery.gateway]
    headers, body = manner.enveloped(world, delivery)
    response = await posting.post(world, delivery.notify_url, headers, body)
    status = response.status_code if response is not None else 0
    attempts = delivery.attempts + 1
    state, due_at = "delivered", delivery.due_at
    if response is None or not manner.is_accepted(status, response.content):
        is_over = attempts > len(manner.retry_seconds)
        state = "given_up" if is_over else "waiting"
        if not is_over:
            due_at = now() + manner.retry_seconds[attempts - 1] * world.flags.retry_time_scale
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
    """Attempt what is due now; return how many there were. Held callbacks wait to be released."""
    if world.flags.hold_callbacks:
        return 0
    due = world.store.rows(
        Delivery, "WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at LIMIT ?", now(), AT_ONCE_MAX
    )
    await asyncio.gather(*(attempt(world, delivery) for delivery in due))
    return len(due)


async def release(world: World, *, is_newest_first: bool) -> int:
    """Carry everything that waits, one after the other in this order; return how many."""
    ordering = "DESC" if is_newest_first else "ASC"
    waiting = world.store.rows(Delivery, f"WHERE state = 'waiting' ORDER BY id {ordering} LIMIT 100")
    for delivery in waiting:
        await attempt(world, delivery)
    return len(waiting)


def seconds_to_next(world: World) -> float:
    """How long nothing will happen, unless something new is planned."""
    moments = [_first(world, Refund, "WHERE status = 'PROCESSING' ORDER BY settles_at", "settles_at")]
    if not world.flags.hold_callbacks:
        moments.append(_first(world, Delivery, "WHERE state = 'waiting' ORDER BY due_at", "due_at"))
    return max(0.0, min([LOOK_SECONDS_MAX, *(moment - now() for moment in moments if moment is not None)]))


def _first(world: World, kind: type[Row], where: str, moment: str) -> float | None:
    row = world.store.row(kind, where)
    return getattr(row, moment) if row else None
