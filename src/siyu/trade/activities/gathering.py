"""All rooms with activities, asked in one order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siyu.goods import offers
from siyu.runtime.db import UnitOfWork
from siyu.trade import bargains, flashsales, groupbuys, pointsprices, presales

ROOMS = (flashsales.entries, groupbuys.entries, bargains.entries, presales.entries, pointsprices.entries)


async def gathered(uow: UnitOfWork, product_ids: Sequence[UUID] | None = None) -> list[offers.Entry]:
    """What is on, or about to be, for these products or (None) at all: what runs comes first, then what ends sooner."""
    found = [entry for entries in ROOMS for entry in await entries(uow, product_ids)]
    return sorted(found, key=lambda entry: _place(entry, uow.now))


def _place(entry: offers.Entry, now: datetime) -> tuple[bool, bool, float, str]:
    waits = entry.starts_at is not None and entry.starts_at > now
    moment = entry.starts_at if waits else entry.ends_at
    return waits, moment is None, moment.timestamp() if moment else 0.0, entry.title
