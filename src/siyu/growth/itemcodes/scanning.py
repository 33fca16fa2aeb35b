"""Somebody scans a code, and has what it brings. A code gets its row here, when it is used for the first time."""

import asyncio
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.growth import draws
from siyu.growth.itemcodes.codes import Code, Keys, Kind, keys, parse, serial_of
from siyu.growth.itemcodes.model import (
    AlreadyRedeemed,
    EnoughToday,
    NotActive,
    NotAReward,
    Redeemed,
    Reward,
    Seen,
    UnknownCode,
)
from siyu.growth.itemcodes.places import Place, is_outside
from siyu.kernel import ids
from siyu.people import points
from siyu.place import doors
from siyu.runtime import limits
from siyu.runtime.db import Database, Merchant, UnitOfWork

WRONG_MOST, WRONG_SECONDS = 20, 3_600
# Scans outside the territory from one box, and people at one unredeemed inner code, before somebody should look.
OUTSIDE_MOST = 3
PEOPLE_MOST = 5


class Item(msgspec.Struct, frozen=True):
    """The row behind a code, as far as scanning and redeeming need it."""

    batch_id: UUID
    number: int
    name: str
    product_id: UUID | None
    quantity: int
    per_box: int
    key: bytes
    reward: Reward
    per_day: int
    state: Literal["open", "void"]
    door_code: str

    def keys_of(self, kind: Kind) -> Keys:
        """What makes and checks the codes of a kind. Boxes are numbered on their own."""
        count = -(-self.quantity // self.per_box) if kind == "box" else self.quantity
        return keys(self.key, self.number, kind, count)


class Active(msgspec.Struct, frozen=True):
    """The range that holds a serial, with its dealer's door and territory."""

    dealer_id: UUID | None
    door_code: str | None
    latitude: int
    longitude: int
    radius_km: int


class Known(msgspec.Struct, frozen=True):
    """A code that is one of ours; `active` is None when its item was not sent out. A box counts by its first item."""

    item: Item
    kind: Kind
    serial: int
    active: Active | None

    @property
    def first_item(self) -> int:
        return self.serial * self.item.per_box if self.kind == "box" else self.serial

    @property
    def items(self) -> int:
        """How many items the code speaks of."""
        if self.kind != "box":
            return 1
        return min(self.item.per_box, self.item.quantity - self.first_item)


async def look_up(uow: UnitOfWork, text: str) -> Known:
    """What a typed or scanned code stands for. Raises UnknownCode."""
    code = parse(text)
    if code is None:
        raise UnknownCode
    item = await _item(uow, code)
    if item is None or (code.kind == "box" and not item.per_box):
        raise UnknownCode
    serial = serial_of(item.keys_of(code.kind), code)
    if serial is None:
        raise UnknownCode
    known = Known(item, code.kind, serial, None)
    return msgspec.structs.replace(known, active=await _active(uow, item.batch_id, known.first_item))


async def _item(uow: UnitOfWork, code: Code) -> Item | None:
    return await uow.maybe(
        Item,
        """
        select b.id as batch_id, b.number, b.name, b.product_id, b.quantity, b.per_box, b.key, b.reward, b.per_day,
               b.state, d.code as door_code
        from item_batches b join doors d on d.merchant_id = b.merchant_id and d.id = b.door_id
        where b.merchant_id = %(merchant_id)s and b.number = %(number)s
        """,
        number=code.batch,
    )


async def _active(uow: UnitOfWork, batch_id: UUID, serial: int) -> Active | None:
    # Ranges in force do not overlap, so the last one that begins at or before the serial is the only candidate.
    return await uow.maybe(
        Active,
        """
        select r.dealer_id, o.code as door_code, coalesce(d.latitude, 0) as latitude,
               coalesce(d.longitude, 0) as longitude, coalesce(d.radius_km, 0) as radius_km
        from (select first, last, dealer_id from item_ranges
              where merchant_id = %(merchant_id)s and batch_id = %(batch)s and undone_at is null
                and first <= %(serial)s
              order by first desc limit 1) r
        left join item_dealers d on d.merchant_id = %(merchant_id)s and d.id = r.dealer_id
        left join doors o on o.merchant_id = %(merchant_id)s and o.id = d.door_id
        where r.last >= %(serial)s
        """,
        batch=batch_id,
        serial=serial,
    )


async def scan(
    database: Database,
    merchant: Merchant,
    text: str,
    *,
    visitor_id: UUID,
    customer_id: UUID | None,
    place: Place | None = None,
) -> Seen:
    """Somebody scans a code: it is counted, and they come through the door of the dealer whose item it is.

    Raises UnknownCode, and TooManyRequests for whoever tries more than 20 wrong codes in an hour.
    """
    try:
        async with database.begin(merchant) as uow:
            known = await look_up(uow, text)
            return await _seen(uow, known, text, visitor_id, customer_id, place)
    except UnknownCode:
        who = str(customer_id or visitor_id)
        await limits.take(database, merchant, "itemcodes.wrong", who, most=WRONG_MOST, seconds=WRONG_SECONDS)
        raise


class _Scan(msgspec.Struct, frozen=True):
    first_at: datetime
    first_visitor: UUID
    scans: int
    people: int


async def _seen(
    uow: UnitOfWork,
    known: Known,
    text: str,
    visitor_id: UUID,
    customer_id: UUID | None,
    place: Place | None,
) -> Seen:
    async with uow.together():
        counted, had = await asyncio.gather(_count(uow, known, visitor_id, place), _of(uow, known))
    door = (known.active.door_code if known.active is not None else None) or known.item.door_code
    await doors.scan(uow, door, visitor_id, customer_id)
    if known.active is not None and place is not None and is_outside(known.active, place):
        await _watch_box(uow, known)
    if known.kind == "inner" and had is None and counted.people > PEOPLE_MOST:
        await _alert(uow, known, "relay", known.serial, {"scans": counted.scans, "people": counted.people})
    state = "void" if known.item.state == "void" else "active" if known.active is not None else "inactive"
    return Seen(
        kind=known.kind,
        code=text,
        batch_name=known.item.name,
        product_id=known.item.product_id,
        state=state,
        reward=known.item.reward if known.kind == "inner" else Reward("none"),
        first_at=counted.first_at,
        scans=counted.scans,
        is_first=counted.scans == 1,
        redeemed_at=had.at if had is not None else None,
        is_mine=had is not None and had.customer_id == customer_id,
        items=known.items,
    )


async def _count(uow: UnitOfWork, known: Known, visitor_id: UUID, place: Place | None) -> _Scan:
    return await uow.one(
        _Scan,
        """
        insert into item_scans as s (merchant_id, batch_id, kind, serial, first_at, first_visitor, last_at,
                                     last_visitor, place_lat, place_lon)
        values (%(merchant_id)s, %(batch)s, %(kind)s, %(serial)s, %(now)s, %(visitor)s, %(now)s, %(visitor)s,
                %(lat)s, %(lon)s)
        on conflict (merchant_id, batch_id, kind, serial) do update
        set last_at = excluded.last_at, last_visitor = excluded.last_visitor, scans = s.scans + 1,
            people = s.people + (s.last_visitor <> excluded.last_visitor)::int,
            place_lat = coalesce(excluded.place_lat, s.place_lat),
            place_lon = coalesce(excluded.place_lon, s.place_lon)
        returning first_at, first_visitor, scans, people
        """,
        batch=known.item.batch_id,
        kind=known.kind,
        serial=known.serial,
        visitor=visitor_id,
        lat=place.latitude if place is not None else None,
        lon=place.longitude if place is not None else None,
    )


async def _watch_box(uow: UnitOfWork, known: Known) -> None:
    """Several items of one box far from where they were sold: somebody should ask, and nothing happens by itself."""
    await uow.run(
        """
        update item_scans set is_outside = true
        where merchant_id = %(merchant_id)s and batch_id = %(batch)s and kind = %(kind)s and serial = %(serial)s
        """,
        batch=known.item.batch_id,
        kind=known.kind,
        serial=known.serial,
    )
    per_box = known.item.per_box or 1
    box = known.serial if known.kind == "box" else known.serial // per_box
    outside = await uow.one(
        int,
        """
        select count(distinct serial)::int from item_scans
        where merchant_id = %(merchant_id)s and batch_id = %(batch)s and kind <> 'box' and is_outside
          and serial >= %(first)s and serial < %(end)s
        """,
        batch=known.item.batch_id,
        first=box * per_box,
        end=(box + 1) * per_box,
    )
    if outside >= OUTSIDE_MOST or (known.item.per_box == 0 and outside):
        await _alert(uow, known, "diversion", box, {"outside": outside, "items": per_box})


async def _alert(
    uow: UnitOfWork, known: Known, kind: Literal["diversion", "relay"], subject: int, facts: dict[str, int]
) -> None:
    """One open alert a subject; what was looked at and closed opens again when it goes on."""
    await uow.run(
        """
        insert into item_alerts as a (merchant_id, id, batch_id, kind, subject, dealer_id, facts, opened_at)
        values (%(merchant_id)s, %(id)s, %(batch)s, %(kind)s, %(subject)s, %(dealer)s, %(facts)s::jsonb, %(now)s)
        on conflict (merchant_id, batch_id, kind, subject) do update
        set facts = excluded.facts,
            opened_at = case when a.closed_at is null then a.opened_at else excluded.opened_at end, closed_at = null
        """,
        id=ids.new(),
        batch=known.item.batch_id,
        kind=kind,
        subject=subject,
        dealer=known.active.dealer_id if known.active is not None else None,
        facts=msgspec.json.encode(facts).decode(),
    )


async def close_alert(uow: UnitOfWork, alert_id: UUID, note: str) -> bool:
    """Somebody looked at it. Twice is once; False when there was nothing open."""
    return (
        await uow.run(
            """
        update item_alerts set closed_at = %(now)s, note = %(note)s
        where merchant_id = %(merchant_id)s and id = %(id)s and closed_at is null
        """,
            id=alert_id,
            note=" ".join(note.split())[:200],
        )
        == 1
    )


async def redeem(uow: UnitOfWork, text: str, customer_id: UUID) -> Redeemed:
    """The customer has what the inner code brings, once for ever; asking again gets the same answer.

    Raises UnknownCode, NotAReward, NotActive, AlreadyRedeemed and EnoughToday; then nothing was used up.
    """
    known = await look_up(uow, text)
    had = await _of(uow, known)
    if had is not None:
        return _answer(uow, had, customer_id)
    reward = known.item.reward
    if known.kind != "inner" or reward.kind == "none":
        raise NotAReward
    if known.active is None or known.item.state == "void":
        raise NotActive
    await _check_day(uow, known, customer_id)
    gift_id = ids.derived("itemcodes.gift", known.item.batch_id, known.serial)
    written = await uow.run(
        """
        insert into item_redemptions (merchant_id, batch_id, serial, customer_id, reward, gift_id, at)
        values (%(merchant_id)s, %(batch)s, %(serial)s, %(customer)s, %(reward)s::jsonb, %(gift)s, %(now)s)
        on conflict do nothing
        """,
        batch=known.item.batch_id,
        serial=known.serial,
        customer=customer_id,
        reward=msgspec.json.encode(reward).decode(),
        gift=gift_id,
    )
    if not written:  # somebody was faster, and has committed by now
        had = await _of(uow, known)
        assert had is not None
        return _answer(uow, had, customer_id)
    await _give(uow, known, customer_id, gift_id)
    return Redeemed(reward, gift_id, uow.now)


class _Given(msgspec.Struct, frozen=True):
    customer_id: UUID
    reward: Reward
    gift_id: UUID | None
    at: datetime


async def _of(uow: UnitOfWork, known: Known) -> _Given | None:
    if known.kind != "inner":
        return None
    return await uow.maybe(
        _Given,
        """
        select customer_id, reward, gift_id, at from item_redemptions
        where merchant_id = %(merchant_id)s and batch_id = %(batch)s and serial = %(serial)s
        """,
        batch=known.item.batch_id,
        serial=known.serial,
    )


def _answer(uow: UnitOfWork, had: _Given, customer_id: UUID) -> Redeemed:
    if had.customer_id != customer_id:
        raise AlreadyRedeemed(at=f"{had.at.astimezone(ZoneInfo(uow.merchant.timezone)):%Y-%m-%d %H:%M}")
    return Redeemed(had.reward, had.gift_id, had.at)


async def _check_day(uow: UnitOfWork, known: Known, customer_id: UUID) -> None:
    # The account is the lock: two codes of one customer at one moment are counted one after the other.
    await uow.run(
        "select from customers where merchant_id = %(merchant_id)s and id = %(id)s for no key update",
        id=customer_id,
    )
    today = await uow.one(
        int,
        """
        select count(*)::int from item_redemptions
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and batch_id = %(batch)s
          and at >= date_trunc('day', %(now)s at time zone %(zone)s) at time zone %(zone)s
        """,
        customer=customer_id,
        batch=known.item.batch_id,
        zone=uow.merchant.timezone,
    )
    if today >= known.item.per_day:
        raise EnoughToday(most=known.item.per_day)


async def _give(uow: UnitOfWork, known: Known, customer_id: UUID, gift_id: UUID) -> None:
    reward = known.item.reward
    if reward.kind == "draw":
        assert reward.draw_id is not None
        await draws.bring(uow, reward.draw_id, customer_id, gift_id)
        return
    gift = points.Move(
        customer_id,
        "granted",
        gift_id,
        reward.points,
        expires_at=await points.expiry_now(uow),
        note=f"扫码：{known.item.name} / code: {known.item.name}",
    )
    await points.move(uow, [gift])
