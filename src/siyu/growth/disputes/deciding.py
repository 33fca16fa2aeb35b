"""Raising and deciding disputes. What is upheld moves the order; commission follows by a fact."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods import media
from siyu.growth import promoters
from siyu.growth.disputes import queries
from siyu.growth.disputes.model import (
    AlreadyMoved,
    AlreadyOpen,
    Decided,
    Dispute,
    NeedsPerson,
    NothingDisputed,
    NotPaid,
    NotYours,
    RaiseDispute,
    SamePerson,
    TooLate,
)
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders

WORDS_MAX = 500
PICTURES_MAX = 6
OPEN_DAYS = 30  # after payment: longer than a relation's default, shorter than memory


class _Sale(msgspec.Struct, frozen=True):
    number: str
    customer_id: UUID | None
    promoter_id: UUID | None
    paid_at: datetime | None


async def open_dispute(uow: UnitOfWork, asked: RaiseDispute) -> Dispute:
    """Say that an order is not whose it says. The same id again is the same dispute.

    A promoter asks for themselves, staff for anybody or nobody. Raises NotFound, Invalid, NotPaid, TooLate,
    NotYours, NothingDisputed, AlreadyOpen, AlreadyMoved, NeedsPerson, and IdempotencyConflict when the id stands for
    something else.
    """
    kind, person = _person(uow)
    sale = await _locked(uow, asked.order_id)
    known = await queries.maybe(uow, asked.id)
    if known is not None:
        if (known.order_id, known.promoter_id, known.raised_id) != (
            asked.order_id,
            asked.promoter_id,
            person,
        ):
            raise IdempotencyConflict
        return known
    await _check(uow, asked, sale, kind)
    pictures = await _pictures(uow, asked)
    await uow.run(
        """
        insert into attribution_disputes (merchant_id, id, order_id, was_promoter_id, promoter_id, words, pictures,
                                          state, raised_kind, raised_id, raised_by, raised_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(was)s, %(promoter)s, %(words)s, %(pictures)s, 'open', %(kind)s,
                %(person)s, %(by)s, %(now)s)
        """,
        id=asked.id,
        order=asked.order_id,
        was=sale.promoter_id,
        promoter=asked.promoter_id,
        words=asked.words.strip(),
        pictures=pictures,
        kind=kind,
        person=person,
        by=uow.actor.name,
    )
    return await queries.find(uow, asked.id)


async def _check(uow: UnitOfWork, asked: RaiseDispute, sale: _Sale, kind: str) -> None:
    if sale.paid_at is None or sale.customer_id is None:
        raise NotPaid
    if sale.paid_at <= uow.now - timedelta(days=OPEN_DAYS):
        raise TooLate(days=OPEN_DAYS)
    if not 1 <= len(asked.words.strip()) <= WORDS_MAX:
        raise Invalid(
            field="words",
            zh="请说明依据，不超过 500 字。",
            en="Say why, in at most 500 characters.",
        )
    if sale.promoter_id == asked.promoter_id:
        raise NothingDisputed(field="promoter_id")
    if asked.promoter_id is not None:
        claimant = await promoters.find(uow, asked.promoter_id)
        promoters.require_active(claimant)
        is_own = claimant.customer_id == uow.actor.id
        if claimant.customer_id == sale.customer_id or (kind == "promoter" and not is_own):
            raise NotYours(field="promoter_id")
    elif kind == "promoter":
        raise NotYours(field="promoter_id")
    await _check_no_other(uow, asked.order_id)


async def _check_no_other(uow: UnitOfWork, order_id: UUID) -> None:
    states = {one.state for one in await queries.of_order(uow, order_id)}
    if "open" in states:
        raise AlreadyOpen
    if "upheld" in states:
        raise AlreadyMoved


async def _pictures(uow: UnitOfWork, asked: RaiseDispute) -> list[str]:
    keys = list(dict.fromkeys(asked.pictures))
    if len(keys) > PICTURES_MAX or len(await media.held(uow, keys)) != len(keys):
        raise Invalid(
            field="pictures",
            zh=f"最多 {PICTURES_MAX} 张图片，且需先上传。",
            en=f"At most {PICTURES_MAX} pictures, uploaded before.",
        )
    return keys


async def uphold(uow: UnitOfWork, dispute_id: UUID, reason: str) -> Dispute:
    """The order is the other promoter's; commission moves by the fact. Twice is once. Raises SamePerson and Decided."""
    found, is_new = await _decide(uow, dispute_id, "upheld", reason)
    if is_new:
        await orders.reassign_promoter(
            uow, found.order_id, found.promoter_id, decision_id=found.id, reason=found.decision
        )
    return found


async def refuse(uow: UnitOfWork, dispute_id: UUID, reason: str) -> Dispute:
    """It stays as it is. Twice is once. Raises SamePerson and Decided."""
    found, _ = await _decide(uow, dispute_id, "refused", reason)
    return found


async def _decide(uow: UnitOfWork, dispute_id: UUID, state: str, reason: str) -> tuple[Dispute, bool]:
    kind, person = _person(uow)
    if kind != "staff":
        raise NeedsPerson
    if not 1 <= len(reason.strip()) <= WORDS_MAX:
        raise Invalid(
            field="reason",
            zh="请填写处理理由，不超过 500 字。",
            en="Give a reason of at most 500 characters.",
        )
    found = await queries.find(uow, dispute_id)
    await _locked(uow, found.order_id)
    found = await queries.find(uow, dispute_id)
    if found.raised_id == person:
        raise SamePerson
    if found.state != "open":
        if found.state != state:
            raise Decided
        return found, False
    await uow.run(
        """
        update attribution_disputes
        set state = %(state)s, decided_id = %(person)s, decided_by = %(by)s, decided_at = %(now)s,
            decision = %(reason)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=dispute_id,
        state=state,
        person=person,
        by=uow.actor.name,
        reason=reason.strip(),
    )
    await audit.note(
        uow,
        "disputes.uphold" if state == "upheld" else "disputes.refuse",
        subject_kind="order",
        subject=found.order_id,
        name=found.order_number,
        before={"state": "open"},
        after={"state": state},
        reason=reason,
    )
    return await queries.find(uow, dispute_id), True


def _person(uow: UnitOfWork) -> tuple[str, UUID]:
    """Who it is: a member of staff, or a promoter who is signed in as the customer they are."""
    if uow.actor.id is None or uow.actor.kind not in {"staff", "customer"}:
        raise NeedsPerson
    return ("staff" if uow.actor.kind == "staff" else "promoter"), uow.actor.id


async def _locked(uow: UnitOfWork, order_id: UUID) -> _Sale:
    """Disputes of an order are raised and decided one after the other."""
    sale = await uow.maybe(
        _Sale,
        """
        select number, customer_id, promoter_id, paid_at from orders
        where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=order_id,
    )
    if sale is None:
        raise NotFound(what="订单 / order")
    return sale
