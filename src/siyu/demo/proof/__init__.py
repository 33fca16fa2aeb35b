"""`siyu demo --check`: the whole loop over HTTP, as a browser, a phone and a program would drive it.

A temporary house is built and served on free ports of this machine; every figure is compared to the fen.
"""

import sys
import time

import httpx
from rich.console import Console

from siyu import serve
from siyu.demo.proof import accounts, buying, entering, fulfilling, lateness, mall, paying
from siyu.demo.proof.stage import Stage, standing
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Unexpected

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


def check() -> int:
    """Drive the loop and print what came of it; returns 0 only when every line holds."""
    # A log or a pipe has no width of its own; eighty columns would break most lines.
    told = Transcript(Console(width=None if sys.stdout.isatty() else 112))
    try:
        return serve.loop_runner()(_check(told))
    except KeyboardInterrupt:
        told.console.print("已中断 / interrupted")
        return INTERRUPTED


async def _check(told: Transcript) -> int:
    began = time.monotonic()
    told.console.print("Siyu 私域 · 演示核对 / demo check")
    try:
        async with standing() as stage:
            told.expect(
                "临时商家就绪", "a temporary merchant stands", stage.demo.is_new, True,
                f"{stage.demo.name} · {time.monotonic() - began:.1f} s",
            )  # fmt: skip
            await _drive(stage, told)
    except Exception as problem:  # noqa: BLE001 - whatever ends the drive early is its result
        told.broke(problem)
        if not isinstance(problem, Unexpected | httpx.HTTPError):
            told.console.print_exception()
    told.close(time.monotonic() - began)
    return 1 if told.failed else 0


async def _drive(stage: Stage, told: Transcript) -> None:
    days = accounts.window()
    staff = await entering.hire_a_program(stage, told)
    await mall.drive(stage, told, staff)
    before = await accounts.figures(stage, staff, days)
    shopper = await entering.come_in(stage, told, staff)
    basket = await buying.choose(stage, staff)
    order = await buying.buy(told, staff, shopper, basket)
    await paying.pay(stage, told, staff, shopper, order)
    await fulfilling.fulfil(stage, told, staff, shopper, order, basket)
    back = await fulfilling.refund(stage, told, staff, order)
    past = await fulfilling.refund_the_past(told, staff)
    kept = await lateness.run_late(stage, told, staff, shopper, basket)
    earned = await fulfilling.commission(staff, order.id)
    net = order.total - back
    expected = accounts.Figures(
        scans=2,  # she came back after eight days
        visitors=1,
        people=1,
        first_orders=1,
        first_revenue=net,
        revenue=net + kept.net,
        earned=sum(row.remaining for row in earned) + kept.commission,
        reversed=sum(row.reversed_amount for row in earned) + kept.reversed,
        gateway=net + kept.net - past,
        sales=net + kept.net - past,
        unclaimed=0,
        refunds_due=0,
    )
    await accounts.settle_up(stage, told, staff, days, before, expected)
