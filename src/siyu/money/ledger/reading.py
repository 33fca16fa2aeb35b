"""Reading the ledger page by page: an account's transfers with its balance after each, open holds, vouchers, and how
every account stood at an instant.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siyu.kernel.paging import Page, bounded
from siyu.money.ledger.model import Account, Entry, OpenHold, Running, Stand, Sums
from siyu.runtime.db import UnitOfWork

FINAL = ("posted", "post")
Position = tuple[datetime, UUID]


async def sums(uow: UnitOfWork) -> Sums:
    """The running sums of all accounts together."""
    return await uow.one(
        Sums,
        """
        select coalesce(sum(debits_posted), 0)::bigint as debits_posted,
               coalesce(sum(credits_posted), 0)::bigint as credits_posted,
               coalesce(sum(debits_pending), 0)::bigint as debits_pending,
               coalesce(sum(credits_pending), 0)::bigint as credits_pending
        from accounts where merchant_id = %(merchant_id)s
        """,
    )


async def entries(
    uow: UnitOfWork, account: Account, *, after: Position | None = None, limit: int = 50
) -> Page[Running]:
    """Transfers of an account, newest first, each with the balance after it. The cursor is (at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Entry,
        """
        with page as (
            (select * from transfers
             where merchant_id = %(merchant_id)s and debit_id = %(account)s
               and (%(at)s::timestamptz is null or at <= %(at)s)
               and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(last_id)s::uuid))
             order by at desc, id desc limit %(limit)s)
            union all
            (select * from transfers
             where merchant_id = %(merchant_id)s and credit_id = %(account)s
               and (%(at)s::timestamptz is null or at <= %(at)s)
               and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(last_id)s::uuid))
             order by at desc, id desc limit %(limit)s)
        )
        select t.id, t.kind, d.code as debit_code, c.code as credit_code, t.amount, t.reason, t.subject_id, t.note,
               t.at
        from page t
        join accounts d on d.merchant_id = t.merchant_id and d.id = t.debit_id
        join accounts c on c.merchant_id = t.merchant_id and c.id = t.credit_id
        order by t.at desc, t.id desc limit %(limit)s
        """,
        account=account.id,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    balance = account.balance - await _moved_since(uow, account, after)
    shown = []
    for entry in found[:limit]:
        change = _change(account, entry)
        shown.append(Running(entry, change, balance))
        balance -= change
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=shown, next=f"{last.at.isoformat()}~{last.id}" if last else None)


def _change(account: Account, entry: Entry) -> int:
    if entry.kind not in FINAL:
        return 0
    return entry.amount if (entry.debit_code == account.code) == (account.side == "debit") else -entry.amount


async def _moved_since(uow: UnitOfWork, account: Account, position: Position | None) -> int:
    """What transfers at or after this position added to the account's own side; 0 for the newest page."""
    if position is None:
        return 0
    debited = await uow.one(
        int,
        """
        select (coalesce((select sum(amount) from transfers
                          where merchant_id = %(merchant_id)s and debit_id = %(account)s and at >= %(at)s
                            and (at, id) >= (%(at)s, %(id)s) and kind in ('posted', 'post')), 0)
              - coalesce((select sum(amount) from transfers
                          where merchant_id = %(merchant_id)s and credit_id = %(account)s and at >= %(at)s
                            and (at, id) >= (%(at)s, %(id)s) and kind in ('posted', 'post')), 0))::bigint
        """,
        account=account.id,
        at=position[0],
        id=position[1],
    )
    return debited if account.side == "debit" else -debited


async def stands(uow: UnitOfWork, at: datetime) -> list[Stand]:
    """Every account as it stood at this instant, from the transfers up to and with it."""
    return await uow.all(
        Stand,
        """
        with moves as (
            select debit_id as id, kind, amount, 0::bigint as credited from transfers
            where merchant_id = %(merchant_id)s and at <= %(at)s
            union all
            select credit_id, kind, 0, amount from transfers where merchant_id = %(merchant_id)s and at <= %(at)s
        ), moved as (
            select id,
                   coalesce(sum(amount) filter (where kind in ('posted', 'post')), 0) as dp,
                   coalesce(sum(credited) filter (where kind in ('posted', 'post')), 0) as cp,
                   coalesce(sum(case kind when 'hold' then amount when 'posted' then 0 else -amount end), 0) as dw,
                   coalesce(sum(case kind when 'hold' then credited when 'posted' then 0 else -credited end), 0) as cw
            from moves group by id
        )
        select a.code, a.side, m.dp::bigint as debits_posted, m.cp::bigint as credits_posted,
               m.dw::bigint as debits_pending, m.cw::bigint as credits_pending
        from moved m join accounts a on a.merchant_id = %(merchant_id)s and a.id = m.id
        order by a.code
        """,
        at=at,
    )


async def open_holds(uow: UnitOfWork, limit: int = 200) -> list[OpenHold]:
    """Promises that still wait, the oldest first."""
    return await uow.all(
        OpenHold,
        """
        select t.id, d.code as debit_code, c.code as credit_code, h.amount, h.amount - h.resolved as left, t.reason,
               t.subject_id, t.at
        from holds h
        join transfers t on t.merchant_id = h.merchant_id and t.id = h.transfer_id
        join accounts d on d.merchant_id = t.merchant_id and d.id = t.debit_id
        join accounts c on c.merchant_id = t.merchant_id and c.id = t.credit_id
        where h.merchant_id = %(merchant_id)s and h.resolved < h.amount
        order by t.at, t.id limit %(limit)s
        """,
        limit=limit,
    )


async def vouchers(
    uow: UnitOfWork,
    since: datetime,
    until: datetime,
    *,
    codes: Sequence[str] | None = None,
    after: Position | None = None,
    limit: int = 200,
) -> Page[Entry]:
    """Final transfers from `since` on and before `until`, oldest first, for the accountant. The cursor is (at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Entry,
        """
        select t.id, t.kind, d.code as debit_code, c.code as credit_code, t.amount, t.reason, t.subject_id, t.note,
               t.at
        from transfers t
        join accounts d on d.merchant_id = t.merchant_id and d.id = t.debit_id
        join accounts c on c.merchant_id = t.merchant_id and c.id = t.credit_id
        where t.merchant_id = %(merchant_id)s and t.kind in ('posted', 'post')
          and t.at >= %(since)s and t.at < %(until)s
          and (%(codes)s::text[] is null or d.code = any(%(codes)s) or c.code = any(%(codes)s))
          and (%(at)s::timestamptz is null or (t.at, t.id) > (%(at)s, %(last_id)s::uuid))
        order by t.at, t.id limit %(limit)s
        """,
        since=since,
        until=until,
        codes=list(codes) if codes is not None else None,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.at.isoformat()}~{last.id}" if last else None)
