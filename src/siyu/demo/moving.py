"""`siyu demo clock +8d`: let time pass in the demo, so that what takes days can be seen in seconds."""

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from rich.console import Console

from siyu.demo.places import TIMEZONE
from siyu.kernel import clock
from siyu.runtime import embedded, moved_clock
from siyu.settings import Settings

UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
STEP = re.compile(r"\+([1-9][0-9]{0,5})([dhm])")
# Farther ahead than a year sign-ins have ended and the gateway refunds nothing any more: nothing is left to see.
STEP_MAX = timedelta(days=366)


def step(text: str) -> timedelta | None:
    """`+8d`, `+36h` or `+15m` as a duration of at most a year; None for anything else."""
    found = STEP.fullmatch(text.strip())
    if found is None:
        return None
    by = int(found[1]) * UNITS[found[2]]
    return by if by <= STEP_MAX else None


def move_clock(settings: Settings, by: str) -> int:
    """Move the clock of the demo in this data folder, running or not. Exit code 2: not a step; 1: no demo here."""
    told = Console(stderr=True)
    wanted = step(by)
    if wanted is None:
        told.print(
            f"看不懂“{by}”：请写成 +8d、+36h 或 +15m（最多 366 天，只能往后）。\n"
            f'"{by}" is not a step: write +8d, +36h or +15m (at most 366 days, forward only).',
            markup=False,
        )
        return 2
    moved = None
    if settings.database_url or _has_database(settings):
        moved = asyncio.run(_moved(settings.database_url or embedded.start(settings), wanted))
    if moved is None:
        told.print(
            "这里还没有演示：请先运行 siyu demo。\nThere is no demo here yet: run siyu demo first.",
            markup=False,
        )
        return 1
    before, after = (f"{_there(moved - back):%Y-%m-%d %H:%M}" for back in (wanted, timedelta(0)))
    Console().print(f"演示时间 / demo time  {before} → {after}（{by.strip()}，{TIMEZONE}）", markup=False)
    return 0


def _has_database(settings: Settings) -> bool:
    """Whether a demo was ever started here. Looking makes nothing."""
    return (Path(settings.data_dir) / "postgres" / "PG_VERSION").exists()


async def _moved(url: str, by: timedelta) -> timedelta | None:
    """How far the clock stands from real time afterwards; None where no demo has made one."""
    try:
        return await moved_clock.move(url, by)
    except psycopg.errors.UndefinedTable:
        return None


def _there(offset: timedelta) -> datetime:
    """The demo's time at this offset, as its merchant reads it."""
    return (clock.now() - clock.offset() + offset).astimezone(ZoneInfo(TIMEZONE))
