"""Promoters: joining honestly, sharing through one's own door, and every fen explained."""

from uuid import uuid4

from console.console_floor import field_of
from factories import a_customer, paid
from siyu.goods import catalog
from siyu.growth import distribution, promoters
from siyu.kernel import ids
from siyu.place import doors
from siyu.runtime.worker import digest
from siyu.trade import orders, payments


def application_of(page: str) -> dict[str, str]:
    """What the form of the recruit page says by itself."""
    return {name: field_of(page, name) for name in ("version", "idempotency_key")}


async def joined(floor, name: str = "念念好物"):
    """A customer who joined as a promoter through the page, and their browser."""
    customer_id = await a_customer(floor.database, floor.shop.merchant)
    browser = await floor.shopper(customer_id)
    form = (await browser.get("/shop/promote")).text
    done = await browser.tap("/shop/promote", {**application_of(form), "name": name, "agrees": "1"})
    assert done.status_code == 200, done.text
    async with floor.database.begin(floor.shop.merchant) as uow:
        return await promoters.of_customer(uow, customer_id), browser


async def sold(floor, promoter, **wanted: int):
    """A friend comes through the promoter's door and buys; the sale has been digested."""
    friend = await a_customer(floor.database, floor.shop.merchant)
    async with floor.database.begin(floor.shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        await doors.scan(uow, door.code, ids.new(), friend)
    order = await paid(floor.database, floor.shop, friend, **wanted)
    await digested(floor)
    return order


async def digested(floor) -> None:
    for consumer in distribution.CONSUMERS:
        while await digest(floor.database, floor.shop.merchant, consumer):
            pass


async def test_a_customer_sees_an_honest_invitation_and_joins(floor):
    customer_id = await a_customer(floor.database, floor.shop.merchant)
    browser = await floor.shopper(customer_id)

    invited = (await browser.get("/desk/invitation")).text
    led = await browser.get("/desk")
    rules = (await browser.get("/shop/promote")).text

    assert "成为推广员" in invited
    assert "只有一级" in invited
    assert led.headers["location"] == f"/shop/{browser.slug}/promote"
    for said in (
        "免费加入，不收任何费用",
        "介绍别人来推广没有任何奖励",
        "退款会按件冲回",
        "我们不作承诺",
        "18 周岁",
    ):
        assert said in rules
    promoter, browser = await joined(floor)
    assert (promoter.kind, promoter.agreement_version) == ("koc", promoters.AGREEMENT_VERSION)
    assert "我的推广" in (await browser.get("/desk/invitation")).text
    assert (await browser.get("/shop/promote")).headers["location"] == f"/desk/{browser.slug}"


async def test_nobody_joins_without_agreeing_to_what_was_shown(floor):
    customer_id = await a_customer(floor.database, floor.shop.merchant)
    browser = await floor.shopper(customer_id)
    form = {**application_of((await browser.get("/shop/promote")).text), "agrees": "1", "name": "念念"}

    refused = [
        await browser.tap("/shop/promote", {**form, **wrong})
        for wrong in (
            {"agrees": ""},
            {"version": "2020-01"},
            {"name": " "},
            {"name": "躺赚团队招人"},
            {"kind": "boss"},
            {"community_size": "-1"},
        )
    ]

    assert [answer.status_code for answer in refused] == [422] * 6
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await distribution.promoters(uow) == []
        assert await doors.every(uow) == []


async def test_goods_are_shared_through_ones_own_door_with_what_they_earn(floor, owner):
    made = await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": "6.5", "category": ""})
    assert made.status_code == 200
    promoter, browser = await joined(floor)
    async with floor.database.begin(floor.shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        product_id = (await catalog.prices(uow, [floor.shop.apple]))[floor.shop.apple].product_id

    page = (await browser.get("/desk/share")).text
    one = (await browser.get(f"/desk/share/{product_id}")).text

    assert "每件佣金约 ¥0.83（6.5%）" in page  # 12.90 × 6.5 % is 0.8385, rounded down
    link = f"{floor.settings.base_url}/d/{browser.slug}/{door.code}?to=product/{product_id}"
    assert link in one
    assert "【广告】红富士苹果 ¥12.90" in one


async def test_every_line_earned_says_why_and_a_refund_takes_it_back(floor, owner):
    await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": "10", "category": ""})
    promoter, browser = await joined(floor)
    order = await sold(floor, promoter, apples=2)

    page = (await browser.get("/desk/earnings")).text
    for said in (order.number, "¥25.80 × 10% = ¥2.58", "顾客收货满 7 天后可结算"):
        assert said in page
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await distribution.expected(uow, promoter.id) == 258
        await orders.hand_over(uow, [order.id])
        await orders.confirm_received(uow, [order.id])
    await digested(floor)
    await owner.tap(
        f"/console/orders/{order.id}/refunds", {"refund_id": str(uuid4()), "line-1": "1", "reason": "磕碰"}
    )
    await digested(floor)

    page = (await browser.get("/desk/earnings")).text
    assert "−¥1.29（1/2 件）" in page
    assert "起可结算" in page
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await distribution.expected(uow, promoter.id) == 0
        assert (await distribution.earnings(uow, promoter.id)).pending == 129
        (refund,) = await payments.refunds_of_order(uow, order.id)
    assert refund.amount == 1_290
    shown = (await owner.get(f"/console/orders/{order.id}/commission")).text
    assert "退 1 件，冲回 ¥1.29" in shown
    assert "念念好物" in (await owner.get("/console/promoters")).text
    assert "¥25.80" in (await owner.get(f"/console/promoters/{promoter.id}")).text
    today = (await browser.get("/desk")).text
    assert "红富士苹果" in today


async def test_a_rate_above_the_law_or_without_sense_is_refused(floor, owner):
    answers = [
        await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": rate, "category": ""})
        for rate in ("31", "0", "6.555", "six", "NaN", "1e9")
    ]
    nowhere = await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": "5", "category": "x"})

    assert [answer.status_code for answer in [*answers, nowhere]] == [422] * 7
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await distribution.plans(uow) == []


async def test_one_browser_may_be_a_guide_and_a_promoter(floor):
    _, browser = await joined(floor)
    guide = await floor.member("guide")
    for name, value in guide.client.cookies.items():
        browser.client.cookies.set(name, value)

    assert "核销提货码" in (await browser.get("/desk")).text
    assert (await browser.get("/desk/earnings")).status_code == 200
    assert "我的推广" in (await browser.get("/desk/invitation")).text
    assert (await browser.get("/desk/verify")).status_code == 200
