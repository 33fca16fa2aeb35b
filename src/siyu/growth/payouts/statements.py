"""Payouts by month: what each promoter got and what was withheld, for the tax return and the quarterly report."""

from datetime import date
from uuid import UUID

import msgspec

from siyu.growth.payouts import tax
from siyu.runtime.db import UnitOfWork

ROWS_MAX = 5_000


class Statement(msgspec.Struct, frozen=True):
    """One promoter's paid payouts of one month; fen. `near` names the thresholds of T-05 that are close."""

    period: date
    promoter_id: UUID
    promoter_name: str
    name_masked: str
    number_masked: str
    tax_method: str
    payouts: int
    gross: int
    tax: int
    net: int
    year_gross: int

    @property
    def near(self) -> list[str]:
        """`month`, `year` or both."""
        return tax.warnings(self.gross, self.year_gross)


async def statements(
    uow: UnitOfWork, since: date, until: date, *, promoter_id: UUID | None = None
) -> list[Statement]:
    """Paid payouts of the months from `since` to `until`, both first days of months; newest month first.

    `year_gross` is of the twelve months that end with the month. One line per way of taxing.
    """
    return await uow.all(
        Statement,
        """
        select p.period, p.promoter_id, m.name as promoter_name, coalesce(i.name_masked, '') as name_masked,
               coalesce(i.number_masked, '') as number_masked, p.tax_method, count(*)::int as payouts,
               sum(p.gross)::bigint as gross, sum(p.tax)::bigint as tax, sum(p.net)::bigint as net,
               (select sum(y.gross)::bigint from payouts y
                where y.merchant_id = p.merchant_id and y.promoter_id = p.promoter_id and y.state = 'paid'
                  and y.period between p.period - interval '11 months' and p.period) as year_gross
        from payouts p
        join promoters m on m.merchant_id = p.merchant_id and m.id = p.promoter_id
        left join promoter_identities i on i.merchant_id = p.merchant_id and i.promoter_id = p.promoter_id
        where p.merchant_id = %(merchant_id)s and p.state = 'paid' and p.period between %(since)s and %(until)s
          and (%(promoter)s::uuid is null or p.promoter_id = %(promoter)s)
        group by p.merchant_id, p.period, p.promoter_id, m.name, i.name_masked, i.number_masked, p.tax_method
        order by p.period desc, gross desc, p.promoter_id limit %(limit)s
        """,
        since=since,
        until=until,
        promoter=promoter_id,
        limit=ROWS_MAX,
    )
