"""Reading disputes, and why an order went to whom it went."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.growth.disputes.model import Dispute
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import bounded
from siyu.place import attribution
from siyu.runtime.db import UnitOfWork


async def find(uow: UnitOfWork, dispute_id: UUID) -> Dispute:
    """Raises NotFound."""
    found = await maybe(uow, dispute_id)
    if found is None:
        raise NotFound(what="归因争议 / dispute")
    return found


async def maybe(uow: UnitOfWork, dispute_id: UUID) -> Dispute | None:
    found = await _read(uow, dispute_id=dispute_id)
    return found[0] if found else None


async def of_order(uow: UnitOfWork, order_id: UUID) -> list[Dispute]:
    """The disputes of an order, the oldest first."""
    return await _read(uow, order_id=order_id)


async def of_person(uow: UnitOfWork, raised_id: UUID) -> list[Dispute]:
    """What somebody raised."""
    return await _read(uow, raised_id=raised_id)


async def queue(uow: UnitOfWork, state: str | None = "open", *, limit: int = 100) -> list[Dispute]:
    """Disputes in a state (None: all): open ones first and the oldest of them first, then decided ones."""
    return await _read(uow, state=state, limit=limit)


async def _read(
    uow: UnitOfWork,
    *,
    dispute_id: UUID | None = None,
    order_id: UUID | None = None,
    raised_id: UUID | None = None,
    state: str | None = None,
    limit: int = 100,
) -> list[Dispute]:
    return await uow.all(
        Dispute,
        """
        select x.id, x.order_id, o.number as order_number, o.total as order_total, o.placed_at, x.was_promoter_id,
               w.name as was_name, x.promoter_id, p.name as promoter_name, x.words, x.pictures, x.state, x.raised_kind,
               x.raised_id, x.raised_by, x.raised_at, x.decided_by, x.decided_at, x.decision
        from attribution_disputes x
        join orders o on o.merchant_id = x.merchant_id and o.id = x.order_id
        left join promoters w on w.merchant_id = x.merchant_id and w.id = x.was_promoter_id
        left join promoters p on p.merchant_id = x.merchant_id and p.id = x.promoter_id
        where x.merchant_id = %(merchant_id)s and (%(id)s::uuid is null or x.id = %(id)s)
          and (%(order)s::uuid is null or x.order_id = %(order)s)
          and (%(raised)s::uuid is null or x.raised_id = %(raised)s)
          and (%(state)s::text is null or x.state = %(state)s)
        order by x.decided_at desc nulls first, x.raised_at, x.id limit %(limit)s
        """,
        id=dispute_id,
        order=order_id,
        raised=raised_id,
        state=state,
        limit=bounded(limit),
    )


class _Sale(msgspec.Struct, frozen=True):
    customer_id: UUID | None
    placed_at: datetime
    promoter_id: UUID | None


class Why(msgspec.Struct, frozen=True):
    """Why an order went to whom it went, and what disputes made of it."""

    explanation: attribution.Explanation
    disputes: tuple[Dispute, ...]
    promoter_id: UUID | None


async def why(uow: UnitOfWork, order_id: UUID) -> Why | None:
    """None for an order without a buyer in the shop (imported). Raises NotFound."""
    sale = await uow.maybe(
        _Sale,
        """
        select customer_id, placed_at, promoter_id from orders
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
    )
    if sale is None:
        raise NotFound(what="订单 / order")
    if sale.customer_id is None:
        return None
    disputes = await of_order(uow, order_id)
    moved = next((one for one in disputes if one.state == "upheld"), None)
    first = moved.was_promoter_id if moved else sale.promoter_id
    told = await attribution.explain(
        uow, attribution.Placed(order_id, sale.customer_id, sale.placed_at, first)
    )
    return Why(told, tuple(disputes), sale.promoter_id)


async def own_order(uow: UnitOfWork, promoter_customer_id: UUID, number: str) -> UUID:
    """The order of a number a promoter was told of by its buyer. Raises NotFound."""
    found = await uow.maybe(
        UUID,
        """
        select id from orders
        where merchant_id = %(merchant_id)s and number = %(number)s and paid_at is not null
          and customer_id <> %(own)s
        """,
        number=number.strip()[:20],
        own=promoter_customer_id,
    )
    if found is None:
        raise NotFound(what="订单 / order", field="number")
    return found
