"""Reading draws: what is published, what was drawn, who won. The seed is given out only after the end."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.growth.draws.model import Chances, Draw, Outcome, Result, State, Version
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork


async def find(uow: UnitOfWork, draw_id: UUID, *, lock: bool = False) -> Draw:
    """Raises NotFound. `lock`: serials and changes wait for each other."""
    if lock:
        await uow.run(
            "select from draws where merchant_id = %(merchant_id)s and id = %(id)s for no key update",
            id=draw_id,
        )
    found = await uow.maybe(
        Draw,
        """
        select id, name, state, rules, version, seed_hash, drawn, created_at, published_at, ended_at from draws
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=draw_id,
    )
    if found is None:
        raise NotFound(what="抽奖 / draw")
    return found


async def listing(uow: UnitOfWork, *, state: State | None = None, limit: int = 100) -> list[Draw]:
    """Draws, the newest first."""
    return await uow.all(
        Draw,
        """
        select id, name, state, rules, version, seed_hash, drawn, created_at, published_at, ended_at from draws
        where merchant_id = %(merchant_id)s and (%(state)s::text is null or state = %(state)s)
        order by created_at desc, id desc limit %(limit)s
        """,
        state=state,
        limit=limit,
    )


async def shown(uow: UnitOfWork, draw_id: UUID) -> Draw:
    """A draw that everybody may see. Raises NotFound for a draft."""
    draw = await find(uow, draw_id)
    if draw.state == "draft":
        raise NotFound(what="抽奖 / draw")
    return draw


async def versions(uow: UnitOfWork, draw_id: UUID) -> list[Version]:
    """What was published, in its order."""
    return await uow.all(
        Version,
        """
        select version, text, hash, from_serial, reason, at from draw_versions
        where merchant_id = %(merchant_id)s and draw_id = %(id)s order by version
        """,
        id=draw_id,
    )


async def seed_of(uow: UnitOfWork, draw_id: UUID) -> bytes | None:
    """The seed of a draw that has ended; None before."""
    return await uow.maybe(
        bytes,
        "select seed from draws where merchant_id = %(merchant_id)s and id = %(id)s and state = 'ended'",
        id=draw_id,
    )


class _Given(msgspec.Struct, frozen=True):
    no: int
    given: int


async def given(uow: UnitOfWork, draw_id: UUID) -> dict[int, int]:
    """How many of each prize were given."""
    rows = await uow.all(
        _Given,
        "select no, given from draw_prizes where merchant_id = %(merchant_id)s and draw_id = %(id)s",
        id=draw_id,
    )
    return {row.no: row.given for row in rows}


async def hits(uow: UnitOfWork, draw_id: UUID) -> dict[int, int]:
    """How often the place of each prize was rolled, whether or not one was left."""
    rows = await uow.all(
        _Given,
        """
        select hit_no as no, count(*) as given from draw_results
        where merchant_id = %(merchant_id)s and draw_id = %(id)s and hit_no is not null group by hit_no
        """,
        id=draw_id,
    )
    return {row.no: row.given for row in rows}


async def chances(uow: UnitOfWork, draw_id: UUID, customer_id: UUID) -> Chances:
    """What a customer has in a draw."""
    return await uow.one(
        Chances,
        """
        select count(*) filter (where state = 'open') as open, count(*) filter (where state = 'drawn') as drawn
        from draw_tickets
        where merchant_id = %(merchant_id)s and draw_id = %(id)s and customer_id = %(customer)s
        """,
        id=draw_id,
        customer=customer_id,
    )


async def results(
    uow: UnitOfWork,
    draw_id: UUID,
    *,
    customer_id: UUID | None = None,
    winners: bool = False,
    after: int = 0,
    limit: int = 50,
) -> Page[Result]:
    """What was drawn, by serial from the first on. `winners`: only those that got a prize. The cursor is the serial."""
    limit = bounded(limit)
    found = await uow.all(
        Result,
        """
        select r.serial, r.ticket_id, r.customer_id, r.rolled, r.hit_no, r.prize_no, r.gift_id, r.at,
               coalesce(c.nickname, '') as nickname
        from draw_results r join customers c on c.merchant_id = r.merchant_id and c.id = r.customer_id
        where r.merchant_id = %(merchant_id)s and r.draw_id = %(id)s and r.serial > %(after)s
          and (%(customer)s::uuid is null or r.customer_id = %(customer)s)
          and (not %(winners)s or r.prize_no is not null)
        order by r.serial limit %(limit)s
        """,
        id=draw_id,
        customer=customer_id,
        winners=winners,
        after=after,
        limit=limit + 1,
    )
    return Page(items=found[:limit], next=str(found[limit - 1].serial) if len(found) > limit else None)


async def mine(uow: UnitOfWork, draw_id: UUID, customer_id: UUID) -> list[Result]:
    """What a customer drew, the latest first."""
    page = await results(uow, draw_id, customer_id=customer_id, limit=200)
    return list(reversed(page.items))


class LogLine(msgspec.Struct, frozen=True):
    """A line of the public log: no person is in it."""

    serial: int
    rolled: int
    hit_no: int | None
    prize_no: int | None
    at: datetime

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.serial, self.rolled, self.hit_no, self.prize_no)


async def log(uow: UnitOfWork, draw_id: UUID, *, after: int = 0, limit: int = 5_000) -> list[LogLine]:
    """The public log after a serial."""
    return await uow.all(
        LogLine,
        """
        select serial, rolled, hit_no, prize_no, at from draw_results
        where merchant_id = %(merchant_id)s and draw_id = %(id)s and serial > %(after)s
        order by serial limit %(limit)s
        """,
        id=draw_id,
        after=after,
        limit=limit,
    )
