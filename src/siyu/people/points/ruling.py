"""The merchant's rule: whether buying brings points, how many, and for how long."""

from datetime import datetime

import msgspec

from siyu.kernel.errors import Invalid
from siyu.people.points.model import Rule
from siyu.people.points.rules import expiry
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

PER_YUAN_MAX = 1_000
KEEP_YEARS_MAX = 10


async def rule(uow: UnitOfWork) -> Rule:
    """The rule in force; off where nothing was ever said."""
    found = await uow.maybe(
        Rule, "select is_on, per_yuan, keep_years from point_rules where merchant_id = %(merchant_id)s"
    )
    return found or Rule()


async def expiry_now(uow: UnitOfWork) -> datetime | None:
    """When points that come now will end."""
    return expiry(uow.now, await rule(uow), uow.merchant.timezone)


async def set_rule(uow: UnitOfWork, wanted: Rule) -> bool:
    """Change the rule for orders paid from now on; True when it changed. Raises Invalid."""
    if not 1 <= wanted.per_yuan <= PER_YUAN_MAX:
        raise Invalid(
            field="per_yuan",
            zh="每元积分需在 1 到 1000 之间。",
            en="Between 1 and 1,000 points for each unit paid.",
        )
    if wanted.keep_years is not None and not 0 <= wanted.keep_years <= KEEP_YEARS_MAX:
        raise Invalid(field="keep_years", zh="有效期最多 10 年。", en="Points are kept for at most 10 years.")
    before = await rule(uow)
    if before == wanted:
        return False
    await uow.run(
        """
        insert into point_rules (merchant_id, is_on, per_yuan, keep_years, updated_at)
        values (%(merchant_id)s, %(is_on)s, %(per_yuan)s, %(keep)s, %(now)s)
        on conflict (merchant_id) do update
        set is_on = excluded.is_on, per_yuan = excluded.per_yuan, keep_years = excluded.keep_years,
            updated_at = excluded.updated_at
        """,
        is_on=wanted.is_on,
        per_yuan=wanted.per_yuan,
        keep=wanted.keep_years,
    )
    await audit.note(
        uow,
        "points.set_rule",
        subject_kind="points",
        before=msgspec.structs.asdict(before),
        after=msgspec.structs.asdict(wanted),
    )
    return True
