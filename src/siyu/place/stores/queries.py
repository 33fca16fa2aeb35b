"""Reading stores and the other locations."""

from collections.abc import Sequence
from uuid import UUID

from siyu.kernel.errors import NotFound
from siyu.place.stores.model import SHOWN_KINDS, Kind, Store
from siyu.runtime.db import UnitOfWork


async def every(uow: UnitOfWork) -> list[Store]:
    """What buyers may see, stores and pickup points, by code."""
    return await locations(uow, kinds=SHOWN_KINDS)


async def locations(uow: UnitOfWork, kinds: Sequence[Kind] = ()) -> list[Store]:
    """All locations where stock can lie, by code; only some kinds of them when these are named."""
    return await uow.all(
        Store,
        """
        select id, code, name, address, phone, hours, latitude, longitude, is_open, kind, region_code, ships
        from stores
        where merchant_id = %(merchant_id)s and (%(kinds)s::text[] = '{}' or kind = any(%(kinds)s::text[]))
        order by code
        """,
        kinds=list(kinds),
    )


async def counters(uow: UnitOfWork, store_ids: Sequence[UUID]) -> list[UUID]:
    """Those of these locations that buyers can fetch goods from now: open stores and pickup points."""
    if not store_ids:
        return []
    return await uow.all(
        UUID,
        """
        select id from stores
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and is_open and kind = any(%(kinds)s::text[])
        """,
        ids=list(store_ids),
        kinds=list(SHOWN_KINDS),
    )


async def find(uow: UnitOfWork, store_id: UUID) -> Store:
    """A location of any kind. Raises NotFound."""
    found = await uow.maybe(
        Store,
        """
        select id, code, name, address, phone, hours, latitude, longitude, is_open, kind, region_code, ships
        from stores
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=store_id,
    )
    if found is None:
        raise NotFound(what="门店 / store")
    return found
