"""What a plan would have cost on the sales of the last days, beside what they earned by the plans of their day.

One statement over the lines that promoters brought; caps and the budget cut in the order in which sales were paid.
"""

from datetime import date, datetime, timedelta

import msgspec

from siyu.growth.distribution import plan_queries
from siyu.growth.distribution.model import PlanRule
from siyu.kernel import money
from siyu.runtime.db import UnitOfWork

DAYS_MAX = 366
SHOWN_MAX = 20


class Part(msgspec.Struct, frozen=True):
    """Commission of one promoter, product or day: by the plan, and as it was. Fen; `sales` is what buyers paid."""

    name: str
    sales: int
    commission: int
    today: int


class Simulation(msgspec.Struct, frozen=True):
    """`uncut` is before caps and budget. `over_on` is the day on which the budget would have ended. `worst_bps` is the
    highest share of an order's lines that went to commission, of order `worst_order`.
    """

    since: datetime
    until: datetime
    orders: int
    sales: int
    uncut: int
    commission: int
    today: int
    worst_bps: int
    worst_order: str
    over_on: date | None
    by_promoter: tuple[Part, ...]
    by_product: tuple[Part, ...]
    by_day: tuple[Part, ...]

    @property
    def share_bps(self) -> int:
        """Commission in basis points of the sales it is for."""
        return self.commission * money.BASIS_POINTS // self.sales if self.sales else 0


async def simulate(uow: UnitOfWork, rule: PlanRule, *, days: int = 30) -> Simulation:
    """The plan alone, on lines that promoters brought in the last `days` days and that it covers."""
    days = min(max(days, 1), DAYS_MAX)
    since = uow.now - timedelta(days=days)
    share = (await plan_queries.settings(uow)).share_bps
    return await uow.one(
        Simulation,
        _ON_PAST_SALES,
        zone=uow.merchant.timezone,
        levels=msgspec.json.encode(rule.level_rates).decode(),
        worth=rule.worth_of(""),
        is_rate=rule.rate_bps is not None,
        since=since,
        share=share,
        activities=list(rule.earns_on_activities),
        kind=rule.kind,
        people=list(rule.promoter_ids),
        kinds=list(rule.promoter_kinds),
        scope=rule.scope,
        targets=list(rule.targets),
        order_cap=rule.order_cap,
        day_cap=rule.day_cap,
        month_cap=rule.month_cap,
        budget=rule.budget,
        shown=SHOWN_MAX,
    )


_ON_PAST_SALES = """
    with bound as (
        select o.id, o.number, o.paid_at, (o.paid_at at time zone %(zone)s)::date as day, l.line_no, l.product_id,
               l.title, l.quantity, l.amount, o.promoter_id, p.name as promoter,
               coalesce((%(levels)s::jsonb ->> p.level)::bigint, %(worth)s::bigint) as worth
        from orders o
        join promoters p on p.merchant_id = o.merchant_id and p.id = o.promoter_id
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join products g on g.merchant_id = l.merchant_id and g.id = l.product_id
        left join categories c on c.merchant_id = g.merchant_id and c.id = g.category_id
        where o.merchant_id = %(merchant_id)s and o.paid_at >= %(since)s and o.paid_at < %(now)s
          and o.promoter_id is not null and o.customer_id is distinct from p.customer_id
          and (o.claim_kind is null or o.claim_kind = any(%(activities)s))
          and (%(kind)s = 'open' or p.id = any(%(people)s::uuid[]))
          and (cardinality(%(kinds)s::text[]) = 0 or p.kind = any(%(kinds)s::text[]))
          and case %(scope)s when 'all' then true
              when 'categories' then g.category_id = any(%(targets)s::uuid[]) or c.parent_id = any(%(targets)s::uuid[])
              when 'products' then g.id = any(%(targets)s::uuid[]) else l.sku_id = any(%(targets)s::uuid[]) end
    ), wished as (
        select b.*, least(case when %(is_rate)s::boolean then b.amount * b.worth / 10000
                               else b.worth * b.quantity end, b.amount * %(share)s::bigint / 10000) as w0
        from bound b
    ), of_order as (
        select *, least(w0, greatest(coalesce(%(order_cap)s::bigint, 9e18::bigint)
            - (sum(w0) over (partition by id order by line_no) - w0), 0))::bigint as w1 from wished
    ), of_day as (
        select *, least(w1, greatest(coalesce(%(day_cap)s::bigint, 9e18::bigint)
            - (sum(w1) over (partition by promoter_id, day order by paid_at, id, line_no) - w1), 0))::bigint as w2
        from of_order
    ), of_month as (
        select *, least(w2, greatest(coalesce(%(month_cap)s::bigint, 9e18::bigint)
            - (sum(w2) over (partition by promoter_id, date_trunc('month', day) order by paid_at, id, line_no) - w2),
            0))::bigint as w3 from of_day
    ), counted as (
        select m.*, sum(m.w3) over (order by m.paid_at, m.id, m.line_no) as running,
               coalesce(e.amount, 0) as was
        from of_month m
        left join commissions e
          on e.merchant_id = %(merchant_id)s and e.order_id = m.id and e.line_no = m.line_no
    ), cut as (
        select *, least(w3, greatest(coalesce(%(budget)s::bigint, 9e18::bigint) - (running - w3), 0))::bigint as w
        from counted
    ), worst as (
        select number, (sum(w) * 10000 / nullif(sum(amount), 0))::int as bps from cut group by id, number
        order by bps desc nulls last, number limit 1
    ), totals as (
        select count(distinct id)::int as orders, coalesce(sum(amount), 0)::bigint as sales,
               coalesce(sum(w0), 0)::bigint as uncut, coalesce(sum(w), 0)::bigint as commission,
               coalesce(sum(was), 0)::bigint as today,
               min(day) filter (where running >= %(budget)s::bigint) as over_on
        from cut
    )
    select %(since)s::timestamptz as since, %(now)s::timestamptz as until, t.orders, t.sales, t.uncut, t.commission,
           t.today, coalesce((select bps from worst), 0) as worst_bps,
           coalesce((select number from worst), '') as worst_order, t.over_on,
           coalesce((select jsonb_agg(r) from (
               select promoter as name, sum(amount)::bigint as sales, sum(w)::bigint as commission,
                      sum(was)::bigint as today
               from cut group by promoter_id, promoter order by sum(w) desc, promoter limit %(shown)s) r),
               '[]'::jsonb) as by_promoter,
           coalesce((select jsonb_agg(r) from (
               select max(title) as name, sum(amount)::bigint as sales, sum(w)::bigint as commission,
                      sum(was)::bigint as today
               from cut group by product_id order by sum(w) desc, max(title) limit %(shown)s) r),
               '[]'::jsonb) as by_product,
           coalesce((select jsonb_agg(r) from (
               select day::text as name, sum(amount)::bigint as sales, sum(w)::bigint as commission,
                      sum(was)::bigint as today
               from cut group by day order by day) r), '[]'::jsonb) as by_day
    from totals t
"""
