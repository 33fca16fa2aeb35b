"""Tasks: a product that a promoter is asked to speak about. A task pays nothing; the plan of the product is the same for
everybody who has one, so nobody is won with a better rate (features 2.26).
"""

from datetime import timedelta
from uuid import UUID

from siyu.growth import promoters
from siyu.growth.affinity import rules
from siyu.growth.affinity.model import Assignment, AtCapacity, NotAssignable, WrongMove
from siyu.growth.affinity.queries import assignments, koc, profile
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork

DAYS_MAX = 90
WORDS_MAX = 300
LINK_MAX = 500


async def _one(uow: UnitOfWork, assignment_id: UUID, *, lock: bool = False) -> Assignment:
    if lock:
        await uow.run(
            "select from koc_assignments where merchant_id = %(merchant_id)s and id = %(id)s for update",
            id=assignment_id,
        )
    found = await uow.maybe(
        Assignment,
        """
        select a.id, a.promoter_id, p.name as promoter_name, a.product_id, g.title as product_title, a.words, a.score,
               a.state, a.due_at, a.link, a.created_at, a.ended_at
        from koc_assignments a
        join promoters p on p.merchant_id = a.merchant_id and p.id = a.promoter_id
        join products g on g.merchant_id = a.merchant_id and g.id = a.product_id
        where a.merchant_id = %(merchant_id)s and a.id = %(id)s
        """,
        id=assignment_id,
    )
    if found is None:
        raise NotFound(what="任务 / task")
    return found


async def assign(
    uow: UnitOfWork,
    assignment_id: UUID,
    promoter_id: UUID,
    product_id: UUID,
    *,
    days: int = 7,
    words: str = "",
) -> Assignment:
    """Ask a promoter to speak about a product within so many days. The id is the asker's: a second arrival changes
    nothing, and neither does a second open task for the same product.

    Raises NotFound, NotAssignable, AtCapacity (as many open tasks as they carry), Invalid.
    """
    if not 1 <= days <= DAYS_MAX:
        raise Invalid(field="days", zh="期限需在 1 到 90 天之间。", en="A task runs between 1 and 90 days.")
    if len(words) > WORDS_MAX:
        raise Invalid(field="words", zh="说明最多 300 字。", en="Words have at most 300 characters.")
    promoter = await promoters.find(uow, promoter_id)
    if promoter.state != "active":
        raise NotAssignable
    # One promoter's tasks are given one after the other, so that two taps cannot both be the last that fits.
    await uow.run(
        """
        insert into koc_states (merchant_id, customer_id, state, changed_at, created_at)
        values (%(merchant_id)s, %(customer)s, 'invited', %(now)s, %(now)s) on conflict do nothing
        """,
        customer=promoter.customer_id,
    )
    person = await koc(uow, promoter.customer_id, lock=True)
    open_now = await assignments(uow, promoter_id=promoter_id, open_only=True)
    same = next(
        (each for each in open_now if each.product_id == product_id or each.id == assignment_id), None
    )
    if same is not None:
        return same
    carried = await profile(uow, promoter_id)
    state = "trained" if person.state == "invited" else person.state
    most = rules.tasks_carried(state, carried.weekly if carried else 0)
    if most == 0:
        raise NotAssignable
    if len(open_now) >= most:
        raise AtCapacity(name=promoter.name, open=len(open_now))
    await uow.run(
        """
        insert into koc_assignments (merchant_id, id, promoter_id, product_id, words, score, state, due_at, assigned_by,
                                     created_at)
        select %(merchant_id)s, %(id)s, %(promoter)s, %(product)s, %(words)s,
               coalesce((select score from affinity_matches where merchant_id = %(merchant_id)s
                         and product_id = %(product)s and promoter_id = %(promoter)s), 0),
               'open', %(due)s, %(by)s, %(now)s
        on conflict (merchant_id, id) do nothing
        """,
        id=assignment_id,
        promoter=promoter_id,
        product=product_id,
        words=words.strip(),
        due=uow.now + timedelta(days=days),
        by=uow.actor.name,
    )
    return await _one(uow, assignment_id)


async def finish(uow: UnitOfWork, assignment_id: UUID, link: str = "") -> Assignment:
    """The promoter spoke about it; `link` is what was published. A second arrival changes nothing."""
    if len(link) > LINK_MAX or (link and not link.startswith(("http://", "https://"))):
        raise Invalid(field="link", zh="请填写以 http 开头的链接。", en="A link begins with http.")
    return await _end(uow, assignment_id, "done", link)


async def withdraw(uow: UnitOfWork, assignment_id: UUID) -> Assignment:
    """Nobody is asked any more. A second arrival changes nothing."""
    return await _end(uow, assignment_id, "cancelled", "")


async def _end(uow: UnitOfWork, assignment_id: UUID, state: str, link: str) -> Assignment:
    present = await _one(uow, assignment_id, lock=True)
    if present.state == state:
        return present
    if present.state != "open":
        raise WrongMove(state=present.state)
    await uow.run(
        """
        update koc_assignments set state = %(state)s, link = %(link)s, ended_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=assignment_id,
        state=state,
        link=link.strip(),
    )
    return await _one(uow, assignment_id)


async def tasks_of(uow: UnitOfWork, promoter_id: UUID) -> list[Assignment]:
    """A promoter's own tasks: open ones first."""
    return await assignments(uow, promoter_id=promoter_id)


async def finish_own(uow: UnitOfWork, promoter_id: UUID, assignment_id: UUID, link: str = "") -> Assignment:
    """The promoter says that it is done. Raises NotFound for somebody else's task."""
    if (await _one(uow, assignment_id)).promoter_id != promoter_id:
        raise NotFound(what="任务 / task")
    return await finish(uow, assignment_id, link)
