"""Transfers to the merchant's bank account: the buyer shows a proof, staff compares it with the bank and decides."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods import media
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.begin import payable
from siyu.trade.payments.model import MethodNotOffered, Proof
from siyu.trade.payments.offering import options_of
from siyu.trade.payments.opening import open_payments
from siyu.trade.payments.settling import Outcome, settle

REVIEW_LASTS = timedelta(
    hours=72
)  # a transfer between banks takes up to a working day, a weekend lies between
AFTER_REJECTION = timedelta(hours=24)
PROOFS_MAX = 3  # each keeps goods from other buyers for days
NAME_MAX = 60
REASON_MAX = 120


class AmountDiffers(DomainError):
    """The bank shows another sum than the order costs. Nothing was booked."""

    code = "payments.amount_differs"
    status = 422
    zh = "到账金额与应付金额不一致，请核对银行流水；金额不符请驳回并联系顾客。"
    en = "The sum that arrived is not the sum due. Check the bank's record; if it differs, reject it and call the buyer."


class AlreadyDecided(DomainError):
    """Somebody decided about this proof before."""

    code = "payments.proof_decided"
    status = 409
    zh = "这份转账凭证已经处理过了。"
    en = "This proof has been decided already."


class Received(msgspec.Struct, frozen=True):
    """Our own word that money arrived, where no gateway says so."""

    out_trade_no: str
    transaction_id: str
    total: int
    currency: str
    success_time: datetime | None
    is_paid: bool = True


async def submit_proof(
    uow: UnitOfWork, proof_id: UUID, order_id: UUID, customer_id: UUID, *, picture: bytes, payer_name: str
) -> None:
    """Show a proof of the transfer for an unpaid order. It keeps its goods while staff looks.

    `picture` is WebP, made by `readable_proof`. A second arrival with the same id changes nothing. Raises NotFound,
    WrongState, UnderReview while another proof waits, MethodNotOffered and Invalid.
    """
    payer_name = payer_name.strip()
    if not 1 <= len(payer_name) <= NAME_MAX:
        raise Invalid(
            field="payer_name",
            zh="请填写付款人姓名或公司名（60 字以内）。",
            en="Enter who paid (at most 60 characters).",
        )
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )
    if await _is_there(uow, proof_id, order_id):
        return
    await payable(uow, order_id, customer_id)
    if len(await proofs(uow, order_id=order_id)) >= PROOFS_MAX:
        raise Invalid(
            field="picture",
            zh="这个订单的转账凭证已多次被驳回，请换一种付款方式或联系店家。",
            en="Proofs for this order were rejected several times; please pay in another way or call the shop.",
        )
    if not (await options_of(uow)).is_offline_on:
        raise MethodNotOffered(field="method")
    (number,) = await open_payments(uow, [order_id], "offline")
    payment_id = await uow.one(
        UUID,
        """
        update payments set next_query_at = null, payer = %(payer)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and out_trade_no = %(number)s returning id
        """,
        payer=payer_name,
        number=number,
    )
    await uow.run(
        """
        insert into payment_proofs (merchant_id, id, payment_id, order_id, picture, payer_name, state, submitted_at)
        values (%(merchant_id)s, %(id)s, %(payment)s, %(order)s, %(picture)s, %(payer)s, 'waiting', %(now)s)
        """,
        id=proof_id,
        payment=payment_id,
        order=order_id,
        picture=picture,
        payer=payer_name,
    )
    await _give_time(uow, order_id, uow.now + REVIEW_LASTS)


def readable_proof(data: bytes) -> bytes:
    """An uploaded picture written again as WebP, without the file's own data. Raises Invalid at `picture`."""
    return media.written_again(data, "picture").files[".l.webp"]


async def _is_there(uow: UnitOfWork, proof_id: UUID, order_id: UUID) -> bool:
    return await uow.one(
        bool,
        """
        select exists (select from payment_proofs where merchant_id = %(merchant_id)s and id = %(id)s
                       and order_id = %(order)s)
        """,
        id=proof_id,
        order=order_id,
    )


async def _give_time(uow: UnitOfWork, order_id: UUID, until: datetime) -> None:
    """The order keeps its goods until then, at least."""
    await uow.run(
        """
        update orders set pay_by = greatest(pay_by, %(until)s), updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'unpaid'
        """,
        id=order_id,
        until=until,
    )


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    payment_id: UUID
    order_id: UUID
    state: str
    out_trade_no: str
    amount: int


