"""Customers that another system knew before us, brought in by their reference in that system."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork


class PastCustomer(msgspec.Struct, frozen=True):
    """`reference` is the number the other system used; `joined_at` the first order known, in UTC."""

    reference: str
    country: str
    joined_at: datetime


class _Referenced(msgspec.Struct, frozen=True):
    reference: str
    id: UUID


async def record_customers(uow: UnitOfWork, customers: Sequence[PastCustomer]) -> int:
    """Bring customers in by reference; return how many rows were added or learned something.

    One that is known keeps its id and its name; an earlier first order moves `joined_at` back, and a country is
    filled in where none was known. An erased customer (个人信息保护法 art. 47) learns nothing again.
    """
    return await uow.run(
        """
        insert into customers as c (merchant_id, id, nickname, reference, country, joined_at, updated_at)
        select %(merchant_id)s, t.id, t.reference, t.reference, t.country, t.joined_at, %(now)s
        from unnest(%(ids)s::uuid[], %(references)s::text[], %(countries)s::text[], %(joined)s::timestamptz[])
            as t (id, reference, country, joined_at)
        on conflict (merchant_id, reference) do update
        set joined_at = least(c.joined_at, excluded.joined_at),
            country = case when c.country = '' then excluded.country else c.country end,
            updated_at = excluded.updated_at
        where c.state = 'active'
          and (excluded.joined_at < c.joined_at or (c.country = '' and excluded.country <> ''))
        """,
        ids=[ids.at(customer.joined_at) for customer in customers],
        references=[customer.reference for customer in customers],
        countries=[customer.country for customer in customers],
        joined=[customer.joined_at for customer in customers],
    )


async def customers_by_reference(uow: UnitOfWork, references: Sequence[str]) -> dict[str, UUID]:
    """Customer id by reference; a reference nobody has is missing from the answer."""
    rows = await uow.all(
        _Referenced,
        "select reference, id from customers where merchant_id = %(merchant_id)s and reference = any(%(references)s)",
        references=list(references),
    )
    return {row.reference: row.id for row in rows}
