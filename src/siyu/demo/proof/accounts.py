"""Act six: the books and the numbers, before and after, to the fen."""

from datetime import date, datetime, timedelta

import msgspec

from siyu.demo.places import TIMEZONE
from siyu.demo.proof.entering import KOC_DOOR
from siyu.demo.proof.paying import GATEWAY
from siyu.demo.proof.stage import Stage, until
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, Unexpected
from siyu.growth import distribution
from siyu.insight import metrics
from siyu.kernel import clock
from siyu.money import ledger
from siyu.place import doors

SALES, UNCLAIMED, REFUNDS_DUE = "sales", "unclaimed", "refunds_due"
FEES = "gateway_fees"
BACK, AHEAD = (
    timedelta(days=60),
    timedelta(days=30),
)  # the whole drive lies between, however the clock is moved


class Funnel(msgspec.Struct, frozen=True):
    """The funnel of all doors as the lake has it."""

    as_of: datetime
    data: tuple[metrics.DoorFunnel, ...]


class Figures(msgspec.Struct, frozen=True):
    """Of the KOC's door and the KOC, and of the accounts the drive moves; money in fen."""

    scans: int
    visitors: int
    people: int
    first_orders: int
    first_revenue: int
    revenue: int
    earned: int
    reversed: int
    gateway: int
    sales: int
    unclaimed: int
    refunds_due: int


def difference(after: Figures, before: Figures) -> Figures:
    """What the drive changed."""
    names = Figures.__struct_fields__
    return Figures(**{name: getattr(after, name) - getattr(before, name) for name in names})


def window() -> tuple[date, date]:
    """Days in the merchant's zone that the drive lies in; asked once, before the clock is moved."""
    today = metrics.local_day(TIMEZONE, clock.now())
    return today - BACK, today + AHEAD


async def figures(stage: Stage, staff: Api, days: tuple[date, date]) -> Figures:
    """As of now; the lake's part may lag behind for some seconds."""
    door_id = next(
        str(door.id) for door in await staff.get("/doors", list[doors.DoorReport]) if door.code == KOC_DOOR
    )
    funnel = await staff.get(f"/insight/funnel?first={days[0]}&last={days[1]}", Funnel)
    row = next((door for door in funnel.data if door.door_id == door_id), None)
    promoters = await staff.get("/promoters", list[distribution.PromoterReport])
    koc = next((one for one in promoters if one.name == stage.demo.koc.nickname), None)
    if row is None or koc is None:
        raise Unexpected("the KOC or the KOC's door is not in the reports")
    balances = {
        account.code: account.balance for account in await staff.get("/ledger/accounts", list[ledger.Account])
    }
    return Figures(
        scans=row.scans,
        visitors=row.visitors,
        people=row.people,
        first_orders=row.first_orders,
        first_revenue=row.first_revenue,
        revenue=row.revenue,
        earned=koc.pending + koc.payable,
        reversed=koc.reversed,
        gateway=balances.get(GATEWAY, 0)
        + balances.get(FEES, 0),  # bills are read whenever their time has come
        sales=balances.get(SALES, 0),
        unclaimed=balances.get(UNCLAIMED, 0),
        refunds_due=balances.get(REFUNDS_DUE, 0),
    )


async def settle_up(
    stage: Stage, told: Transcript, staff: Api, days: tuple[date, date], before: Figures, expected: Figures
) -> None:
    """The changes are exactly those of the drive, and the books balance."""
    told.heading("账与数", "books and numbers")

    async def changed() -> Figures:
        return difference(await figures(stage, staff, days), before)

    found = await until(changed, lambda found: found == expected)
    told.expect(
        f"入口漏斗：{KOC_DOOR} 多了这一位顾客",
        "the funnel of the KOC's door has this shopper",
        (found.scans, found.visitors, found.people, found.first_orders, found.first_revenue, found.revenue),
        (
            expected.scans,
            expected.visitors,
            expected.people,
            expected.first_orders,
            expected.first_revenue,
            expected.revenue,
        ),
        f"scans +{found.scans} · visitors +{found.visitors} · people +{found.people} · first orders +{found.first_orders}"
        f" · first {found.first_revenue} · all {found.revenue} fen",
    )
    told.expect(
        "KOC 的佣金等于各行之和",
        "the KOC's commission is the sum of its lines",
        (found.earned, found.reversed),
        (expected.earned, expected.reversed),
        f"earned +{found.earned} · reversed +{found.reversed} fen",
    )
    told.expect(
        "账户变动等于收款减退款",
        "the accounts moved by what was paid less what went back",
        (found.gateway, found.sales, found.unclaimed, found.refunds_due),
        (expected.gateway, expected.sales, 0, 0),
        f"{GATEWAY} {found.gateway:+} · {SALES} {found.sales:+} fen",
    )
    proof = await staff.get("/ledger/trial-balance", ledger.TrialBalance)
    told.expect(
        "试算平衡：借方 = 贷方 = 全部分录",
        "trial balance: debits = credits = transfers",
        (
            proof.debits_posted - proof.credits_posted,
            proof.debits_pending - proof.credits_pending,
            proof.is_sound,
        ),
        (0, 0, True),
        f"{proof.debits_posted} − {proof.credits_posted} = 0 · pending {proof.debits_pending} − {proof.credits_pending} = 0",
    )
