"""What happened on a day, for the bills of both gateways; and the lies that a tester planted in them."""

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import msgspec

from siyu.connect import gateways
from siyu.connect.sandbox.store import BillFault, BillFile
from siyu.connect.sandbox.wire import Refusal
from siyu.connect.sandbox.world import CHINA, World, now
from siyu.kernel import clock

FEE_BASIS_POINTS = 60  # 0.60 %, what both gateways take from a shop without a special contract


class Entry(msgspec.Struct, frozen=True):
    """A payment or a refund as a bill tells it; amounts in fen. `total` is what the order cost."""

    kind: Literal["payment", "refund"]
    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    refund_id: str
    total: int
    amount: int
    payer: str
    what: str
    at: float
    trade_type: str = ""
    app_id: str = ""

    @property
    def fee(self) -> int:
        """What the gateway takes for a payment, or gives back with a refund (then negative)."""
        return fee_of(self.amount) if self.kind == "payment" else -fee_of(self.amount)

    @property
    def number(self) -> str:
        """The merchant's own number of it."""
        return self.out_trade_no if self.kind == "payment" else self.out_refund_no

    @property
    def moment(self) -> str:
        """`2026-11-22 10:00:00` on a clock in China."""
        return china(self.at)


def fee_of(amount: int) -> int:
    """The gateway's share of a payment, half a fen upwards."""
    return (amount * FEE_BASIS_POINTS + 5000) // 10_000


def china(moment: float) -> str:
    """Seconds since 1970 as the bills write them."""
    return f"{datetime.fromtimestamp(moment, UTC).astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def day_of(text: str) -> date:
    """A bill's day. Raises ValueError."""
    day = date.fromisoformat(text)
    if text != day.isoformat():
        raise ValueError(f"not yyyy-MM-dd: {text}")
    return day


def window(day: date) -> tuple[float, float]:
    """The first second of a day in China and the first after it."""
    begin = datetime.combine(day, time(), CHINA)
    return begin.timestamp(), (begin + timedelta(days=1)).timestamp()


def is_over(day: date) -> bool:
    """Whether the day has passed in China."""
    return clock.now().timestamp() >= window(day)[1]


def is_over_for_days(day: date, days: int) -> bool:
    """Whether it passed more than so many days ago."""
    return clock.now().timestamp() >= window(day + timedelta(days=days))[1]


def is_written(day: date) -> bool:
    """Whether its bill has been written by now."""
    return clock.now() >= gateways.ready_at(day)


def with_faults(world: World, gateway: str, day: date, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of a day, in order of time, changed as planted."""
    told = sorted(entries, key=lambda entry: entry.at)
    where = "WHERE gateway = ? AND day = ? ORDER BY id"
    for fault in world.store.rows(BillFault, where, gateway, day.isoformat()):
        if fault.kind == "missing":
            told = [entry for entry in told if entry.number != fault.number]
        elif fault.kind == "amount":
            told = [_costing(entry, fault) for entry in told]
        else:
            told.append(_extra(day, fault))
    return told


def plant(world: World, fault: BillFault) -> None:
    """Let a bill lie from now on. Raises Refusal for a lie that could not be told."""
    try:
        day_of(fault.day)
    except ValueError as error:
        raise Refusal(400, "PARAM_ERROR", str(error)) from error
    if fault.kind != "missing" and fault.amount <= 0:
        raise Refusal(400, "PARAM_ERROR", "amount must be positive fen")
    world.store.add(fault)


def keep(world: World, gateway: str, content: bytes, seconds: float) -> str:
    """Lay a file ready for a while; return the token it is fetched with."""
    world.store.change("DELETE FROM bill_files WHERE expires_at <= ?", now())
    token = secrets.token_urlsafe(24)
    world.store.add(BillFile(token, gateway, content, now() + seconds))
    return token


def kept(world: World, gateway: str, token: str) -> bytes | None:
    """The file of a token, as long as it lives."""
    found = world.store.row(
        BillFile, "WHERE token = ? AND gateway = ? AND expires_at > ?", token, gateway, now()
    )
    return found.content if found else None


def _costing(entry: Entry, fault: BillFault) -> Entry:
    if entry.number != fault.number:
        return entry
    return msgspec.structs.replace(entry, amount=fault.amount)


def _extra(day: date, fault: BillFault) -> Entry:
    """A payment that the merchant never heard of, at the end of the day."""
    return Entry(
        kind="payment",
        out_trade_no=fault.number,
        transaction_id=f"4200{day:%Y%m%d}{secrets.randbelow(10**16):016d}",
        out_refund_no="",
        refund_id="",
        total=fault.amount,
        amount=fault.amount,
        payer="oStranger0000000000000000001",
        what="extra",
        at=window(day)[1] - 1,
        trade_type="NATIVE",
    )
