"""Codes of vouchers: one per unit, used once, void with their unit, ended with their time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Shop, a_shop, state_of
from siyu.kernel import clock, ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment, payments
from siyu.trade.fulfilment import code_model
from trade.fulfilment_shop import codes_now, digested, of_codes, order_now


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


def clerk(shop: Shop) -> Actor:
    return Actor(kind="staff", id=ids.new(), name="陈店长", store_id=shop.store_id)


async def redeem(database: Database, shop: Shop, code: str, redemption=None) -> fulfilment.Code:
    async with database.begin(shop.merchant, clerk(shop)) as uow:
        return await fulfilment.redeem(uow, fulfilment.Redeem(redemption or ids.new(), code))


async def refund(database: Database, shop: Shop, order_id, quantity: int = 1, of: str = "waiting") -> None:
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(
            uow, payments.RequestRefund(ids.new(), order_id, ((1, quantity),), "不要了", of=of)
        )


async def valid_for(database: Database, shop: Shop, days: int) -> None:
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update products set valid_days = %(days)s where merchant_id = %(merchant_id)s", days=days
        )


async def states(database: Database, shop: Shop, order_id) -> list[str]:
    return [code.state for code in await codes_now(database, shop, order_id)]


@given(st.text(alphabet=ids.SAFE_ALPHABET, min_size=11, max_size=11), st.integers(0, 10), st.integers(1, 30))
def test_one_wrong_character_is_seen(body, place, away):
    good = body + code_model.check_of(body)
    wrong_at = (code_model.PLACES[body[place]] + away) % 31
    wrong = ids.SAFE_ALPHABET[wrong_at]
    if code_model.PLACES[body[place]] % 31 != wrong_at:
        slipped = body[:place] + wrong + good[place + 1 :]
        assert code_model.is_code(good)
        assert not code_model.is_code(slipped)


@given(st.text(alphabet=ids.SAFE_ALPHABET[1:31], min_size=11, max_size=11), st.integers(0, 9))
def test_two_neighbours_swapped_are_seen(body, place):
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    assert swapped == body or not code_model.is_code(swapped + code_model.check_of(body))


@given(st.text(max_size=40))
def test_reading_a_code_never_fails(text):
    code_model.is_code(code_model.cleaned_code(text))


def test_a_code_is_read_as_people_type_it():
    code = code_model.new_code()
    typed = f" {code[:4].lower()} {code[4:8]}-{code[8:]}".replace("0", "o").replace("1", "l")

    assert code_model.cleaned_code(typed) == code


async def test_a_paid_voucher_has_one_code_per_unit(database, shop):
    order = await of_codes(database, shop, quantity=3)
    await digested(database)

    codes = await codes_now(database, shop, order.id)

    assert [(code.line_no, code.unit, code.state) for code in codes] == [
        (1, 1, "ready"),
        (1, 2, "ready"),
        (1, 3, "ready"),
    ]
    assert len({code.code for code in codes}) == 3
    assert all(code_model.is_code(code.code) for code in codes)
    assert all(code.valid_until is None for code in codes)


async def test_goods_have_no_codes(database, shop):
    from factories import a_customer, paid

    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    await digested(database)

    assert await codes_now(database, shop, order.id) == []


async def test_a_code_is_used_once_and_the_store_is_written_down(database, shop):
    order = await of_codes(database, shop, quantity=2)
    first, second = await codes_now(database, shop, order.id)

    used = await redeem(database, shop, first.spaced)
    assert (used.state, used.store_name, used.redeemed_by_name) == ("redeemed", "一店", "陈店长")
    with pytest.raises(fulfilment.CodeUsed):
        await redeem(database, shop, first.code)
    assert await state_of(database, shop, order.id) == "paid"
    assert (await order_now(database, shop, order.id)).lines[0].waiting == 1

    await redeem(database, shop, second.code)
    assert await state_of(database, shop, order.id) == "received"
    assert await states(database, shop, order.id) == ["redeemed", "redeemed"]


async def test_the_same_redemption_twice_is_one(database, shop):
    order = await of_codes(database, shop, quantity=2)
    first, second = await codes_now(database, shop, order.id)
    redemption = ids.new()

    answers = [await redeem(database, shop, first.code, redemption) for _ in range(2)]
    with pytest.raises(IdempotencyConflict):
        await redeem(database, shop, second.code, redemption)

    assert answers[0] == answers[1]
    assert (await order_now(database, shop, order.id)).lines[0].waiting == 1


async def test_an_unknown_or_mistyped_code_is_refused(database, shop, new_shop):
    order = await of_codes(database, shop)
    (code, _) = await codes_now(database, shop, order.id)

    for wrong in ("", code.code[:-1], code.code[::-1], "X" * 12, "' or 1=1 --", code_model.new_code()):
        with pytest.raises(fulfilment.UnknownCode):
            await redeem(database, shop, wrong)
    other = await new_shop()
    async with database.begin(other) as uow:
        with pytest.raises(fulfilment.UnknownCode):
            await fulfilment.redeem(uow, fulfilment.Redeem(ids.new(), code.code))

    assert await states(database, shop, order.id) == ["ready", "ready"]


async def test_a_refunded_unit_voids_its_code(database, shop):
    order = await of_codes(database, shop, quantity=3)
    codes = await codes_now(database, shop, order.id)
    await redeem(database, shop, codes[0].code)

    await refund(database, shop, order.id, 1)
    await digested(database)
    await digested(database)

    assert await states(database, shop, order.id) == ["redeemed", "ready", "void"]
    with pytest.raises(fulfilment.CodeVoid):
        await redeem(database, shop, codes[2].code)
    await redeem(database, shop, codes[1].code)


async def test_a_unit_refunded_a_moment_ago_cannot_be_used(database, shop):
    """The consumer has not heard of the refund yet; the units themselves say no."""
    order = await of_codes(database, shop, quantity=1)
    (code,) = await codes_now(database, shop, order.id)
    await refund(database, shop, order.id)

    with pytest.raises(fulfilment.CodeVoid):
        await redeem(database, shop, code.code)

    assert await states(database, shop, order.id) == ["ready"]
    await digested(database)
    assert await states(database, shop, order.id) == ["void"]


async def test_a_code_is_valid_as_long_as_its_product_says(database, shop):
    await valid_for(database, shop, 30)
    order = await of_codes(database, shop, quantity=1)

    (code,) = await codes_now(database, shop, order.id)

    assert code.valid_until == code.issued_at + timedelta(days=30)


async def test_a_code_nobody_used_is_given_back_when_its_time_is_over(database, shop):
    await valid_for(database, shop, 365)
    order = await of_codes(database, shop, quantity=3)
    first, *_ = await codes_now(database, shop, order.id)
    await redeem(database, shop, first.code)
    clock.move_to(timedelta(days=366))

    with pytest.raises(fulfilment.CodeExpired):
        await redeem(database, shop, (await codes_now(database, shop, order.id))[1].code)
    assert await fulfilment.expire_due(database, shop.merchant) == 1
    assert await fulfilment.expire_due(database, shop.merchant) == 0

    assert await states(database, shop, order.id) == ["redeemed", "expired", "expired"]
    async with database.begin(shop.merchant) as uow:
        (given,) = await payments.refunds_of_order(uow, order.id)
    assert (given.amount, [(line.line_no, line.quantity) for line in given.lines]) == (2_580, [(1, 2)])
    await digested(database)
    assert await states(database, shop, order.id) == ["redeemed", "expired", "expired"]


async def test_a_merchant_may_keep_what_expires(database, shop):
    await valid_for(database, shop, 365)
    order = await of_codes(database, shop, quantity=1)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update redemption_codes set on_expiry = 'keep' where merchant_id = %(merchant_id)s and order_id = %(id)s",
            id=order.id,
        )
    clock.move_to(timedelta(days=366))
    await fulfilment.expire_due(database, shop.merchant)

    assert await states(database, shop, order.id) == ["expired"]
    assert await state_of(database, shop, order.id) == "received"
    async with database.begin(shop.merchant) as uow:
        assert list(await payments.refunds_of_order(uow, order.id)) == []


async def test_terms_are_set_per_product_and_hold_for_codes_to_come(database, shop):
    before = await of_codes(database, shop, quantity=1)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update products set kind = 'virtual' where merchant_id = %(merchant_id)s and title = '红富士苹果'"
        )
        (terms,) = await fulfilment.terms(uow)
        with pytest.raises(Invalid):
            await fulfilment.set_terms(uow, terms.product_id, on_expiry="burn")
        with pytest.raises(NotFound):
            await fulfilment.set_terms(uow, ids.new(), on_expiry="keep")
        await fulfilment.set_terms(uow, terms.product_id, on_expiry="keep")
        (changed,) = await fulfilment.terms(uow)
        await uow.run("update products set kind = 'physical' where merchant_id = %(merchant_id)s")
    after = await of_codes(database, shop, quantity=1)

    assert (terms.valid_days, terms.on_expiry, changed.on_expiry) == (0, "refund", "keep")
    (old,), (new,) = await codes_now(database, shop, before.id), await codes_now(database, shop, after.id)
    assert (old.on_expiry, new.on_expiry) == ("refund", "keep")


async def test_a_closed_order_keeps_no_usable_code(database, shop):
    order = await of_codes(database, shop, quantity=2)
    await refund(database, shop, order.id, 2)
    await digested(database)

    assert await states(database, shop, order.id) == ["void", "void"]
    assert await state_of(database, shop, order.id) == "refunded"
