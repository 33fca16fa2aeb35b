"""The proof of the day: every transfer read once, every account compared, the outcome kept for ever."""

from zoneinfo import ZoneInfo

import msgspec

from siyu.money.ledger.model import Difference, Proof
from siyu.money.ledger.queries import trial_balance
from siyu.money.ledger.reading import stands
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows
from siyu.runtime.worker import Sweep


async def prove(uow: UnitOfWork) -> Proof:
    """Prove the books as they are now; the first proof of a day is kept."""
    balance = await trial_balance(uow)
    differences = [] if balance.accounts_wrong == 0 else await _differences(uow)
    proof = Proof(
        day=uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date(),
        debits=balance.debits_posted,
        credits=balance.credits_posted,
        pending=balance.debits_pending,
        transfers=balance.transfers_posted,
        is_sound=balance.is_sound,
        differences=differences,
        proved_at=uow.now,
    )
    await uow.run(
        """
        insert into ledger_proofs (merchant_id, day, debits, credits, pending, transfers, is_sound, differences,
                                   proved_at)
        values (%(merchant_id)s, %(day)s, %(debits)s, %(credits)s, %(pending)s, %(transfers)s, %(is_sound)s,
                %(differences)s::jsonb, %(now)s)
        on conflict (merchant_id, day) do nothing
        """,
        day=proof.day,
        debits=proof.debits,
        credits=proof.credits,
        pending=proof.pending,
        transfers=proof.transfers,
        is_sound=proof.is_sound,
        differences=json_rows(differences),
    )
    return proof


async def proofs(uow: UnitOfWork, limit: int = 30) -> list[Proof]:
    """The proofs of the last days, newest first."""
    return await uow.all(
        Proof,
        """
        select day, debits, credits, pending, transfers, is_sound, differences, proved_at
        from ledger_proofs where merchant_id = %(merchant_id)s order by day desc limit %(limit)s
        """,
        limit=limit,
    )


async def _differences(uow: UnitOfWork) -> list[Difference]:
    said = await uow.all(
        _Said,
        """
        select code, debits_posted, credits_posted, debits_pending, credits_pending from accounts
        where merchant_id = %(merchant_id)s order by code
        """,
    )
    found = {
        stand.code: (stand.debits_posted, stand.credits_posted, stand.debits_pending, stand.credits_pending)
        for stand in await stands(uow, uow.now)
    }
    nothing = (0, 0, 0, 0)
    return [
        Difference(account.code, account.sums, found.get(account.code, nothing))
        for account in said
        if account.sums != found.get(account.code, nothing)
    ]


class _Said(msgspec.Struct, frozen=True):
    code: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def sums(self) -> tuple[int, int, int, int]:
        return (self.debits_posted, self.credits_posted, self.debits_pending, self.credits_pending)


async def prove_daily(database: Database, merchant: Merchant) -> int:
    """The sweep: once a day of the merchant's."""

    async def work(uow: UnitOfWork) -> int:
        today = uow.now.astimezone(ZoneInfo(merchant.timezone)).date()
        known = await uow.one(
            bool,
            """
            select exists (select from ledger_proofs where merchant_id = %(merchant_id)s and day = %(day)s)
            """,
            day=today,
        )
        if known:
            return 0
        await prove(uow)
        return 1

    return await database.attempt(merchant, work)


SWEEPS = [Sweep("ledger.prove", 600.0, prove_daily)]
