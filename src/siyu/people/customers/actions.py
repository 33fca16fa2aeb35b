"""Becoming a customer, being recognised again, and what one has agreed to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.events import CustomerJoined
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.runtime.db import UnitOfWork

CONSENT_VERSION = "2026-11"  # of the privacy notice; a change of purpose, method or kind needs a new one


class SignedIn(msgspec.Struct, frozen=True):
    """Who signed in, and whether they are new."""

    customer_id: UUID
    nickname: str
    is_new: bool


class Consent(msgspec.Struct, frozen=True):
    """One entry of the consent ledger (个人信息保护法 art. 13–15)."""

    purpose: str
    text_version: str
    is_given: bool
    channel: str
    at: datetime


class NewCustomer(msgspec.Struct, frozen=True):
    """A customer that is known from elsewhere: a seed or another system."""

    id: UUID
    nickname: str
    joined_at: datetime
    identities: tuple[tuple[str, str], ...]
    first_door_id: UUID | None = None


class IdentityTaken(DomainError):
    """The phone or WeChat already belongs to another customer of the merchant. Nothing was changed."""

    code = "customers.identity_taken"
    status = 409
    zh = "这个{what}已属于另一位顾客，请直接用它登录。"
    en = "This {what} already belongs to another customer; please sign in with it instead."


async def sign_in_as(
    uow: UnitOfWork,
    identities: Sequence[tuple[str, str]],
    *,
    nickname: str,
    first_door_id: UUID | None,
    channel: str,
) -> SignedIn:
    """Recognise the person by any of these (kind, value) identities, or welcome them as a new customer.

    Kinds are wechat_openid, wechat_unionid and phone, each verified by the caller. Identities that are new are
    added to the person. Signing in is agreeing to the service notice, which is recorded once per version.
    """
    customer_id = await recognise(uow, identities)
    is_new = customer_id is None
    if customer_id is None:
        customer_id, is_new = await _welcome(uow, identities[0], nickname, first_door_id)
    await _add_identities(uow, customer_id, identities)
    await record_consent(uow, customer_id, "service", is_given=True, channel=channel)
    known_as = await uow.one(
        str,
        "select nickname from customers where merchant_id = %(merchant_id)s and id = %(id)s",
        id=customer_id,
    )
    return SignedIn(customer_id, known_as, is_new)


async def recognise(uow: UnitOfWork, identities: Sequence[tuple[str, str]]) -> UUID | None:
    """Whose the first known of these (kind, value) identities is; None when all are new."""
    found = await uow.all(
        UUID,
        """
        select i.customer_id from identities i
        join unnest(%(kinds)s::text[], %(values)s::text[]) with ordinality as t (kind, value, rank)
          on i.kind = t.kind and i.value = t.value
        where i.merchant_id = %(merchant_id)s
        order by t.rank limit 1
        """,
        kinds=[kind for kind, _ in identities],
        values=[value for _, value in identities],
    )
    return found[0] if found else None


async def _welcome(
    uow: UnitOfWork, identity: tuple[str, str], nickname: str, first_door_id: UUID | None
) -> tuple[UUID, bool]:
    """A new customer, unless the same person signed in a moment ago through another request."""
    customer_id = ids.new()
    await uow.run(
        """
        insert into customers (merchant_id, id, nickname, first_door_id, joined_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(nickname)s, %(door)s, %(now)s, %(now)s)
        """,
        id=customer_id,
        nickname=nickname[:40],
        door=first_door_id,
    )
    owner = await _claim(uow, identity, customer_id)
    if owner != customer_id:
        await uow.run(
            "delete from customers where merchant_id = %(merchant_id)s and id = %(id)s", id=customer_id
        )
        return owner, False
    uow.publish(CustomerJoined(customer_id=customer_id, door_id=first_door_id))
    return customer_id, True


async def _claim(uow: UnitOfWork, identity: tuple[str, str], customer_id: UUID) -> UUID:
    """Whose identity it is after trying to make it this customer's: the unique key decides races."""
    await uow.run(
        """
        insert into identities (merchant_id, kind, value, customer_id, verified_at)
        values (%(merchant_id)s, %(kind)s, %(value)s, %(customer)s, %(now)s)
        on conflict (merchant_id, kind, value) do nothing
        """,
        kind=identity[0],
        value=identity[1],
        customer=customer_id,
    )
    return await uow.one(
        UUID,
        """
        select customer_id from identities
        where merchant_id = %(merchant_id)s and kind = %(kind)s and value = %(value)s
        """,
        kind=identity[0],
        value=identity[1],
    )


