"""Tasks for promoters: what to share, by when. A checklist; it pays nothing by itself (D-01)."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from siyu.goods import catalog
from siyu.growth.promoters.model import KIND_CODES, Promoter
from siyu.growth.promoters.saying import refuse_forbidden
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.place import doors
from siyu.runtime.db import UnitOfWork

TASK_KINDS = ("share", "visit", "link")
TIMES_MAX = 1000
TASKS_MAX = 200
LINK_LENGTH_MAX = 500


class Task(msgspec.Struct, frozen=True):
    """What to do `times` times until `due_at`: share, bring visitors (counted by the doors), or post and give the link.

    `for_kind` is a kind of promoter, '' for all.
    """

    id: UUID
    kind: str
    title: str
    words: str
    product_id: UUID | None
    for_kind: str
    times: int
    due_at: datetime
    is_open: bool
    created_by: str
    created_at: datetime


class NewTask(msgspec.Struct, frozen=True):
    """A task as it is made; `id` comes from the asker."""

    id: UUID
    kind: str
    title: str
    times: int
    due_at: datetime
    words: str = ""
    product_id: UUID | None = None
    for_kind: str = ""


class Progress(msgspec.Struct, frozen=True):
    """How far one promoter is with one task; `link` is the last they gave."""

    task: Task
    done: int
    link: str
    is_over: bool

    @property
    def is_done(self) -> bool:
        return self.done >= self.task.times


class Mark(msgspec.Struct, frozen=True):
    """One time that a promoter did what a task asks."""

    promoter_id: UUID
    promoter_name: str
    link: str
    at: datetime


class _Count(msgspec.Struct, frozen=True):
    task_id: UUID
    done: int
    link: str


class TaskOver(DomainError):
    """The task is closed, past its day, or not for this promoter."""

    code = "promoters.task_over"
    status = 409
    zh = "任务已经结束或不属于你，未做记录。"
    en = "This task is over or not yours; nothing was written."


async def add_task(uow: UnitOfWork, wanted: NewTask) -> Task:
    """Make a task. The same id again is the same task. Raises Invalid and Unsaid at the field."""
    title, words = wanted.title.strip(), wanted.words.strip()
    if wanted.kind not in TASK_KINDS:
        raise Invalid(field="kind", zh="请选择任务类型。", en="Choose what kind of task it is.")
    if not 1 <= len(title) <= 60:
        raise Invalid(field="title", zh="标题需为 1 到 60 个字。", en="A title has 1 to 60 characters.")
    if len(words) > 500:
        raise Invalid(field="words", zh="最多 500 个字。", en="At most 500 characters.")
    if wanted.for_kind and wanted.for_kind not in KIND_CODES:
        raise Invalid(field="for_kind", zh="请选择推广身份。", en="Choose what kind of promoter it is for.")
    if not 1 <= wanted.times <= TIMES_MAX:
        raise Invalid(field="times", zh="次数需在 1 到 1000 之间。", en="Times are between 1 and 1,000.")
    if wanted.due_at <= uow.now:
        raise Invalid(field="due_at", zh="截止时间需在以后。", en="The deadline has to be in the future.")
    refuse_forbidden(title, "title")
    refuse_forbidden(words, "words")
    if wanted.product_id and not await catalog.cards_of(uow, [wanted.product_id]):
        raise Invalid(field="product_id", zh="没有这件商品。", en="There is no such product.")
    await uow.run(
        """
        insert into promoter_tasks (merchant_id, id, kind, title, words, product_id, for_kind, times, due_at, created_by,
                                    created_at)
        values (%(merchant_id)s, %(id)s, %(kind)s, %(title)s, %(words)s, %(product)s, %(for_kind)s, %(times)s, %(due)s,
                %(by)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=wanted.id,
        kind=wanted.kind,
        title=title,
        words=words,
        product=wanted.product_id,
        for_kind=wanted.for_kind,
        times=wanted.times,
        due=wanted.due_at,
        by=uow.actor.name,
    )
    return await task(uow, wanted.id)


