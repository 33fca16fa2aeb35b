"""Taking a bill in and comparing it: rows written as a set, differences found by one statement, fees booked once."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from siyu.connect import gateways
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork
from siyu.trade import payments
from siyu.trade.reconciliation.model import ACCOUNTS, methods_of

# The gateway's clock and ours may put a payment near midnight on different days: what happened in the last half hour
# of a day is looked for when the next day is compared, and then in the bills of both.
SLACK = timedelta(minutes=30)
# Refund rows in these states say that the money has not reached the buyer (WeChat Pay: 退款状态).
NOT_BACK = ("PROCESSING", "ABNORMAL", "CLOSED", "CHANGE", "FAIL", "FAILED")
OURS = re.compile(r"[0-9a-z]{6}_[0-9a-z]{25}")


async def take_in(uow: UnitOfWork, bill: gateways.Bill) -> bool:
    """Keep a day's bill, compare it, book its fees. A day that was compared before is left as it is: False.

    Rows whose number was made by another merchant of this installation, which shares the account, are left out.
    """
    state = await uow.one(
        str,
        """
        insert into bill_days (merchant_id, gateway, day, state, updated_at)
        values (%(merchant_id)s, %(gateway)s, %(day)s, 'waiting', %(now)s)
        on conflict (merchant_id, gateway, day) do update set updated_at = excluded.updated_at
        returning state
        """,
        gateway=bill.gateway,
        day=bill.day,
    )
    if state == "compared":
        return False
    own = _own_rows(uow, bill.rows)
    await _keep(uow, bill.gateway, bill.day, own)
    await compare(uow, bill.gateway, bill.day)
    fees = sum(row.fee for row in own)
    await _book_fees(uow, bill.gateway, bill.day, fees)
    await uow.run(
        """
        update bill_days set state = 'compared', rows = %(rows)s, paid = %(paid)s, refunded = %(refunded)s,
                             fees = %(fees)s, error = '', next_attempt_at = null, compared_at = %(now)s,
                             updated_at = %(now)s
        where merchant_id = %(merchant_id)s and gateway = %(gateway)s and day = %(day)s
        """,
        gateway=bill.gateway,
        day=bill.day,
        rows=len(own),
        paid=sum(row.amount for row in own if row.kind == "payment"),
        refunded=sum(row.amount for row in own if row.kind == "refund"),
        fees=fees,
    )
    return True


def _own_rows(uow: UnitOfWork, rows: Sequence[gateways.BillRow]) -> list[gateways.BillRow]:
    tag = payments.merchant_tag(uow.merchant_id) + "_"
    return [row for row in rows if row.out_trade_no.startswith(tag) or not OURS.fullmatch(row.out_trade_no)]


async def _keep(uow: UnitOfWork, gateway: str, day: date, rows: Sequence[gateways.BillRow]) -> None:
    await uow.run(
        """
        insert into bill_rows (merchant_id, gateway, day, kind, number, trade_no, gateway_id, state, amount, fee, at)
        select %(merchant_id)s, %(gateway)s, %(day)s, t.*
        from unnest(%(kinds)s::text[], %(numbers)s::text[], %(trades)s::text[], %(ids)s::text[], %(states)s::text[],
                    %(amounts)s::bigint[], %(fees)s::bigint[], %(ats)s::timestamptz[]) as t
        on conflict (merchant_id, gateway, day, kind, number) do nothing
        """,
        gateway=gateway,
        day=day,
        kinds=[row.kind for row in rows],
        numbers=[row.out_trade_no if row.kind == "payment" else row.out_refund_no for row in rows],
        trades=[row.out_trade_no for row in rows],
        ids=[row.transaction_id if row.kind == "payment" else row.refund_id for row in rows],
        states=[row.state for row in rows],
        amounts=[row.amount for row in rows],
        fees=[row.fee for row in rows],
        ats=[row.at for row in rows],
    )


async def compare(uow: UnitOfWork, gateway: str, day: date) -> int:
    """Write every difference of the day that is not known yet; returns how many are new."""
    start = datetime.combine(day, time(), gateways.CHINA)
    return await uow.run(
        """
        insert into bill_differences (merchant_id, id, gateway, day, subject, kind, number, trade_no, ours, theirs,
                                      our_state, their_state, order_id, state, found_at)
        select %(merchant_id)s, md5(concat_ws('|', %(merchant_id)s::text, %(gateway)s::text, d.subject, d.kind,
                                              d.number))::uuid,
               %(gateway)s, %(day)s, d.subject, d.kind, d.number, d.trade_no, d.ours, d.theirs, d.our_state,
               d.their_state, d.order_id, 'open', %(now)s
        from (
            select 'payment' as subject,
                   case when p.id is null then 'missing_here' when p.amount <> b.amount then 'amount'
                        else 'state' end as kind,
                   b.number, b.trade_no, p.amount as ours, b.amount as theirs, coalesce(p.state, '') as our_state,
                   b.state as their_state, p.order_id
            from bill_rows b
            left join payments p on p.merchant_id = b.merchant_id and p.out_trade_no = b.number
            where b.merchant_id = %(merchant_id)s and b.gateway = %(gateway)s and b.day = %(day)s
              and b.kind = 'payment'
              and (p.id is null or p.amount <> b.amount or p.state in ('waiting', 'closed'))
            union all
            select 'refund',
                   case when r.id is null then 'missing_here' when r.amount <> b.amount then 'amount' else 'state' end,
                   b.number, b.trade_no, r.amount, b.amount, coalesce(r.state, ''), b.state,
                   coalesce(r.order_id, p.order_id)
            from bill_rows b
            left join refunds r on r.merchant_id = b.merchant_id and r.out_refund_no = b.number
            left join payments p on p.merchant_id = b.merchant_id and p.out_trade_no = b.trade_no
            where b.merchant_id = %(merchant_id)s and b.gateway = %(gateway)s and b.day = %(day)s
              and b.kind = 'refund'
              and (r.id is null or r.amount <> b.amount
                   or b.state <> all(%(not_back)s) and r.state <> 'done'
                   or b.state in ('ABNORMAL', 'CLOSED', 'FAIL', 'FAILED') and r.state = 'done')
            union all
            select 'payment', 'missing_there', p.out_trade_no, p.out_trade_no, p.amount, null, p.state, '', p.order_id
            from payments p
            where p.merchant_id = %(merchant_id)s and p.paid_at >= %(start)s and p.paid_at < %(end)s
              and p.method = any(%(methods)s) and p.state not in ('waiting', 'closed')
              and not exists (select from bill_rows b where b.merchant_id = p.merchant_id and b.gateway = %(gateway)s
                              and b.kind = 'payment' and b.number = p.out_trade_no)
            union all
            select 'refund', 'missing_there', r.out_refund_no, p.out_trade_no, r.amount, null, r.state, '', r.order_id
            from refunds r
            join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
            where r.merchant_id = %(merchant_id)s and r.done_at >= %(start)s and r.done_at < %(end)s
              and r.state = 'done' and r.reference = '' and p.method = any(%(methods)s)
              and not exists (select from bill_rows b where b.merchant_id = r.merchant_id and b.gateway = %(gateway)s
                              and b.kind = 'refund' and b.number = r.out_refund_no)
        ) d
        on conflict (merchant_id, id) do nothing
        """,
        gateway=gateway,
        day=day,
        start=start - SLACK,
        end=start + timedelta(days=1) - SLACK,
        methods=methods_of(gateway),
        not_back=list(NOT_BACK),
    )


async def _book_fees(uow: UnitOfWork, gateway: str, day: date, fees: int) -> None:
    if not fees:
        return
    code = f"gateway:{gateway}"
    accounts = await ledger.open_accounts(uow, {**ACCOUNTS, code: "debit"})
    kept, held = accounts["gateway_fees"], accounts[code]
    subject = ids.derived("bill", uow.merchant_id, gateway, day)
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("gateway.fees", uow.merchant_id, gateway, day),
                debit=kept if fees > 0 else held,
                credit=held if fees > 0 else kept,
                amount=abs(fees),
                reason="gateway_fee",
                subject_id=subject,
                note=f"{gateway} {day}",
            )
        ],
    )
