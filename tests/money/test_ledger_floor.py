"""An account that may never be negative: whatever is posted, promised or resolved, it never is."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.kernel import ids
from siyu.money import ledger
from siyu.money.ledger.actions import _Room
from siyu.runtime.db import Database, Merchant


async def moved(database: Database, merchant: Merchant, amount: int, *, how=ledger.transfer) -> bool:
    """Take `amount` from the purse, or put it in when negative; False when it was refused."""

    async def work(uow) -> None:
        accounts = await ledger.open_accounts(
            uow, {"purse": "credit", "till": "debit"}, never_negative=["purse"]
        )
        debit, credit = ("purse", "till") if amount > 0 else ("till", "purse")
        await how(
            uow, [ledger.Transfer(ids.new(), accounts[debit], accounts[credit], abs(amount), "x", ids.new())]
        )

    try:
        await database.attempt(merchant, work)
    except ledger.NotEnough:
        return False
    return True


async def balance(database: Database, merchant: Merchant) -> int:
    async with database.begin(merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return await ledger.balance_of(uow, "purse")


async def test_more_than_there_is_cannot_be_taken(database: Database, merchant: Merchant) -> None:
    assert await moved(database, merchant, 1) is False
    assert await moved(database, merchant, -100) is True
    assert await moved(database, merchant, 101) is False
    assert await moved(database, merchant, 100) is True
    assert await balance(database, merchant) == 0


async def test_what_is_promised_cannot_be_taken_again(database: Database, merchant: Merchant) -> None:
    await moved(database, merchant, -100)

    assert await moved(database, merchant, 80, how=ledger.hold) is True
    assert await moved(database, merchant, 21) is False
    assert await moved(database, merchant, 20) is True

    assert await balance(database, merchant) == 80


async def test_many_at_once_take_no_more_than_there_is(database: Database, merchant: Merchant) -> None:
    await moved(database, merchant, -1_000)

    taken = await asyncio.gather(*(moved(database, merchant, 300) for _ in range(10)))

    assert sum(taken) == 3
    assert await balance(database, merchant) == 100


async def test_other_accounts_may_be_negative_as_before(database: Database, merchant: Merchant) -> None:
    await moved(database, merchant, -10)
    async with database.begin(merchant) as uow:
        accounts = await ledger.open_accounts(uow, {"till": "debit", "sales": "credit"})
        await ledger.transfer(
            uow, [ledger.Transfer(ids.new(), accounts["sales"], accounts["till"], 50, "x", ids.new())]
        )
        found = {a.code: a.balance for a in await ledger.accounts(uow)}
    assert found == {"purse": 10, "till": -40, "sales": -50}


AMOUNTS = st.integers(0, 10**12)


@given(side=st.sampled_from(["credit", "debit"]), room=AMOUNTS, gains=st.tuples(*[AMOUNTS] * 4))
@settings(max_examples=200, deadline=None)
def test_the_check_before_agrees_with_the_rule_of_the_database(side, room, gains) -> None:
    debited, credited, debit_promised, credit_promised = gains
    left = room + (
        credited - debited - debit_promised if side == "credit" else debited - credited - credit_promised
    )
    account = _Room(ids.new(), side, never_negative=True, room=room)

    if left < 0:
        with pytest.raises(ledger.NotEnough):
            account.take(gains)
    else:
        account.take(gains)
    _Room(ids.new(), side, never_negative=False, room=room).take(gains)
