"""Who gets pieces: every ask of a batch in its order, judged in memory against rows that are locked. Pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import Merchant
from siyu.trade import orders
from siyu.trade.flashsales.model import (
    KIND,
    ElsewhereOnly,
    Item,
    LimitReached,
    NotForYou,
    NotInSession,
    NotSoMany,
    NotStarted,
    Over,
    Paused,
    Preparing,
    Session,
    SoldOut,
)

Key = tuple[UUID, UUID]  # session, SKU


class Person(msgspec.Struct, frozen=True):
    """What a session may ask of a buyer; only read where one asks."""

    level: str = ""
    is_new: bool = False


class Given(msgspec.Struct, frozen=True):
    """So many pieces of an item for an order."""

    order_id: UUID
    offer_id: UUID
    sku_id: UUID
    location_id: UUID
    customer_id: UUID
    quantity: int


class Scene(msgspec.Struct):
    """Everything a batch of asks is judged by. Admitting changes it, so the next ask finds less."""

    merchant: Merchant
    now: datetime
    sessions: Mapping[UUID, Session]
    items: dict[Key, Item]
    had: dict[tuple[UUID, UUID, UUID], int]  # by session, SKU, customer
    people: Mapping[UUID, Person]
    is_taking: bool = True
    given: list[Given] = []
    refused: dict[Key, int] = {}

    def admit(self, ask: orders.ClaimAsk) -> orders.ClaimTerms | DomainError:
        """The pieces for this ask, or why there are none: all of its lines or nothing."""
        try:
            session = self._running(ask)
            items = [self._item(session, ask, line) for line in ask.lines]
        except DomainError as refusal:
            return refusal
        for item, line in zip(items, ask.lines, strict=True):
            self._take(item, ask, line.quantity)
        return orders.ClaimTerms(
            prices={item.sku_id: item.price for item in items},
            code=KIND,
            rule_id=session.id,
            name=session.name,
            claim_id=session.id,
            version=session.version,
            pay_minutes=session.rule.pay_minutes,
            locations={item.sku_id: item.location_id for item in items},
        )

    def _running(self, ask: orders.ClaimAsk) -> Session:
        session = self.sessions.get(ask.claim.id)
        if session is None:
            raise NotFound(what="秒杀场次 / flash sale")
        refuse_by_phase(session, self.merchant, self.now)
        self._check_audience(session, ask)
        return session

    def _check_audience(self, session: Session, ask: orders.ClaimAsk) -> None:
        who = session.audience
        if who.channels and ask.channel not in who.channels:
            raise NotForYou(field="claim")
        if (
            who.store_ids
            and ask.store_id not in who.store_ids
            and (self.is_taking or ask.store_id is not None)
        ):
            raise NotForYou(field="claim")
        if ask.customer_id is not None and (who.levels or who.newcomers):
            person = self.people.get(ask.customer_id, Person())
            if (who.levels and person.level not in who.levels) or (who.newcomers and not person.is_new):
                raise NotForYou(field="claim")

    def _item(self, session: Session, ask: orders.ClaimAsk, line: orders.WantedLine) -> Item:
        if all(one.sku_id != line.sku_id for one in session.rule.items):
            raise NotInSession(field="lines", sku_id=str(line.sku_id))
        item = self.items.get((session.id, line.sku_id))
        if item is None or item.returned_at is not None:
            raise Preparing(field="claim")
        had = self.had.get((session.id, item.sku_id, ask.customer_id), 0) if ask.customer_id else 0
        if had + line.quantity > item.per_person:
            raise LimitReached(field="lines", limit=item.per_person, had=had)
        if item.left < line.quantity:
            self.refused[session.id, item.sku_id] = self.refused.get((session.id, item.sku_id), 0) + 1
            if item.left > 0:
                raise NotSoMany(field="lines", sku_id=str(item.sku_id), left=item.left)
            raise SoldOut(item.sku_id, item.unpaid)
        # Without a store the order is sent, once it is really placed; a page that is only looking may not know yet.
        is_elsewhere = ask.store_id is not None and ask.store_id != item.location_id
        if is_elsewhere or (ask.store_id is None and self.is_taking and not item.ships):
            raise ElsewhereOnly(item.location_name, ships=item.ships)
        return item

    def _take(self, item: Item, ask: orders.ClaimAsk, quantity: int) -> None:
        if ask.customer_id is None:
            return
        key = (item.offer_id, item.sku_id, ask.customer_id)
        self.had[key] = self.had.get(key, 0) + quantity
        self.items[item.offer_id, item.sku_id] = msgspec.structs.replace(item, taken=item.taken + quantity)
        self.given.append(
            Given(ask.order_id, item.offer_id, item.sku_id, item.location_id, ask.customer_id, quantity)
        )


def refuse_by_phase(session: Session, merchant: Merchant, now: datetime) -> None:
    """Raises NotFound, Paused, NotStarted or Over unless the session is on."""
    match session.phase(now):
        case "draft":
            raise NotFound(what="秒杀场次 / flash sale")
        case "paused":
            raise Paused(field="claim")
        case "over":
            raise Over(field="claim")
        case "ahead":
            assert session.starts_at is not None, "only what has a start can be ahead"
            raise NotStarted(merchant, session.starts_at)
        case _:
            return
