"""What the channel says about a payout, whichever way and however often it says it: callback, query, bank result."""

from uuid import UUID

from siyu.connect.gateways import Payout as Told
from siyu.growth.payouts import books
from siyu.growth.payouts.model import Payout
from siyu.growth.payouts.queries import find, local_day, locked, of_number
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork

OVERDUE = "OVERDUE_CLOSE"
ASK_AGAIN = {"awaiting_user": "10 minutes", "submitted": "1 minute"}


async def told(uow: UnitOfWork, said: Told) -> str:
    """Take in what the gateway says; return the state the payout has now, '' for a number that is not ours.

    Said again, or late, it changes nothing more. SUCCESS counts even after we had given the money back.
    """
    payout_id = await of_number(uow, said.number)
    if payout_id is None:
        return ""
    payout = await locked(uow, payout_id)
    if said.state == "SUCCESS":
        await _succeeded(uow, payout, said)
    elif payout.state not in ("approved", "submitted", "awaiting_user"):
        return payout.state
    elif said.state in ("FAIL", "CANCELLED"):
        await _returned(uow, payout, said)
    else:
        await _on_its_way(uow, payout, said)
    return (await find(uow, payout_id)).state


async def _succeeded(uow: UnitOfWork, payout: Payout, said: Told) -> None:
    if payout.state == "paid":
        return
    # Another sum than ours: what to book is for a person to say.
    if said.amount and said.amount != payout.net:
        if payout.state != "manual":
            await _differs(uow, "amount", payout, said.amount)
        return
    if payout.state in ("expired", "failed"):
        if not await books.pay_after_all(uow, payout):
            await _differs(uow, "overpaid", payout, payout.net)
    else:
        await books.pay(uow, payout)
    await uow.run(
        """
        update payouts set state = 'paid', finished_at = %(now)s, next_attempt_at = null, package = '', fail_code = '',
                           fail_reason = '', lacks_funds = false,
                           gateway_id = case when %(gateway_id)s = '' then gateway_id else %(gateway_id)s end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout.id,
        gateway_id=said.gateway_id,
    )
    await books.step(uow, payout.id, "paid")


async def _returned(uow: UnitOfWork, payout: Payout, said: Told) -> None:
    is_overdue = said.fail_reason == OVERDUE
    code = said.fail_reason or said.state
    await returned(uow, payout, "expired" if is_overdue else "failed", code)


async def returned(uow: UnitOfWork, payout: Payout, state: str, code: str, reason: str = "") -> None:
    """The channel did not pay and will not: everything goes back to the balance."""
    await uow.run(
        """
        update payouts set state = %(state)s, fail_code = %(code)s, fail_reason = %(reason)s, finished_at = %(now)s,
                           next_attempt_at = null, package = '', lacks_funds = false
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout.id,
        state=state,
        code=code[:60],
        reason=reason[:200],
    )
    await books.give_back(uow, payout)
    await books.step(uow, payout.id, state, reason or code)


async def _on_its_way(uow: UnitOfWork, payout: Payout, said: Told) -> None:
    state = "awaiting_user" if said.state == "WAIT_USER_CONFIRM" else "submitted"
    if payout.state == "awaiting_user":
        state = "awaiting_user"  # TRANSFERING: the person has confirmed and the outcome is open
    await uow.run(
        """
        update payouts
        set state = %(state)s, lacks_funds = false, fail_reason = '',
            package = case when %(package)s = '' then package else %(package)s end,
            gateway_id = case when %(gateway_id)s = '' then gateway_id else %(gateway_id)s end,
            expires_at = case when %(state)s = 'awaiting_user' then coalesce(expires_at, %(now)s + interval '24 hours')
                         end,
            next_attempt_at = %(now)s + %(wait)s::interval
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout.id,
        state=state,
        package=said.package,
        gateway_id=said.gateway_id,
        wait=ASK_AGAIN[state],
    )
    if state != payout.state:
        await books.step(uow, payout.id, state)


async def _differs(uow: UnitOfWork, kind: str, payout: Payout, theirs: int) -> None:
    """Something a person must look at; the payout waits for them unless it is over."""
    await uow.run(
        """
        insert into payout_differences (merchant_id, id, day, kind, number, ours, theirs, state, found_at)
        values (%(merchant_id)s, %(id)s, %(day)s, %(kind)s, %(number)s, %(ours)s, %(theirs)s, 'open', %(now)s)
        on conflict do nothing
        """,
        id=ids.new(),
        day=local_day(uow),
        kind=kind,
        number=payout.number,
        ours=payout.net,
        theirs=theirs,
    )
    if kind == "amount" and payout.state in ("submitted", "awaiting_user", "approved"):
        await uow.run(
            """
            update payouts set state = 'manual', next_attempt_at = null
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=payout.id,
        )
        await books.step(uow, payout.id, "manual", f"{theirs}")


async def resolve(uow: UnitOfWork, difference_id: UUID, note: str) -> None:
    """A person has dealt with a difference and says how. Twice is once."""
    await uow.run(
        """
        update payout_differences set state = 'resolved', note = %(note)s, resolved_by = %(by)s, resolved_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'open'
        """,
        id=difference_id,
        note=note.strip()[:300],
        by=uow.actor.name,
    )
