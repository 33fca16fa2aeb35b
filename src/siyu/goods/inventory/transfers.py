"""Transfers: pieces leave one location, travel, and arrive at another, all or in part. Every step may come twice."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from siyu.goods.inventory.lots import number_of
from siyu.goods.inventory.model import PIECES_MAX, LotName, Pieces, WrongStep
from siyu.goods.inventory.moving import mine, receive, take_out
from siyu.goods.inventory.travelling import State, Transfer, TransferLine, transfer, transfer_lines, transfers
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork, json_rows

__all__ = [
    "LOSSES",
    "STATES",
    "Arrived",
    "State",
    "Transfer",
    "TransferLine",
    "WantedTransfer",
    "arrive",
    "cancel",
    "change_draft",
    "draft",
    "send",
    "transfer",
    "transfer_lines",
    "transfers",
]

REMARK_LENGTH_MAX = 200
LINES_MAX = 500  # as on an arrival: what one person packs and checks in a day

STATES: dict[str, tuple[str, str]] = {
    "draft": ("草稿", "draft"),
    "sent": ("在途", "on its way"),
    "received": ("已收货", "received"),
    "cancelled": ("已取消", "cancelled"),
}
LOSSES: dict[str, tuple[str, str]] = {
    "broken": ("破损", "broken"),
    "missing": ("丢失", "missing"),
    "expired": ("过期", "expired"),
    "other": ("其他", "other"),
}


class WantedTransfer(msgspec.Struct, frozen=True):
    """`id` is made by the asker: the same wish twice is one transfer."""

    id: UUID
    from_id: UUID
    to_id: UUID
    lines: tuple[tuple[UUID, int], ...]  # SKU, pieces
    remark: str = ""


class Arrived(msgspec.Struct, frozen=True):
    """What became of some pieces of a line: `received` on the shelf, `lost` for `reason` (one of LOSSES)."""

    sku_id: UUID
    received: int = 0
    lost: int = 0
    reason: str = ""


async def draft(uow: UnitOfWork, wanted: WantedTransfer) -> Transfer:
    """Write down what should travel; nothing moves yet. Raises Invalid."""
    _check(wanted)
    mine(uow, wanted.from_id)
    await _check_places(uow, wanted)
    inserted = await uow.run(
        """
        insert into stock_transfers (merchant_id, id, number, from_id, to_id, state, remark, created_by, created_at)
        values (%(merchant_id)s, %(id)s, %(number)s, %(from)s, %(to)s, 'draft', %(remark)s, %(by)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        **{"from": wanted.from_id, "to": wanted.to_id},
        id=wanted.id,
        number=number_of(uow, "DB", wanted.id),
        remark=wanted.remark,
        by=uow.actor.name,
    )
    if inserted:
        await _write_lines(uow, wanted.id, wanted.lines)
    return await transfer(uow, wanted.id)


async def change_draft(uow: UnitOfWork, transfer_id: UUID, lines: Sequence[tuple[UUID, int]]) -> None:
    """Replace the lines of a draft. Raises WrongStep once it was sent, Invalid and NotFound."""
    _check_lines(lines)
    _expect(await _locked(uow, transfer_id), "draft")
    await uow.run(
        "delete from stock_transfer_lines where merchant_id = %(merchant_id)s and transfer_id = %(id)s",
        id=transfer_id,
    )
    await _write_lines(uow, transfer_id, lines)


