"""What staff may change on an order: its price while unpaid, its address while nothing left, and notes at any time."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.events import LineState, OrderReattributed
from siyu.goods.pricing import Step
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.people import addresses
from siyu.people.addresses import Address
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.model import NothingToPay, WrongState
from siyu.trade.orders.units import lines_of

NOTE_MAX = 500
EDITED = "edit"  # the code of a price step that staff made


class _Head(msgspec.Struct, frozen=True):
    state: str
    delivery: str
    total: int
    freight: int
    address: Address | None


async def _locked(uow: UnitOfWork, order_id: UUID) -> _Head:
    head = await uow.maybe(
        _Head,
        """
        select state, delivery, total, freight, address from orders
        where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=order_id,
    )
    if head is None:
        raise NotFound(what="订单 / order")
    return head


async def edit_price(
    uow: UnitOfWork, order_id: UUID, amounts: Mapping[int, int], *, freight: int | None = None, reason: str
) -> int:
    """Give lines of an unpaid order new amounts (minor units, by line number), and the freight; return the total.

    The difference is a step of each line's build-up that everybody sees. Payment requests for the old total are
    closed by the caller first (`payments.reprice`). Raises NotFound, WrongState, Invalid and NothingToPay.
    """
    head = await _locked(uow, order_id)
    if head.state != "unpaid":
        raise WrongState(head.state)
    if not 1 <= len(reason.strip()) <= NOTE_MAX:
        raise Invalid(field="reason", zh="请填写改价原因。", en="Say why the price is changed.")
    lines = {line.line_no: line for line in await lines_of(uow, [order_id])}
    for line_no, amount in amounts.items():
        if line_no not in lines or not 0 <= amount <= _most(lines[line_no].amount):
            raise Invalid(
                field=f"amounts[{line_no}]",
                zh="这一行的金额不正确。",
                en="The amount of this line is not valid.",
            )
    new_freight = head.freight if freight is None else freight
    if not 0 <= new_freight <= _most(head.freight):
        raise Invalid(field="freight", zh="运费不正确。", en="The freight is not valid.")
    changed = {no: amount for no, amount in amounts.items() if amount != lines[no].amount}
    total = new_freight + sum(changed.get(no, line.amount) for no, line in lines.items())
    if total == 0:
        raise NothingToPay(field="amounts")
    await uow.run(
        """
        update order_lines l set amount = t.amount, build_up = l.build_up || t.step::jsonb
        from unnest(%(lines)s::smallint[], %(amounts)s::bigint[], %(steps)s::text[]) as t (line_no, amount, step)
        where l.merchant_id = %(merchant_id)s and l.order_id = %(id)s and l.line_no = t.line_no
        """,
        id=order_id,
        lines=list(changed),
        amounts=list(changed.values()),
        steps=[
            msgspec.json.encode([Step(EDITED, amount - lines[no].amount, name=reason.strip())]).decode()
            for no, amount in changed.items()
        ],
    )
    await uow.run(
        """
        update orders set total = %(total)s, freight = %(freight)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
        total=total,
        freight=new_freight,
    )
    await audit.note(
        uow,
        "orders.edit_price",
        subject=order_id,
        subject_kind="order",
        before={
            "total": head.total,
            "freight": head.freight,
            **{f"line {no}": lines[no].amount for no in changed},
        },
        after={
            "total": total,
            "freight": new_freight,
            **{f"line {no}": amount for no, amount in changed.items()},
        },
        reason=reason.strip(),
    )
    return total


def _most(amount: int) -> int:
    """A price may be lowered at will and raised tenfold at most: beyond that a digit too many was typed."""
    return max(amount * 10, 100_000)


async def change_address(uow: UnitOfWork, order_id: UUID, address: Address) -> None:
    """Send an order elsewhere, as long as nothing of it has left. What was paid for freight stays.

    Raises NotFound, WrongState, and Invalid for an address that is none.
    """
    address = addresses.checked(address)
    head = await _locked(uow, order_id)
    lines = await lines_of(uow, [order_id])
    if (
        head.state not in {"unpaid", "paid"}
        or head.delivery not in {"express", "local"}
        or any(line.fulfilled_quantity for line in lines)
    ):
        raise WrongState(head.state)
    await uow.run(
        """
        update orders set address = %(address)s::jsonb, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
        address=msgspec.json.encode(address).decode(),
    )
    await audit.note(
        uow,
        "orders.change_address",
        subject=order_id,
        subject_kind="order",
        before=_masked(head.address),
        after=_masked(address),
    )


