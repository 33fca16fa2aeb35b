"""Reading the ledger: accounts, what moved them and why, and the proof that it balances."""

from collections.abc import Sequence
from uuid import UUID

from siyu.money.ledger.model import Account, Entry, TrialBalance
from siyu.runtime.db import UnitOfWork


async def accounts(uow: UnitOfWork, codes: Sequence[str] | None = None) -> list[Account]:
    """All accounts of the merchant, or those with the given codes."""
    return await uow.all(
        Account,
        """
        select id, code, side, currency, debits_posted, credits_posted, debits_pending, credits_pending
        from accounts
        where merchant_id = %(merchant_id)s and (%(codes)s::text[] is null or code = any(%(codes)s))
        order by code
        """,
        codes=list(codes) if codes is not None else None,
    )


async def entries_of(uow: UnitOfWork, subject_ids: Sequence[UUID], limit: int = 200) -> list[Entry]:
    """Transfers about these orders or refunds, oldest first."""
    return await uow.all(
        Entry,
        """
        select t.id, t.kind, d.code as debit_code, c.code as credit_code, t.amount, t.reason, t.subject_id, t.note,
               t.at
        from transfers t
        join accounts d on d.merchant_id = t.merchant_id and d.id = t.debit_id
        join accounts c on c.merchant_id = t.merchant_id and c.id = t.credit_id
        where t.merchant_id = %(merchant_id)s and t.subject_id = any(%(subjects)s)
        order by t.at, t.id limit %(limit)s
        """,
        subjects=list(subject_ids),
        limit=limit,
    )


async def account_entries(uow: UnitOfWork, code: str, limit: int = 100) -> list[Entry]:
    """The newest transfers of one account."""
    return await uow.all(
        Entry,
        """
        select t.id, t.kind, d.code as debit_code, c.code as credit_code, t.amount, t.reason, t.subject_id, t.note,
               t.at
        from transfers t
        join accounts d on d.merchant_id = t.merchant_id and d.id = t.debit_id
        join accounts c on c.merchant_id = t.merchant_id and c.id = t.credit_id
        where t.merchant_id = %(merchant_id)s and (d.code = %(code)s or c.code = %(code)s)
        order by t.at desc, t.id desc limit %(limit)s
        """,
        code=code,
        limit=limit,
    )


async def balance_of(uow: UnitOfWork, code: str) -> int:
    """What an account holds on its own side, promises not counted, in minor units; 0 before it was opened."""
    found = await accounts(uow, [code])
    return found[0].balance if found else 0


async def trial_balance(uow: UnitOfWork) -> TrialBalance:
    """Prove the books from every transfer: sum of debits = sum of credits = sum of transfers, account by account.

    Reads every transfer once; a page that wants to be quick reads `sums` and the proof of the day.
    """
    return await uow.one(
        TrialBalance,
        """
        with moves as (
            select debit_id as id, kind, amount, 0::bigint as credited from transfers
            where merchant_id = %(merchant_id)s
            union all
            select credit_id, kind, 0, amount from transfers where merchant_id = %(merchant_id)s
        ), moved as (
            select id,
                   coalesce(sum(amount) filter (where kind in ('posted', 'post')), 0) as dp,
                   coalesce(sum(credited) filter (where kind in ('posted', 'post')), 0) as cp,
                   coalesce(sum(case kind when 'hold' then amount when 'posted' then 0 else -amount end), 0) as dw,
                   coalesce(sum(case kind when 'hold' then credited when 'posted' then 0 else -credited end), 0) as cw
            from moves group by id
        )
        select coalesce(sum(a.debits_posted), 0)::bigint as debits_posted,
               coalesce(sum(a.credits_posted), 0)::bigint as credits_posted,
               coalesce(sum(a.debits_pending), 0)::bigint as debits_pending,
               coalesce(sum(a.credits_pending), 0)::bigint as credits_pending,
               coalesce(sum(m.dp), 0)::bigint as transfers_posted,
               coalesce(sum(m.dw), 0)::bigint as transfers_pending,
               count(*) filter (where (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending)
                                      is distinct from (coalesce(m.dp, 0), coalesce(m.cp, 0), coalesce(m.dw, 0),
                                                        coalesce(m.cw, 0))) as accounts_wrong
        from accounts a left join moved m on m.id = a.id
        where a.merchant_id = %(merchant_id)s
        """,
    )
