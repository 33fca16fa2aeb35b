"""Limits on what may be tried: counted per fixed window in the database, so that every process counts together."""

from datetime import UTC, datetime

from siyu.kernel.errors import TooManyRequests
from siyu.runtime.db import Database, Merchant


async def take(
    database: Database, merchant: Merchant, what: str, who: str, *, most: int, seconds: int
) -> None:
    """Count one attempt of `what` by `who`; raises TooManyRequests after `most` in a window of `seconds`.

    Runs in its own unit of work: an attempt counts even when what follows is rolled back.
    """
    async with database.begin(merchant) as uow:
        start = datetime.fromtimestamp(int(uow.now.timestamp()) // seconds * seconds, UTC)
        count = await uow.one(
            int,
            """
            insert into attempts (merchant_id, what, who, window_start, count)
            values (%(merchant_id)s, %(what)s, %(who)s, %(start)s, 1)
            on conflict (merchant_id, what, who, window_start) do update set count = attempts.count + 1
            returning count
            """,
            what=what,
            who=who,
            start=start,
        )
        left = seconds - (int(uow.now.timestamp()) - int(start.timestamp()))
    if count > most:
        raise TooManyRequests(seconds=left)
