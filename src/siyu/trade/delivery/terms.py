"""What delivery costs and promises: read in one statement, decided by a pure function."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.people.addresses import checked
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.trade.delivery.freight import freight
from siyu.trade.delivery.model import Ask, Booking, FreightTemplate, Local, NotOffered, Settings, Terms
from siyu.trade.delivery.slots import local_terms, of_stores

DAYS_MAX = 31  # no slot lies further ahead
MINUTES_STEP = 5  # slots start at these minutes only
WAY_WORDS = {"express": "快递配送 / delivery by parcel", "local": "同城配送 / local delivery"}


class _Taken(msgspec.Struct, frozen=True):
    store_id: UUID
    slot: datetime
    booked: int


class Tariffs(msgspec.Struct, frozen=True):
    """Everything `terms` needs, read in one go."""

    settings: Settings | None = None
    templates: tuple[FreightTemplate, ...] = ()
    locals: tuple[Local, ...] = ()
    taken: tuple[_Taken, ...] = ()
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"


class _Read(msgspec.Struct, frozen=True):
    settings: Settings | None
    templates: tuple[FreightTemplate, ...]
    locals: tuple[Local, ...]
    taken: tuple[_Taken, ...]


async def load(uow: UnitOfWork, asks: Sequence[Ask], *, is_booking: bool = True) -> Tariffs:
    """The tariffs of these asks in one statement; nothing is read when there are none.

    Their goods may be left out here: all templates are read, of which a merchant has a handful.

    With `is_booking` the slots they name are locked, in the order of their keys, until the unit of work ends, and
    made where they are new. Who only asks for a price reads them as they are.
    """
    named = _slots_of(asks, uow.now)
    if not asks:
        return Tariffs(timezone=uow.merchant.timezone, currency=uow.merchant.currency)
    found = await uow.one(
        _Read,
        """
        with locked as (
            insert into delivery_slots as s (merchant_id, store_id, starts_at, booked)
            select %(merchant_id)s, w.store_id, w.slot, 0
            from json_to_recordset(%(locked)s::json) as w (store_id uuid, slot timestamptz)
            join local_delivery l on l.merchant_id = %(merchant_id)s and l.store_id = w.store_id and l.is_on
            order by w.store_id, w.slot
            on conflict (merchant_id, store_id, starts_at) do update set booked = s.booked
            returning s.store_id, s.starts_at as slot, s.booked
        ), seen as (
            select s.store_id, s.starts_at as slot, s.booked
            from json_to_recordset(%(seen)s::json) as w (store_id uuid, slot timestamptz)
            join delivery_slots s on s.merchant_id = %(merchant_id)s and s.store_id = w.store_id
                                 and s.starts_at = w.slot
        )
        select
            (select json_build_object('ways', d.ways, 'ship_hours', d.ship_hours)
             from delivery_settings d where d.merchant_id = %(merchant_id)s) as settings,
            (select coalesce(json_agg(json_build_object('id', f.id, 'name', f.name, 'pricing', f.pricing,
                                                        'groups', f.groups, 'is_default', f.is_default)), '[]')
             from freight_templates f
             where f.merchant_id = %(merchant_id)s) as templates,
            (select coalesce(json_agg(json_build_object('store_id', l.store_id, 'store_name', s.name,
                                                        'latitude', s.latitude, 'longitude', s.longitude,
                                                        'is_on', l.is_on and s.is_open, 'rules', l.rules)), '[]')
             from local_delivery l join stores s on s.merchant_id = l.merchant_id and s.id = l.store_id
             where l.merchant_id = %(merchant_id)s and l.store_id = any(%(stores)s)) as locals,
            (select coalesce(json_agg(t), '[]')
             from (select * from locked union all select * from seen) t) as taken
        """,
        locked=json_rows(named if is_booking else ()),
        seen=json_rows(() if is_booking else named),
        stores=list({ask.store_id for ask in asks if ask.delivery == "local" and ask.store_id is not None}),
    )
    return Tariffs(
        found.settings,
        found.templates,
        found.locals,
        found.taken,
        uow.merchant.timezone,
        uow.merchant.currency,
    )


def _slots_of(asks: Sequence[Ask], now: datetime) -> list[Booking]:
    """The slots that could exist: nobody fills the table with moments that no store offers."""
    return sorted(
        {
            Booking(ask.store_id, ask.slot)
            for ask in asks
            if ask.delivery == "local" and ask.store_id is not None and ask.slot is not None
            if now <= ask.slot <= now + timedelta(days=DAYS_MAX + 1)
            if not (ask.slot.minute % MINUTES_STEP or ask.slot.second or ask.slot.microsecond)
        }
    )


def terms(tariffs: Tariffs, ask: Ask, now: datetime) -> Terms:
    """What delivering this costs and promises. Pure.

    Raises NotOffered, Invalid for an address that is none, NotThere, and for a courier TooFar, NeedsPlace,
    BelowMinimum, NeedsSlot, SlotGone and SlotFull.
    """
    settings = tariffs.settings or Settings()
    if ask.delivery not in settings.ways:
        raise NotOffered(field="delivery", way=WAY_WORDS.get(ask.delivery, ask.delivery))
    address = checked(ask.address)
    if ask.delivery == "express":
        by_id = {template.id: template for template in tariffs.templates}
        fee, notes = freight(by_id, ask.goods, address, tariffs.currency)
        return Terms(fee, now + timedelta(hours=settings.ship_hours), notes=notes)
    local = of_stores({one.store_id: one for one in tariffs.locals}, ask.store_id)
    if local is None:
        raise NotOffered(field="store_id", way=WAY_WORDS["local"])
    taken = {Booking(one.store_id, one.slot): one.booked for one in tariffs.taken}
    return local_terms(local, ask, taken, timezone=tariffs.timezone, currency=tariffs.currency, now=now)
