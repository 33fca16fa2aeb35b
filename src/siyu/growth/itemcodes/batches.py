"""Making batches, sending ranges of them out, dealers: everything that happens before anybody scans."""

import secrets
from uuid import UUID

import msgspec

from siyu.growth import draws
from siyu.growth.itemcodes.codes import BATCH_MAX, KEY_BYTES, SERIALS_MAX
from siyu.growth.itemcodes.model import (
    AlreadyScanned,
    Batch,
    Dealer,
    NewBatch,
    NewDealer,
    Overlaps,
    Range,
    Reward,
)
from siyu.growth.itemcodes.queries import find, find_dealer
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import doors
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

POINTS_MAX = 100_000
PER_BOX_MAX = 10_000
PER_DAY_MAX = 1_000
DEGREE = 1_000_000


async def create(uow: UnitOfWork, batch_id: UUID, new: NewBatch) -> Batch:
    """Make a batch under the caller's id; a second arrival finds the first. Raises Invalid and NotFound.

    Nothing is stored but the row: the codes follow from its key.
    """
    _check(new)
    if new.reward.kind == "draw":
        await _check_draw(uow, new.reward)
    # Two batches made at the same moment must not print the same number.
    await uow.run(
        "select pg_advisory_xact_lock(hashtextextended('item_batches' || %(merchant_id)s::text, 0))"
    )
    last = await uow.one(
        _Last,
        """
        select coalesce(max(number), -1) as number, coalesce(bool_or(id = %(id)s), false) as is_known
        from item_batches where merchant_id = %(merchant_id)s
        """,
        id=batch_id,
    )
    if not last.is_known:
        await _write(uow, batch_id, new, last.number + 1)
    return await find(uow, batch_id)


class _Last(msgspec.Struct, frozen=True):
    number: int
    is_known: bool


async def _write(uow: UnitOfWork, batch_id: UUID, new: NewBatch, number: int) -> None:
    if number > BATCH_MAX:
        raise Invalid(field="name", zh="批次数已到上限。", en="There are no more batch numbers.")
    door = await doors.open_door(
        uow,
        doors.NewDoor(name=f"一物一码·{new.name.strip()}", kind="other", space="point", ownership="owned"),
    )
    await uow.run(
        """
        insert into item_batches (merchant_id, id, number, name, product_id, quantity, per_box, key, reward,
                                  per_day, door_id, created_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(number)s, %(name)s, %(product)s, %(quantity)s, %(per_box)s, %(key)s,
                %(reward)s::jsonb, %(per_day)s, %(door)s, %(now)s, %(now)s)
        """,
        id=batch_id,
        number=number,
        name=new.name.strip(),
        product=new.product_id,
        quantity=new.quantity,
        per_box=new.per_box,
        key=secrets.token_bytes(KEY_BYTES),
        reward=msgspec.json.encode(new.reward).decode(),
        per_day=new.per_day,
        door=door.id,
    )


def _check(new: NewBatch) -> None:
    if not 1 <= len(new.name.strip()) <= 40:
        raise Invalid(field="name", zh="名称需 1 到 40 字。", en="A name has 1 to 40 characters.")
    if not 1 <= new.quantity <= SERIALS_MAX:
        raise Invalid(
            field="quantity", zh="数量需在 1 到 1 亿之间。", en="A batch has 1 to 100,000,000 codes."
        )
    if not 0 <= new.per_box <= PER_BOX_MAX:
        raise Invalid(
            field="per_box", zh="每箱件数需在 0 到 10000 之间。", en="A box holds 0 to 10,000 items."
        )
    if not 1 <= new.per_day <= PER_DAY_MAX:
        raise Invalid(
            field="per_day", zh="每人每天次数需在 1 到 1000 之间。", en="Between 1 and 1,000 a day."
        )
    reward = new.reward
    if (reward.kind == "points") != (reward.points > 0) or reward.points > POINTS_MAX:
        raise Invalid(
            field="points", zh="积分需在 1 到 100000 之间。", en="Points are between 1 and 100,000."
        )
    if (reward.kind == "draw") != (reward.draw_id is not None):
        raise Invalid(field="draw_id", zh="请选择抽奖。", en="Choose the draw.")


async def _check_draw(uow: UnitOfWork, reward: Reward) -> None:
    """The odds of what a code may win are those of a draw that says so (规范促销行为暂行规定 art. 13)."""
    assert reward.draw_id is not None
    draw = await draws.find(uow, reward.draw_id)
    if not draw.rules.code_tickets:
        raise Invalid(
            field="draw_id", zh="这个抽奖没有公示可凭码参与。", en="This draw does not say that codes take part."
        )  # fmt: skip


