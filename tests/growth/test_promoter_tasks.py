"""Tasks without a reward, lessons with questions, and the promoter's own page."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_shop
from growth.test_promoters import a_promoter
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.promoters import (
    FaceForm,
    LessonForm,
    NewTask,
    Question,
    tasking,
)
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import doors
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def test_a_task_is_counted_once_a_tap_and_never_past_its_number_or_day(
    database: Database, shop: Shop
) -> None:
    me = await a_promoter(database, shop)
    task_id, first = ids.new(), ids.new()
    async with database.begin(shop.merchant) as uow:
        new = NewTask(task_id, "link", "发一篇试吃", 2, uow.now + timedelta(days=2), for_kind="koc")
        assert await promoters.add_task(uow, new) == await promoters.add_task(uow, new)

    async def mark(mark_id: UUID, link: str = "https://example.com/a") -> None:
        async with database.begin(shop.merchant) as uow:
            await promoters.mark_task(uow, me, task_id, mark_id, link)

    for wrong in (
        "javascript:alert(1)",
        "example.com",
        "https://",
        "https://a b",
        f"https://e.com/{'x' * 500}",
    ):
        with pytest.raises(Invalid):
            await mark(ids.new(), wrong)
    await asyncio.gather(mark(first), mark(first), mark(first))
    async with database.begin(shop.merchant) as uow:
        (progress,) = await promoters.tasks_of(uow, me)
        assert (progress.done, progress.is_done, progress.link) == (1, False, "https://example.com/a")
    await asyncio.gather(*(mark(ids.new(), "https://example.com/b") for _ in range(4)))
    async with database.begin(shop.merchant) as uow:
        (progress,) = await promoters.tasks_of(uow, me)
        assert (progress.done, progress.is_done) == (2, True)
        assert len(await promoters.marks_of(uow, task_id)) == 2
        stranger = await promoters.enrol(
            uow, (await promoters.of_customer(uow, me.customer_id)).customer_id, kind="koc", name="小鱼"
        )
        assert stranger == me
    guide = await a_promoter(database, shop, "guide")
    with pytest.raises(tasking.TaskOver):
        async with database.begin(shop.merchant) as uow:
            await promoters.mark_task(uow, guide, task_id, ids.new(), "https://example.com/c")
    clock.move_to(timedelta(days=3))
    with pytest.raises(tasking.TaskOver):
        await mark(ids.new())
    async with database.begin(shop.merchant) as uow:
        assert len(await promoters.marks_of(uow, task_id)) == 2
        assert await promoters.tasks_of(uow, guide) == []


async def test_visitors_are_counted_by_the_doors_from_the_task_on(database: Database, shop: Shop) -> None:
    me = await a_promoter(database, shop)
    async with database.begin(shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, me.id)
        await doors.scan(uow, door.code, ids.new(), None)
    clock.move_to(timedelta(hours=1))
    async with database.begin(shop.merchant) as uow:
        await promoters.add_task(uow, NewTask(ids.new(), "visit", "带三位", 3, uow.now + timedelta(days=2)))
    clock.move_to(timedelta(hours=2))
    async with database.begin(shop.merchant) as uow:
        for _ in range(2):
            await doors.scan(uow, door.code, ids.new(), None)
        (progress,) = await promoters.tasks_of(uow, me)

    assert (progress.done, progress.is_done) == (2, False)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": "recruit"}),
        ("title", {"title": " "}),
        ("times", {"times": 0}),
        ("times", {"times": 1_001}),
        ("due_at", {"due_at": clock.now() - timedelta(days=400)}),
        ("for_kind", {"for_kind": "boss"}),
        ("product_id", {"product_id": ids.new()}),
    ],
)
async def test_a_task_without_sense_is_refused(
    database: Database, shop: Shop, field: str, changes: dict
) -> None:
    said = {
        "id": ids.new(),
        "kind": "share",
        "title": "分享",
        "times": 1,
        "due_at": clock.now() + timedelta(days=9),
    }

    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await promoters.add_task(uow, NewTask(**{**said, **changes}))

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert await promoters.tasks(uow) == []


async def test_who_passed_every_open_lesson_is_trained(database: Database, shop: Shop) -> None:
    me = await a_promoter(database, shop)
    first, second, closed = ids.new(), ids.new(), ids.new()
    question = Question("分享时要标什么？", ("广告", "什么也不用"), 0)
    async with database.begin(shop.merchant) as uow:
        await promoters.keep_lesson(uow, LessonForm(first, "标明广告", "分享要标明广告。", (question,)))
        await promoters.keep_lesson(uow, LessonForm(second, "如实介绍", "不夸大。", (question, question), 2))
        await promoters.keep_lesson(
            uow, LessonForm(closed, "以后再讲", "草稿。", (question,), 3, is_open=False)
        )

    async def answer(lesson_id: UUID, *chosen: int | None) -> promoters.Answered:
        async with database.begin(shop.merchant) as uow:
            return await promoters.answer_lesson(uow, me.id, lesson_id, chosen)

    assert await answer(second, 0, 1) == promoters.Answered(is_passed=False, wrong=(1,))
    assert (await answer(second)).wrong == (0, 1)
    assert (await answer(second, 0, 0)).is_passed
    async with database.begin(shop.merchant) as uow:
        assert (await promoters.find(uow, me.id)).trained_at is None
    assert (await answer(first, 0)).is_passed
    clock.move_to(timedelta(days=1))
    assert not (await answer(first, 1)).is_passed
    with pytest.raises(NotFound):
        await answer(closed, 0)
    async with database.begin(shop.merchant) as uow:
        trained = (await promoters.find(uow, me.id)).trained_at
        studied = await promoters.studied(uow, me.id)
    assert trained is not None
    assert [(each.lesson.id, each.tries, each.passed_at is not None) for each in studied] == [
        (first, 1, True),
        (second, 3, True),
    ], "what was passed stays passed"


async def test_a_lesson_needs_a_right_answer(database: Database, shop: Shop) -> None:
    for wrong in (
        Question("", ("甲", "乙"), 0),
        Question("题", ("甲",), 0),
        Question("题", ("甲", ""), 0),
        Question("题", ("甲", "乙"), 2),
        Question("题", ("甲", "乙", "丙", "丁", "戊"), 0),
    ):
        with pytest.raises(Invalid):
            async with database.begin(shop.merchant) as uow:
                await promoters.keep_lesson(uow, LessonForm(ids.new(), "课", "内容", (wrong,)))
    async with database.begin(shop.merchant) as uow:
        assert await promoters.lessons(uow) == []


async def test_the_own_page_holds_known_products_in_the_chosen_order(
    database: Database, shop: Shop, new_shop
) -> None:
    me = await a_promoter(database, shop, "shopkeeper")
    theirs = await a_shop(database, await new_shop())
    async with database.begin(theirs.merchant) as uow:
        foreign = (await catalog.prices(uow, [theirs.apple]))[theirs.apple].product_id
    async with database.begin(shop.merchant) as uow:
        known = await catalog.prices(uow, [shop.apple, shop.milk])
        milk, apple = known[shop.milk].product_id, known[shop.apple].product_id
        await promoters.keep_face(
            uow, me.id, FaceForm("小鱼的店", "自己吃过才推荐", product_ids=(milk, apple, milk))
        )

    for wrong in ((milk, foreign), tuple(ids.new() for _ in range(31)), (ids.new(),)):
        with pytest.raises(Invalid) as refusal:
            async with database.begin(shop.merchant) as uow:
                await promoters.keep_face(uow, me.id, FaceForm("别的名字", product_ids=wrong))
        assert refusal.value.field == "products"
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await promoters.keep_face(uow, me.id, FaceForm("小鱼的店", picture="products/none.webp"))

    async with database.begin(shop.merchant) as uow:
        face = await promoters.face(uow, me.id)
    assert face is not None
    assert (face.name, face.words, face.product_ids) == ("小鱼的店", "自己吃过才推荐", [milk, apple])
