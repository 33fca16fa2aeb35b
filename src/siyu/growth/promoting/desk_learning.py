"""What a promoter is asked to do and to learn, on the phone."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.goods import catalog
from siyu.growth import affinity, promoters
from siyu.growth.promoters import Answered, Studied
from siyu.growth.promoting import forms
from siyu.growth.promoting.entering import PROMOTER, not_yet
from siyu.kernel.errors import NotFound
from siyu.runtime.db import Merchant
from siyu.runtime.edge import ByActor, InUow, OfMerchant

ANSWERS_MAX = 5


@get("/desk/{slug:str}/tasks", opt=PROMOTER)
async def task_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """The tasks for this promoter and how far they are."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    asked = await promoters.tasks_of(uow, me)
    products = await catalog.cards_in(uow, [each.task.product_id for each in asked if each.task.product_id])
    return web.page(
        request,
        "promoting/desk_tasks.html",
        merchant=merchant,
        tasks=asked,
        assignments=[each for each in await affinity.tasks_of(uow, me.id) if each.state == "open"],
        products={card.id: card for card in products},
        task_kinds=promoters.TASK_KINDS,
    )


@post("/desk/{slug:str}/tasks/{task_id:uuid}/marks", opt=PROMOTER, status_code=200)
async def mark_task(
    *,
    request: Request[Any, Any, Any],
    task_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Done once more."""
    me = await promoters.of_customer(uow, actor.customer_id)
    promoters.require_active(me)
    form = await request.form()
    await promoters.mark_task(uow, me, task_id, forms.key(form), forms.text(form, "link"))
    return web.done(request, f"/desk/{merchant.slug}/tasks", web.mark("已记录"))


@post("/desk/{slug:str}/assignments/{assignment_id:uuid}/done", opt=PROMOTER, status_code=200)
async def finish_assignment(
    *,
    request: Request[Any, Any, Any],
    assignment_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """A product that the merchant chose this promoter for has been spoken about."""
    me = await promoters.of_customer(uow, actor.customer_id)
    promoters.require_active(me)
    form = await request.form()
    await affinity.finish_own(uow, me.id, assignment_id, forms.link(form, "link"))
    return web.done(request, f"/desk/{merchant.slug}/tasks", web.mark("已记录"))


@get("/desk/{slug:str}/lessons", opt=PROMOTER)
async def lesson_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Lessons, passed and to come."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    return web.page(
        request,
        "promoting/desk_lessons.html",
        merchant=merchant,
        promoter=me,
        lessons=await promoters.studied(uow, me.id),
    )


@get("/desk/{slug:str}/lessons/{lesson_id:uuid}", opt=PROMOTER)
async def lesson_page(
    request: Request[Any, Any, Any],
    lesson_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """One lesson and its quiz."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return not_yet(merchant)
    return _shown(request, merchant, _one(await promoters.studied(uow, me.id), lesson_id), None, [])


@post("/desk/{slug:str}/lessons/{lesson_id:uuid}", opt=PROMOTER, status_code=200)
async def answer(
    request: Request[Any, Any, Any],
    lesson_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Take the quiz: on to the lessons when it is passed, else what was wrong."""
    me = await promoters.of_customer(uow, actor.customer_id)
    form = await request.form()
    chosen = [_choice(forms.text(form, f"answer_{place}")) for place in range(ANSWERS_MAX)]
    answered = await promoters.answer_lesson(uow, me.id, lesson_id, chosen)
    if answered.is_passed:
        return web.done(request, f"/desk/{merchant.slug}/lessons", web.mark("答对了，这一课已通过"))
    return _shown(request, merchant, _one(await promoters.studied(uow, me.id), lesson_id), answered, chosen)


def _choice(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdecimal() and len(said) == 1 else None


def _one(studied: list[Studied], lesson_id: UUID) -> Studied:
    found = [each for each in studied if each.lesson.id == lesson_id]
    if not found:
        raise NotFound(what="课程 / lesson")
    return found[0]


def _shown(
    request: Request[Any, Any, Any],
    merchant: Merchant,
    studied: Studied,
    answered: Answered | None,
    chosen: list[int | None],
) -> Response[Any]:
    return web.page(
        request,
        "promoting/desk_lesson.html",
        merchant=merchant,
        studied=studied,
        lesson=studied.lesson,
        answered=answered,
        chosen=chosen,
    )


routes = [task_list, mark_task, finish_assignment, lesson_list, lesson_page, answer]
