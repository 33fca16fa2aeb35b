"""D-09: the figures of distribution over the window, and which of them are a risk."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.growth.oversight.model import Found, Settings
from siyu.kernel import money
from siyu.runtime.db import UnitOfWork


class Totals(msgspec.Struct, frozen=True):
    """Of all promoters over the window: `sales` are fen paid for promoted lines, `units` pieces."""

    promoters: int
    idle: int
    lines: int
    own: int
    units: int
    refunded: int
    sales: int
    orders: int


class One(msgspec.Struct, frozen=True):
    """Of one promoter over the window. `busiest` is the number of orders on their busiest day."""

    promoter_id: UUID
    name: str
    orders: int
    units: int
    refunded: int
    sales: int
    busiest: int


async def totals(uow: UnitOfWork, since: datetime) -> Totals:
    """Everybody together; a promoter younger than the window is not yet idle."""
    return await uow.one(
        Totals,
        """
        with lines as (
            select promoter_id, order_id, basis, units, reversed_units, cut_by from commissions
            where merchant_id = %(merchant_id)s and earned_at >= %(since)s
        )
        select (select count(*) from promoters
                where merchant_id = %(merchant_id)s and state = 'active' and joined_at < %(since)s)::int as promoters,
               (select count(*) from promoters p
                where p.merchant_id = %(merchant_id)s and p.state = 'active' and p.joined_at < %(since)s
                  and not exists (select from lines l
                                  where l.promoter_id = p.id and not starts_with(l.cut_by, 'self_')))::int as idle,
               count(*)::int as lines,
               count(*) filter (where starts_with(cut_by, 'self_'))::int as own,
               coalesce(sum(units), 0)::int as units,
               coalesce(sum(reversed_units), 0)::int as refunded,
               coalesce(sum(basis), 0)::bigint as sales,
               count(distinct order_id)::int as orders
        from lines
        """,
        since=since,
    )


async def each(uow: UnitOfWork, since: datetime) -> list[One]:
    """Every promoter with a sale in the window."""
    return await uow.all(
        One,
        """
        with lines as (
            select promoter_id, order_id, basis, units, reversed_units,
                   (earned_at at time zone %(zone)s)::date as day
            from commissions where merchant_id = %(merchant_id)s and earned_at >= %(since)s
        ), by_day as (
            select promoter_id, day, count(distinct order_id) as orders from lines group by promoter_id, day
        ), busiest as (select promoter_id, max(orders) as orders from by_day group by promoter_id)
        select l.promoter_id, p.name, count(distinct l.order_id)::int as orders, sum(l.units)::int as units,
               sum(l.reversed_units)::int as refunded, sum(l.basis)::bigint as sales, min(b.orders)::int as busiest
        from lines l
        join promoters p on p.merchant_id = %(merchant_id)s and p.id = l.promoter_id
        join busiest b on b.promoter_id = l.promoter_id
        group by l.promoter_id, p.name
        """,
        since=since,
        zone=uow.merchant.timezone,
    )


def since_of(uow: UnitOfWork, terms: Settings) -> datetime:
    return uow.now - timedelta(days=terms.window_days)


def bps(part: int, whole: int) -> int:
    """A share in basis points, rounded down; 0 of nothing."""
    return part * money.BASIS_POINTS // whole if whole else 0


def judged(
    merchant_id: UUID, name: str, all_of_them: Totals, ones: list[One], terms: Settings
) -> list[Found]:
    """The figures that are over their threshold, each with what to look at."""
    return [
        *_of_merchant(merchant_id, name, all_of_them, terms),
        *(found for one in ones for found in _of_one(one, all_of_them, terms)),
    ]


def _of_merchant(merchant_id: UUID, name: str, sums: Totals, terms: Settings) -> list[Found]:
    found = []
    idle, own = bps(sums.idle, sums.promoters), bps(sums.own, sums.lines)
    if sums.promoters >= terms.idle_least and idle > terms.idle_bps:
        found.append(
            _warn("merchant", merchant_id, name, "idle", f"{_percent(idle)} 的推广员没有带来任何顾客订单",
                  f"{_percent(idle)} of the promoters brought no customer's order",
                  "检查招募方式，清退不推广的人。", "Look at how they were recruited; let go who does not promote.")
        )  # fmt: skip
    if own > terms.own_bps:
        found.append(
            _warn("merchant", merchant_id, name, "own", f"推广订单中 {_percent(own)} 是推广员自己购买",
                  f"{_percent(own)} of promoted lines were bought by the promoter",
                  "核查是否以购买换取资格。", "Check whether buying is asked in exchange for anything.")
        )  # fmt: skip
    return found


def _of_one(one: One, sums: Totals, terms: Settings) -> list[Found]:
    found = []
    refunded, share = bps(one.refunded, one.units), bps(one.sales, sums.sales)
    if one.orders >= terms.refund_least and refunded > terms.refund_bps:
        found.append(
            _warn("promoter", one.promoter_id, one.name, "refund", f"退货率 {_percent(refunded)}",
                  f"{_percent(refunded)} of the units came back", "核查订单是否真实。", "Check that the orders are real.")
        )  # fmt: skip
    if sums.orders >= terms.concentration_least and share > terms.concentration_bps:
        found.append(
            _warn("promoter", one.promoter_id, one.name, "concentration", f"占全部推广销售的 {_percent(share)}",
                  f"{_percent(share)} of all promoted sales", "核查流量来源。", "Check where the visitors come from.")
        )  # fmt: skip
    if one.busiest > terms.velocity:
        found.append(
            _warn("promoter", one.promoter_id, one.name, "velocity", f"一天内 {one.busiest} 单",
                  f"{one.busiest} orders in a day", "核查是否刷单，必要时暂缓佣金。",
                  "Check for fictitious orders; hold the commission if need be.")
        )  # fmt: skip
    return found


def _warn(
    kind: str, subject: UUID, name: str, mark: str, zh: str, en: str, fix_zh: str, fix_en: str
) -> Found:
    return Found(kind, subject, name, "D-09", "warn", mark, mark, f"{zh}。", f"{en}.", fix_zh, fix_en)


def _percent(share: int) -> str:
    return f"{share // 100}%"
