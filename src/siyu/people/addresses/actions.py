"""Keeping, choosing and removing addresses. Every statement names the customer, so nobody touches another's."""

from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.people.addresses.model import Address, KnownAddress
from siyu.people.addresses.queries import find
from siyu.people.addresses.rules import checked
from siyu.runtime.db import UnitOfWork

ADDRESSES_MAX = 20
LABEL_MAX = 10


class AddressBookFull(DomainError):
    """A book is for the places one really uses; nothing was added."""

    code = "addresses.full"
    status = 409
    zh = "最多保存 {most} 个地址，请先删除不用的。"
    en = "At most {most} addresses can be kept; please remove one first."


def id_for(customer_id: UUID, key: str) -> UUID:
    """The id of the address a customer gave with the command of this key: the command twice keeps it once."""
    return ids.derived("addresses.keep", customer_id, key)


async def keep(
    uow: UnitOfWork,
    customer_id: UUID,
    address_id: UUID,
    address: Address,
    *,
    label: str = "",
    is_default: bool = False,
) -> KnownAddress:
    """Write an address under an id the asker made: a new one is added, a known one changed. Twice is once.

    The first address is the default. Raises Invalid, AddressBookFull, and NotFound for somebody else's id.
    """
    address, label = checked(address), label.strip()
    if len(label) > LABEL_MAX:
        raise Invalid(field="label", zh="标签最多 10 个字。", en="A label has at most 10 characters.")
    others = [known for known in await _locked(uow, customer_id) if known != address_id]
    if len(others) >= ADDRESSES_MAX:
        raise AddressBookFull(most=ADDRESSES_MAX)
    is_default = is_default or not others
    if is_default:
        await _clear_default(uow, customer_id, address_id)
    written = await uow.run(
        """
        insert into customer_addresses as a (merchant_id, id, customer_id, address, label, is_default, created_at,
                                             updated_at)
        values (%(merchant_id)s, %(id)s, %(customer)s, %(address)s::jsonb, %(label)s, %(is_default)s, %(now)s, %(now)s)
        on conflict (merchant_id, id) do update
            set address = excluded.address, label = excluded.label, updated_at = excluded.updated_at,
                is_default = a.is_default or excluded.is_default
            where a.customer_id = excluded.customer_id
        """,
        id=address_id,
        customer=customer_id,
        address=msgspec.json.encode(address).decode(),
        label=label,
        is_default=is_default,
    )
    if not written:
        raise NotFound(what="地址 / address")
    return await find(uow, customer_id, address_id)


async def _locked(uow: UnitOfWork, customer_id: UUID) -> list[UUID]:
    """The ids of the customer's addresses; nobody else changes the book until this unit of work ends."""
    await uow.run(
        "select id from customers where merchant_id = %(merchant_id)s and id = %(customer)s for update",
        customer=customer_id,
    )
    return await uow.all(
        UUID,
        "select id from customer_addresses where merchant_id = %(merchant_id)s and customer_id = %(customer)s",
        customer=customer_id,
    )


async def _clear_default(uow: UnitOfWork, customer_id: UUID, but: UUID) -> None:
    await uow.run(
        """
        update customer_addresses set is_default = false
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and is_default and id <> %(but)s
        """,
        customer=customer_id,
        but=but,
    )


async def make_default(uow: UnitOfWork, customer_id: UUID, address_id: UUID) -> None:
    """Use this address when nothing is said. Raises NotFound."""
    await _locked(uow, customer_id)
    await find(uow, customer_id, address_id)
    await _clear_default(uow, customer_id, address_id)
    await uow.run(
        """
        update customer_addresses set is_default = true
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and id = %(id)s
        """,
        customer=customer_id,
        id=address_id,
    )


async def remove(uow: UnitOfWork, customer_id: UUID, address_id: UUID) -> None:
    """Forget an address; the last changed of the others becomes the default when it was. Raises NotFound."""
    await _locked(uow, customer_id)
    gone = await find(uow, customer_id, address_id)
    await uow.run(
        """
        delete from customer_addresses
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and id = %(id)s
        """,
        customer=customer_id,
        id=address_id,
    )
    if gone.is_default:
        await uow.run(
            """
            update customer_addresses set is_default = true
            where merchant_id = %(merchant_id)s and id = (
                select id from customer_addresses
                where merchant_id = %(merchant_id)s and customer_id = %(customer)s
                order by updated_at desc, id desc limit 1)
            """,
            customer=customer_id,
        )
