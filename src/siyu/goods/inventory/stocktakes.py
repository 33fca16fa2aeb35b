"""Stocktakes: a sheet for a location, counted blind while goods go on leaving, reviewed, posted once.

Each line remembers on_hand at the instant of its count. What leaves or arrives afterwards is no difference: posting
adds `counted - expected` to whatever is on hand by then.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods.inventory.actions import lock
from siyu.goods.inventory.lots import number_of
from siyu.goods.inventory.model import PIECES_MAX, Pieces, PromisedCountedAway, WrongStep
from siyu.goods.inventory.moving import change_by, mine
from siyu.goods.inventory.queries import pattern
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, after_moment, bounded
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork, json_rows

State = Literal["counting", "posted", "cancelled"]
REMARK_LENGTH_MAX = 200
COUNTS_MAX = 5_000  # of one upload; a larger sheet is counted by category

STATES: dict[str, tuple[str, str]] = {
    "counting": ("盘点中", "being counted"),
    "posted": ("已过账", "posted"),
    "cancelled": ("已取消", "cancelled"),
}


class WantedStocktake(msgspec.Struct, frozen=True):
    """`id` is made by the asker. Without a category everything at the location is on the sheet."""

    id: UUID
    location_id: UUID
    category_id: UUID | None = None
    remark: str = ""


class Count(msgspec.Struct, frozen=True):
    """Somebody counted `counted` pieces. `id` is made by the asker, so that a count sent twice freezes on_hand once."""

    sku_id: UUID
    counted: int
    id: UUID


class Stocktake(msgspec.Struct, frozen=True):
    """A stocktake's head and how far it is: `lines` on the sheet, `counted` of them, `different` of these."""

    id: UUID
    number: str
    location_id: UUID
    location_name: str
    category_name: str
    state: State
    remark: str
    created_by: str
    created_at: datetime
    ended_by: str
    ended_at: datetime | None
    lines: int
    counted: int
    different: int


class StocktakeLine(msgspec.Struct, frozen=True):
    """`expected` is on_hand when it was counted; `price` is one piece's selling price in minor units."""

    sku_id: UUID
    code: str
    title: str
    sku_title: str
    picture: str
    price: int
    counted: int | None
    expected: int | None
    counted_by: str
    counted_at: datetime | None

    @property
    def difference(self) -> int:
        return self.counted - self.expected if self.counted is not None and self.expected is not None else 0


async def begin(uow: UnitOfWork, wanted: WantedStocktake) -> Stocktake:
    """Open a sheet with every SKU that has a stock row at the location. Raises Invalid and NotFound."""
    if len(wanted.remark) > REMARK_LENGTH_MAX:
        raise Invalid(
            field="remark",
            zh=f"备注最多 {REMARK_LENGTH_MAX} 个字。",
            en=f"A remark has at most {REMARK_LENGTH_MAX} characters.",
        )
    mine(uow, wanted.location_id)
    inserted = await uow.run(
        """
        insert into stocktakes (merchant_id, id, number, location_id, category_id, state, remark, created_by,
                                created_at)
        select %(merchant_id)s, %(id)s, %(number)s, l.id, %(category)s, 'counting', %(remark)s, %(by)s, %(now)s
        from stores l where l.merchant_id = %(merchant_id)s and l.id = %(location)s
        on conflict (merchant_id, id) do nothing
        """,
        id=wanted.id,
        number=number_of(uow, "PD", wanted.id),
        location=wanted.location_id,
        category=wanted.category_id,
        remark=wanted.remark,
        by=uow.actor.name,
    )
    if inserted:
        await _fill(uow, wanted)
    return await stocktake(uow, wanted.id)


async def _fill(uow: UnitOfWork, wanted: WantedStocktake) -> None:
    await uow.run(
        """
        insert into stocktake_lines (merchant_id, stocktake_id, sku_id)
        select %(merchant_id)s, %(id)s, s.sku_id
        from stock s
        join skus k on k.merchant_id = %(merchant_id)s and k.id = s.sku_id
        join products p on p.merchant_id = %(merchant_id)s and p.id = k.product_id
        where s.merchant_id = %(merchant_id)s and s.location_id = %(location)s
          and (%(category)s::uuid is null or p.category_id in (
              with recursive below as (
                  select c.id from categories c where c.merchant_id = %(merchant_id)s and c.id = %(category)s
                  union all
                  select c.id from categories c
                  join below on c.merchant_id = %(merchant_id)s and c.parent_id = below.id)
              select id from below))
        """,
        id=wanted.id,
        location=wanted.location_id,
        category=wanted.category_id,
    )


