"""Tasks and lessons on the console."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from siyu import web
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.promoters import Lesson, LessonForm, NewTask, Question
from siyu.growth.promoting import forms
from siyu.growth.promoting.console import READ, WRITE, tabs_of
from siyu.kernel import ids
from siyu.runtime.db import Merchant
from siyu.runtime.edge import InUow, OfMerchant

PRODUCTS_OFFERED = 100
QUESTIONS = 5
CHOICES = 4


@get("/console/{slug:str}/promoters/tasks", opt=READ)
async def task_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Tasks, the newest first, and the form of a new one."""
    return web.page(
        request,
        "promoting/console_tasks.html",
        merchant=merchant,
        tasks=await promoters.tasks(uow),
        products=(await catalog.cards(uow, limit=PRODUCTS_OFFERED)).items,
        tabs=await tabs_of(uow, merchant.slug, "tasks"),
        words=promoters,
        now=uow.now,
    )


@post("/console/{slug:str}/promoters/tasks", opt=WRITE, status_code=200)
async def add_task(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Ask promoters to do something by a day."""
    form = await request.form()
    product = forms.text(form, "product_id")
    made = await promoters.add_task(
        uow,
        NewTask(
            id=forms.key(form),
            kind=forms.text(form, "kind"),
            title=forms.text(form, "title"),
            times=forms.whole(form, "times"),
            due_at=forms.moment(form, "due_at", merchant),
            words=forms.text(form, "words"),
            product_id=forms.ident(product, "product_id") if product else None,
            for_kind=forms.text(form, "for_kind"),
        ),
    )
    return web.done(
        request,
        f"/console/{merchant.slug}/promoters/tasks/{made.id}",
        web.mark("任务已发布，推广员在手机上看到"),
    )


@get("/console/{slug:str}/promoters/tasks/{task_id:uuid}", opt=READ)
async def task_page(
    request: Request[Any, Any, Any], task_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One task and who did it."""
    task = await promoters.task(uow, task_id)
    cards = await catalog.cards_of(uow, [task.product_id]) if task.product_id else []
    return web.page(
        request,
        "promoting/console_task.html",
        merchant=merchant,
        task=task,
        product=cards[0] if cards else None,
        marks=await promoters.marks_of(uow, task_id),
        words=promoters,
        now=uow.now,
    )


@post("/console/{slug:str}/promoters/tasks/{task_id:uuid}/close", opt=WRITE, status_code=200)
async def close_task(
    request: Request[Any, Any, Any], task_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Nobody is asked for it any more."""
    await promoters.close_task(uow, task_id)
    return web.done(request, f"/console/{merchant.slug}/promoters/tasks", web.mark("任务已结束"))


@get("/console/{slug:str}/promoters/lessons", opt=READ)
async def lesson_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Lessons in their order."""
    return web.page(
        request,
        "promoting/console_lessons.html",
        merchant=merchant,
        lessons=await promoters.lessons(uow),
        tabs=await tabs_of(uow, merchant.slug, "lessons"),
    )


@get("/console/{slug:str}/promoters/lessons/new", opt=WRITE)
async def new_lesson(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """An empty lesson."""
    return _form(request, merchant, None, ids.new())


@get("/console/{slug:str}/promoters/lessons/{lesson_id:uuid}", opt=WRITE)
async def lesson_page(
    request: Request[Any, Any, Any], lesson_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One lesson, to be edited."""
    return _form(request, merchant, await promoters.lesson(uow, lesson_id), lesson_id)


def _form(
    request: Request[Any, Any, Any], merchant: Merchant, lesson: Lesson | None, lesson_id: UUID
) -> Response[str]:
    return web.page(
        request,
        "promoting/console_lesson.html",
        merchant=merchant,
        lesson=lesson,
        lesson_id=lesson_id,
        questions=range(QUESTIONS),
        choices=range(CHOICES),
    )


@post("/console/{slug:str}/promoters/lessons/{lesson_id:uuid}", opt=WRITE, status_code=200)
async def keep_lesson(
    request: Request[Any, Any, Any], lesson_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Write a lesson, or rewrite it."""
    form = await request.form()
    await promoters.keep_lesson(
        uow,
        LessonForm(
            id=lesson_id,
            title=forms.text(form, "title"),
            body=forms.text(form, "body"),
            questions=tuple(
                _question(form, place)
                for place in range(QUESTIONS)
                if forms.text(form, f"question_{place + 1}")
            ),
            position=forms.whole(form, "position"),
            is_open=form.get("is_open") == "1",
        ),
    )
    return web.done(request, f"/console/{merchant.slug}/promoters/lessons", web.mark("课程已保存"))


def _question(form: FormMultiDict, place: int) -> Question:
    at = f"question_{place + 1}"
    said = [forms.text(form, f"{at}_choice_{choice + 1}") for choice in range(CHOICES)]
    right = forms.text(form, f"{at}_right")
    while said and not said[-1]:
        said.pop()
    return Question(
        forms.text(form, at), tuple(said), int(right) - 1 if right in {"1", "2", "3", "4"} else -1
    )


routes = [
    task_list,
    add_task,
    task_page,
    close_task,
    lesson_list,
    new_lesson,
    lesson_page,
    keep_lesson,
]
