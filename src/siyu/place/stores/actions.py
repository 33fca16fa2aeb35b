"""Opening stores."""

import msgspec

from siyu.kernel import ids
from siyu.place.stores.model import NewStore, Store
from siyu.place.stores.queries import every
from siyu.runtime.db import UnitOfWork


async def add(uow: UnitOfWork, store: NewStore) -> Store:
    """Open a store, or return the one that already has this code."""
    await uow.run(
        """
        insert into stores (merchant_id, id, code, name, address, phone, hours, latitude, longitude, created_at)
        values (%(merchant_id)s, %(id)s, %(code)s, %(name)s, %(address)s, %(phone)s, %(hours)s, %(latitude)s,
                %(longitude)s, %(now)s)
        on conflict (merchant_id, code) do nothing
        """,
        id=ids.new(),
        **msgspec.structs.asdict(store),
    )
    return next(found for found in await every(uow) if found.code == store.code)
