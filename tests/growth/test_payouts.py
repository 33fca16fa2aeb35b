"""Payouts: what is owed becomes money once, with its tax, or goes back whole."""

import asyncio
from datetime import timedelta

import pytest

from growth.payout_world import World, a_world, staff
from siyu.connect import gateways
from siyu.growth import payouts
from siyu.growth.payouts import model
from siyu.kernel import clock, ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def world(database: Database, merchant: Merchant, tmp_path):
    async with a_world(database, merchant, tmp_path / "sandbox") as made:
        yield made


async def test_a_withdrawal_is_reviewed_sent_taken_and_paid_with_its_tax(world: World) -> None:
    await world.earns(apples=900)  # 11,610 yuan sold, 1,161 yuan earned
    assert await world.books() == {"free": 116_100, "held": 0, "tax": 0, "overpaid": 0}
    async with world.database.begin(world.merchant) as uow:
        told = await payouts.offer(uow, world.promoter.id)
    assert (told.balance, told.gross, told.tax, told.net) == (116_100, 116_100, 7_220, 108_880)

    payout = await world.asks()
    assert (payout.state, payout.gross, payout.tax, payout.net) == ("requested", 116_100, 7_220, 108_880)
    assert await world.books() == {"free": 0, "held": 116_100, "tax": 0, "overpaid": 0}

    assert (await world.approves(payout)).state == "approved"
    assert await world.sends() == 1
    waiting = await world.now(payout)
    assert (waiting.state, bool(waiting.package)) == ("awaiting_user", True)

    await world.takes(payout)
    assert await world.calls_back() == 1
    assert (await world.now(payout)).state == "paid"
    assert await world.books() == {"free": 0, "held": 0, "tax": 7_220, "overpaid": 0}
    assert await world.at_gateway() == 108_880
    async with world.database.begin(world.merchant) as uow:
        assert [step.state for step in await payouts.steps_of(uow, payout.id)] == [
            "requested", "approved", "awaiting_user", "paid",
        ]  # fmt: skip
        assert sum(line.amount for line in await payouts.lines_of(uow, payout.id)) == 116_100


async def test_asking_twice_with_one_id_is_one_payout_and_another_waits_its_turn(world: World) -> None:
    await world.earns()
    key = ids.new()
    first = await world.asks(key)
    assert (await world.asks(key)).number == first.number
    with pytest.raises(model.OneInFlight):
        await world.asks()
    with pytest.raises(IdempotencyConflict):
        await world.asks(key, method="bank")
    assert (await world.books())["held"] == first.gross == 1_290


async def test_two_withdrawals_at_the_same_moment_are_one(world: World) -> None:
    await world.earns()
    answers = await asyncio.gather(*(world.asks() for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, payouts.Payout) for answer in answers) == 1
    assert all(isinstance(answer, payouts.Payout | model.OneInFlight) for answer in answers)
    assert await world.books() == {"free": 0, "held": 1_290, "tax": 0, "overpaid": 0}


async def test_nobody_is_paid_without_a_checked_name_or_with_nothing_open(
    database: Database, merchant: Merchant, world: World
) -> None:
    with pytest.raises(model.NothingToPay):
        await world.asks()
    await world.earns()
    with pytest.raises(model.NoWallet):
        await world.asks(method="bank")
    with pytest.raises(Invalid):
        await world.asks(most=0)
    with pytest.raises(model.BelowMinimum):
        await world.asks(most=99)
    async with database.begin(merchant, staff()) as uow:
        from siyu.growth import promoters

        await promoters.refuse_identity(uow, world.promoter.id, "照片不清楚")
    with pytest.raises(model.NotVerified):
        await world.asks()
    assert await world.books() == {"free": 1_290, "held": 0, "tax": 0, "overpaid": 0}


async def test_above_the_threshold_two_colleagues_approve_and_never_one_twice(world: World) -> None:
    async with world.database.begin(world.merchant, staff()) as uow:
        await payouts.save_terms(uow, payouts.Terms(second_from=1_000))
    await world.earns()
    payout = await world.asks()
    first = staff("小李")
    assert (await world.approves(payout, first)).state == "reviewing"
    with pytest.raises(model.SamePerson):
        await world.approves(payout, first)
    assert await world.sends() == 0
    with pytest.raises(model.NeedsPerson):
        await world.approves(payout, Actor(kind="key", id=ids.new(), name="密钥"))
    assert (await world.approves(payout, staff("小陈"))).state == "approved"


