"""Reading sessions and what is put aside for them."""

from collections.abc import Iterable
from uuid import UUID

from siyu.runtime.db import UnitOfWork, uuid_array
from siyu.trade.flashsales.model import Item, Session


async def sessions(uow: UnitOfWork, offer_ids: Iterable[UUID]) -> list[Session]:
    """Flash sales by their offers' ids, in whatever state."""
    return await uow.all(
        Session,
        """
        select id, name, version, state, rule, starts_at, ends_at, audience
        from offers where merchant_id = %(merchant_id)s and kind = 'flash' and id = any(%(ids)s::uuid[])
        order by starts_at, id
        """,
        ids=uuid_array(offer_ids),
    )


async def items(uow: UnitOfWork, offer_ids: Iterable[UUID]) -> list[Item]:
    """What is or was put aside for these sessions, in the order in which the merchant named it."""
    return await uow.all(
        Item,
        """
        select i.offer_id, i.sku_id, i.location_id, i.position, i.price, i.wanted, i.quota, i.taken, i.sold, i.refused,
               i.per_person, i.version, i.carved_at, i.returned_at, l.name as location_name, l.ships
        from flash_items i join stores l on l.merchant_id = i.merchant_id and l.id = i.location_id
        where i.merchant_id = %(merchant_id)s and i.offer_id = any(%(ids)s::uuid[])
        order by i.offer_id, i.position, i.sku_id
        """,
        ids=uuid_array(offer_ids),
    )


async def locked_items(
    uow: UnitOfWork, offer_ids: Iterable[UUID], sku_ids: Iterable[UUID] | None = None
) -> list[Item]:
    """The same, locked in key order until the unit of work ends; of some SKUs only where they are named."""
    return await uow.all(
        Item,
        """
        select i.offer_id, i.sku_id, i.location_id, i.position, i.price, i.wanted, i.quota, i.taken, i.sold, i.refused,
               i.per_person, i.version, i.carved_at, i.returned_at, l.name as location_name, l.ships
        from flash_items i join stores l on l.merchant_id = i.merchant_id and l.id = i.location_id
        where i.merchant_id = %(merchant_id)s and i.offer_id = any(%(ids)s::uuid[])
          and (%(skus)s::uuid[] is null or i.sku_id = any(%(skus)s::uuid[]))
        order by i.offer_id, i.sku_id for update of i
        """,
        ids=uuid_array(offer_ids),
        skus=None if sku_ids is None else uuid_array(sku_ids),
    )
