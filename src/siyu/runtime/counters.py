"""Human numbers. A process takes a block at a time, so that orders do not queue for one row; gaps are possible."""

import asyncio
from uuid import UUID

from siyu.runtime.db import Database, Merchant

BLOCK = 500

_blocks: dict[tuple[UUID, str], tuple[int, int]] = {}
_locks: dict[tuple[UUID, str], asyncio.Lock] = {}


async def take(database: Database, merchant: Merchant, name: str, count: int) -> list[int]:
    """`count` fresh numbers of this merchant's counter; each is given out once, for ever."""
    key = (merchant.id, name)
    following, end = _blocks.get(key, (0, 0))
    if end - following >= count:  # no waiting while the block lasts
        _blocks[key] = (following + count, end)
        return list(range(following + 1, following + count + 1))
    async with _locks.setdefault(key, asyncio.Lock()):
        numbers: list[int] = []
        while len(numbers) < count:
            following, end = _blocks.get(key, (0, 0))
            if following >= end:
                end = await _reserve(database, merchant, name, max(BLOCK, count))
                following = end - max(BLOCK, count)
            given = min(count - len(numbers), end - following)
            numbers.extend(range(following + 1, following + given + 1))
            _blocks[key] = (following + given, end)
        return numbers


async def _reserve(database: Database, merchant: Merchant, name: str, size: int) -> int:
    async with database.begin(merchant) as uow:
        return await uow.one(
            int,
            """
            insert into counters (merchant_id, name, value) values (%(merchant_id)s, %(name)s, %(size)s)
            on conflict (merchant_id, name) do update set value = counters.value + excluded.value
            returning value
            """,
            name=name,
            size=size,
        )