async def test_a_declined_payout_is_in_the_balance_again_and_says_why(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    async with world.database.begin(world.merchant, staff()) as uow:
        with pytest.raises(Invalid):
            await payouts.decline(uow, payout.id, " ")
        await payouts.decline(uow, payout.id, "请先补交资料")
    async with world.database.begin(world.merchant, staff()) as uow:
        again = await payouts.decline(uow, payout.id, "请先补交资料")
    assert (again.state, again.fail_reason) == ("failed", "请先补交资料")
    assert await world.books() == {"free": 1_290, "held": 0, "tax": 0, "overpaid": 0}


async def test_a_batch_approves_what_it_may_and_names_the_others(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    async with world.database.begin(world.merchant, staff()) as uow:
        unknown = ids.new()
        told = await payouts.approve_many(uow, [payout.id, payout.id, unknown])
    assert (told.approved, told.half, told.refused) == (1, 0, ((unknown, "not_found"),))
    assert (await world.now(payout)).state == "approved"


async def test_nobody_takes_it_in_a_day_and_it_is_in_the_balance_again(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    await world.later(hours=25)
    await world.sends()
    now = await world.now(payout)
    assert (now.state, now.fail_code, now.package) == ("expired", "OVERDUE_CLOSE", "")
    assert await world.books() == {"free": 1_290, "held": 0, "tax": 0, "overpaid": 0}
    second = await world.asks()
    assert second.number != payout.number


async def test_a_crash_between_writing_down_and_sending_sends_under_the_same_number(
    world: World, monkeypatch
) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)

    async def dies(*_: object) -> None:
        raise ConnectionResetError

    from siyu.growth.payouts import sending

    with monkeypatch.context() as broken:
        broken.setattr(sending, "_deal_with", dies)
        with pytest.raises(ConnectionResetError):
            await world.sends()
    assert (await world.now(payout)).state == "submitted"
    assert await world.sends() == 0
    await world.later(minutes=5)
    assert await world.sends() == 1
    now = await world.now(payout)
    assert (now.state, now.number) == ("awaiting_user", payout.number)


async def test_an_answer_lost_on_the_way_is_found_and_its_page_is_fetched_again(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.control("flags", system_errors_after_apply=1)
    await world.sends()
    assert (await world.now(payout)).state == "submitted"
    await world.later(minutes=5)
    await world.sends()
    now = await world.now(payout)
    assert (now.state, bool(now.package)) == ("awaiting_user", True)


async def test_a_lost_callback_is_made_up_for_by_asking(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    await world.takes(payout, callback="drop")
    await world.later(minutes=11)
    await world.sends()
    assert (await world.now(payout)).state == "paid"


async def test_a_doubled_and_late_callback_pays_once(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    await world.takes(payout, callback="duplicate")
    assert await payouts.check_now(world.database, world.merchant, world.gateway, payout.id) == "paid"
    assert await world.calls_back() == 2
    assert await world.books() == {"free": 0, "held": 0, "tax": 0, "overpaid": 0}


async def test_too_little_in_the_merchants_account_only_makes_people_wait(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.control("flags", is_transfer_balance_short=True)
    await world.sends()
    now = await world.now(payout)
    assert (now.state, now.lacks_funds) == ("approved", True)
    assert (await world.books())["held"] == 1_290
    await world.control("flags", is_transfer_balance_short=False)
    await world.later(minutes=11)
    await world.sends()
    now = await world.now(payout)
    assert (now.state, now.lacks_funds, now.number) == ("awaiting_user", False, payout.number)


async def test_a_refusal_gives_the_money_back_with_the_reason(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.control("flags", is_any_openid_accepted=False)
    await world.sends()
    now = await world.now(payout)
    assert (now.state, now.fail_code) == ("failed", "PARAM_ERROR")
    assert await world.books() == {"free": 1_290, "held": 0, "tax": 0, "overpaid": 0}


async def test_money_taken_after_we_gave_it_back_is_booked_from_the_same_lines(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    async with world.database.begin(world.merchant) as uow:
        said = gateways.Payout(payout.number, "1", "FAIL", fail_reason="OVERDUE_CLOSE")
        assert await payouts.told(uow, said) == "expired"
    assert (await world.books())["free"] == 1_290
    await world.takes(payout)
    await world.calls_back()
    assert (await world.now(payout)).state == "paid"
    assert await world.books() == {"free": 0, "held": 0, "tax": 0, "overpaid": 0}


async def test_money_that_left_twice_over_is_owed_by_the_promoter_and_shown(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    async with world.database.begin(world.merchant) as uow:
        await payouts.told(uow, gateways.Payout(payout.number, "1", "FAIL", fail_reason="OVERDUE_CLOSE"))
    second = await world.asks()  # the same commission, on its way again
    await world.takes(payout)
    await world.calls_back()
    assert await world.books() == {"free": 0, "held": 1_290, "tax": 0, "overpaid": 1_290}
    async with world.database.begin(world.merchant) as uow:
        assert (await payouts.counts(uow)).differences == 1
    assert (await world.now(second)).state == "requested"


async def test_a_refund_while_the_money_is_on_its_way_is_set_against_the_next_earnings(world: World) -> None:
    order = await world.earns(apples=20)
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    await world.returns(order, 10)
    assert await world.books() == {"free": -1_290, "held": 2_580, "tax": 0, "overpaid": 0}
    await world.takes(payout)
    await world.calls_back()
    assert await world.books() == {"free": -1_290, "held": 0, "tax": 0, "overpaid": 0}
    with pytest.raises(model.NothingToPay):
        await world.asks()
    await world.earns(apples=30)
    second = await world.asks()
    assert second.gross == 3_870 - 1_290


async def test_a_refund_before_the_money_came_back_leaves_only_what_is_still_earned(world: World) -> None:
    order = await world.earns(apples=20)
    payout = await world.asks()
    await world.returns(order, 20)
    async with world.database.begin(world.merchant, staff()) as uow:
        await payouts.decline(uow, payout.id, "订单已退款")
    assert await world.books() == {"free": 0, "held": 0, "tax": 0, "overpaid": 0}


async def test_the_channels_limit_of_a_day_takes_part_of_a_line_and_the_rest_tomorrow(world: World) -> None:
    async with world.database.begin(world.merchant, staff()) as uow:
        await payouts.save_terms(uow, payouts.Terms(day_cap=1_000))
    await world.earns()
    payout = await world.asks()
    assert payout.gross == 1_000
    await world.approves(payout)
    await world.sends()
    await world.takes(payout)
    await world.calls_back()
    with pytest.raises(model.DayCapReached):
        await world.asks()
    await world.later(days=1)
    assert (await world.asks()).gross == 290
    assert await world.books() == {"free": 0, "held": 290, "tax": 0, "overpaid": 0}


async def test_a_payout_that_waits_over_a_months_end_is_taxed_in_the_month_it_is_paid(world: World) -> None:
    await world.earns(apples=900)
    first = await world.asks(most=80_000)
    await world.approves(first)
    await world.sends()
    await world.takes(first)
    await world.calls_back()
    second = await world.asks()  # 361 yuan, of which 20 % in the same month
    assert (second.tax, second.period) == (7_220, first.period)
    await world.approves(second)
    clock.move_to(clock.offset() + timedelta(days=31))
    await world.sends()
    now = await world.now(second)
    assert (now.tax, now.net, now.period > first.period) == (0, 36_100, True)


async def test_a_bank_file_names_each_payout_and_its_answer_is_taken_row_by_row(world: World) -> None:
    import msgspec

    from growth.payout_world import IDENTITY, SECRET
    from siyu.growth import promoters

    card = msgspec.structs.replace(IDENTITY, bank_account="6222020200112230", bank_name="工商银行")
    async with world.database.begin(world.merchant) as uow:
        await promoters.submit_identity(uow, world.promoter.id, card, secret=SECRET)
    async with world.database.begin(world.merchant, staff()) as uow:
        await promoters.verify_identity(uow, world.promoter.id)
    await world.earns()
    payout = await world.asks(method="bank")
    await world.approves(payout)
    assert await world.sends() == 0
    for _ in range(2):  # the file can be fetched again
        async with world.database.begin(world.merchant, staff()) as uow:
            (row,) = await payouts.bank_file(uow, secret=SECRET)
        assert (row.number, row.real_name, row.bank_account, row.net) == (
            payout.number, "王小鱼", "6222020200112230", 1_290,
        )  # fmt: skip
    results = payouts.read_results(f"{payout.number},成功,BK20261123\nTX0,失败,无此户")
    async with world.database.begin(world.merchant, staff()) as uow:
        assert await payouts.take_results(uow, results) == (1, [("TX0", "not_found")])
    async with world.database.begin(world.merchant, staff()) as uow:
        assert await payouts.take_results(uow, results[:1]) == (1, [])
    now = await world.now(payout)
    assert (now.state, now.reference) == ("paid", "BK20261123")
    assert await world.books() == {"free": 0, "held": 0, "tax": 0, "overpaid": 0}
    with pytest.raises(Invalid):
        payouts.read_results("1,maybe,x")


async def test_another_merchant_sees_nothing_and_changes_nothing(world: World, new_shop) -> None:
    await world.earns()
    payout = await world.asks()
    other = await new_shop()
    async with world.database.begin(other, staff()) as uow:
        assert await payouts.listing(uow) == []
        with pytest.raises(NotFound):
            await payouts.approve(uow, payout.id)
        assert await payouts.told(uow, gateways.Payout(payout.number, "1", "SUCCESS", amount=1_290)) == ""
    assert (await world.now(payout)).state == "requested"


async def test_another_sum_than_ours_waits_for_a_person(world: World) -> None:
    await world.earns()
    payout = await world.asks()
    await world.approves(payout)
    await world.sends()
    async with world.database.begin(world.merchant) as uow:
        told = gateways.Payout(payout.number, "1", "SUCCESS", amount=1_291)
        assert await payouts.told(uow, told) == "manual"
        assert await payouts.told(uow, told) == "manual"
        assert (await payouts.counts(uow)).differences == 1
    assert (await world.books())["held"] == 1_290
