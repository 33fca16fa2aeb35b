"""The merchant's rules of attribution, in versions: a new one holds for orders placed from now on."""

from datetime import datetime

import msgspec

from siyu.kernel.errors import Invalid
from siyu.place.attribution.model import Policy, PolicyVersion
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

# Field, least, most. D-05: a binding is per sale, with an end; 90 days is the longest a relation can go without a link.
BOUNDS = (("touch_days", 1, 30), ("live_hours", 0, 72), ("relation_days", 0, 90), ("protection_days", 0, 90))


async def policy(uow: UnitOfWork) -> Policy:
    """The rules for an order placed now."""
    versions = await history(uow)
    return versions[-1].policy if versions else Policy()


async def history(uow: UnitOfWork) -> list[PolicyVersion]:
    """Every version, the oldest first. Before the first one the defaults held."""
    rows = await uow.all(
        _Row,
        """
        select version, touch_days, live_hours, relation_days, protection_days, guide_first, set_by, since
        from attribution_policies where merchant_id = %(merchant_id)s order by version
        """,
    )
    return [
        PolicyVersion(
            row.version,
            Policy(row.touch_days, row.live_hours, row.relation_days, row.protection_days, row.guide_first),
            row.set_by,
            row.since,
        )
        for row in rows
    ]


class _Row(msgspec.Struct, frozen=True):
    version: int
    touch_days: int
    live_hours: int
    relation_days: int
    protection_days: int
    guide_first: bool
    set_by: str
    since: datetime


def checked(wanted: Policy) -> Policy:
    """Raises Invalid with the field."""
    for field, least, most in BOUNDS:
        if not least <= getattr(wanted, field) <= most:
            raise Invalid(
                field=field,
                zh=f"请填写 {least} 到 {most} 之间的整数。",
                en=f"Enter a whole number from {least} to {most}.",
            )
    if wanted.protection_days > wanted.relation_days:
        raise Invalid(
            field="protection_days",
            zh="保护期不能比关系有效期长。",
            en="The protection cannot be longer than the relation itself.",
        )
    return wanted


async def set_policy(uow: UnitOfWork, wanted: Policy) -> Policy:
    """Rules for orders placed, and links followed, from now on. Orders and relations of before stay as they are."""
    wanted = checked(wanted)
    before = await policy(uow)
    if wanted == before:
        return before
    await uow.run(
        """
        insert into attribution_policies (merchant_id, version, touch_days, live_hours, relation_days, protection_days,
                                          guide_first, set_by, since)
        select %(merchant_id)s, coalesce(max(version), 0) + 1, %(touch_days)s, %(live_hours)s, %(relation_days)s,
               %(protection_days)s, %(guide_first)s, %(by)s, %(now)s
        from attribution_policies where merchant_id = %(merchant_id)s
        """,
        by=uow.actor.name,
        **msgspec.structs.asdict(wanted),
    )
    await audit.note(
        uow,
        "attribution.set_policy",
        subject_kind="attribution_policy",
        before=msgspec.structs.asdict(before),
        after=msgspec.structs.asdict(wanted),
    )
    return wanted