async def _add_identities(uow: UnitOfWork, customer_id: UUID, identities: Sequence[tuple[str, str]]) -> None:
    for identity in identities:
        if identity[1]:
            # An identity of somebody else stays theirs: joining two people is a decision, not a side effect.
            await _claim(uow, identity, customer_id)


async def bind(uow: UnitOfWork, customer_id: UUID, kind: str, value: str) -> None:
    """Add a verified identity to a signed-in customer. Raises IdentityTaken when it is another's."""
    if await _claim(uow, (kind, value), customer_id) != customer_id:
        raise IdentityTaken(field=kind, what="手机号 / phone" if kind == "phone" else "微信 / WeChat")
    await uow.run(
        "update customers set updated_at = %(now)s where merchant_id = %(merchant_id)s and id = %(id)s",
        id=customer_id,
    )


async def record_consent(
    uow: UnitOfWork, customer_id: UUID, purpose: str, *, is_given: bool, channel: str
) -> bool:
    """Write that a customer agreed or withdrew; nothing when that is already the last word. True when written."""
    written = await uow.run(
        """
        insert into consents (merchant_id, id, customer_id, purpose, text_version, is_given, channel, at)
        select %(merchant_id)s, %(id)s, %(customer)s, %(purpose)s, %(version)s, %(is_given)s, %(channel)s, %(now)s
        where (
            select row (is_given, text_version) from consents
            where merchant_id = %(merchant_id)s and customer_id = %(customer)s and purpose = %(purpose)s
            order by at desc, id desc limit 1
        ) is distinct from row (%(is_given)s::boolean, %(version)s::text)
        """,
        id=ids.new(),
        customer=customer_id,
        purpose=purpose,
        version=CONSENT_VERSION,
        is_given=is_given,
        channel=channel,
    )
    return written == 1


async def add_customers(uow: UnitOfWork, customers: Sequence[NewCustomer], *, channel: str) -> None:
    """Write customers known from elsewhere, with their identities and their consent to the service, in sets."""
    await uow.run(
        """
        insert into customers (merchant_id, id, nickname, first_door_id, joined_at, updated_at)
        select %(merchant_id)s, t.id, t.nickname, t.door, t.joined_at, %(now)s
        from unnest(%(ids)s::uuid[], %(nicknames)s::text[], %(doors)s::uuid[], %(joined)s::timestamptz[])
            as t (id, nickname, door, joined_at)
        """,
        ids=[c.id for c in customers],
        nicknames=[c.nickname for c in customers],
        doors=[c.first_door_id for c in customers],
        joined=[c.joined_at for c in customers],
    )
    known = [(c, kind, value) for c in customers for kind, value in c.identities]
    await uow.run(
        """
        insert into identities (merchant_id, kind, value, customer_id, verified_at)
        select %(merchant_id)s, t.kind, t.value, t.customer, t.at
        from unnest(%(kinds)s::text[], %(values)s::text[], %(customers)s::uuid[], %(ats)s::timestamptz[])
            as t (kind, value, customer, at)
        """,
        kinds=[kind for _, kind, _ in known],
        values=[value for *_, value in known],
        customers=[c.id for c, *_ in known],
        ats=[c.joined_at for c, *_ in known],
    )
    await uow.run(
        """
        insert into consents (merchant_id, id, customer_id, purpose, text_version, is_given, channel, at)
        select %(merchant_id)s, t.id, t.customer, 'service', %(version)s, true, %(channel)s, t.at
        from unnest(%(ids)s::uuid[], %(customers)s::uuid[], %(ats)s::timestamptz[]) as t (id, customer, at)
        """,
        ids=[ids.at(c.joined_at) for c in customers],
        customers=[c.id for c in customers],
        ats=[c.joined_at for c in customers],
        version=CONSENT_VERSION,
        channel=channel,
    )
    for customer in customers:
        uow.publish(CustomerJoined(customer_id=customer.id, door_id=customer.first_door_id))
