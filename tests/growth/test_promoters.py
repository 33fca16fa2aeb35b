"""Joining, reviewing, pausing and dismissing; the agreement; tasks, lessons and the promoter's own page."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, paid
from siyu.growth import distribution, promoters
from siyu.growth.promoters import (
    AgreementChanged,
    Apply,
    FaceForm,
    NewTask,
    Promoter,
    Rules,
    WasDismissed,
    model,
    saying,
)
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import doors
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest

AGREEMENT = "一、如实介绍商品，标明广告。\n二、佣金只来自真实销售，不收任何费用。"


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def with_review(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await promoters.set_rules(uow, Rules(needs_review=True))


async def asks(database: Database, shop: Shop, customer: UUID, **changes: object) -> promoters.Application:
    said: dict = {
        "id": ids.new(),
        "kind": "leader",
        "name": "阳光小区团长",
        "version": promoters.AGREEMENT_VERSION,
    }
    async with database.begin(shop.merchant) as uow:
        return await promoters.apply(uow, customer, Apply(**{**said, **changes}))


async def a_promoter(database: Database, shop: Shop, kind: str = "koc") -> Promoter:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        return await promoters.enrol(uow, customer, kind=kind, name="小鱼")


async def test_an_application_waits_for_its_review_and_the_approved_one_has_a_door(
    database: Database, shop: Shop
) -> None:
    await with_review(database, shop)
    customer = await a_customer(database, shop.merchant)

    asked = await asks(database, shop, customer, reason="小区有人要买菜", community_size=300)
    again = await asks(database, shop, customer, name="另一个名字")

    assert (asked.state, asked.kind, asked.community_size, asked.decided_at) == ("open", "leader", 300, None)
    assert again == asked
    async with database.begin(shop.merchant) as uow:
        assert await promoters.maybe_of_customer(uow, customer) is None
        assert await promoters.open_applications(uow) == 1
    clock.move_to(timedelta(days=1))
    async with database.begin(shop.merchant) as uow:
        made = await promoters.approve(uow, asked.id)
        twice = await promoters.approve(uow, asked.id)
        (door,) = await doors.of_promoter(uow, made.id)
        (accepted,) = await promoters.acceptances_of(uow, made.id)
        (note,) = (await audit.listing(uow, audit.Wanted(action="promoters.approve"))).items
    assert made == twice
    assert (made.kind, made.name, made.state, made.level) == ("leader", "阳光小区团长", "active", "standard")
    assert (door.kind, door.is_open) == ("leader", True)
    assert (accepted.version, accepted.at) == (promoters.AGREEMENT_VERSION, asked.applied_at)
    assert note.subject_id == made.id


async def test_a_refused_applicant_is_told_why_and_may_ask_again(database: Database, shop: Shop) -> None:
    await with_review(database, shop)
    customer = await a_customer(database, shop.merchant)
    asked = await asks(database, shop, customer)

    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await promoters.refuse(uow, asked.id, " ")
    async with database.begin(shop.merchant) as uow:
        refused = await promoters.refuse(uow, asked.id, "先来店里坐坐")
        assert await promoters.refuse(uow, asked.id, "换个理由") == refused
    with pytest.raises(model.Decided):
        async with database.begin(shop.merchant) as uow:
            await promoters.approve(uow, asked.id)

    assert (refused.state, refused.answer) == ("refused", "先来店里坐坐")
    async with database.begin(shop.merchant) as uow:
        assert await promoters.maybe_of_customer(uow, customer) is None
        assert await doors.every(uow) == []
    assert (await asks(database, shop, customer)).state == "open"


async def test_two_taps_at_once_are_one_application_and_one_promoter(database: Database, shop: Shop) -> None:
    reviewed, at_once = await a_customer(database, shop.merchant), await a_customer(database, shop.merchant)

    await asyncio.gather(*(asks(database, shop, at_once) for _ in range(4)))
    await with_review(database, shop)
    answers = await asyncio.gather(*(asks(database, shop, reviewed) for _ in range(4)))

    assert len({answer.id for answer in answers}) == 1
    async with database.begin(shop.merchant) as uow:
        made = await promoters.of_customer(uow, at_once)
        assert len(await doors.of_promoter(uow, made.id)) == 1
        assert await promoters.open_applications(uow) == 1


@pytest.mark.parametrize(
    "said",
    [
        "躺赚小店",
        "躺 赚",
        "躺🎉赚",
        "拉\u200b人\u200b头",
        "發展下線",
        "ｔｅａｍ　团－队－提－成",
        "稳赚不赔",
        "入会费只要99",
    ],
)
async def test_words_that_recruit_or_promise_income_are_refused_everywhere(
    database: Database, shop: Shop, said: str
) -> None:
    me = await a_promoter(database, shop)
    customer = await a_customer(database, shop.merchant)
    task = NewTask(ids.new(), "share", said, 1, clock.now() + timedelta(days=1))
    tries = (
        lambda uow: promoters.apply(
            uow, customer, Apply(ids.new(), "koc", said, promoters.AGREEMENT_VERSION)
        ),
        lambda uow: promoters.keep_face(uow, me.id, FaceForm("小店", words=said)),
        lambda uow: promoters.publish_agreement(uow, f"{AGREEMENT}\n三、{said}"),
        lambda uow: promoters.set_rules(uow, Rules(welcome=said)),
        lambda uow: promoters.add_task(uow, task),
    )

    for attempt in tries:
        with pytest.raises(model.Unsaid):
            async with database.begin(shop.merchant) as uow:
                await attempt(uow)

    async with database.begin(shop.merchant) as uow:
        assert await promoters.maybe_of_customer(uow, customer) is None
        assert await promoters.face(uow, me.id) is None
        assert (await promoters.agreement(uow)).number == 0
        assert (await promoters.rules(uow)).welcome == ""
        assert await promoters.tasks(uow) == []


def test_ordinary_words_and_our_own_agreement_are_no_false_alarm() -> None:
    ours = "\n".join(promoters.HOUSE_AGREEMENT)
    for text in (
        ours,
        AGREEMENT,
        "团购水果 团长小李",
        "新鲜牛奶，每天早上送到",
        "会员日入店有礼",
        "保本地产草莓新鲜"[2:],
    ):
        assert saying.forbidden_in(text) == []


async def test_a_paused_promoter_earns_nothing_new_until_resumed(database: Database, shop: Shop) -> None:
    me = await a_promoter(database, shop)

    async with database.begin(shop.merchant) as uow:
        await promoters.pause(uow, me.id, "核对资料")
        paused = await promoters.pause(uow, me.id, "再点一次")
        assert await promoters.active(uow, [me.id]) == {}
        assert [door.is_open for door in await doors.of_promoter(uow, me.id)] == [True]
        resumed = await promoters.resume(uow, me.id)
        changes = await promoters.changes_of(uow, me.id)

    assert (paused.state, resumed.state) == ("paused", "active")
    assert sorted((c.before, c.after, c.reason) for c in changes) == [
        ("active", "paused", "核对资料"),
        ("paused", "active", ""),
    ]


async def test_a_dismissed_promoter_keeps_what_was_earned_and_earns_no_more(
    database: Database, shop: Shop
) -> None:
    me = await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await distribution.add_plan(uow, name="全场", rate_bps=1_000)
        (door,) = await doors.of_promoter(uow, me.id)
        await doors.scan(uow, door.code, ids.new(), friend)
    await paid(database, shop, friend, apples=1)
    await _digested(database, shop)

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(Invalid):
            await promoters.dismiss(uow, me.id, "")
        await promoters.dismiss(uow, me.id, "虚假宣传")
        await promoters.dismiss(uow, me.id, "虚假宣传")
    await paid(database, shop, friend, apples=1)
    await _digested(database, shop)

    async with database.begin(shop.merchant) as uow:
        (line,) = await distribution.commissions(uow, me.id)
        assert line.amount == 129
        assert [door.is_open for door in await doors.of_promoter(uow, me.id)] == [False]
        with pytest.raises(doors.DoorClosed):
            await doors.scan(uow, door.code, ids.new(), None)
        assert (await promoters.of_customer(uow, me.customer_id)).state == "dismissed"
        assert len(await promoters.changes_of(uow, me.id)) == 1
    with pytest.raises(WasDismissed):
        await asks(database, shop, me.customer_id)
    for attempt in (promoters.resume, promoters.pause):
        with pytest.raises(WasDismissed):
            async with database.begin(shop.merchant) as uow:
                await attempt(uow, me.id, "再想想")
    async with database.begin(shop.merchant) as uow:
        assert await promoters.last_application(uow, me.customer_id) is None
        assert (await promoters.find(uow, me.id)).state == "dismissed"


async def _digested(database: Database, shop: Shop) -> None:
    for consumer in distribution.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass


async def test_somebody_approved_after_being_dismissed_elsewhere_is_still_refused(
    database: Database, shop: Shop
) -> None:
    await with_review(database, shop)
    customer = await a_customer(database, shop.merchant)
    asked = await asks(database, shop, customer)
    async with database.begin(shop.merchant) as uow:
        made = await promoters.enrol(uow, customer, kind="koc", name="小鱼")  # staff were faster
        await promoters.dismiss(uow, made.id, "违规")

    with pytest.raises(WasDismissed):
        async with database.begin(shop.merchant) as uow:
            await promoters.approve(uow, asked.id)

    async with database.begin(shop.merchant) as uow:
        assert (await promoters.find(uow, made.id)).state == "dismissed"
        assert await promoters.open_applications(uow) == 1


async def test_a_new_agreement_is_accepted_again_before_sharing_on(database: Database, shop: Shop) -> None:
    me = await a_promoter(database, shop)

    async with database.begin(shop.merchant) as uow:
        await promoters.require_agreed(uow, me)
        published = await promoters.publish_agreement(uow, AGREEMENT)
        assert await promoters.publish_agreement(uow, f"{AGREEMENT}  \n") == published
        with pytest.raises(AgreementChanged):
            await promoters.require_agreed(uow, me)
        with pytest.raises(Invalid):
            await promoters.accept_agreement(uow, me.id, promoters.AGREEMENT_VERSION)
    clock.move_to(timedelta(hours=2))
    async with database.begin(shop.merchant) as uow:
        await promoters.accept_agreement(uow, me.id, published.version)
    async with database.begin(shop.merchant) as uow:
        await promoters.accept_agreement(uow, me.id, published.version)
        await promoters.require_agreed(uow, await promoters.find(uow, me.id))
        accepted = await promoters.acceptances_of(uow, me.id)
        versions = await promoters.agreements(uow)

    assert [each.version for each in accepted] == [published.version, promoters.AGREEMENT_VERSION]
    assert [each.number for each in versions] == [1, 0]
    with pytest.raises(Invalid):  # who applies has to see the new one
        await asks(database, shop, await a_customer(database, shop.merchant))


async def test_levels_are_kept_with_their_reason(database: Database, shop: Shop) -> None:
    first, second = await a_promoter(database, shop), await a_promoter(database, shop)

    async with database.begin(shop.merchant) as uow:
        wanted = [
            (first.id, "silver", "90 天收货 40 单"),
            (second.id, "standard", "不变"),
            (ids.new(), "gold", ""),
        ]
        assert await promoters.set_level(uow, wanted) == 1
        assert await promoters.set_level(uow, wanted) == 0
        with pytest.raises(Invalid):
            await promoters.set_level(uow, [(first.id, "", "")])
        (change,) = await promoters.changes_of(uow, first.id)
        assert await promoters.levels(uow) == ["silver", "standard"]
        assert await promoters.changes_of(uow, second.id) == []

    assert (change.what, change.before, change.after, change.reason) == (
        "level",
        "standard",
        "silver",
        "90 天收货 40 单",
    )


async def test_another_merchants_promoters_and_applications_do_not_exist(
    database: Database, shop: Shop, new_shop
) -> None:
    await with_review(database, shop)
    me = await a_promoter(database, shop)
    asked = await asks(database, shop, await a_customer(database, shop.merchant))
    other = await new_shop()

    for attempt in (
        lambda uow: promoters.find(uow, me.id),
        lambda uow: promoters.approve(uow, asked.id),
        lambda uow: promoters.refuse(uow, asked.id, "不行"),
        lambda uow: promoters.pause(uow, me.id, "不行"),
        lambda uow: promoters.dismiss(uow, me.id, "不行"),
    ):
        with pytest.raises(NotFound):
            async with database.begin(other) as uow:
                await attempt(uow)
    async with database.begin(other) as uow:
        assert await promoters.set_level(uow, [(me.id, "gold", "偷改")]) == 0
        assert await promoters.every(uow) == []
        assert (await promoters.applications(uow, "open")).items == []
    async with database.begin(shop.merchant) as uow:
        assert await promoters.find(uow, me.id) == me
        assert await promoters.open_applications(uow) == 1


async def test_no_column_says_who_recruited_whom_or_pays_for_a_task(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        names = await uow.all(
            str,
            """
            select table_name || '.' || column_name from information_schema.columns
            where table_schema = 'public' and table_name like 'promoter%%'
            """,
        )

    said = (
        "parent",
        "invit",
        "recruit",
        "referr",
        "upline",
        "team",
        "reward",
        "bonus",
        "amount",
        "fee",
        "price",
        "depth",
    )
    assert len(names) > 60
    assert [name for name in names if any(word in name for word in said)] == []