def _masked(address: Address | None) -> dict[str, str]:
    """What the audit log may keep for ever: enough to see that it changed, too little to find the person."""
    if address is None:
        return {}
    return {"region": "".join(address.region), "phone": addresses.masked_phone(address.phone)}


async def add_note(uow: UnitOfWork, order_id: UUID, text: str) -> None:
    """Write something about an order for other staff. Raises Invalid; an unknown order is refused by its key."""
    if not 1 <= len(text.strip()) <= NOTE_MAX:
        raise Invalid(field="text", zh="备注为 1 到 500 个字。", en="A note has 1 to 500 characters.")
    await uow.run(
        """
        insert into order_notes (merchant_id, id, order_id, actor_id, actor_name, text, at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(actor)s, %(name)s, %(text)s, %(now)s)
        """,
        id=ids.new(),
        order=order_id,
        actor=uow.actor.id,
        name=uow.actor.name,
        text=text.strip(),
    )


class _Sale(msgspec.Struct, frozen=True):
    number: str
    customer_id: UUID | None
    state: str
    total: int
    paid_at: datetime | None
    promoter_id: UUID | None
    claim_kind: str


async def reassign_promoter(
    uow: UnitOfWork, order_id: UUID, promoter_id: UUID | None, *, decision_id: UUID, reason: str
) -> None:
    """A dispute was upheld: the paid order is another promoter's now, or nobody's. Price and goods stay as they are.

    Commission follows by the fact OrderReattributed. Raises NotFound, and WrongState for an order that is not paid.
    """
    sale = await uow.maybe(
        _Sale,
        """
        select number, customer_id, state, total, paid_at, promoter_id, coalesce(claim_kind, '') as claim_kind
        from orders where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=order_id,
    )
    if sale is None:
        raise NotFound(what="订单 / order")
    if sale.paid_at is None or sale.customer_id is None:
        raise WrongState(sale.state)
    if sale.promoter_id == promoter_id:
        return
    await uow.run(
        """
        update orders set promoter_id = %(promoter)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
        promoter=promoter_id,
    )
    await audit.note(
        uow,
        "orders.reassign_promoter",
        subject=order_id,
        subject_kind="order",
        name=sale.number,
        before={"promoter": sale.promoter_id and str(sale.promoter_id)},
        after={"promoter": promoter_id and str(promoter_id)},
        reason=reason,
    )
    uow.publish(
        OrderReattributed(
            order_id=order_id,
            number=sale.number,
            customer_id=sale.customer_id,
            total=sale.total,
            lines=tuple(
                LineState(
                    line.line_no, line.product_id, line.sku_id, line.quantity, line.amount, line.refunded_quantity,
                    line.reduced_amount,
                )
                for line in await lines_of(uow, [order_id])
            ),
            decision_id=decision_id,
            by=uow.actor.name,
            reason=reason,
            paid_at=sale.paid_at,
            was_promoter_id=sale.promoter_id,
            promoter_id=promoter_id,
            claim_kind=sale.claim_kind,
        )
    )  # fmt: skip


async def suspend_receiving(uow: UnitOfWork, order_id: UUID) -> None:
    """An after-sale of the order is open: it is not received by itself meanwhile."""
    await _count_cases(uow, order_id, 1)


async def resume_receiving(uow: UnitOfWork, order_id: UUID) -> None:
    """One after-sale of the order ended."""
    await _count_cases(uow, order_id, -1)


async def _count_cases(uow: UnitOfWork, order_id: UUID, change: int) -> None:
    touched = await uow.run(
        """
        update orders set open_cases = open_cases + %(change)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
        change=change,
    )
    if not touched:
        raise NotFound(what="订单 / order")
