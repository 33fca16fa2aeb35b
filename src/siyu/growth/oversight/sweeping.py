"""What is looked at by itself: the figures and plans every day, every text as a job, the chain of evidence."""

from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.growth import distribution, guard
from siyu.growth.oversight import chaining, measuring
from siyu.growth.oversight.keeping import about, keep
from siyu.growth.oversight.queries import settings
from siyu.growth.oversight.texts import SOURCES
from siyu.kernel import ids
from siyu.runtime import jobs
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Sweep

KIND = "oversight.read_texts"
TEXTS_PER_STEP = 200
NOBODY = UUID(int=0)


class ReadTexts(msgspec.Struct, frozen=True):
    """The job has nothing to be told."""


async def look(uow: UnitOfWork) -> int:
    """Measure D-09 and check every plan that is in force; return how many risks stand after it."""
    terms = await settings(uow)
    since = measuring.since_of(uow, terms)
    sums, ones = await measuring.totals(uow, since), await measuring.each(uow, since)
    found = measuring.judged(uow.merchant_id, uow.merchant.name, sums, ones, terms)
    for plan in await distribution.plans(uow):
        if plan.state == "published":
            found += [
                about("plan", plan.id, plan.name, finding)
                for finding in await distribution.findings(uow, plan.id, plan.name, plan.rule)
            ]
    await keep(uow, ["merchant", "promoter", "plan"], None, found)
    await uow.run(
        """
        insert into oversight_days (merchant_id, day, promoters, idle, lines, own, refunded, top_bps, at)
        values (%(merchant_id)s, %(day)s, %(promoters)s, %(idle)s, %(lines)s, %(own)s, %(refunded)s, %(top)s, %(now)s)
        on conflict (merchant_id, day) do nothing
        """,
        day=uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date(),
        promoters=sums.promoters,
        idle=sums.idle,
        lines=sums.lines,
        own=sums.own,
        refunded=sums.refunded,
        top=max((measuring.bps(one.sales, sums.sales) for one in ones), default=0),
    )
    return len(found)


async def read_texts(uow: UnitOfWork, *, job_id: UUID | None = None) -> UUID:
    """Start reading every text of the merchant; the id of the job."""
    total = await uow.one(
        int,
        """
        select ((select count(*) from products where merchant_id = %(merchant_id)s)
              + (select count(*) from offers where merchant_id = %(merchant_id)s)
              + (select count(*) from promoter_faces where merchant_id = %(merchant_id)s)
              + (select count(*) from promoter_tasks where merchant_id = %(merchant_id)s)
              + (select count(*) from promoter_lessons where merchant_id = %(merchant_id)s) + 1)::int
        """,
    )
    return await jobs.start(
        uow, KIND, ReadTexts(), title_zh="检查用语", title_en="Read all texts", total=total, job_id=job_id
    )


async def step(uow: UnitOfWork, _: ReadTexts, position: list[str | int] | None) -> jobs.Step:
    """Some texts of one kind. The position is the number of the kind and the id read last."""
    number, after = (int(position[0]), UUID(str(position[1]))) if position else (0, NOBODY)
    kind, read = SOURCES[number]
    texts = await read(uow, after, TEXTS_PER_STEP)
    found = [
        about(kind, text.id, text.name, finding)
        for text in texts
        for field, said in text.fields.items()
        for finding in guard.words(said, field)
    ]
    await keep(uow, [kind], [text.id for text in texts], found)
    if len(texts) == TEXTS_PER_STEP:
        return jobs.Step([number, str(texts[-1].id)], len(texts))
    is_over = number + 1 == len(SOURCES)
    return jobs.Step(
        [number + 1, str(NOBODY)], len(texts), is_over=is_over, result="risks" if is_over else ""
    )


async def look_daily(database: Database, merchant: Merchant) -> int:
    """The sweep: once a day of the merchant's, the figures, the plans, and a job for the texts."""

    async def work(uow: UnitOfWork) -> int:
        today = uow.now.astimezone(ZoneInfo(merchant.timezone)).date()
        known = await uow.one(
            bool,
            """
            select exists (select from oversight_days where merchant_id = %(merchant_id)s and day = %(day)s)
            """,
            day=today,
        )
        if known:
            return 0
        await look(uow)
        await read_texts(uow, job_id=ids.derived("oversight.read_texts", merchant.id, today))
        return 1

    return await database.attempt(merchant, work)


JOBS = [jobs.Kind(KIND, ReadTexts, step)]
SWEEPS = [
    Sweep("oversight.look", 600.0, look_daily),
    Sweep("oversight.evidence", 600.0, chaining.keep_daily),
]
