"""Buying without signing in: the visitor becomes a guest, and finds the order again by its number and phone."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.people import customers
from siyu.place import doors
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.edge import visitor_of
from siyu.runtime.sessions import Session
from siyu.settings import Settings
from siyu.trade.checkout.model import OrderNotFound

CHANNEL = "guest"


async def welcome(
    request: Request[Any, Any, Any],
    database: Database,
    merchant: Merchant,
    *,
    key: str,
    name: str,
    phone: str,
    days: int,
) -> tuple[UUID, Session]:
    """Make the visitor a guest with a session in this browser. The same page submitted twice is the same guest.

    Raises GuestSignedIn when the guest of this page has signed in since.
    """
    visitor = visitor_of(request)
    # Nobody but this browser knows its visitor id, so nobody else can name its guest.
    guest_id = ids.derived("checkout.guest", visitor, key)

    async def enter(uow: UnitOfWork) -> Session:
        door = await doors.first_door_of_visitor(uow, visitor)
        guest = await customers.welcome_guest(
            uow, guest_id, name=name, phone=phone, first_door_id=door, channel=CHANNEL
        )
        await doors.claim_touches(uow, visitor, guest_id)
        return await _session(uow, guest, days)

    return guest_id, await database.attempt(merchant, enter)


async def _session(uow: UnitOfWork, guest: customers.Guest, days: int) -> Session:
    return await sessions.sign_in(
        uow,
        kind="customer",
        subject_id=guest.customer_id,
        name=guest.name,
        permissions=ROLES["shopper"],
        days=days,
    )


class _Found(msgspec.Struct, frozen=True):
    id: UUID
    customer_id: UUID


async def find_order(uow: UnitOfWork, number: str, phone: str, settings: Settings) -> tuple[UUID, Session]:
    """A guest's order by number and phone, with a session to see it. Raises OrderNotFound, whatever did not fit."""
    found = await uow.maybe(
        _Found,
        """
        select o.id, o.customer_id from orders o
        join guests g on g.merchant_id = o.merchant_id and g.customer_id = o.customer_id
        where o.merchant_id = %(merchant_id)s and o.number = %(number)s and g.phone = %(phone)s
        """,
        number=number,
        phone=phone,
    )
    guest = await customers.guest_of(uow, found.customer_id) if found is not None else None
    if found is None or guest is None:
        raise OrderNotFound(field="number")
    return found.id, await _session(uow, guest, settings.session_days)
