"""What promoters keep: at least one row of each table."""

from datetime import timedelta
from uuid import UUID

from factories import Shop
from growth.test_promoter_identity_rules import number
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.promoters import Apply, FaceForm, IdentityForm, LessonForm, NewTask, Question, Rules
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant


async def recruited(
    database: Database, merchant: Merchant, shop: Shop, promoter_id: UUID, applicant: UUID, mark: str
) -> dict[str, object]:
    """Rules, a second agreement that was accepted, an open application, a real name, a page, a task and a lesson."""
    made = {name: ids.new() for name in ("application_id", "task_id", "lesson_id")}
    async with database.begin(merchant) as uow:
        me = await promoters.find(uow, promoter_id)
        product_id = (await catalog.prices(uow, [shop.apple]))[shop.apple].product_id
        await promoters.set_rules(uow, Rules(needs_review=True, welcome=f"{mark}欢迎"))
        agreed = await promoters.publish_agreement(uow, f"{mark}：如实介绍商品，标明广告，不收取任何费用。")
        await promoters.accept_agreement(uow, promoter_id, agreed.version)
        asked = Apply(made["application_id"], "leader", f"{mark}团长", agreed.version, "邻居都问我", 300)
        await promoters.apply(uow, applicant, asked)
        await promoters.set_level(uow, [(promoter_id, "silver", f"{mark}卖得好")])
        form = IdentityForm("王小明", number("11010519900307002"), is_consented=True)
        await promoters.submit_identity(
            uow, promoter_id, form, secret="a secret of at least thirty-two characters"
        )
        await promoters.keep_face(uow, promoter_id, FaceForm(f"{mark}小店", product_ids=(product_id,)))
        task = NewTask(
            made["task_id"], "share", f"{mark}分享苹果", 9, uow.now + timedelta(days=9), product_id=product_id
        )
        await promoters.add_task(uow, task)
        await promoters.mark_task(uow, me, made["task_id"], ids.new())
        question = Question("要写什么？", ("广告", "不用写"), 0)
        await promoters.keep_lesson(
            uow, LessonForm(made["lesson_id"], f"{mark}标明广告", "写明广告。", (question,))
        )
        await promoters.answer_lesson(uow, promoter_id, made["lesson_id"], [1])
    return dict(made)