async def _waiting(uow: UnitOfWork, proof_id: UUID) -> _Waiting:
    found = await uow.maybe(
        _Waiting,
        """
        select f.id, f.payment_id, f.order_id, f.state, p.out_trade_no, p.amount
        from payment_proofs f join payments p on p.merchant_id = f.merchant_id and p.id = f.payment_id
        where f.merchant_id = %(merchant_id)s and f.id = %(id)s for update of f
        """,
        id=proof_id,
    )
    if found is None:
        raise NotFound(what="转账凭证 / proof of transfer")
    await orders.find(uow, found.order_id)  # only what is within the scope of whoever asks
    if found.state != "waiting":
        raise AlreadyDecided
    return found


async def accept_proof(uow: UnitOfWork, proof_id: UUID, amount: int) -> Outcome:
    """The bank shows `amount` minor units for this proof: the order is paid.

    Raises NotFound, AlreadyDecided, AmountDiffers. When the order was paid in another way meanwhile, or its goods
    are gone, the money is set aside and its refund requested, as for every payment.
    """
    proof = await _waiting(uow, proof_id)
    if amount != proof.amount:
        raise AmountDiffers(field="amount")
    (outcome,) = await settle(
        uow,
        [Received(proof.out_trade_no, f"offline-{proof_id.hex}", amount, uow.merchant.currency, uow.now)],
    )
    await _decide(uow, proof, "accepted", "")
    await audit.note(
        uow,
        "payments.accept_proof",
        subject_kind="order",
        subject=proof.order_id,
        before={"state": "waiting"},
        after={"state": str(outcome), "amount": amount},
    )
    return outcome


async def reject_proof(uow: UnitOfWork, proof_id: UUID, reason: str) -> None:
    """No such money arrived. The buyer reads the reason and has a day to pay. Raises NotFound, AlreadyDecided, Invalid."""
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason",
            zh="请填写驳回原因（120 字以内），顾客会看到。",
            en="Give a reason of at most 120 characters.",
        )
    proof = await _waiting(uow, proof_id)
    await _decide(uow, proof, "rejected", reason)
    await _give_time(uow, proof.order_id, uow.now + AFTER_REJECTION)
    await uow.run(
        """
        update payments set next_query_at = %(next)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'waiting'
        """,
        id=proof.payment_id,
        next=uow.now + AFTER_REJECTION,
    )
    await audit.note(
        uow,
        "payments.reject_proof",
        subject_kind="order",
        subject=proof.order_id,
        before={"state": "waiting"},
        after={"state": "rejected"},
        reason=reason,
    )


async def _decide(uow: UnitOfWork, proof: _Waiting, state: str, reason: str) -> None:
    await uow.run(
        """
        update payment_proofs set state = %(state)s, reason = %(reason)s, decided_at = %(now)s, decided_by = %(actor)s,
                                  decided_name = %(name)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        state=state,
        reason=reason,
        actor=uow.actor.id,
        name=uow.actor.name,
        id=proof.id,
    )


async def proofs(
    uow: UnitOfWork, *, order_id: UUID | None = None, state: str | None = None, limit: int = 100
) -> list[Proof]:
    """Proofs of one order, or in one state; those that wait longest first."""
    return await uow.all(
        Proof,
        """
        select f.id, f.payment_id, f.order_id, o.number as order_number, p.amount, f.payer_name, f.state, f.reason,
               f.decided_name, f.submitted_at, f.decided_at, o.pay_by
        from payment_proofs f
        join payments p on p.merchant_id = f.merchant_id and p.id = f.payment_id
        join orders o on o.merchant_id = f.merchant_id and o.id = f.order_id
        where f.merchant_id = %(merchant_id)s and (%(order)s::uuid is null or f.order_id = %(order)s)
          and (%(state)s::text is null or f.state = %(state)s)
        order by f.submitted_at limit %(limit)s
        """,
        order=order_id,
        state=state,
        limit=limit,
    )


class _Picture(msgspec.Struct, frozen=True):
    order_id: UUID
    picture: bytes


async def picture_of(uow: UnitOfWork, proof_id: UUID) -> bytes:
    """The proof's picture as WebP. Raises NotFound."""
    found = await uow.maybe(
        _Picture,
        "select order_id, picture from payment_proofs where merchant_id = %(merchant_id)s and id = %(id)s",
        id=proof_id,
    )
    if found is None:
        raise NotFound(what="转账凭证 / proof of transfer")
    await orders.find(uow, found.order_id)
    return found.picture
