"""A presale as a claim: its goods at its price, a deposit first, held until they are sent."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from siyu.goods import catalog
from siyu.goods.offers import Audience
from siyu.goods.offers import Presale as Rule
from siyu.kernel import money
from siyu.kernel.errors import DomainError
from siyu.people import customers
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.presales import queries
from siyu.trade.presales.model import (
    DepositNotRead,
    DepositTooHigh,
    NotForYou,
    NotInPresale,
    NotRunning,
    Offered,
    SoldOut,
)
from siyu.trade.presales.rules import DEPOSIT_SHARE, is_lawful, unit_prices

KIND = "presale"


async def _judge(uow: UnitOfWork, ask: orders.ClaimAsk, offer: Offered | None) -> DomainError | None:
    """Why this order may not have this presale's terms; None when it may, apart from its limits."""
    if offer is None or not offer.is_live(uow.now):
        return NotRunning(field="claim")
    if any(line.sku_id not in offer.rule.prices for line in ask.lines):
        return NotInPresale(field="claim")
    if not is_lawful(offer.rule) or await _is_cheaper_now(uow, offer.rule, ask):
        return DepositTooHigh(field="claim")
    if not await _suits(uow, offer.audience, ask.customer_id):
        return NotForYou(field="claim")
    return None


async def _is_cheaper_now(uow: UnitOfWork, rule: Rule, ask: orders.ClaimAsk) -> bool:
    """Whether the goods have become so cheap since that the deposit would be more than a fifth of what is paid."""
    marked = await catalog.prices(uow, [line.sku_id for line in ask.lines])
    return any(rule.deposit * DEPOSIT_SHARE > price.price for price in marked.values())


async def _suits(uow: UnitOfWork, audience: Audience, customer_id: UUID | None) -> bool:
    if customer_id is None:
        return True  # somebody unknown who looks at a price
    if audience.levels:
        level = (await customers.levels_of(uow, [customer_id])).get(customer_id, "")
        if level not in audience.levels:
            return False
    if not audience.newcomers:
        return True
    return not await uow.one(
        bool,
        """
        select exists (select from orders where merchant_id = %(merchant_id)s and customer_id = %(customer)s
                       and paid_at is not null)
        """,
        customer=customer_id,
    )


def terms(offer: Offered, ask: orders.ClaimAsk, currency: str) -> orders.ClaimTerms:
    """What the presale gives this order. Its deposit is that of every unit."""
    rule, name = offer.rule, offer.name
    if rule.worth > rule.deposit:
        paid, worth = money.plain(rule.deposit, currency), money.plain(rule.worth, currency)
        name = f"{name}（定金 {paid} 抵 {worth}）"
    return orders.ClaimTerms(
        prices=unit_prices(rule),
        code=KIND,
        rule_id=offer.id,
        name=name,
        claim_id=offer.id,
        version=offer.version,
        held_for=KIND,
        deposit=rule.deposit * sum(line.quantity for line in ask.lines),
        balance_from=rule.balance_from,
        balance_until=rule.balance_until,
    )


async def look(uow: UnitOfWork, ask: orders.ClaimAsk) -> orders.ClaimTerms | DomainError:
    """The terms now; nothing is taken."""
    offer = next(iter(await queries.offered(uow, [ask.claim.id])), None)
    problem = await _judge(uow, ask, offer)
    if problem is not None:
        return problem
    assert offer is not None, "judged above"
    return SoldOut(field="claim") if offer.left == 0 else terms(offer, ask, uow.merchant.currency)


async def take(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk]) -> list[orders.ClaimTerms | DomainError]:
    """Terms for each order within the presale's limits.

    Nothing is written: the orders themselves are what is counted. A presale with a limit is locked until they are
    there, so that nobody counts in between.
    """
    wanted = sorted({ask.claim.id for ask in asks})
    await uow.run(
        """
        select from offers
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and (uses_max is not null or per_person is not null)
        order by id for no key update
        """,
        ids=wanted,
    )
    known = {one.id: one for one in await queries.offered(uow, wanted)}
    per_person = [one.id for one in known.values() if one.per_person is not None]
    mine: Counter[tuple[UUID, UUID | None]] = Counter()
    if per_person:
        mine.update(await queries.ordered_by(uow, per_person))
    sold = Counter({one.id: one.ordered for one in known.values()})
    answers: list[orders.ClaimTerms | DomainError] = []
    for ask in asks:
        offer = known.get(ask.claim.id)
        problem = await _judge(uow, ask, offer)
        if problem is None and offer is not None:
            who = (offer.id, ask.customer_id)
            if (offer.uses_max is not None and sold[offer.id] >= offer.uses_max) or (
                offer.per_person is not None and mine[who] >= offer.per_person
            ):
                problem = SoldOut(field="claim")
            else:
                sold[offer.id] += 1
                mine[who] += 1
                answers.append(terms(offer, ask, uow.merchant.currency))
        if problem is not None:
            answers.append(problem)
    return answers


async def give_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Nothing was written for an order that is not there."""


def _unread() -> DomainError:
    return DepositNotRead(field="deposit_read")


ACTIVITY = orders.Activity(KIND, look, take, give_back, unread=_unread)
