"""Pure decisions about commission: which plan holds, what a line earns, what a refunded unit takes back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from siyu.growth.distribution.model import Plan, Sold, Term
from siyu.kernel import money

# 法: the rate is capped at the share that the direct-selling rule allows of a person's own sales (直销管理条例 art. 24).
RATE_BPS_MAX = 3_000

SCOPES = {"all": 0, "categories": 1, "products": 2, "skus": 3}
KINDS = {"open": 0, "directed": 1, "exclusive": 2}


def outwards(category_id: UUID | None, outside: Mapping[UUID, UUID | None]) -> tuple[UUID, ...]:
    """A category and those it lies in, from the innermost out."""
    found: list[UUID] = []
    while category_id is not None and category_id not in found:
        found.append(category_id)
        category_id = outside.get(category_id)
    return tuple(found)


def covers(term: Term, sold: Sold) -> bool:
    """Whether the plan is about these goods."""
    rule = term.rule
    match rule.scope:
        case "all":
            return True
        case "categories":
            return any(category in rule.targets for category in sold.category_ids)
        case "products":
            return sold.product_id in rule.targets
        case "skus":
            return sold.sku_id in rule.targets


def is_for(term: Term, sold: Sold) -> bool:
    """Whether the plan is for this promoter and this way of selling."""
    rule = term.rule
    if sold.claim_kind and sold.claim_kind not in rule.earns_on_activities:
        return False
    if rule.kind != "open" and sold.promoter_id not in rule.promoter_ids:
        return False
    return not rule.promoter_kinds or sold.promoter_kind in rule.promoter_kinds


def term_for(terms: Iterable[Term], sold: Sold, at: datetime) -> Term | None:
    """The one that holds: listed promoters' plans before open ones, SKU before product before category before all, then
    the newest. While an exclusive plan covers the goods, nobody else earns on them.
    """
    about = [
        term
        for term in terms
        if term.starts_at <= at and (term.ends_at is None or at < term.ends_at) and covers(term, sold)
    ]
    mine = [term for term in about if is_for(term, sold)]
    if any(term.rule.kind == "exclusive" for term in about):
        mine = [term for term in mine if term.rule.kind == "exclusive"]
    return max(mine, key=precedence, default=None)


def precedence(term: Term) -> tuple[int, int, datetime, str]:
    """How specific, then how new; the id only so that the same facts always give the same answer."""
    return KINDS[term.rule.kind], SCOPES[term.rule.scope], term.starts_at, str(term.plan_id)


def plan_for(
    plans: Sequence[Plan],
    category_id: UUID | None,
    at: datetime,
    *,
    product_id: UUID | None = None,
    sku_id: UUID | None = None,
    promoter_id: UUID | None = None,
    promoter_kind: str = "",
) -> Plan | None:
    """The plan in force for these goods and this promoter; without them, of the plans that are for everybody."""
    categories = () if category_id is None else (category_id,)
    sold = Sold(product_id, sku_id, categories, promoter_id, promoter_kind)
    by_id = {plan.id: plan for plan in plans if plan.state == "published"}
    found = term_for([plan.term for plan in by_id.values()], sold, at)
    return by_id[found.plan_id] if found else None


def earned(amount_paid: int, rate_bps: int) -> int:
    """Commission on what the buyer paid for a line, rounded down to the minor unit."""
    return money.share(amount_paid, rate_bps)


def earned_by(term: Term, level: str, amount_paid: int, units: int) -> int:
    """What a line earns by a plan before any cap."""
    worth = term.rule.worth_of(level)
    return earned(amount_paid, worth) if term.rule.rate_bps is not None else worth * units


def cut(amount: int, rooms: Sequence[tuple[str, int | None]]) -> tuple[int, str]:
    """`amount` within every room that is left (None is no limit), and the name of the one that made it what it is."""
    cause = ""
    for name, room in rooms:
        if room is not None and amount > max(room, 0):
            amount, cause = max(room, 0), name
    return amount, cause


def taken_back(amount: int, units: int, first: int, quantity: int, reversed_before: int | None = None) -> int:
    """Commission of `quantity` of `units` refunded after `first` were: all units together take back all of it.

    Where money went back without units before (`reversed_before` is not what `first` units are worth), the units
    that are left share what is left.
    """
    if reversed_before is None or reversed_before == money.share_of_units(amount, units, 0, first):
        return money.share_of_units(amount, units, first, quantity)
    return money.share_of_units(amount - reversed_before, units - first, 0, quantity)


def taken_back_for(amount: int, reversed_before: int, basis: int, money_back: int) -> int:
    """Commission on money that went back without units: the same share of it, and never more than is left."""
    if basis == 0:
        return 0
    share, _ = money.split(amount, [money_back, basis - money_back])
    return min(share, amount - reversed_before)
