"""Joining as a promoter: it is free and pays nothing (禁止传销条例 art. 7). Applications, their review, and enrolling."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.growth.promoters.agreeing import agreement, record_acceptance
from siyu.growth.promoters.model import KIND_CODES, Application, Decided, Kind, Promoter, Rules, WasDismissed
from siyu.growth.promoters.queries import maybe_of_customer, of_customer
from siyu.growth.promoters.saying import refuse_forbidden
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, bounded
from siyu.place import doors
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

REASON_LENGTH_MAX = 500
COMMUNITY_MAX = 10_000_000


class Apply(msgspec.Struct, frozen=True):
    """An application as it is sent; `id` is made by the asker, `version` is the agreement that was shown and accepted."""

    id: UUID
    kind: str
    name: str
    version: str
    reason: str = ""
    community_size: int | None = None


async def rules(uow: UnitOfWork) -> Rules:
    """How one joins at this merchant."""
    found = await uow.maybe(
        Rules, "select needs_review, welcome from promoter_settings where merchant_id = %(merchant_id)s"
    )
    return found or Rules()


async def set_rules(uow: UnitOfWork, wanted: Rules) -> None:
    """Change how one joins from now on. Raises Invalid and Unsaid at `welcome`."""
    welcome = wanted.welcome.strip()
    if len(welcome) > REASON_LENGTH_MAX:
        raise Invalid(field="welcome", zh="最多 500 个字。", en="At most 500 characters.")
    refuse_forbidden(welcome, "welcome")
    before = await rules(uow)
    await uow.run(
        """
        insert into promoter_settings (merchant_id, needs_review, welcome, updated_at)
        values (%(merchant_id)s, %(needs_review)s, %(welcome)s, %(now)s)
        on conflict (merchant_id) do update
        set needs_review = excluded.needs_review, welcome = excluded.welcome, updated_at = excluded.updated_at
        """,
        needs_review=wanted.needs_review,
        welcome=welcome,
    )
    await audit.note(
        uow,
        "promoters.set_rules",
        subject_kind="merchant",
        before={"needs_review": before.needs_review},
        after={"needs_review": wanted.needs_review},
    )


def checked_name(name: str) -> str:
    """The name under which somebody promotes. Raises Invalid and Unsaid."""
    said = name.strip()
    if not 1 <= len(said) <= 40:
        raise Invalid(field="name", zh="名字需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    refuse_forbidden(said, "name")
    return said


def checked_kind(kind: str) -> Kind:
    """Raises Invalid."""
    if kind not in KIND_CODES:
        raise Invalid(field="kind", zh="请选择推广身份。", en="Choose what kind of promoter you are.")
    return kind  # type: ignore[return-value]  # it is one of them


async def apply(uow: UnitOfWork, customer_id: UUID, wanted: Apply) -> Application:
    """Ask to become a promoter; approved at once where the merchant wants no review. A second time is the same answer.

    Raises Invalid, Unsaid and WasDismissed.
    """
    known = await maybe_of_customer(uow, customer_id)
    if known is not None and known.state == "dismissed":
        raise WasDismissed
    last = await last_application(uow, customer_id)
    if last is not None and (known is not None or last.state == "open" or last.id == wanted.id):
        return last
    kind, name = checked_kind(wanted.kind), checked_name(wanted.name)
    if wanted.version != (await agreement(uow)).version:
        raise Invalid(
            field="agrees",
            zh="协议已更新，请刷新后重新阅读。",
            en="The agreement has changed; please reload and read it again.",
        )
    if len(wanted.reason) > REASON_LENGTH_MAX:
        raise Invalid(field="reason", zh="最多 500 个字。", en="At most 500 characters.")
    if wanted.community_size is not None and not 0 <= wanted.community_size <= COMMUNITY_MAX:
        raise Invalid(field="community_size", zh="请填写人数。", en="Write a number of people.")
    at_once = not (await rules(uow)).needs_review or known is not None
    await _write(uow, customer_id, wanted, kind, name, "approved" if at_once else "open")
    if at_once:
        await _enrol(uow, customer_id, kind=kind, name=name, version=wanted.version, accepted_at=uow.now)
    written = await last_application(uow, customer_id)
    assert written is not None, "it was written, or another tap wrote it"
    return written


async def _write(
    uow: UnitOfWork,
    customer_id: UUID,
    wanted: Apply,
    kind: str,
    name: str,
    state: Literal["open", "approved"],
) -> None:
    await uow.run(
        """
        insert into promoter_applications (merchant_id, id, customer_id, kind, name, reason, community_size,
                                           agreement_version, state, decided_at, applied_at)
        values (%(merchant_id)s, %(id)s, %(customer)s, %(kind)s, %(name)s, %(reason)s, %(size)s, %(version)s, %(state)s,
                case when %(state)s::text = 'open' then null else %(now)s::timestamptz end, %(now)s)
        on conflict do nothing
        """,
        id=wanted.id,
        customer=customer_id,
        kind=kind,
        name=name,
        reason=wanted.reason.strip(),
        size=wanted.community_size,
        version=wanted.version,
        state=state,
    )


async def last_application(uow: UnitOfWork, customer_id: UUID) -> Application | None:
    """The newest application of a customer."""
    return await uow.maybe(
        Application,
        """
        select id, customer_id, kind, name, reason, community_size, agreement_version, state, answer, decided_by,
               decided_at, applied_at
        from promoter_applications where merchant_id = %(merchant_id)s and customer_id = %(customer)s
        order by applied_at desc, id desc limit 1
        """,
        customer=customer_id,
    )


async def applications(
    uow: UnitOfWork, state: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Page[Application]:
    """Applications in a state, those that wait longest first. The cursor is (applied_at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Application,
        """
        select id, customer_id, kind, name, reason, community_size, agreement_version, state, answer, decided_by,
               decided_at, applied_at
        from promoter_applications
        where merchant_id = %(merchant_id)s and state = %(state)s
          and (%(at)s::timestamptz is null or (applied_at, id) > (%(at)s, %(last_id)s::uuid))
        order by applied_at, id limit %(limit)s
        """,
        state=state,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.applied_at.isoformat()}~{last.id}" if last else None)


