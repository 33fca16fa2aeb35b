"""Guests: people who bought with a name and a phone instead of signing in. A guest is a customer without identity.

The phone of a guest is not proven, so it is no identity and nobody can sign in with it. When the guest signs in later
in the same browser, an identity nobody has yet becomes theirs, and they are a guest no more.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from siyu.events import CustomerJoined, GuestRecognised
from siyu.kernel.errors import DomainError
from siyu.people.customers.actions import SignedIn, bind, recognise, record_consent, sign_in_as
from siyu.runtime.db import UnitOfWork, uuid_array

NAME_MAX = 40


class Guest(msgspec.Struct, frozen=True):
    """How to reach a guest about their order."""

    customer_id: UUID
    name: str
    phone: str


class GuestSignedIn(DomainError):
    """The guest has signed in since; a form of the time before opens nothing any more."""

    code = "customers.guest_signed_in"
    status = 409
    zh = "这个订单的买家已经登录过，请登录后查看。"
    en = "The buyer of this order has signed in since; please sign in to see it."


async def welcome_guest(
    uow: UnitOfWork, customer_id: UUID, *, name: str, phone: str, first_door_id: UUID | None, channel: str
) -> Guest:
    """Make a guest under an id derived by the caller from the browser's own secret: asked twice, it is one guest.

    Buying is agreeing to the service notice, which is recorded. Raises GuestSignedIn.
    """
    is_new = await uow.run(
        """
        insert into customers (merchant_id, id, nickname, first_door_id, joined_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(door)s, %(now)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=customer_id,
        name=name[:NAME_MAX],
        door=first_door_id,
    )
    await uow.run(
        """
        insert into guests (merchant_id, customer_id, name, phone, created_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(phone)s, %(now)s)
        on conflict (merchant_id, customer_id) do update set name = excluded.name, phone = excluded.phone
        """,
        id=customer_id,
        name=name[:NAME_MAX],
        phone=phone,
    )
    guest = await guest_of(uow, customer_id)
    if guest is None:
        raise GuestSignedIn
    await record_consent(uow, customer_id, "service", is_given=True, channel=channel)
    if is_new:
        uow.publish(CustomerJoined(customer_id=customer_id, door_id=first_door_id))
    return guest


async def guest_of(uow: UnitOfWork, customer_id: UUID) -> Guest | None:
    """The guest this customer is; None for somebody with an identity."""
    return await uow.maybe(
        Guest,
        """
        select g.customer_id, g.name, g.phone from guests g
        where g.merchant_id = %(merchant_id)s and g.customer_id = %(customer)s
          and not exists (select from identities i
                          where i.merchant_id = g.merchant_id and i.customer_id = g.customer_id)
        """,
        customer=customer_id,
    )


async def guests_among(uow: UnitOfWork, customer_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these customers are guests: nobody in particular, and as many as a browser likes to make."""
    return set(
        await uow.all(
            UUID,
            """
            select g.customer_id from guests g
            where g.merchant_id = %(merchant_id)s and g.customer_id = any(%(customers)s::uuid[])
              and not exists (select from identities i
                              where i.merchant_id = g.merchant_id and i.customer_id = g.customer_id)
            """,
            customers=uuid_array(customer_ids),
        )
    )


async def sign_in_guest(
    uow: UnitOfWork,
    guest_id: UUID | None,
    identities: Sequence[tuple[str, str]],
    *,
    nickname: str,
    first_door_id: UUID | None,
    channel: str,
) -> SignedIn:
    """Sign in somebody who may have bought as a guest in this browser.

    An identity that is nobody's becomes the guest's: their orders are in the account. One that is somebody's signs
    that person in; the guest's cart follows by the fact GuestRecognised, and the guest's orders stay with the guest,
    found by number and phone: joining two people is a decision, not a side effect.
    """
    guest = await guest_of(uow, guest_id) if guest_id is not None else None
    if guest is not None:
        known = await recognise(uow, identities)
        if known is None:
            # Should another sign-in claim it this very moment, this one is refused and can be tried again.
            await bind(uow, guest.customer_id, *identities[0])
        elif known != guest.customer_id:
            uow.publish(GuestRecognised(guest_id=guest.customer_id, customer_id=known))
    return await sign_in_as(uow, identities, nickname=nickname, first_door_id=first_door_id, channel=channel)