async def send(uow: UnitOfWork, transfer_id: UUID) -> None:
    """The pieces leave. Raises NotAllFree, WrongStep and NotFound; once sent, a second time changes nothing."""
    head = await _locked(uow, transfer_id)
    mine(uow, head.from_id)
    if head.state in {"sent", "received"}:
        return
    _expect(head, "draft")
    lines = await transfer_lines(uow, transfer_id)
    await take_out(
        uow,
        [Pieces(head.from_id, line.sku_id, line.quantity) for line in lines],
        reason="transfer_out",
        subject_id=transfer_id,
    )
    await uow.run(
        """
        update stock_transfers set state = 'sent', sent_at = %(now)s, sent_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=transfer_id,
        by=uow.actor.name,
    )


async def arrive(uow: UnitOfWork, transfer_id: UUID, arrival_id: UUID, arrived: Sequence[Arrived]) -> State:
    """Some or all of the pieces arrived, or will never. Returns the state: `received` when nothing is on its way.

    `arrival_id` is made by the asker: the same arrival counts once. Raises Invalid for more than was sent, WrongStep
    and NotFound.
    """
    head = await _locked(uow, transfer_id)
    mine(uow, head.to_id)
    if await _is_known(uow, arrival_id):
        return head.state
    _expect(head, "sent")
    lines = {line.sku_id: line for line in await transfer_lines(uow, transfer_id)}
    told = [one for one in arrived if one.received or one.lost]
    _check_arrived(lines, told)
    await _note_arrival(uow, transfer_id, arrival_id, told)
    await _land(uow, transfer_id, head.to_id, {one.sku_id: one.received for one in told if one.received})
    await uow.run(
        """
        update stock_transfer_lines tl
        set received = tl.received + t.received, lost = tl.lost + t.lost,
            loss_reason = case when t.lost > 0 then t.reason else tl.loss_reason end
        from json_to_recordset(%(rows)s::json) as t (sku_id uuid, received int, lost int, reason text)
        where tl.merchant_id = %(merchant_id)s and tl.transfer_id = %(id)s and tl.sku_id = t.sku_id
        """,
        id=transfer_id,
        rows=json_rows(told),
    )
    settled = sum(one.received + one.lost for one in told)
    if settled < sum(line.coming for line in lines.values()):
        return "sent"
    await _end(uow, transfer_id, "received")
    return "received"


async def cancel(uow: UnitOfWork, transfer_id: UUID) -> None:
    """Give a draft up, or bring back what is on its way. What arrived already stays where it is.

    Raises WrongStep once it was received, and NotFound. A second time changes nothing.
    """
    head = await _locked(uow, transfer_id)
    mine(uow, head.from_id)
    if head.state == "cancelled":
        return
    _expect(head, "draft", "sent")
    if head.state == "sent":
        lines = await transfer_lines(uow, transfer_id)
        coming = {line.sku_id: line.coming for line in lines if line.coming}
        await _land(uow, transfer_id, head.from_id, coming)
        await uow.run(
            """
            update stock_transfer_lines set sent_back = quantity - received - lost
            where merchant_id = %(merchant_id)s and transfer_id = %(id)s
            """,
            id=transfer_id,
        )
    await _end(uow, transfer_id, "cancelled")


async def _land(uow: UnitOfWork, transfer_id: UUID, place: UUID, quantities: Mapping[UUID, int]) -> None:
    """Pieces that were on their way are at a location now, in lots of the same code and date."""
    if not quantities:
        return
    travelling = await _travelling(uow, transfer_id, place)
    pieces: list[Pieces] = []
    names: list[LotName | None] = []
    for sku_id, quantity in sorted(quantities.items()):
        left = quantity
        for part in travelling.get(sku_id, []):
            taken = min(left, part.quantity)
            if taken:
                pieces.append(Pieces(place, sku_id, taken))
                names.append(LotName(part.code, part.expires_on))
                left -= taken
        if left:
            pieces.append(Pieces(place, sku_id, left))
            names.append(None)
    await receive(uow, pieces, reason="transfer_in", lot_names=names, subject_id=transfer_id)


class _Travelling(msgspec.Struct, frozen=True):
    sku_id: UUID
    code: str
    expires_on: date | None
    quantity: int


async def _travelling(uow: UnitOfWork, transfer_id: UUID, place: UUID) -> dict[UUID, list[_Travelling]]:
    """What of which lots is between the two locations, soonest to expire first.

    Where the place knows a lot of the same code with another date, ours gets its date into the code: pieces that
    are on their way cannot be refused. What was lost belonged to no lot in particular.
    """
    found: dict[UUID, list[_Travelling]] = {}
    for row in await uow.all(
        _Travelling,
        """
        select m.sku_id,
               case when exists (select from stock_lots o
                                 where o.merchant_id = %(merchant_id)s and o.location_id = %(place)s
                                   and o.sku_id = m.sku_id and o.code = b.code
                                   and o.expires_on is distinct from b.expires_on)
                    then left(b.code, 28) || ' ' || coalesce(b.expires_on::text, '-') else b.code end as code,
               b.expires_on, -sum(m.quantity)::int as quantity
        from stock_moves m
        join stock_lots b on b.merchant_id = m.merchant_id and b.id = m.lot_id
        where m.merchant_id = %(merchant_id)s and m.subject_id = %(transfer)s and m.lot_id is not null
        group by m.sku_id, b.code, b.expires_on
        having sum(m.quantity) < 0
        order by b.expires_on nulls last, b.code
        """,
        place=place,
        transfer=transfer_id,
    ):
        found.setdefault(row.sku_id, []).append(row)
    return found


class _Head(msgspec.Struct, frozen=True):
    state: State
    from_id: UUID
    to_id: UUID


async def _locked(uow: UnitOfWork, transfer_id: UUID) -> _Head:
    found = await uow.maybe(
        _Head,
        """
        select state, from_id, to_id from stock_transfers
        where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=transfer_id,
    )
    if found is None:
        raise NotFound(what="调拨单 / transfer")
    return found


def _expect(head: _Head, *states: State) -> None:
    if head.state not in states:
        zh, en = STATES[head.state]
        raise WrongStep(state_zh=zh, state=en)


