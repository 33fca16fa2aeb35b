"""What oversight and the books keep: a risk that somebody answered for, thresholds, a day's figures, a link, a proof."""

from uuid import UUID

from siyu.growth import oversight
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant


async def overseen(database: Database, merchant: Merchant, promoter_id: UUID, mark: str) -> dict[str, object]:
    """At least one row of each."""
    risk_id = ids.new()
    async with database.begin(merchant) as uow:
        await oversight.save_settings(uow, oversight.Settings())
        await oversight.look(uow)
        await ledger.prove(uow)
        await uow.run(
            """
            insert into risks (merchant_id, id, rule, severity, subject_kind, subject_id, subject, field, mark, zh, en,
                               fix_zh, fix_en, found_at, seen_at)
            values (%(merchant_id)s, %(id)s, 'D-10', 'warn', 'task', %(promoter)s, %(mark)s, 'words', 'words',
                    %(mark)s, %(mark)s, %(mark)s, %(mark)s, %(now)s, %(now)s)
            """,
            id=risk_id,
            promoter=promoter_id,
            mark=mark,
        )
        await uow.run(
            """
            insert into risk_overrides (merchant_id, id, risk_id, by_id, by_name, reason, at, until)
            values (%(merchant_id)s, %(id)s, %(id)s, %(id)s, %(mark)s, %(mark)s, %(now)s, %(now)s + interval '1 day')
            """,
            id=risk_id,
            mark=mark,
        )
        await uow.run(
            """
            insert into evidence (merchant_id, day, rows, digest, chain, at)
            values (%(merchant_id)s, (%(now)s::timestamptz at time zone 'UTC')::date, 0, repeat('0', 64), repeat('0', 64), %(now)s)
            """
        )
    return {"risk_id": risk_id}
