"""Opening an after-sale: whose order, which units, why, and whether the time for it has passed."""

from uuid import UUID

from siyu.goods import media
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.aftersales import rules
from siyu.trade.aftersales.model import Case, NotReturnable, NotThere, OpenCase, WindowOver
from siyu.trade.aftersales.moving import WORDS_MAX, note_step, refund_case
from siyu.trade.aftersales.queries import claimed_units, find

PICTURES_MAX = 6


async def open_case(uow: UnitOfWork, wish: OpenCase, *, customer_id: UUID | None = None) -> Case:
    """Ask to give units back or exchange them; with `customer_id` only on that customer's own order.

    Units that have not left are refunded at once; for the rest the merchant has 48 hours. Staff may open a case
    after the window. Raises NotFound, Invalid, NotThere, NotReturnable, WindowOver and orders.WrongState. The same
    id again returns the case it opened.
    """
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=wish.order_id
    )
    order = await orders.find(uow, wish.order_id, customer_id=customer_id)
    known = await uow.maybe(
        UUID,
        "select order_id from after_sales where merchant_id = %(merchant_id)s and id = %(id)s",
        id=wish.id,
    )
    if known is not None:
        if known != wish.order_id:
            raise NotFound(what="售后 / after-sale")
        return await find(uow, wish.id)
    if order.state not in {"paid", "shipped", "picked_up", "received"}:
        raise orders.WrongState(order.state)
    reason, units = _checked(wish, order, is_staff=customer_id is None)
    await check_units(uow, wish, order, reason, units, is_staff=customer_id is None)
    await _write(uow, wish, order, units, "staff" if customer_id is None else "customer")
    await orders.suspend_receiving(uow, order.id)
    await note_step(uow, wish.id, "opened", wish.words)
    if rules.first_state(wish.kind, units) == "refunding":
        await refund_case(uow, await find(uow, wish.id), amount=None, restock=False, words="")
    return await find(uow, wish.id)


def _checked(wish: OpenCase, order: orders.Order, *, is_staff: bool) -> tuple[rules.Reason, str]:
    """The reason, and whether the units had left. All units of a case had, or none."""
    reason = rules.BY_CODE.get(wish.reason)
    if reason is None or not (is_staff or reason.is_for_buyers):
        raise Invalid(field="reason", zh="请选择售后原因。", en="Choose a reason.")
    if not wish.lines:
        raise Invalid(field="lines", zh="请选择要售后的商品。", en="Choose what it is about.")
    if len(wish.words) > WORDS_MAX:
        raise Invalid(field="words", zh="说明最多 500 字。", en="At most 500 characters.")
    if reason.needs_words and not wish.words.strip() and not wish.pictures:
        raise Invalid(field="words", zh="请说明问题或上传图片。", en="Say what is wrong or show a picture.")
    if len(wish.pictures) > PICTURES_MAX:
        raise Invalid(field="pictures", zh="最多上传 6 张图片。", en="At most six pictures.")
    there = {line.line_no: line for line in order.lines}
    for i, (line_no, quantity) in enumerate(wish.lines):
        if line_no not in there or quantity < 1:
            raise Invalid(
                field=f"lines[{i}]", zh="订单里没有这些商品。", en="The order does not have these goods."
            )
    has_left = any(there[no].fulfilled_quantity for no, _ in wish.lines)
    # A reason that only fits what has not been sent means just that, also of a line that was sent in part.
    units = "waiting" if reason.units == rules.WAITING or not has_left else "left"
    if units not in reason.units:
        raise Invalid(field="reason", zh="这个原因不适用于当前订单。", en="This reason does not fit here.")
    if wish.kind not in {"refund_only", "return", "exchange"} or (
        units == "waiting" and wish.kind != "refund_only"
    ):
        raise Invalid(
            field="kind", zh="商品还没有发出，请选择仅退款。", en="Goods that have not left are refunded."
        )
    return reason, units


async def check_units(
    uow: UnitOfWork, wish: OpenCase, order: orders.Order, reason: rules.Reason, units: str, *, is_staff: bool
) -> None:
    claimed = await claimed_units(uow, order.id)
    had_since = order.received_at or order.picked_up_at or order.shipped_at
    lines = {line.line_no: line for line in order.lines}
    sums: dict[int, int] = {}
    for i, (line_no, quantity) in enumerate(wish.lines):
        line = lines[line_no]
        sums[line_no] = sums.get(line_no, 0) + quantity
        gone = line.fulfilled_quantity - (line.refunded_quantity - line.cancelled_quantity)
        left = (line.waiting if units == "waiting" else gone) - claimed.get((line_no, units), 0)
        if sums[line_no] > left:
            raise NotThere(field=f"lines[{i}]", line_no=line_no, left=max(left, 0))
        if is_staff:
            continue
        if rules.is_without_reason_excluded(line, reason):
            raise NotReturnable(field="reason", title=line.title)
        until = rules.window_ends(reason, had_since if units == "left" else None, uow.merchant.timezone)
        # The clock of the seven days starts with the receipt; before it, goods on their way may be refused.
        if until is not None and order.state == "received" and uow.now > until:
            raise WindowOver(field="reason", until=f"{until:%Y-%m-%d %H:%M}")


async def _write(uow: UnitOfWork, wish: OpenCase, order: orders.Order, units: str, by: str) -> None:
    sums: dict[int, int] = {}
    for line_no, quantity in wish.lines:
        sums[line_no] = sums.get(line_no, 0) + quantity
    pictures = await media.held(uow, wish.pictures) if wish.pictures else []
    await uow.run(
        """
        insert into after_sales (merchant_id, id, order_id, customer_id, kind, units, state, reason, words, pictures,
                                 opened_by, answer_by, opened_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(customer)s, %(kind)s, %(units)s, 'requested', %(reason)s,
                %(words)s, %(pictures)s, %(by)s, %(answer_by)s, %(now)s, %(now)s)
        """,
        id=wish.id,
        order=order.id,
        customer=order.customer_id,
        kind=wish.kind,
        units=units,
        reason=wish.reason,
        words=wish.words.strip(),
        pictures=pictures,
        by=by,
        answer_by=uow.now + rules.REPLY_WITHIN,
    )
    await uow.run(
        """
        insert into after_sale_lines (merchant_id, after_sale_id, order_id, line_no, quantity)
        select %(merchant_id)s, %(id)s, %(order)s, t.line_no, t.quantity
        from unnest(%(lines)s::smallint[], %(quantities)s::int[]) as t (line_no, quantity)
        """,
        id=wish.id,
        order=order.id,
        lines=list(sums),
        quantities=list(sums.values()),
    )