class _CountRow(msgspec.Struct, frozen=True):
    sku_id: UUID
    counted: int
    count_id: UUID


async def record(uow: UnitOfWork, stocktake_id: UUID, counts: Sequence[Count]) -> None:
    """Write counts down; a later count of the same SKU replaces the earlier one. What was not on the sheet is added.

    on_hand is frozen by the same statement that writes the count. Raises Invalid, WrongStep and NotFound.
    """
    for i, one in enumerate(counts):
        if not 0 <= one.counted <= PIECES_MAX:
            raise Invalid(
                field=f"lines[{i}].counted",
                zh=f"件数需在 0 到 {PIECES_MAX} 之间。",
                en=f"Between 0 and {PIECES_MAX} pieces.",
            )
    if not 1 <= len(counts) <= COUNTS_MAX or len({one.sku_id for one in counts}) < len(counts):
        raise Invalid(
            field="lines",
            zh=f"每次 1 到 {COUNTS_MAX} 种商品，每种一行。",
            en=f"Between 1 and {COUNTS_MAX} SKUs, one line each.",
        )
    head = await _locked(uow, stocktake_id, for_counting=True)
    _expect(head, "counting")
    written = await uow.run(
        """
        insert into stocktake_lines as line (merchant_id, stocktake_id, sku_id, counted, expected, counted_by,
                                             counted_at, count_id)
        select %(merchant_id)s, %(id)s, k.id, t.counted, coalesce(s.on_hand, 0), %(by)s, %(now)s, t.count_id
        from json_to_recordset(%(rows)s::json) as t (sku_id uuid, counted int, count_id uuid)
        join skus k on k.merchant_id = %(merchant_id)s and k.id = t.sku_id
        left join stock s on s.merchant_id = %(merchant_id)s and s.location_id = %(location)s and s.sku_id = k.id
        order by k.id
        on conflict (merchant_id, stocktake_id, sku_id) do update
        set counted = case when line.count_id = excluded.count_id then line.counted else excluded.counted end,
            expected = case when line.count_id = excluded.count_id then line.expected else excluded.expected end,
            counted_by = excluded.counted_by, counted_at = excluded.counted_at, count_id = excluded.count_id
        """,
        id=stocktake_id,
        location=head.location_id,
        by=uow.actor.name,
        rows=json_rows(_CountRow(one.sku_id, one.counted, one.id) for one in counts),
    )
    if written < len(counts):
        raise NotFound(what="商品规格 / SKU")


async def post(uow: UnitOfWork, stocktake_id: UUID) -> int:
    """The differences become moves; return how many SKUs changed. Lines that nobody counted stay as they are.

    Raises PromisedCountedAway naming every SKU of which fewer would remain than are promised; WrongStep, Invalid,
    NotFound. Once posted, a second time changes nothing.
    """
    head = await _locked(uow, stocktake_id)
    if head.state == "posted":
        return 0
    _expect(head, "counting")
    lines = [line for line in await stocktake_lines(uow, stocktake_id) if line.counted is not None]
    if not lines:
        raise Invalid(field="lines", zh="还没有盘点任何商品。", en="Nothing has been counted yet.")
    changed = {line.sku_id: line for line in lines if line.difference}
    pieces = [Pieces(head.location_id, line.sku_id, line.difference) for line in changed.values()]
    levels = await lock(uow, pieces)
    short: list[tuple[str, int, int]] = []
    for one in pieces:
        level = levels.get((one.location_id, one.sku_id))
        on_hand, reserved = (level.on_hand, level.reserved + level.carved) if level else (0, 0)
        if on_hand + one.quantity < reserved:
            short.append((changed[one.sku_id].code, on_hand + one.quantity, reserved))
    if short:
        raise PromisedCountedAway(short)
    await change_by(uow, levels, sorted(pieces), subject_id=stocktake_id, note=head.number)
    await _end(uow, stocktake_id, "posted")
    await audit.note(
        uow,
        "stock.stocktake",
        subject_kind="stocktake",
        subject=stocktake_id,
        name=head.number,
        after={line.code: line.difference for line in changed.values()},
    )
    return len(pieces)


async def give_up(uow: UnitOfWork, stocktake_id: UUID) -> None:
    """Nothing of it is posted. Raises WrongStep once it was posted, and NotFound."""
    head = await _locked(uow, stocktake_id)
    if head.state != "cancelled":
        _expect(head, "counting")
        await _end(uow, stocktake_id, "cancelled")


class _Head(msgspec.Struct, frozen=True):
    state: State
    number: str
    location_id: UUID


