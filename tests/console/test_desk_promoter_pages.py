"""From the recruit page to the desk: applying, being reviewed, the agreement, the real name, the own page, tasks."""

import re
from datetime import timedelta
from uuid import uuid4

from console.console_floor import field_of
from console.test_desk_promoter import application_of, joined, sold
from factories import a_customer
from growth.test_promoter_identity_rules import number
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.kernel import clock
from siyu.place import doors

WANG = number("11010519900307002")


async def applied(floor, **changes: str):
    """Somebody's browser after applying on the recruit page."""
    browser = await floor.shopper(await a_customer(floor.database, floor.shop.merchant))
    form = application_of((await browser.get("/shop/promote")).text)
    said = {
        "name": "阳光小区",
        "kind": "leader",
        "reason": "邻居都问我",
        "community_size": "300",
        "agrees": "1",
    }
    answer = await browser.tap("/shop/promote", {**form, **said, **changes})
    assert answer.status_code == 200, answer.text
    return browser


async def test_a_stranger_reads_everything_before_signing_in(floor, owner):
    await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": "6.5", "category": ""})

    page = await floor.stranger().get("/shop/promote")

    assert page.status_code == 200
    for said in (
        "不收任何费用",
        "介绍别人来推广没有任何奖励",
        "推广协议（版本 2026-11）",
        "登录后就可以申请",
        "去登录",
    ):
        assert said in page.text
    assert 'name="agrees"' not in page.text


async def test_an_application_is_reviewed_on_the_console(floor, owner):
    await owner.tap("/console/promoters/rules", {"needs_review": "1", "welcome": "欢迎邻居"})
    first, second = await applied(floor), await applied(floor, name="河边团长")

    waiting = (await first.get("/shop/promote")).text
    queue = (await owner.get("/console/promoters/applications")).text
    asked = re.findall(r"applications/([0-9a-f-]{36})/approve\"", queue)
    assert "你的申请" in waiting
    assert "欢迎邻居" in waiting
    assert 'name="agrees"' not in waiting
    assert "阳光小区" in queue
    assert "邻居都问我" in queue
    approved = await owner.tap(f"/console/promoters/applications/{asked[0]}/approve")
    again = await owner.tap(f"/console/promoters/applications/{asked[0]}/approve")
    other = next(each for each in asked if each != asked[0])
    silent = await owner.tap(f"/console/promoters/applications/{other}/refuse", {"reason": ""})
    refused = await owner.tap(f"/console/promoters/applications/{other}/refuse", {"reason": "已有团长"})

    assert [approved.status_code, again.status_code, silent.status_code, refused.status_code] == [
        200,
        200,
        422,
        200,
    ]
    assert (await first.get("/shop/promote")).headers["location"] == f"/desk/{first.slug}"
    assert (await first.get("/desk/share")).status_code == 200
    assert "上次申请没有通过：已有团长" in (await second.get("/shop/promote")).text
    assert "没有等待审核的申请" in (await owner.get("/console/promoters/applications")).text
    assert "已有团长" in (await owner.get("/console/promoters/applications?state=refused")).text