async def add_dealer(uow: UnitOfWork, dealer_id: UUID, new: NewDealer) -> Dealer:
    """Add a dealer with a door of their own; a second arrival finds the first. Raises Invalid."""
    name = new.name.strip()
    if not 1 <= len(name) <= 40:
        raise Invalid(field="name", zh="名称需 1 到 40 字。", en="A name has 1 to 40 characters.")
    if abs(new.latitude) > 90 * DEGREE or abs(new.longitude) > 180 * DEGREE:
        raise Invalid(field="latitude", zh="坐标不正确。", en="These are no coordinates.")
    if not 0 <= new.radius_km <= 20_000:  # half of the Earth's circumference
        raise Invalid(field="radius_km", zh="半径需在 0 到 20000 公里之间。", en="Between 0 and 20,000 km.")
    known = await uow.maybe(
        UUID,
        """
        select id from item_dealers where merchant_id = %(merchant_id)s and (id = %(id)s or name = %(name)s)
        order by id = %(id)s desc limit 1
        """,
        id=dealer_id,
        name=name,
    )
    if known is not None and known != dealer_id:
        raise Invalid(field="name", zh="已有同名经销商。", en="There is a dealer of this name.")
    if known is None:
        door = await doors.open_door(
            uow, doors.NewDoor(name=f"经销商·{name}", kind="other", space="point", ownership="owned")
        )
        await uow.run(
            """
            insert into item_dealers (merchant_id, id, name, door_id, latitude, longitude, radius_km, created_at)
            values (%(merchant_id)s, %(id)s, %(name)s, %(door)s, %(lat)s, %(lon)s, %(radius)s, %(now)s)
            """,
            id=dealer_id,
            name=name,
            door=door.id,
            lat=new.latitude,
            lon=new.longitude,
            radius=new.radius_km,
        )
    return await find_dealer(uow, dealer_id)


async def activate(
    uow: UnitOfWork, range_id: UUID, batch_id: UUID, first: int, last: int, dealer_id: UUID | None = None
) -> Range:
    """Serials `first` to `last` inclusive were sent out, to this dealer if one is named; from now on they count.

    A second arrival finds the first. Raises NotFound, Invalid at `first` or `last`, and Overlaps.
    """
    batch = await find(uow, batch_id, lock=True)
    again = await _range(uow, batch_id, range_id)
    if again is not None:
        return again
    if not 0 <= first < batch.quantity:
        raise Invalid(field="first", zh="起始序号不在批次内。", en="The first serial is not in the batch.")
    if not first <= last < batch.quantity:
        raise Invalid(field="last", zh="结束序号不在批次内。", en="The last serial is not in the batch.")
    if dealer_id is not None:
        await find_dealer(uow, dealer_id)
    clash = await uow.maybe(
        Range,
        """
        select r.id, r.first, r.last, r.dealer_id, d.name as dealer_name, r.activated_at from item_ranges r
        left join item_dealers d on d.merchant_id = r.merchant_id and d.id = r.dealer_id
        where r.merchant_id = %(merchant_id)s and r.batch_id = %(batch)s and r.undone_at is null
          and r.first <= %(last)s and r.last >= %(first)s
        order by r.first limit 1
        """,
        batch=batch_id,
        first=first,
        last=last,
    )
    if clash is not None:
        raise Overlaps(first=clash.first, last=clash.last)
    await uow.run(
        """
        insert into item_ranges (merchant_id, id, batch_id, first, last, dealer_id, activated_at)
        values (%(merchant_id)s, %(id)s, %(batch)s, %(first)s, %(last)s, %(dealer)s, %(now)s)
        """,
        id=range_id,
        batch=batch_id,
        first=first,
        last=last,
        dealer=dealer_id,
    )
    await audit.note(
        uow,
        "itemcodes.activate",
        subject=batch_id,
        subject_kind="item_batch",
        before={},
        after={"first": first, "last": last},
    )
    found = await _range(uow, batch_id, range_id)
    assert found is not None
    return found


async def _range(uow: UnitOfWork, batch_id: UUID, range_id: UUID) -> Range | None:
    return await uow.maybe(
        Range,
        """
        select r.id, r.first, r.last, r.dealer_id, d.name as dealer_name, r.activated_at from item_ranges r
        left join item_dealers d on d.merchant_id = r.merchant_id and d.id = r.dealer_id
        where r.merchant_id = %(merchant_id)s and r.batch_id = %(batch)s and r.id = %(id)s
        """,
        batch=batch_id,
        id=range_id,
    )


async def undo(uow: UnitOfWork, batch_id: UUID, range_id: UUID) -> None:
    """Take an activation back, as long as nobody has scanned one of its codes. Twice is once.

    Raises NotFound and AlreadyScanned.
    """
    await find(uow, batch_id, lock=True)
    found = await _range(uow, batch_id, range_id)
    if found is None:
        raise NotFound(what="启用范围 / range")
    scanned = await uow.one(
        int,
        """
        select count(*)::int from item_scans
        where merchant_id = %(merchant_id)s and batch_id = %(batch)s and kind <> 'box'
          and serial between %(first)s and %(last)s
        """,
        batch=batch_id,
        first=found.first,
        last=found.last,
    )
    if scanned:
        raise AlreadyScanned(n=scanned)
    undone = await uow.run(
        """
        update item_ranges set undone_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and undone_at is null
        """,
        id=range_id,
    )
    if undone:
        await audit.note(
            uow,
            "itemcodes.undo",
            subject=batch_id,
            subject_kind="item_batch",
            before={"first": found.first, "last": found.last},
            after={},
        )


async def void(uow: UnitOfWork, batch_id: UUID, reason: str) -> None:
    """Call a whole batch back: its codes still say whose they were, and bring nothing any more. Twice is once.

    Raises NotFound and Invalid at `reason`.
    """
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= audit.REASON_LENGTH_MAX:
        raise Invalid(
            field="reason", zh="请写明原因（500 字以内）。", en="Give a reason of at most 500 characters."
        )
    await find(uow, batch_id, lock=True)
    changed = await uow.run(
        """
        update item_batches set state = 'void', updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'open'
        """,
        id=batch_id,
    )
    if changed:
        await audit.note(
            uow,
            "itemcodes.void",
            subject=batch_id,
            subject_kind="item_batch",
            before={"state": "open"},
            after={"state": "void"},
            reason=reason,
        )
