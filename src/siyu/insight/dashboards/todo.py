"""What went wrong today and needs a person. Asked of PostgreSQL, because it must be true this minute."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork

PICKUP_PATIENCE = timedelta(days=3)
NAMED_MAX = 3  # so many are named on the dashboard; the count tells of the rest


class Waiting(msgspec.Struct, frozen=True):
    """An order that was paid long ago and not picked up."""

    id: UUID
    number: str
    paid_at: datetime
    count: int


class BrokenRefund(msgspec.Struct, frozen=True):
    """A refund that the gateway could not carry out."""

    order_id: UUID
    number: str
    amount: int
    error: str | None
    count: int


class DeadLetters(msgspec.Struct, frozen=True):
    """Facts that a consumer could not digest."""

    consumer: str
    count: int


class StockOut(msgspec.Struct, frozen=True):
    """Something on the shelf that no store can sell."""

    product_id: UUID
    title: str
    code: str
    count: int


class Exceptions(msgspec.Struct, frozen=True):
    """Each list names the first few; `count` on its rows is of all."""

    waiting: list[Waiting]
    refunds: list[BrokenRefund]
    letters: list[DeadLetters]
    stock_outs: list[StockOut]

    @property
    def is_calm(self) -> bool:
        return not (self.waiting or self.refunds or self.letters or self.stock_outs)


async def exceptions(uow: UnitOfWork) -> Exceptions:
    """Orders that wait more than three days, abnormal refunds, dead letters and stock-outs."""
    return Exceptions(
        waiting=await _waiting(uow),
        refunds=await _refunds(uow),
        letters=await _letters(uow),
        stock_outs=await _stock_outs(uow),
    )


async def _waiting(uow: UnitOfWork) -> list[Waiting]:
    return await uow.all(
        Waiting,
        """
        select id, number, paid_at, count(*) over () as count from orders
        where merchant_id = %(merchant_id)s and state = 'paid' and held_for = '' and paid_at < %(limit)s
        order by paid_at, id limit %(named)s
        """,
        limit=uow.now - PICKUP_PATIENCE,
        named=NAMED_MAX,
    )


async def _refunds(uow: UnitOfWork) -> list[BrokenRefund]:
    return await uow.all(
        BrokenRefund,
        """
        select o.id as order_id, o.number, r.amount, r.last_error as error, count(*) over () as count
        from refunds r join orders o on o.merchant_id = r.merchant_id and o.id = r.order_id
        where r.merchant_id = %(merchant_id)s and o.merchant_id = %(merchant_id)s and r.state = 'abnormal'
        order by r.updated_at desc, r.id limit %(named)s
        """,
        named=NAMED_MAX,
    )


async def _letters(uow: UnitOfWork) -> list[DeadLetters]:
    return await uow.all(
        DeadLetters,
        """
        select consumer, count(*) as count from dead_letters
        where merchant_id = %(merchant_id)s and resolved_at is null group by consumer order by consumer
        """,
    )


async def _stock_outs(uow: UnitOfWork) -> list[StockOut]:
    return await uow.all(
        StockOut,
        """
        select p.id as product_id, p.title, s.code, count(*) over () as count
        from skus s
        join products p on p.merchant_id = s.merchant_id and p.id = s.product_id
        where s.merchant_id = %(merchant_id)s and p.merchant_id = %(merchant_id)s and s.is_sellable and p.is_on_shelf
          and exists (select from stock k where k.merchant_id = %(merchant_id)s and k.sku_id = s.id)
          and not exists (select from stock k where k.merchant_id = %(merchant_id)s and k.sku_id = s.id
                          and k.on_hand > k.reserved + k.safety + k.carved)
        order by p.position, p.id, s.position limit %(named)s
        """,
        named=NAMED_MAX,
    )
