"""Reading stores."""

from uuid import UUID

from siyu.kernel.errors import NotFound
from siyu.place.stores.model import Store
from siyu.runtime.db import UnitOfWork


async def every(uow: UnitOfWork) -> list[Store]:
    """All stores, by code."""
    return await uow.all(
        Store,
        """
        select id, code, name, address, phone, hours, latitude, longitude, is_open from stores
        where merchant_id = %(merchant_id)s order by code
        """,
    )


async def find(uow: UnitOfWork, store_id: UUID) -> Store:
    """Raises NotFound."""
    found = await uow.maybe(
        Store,
        """
        select id, code, name, address, phone, hours, latitude, longitude, is_open from stores
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=store_id,
    )
    if found is None:
        raise NotFound(what="门店 / store")
    return found
