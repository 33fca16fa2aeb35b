"""Which coupons the buyer holds that could be used here, and why some cannot."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import offers
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders


class Choice(msgspec.Struct, frozen=True):
    """A coupon of the buyer: of several of one offer the one that ends first. `why` it cannot be used, "中文 / english"
    and empty when it can; `amount` what it takes off when it is used.
    """

    id: UUID
    name: str
    until: datetime
    count: int
    why: str
    is_used: bool
    amount: int
    is_freight: bool = False


async def choices(
    uow: UnitOfWork, customer_id: UUID, sku_ids: Sequence[UUID], quote: orders.Quote
) -> tuple[Choice, ...]:
    """The buyer's coupons that touch these goods: those in use first, then the usable ones, each ending soonest."""
    shelf = await offers.load(uow, [customer_id], sku_ids)
    names = {offer.id: offer.name for offer in shelf.offers}
    freight = {offer.id for offer in shelf.offers if _is_freight(offer.rule)}
    refused = {one.rule_id: one.why for one in quote.passed if one.rule_id in names}
    given = _given(quote)
    held: dict[UUID, list[offers.HeldCoupon]] = {}
    for coupon in sorted(shelf.coupons, key=lambda one: (one.valid_until, one.id)):
        if coupon.offer_id in names and coupon.customer_id == customer_id:
            held.setdefault(coupon.offer_id, []).append(coupon)
    found: list[Choice] = []
    for offer_id, coupons in held.items():
        used = next((one for one in coupons if one.id in quote.coupon_ids), None)
        one = used or coupons[0]
        why = "" if used else refused.get(offer_id, "")
        found.append(
            Choice(
                one.id, names[offer_id], one.valid_until, len(coupons), why, used is not None, given.get(offer_id, 0),
                offer_id in freight,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.is_used, bool(one.why), one.until, one.id)))


def _is_freight(rule: offers.Rule) -> bool:
    return isinstance(rule, offers.Coupon) and isinstance(rule.benefit, offers.CouponFreight)


def _given(quote: orders.Quote) -> dict[UUID, int]:
    """What each rule takes off, in minor units, freight included."""
    sums: dict[UUID, int] = {}
    for step in (*quote.freight_build_up, *(step for line in quote.lines for step in line.build_up)):
        if step.rule_id is not None:
            sums[step.rule_id] = sums.get(step.rule_id, 0) - step.amount
    return sums
