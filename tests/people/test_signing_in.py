"""One person, several identities, and what they agreed to."""

import asyncio
from datetime import timedelta

import pytest

from factories import a_customer
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, TooManyRequests
from siyu.people import customers, staff
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant

SECRET = "s" * 32


async def sign_in(database: Database, merchant: Merchant, *identities: tuple[str, str]) -> customers.SignedIn:
    async def work(uow):
        return await customers.sign_in_as(
            uow, identities, nickname="小满", first_door_id=None, channel="wechat"
        )

    return await database.attempt(merchant, work)


async def test_the_same_wechat_is_the_same_person(database: Database, merchant: Merchant) -> None:
    first = await sign_in(database, merchant, ("wechat_openid", "o1"), ("wechat_unionid", "u1"))
    second = await sign_in(database, merchant, ("wechat_openid", "o1"))
    by_union = await sign_in(database, merchant, ("wechat_openid", "o2"), ("wechat_unionid", "u1"))

    assert (first.is_new, second.is_new, by_union.is_new) == (True, False, False)
    assert first.customer_id == second.customer_id == by_union.customer_id
    async with database.begin(merchant) as uow:
        known = await customers.identities_of(uow, first.customer_id)
    assert {(i.kind, i.value) for i in known} == {
        ("wechat_openid", "o1"),
        ("wechat_openid", "o2"),
        ("wechat_unionid", "u1"),
    }


async def test_two_taps_of_a_new_person_make_one_customer(database: Database, merchant: Merchant) -> None:
    results = await asyncio.gather(
        *(sign_in(database, merchant, ("wechat_openid", "race")) for _ in range(8))
    )

    assert len({person.customer_id for person in results}) == 1
    assert sum(person.is_new for person in results) == 1
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from customers where merchant_id = %(merchant_id)s") == 1


async def test_a_phone_joins_the_person_who_is_signed_in(database: Database, merchant: Merchant) -> None:
    person = await sign_in(database, merchant, ("wechat_openid", "o1"))
    async with database.begin(merchant) as uow:
        await customers.bind(uow, person.customer_id, "phone", "13800000000")

    again = await sign_in(database, merchant, ("phone", "13800000000"))

    assert (again.customer_id, again.is_new) == (person.customer_id, False)


async def test_a_phone_of_another_member_is_refused_and_stays_theirs(
    database: Database, merchant: Merchant
) -> None:
    owner = await sign_in(database, merchant, ("phone", "13800000000"))
    other = await sign_in(database, merchant, ("wechat_openid", "o2"))

    with pytest.raises(customers.IdentityTaken):
        async with database.begin(merchant) as uow:
            await customers.bind(uow, other.customer_id, "phone", "13800000000")

    assert (await sign_in(database, merchant, ("phone", "13800000000"))).customer_id == owner.customer_id


async def test_consent_is_recorded_once_per_version_and_withdrawal_is_a_new_row(
    database: Database, merchant: Merchant
) -> None:
    person = await sign_in(database, merchant, ("wechat_openid", "o1"))
    await sign_in(database, merchant, ("wechat_openid", "o1"))
    async with database.begin(merchant) as uow:
        assert await customers.record_consent(
            uow, person.customer_id, "marketing", is_given=True, channel="shop"
        )
    async with database.begin(merchant) as uow:
        assert await customers.record_consent(
            uow, person.customer_id, "marketing", is_given=False, channel="shop"
        )
        ledger = await customers.consents_of(uow, person.customer_id)

    assert [(c.purpose, c.is_given, c.text_version) for c in ledger] == [
        ("marketing", False, customers.CONSENT_VERSION),
        ("marketing", True, customers.CONSENT_VERSION),
        ("service", True, customers.CONSENT_VERSION),
    ]