async def _locked(uow: UnitOfWork, stocktake_id: UUID, *, for_counting: bool = False) -> _Head:
    """Many may count at once; whoever posts is alone."""
    if for_counting:
        found = await uow.maybe(
            _Head,
            """
            select state, number, location_id from stocktakes
            where merchant_id = %(merchant_id)s and id = %(id)s for share
            """,
            id=stocktake_id,
        )
    else:
        found = await uow.maybe(
            _Head,
            """
            select state, number, location_id from stocktakes
            where merchant_id = %(merchant_id)s and id = %(id)s for update
            """,
            id=stocktake_id,
        )
    if found is None or not uow.actor.sees(found.location_id):
        raise NotFound(what="盘点单 / stocktake")
    return found


def _expect(head: _Head, state: State) -> None:
    if head.state != state:
        zh, en = STATES[head.state]
        raise WrongStep(state_zh=zh, state=en)


async def _end(uow: UnitOfWork, stocktake_id: UUID, state: State) -> None:
    await uow.run(
        """
        update stocktakes set state = %(state)s, ended_at = %(now)s, ended_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=stocktake_id,
        state=state,
        by=uow.actor.name,
    )


async def stocktake(uow: UnitOfWork, stocktake_id: UUID) -> Stocktake:
    """Raises NotFound."""
    found = await _stocktakes(uow, stocktake_id=stocktake_id)
    if not found:
        raise NotFound(what="盘点单 / stocktake")
    return found[0]


async def stocktakes(
    uow: UnitOfWork,
    *,
    state: str = "",
    location_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Stocktake]:
    """Newest first."""
    limit = bounded(limit)
    found = await _stocktakes(uow, state=state, location_id=location_id, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.created_at.isoformat()}~{last.id}" if last else None)


async def _stocktakes(
    uow: UnitOfWork,
    *,
    stocktake_id: UUID | None = None,
    state: str = "",
    location_id: UUID | None = None,
    after: str | None = None,
    limit: int = 1,
) -> list[Stocktake]:
    last_at, last_id = after_moment(after) or (None, None)
    return await uow.all(
        Stocktake,
        """
        select t.id, t.number, t.location_id, l.name as location_name, coalesce(c.name, '') as category_name,
               t.state, t.remark, t.created_by, t.created_at, t.ended_by, t.ended_at, n.lines, n.counted, n.different
        from stocktakes t
        join stores l on l.merchant_id = t.merchant_id and l.id = t.location_id
        left join categories c on c.merchant_id = t.merchant_id and c.id = t.category_id
        cross join lateral (
            select count(*)::int as lines, count(tl.counted)::int as counted,
                   (count(*) filter (where tl.counted <> tl.expected))::int as different
            from stocktake_lines tl where tl.merchant_id = t.merchant_id and tl.stocktake_id = t.id) n
        where t.merchant_id = %(merchant_id)s
          and (%(id)s::uuid is null or t.id = %(id)s)
          and (%(state)s = '' or t.state = %(state)s)
          and (%(location)s::uuid is null or t.location_id = %(location)s)
          and (%(scope)s::uuid[] is null or t.location_id = any(%(scope)s))
          and (%(last_at)s::timestamptz is null or (t.created_at, t.id) < (%(last_at)s, %(last_id)s::uuid))
        order by t.created_at desc, t.id desc limit %(limit)s
        """,
        id=stocktake_id,
        state=state,
        location=location_id,
        scope=uow.actor.scope_list,
        last_at=last_at,
        last_id=last_id,
        limit=limit,
    )


async def stocktake_lines(
    uow: UnitOfWork, stocktake_id: UUID, *, search: str = "", only: Literal["", "open", "different"] = ""
) -> list[StocktakeLine]:
    """The sheet, by code; `only` the lines nobody counted, or those that differ."""
    return await uow.all(
        StocktakeLine,
        """
        select tl.sku_id, k.code, p.title, k.title as sku_title, p.picture, k.price, tl.counted, tl.expected,
               tl.counted_by, tl.counted_at
        from stocktake_lines tl
        join skus k on k.merchant_id = tl.merchant_id and k.id = tl.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where tl.merchant_id = %(merchant_id)s and tl.stocktake_id = %(id)s
          and (%(pattern)s = '' or p.title ilike %(pattern)s or k.code ilike %(pattern)s)
          and (%(only)s <> 'open' or tl.counted is null)
          and (%(only)s <> 'different' or tl.counted <> tl.expected)
        order by k.code
        """,
        id=stocktake_id,
        pattern=pattern(search),
        only=only,
    )


def counts_of(counted: Sequence[tuple[UUID, int]]) -> list[Count]:
    """Counts that come once, as those of an uploaded sheet do."""
    return [Count(sku_id, pieces, ids.new()) for sku_id, pieces in counted]
