"""Reading transfers: the list, one of them, and what it carries."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, after_moment, bounded
from siyu.runtime.db import UnitOfWork

State = Literal["draft", "sent", "received", "cancelled"]


class TransferLine(msgspec.Struct, frozen=True):
    sku_id: UUID
    code: str
    title: str
    sku_title: str
    quantity: int
    received: int
    lost: int
    sent_back: int
    loss_reason: str

    @property
    def coming(self) -> int:
        """Pieces of which nothing was said yet."""
        return self.quantity - self.received - self.lost - self.sent_back


class Transfer(msgspec.Struct, frozen=True):
    """A transfer's head. `coming` pieces are on their way while it is sent."""

    id: UUID
    number: str
    from_id: UUID
    from_name: str
    to_id: UUID
    to_name: str
    state: State
    remark: str
    created_by: str
    created_at: datetime
    sent_by: str
    sent_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    pieces: int
    coming: int
    lost: int


async def transfer(uow: UnitOfWork, transfer_id: UUID) -> Transfer:
    """Raises NotFound."""
    found = await _transfers(uow, transfer_id=transfer_id)
    if not found:
        raise NotFound(what="调拨单 / transfer")
    return found[0]


async def transfers(
    uow: UnitOfWork,
    *,
    state: str = "",
    location_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Transfer]:
    """Newest first, from or to `location_id` when it is given."""
    limit = bounded(limit)
    found = await _transfers(uow, state=state, location_id=location_id, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.created_at.isoformat()}~{last.id}" if last else None)


async def _transfers(
    uow: UnitOfWork,
    *,
    transfer_id: UUID | None = None,
    state: str = "",
    location_id: UUID | None = None,
    after: str | None = None,
    limit: int = 1,
) -> list[Transfer]:
    last_at, last_id = after_moment(after) or (None, None)
    return await uow.all(
        Transfer,
        """
        select t.id, t.number, t.from_id, f.name as from_name, t.to_id, o.name as to_name, t.state, t.remark,
               t.created_by, t.created_at, t.sent_by, t.sent_at, t.ended_by, t.ended_at,
               coalesce(n.pieces, 0)::int as pieces,
               (case when t.state = 'sent' then coalesce(n.coming, 0) else 0 end)::int as coming,
               coalesce(n.lost, 0)::int as lost
        from stock_transfers t
        join stores f on f.merchant_id = t.merchant_id and f.id = t.from_id
        join stores o on o.merchant_id = t.merchant_id and o.id = t.to_id
        left join lateral (
            select sum(tl.quantity) as pieces, sum(tl.quantity - tl.received - tl.lost - tl.sent_back) as coming,
                   sum(tl.lost) as lost
            from stock_transfer_lines tl where tl.merchant_id = t.merchant_id and tl.transfer_id = t.id) n on true
        where t.merchant_id = %(merchant_id)s
          and (%(id)s::uuid is null or t.id = %(id)s)
          and (%(state)s = '' or t.state = %(state)s)
          and (%(location)s::uuid is null or %(location)s in (t.from_id, t.to_id))
          and (%(scope)s::uuid[] is null or t.from_id = any(%(scope)s) or t.to_id = any(%(scope)s))
          and (%(last_at)s::timestamptz is null or (t.created_at, t.id) < (%(last_at)s, %(last_id)s::uuid))
        order by t.created_at desc, t.id desc limit %(limit)s
        """,
        id=transfer_id,
        state=state,
        location=location_id,
        scope=uow.actor.scope_list,
        last_at=last_at,
        last_id=last_id,
        limit=limit,
    )


async def transfer_lines(uow: UnitOfWork, transfer_id: UUID) -> list[TransferLine]:
    """What travels, by code."""
    return await uow.all(
        TransferLine,
        """
        select tl.sku_id, k.code, p.title, k.title as sku_title, tl.quantity, tl.received, tl.lost, tl.sent_back,
               tl.loss_reason
        from stock_transfer_lines tl
        join skus k on k.merchant_id = tl.merchant_id and k.id = tl.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where tl.merchant_id = %(merchant_id)s and tl.transfer_id = %(id)s
        order by k.code
        """,
        id=transfer_id,
    )
