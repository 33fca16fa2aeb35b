"""Claims: a right to buy at an activity's price – a flash sale's piece, a seat in a group, a bargain won.

Orders know nothing of the activities. Each room on this floor that has one describes it as an `Activity`; `siyu.app`
lists them. Taking a claim happens in the unit of work that places the order, so that a seat or a piece is never held
by an order that is not there.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.trade.orders.model import Claim, PlaceOrder, WantedLine


class ClaimAsk(msgspec.Struct, frozen=True):
    """An order that wants a claim. `customer_id` is None only while somebody unknown looks at a price."""

    order_id: UUID
    customer_id: UUID | None
    channel: str
    claim: Claim
    lines: tuple[WantedLine, ...]
    store_id: UUID | None = None


class ClaimTerms(msgspec.Struct, frozen=True):
    """What a claim gives: the unit price of every SKU of the order, in minor units, and what goes with it.

    `claim_id` is what the order keeps (the seat, the bargain). `pay_minutes` replaces the ordinary time to pay,
    `held_for` says why the paid order must wait before it leaves, `locations` fixes where a SKU comes from, `deposit`
    is what is paid first of the whole order (0: everything), the rest between `balance_from` and `balance_until`. With
    `offers_too` coupons and thresholds apply as well. `rule_id` is the offer: the order counts as one use of it. Who
    `is_welcome` is not asked whom the offer is for: the activity asked before, or a friend invited them.
    """

    prices: dict[UUID, int]
    code: str
    rule_id: UUID
    name: str
    claim_id: UUID
    version: int = 1
    pay_minutes: int | None = None
    held_for: str = ""
    locations: dict[UUID, UUID] = {}
    offers_too: bool = False
    deposit: int = 0
    balance_from: datetime | None = None
    balance_until: datetime | None = None
    is_welcome: bool = False


Answer = ClaimTerms | DomainError


class Activity(msgspec.Struct, frozen=True):
    """How orders ask an activity.

    `look` prices without taking anything. `take` answers every ask of a batch in its order and writes what it gave.
    `give_back` undoes what was taken for orders that were refused after it, in the same unit of work. `gate` refuses
    from memory, before anything is queued: it may be out of date, so it only ever refuses what was just known to be
    gone. `unread` is the refusal for an order that does not say its buyer has read the terms, where they must be.
    """

    kind: str
    look: Callable[[UnitOfWork, ClaimAsk], Awaitable[Answer]]
    take: Callable[[UnitOfWork, Sequence[ClaimAsk]], Awaitable[list[Answer]]]
    give_back: Callable[[UnitOfWork, Sequence[UUID]], Awaitable[None]]
    gate: Callable[[Merchant, PlaceOrder], DomainError | None] | None = None
    unread: Callable[[], DomainError] | None = None


# By kind; `siyu.app` fills it once, before the first request.
ACTIVITIES: dict[str, Activity] = {}


class ClaimNeedsSignIn(DomainError):
    """What an activity gives is counted by person, and a browser can make as many guests as it likes. Nothing was taken."""

    code = "orders.claim_needs_sign_in"
    status = 403
    zh = "活动按人计数，请先登录再参加。"
    en = "Each person counts in this offer; please sign in first."


class NoSuchClaim(DomainError):
    """The order speaks of an activity that does not exist."""

    code = "orders.no_such_claim"
    status = 422
    zh = "没有这个活动。"
    en = "There is no such offer."
