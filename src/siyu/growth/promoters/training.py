"""Lessons for promoters, each with a short quiz; who passed every open lesson is trained."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.growth.promoters.saying import refuse_forbidden
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork

QUESTIONS_MAX = 5
CHOICES = (2, 4)
BODY_LENGTH_MAX = 5_000


class Question(msgspec.Struct, frozen=True):
    """`right` is the place of the right choice, from 0."""

    text: str
    choices: tuple[str, ...]
    right: int


class Lesson(msgspec.Struct, frozen=True):
    """Something to read and the questions about it."""

    id: UUID
    title: str
    body: str
    questions: tuple[Question, ...]
    position: int
    is_open: bool
    updated_at: datetime

    @property
    def paragraphs(self) -> list[str]:
        return [line.strip() for line in self.body.splitlines() if line.strip()]


class Studied(msgspec.Struct, frozen=True):
    """A lesson and whether one promoter passed it."""

    lesson: Lesson
    tries: int
    passed_at: datetime | None


class Answered(msgspec.Struct, frozen=True):
    """How a quiz went: `wrong` are the places of the questions answered wrong, from 0."""

    is_passed: bool
    wrong: tuple[int, ...]


class _Pass(msgspec.Struct, frozen=True):
    lesson_id: UUID
    tries: int
    passed_at: datetime | None


class LessonForm(msgspec.Struct, frozen=True):
    """A lesson as the merchant writes it; `id` comes from the asker."""

    id: UUID
    title: str
    body: str
    questions: tuple[Question, ...]
    position: int = 1
    is_open: bool = True


async def keep_lesson(uow: UnitOfWork, wanted: LessonForm) -> None:
    """Write a lesson, or rewrite it. Who passed it before stays passed. Raises Invalid and Unsaid at the field."""
    title, body = wanted.title.strip(), wanted.body.strip()
    if not 1 <= len(title) <= 60:
        raise Invalid(field="title", zh="标题需为 1 到 60 个字。", en="A title has 1 to 60 characters.")
    if not 1 <= len(body) <= BODY_LENGTH_MAX:
        raise Invalid(field="body", zh="内容需为 1 到 5000 个字。", en="A lesson has 1 to 5,000 characters.")
    if not 1 <= len(wanted.questions) <= QUESTIONS_MAX:
        raise Invalid(field="questions", zh="需要 1 到 5 道题。", en="A lesson has 1 to 5 questions.")
    for number, question in enumerate(wanted.questions, 1):
        _check_question(question, f"question_{number}")
    if not 1 <= wanted.position <= 99:
        raise Invalid(field="position", zh="次序需在 1 到 99 之间。", en="The position is between 1 and 99.")
    refuse_forbidden(title, "title")
    await uow.run(
        """
        insert into promoter_lessons (merchant_id, id, title, body, questions, position, is_open, updated_at)
        values (%(merchant_id)s, %(id)s, %(title)s, %(body)s, %(questions)s::jsonb, %(position)s, %(is_open)s, %(now)s)
        on conflict (merchant_id, id) do update
        set title = excluded.title, body = excluded.body, questions = excluded.questions, position = excluded.position,
            is_open = excluded.is_open, updated_at = excluded.updated_at
        """,
        id=wanted.id,
        title=title,
        body=body,
        questions=msgspec.json.encode(wanted.questions).decode(),
        position=wanted.position,
        is_open=wanted.is_open,
    )


def _check_question(question: Question, field: str) -> None:
    least, most = CHOICES
    texts = [question.text.strip(), *(choice.strip() for choice in question.choices)]
    if not all(1 <= len(text) <= 200 for text in texts):
        raise Invalid(
            field=field,
            zh="题目和选项需为 1 到 200 个字。",
            en="Questions and choices have 1 to 200 characters.",
        )
    if not least <= len(question.choices) <= most or not 0 <= question.right < len(question.choices):
        raise Invalid(
            field=field,
            zh="每题 2 到 4 个选项，并指明正确的一个。",
            en="A question has 2 to 4 choices, one of them marked as right.",
        )


async def lessons(uow: UnitOfWork, *, open_only: bool = False) -> list[Lesson]:
    """Lessons in their order."""
    return await uow.all(
        Lesson,
        """
        select id, title, body, questions, position, is_open, updated_at from promoter_lessons
        where merchant_id = %(merchant_id)s and (is_open or not %(open_only)s)
        order by position, id limit 100
        """,
        open_only=open_only,
    )


async def lesson(uow: UnitOfWork, lesson_id: UUID) -> Lesson:
    """Raises NotFound."""
    found = await uow.maybe(
        Lesson,
        """
        select id, title, body, questions, position, is_open, updated_at from promoter_lessons
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=lesson_id,
    )
    if found is None:
        raise NotFound(what="课程 / lesson")
    return found


async def studied(uow: UnitOfWork, promoter_id: UUID) -> list[Studied]:
    """Every open lesson and whether this promoter passed it."""
    passes = {
        row.lesson_id: row
        for row in await uow.all(
            _Pass,
            """
            select lesson_id, tries, passed_at from promoter_lesson_passes
            where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
            """,
            promoter=promoter_id,
        )
    }
    return [
        Studied(each, passes[each.id].tries if each.id in passes else 0, passes[each.id].passed_at if each.id in passes else None)
        for each in await lessons(uow, open_only=True)
    ]  # fmt: skip


async def answer_lesson(
    uow: UnitOfWork, promoter_id: UUID, lesson_id: UUID, chosen: Sequence[int | None]
) -> Answered:
    """Take a quiz: passed when every answer is right, then for good; trained when it was the last open lesson.

    Raises NotFound, also for a lesson that is closed.
    """
    asked = await lesson(uow, lesson_id)
    if not asked.is_open:
        raise NotFound(what="课程 / lesson")
    given = [*chosen, *([None] * len(asked.questions))]
    wrong = tuple(place for place, question in enumerate(asked.questions) if given[place] != question.right)
    await uow.run(
        """
        insert into promoter_lesson_passes (merchant_id, promoter_id, lesson_id, tries, passed_at)
        values (%(merchant_id)s, %(promoter)s, %(lesson)s, 1,
                case when %(is_passed)s::boolean then %(now)s::timestamptz end)
        on conflict (merchant_id, promoter_id, lesson_id) do update
        set tries = promoter_lesson_passes.tries + 1, passed_at = excluded.passed_at
        where promoter_lesson_passes.passed_at is null
        """,
        promoter=promoter_id,
        lesson=lesson_id,
        is_passed=not wrong,
    )
    await uow.run(
        """
        update promoters set trained_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(promoter)s and trained_at is null
          and not exists (
              select from promoter_lessons l
              where l.merchant_id = %(merchant_id)s and l.is_open
                and not exists (select from promoter_lesson_passes p
                                where p.merchant_id = %(merchant_id)s and p.promoter_id = %(promoter)s
                                  and p.lesson_id = l.id and p.passed_at is not null))
        """,
        promoter=promoter_id,
    )
    return Answered(not wrong, wrong)
