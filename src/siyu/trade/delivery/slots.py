"""Pure: when a store's couriers can come, and what they cost at which distance."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from siyu.kernel import money
from siyu.people.addresses import Address
from siyu.trade.delivery.model import (
    Ask,
    BelowMinimum,
    Booking,
    Local,
    LocalRules,
    NeedsPlace,
    NeedsSlot,
    Slot,
    SlotFull,
    SlotGone,
    Terms,
    TooFar,
)

MINUTES_A_DAY = 24 * 60


def slots(rules: LocalRules, timezone: str, taken: Mapping[datetime, int], now: datetime) -> list[Slot]:
    """Every slot that can be chosen now, full ones included, in order. `taken` has the places booked by start."""
    there = ZoneInfo(timezone)
    today = now.astimezone(there).date()
    return [
        Slot(start, end, max(0, rules.capacity - taken.get(start, 0)))
        for day in (today + timedelta(days=n) for n in range(rules.days_ahead + 1))
        for start, end in _of_day(rules, day, there)
        if start - timedelta(minutes=rules.cutoff_minutes) >= now
    ]


def _of_day(rules: LocalRules, day: date, there: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    if day in rules.closed_days:
        return
    for opening in sorted(o for o in rules.openings if o.weekday == day.isoweekday()):
        for minute in range(opening.opens, opening.closes - rules.slot_minutes + 1, rules.slot_minutes):
            yield _at(day, minute, there), _at(day, minute + rules.slot_minutes, there)


def _at(day: date, minute: int, there: ZoneInfo) -> datetime:
    """An instant in UTC; minute 1440 is the midnight that ends the day."""
    day, minute = (day + timedelta(days=1), 0) if minute == MINUTES_A_DAY else (day, minute)
    return datetime.combine(day, time(minute // 60, minute % 60), there).astimezone(ZoneInfo("UTC"))


def fee_to(local: Local, address: Address) -> tuple[int, int | None]:
    """What a courier costs to the address, and the metres when they are known. Raises TooFar and NeedsPlace."""
    rules = local.rules
    metres = address.metres_from(local.latitude, local.longitude)
    if metres is None:
        if not any(address.region_code.startswith(code) for code in rules.districts):
            raise NeedsPlace(field="address", store=local.store_name)
        return max((tier.fee for tier in rules.tiers), default=0), None
    if metres > rules.radius:
        raise TooFar(field="address", store=local.store_name, metres=metres, radius=rules.radius)
    tiers = sorted(rules.tiers)
    return next((tier.fee for tier in tiers if metres <= tier.up_to), tiers[-1].fee if tiers else 0), metres


def local_terms(
    local: Local, ask: Ask, taken: Mapping[Booking, int], *, timezone: str, currency: str, now: datetime
) -> Terms:
    """What a courier costs and promises. Raises TooFar, NeedsPlace, BelowMinimum, NeedsSlot, SlotGone, SlotFull."""
    fee, metres = fee_to(local, ask.address)
    amount = sum(line.amount for line in ask.goods)
    sign = money.symbol(currency)
    if amount < local.rules.minimum:
        raise BelowMinimum(
            field="delivery",
            minimum=sign + money.plain(local.rules.minimum, currency),
            missing=sign + money.plain(local.rules.minimum - amount, currency),
        )
    if ask.slot is None:
        raise NeedsSlot(field="slot")
    of_store = {
        booking.slot: places for booking, places in taken.items() if booking.store_id == local.store_id
    }
    slot = next((s for s in slots(local.rules, timezone, of_store, now) if s.starts_at == ask.slot), None)
    if slot is None:
        raise SlotGone(field="slot")
    if not slot.left:
        raise SlotFull(field="slot")
    return Terms(fee, slot.starts_at, slot.starts_at, slot.ends_at, ((_note(local, metres), fee),))


def _note(local: Local, metres: int | None) -> str:
    name = local.store_name
    if metres is None:
        return f"{name}同城配送 / Local delivery from {name}"
    tenths = (metres + 50) // 100
    far = f"{tenths // 10}.{tenths % 10}"
    return f"{name}同城配送，约 {far} 公里 / Local delivery from {name}, about {far} km"


def of_stores(found: Mapping[UUID, Local], store_id: UUID | None) -> Local | None:
    """The store's local delivery when it is on."""
    local = found.get(store_id) if store_id is not None else None
    return local if local is not None and local.is_on else None
