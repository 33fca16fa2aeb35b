"""Reading customers. Staff see masked phones; the full number never leaves this room."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.people.customers.actions import Consent
from siyu.people.customers.phone import masked
from siyu.runtime.db import UnitOfWork, uuid_array


class Customer(msgspec.Struct, frozen=True):
    id: UUID
    nickname: str
    reference: str | None
    country: str
    first_door_id: UUID | None
    first_door_name: str | None
    state: str
    joined_at: datetime


class CustomerCard(msgspec.Struct, frozen=True):
    """A customer in a list."""

    id: UUID
    nickname: str
    reference: str | None
    joined_at: datetime
    first_door_name: str | None
    identity_kinds: list[str]


class Identity(msgspec.Struct, frozen=True):
    """One way we recognise a person; a phone is masked."""

    kind: str
    value: str
    verified_at: datetime


async def find(uow: UnitOfWork, customer_id: UUID) -> Customer:
    """Raises NotFound."""
    found = await uow.maybe(
        Customer,
        """
        select c.id, c.nickname, c.reference, c.country, c.first_door_id, d.name as first_door_name, c.state,
               c.joined_at
        from customers c left join doors d on d.merchant_id = c.merchant_id and d.id = c.first_door_id
        where c.merchant_id = %(merchant_id)s and c.id = %(id)s
        """,
        id=customer_id,
    )
    if found is None:
        raise NotFound(what="顾客 / customer")
    return found


async def listing(
    uow: UnitOfWork, *, search: str = "", after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Page[CustomerCard]:
    """Customers, newest first; `search` matches the nickname, the imported number or a whole phone number."""
    limit = bounded(limit)
    joined_at, last_id = after or (None, None)
    pattern = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")[:60]
    found = await uow.all(
        CustomerCard,
        """
        select c.id, c.nickname, c.reference, c.joined_at, d.name as first_door_name,
               array(select i.kind from identities i
                     where i.merchant_id = c.merchant_id and i.customer_id = c.id order by i.kind) as identity_kinds
        from customers c left join doors d on d.merchant_id = c.merchant_id and d.id = c.first_door_id
        where c.merchant_id = %(merchant_id)s
          and (%(search)s = '' or c.nickname ilike %(pattern)s or c.reference = %(search)s
               or c.id = (select customer_id from identities where merchant_id = %(merchant_id)s
                          and kind = 'phone' and value = %(search)s))
          and (%(joined_at)s::timestamptz is null or (c.joined_at, c.id) < (%(joined_at)s, %(last_id)s::uuid))
        order by c.joined_at desc, c.id desc limit %(limit)s
        """,
        search=search.strip(),
        pattern=f"%{pattern}%",
        joined_at=joined_at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.joined_at.isoformat()}~{last.id}" if last else None)


async def identities_of(uow: UnitOfWork, customer_id: UUID) -> list[Identity]:
    """How we recognise this person, phones masked."""
    found = await uow.all(
        Identity,
        """
        select kind, value, verified_at from identities
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s order by verified_at, kind
        """,
        customer=customer_id,
    )
    return [Identity(i.kind, masked(i.value) if i.kind == "phone" else i.value, i.verified_at) for i in found]


async def openid_of(uow: UnitOfWork, customer_id: UUID) -> str | None:
    """The WeChat openid a JSAPI payment needs; None for a person who never came by WeChat."""
    found = await uow.all(
        str,
        """
        select value from identities
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and kind = 'wechat_openid'
        order by verified_at desc limit 1
        """,
        customer=customer_id,
    )
    return found[0] if found else None


async def consents_of(uow: UnitOfWork, customer_id: UUID) -> list[Consent]:
    """The consent ledger of a person, newest first."""
    return await uow.all(
        Consent,
        """
        select purpose, text_version, is_given, channel, at from consents
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s order by at desc, id desc
        """,
        customer=customer_id,
    )


class _Levelled(msgspec.Struct, frozen=True):
    id: UUID
    level: str


async def levels_of(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The level of each customer, which decides what price lists are theirs; the empty one is everybody's."""
    rows = await uow.all(
        _Levelled,
        "select id, level from customers where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])",
        ids=uuid_array(customer_ids),
    )
    return {row.id: row.level for row in rows}
