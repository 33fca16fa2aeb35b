"""Six hundred real group-buying launches, replayed: the house comes to what the file says, and every fen adds up."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from siyu.kernel import clock
from siyu.runtime.db import Database, Merchant
from siyu.trade.groupbuys import sweeping

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
from group_replay import replay, sample
from trade.group_shop import a_market, balances, group_of, money_returned, opened, sweep

DATA = Path(__file__).parents[3] / "shared" / "data" / "beibei_groupbuying"


@pytest.mark.skipif(not DATA.is_dir(), reason="the data set is not on this machine")
@pytest.mark.timeout(300)
async def test_real_launches_end_as_they_did(database: Database, merchant: Merchant) -> None:
    launches = sample(DATA, 300, 300, large=20)
    members = sum(1 + min(4, len(one.participants)) for one in launches)

    report = await replay(database, merchant, launches, workers=3)

    assert (report.succeeded, report.failed) == (300, 300)
    assert (report.orders, report.paid, report.refunded) == (members, members, 300)
    assert report.beyond_five > 0
    assert report.refused_beyond_five == report.beyond_five
    assert (report.members_too_many, report.promised_wrongly) == (0, 0)
    assert (report.ledger_sum, report.left_over) == (0, 0)
    assert report.kept == report.received - report.given_back == 990 * (members - 300)
    assert report.is_right


async def test_a_worker_that_dies_among_the_refunds_is_taken_up_again(
    database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = await a_market(database, merchant)
    firsts = [(await opened(market))[1] for _ in range(5)]
    clock.move_to(timedelta(hours=25))
    await database.attempt(merchant, sweeping.end_due)
    whole, begun = sweeping.refund_seat, []

    async def dying(*told: object) -> None:
        begun.append(told)
        if len(begun) == 3:
            raise RuntimeError("the power went out")
        await whole(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(sweeping, "refund_seat", dying)
    with pytest.raises(RuntimeError):
        await database.attempt(merchant, sweeping.refund_expired)
    half_way = await balances(market)
    states = {(await group_of(market, order.id)).state for order in firsts}
    monkeypatch.setattr(sweeping, "refund_seat", whole)
    await sweep(market)
    await money_returned(market)

    assert half_way == {"gateway:wxpay": 5 * 990, "sales": 5 * 990}
    assert states == {"expired"}
    assert {(await group_of(market, order.id)).state for order in firsts} == {"failed"}
    assert await balances(market) == {}
