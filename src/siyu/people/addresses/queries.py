"""Reading addresses, always of one customer."""

from uuid import UUID

from siyu.kernel.errors import NotFound
from siyu.people.addresses.model import KnownAddress
from siyu.runtime.db import UnitOfWork


async def of_customer(uow: UnitOfWork, customer_id: UUID) -> list[KnownAddress]:
    """A customer's addresses: the default first, then the last changed."""
    return await uow.all(
        KnownAddress,
        """
        select id, address, label, is_default from customer_addresses
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s
        order by is_default desc, updated_at desc, id desc
        """,
        customer=customer_id,
    )


async def find(uow: UnitOfWork, customer_id: UUID, address_id: UUID) -> KnownAddress:
    """One of the customer's addresses. Raises NotFound, also for somebody else's."""
    found = await uow.maybe(
        KnownAddress,
        """
        select id, address, label, is_default from customer_addresses
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and id = %(id)s
        """,
        customer=customer_id,
        id=address_id,
    )
    if found is None:
        raise NotFound(what="地址 / address")
    return found


async def default_of(uow: UnitOfWork, customer_id: UUID) -> KnownAddress | None:
    """The address a customer uses when they say nothing."""
    return next(iter(await of_customer(uow, customer_id)), None)