async def _end(uow: UnitOfWork, transfer_id: UUID, state: State) -> None:
    await uow.run(
        """
        update stock_transfers set state = %(state)s, ended_at = %(now)s, ended_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=transfer_id,
        state=state,
        by=uow.actor.name,
    )


async def _is_known(uow: UnitOfWork, arrival_id: UUID) -> bool:
    found = await uow.all(
        UUID,
        "select id from stock_transfer_arrivals where merchant_id = %(merchant_id)s and id = %(id)s",
        id=arrival_id,
    )
    return bool(found)


async def _note_arrival(
    uow: UnitOfWork, transfer_id: UUID, arrival_id: UUID, arrived: Sequence[Arrived]
) -> None:
    await uow.run(
        """
        insert into stock_transfer_arrivals (merchant_id, id, transfer_id, lines, actor_id, actor_name, at)
        values (%(merchant_id)s, %(id)s, %(transfer)s, %(lines)s::jsonb, %(actor)s, %(name)s, %(now)s)
        """,
        id=arrival_id,
        transfer=transfer_id,
        lines=json_rows(arrived),
        actor=uow.actor.id,
        name=uow.actor.name,
    )


def _check(wanted: WantedTransfer) -> None:
    if wanted.from_id == wanted.to_id:
        raise Invalid(field="to", zh="调出和调入不能是同一个地点。", en="From and to must differ.")
    if len(wanted.remark) > REMARK_LENGTH_MAX:
        raise Invalid(
            field="remark",
            zh=f"备注最多 {REMARK_LENGTH_MAX} 个字。",
            en=f"A remark has at most {REMARK_LENGTH_MAX} characters.",
        )
    _check_lines(wanted.lines)


def _check_lines(lines: Sequence[tuple[UUID, int]]) -> None:
    if not 1 <= len(lines) <= LINES_MAX:
        raise Invalid(
            field="lines", zh=f"需有 1 到 {LINES_MAX} 种商品。", en=f"Between 1 and {LINES_MAX} SKUs."
        )
    if len({sku_id for sku_id, _ in lines}) < len(lines):
        raise Invalid(field="lines", zh="同一商品只能出现一次。", en="Each SKU once.")
    for i, (_, quantity) in enumerate(lines):
        if not 1 <= quantity <= PIECES_MAX:
            raise Invalid(
                field=f"lines[{i}].quantity",
                zh=f"件数需在 1 到 {PIECES_MAX} 之间。",
                en=f"Between 1 and {PIECES_MAX} pieces.",
            )


def _check_arrived(lines: Mapping[UUID, TransferLine], arrived: Sequence[Arrived]) -> None:
    if not arrived or len({one.sku_id for one in arrived}) < len(arrived):
        raise Invalid(
            field="lines",
            zh="请填写到了多少件，每种商品一行。",
            en="Say how many arrived, one line for each SKU.",
        )
    for i, one in enumerate(arrived):
        line = lines.get(one.sku_id)
        if line is None:
            raise Invalid(
                field=f"lines[{i}].sku_id", zh="调拨单里没有这个商品。", en="The transfer has no such SKU."
            )
        if one.received < 0 or one.lost < 0 or one.received + one.lost > line.coming:
            raise Invalid(
                field=f"lines[{i}].received",
                zh=f"{line.code} 在途只有 {line.coming} 件。",
                en=f"{line.coming} pieces of {line.code} are on their way.",
            )
        if one.lost and one.reason not in LOSSES:
            raise Invalid(
                field=f"lines[{i}].reason", zh="少到的件数请选择原因。", en="Choose why pieces are missing."
            )


async def _check_places(uow: UnitOfWork, wanted: WantedTransfer) -> None:
    """A supplier's goods are theirs until they are bought: nothing is transferred from or to them."""
    found = await uow.all(
        UUID,
        """
        select id from stores
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and kind <> 'supplier'
        """,
        ids=[wanted.from_id, wanted.to_id],
    )
    for field, place in (("from", wanted.from_id), ("to", wanted.to_id)):
        if place not in found:
            raise Invalid(
                field=field, zh="请选择自己的门店或仓库。", en="Choose a store or warehouse of yours."
            )


class _Line(msgspec.Struct, frozen=True):
    sku_id: UUID
    quantity: int


async def _write_lines(uow: UnitOfWork, transfer_id: UUID, lines: Sequence[tuple[UUID, int]]) -> None:
    written = await uow.run(
        """
        insert into stock_transfer_lines (merchant_id, transfer_id, sku_id, quantity)
        select %(merchant_id)s, %(id)s, k.id, t.quantity
        from json_to_recordset(%(rows)s::json) as t (sku_id uuid, quantity int)
        join skus k on k.merchant_id = %(merchant_id)s and k.id = t.sku_id
        """,
        id=transfer_id,
        rows=json_rows(_Line(sku_id, quantity) for sku_id, quantity in lines),
    )
    if written < len(lines):
        raise NotFound(what="商品规格 / SKU")