async def open_applications(uow: UnitOfWork) -> int:
    """How many wait for an answer."""
    return await uow.one(
        int,
        "select count(*) from promoter_applications where merchant_id = %(merchant_id)s and state = 'open'",
    )


async def approve(uow: UnitOfWork, application_id: UUID) -> Promoter:
    """Let an applicant in. A second time is the same answer. Raises NotFound, Decided and WasDismissed."""
    asked = await _held(uow, application_id)
    if asked.state == "approved":
        return await of_customer(uow, asked.customer_id)
    if asked.state != "open":
        raise Decided
    await _decide(uow, asked.id, "approved", "")
    made = await _enrol(
        uow,
        asked.customer_id,
        kind=checked_kind(asked.kind),
        name=asked.name,
        version=asked.agreement_version,
        accepted_at=asked.applied_at,
    )
    if made.state == "dismissed":
        raise WasDismissed
    await audit.note(
        uow, "promoters.approve", subject_kind="promoter", subject=made.id, name=made.name,
        before={"state": "open"}, after={"state": made.state},
    )  # fmt: skip
    return made


async def refuse(uow: UnitOfWork, application_id: UUID, reason: str) -> Application:
    """Turn an applicant down and tell them why. A second time is the same answer. Raises Invalid and Decided."""
    said = checked_reason(reason)
    asked = await _held(uow, application_id)
    if asked.state == "refused":
        return asked
    if asked.state != "open":
        raise Decided
    await _decide(uow, asked.id, "refused", said)
    await audit.note(
        uow, "promoters.refuse", subject_kind="customer", subject=asked.customer_id, name=asked.name,
        before={"state": "open"}, after={"state": "refused"}, reason=said,
    )  # fmt: skip
    return await _held(uow, application_id)


def checked_reason(reason: str) -> str:
    """Raises Invalid: who is refused something is told why."""
    said = reason.strip()
    if not 1 <= len(said) <= REASON_LENGTH_MAX:
        raise Invalid(
            field="reason", zh="请写明原因，最多 500 个字。", en="Say why, in at most 500 characters."
        )
    return said


async def _held(uow: UnitOfWork, application_id: UUID) -> Application:
    found = await uow.maybe(
        Application,
        """
        select id, customer_id, kind, name, reason, community_size, agreement_version, state, answer, decided_by,
               decided_at, applied_at
        from promoter_applications where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=application_id,
    )
    if found is None:
        raise NotFound(what="推广员申请 / application")
    return found


async def _decide(uow: UnitOfWork, application_id: UUID, state: str, answer: str) -> None:
    await uow.run(
        """
        update promoter_applications set state = %(state)s, answer = %(answer)s, decided_by = %(by)s, decided_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=application_id,
        state=state,
        answer=answer,
        by=uow.actor.name,
    )


async def enrol(
    uow: UnitOfWork, customer_id: UUID, *, kind: Kind, name: str, door_code: str = ""
) -> Promoter:
    """Make a customer a promoter and open their own door; somebody who is one already stays as they are."""
    current = await agreement(uow)
    return await _enrol(
        uow,
        customer_id,
        kind=kind,
        name=checked_name(name),
        version=current.version,
        accepted_at=uow.now,
        door_code=door_code,
    )


async def _enrol(
    uow: UnitOfWork,
    customer_id: UUID,
    *,
    kind: Kind,
    name: str,
    version: str,
    accepted_at: datetime,
    door_code: str = "",
) -> Promoter:
    promoter_id = ids.new()
    written = await uow.run(
        """
        insert into promoters (merchant_id, id, customer_id, kind, name, state, agreement_version, joined_at)
        values (%(merchant_id)s, %(id)s, %(customer)s, %(kind)s, %(name)s, 'active', %(version)s, %(now)s)
        on conflict (merchant_id, customer_id) do nothing
        """,
        id=promoter_id,
        customer=customer_id,
        kind=kind,
        name=name,
        version=version,
    )
    if written:
        await record_acceptance(uow, promoter_id, version, accepted_at)
        await doors.open_door(
            uow,
            doors.NewDoor(
                name=name,
                kind=_DOOR_KINDS[kind],
                space="social",
                ownership="owned",
                promoter_id=promoter_id,
                code=door_code,
            ),
        )
    return await of_customer(uow, customer_id)


# A shopkeeper's door is a KOC's: what it is bound by is the same.
_DOOR_KINDS: dict[str, Literal["koc", "leader", "guide", "live"]] = {
    "koc": "koc",
    "leader": "leader",
    "guide": "guide",
    "anchor": "live",
    "shopkeeper": "koc",
}
