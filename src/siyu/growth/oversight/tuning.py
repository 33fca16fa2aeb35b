"""The thresholds of a merchant."""

import msgspec

from siyu.growth.oversight.model import Settings
from siyu.growth.oversight.queries import settings
from siyu.kernel.errors import Invalid
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

LIMITS = {
    "idle_bps": (100, 10_000),
    "idle_least": (1, 100_000),
    "own_bps": (1, 10_000),
    "refund_bps": (1, 10_000),
    "refund_least": (1, 100_000),
    "concentration_bps": (100, 10_000),
    "concentration_least": (1, 1_000_000),
    "velocity": (2, 100_000),
    "window_days": (7, 180),
}


async def save_settings(uow: UnitOfWork, wanted: Settings) -> None:
    """Keep the thresholds, audited. Raises Invalid with the field."""
    told = msgspec.structs.asdict(wanted)
    for field, (least, most) in LIMITS.items():
        if not least <= told[field] <= most:
            raise Invalid(
                field=field, zh=f"请填写 {least} 到 {most} 之间的数。", en=f"Between {least} and {most}."
            )
    before = await settings(uow)
    await uow.run(
        """
        insert into oversight_settings (merchant_id, idle_bps, idle_least, own_bps, refund_bps, refund_least,
                                        concentration_bps, concentration_least, velocity, window_days, updated_at)
        values (%(merchant_id)s, %(idle_bps)s, %(idle_least)s, %(own_bps)s, %(refund_bps)s, %(refund_least)s,
                %(concentration_bps)s, %(concentration_least)s, %(velocity)s, %(window_days)s, %(now)s)
        on conflict (merchant_id) do update
        set idle_bps = excluded.idle_bps, idle_least = excluded.idle_least, own_bps = excluded.own_bps,
            refund_bps = excluded.refund_bps, refund_least = excluded.refund_least,
            concentration_bps = excluded.concentration_bps, concentration_least = excluded.concentration_least,
            velocity = excluded.velocity, window_days = excluded.window_days, updated_at = excluded.updated_at
        """,
        **told,
    )
    await audit.note(
        uow,
        "oversight.set_thresholds",
        subject_kind="merchant",
        subject=uow.merchant_id,
        before=msgspec.structs.asdict(before),
        after=told,
    )