async def task(uow: UnitOfWork, task_id: UUID) -> Task:
    """Raises NotFound."""
    found = await uow.maybe(
        Task,
        """
        select id, kind, title, words, product_id, for_kind, times, due_at, is_open, created_by, created_at
        from promoter_tasks where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=task_id,
    )
    if found is None:
        raise NotFound(what="任务 / task")
    return found


async def tasks(uow: UnitOfWork) -> list[Task]:
    """The newest tasks."""
    return await uow.all(
        Task,
        """
        select id, kind, title, words, product_id, for_kind, times, due_at, is_open, created_by, created_at
        from promoter_tasks where merchant_id = %(merchant_id)s order by created_at desc, id desc limit %(limit)s
        """,
        limit=TASKS_MAX,
    )


async def close_task(uow: UnitOfWork, task_id: UUID) -> None:
    """Nobody is asked for it any more. Twice is once. Raises NotFound."""
    await task(uow, task_id)
    await uow.run(
        "update promoter_tasks set is_open = false where merchant_id = %(merchant_id)s and id = %(id)s",
        id=task_id,
    )


async def tasks_of(uow: UnitOfWork, promoter: Promoter) -> list[Progress]:
    """The open tasks that are for this promoter, the next due first, and how far they are."""
    asked = await uow.all(
        Task,
        """
        select id, kind, title, words, product_id, for_kind, times, due_at, is_open, created_by, created_at
        from promoter_tasks
        where merchant_id = %(merchant_id)s and is_open and due_at > %(now)s - interval '7 days'
          and for_kind in ('', %(kind)s)
        order by due_at, id limit %(limit)s
        """,
        kind=promoter.kind,
        limit=TASKS_MAX,
    )
    counts = {
        row.task_id: row
        for row in await uow.all(
            _Count,
            """
            select task_id, count(*) as done, (array_agg(link order by at desc, id desc))[1] as link
            from promoter_task_marks
            where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and task_id = any(%(tasks)s)
            group by task_id
            """,
            promoter=promoter.id,
            tasks=[each.id for each in asked],
        )
    }
    own = [door.id for door in await doors.of_promoter(uow, promoter.id)]
    found = []
    for each in asked:
        if each.kind == "visit":
            done, link = (await doors.sums_of(uow, own, each.created_at)).visitors, ""
        else:
            count = counts.get(each.id)
            done, link = (count.done, count.link) if count else (0, "")
        found.append(Progress(each, min(done, each.times), link, each.due_at <= uow.now))
    return found


async def mark_task(
    uow: UnitOfWork, promoter: Promoter, task_id: UUID, mark_id: UUID, link: str = ""
) -> None:
    """Write down that the promoter did it once more. The same mark again, or one too many, changes nothing.

    Raises NotFound, TaskOver, and Invalid at `link`.
    """
    found = await task(uow, task_id)
    if (
        found.kind == "visit"
        or not found.is_open
        or found.due_at <= uow.now
        or found.for_kind not in {"", promoter.kind}
    ):
        raise TaskOver
    # Locked in a statement of its own: the next one then sees what another tap wrote before.
    await uow.run(
        "select 1 from promoters where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=promoter.id,
    )
    await uow.run(
        """
        insert into promoter_task_marks (merchant_id, id, task_id, promoter_id, link, at)
        select %(merchant_id)s, %(id)s, %(task)s, %(promoter)s, %(link)s, %(now)s
        where (select count(*) from promoter_task_marks
               where merchant_id = %(merchant_id)s and task_id = %(task)s and promoter_id = %(promoter)s) < %(times)s
        on conflict (merchant_id, id) do nothing
        """,
        id=mark_id,
        task=task_id,
        promoter=promoter.id,
        link=checked_link(link, "link") if found.kind == "link" else "",
        times=found.times,
    )


def checked_link(link: str, field: str) -> str:
    """An address of the web that may be shown as a link. Raises Invalid at the field."""
    said = link.strip()
    parts = urlsplit(said) if len(said) <= LINK_LENGTH_MAX else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc or " " in said:
        raise Invalid(
            field=field, zh="请粘贴以 https:// 开头的链接。", en="Paste a link that begins with https://."
        )
    return said


async def marks_of(uow: UnitOfWork, task_id: UUID, limit: int = 200) -> list[Mark]:
    """Who did what a task asks, the newest first."""
    return await uow.all(
        Mark,
        """
        select m.promoter_id, p.name as promoter_name, m.link, m.at
        from promoter_task_marks m join promoters p on p.merchant_id = m.merchant_id and p.id = m.promoter_id
        where m.merchant_id = %(merchant_id)s and m.task_id = %(task)s
        order by m.at desc, m.id desc limit %(limit)s
        """,
        task=task_id,
        limit=limit,
    )
