"""A bargain as a claim: one unit of its SKU, by its owner, at the price where it stands."""

from collections.abc import Sequence
from uuid import UUID

from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.bargains import queries
from siyu.trade.bargains.model import Bargain, NotYours, Offered, Ordered, Over, SoldOut

KIND = "bargain"


def judge(ask: orders.ClaimAsk, bargain: Bargain | None, now_running: bool) -> DomainError | None:
    """Why this order may not have this bargain's price; None when it may."""
    if bargain is None:
        return NotFound(what="砍价 / bargain", field="claim")
    is_one = [(line.sku_id, line.quantity) for line in ask.lines] == [(bargain.sku_id, 1)]
    if bargain.customer_id != ask.customer_id or not is_one:
        return NotYours(field="claim")
    if not now_running:
        return Over(field="claim")
    if bargain.order_id is not None:
        return Ordered(field="claim")
    return None


def terms(bargain: Bargain) -> orders.ClaimTerms:
    """What the bargain gives as it stands."""
    return orders.ClaimTerms(
        prices={bargain.sku_id: bargain.price},
        code=KIND,
        rule_id=bargain.offer_id,
        name=bargain.offer_name,
        claim_id=bargain.id,
        version=bargain.version,
        is_welcome=True,  # whom the offer is for was asked when the bargain began
    )


async def look(uow: UnitOfWork, ask: orders.ClaimAsk) -> orders.ClaimTerms | DomainError:
    """The price now; nothing is taken."""
    found = await queries.bargains(uow, bargain_ids=[ask.claim.id])
    bargain = found[0] if found else None
    problem = judge(ask, bargain, bargain is not None and bargain.is_running(uow.now))
    if problem is not None:
        return problem
    assert bargain is not None, "judged above"
    return terms(bargain)


async def take(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk]) -> list[orders.ClaimTerms | DomainError]:
    """Bind each order to its bargain; of two orders for one bargain the first gets it.

    Offers with a limit are locked first, so that counting what is sold cannot be overtaken.
    """
    wanted = sorted({ask.claim.id for ask in asks})
    await uow.run(
        """
        select from offers
        where merchant_id = %(merchant_id)s and id in (
            select offer_id from bargains where merchant_id = %(merchant_id)s and id = any(%(ids)s))
          and (uses_max is not null or per_person is not null)
        order by id for no key update
        """,
        ids=wanted,
    )
    await uow.run(
        "select from bargains where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for update",
        ids=wanted,
    )
    known = {one.id: one for one in await queries.bargains(uow, bargain_ids=wanted)}
    rooms = await _rooms(uow, {one.offer_id for one in known.values()})
    answers: list[orders.ClaimTerms | DomainError] = []
    taken: dict[UUID, UUID] = {}
    for ask in asks:
        bargain = known.get(ask.claim.id)
        problem = judge(ask, bargain, bargain is not None and bargain.is_running(uow.now))
        if problem is None and bargain is not None:
            if bargain.id in taken:
                problem = Ordered(field="claim")
            else:
                problem = rooms[bargain.offer_id].enter(bargain)
        if problem is not None:
            answers.append(problem)
            continue
        assert bargain is not None, "judged above"
        taken[bargain.id] = ask.order_id
        answers.append(terms(bargain))
    await _bind(uow, taken)
    return answers


class _Room:
    """How much an offer has left within one batch."""

    def __init__(self, offer: Offered, mine: dict[UUID, int]) -> None:
        self.offer, self.sold, self.mine = offer, offer.sold, mine

    def enter(self, bargain: Bargain) -> DomainError | None:
        offer, person = self.offer, bargain.customer_id
        if (offer.uses_max is not None and self.sold >= offer.uses_max) or (
            offer.per_person is not None and self.mine.get(person, 0) >= offer.per_person
        ):
            return SoldOut(field="claim")
        self.sold += 1
        self.mine[person] = self.mine.get(person, 0) + 1
        return None


async def _rooms(uow: UnitOfWork, offer_ids: set[UUID]) -> dict[UUID, _Room]:
    rooms: dict[UUID, _Room] = {}
    for offer in await queries.offered(uow, sorted(offer_ids)):
        mine: dict[UUID, int] = {}
        if offer.per_person is not None:
            mine = await queries.bought_by(uow, offer.id)
        rooms[offer.id] = _Room(offer, mine)
    return rooms


async def _bind(uow: UnitOfWork, taken: dict[UUID, UUID]) -> None:
    if taken:
        await uow.run(
            """
            update bargains b set order_id = t.order_id
            from unnest(%(bargains)s::uuid[], %(orders)s::uuid[]) as t (id, order_id)
            where b.merchant_id = %(merchant_id)s and b.id = t.id
            """,
            bargains=list(taken),
            orders=list(taken.values()),
        )


async def give_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """These orders are not there, or were closed unpaid: their bargains go on until their time."""
    await uow.run(
        """
        update bargains set order_id = null
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s) and state = 'running'
        """,
        orders=list(order_ids),
    )


ACTIVITY = orders.Activity(KIND, look, take, give_back)
