"""The merchant's terms of commission: how long it is held, the most a line may cost, levels."""

import msgspec

from siyu.growth.distribution import plan_queries
from siyu.growth.distribution.model import Settings
from siyu.growth.distribution.shaping import checked_settings
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork


async def save_settings(uow: UnitOfWork, wanted: Settings) -> Settings:
    """Terms for sales paid from now on; lines keep those of their day. Raises Invalid with the field."""
    wanted = checked_settings(wanted)
    before = await plan_queries.settings(uow)
    if wanted == before:
        return before
    await uow.run(
        """
        insert into commission_settings (merchant_id, hold_days, new_hold_days, new_days, share_bps, velocity_orders,
                                         velocity_hours, levels, updated_at)
        values (%(merchant_id)s, %(hold_days)s, %(new_hold_days)s, %(new_days)s, %(share_bps)s, %(velocity_orders)s,
                %(velocity_hours)s, %(steps)s::jsonb, %(now)s)
        on conflict (merchant_id) do update
            set hold_days = excluded.hold_days, new_hold_days = excluded.new_hold_days, new_days = excluded.new_days,
                share_bps = excluded.share_bps, velocity_orders = excluded.velocity_orders,
                velocity_hours = excluded.velocity_hours, levels = excluded.levels, updated_at = excluded.updated_at
        """,
        hold_days=wanted.hold_days,
        new_hold_days=wanted.new_hold_days,
        new_days=wanted.new_days,
        share_bps=wanted.share_bps,
        velocity_orders=wanted.velocity_orders,
        velocity_hours=wanted.velocity_hours,
        steps=msgspec.json.encode(wanted.levels).decode(),
    )
    await audit.note(
        uow,
        "commission.set_terms",
        subject_kind="commission_terms",
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(wanted),
    )
    return wanted