async def test_only_who_may_manages_promoters(floor, owner):
    promoter, browser = await joined(floor)
    finance = await floor.member("finance")
    operator = await floor.member("operator")
    here = f"/console/promoters/{promoter.id}"

    answers = [
        await finance.tap(f"{here}/dismiss", {"reason": "试试"}),
        await operator.tap(f"{here}/identity/verify"),
        await operator.get("/console/promoters/identities"),
        await browser.tap(f"{here}/dismiss", {"reason": "试试"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 401]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await promoters.find(uow, promoter.id)).state == "active"
        assert await promoters.changes_of(uow, promoter.id) == []
    assert (await operator.tap(f"{here}/pause", {"reason": "核对"})).status_code == 200


async def test_a_paused_and_a_dismissed_promoter_are_told_so_and_still_see_their_money(floor, owner):
    await owner.tap("/console/commission/plans", {"name": "全场", "rate_bps": "10", "category": ""})
    promoter, browser = await joined(floor)
    await sold(floor, promoter, apples=1)
    here = f"/console/promoters/{promoter.id}"

    await owner.tap(f"{here}/pause", {"reason": "核对资料"})
    paused = (await browser.get("/desk")).text
    refused = await browser.get("/desk/share")
    await owner.tap(f"{here}/dismiss", {"reason": "虚假宣传"})
    dismissed = (await browser.get("/desk")).text
    earned = (await browser.get("/desk/earnings")).text
    recruit = await browser.get("/shop/promote")
    applying = await browser.tap(
        "/shop/promote",
        {
            "idempotency_key": str(uuid4()),
            "version": promoters.AGREEMENT_VERSION,
            "name": "又是我",
            "agrees": "1",
        },
    )

    assert "推广已暂停" in paused
    assert refused.status_code == 403
    assert "你的推广已暂停或终止" in refused.text
    assert "合作已经终止" in dismissed
    assert "¥1.29" in earned
    assert "合作已经终止，不能再次申请" in recruit.text
    assert applying.status_code == 409
    page = (await owner.get(here)).text
    assert "虚假宣传" in page
    assert "已关闭" in page
    assert "已清退" in (await owner.get("/console/promoters?state=dismissed")).text
    assert "没有符合条件的推广员" in (await owner.get("/console/promoters?kind=guide")).text


async def test_a_new_agreement_stands_before_sharing(floor, owner):
    _, browser = await joined(floor)
    bad = await owner.tap(
        "/console/promoters/agreement", {"body": "欢迎加入！发展 下 线 就有团队 提成，人人月入过万。"}
    )
    done = await owner.tap(
        "/console/promoters/agreement", {"body": "一、如实介绍商品，标明广告。\n二、不收取任何费用。"}
    )

    led = await browser.get("/desk/share")
    page = (await browser.get("/desk/agreement")).text
    silent = await browser.tap("/desk/agreement", {"version": field_of(page, "version")})
    accepted = await browser.tap("/desk/agreement", {"version": field_of(page, "version"), "agrees": "1"})

    assert (bad.status_code, done.status_code) == (422, 200)
    assert led.headers["location"] == f"/desk/{browser.slug}/agreement"
    assert "标明广告" in page
    assert (silent.status_code, accepted.status_code) == (422, 200)
    assert (await browser.get("/desk/share")).status_code == 200
    assert "你已同意这个版本" in (await browser.get("/desk/agreement")).text


async def test_a_real_name_goes_from_the_phone_to_finance_and_is_masked_on_both(floor, owner):
    promoter, browser = await joined(floor)
    finance = await floor.member("finance")
    said = {"real_name": "王小明", "id_number": WANG.lower(), "tax_method": "labour", "is_consented": "1"}

    child = await browser.tap("/desk/identity", {**said, "id_number": number("11010520150307002")})
    wrong = await browser.tap("/desk/identity", {**said, "id_number": "110105199003070021"})
    silent = await browser.tap("/desk/identity", {**said, "is_consented": ""})
    done = await browser.tap("/desk/identity", said)
    mine = (await browser.get("/desk/identity")).text
    queue = (await finance.get("/console/promoters/identities")).text
    here = f"/console/promoters/{promoter.id}"
    page = (await finance.get(here)).text
    unsaid = await finance.tap(f"{here}/identity/open", {"why": ""})
    opened = await finance.tap(f"{here}/identity/open", {"why": "核对身份证照片"})
    verified = await finance.tap(f"{here}/identity/verify")

    assert [child.status_code, wrong.status_code, silent.status_code, done.status_code] == [
        422,
        422,
        422,
        200,
    ]
    assert "年满 18" in child.text
    for seen in (mine, queue, page):
        assert "**明" in seen
        assert WANG not in seen
        assert "王小明" not in seen
    assert unsaid.status_code == 422
    assert WANG in opened.text
    assert opened.headers["cache-control"] == "no-store"
    assert verified.status_code == 200
    assert "已核实" in (await browser.get("/desk/identity")).text
    assert f'href="/desk/{browser.slug}/payouts"' in (await browser.get("/desk/earnings")).text
    assert "查看推广员实名资料" in (await owner.get("/console/audit")).text


async def test_the_own_page_binds_every_product_through_the_door(floor):
    promoter, browser = await joined(floor)
    async with floor.database.begin(floor.shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        apple = (await catalog.prices(uow, [floor.shop.apple]))[floor.shop.apple].product_id
    form = {"name": "念念的店", "words": "自己吃过才推荐", "is_open": "1", "products": str(apple)}

    early = await floor.stranger().get(f"/shop/s/{door.code}")
    bad = await browser.tap("/desk/face", {**form, "words": "跟我一起躺赚"})
    done = await browser.tap("/desk/face", form)
    stranger = floor.stranger()
    page = await stranger.get(f"/shop/s/{door.code}")
    through = await stranger.client.get(f"/d/{browser.slug}/{door.code}?to=product/{apple}")

    assert early.status_code == 404
    assert (bad.status_code, done.status_code) == (422, 200)
    for said in (
        "念念的店",
        "自己吃过才推荐",
        "红富士苹果",
        "广告",
        f"/d/{browser.slug}/{door.code}?to=product/{apple}",
    ):
        assert said in page.text
    assert through.headers["location"] == f"/shop/{browser.slug}/product/{apple}"
    visits = (await browser.get("/desk/visitors")).text
    assert "成为顾客的人" in visits
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await doors.sums_of(uow, [door.id])).visitors == 1
        await promoters.dismiss(uow, promoter.id, "违规")
    assert (await floor.stranger().get(f"/shop/s/{door.code}")).status_code == 404


async def test_tasks_and_lessons_reach_the_phone(floor, owner):
    promoter, browser = await joined(floor)
    due = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    page = (await owner.get("/console/promoters/tasks")).text
    made = await owner.tap(
        "/console/promoters/tasks",
        {"idempotency_key": field_of(page, "idempotency_key"), "kind": "link", "title": "发一篇试吃", "times": "1", "due_at": due},
    )  # fmt: skip
    past = await owner.tap(
        "/console/promoters/tasks",
        {
            "idempotency_key": str(uuid4()),
            "kind": "share",
            "title": "太晚",
            "times": "1",
            "due_at": "2020-01-01T00:00",
        },
    )
    lesson = re.search(r"lessons/([0-9a-f-]{36})", (await owner.get("/console/promoters/lessons/new")).text)[
        1
    ]
    kept = await owner.tap(
        f"/console/promoters/lessons/{lesson}",
        {
            "title": "标明广告", "body": "分享要写明广告。", "position": "1", "is_open": "1",
            "question_1": "分享要写什么？", "question_1_choice_1": "广告", "question_1_choice_2": "不用写",
            "question_1_right": "1",
        },
    )  # fmt: skip

    assert [made.status_code, past.status_code, kept.status_code] == [200, 422, 200]
    today = (await browser.get("/desk")).text
    assert "发一篇试吃" in today
    assert "还有 1 课没学" in today
    tasks = (await browser.get("/desk/tasks")).text
    key = field_of(tasks, "idempotency_key")
    task = re.search(r"tasks/([0-9a-f-]{36})/marks", tasks)[1]
    mark = {"idempotency_key": key, "link": "https://example.com/post"}
    answers = [await browser.tap(f"/desk/tasks/{task}/marks", mark) for _ in range(2)]
    wrong = await browser.tap(f"/desk/lessons/{lesson}", {"answer_0": "1"})
    right = await browser.tap(f"/desk/lessons/{lesson}", {"answer_0": "0"})
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "已完成" in (await browser.get("/desk/tasks")).text
    assert (await owner.get(f"/console/promoters/tasks/{task}")).text.count("example.com/post</a>") == 1
    assert "这题不对" in wrong.text
    assert right.status_code == 200
    assert "已学完全部课程" in (await browser.get("/desk/lessons")).text
    assert (await owner.tap(f"/console/promoters/tasks/{task}/close")).status_code == 200
    assert "现在没有任务" in (await browser.get("/desk/tasks")).text
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await promoters.find(uow, promoter.id)).trained_at is not None


async def test_the_list_is_taken_away_as_a_table(floor, owner):
    await joined(floor, "念念,好物")

    answer = await owner.get("/console/promoters?export=csv")

    assert answer.headers["content-type"].startswith("text/csv")
    head, row = answer.text.lstrip("\ufeff").strip().splitlines()
    assert head.startswith("名字,身份,等级,状态,订单,带来销售")
    assert row.startswith('"念念,好物",KOC,普通,推广中,0,0.00')
