"""Who gets a seat: every ask of a batch in its order, judged in memory against rows that are locked. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods.offers import Audience, GroupBuy
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.trade import orders
from siyu.trade.groupbuys import rules
from siyu.trade.groupbuys.model import (
    TAKEN,
    AlreadyMember,
    Group,
    GroupEnded,
    GroupFull,
    HoldsSeat,
    LimitReached,
    NotInGroup,
    NotOpenYet,
    NotRunning,
    OnlyNewJoiners,
    Seat,
    TooManyUnits,
    UsedUp,
)

CODE = "group"
HELD_FOR = "group"


class Running(msgspec.Struct, frozen=True):
    """An offer of group buying as it is now. `is_live`: groups may be opened in it."""

    id: UUID
    name: str
    version: int
    rule: GroupBuy
    is_live: bool
    audience: Audience = Audience()
    per_person: int | None = None
    per_person_day: int | None = None
    uses_max: int | None = None
    used: int = 0


class Person(msgspec.Struct, frozen=True):
    """What is known of a buyer. `ever` and `today` count their places by offer, `leads` the open groups they opened."""

    is_new: bool = True
    level: str = ""
    ever: Mapping[UUID, int] = {}
    today: Mapping[UUID, int] = {}
    leads: Mapping[UUID, UUID] = {}


class Scene(msgspec.Struct):
    """Everything a batch of asks is judged by. Admitting adds to it, so the next ask finds the seat taken."""

    now: datetime
    running: dict[UUID, Running]
    groups: dict[UUID, Group]
    seats: dict[UUID, list[Seat]]
    people: dict[UUID, Person]
    opened: list[Group] = []
    given: list[tuple[Seat, bool]] = []  # with whether the person is new

    def person(self, customer_id: UUID | None) -> Person:
        return self.people.get(customer_id, Person()) if customer_id is not None else Person()

    def admit(self, ask: orders.ClaimAsk) -> orders.ClaimTerms | DomainError:
        """A seat for this ask, or why there is none."""
        try:
            group = self.groups.get(ask.claim.id)
            return self._join(ask, group) if group is not None else self._open(ask)
        except DomainError as refusal:
            return refusal

    def _open(self, ask: orders.ClaimAsk) -> orders.ClaimTerms:
        offer = self.running.get(ask.claim.id)
        if offer is None or not offer.is_live:
            raise NotRunning(field="claim")
        _check_goods(ask, offer.rule)
        self._check_person(ask, offer, None)
        expires_at = self.now + timedelta(hours=offer.rule.hours)
        group = Group(
            id=ids.new(),
            offer_id=offer.id,
            offer_version=offer.version,
            name=offer.name,
            terms=offer.rule,
            state="open",
            opener_id=ask.customer_id,
            leader_id=ask.customer_id,
            size=offer.rule.size,
            capacity=rules.capacity(offer.rule),
            held=1,
            paid=0,
            created_at=self.now,
            opened_at=None,
            least_at=self.now + timedelta(hours=offer.rule.least_hours) if offer.rule.least_hours else None,
            expires_at=expires_at,
            look_at=expires_at,
            ended_at=None,
        )
        if ask.customer_id is not None:
            self.opened.append(group)
            self.seats[group.id] = []
            self._seat(ask, group, is_opener=True)
        return _terms(group, self.now, is_opener=True)

    def _join(self, ask: orders.ClaimAsk, group: Group) -> orders.ClaimTerms:
        offer = self.running[group.offer_id]
        if group.state not in {"open", "full"}:
            raise GroupEnded(field="claim")
        sitting = [seat for seat in self.seats[group.id] if seat.state in TAKEN]
        mine = next((seat for seat in sitting if seat.customer_id == ask.customer_id), None)
        if mine is not None:
            raise HoldsSeat(mine) if mine.state == "held" else AlreadyMember(group.id)
        if group.opened_at is None:
            raise NotOpenYet(field="claim")
        if rules.hold_minutes(group.expires_at, group.terms, self.now) < 1:
            raise GroupEnded(field="claim")
        if len(sitting) >= group.capacity:
            raise GroupFull(group.offer_id)
        _check_goods(ask, group.terms)
        self._check_person(ask, offer, group)
        if ask.customer_id is not None:
            self._seat(ask, group, is_opener=False)
        # A friend asked them in: whom the offer is for was asked of who opened the group.
        return msgspec.structs.replace(_terms(group, self.now, is_opener=False), is_welcome=True)

    def _check_person(self, ask: orders.ClaimAsk, offer: Running, group: Group | None) -> None:
        """Raises when this person may not take part, or not once more."""
        person = self.person(ask.customer_id)
        if group is not None and group.terms.new_joiners_only and not person.is_new:
            raise OnlyNewJoiners(field="claim")
        if not _is_for(offer.audience, ask, person, is_joining=group is not None):
            raise NotRunning(field="claim")
        if group is None and offer.id in person.leads:
            raise self._leads_already(person.leads[offer.id], ask.customer_id)
        if offer.uses_max is not None and offer.used >= offer.uses_max:
            raise UsedUp(field="claim")
        for most, had in ((offer.per_person, person.ever), (offer.per_person_day, person.today)):
            if most is not None and had.get(offer.id, 0) >= most:
                raise LimitReached(field="claim", most=most)

    def _leads_already(self, group_id: UUID, customer_id: UUID | None) -> DomainError:
        mine = [s for s in self.seats.get(group_id, ()) if s.customer_id == customer_id and s.state == "held"]
        return HoldsSeat(mine[0]) if mine else AlreadyMember(group_id)

    def _seat(self, ask: orders.ClaimAsk, group: Group, *, is_opener: bool) -> None:
        assert ask.customer_id is not None, "a seat has somebody on it"
        minutes = rules.hold_minutes(group.expires_at, group.terms, self.now)
        seat = Seat(
            order_id=ask.order_id,
            group_id=group.id,
            customer_id=ask.customer_id,
            state="held",
            is_opener=is_opener,
            units=sum(line.quantity for line in ask.lines),
            held_until=self.now + timedelta(minutes=minutes),
            created_at=self.now,
        )
        person = self.person(ask.customer_id)
        self.seats[group.id].append(seat)
        self.given.append((seat, person.is_new))
        once_more = {group.offer_id: 1}
        offer = self.running[group.offer_id]
        self.running[offer.id] = msgspec.structs.replace(offer, used=offer.used + 1)
        self.people[ask.customer_id] = msgspec.structs.replace(
            person,
            ever=_added(person.ever, once_more),
            today=_added(person.today, once_more),
            leads={**person.leads, group.offer_id: group.id} if is_opener else person.leads,
        )


def _added(counts: Mapping[UUID, int], more: Mapping[UUID, int]) -> dict[UUID, int]:
    return {**counts, **{key: counts.get(key, 0) + n for key, n in more.items()}}


def _check_goods(ask: orders.ClaimAsk, terms: GroupBuy) -> None:
    if any(line.sku_id not in terms.prices for line in ask.lines):
        raise NotInGroup(field="claim")
    if sum(line.quantity for line in ask.lines) > terms.units_max:
        raise TooManyUnits(field="lines", most=terms.units_max)


def _is_for(audience: Audience, ask: orders.ClaimAsk, person: Person, *, is_joining: bool) -> bool:
    """Whether the offer is for this buyer. While nobody is known yet, only where and how they buy counts."""
    if audience.channels and ask.channel not in audience.channels:
        return False
    if audience.store_ids and ask.store_id is not None and ask.store_id not in audience.store_ids:
        return False
    if ask.customer_id is None or is_joining:
        return True
    if audience.levels and person.level not in audience.levels:
        return False
    return person.is_new or not audience.newcomers


def _terms(group: Group, now: datetime, *, is_opener: bool) -> orders.ClaimTerms:
    return orders.ClaimTerms(
        prices=rules.prices(group.terms, is_opener=is_opener),
        code=CODE,
        rule_id=group.offer_id,
        name=group.name,
        claim_id=group.id,
        version=group.offer_version,
        pay_minutes=rules.hold_minutes(group.expires_at, group.terms, now),
        held_for=HELD_FOR,
    )
