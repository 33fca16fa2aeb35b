"""Keeping what was found: new findings are added, known ones seen again, and what is no longer found is gone."""

from collections.abc import Collection, Sequence
from uuid import UUID

from siyu.growth.guard import Finding
from siyu.growth.oversight.model import Found
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork, json_rows


def about(kind: str, subject_id: UUID, subject: str, finding: Finding) -> Found:
    """A finding of the guard as one about this subject; its words tell it apart from others of the field."""
    return Found(
        kind,
        subject_id,
        subject[:120],
        finding.rule,
        finding.severity,
        finding.field,
        finding.zh,
        finding.zh,
        finding.en,
        finding.fix_zh,
        finding.fix_en,
    )


async def keep(
    uow: UnitOfWork, kinds: Sequence[str], subject_ids: Collection[UUID] | None, found: Sequence[Found]
) -> None:
    """These are all findings about subjects of these kinds (`subject_ids` None: of every one): older ones are gone."""
    unique = {(f.subject_kind, f.subject_id, f.rule, f.field, f.mark): f for f in found}
    risk_ids = [ids.derived("risk", uow.merchant_id, *key) for key in unique]
    await uow.run(
        """
        insert into risks (merchant_id, id, rule, severity, subject_kind, subject_id, subject, field, mark, zh, en,
                           fix_zh, fix_en, found_at, seen_at)
        select %(merchant_id)s, t.new_id, t.rule, t.severity, t.subject_kind, t.subject_id, t.subject, t.field, t.mark, t.zh,
               t.en, t.fix_zh, t.fix_en, %(now)s, %(now)s
        from rows from (
            json_to_recordset(%(rows)s::json) as (rule text, severity text, subject_kind text, subject_id uuid,
                subject text, field text, mark text, zh text, en text, fix_zh text, fix_en text),
            unnest(%(ids)s::uuid[])
        ) as t (rule, severity, subject_kind, subject_id, subject, field, mark, zh, en, fix_zh, fix_en, new_id)
        on conflict (merchant_id, subject_kind, subject_id, rule, field, mark) do update
        set seen_at = excluded.seen_at, gone_at = null, severity = excluded.severity, subject = excluded.subject,
            zh = excluded.zh, en = excluded.en,
            found_at = case when risks.gone_at is null then risks.found_at else excluded.found_at end
        """,
        rows=json_rows(unique.values()),
        ids=risk_ids,
    )
    await uow.run(
        """
        update risks set gone_at = %(now)s
        where merchant_id = %(merchant_id)s and gone_at is null and subject_kind = any(%(kinds)s)
          and (%(subjects)s::uuid[] is null or subject_id = any(%(subjects)s::uuid[]))
          and seen_at < %(now)s and not (id = any(%(kept)s::uuid[]))
        """,
        kinds=list(kinds),
        subjects=None if subject_ids is None else list(subject_ids),
        kept=risk_ids,
    )