async def test_a_code_works_once(database: Database, merchant: Merchant) -> None:
    code = await customers.issue_code(database, merchant, "13800000000", secret=SECRET)

    await customers.verify_code(database, merchant, "13800000000", code, secret=SECRET)
    with pytest.raises(customers.WrongCode):
        await customers.verify_code(database, merchant, "13800000000", code, secret=SECRET)


async def test_five_wrong_tries_use_a_code_up(database: Database, merchant: Merchant) -> None:
    code = await customers.issue_code(database, merchant, "13800000000", secret=SECRET)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(customers.WrongCode):
            await customers.verify_code(database, merchant, "13800000000", wrong, secret=SECRET)

    with pytest.raises(customers.WrongCode):
        await customers.verify_code(database, merchant, "13800000000", code, secret=SECRET)


async def test_a_code_is_good_for_five_minutes(database: Database, merchant: Merchant) -> None:
    code = await customers.issue_code(database, merchant, "13800000000", secret=SECRET)
    clock.move_to(timedelta(minutes=5, seconds=1))

    with pytest.raises(customers.WrongCode):
        await customers.verify_code(database, merchant, "13800000000", code, secret=SECRET)


async def test_codes_are_sent_once_a_minute(database: Database, merchant: Merchant) -> None:
    await customers.issue_code(database, merchant, "13800000000", secret=SECRET)

    with pytest.raises(TooManyRequests):
        await customers.issue_code(database, merchant, "13800000000", secret=SECRET)


@pytest.mark.parametrize("text", ["", "12345", "23800000000", "1380000000a", "138000000001"])
def test_a_number_that_is_no_mobile_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        customers.clean_phone(text)

    assert refusal.value.field == "phone"


def test_a_mobile_number_may_be_written_in_several_ways() -> None:
    assert {customers.clean_phone(t) for t in ("+86 138 0000 0000", "138-0000-0000")} == {"13800000000"}


async def test_staff_sign_in_with_their_password_only(database: Database, merchant: Merchant) -> None:
    async with database.begin(merchant) as uow:
        await staff.add(uow, login="guide", name="导购小陈", role="guide", password="correct horse")

    with pytest.raises(staff.WrongPassword):
        await staff.sign_in(database, merchant, "guide", "wrong", days=1)
    with pytest.raises(staff.WrongPassword):
        await staff.sign_in(database, merchant, "nobody", "correct horse", days=1)
    session = await staff.sign_in(database, merchant, "guide", "correct horse", days=1)

    actor = await sessions.actor_of(database, merchant, session.token)
    assert (actor.kind, actor.name) == ("staff", "导购小陈")


async def test_guessing_a_password_is_stopped(database: Database, merchant: Merchant) -> None:
    clock.move_to(timedelta(seconds=900 - clock.now().timestamp() % 900))  # a window must not end in between
    for _ in range(10):
        with pytest.raises(staff.WrongPassword):
            await staff.sign_in(database, merchant, "owner", "guess", days=1)

    with pytest.raises(TooManyRequests):
        await staff.sign_in(database, merchant, "owner", "guess", days=1)


async def test_a_session_ends_when_it_is_signed_out_and_is_nobody_elsewhere(
    database: Database, merchant: Merchant, new_shop
) -> None:
    customer = await a_customer(database, merchant)
    async with database.begin(merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=customer, name="小满", permissions=frozenset(), days=1
        )
    other = await new_shop()
    assert (await sessions.actor_of(database, merchant, session.token)).id == customer
    assert (await sessions.actor_of(database, other, session.token)).kind == "visitor"

    async with database.begin(merchant) as uow:
        await sessions.sign_out(uow, session.token)

    assert (await sessions.actor_of(database, merchant, session.token)).kind == "visitor"


async def test_an_expired_session_is_a_visitor(database: Database, merchant: Merchant) -> None:
    async with database.begin(merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=ids.new(), name="", permissions=frozenset(), days=1
        )
    clock.move_to(timedelta(days=1, seconds=1))

    assert (await sessions.actor_of(database, merchant, session.token)).kind == "visitor"
