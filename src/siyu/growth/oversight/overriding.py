"""Somebody with a name answers for a risk until a day; what the law forbids cannot be answered for."""

from datetime import timedelta
from uuid import UUID

from siyu.growth.oversight.model import NeedsPerson, NotOverridable
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

DAYS_MAX = 90


async def override(uow: UnitOfWork, risk_id: UUID, *, override_id: UUID, reason: str, days: int) -> None:
    """Answer for an open risk for some days (1 to 90), with a reason; once per `override_id`.

    Raises NotFound, NotOverridable for what is forbidden, NeedsPerson for keys, and Invalid with the field.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise Invalid(field="reason", zh="请填写放行理由。", en="Say why it may stand.")
    if not 1 <= days <= DAYS_MAX:
        raise Invalid(field="days", zh="放行期限为 1 到 90 天。", en="Between 1 and 90 days.")
    if uow.actor.kind != "staff" or uow.actor.id is None:
        raise NeedsPerson
    found = await uow.all(
        dict,
        """
        select jsonb_build_object('rule', rule, 'severity', severity, 'subject', subject) from risks
        where merchant_id = %(merchant_id)s and id = %(id)s and gone_at is null
        """,
        id=risk_id,
    )
    if not found:
        raise NotFound(what="风险 / risk")
    if found[0]["severity"] == "block":
        raise NotOverridable(rule=found[0]["rule"])
    until = uow.now + timedelta(days=days)
    written = await uow.run(
        """
        insert into risk_overrides (merchant_id, id, risk_id, by_id, by_name, reason, at, until)
        values (%(merchant_id)s, %(id)s, %(risk)s, %(by)s, %(name)s, %(reason)s, %(now)s, %(until)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=override_id,
        risk=risk_id,
        by=uow.actor.id,
        name=uow.actor.name,
        reason=reason,
        until=until,
    )
    if written:
        await audit.note(
            uow,
            "oversight.override",
            subject_kind="risk",
            subject=risk_id,
            name=f"{found[0]['rule']} {found[0]['subject']}",
            after={"ends_at": until.isoformat()},
            reason=reason,
        )
