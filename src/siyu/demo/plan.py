"""The demo's story, decided before anything is written: who comes, by which door, what they buy and give back.

`plan` is a pure function of its seed and of the last day. The seed command tells the same story to the real actions.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from siyu.demo import people, rhythm
from siyu.demo.baskets import DELIVERY_WEEKDAYS, Shelves, Taste, basket, taste_of
from siyu.demo.happenings import (
    CAUSAL,
    Delivered,
    Happening,
    Joined,
    Paid,
    Person,
    Plan,
    PlannedOrder,
    Promoted,
    Scanned,
    Spent,
)
from siyu.demo.lives import kept, life, waiting
from siyu.demo.people import SHOPPER
from siyu.demo.places import ENTRIES, SHOPS, VOICES, Entry, Voice
from siyu.demo.rhythm import count_of, happens, local_day, moment, time_of_day

CUSTOMERS = 3000
DAYS = 90
# When the shopper bought: days before the last day. What was bought yesterday waits at the counter.
SHOPPER_DAYS = (41, 19, 1)
VOICE_RAMP_DAYS = 30  # a promoter's reach grows for a month
LIVE_WEEKDAY = 4
RETURNING_PERCENT = 13  # visitors who do not join at once and come back by another door
STRANGERS_FROM = 1_000_000  # visitors who never join are numbered from here
# A member's next order is sometimes prompted by a scan just before it.
PROMPTS = {"voice": 15, "fans-group": 7, "shelf": 9, "parcel-card": 5}
# By which doors a stranger comes back.
COME_BACK_BY = tuple(entry for entry in ENTRIES if not entry.promoter and entry.kind != "live")
WEEK_MAX = max(rhythm.WEEK)


class _Story:
    """What has been decided so far."""

    def __init__(self, seed: int, today: date, days: int, customers: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - a story that repeats, not a secret
        self.seed = seed
        self.days = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
        self.customers = customers
        self.people: list[Person] = []
        self.tastes: list[Taste] = []
        self.happenings: list[Happening] = []
        self.orders: list[PlannedOrder] = []
        self.intents: dict[date, list[tuple[datetime, int]]] = defaultdict(list)
        self.strangers = count(STRANGERS_FROM)
        self.nicknames = people.nicknames(self.rng)

    @property
    def ends_at(self) -> datetime:
        return moment(self.days[-1], rhythm.DAY_SECONDS)


def plan(seed: int, today: date, days: int = DAYS, customers: int = CUSTOMERS) -> Plan:
    """`days` days of trade, of which `today` is the last. About `customers` people join."""
    story = _Story(seed, today, days, customers)
    _begin_with_the_voices(story)
    _arrivals(story)
    _trade(story)
    _costs(story)
    rank = {kind: place for place, kind in enumerate(CAUSAL)}
    in_order = sorted(
        (one for one in story.happenings if one.at < story.ends_at), key=lambda one: (one.at, rank[type(one)])
    )
    return Plan(
        seed=seed,
        first_day=story.days[0],
        last_day=today,
        people=tuple(story.people),
        orders=tuple(story.orders),
        happenings=tuple(in_order),
    )


def _begin_with_the_voices(story: _Story) -> None:
    """The shopper of the demo and the promoters join on the first day, at their store's guide."""
    rng = story.rng
    badges = {entry.store: entry for entry in ENTRIES if entry.kind == "guide"}
    voices = {voice.person: voice for voice in VOICES}
    for number in (SHOPPER, *sorted(voices)):
        voice = voices.get(number)
        store = voice.store if voice else "YC"
        at = moment(story.days[0], (8 + number // 2) * 3600 + rng.randrange(3600))
        name = voice.name if voice else people.KNOWN_NAMES[number]
        _join(story, badges[store], at, nickname=name, buys=True)
        if voice and voice.starts < len(story.days):
            story.happenings.append(Promoted(moment(story.days[voice.starts], 9 * 3600), number))


def _join(story: _Story, door: Entry, at: datetime, *, nickname: str, buys: bool) -> Person:
    """A visitor scans, signs in and may become a buyer."""
    rng = story.rng
    number = len(story.people) + 1
    store = door.store or rng.choices(SHOPS, weights=[shop.size for shop in SHOPS])[0].code
    joined_at = at + timedelta(seconds=rng.randint(25, 1500))
    person = Person(number, nickname, people.phone(number), people.openid(number), door.key, store, joined_at)
    story.people.append(person)
    story.tastes.append(taste_of(rng))
    story.happenings += [Scanned(at, number, door.key), Joined(joined_at, number)]
    if buys:
        _intents(story, person)
    return person


def _intents(story: _Story, person: Person) -> None:
    """When this person will want to buy: first soon after joining, then again and again as long as they like it."""
    rng = story.rng
    if person.number == SHOPPER:
        for back in SHOPPER_DAYS:
            day = story.days[-1] - timedelta(days=back)
            if day > story.days[0]:
                story.intents[day].append((moment(day, 19 * 3600 + 40 * 60), SHOPPER))
        return
    liveliness = rng.gammavariate(2.2, 1 / 2.2)
    if happens(rng, 58):
        at = person.joined_at + timedelta(minutes=rng.randint(2, 50))
    else:
        at = _another_day(story, person.joined_at, 1 + rng.expovariate(1 / 4))
    while at < story.ends_at:
        story.intents[local_day(at)].append((at, person.number))
        if not happens(rng, min(94, 62 + 16 * liveliness)):
            return
        at = _another_day(story, at, 2 + rng.expovariate(liveliness / 15))


def _another_day(story: _Story, after: datetime, days: float) -> datetime:
    """About `days` later, at an hour people shop at, and rather on a busy weekday."""
    rng = story.rng
    day = local_day(after) + timedelta(days=max(1, round(days)))
    while rng.random() > rhythm.WEEK[day.weekday()] / WEEK_MAX:
        day += timedelta(days=1)
    return moment(day, time_of_day(rng))


def _reach(story: _Story, door: Entry, day: date) -> float:
    """Scans to expect at a door on a day, relative to the other doors."""
    busy = rhythm.busyness(day, story.days[0], len(story.days))
    if door.promoter:
        age = (day - story.days[0]).days - _voice(door.promoter).starts
        return door.traffic * busy * min(age / VOICE_RAMP_DAYS, 1) if age > 0 else 0
    if door.kind == "live":
        return door.traffic * busy * 7 if day.weekday() == LIVE_WEEKDAY else 0
    return door.traffic * busy


def _voice(person: int) -> Voice:
    return next(voice for voice in VOICES if voice.person == person)


def _arrivals(story: _Story) -> None:
    """Strangers come in by every door; some become people."""
    rng = story.rng
    reach = [[_reach(story, door, day) for door in ENTRIES] for day in story.days]
    # Returning visitors join too: the sum is a little more than the first scans promise.
    joins = sum(
        scans * door.join / 100 for of_day in reach for door, scans in zip(ENTRIES, of_day, strict=True)
    )
    scale = (story.customers - len(story.people)) / (joins * (1 + RETURNING_PERCENT / 100))
    for day, of_day in zip(story.days, reach, strict=True):
        for door, expected in zip(ENTRIES, of_day, strict=True):
            for _ in range(count_of(rng, expected * scale)):
                _visitor(story, door, moment(day, time_of_day(rng)))


def _visitor(story: _Story, door: Entry, at: datetime) -> None:
    rng = story.rng
    if happens(rng, door.join):
        _join(story, door, at, nickname=next(story.nicknames), buys=happens(rng, door.buy))
        return
    again = rng.choice(COME_BACK_BY) if happens(rng, RETURNING_PERCENT) else None
    later = _another_day(story, at, rng.expovariate(1 / 4))
    if again and happens(rng, again.join) and later < story.ends_at:
        # Both touches are the same visitor's, so that first and last door can differ.
        person = _join(story, again, later, nickname=next(story.nicknames), buys=happens(rng, again.buy))
        story.happenings.append(Scanned(at, person.number, door.key))
        return
    stranger = next(story.strangers)
    story.happenings.append(Scanned(at, stranger, door.key))
    if again:
        story.happenings.append(Scanned(later, stranger, again.key))


def _trade(story: _Story) -> None:
    """Day by day: deliveries in the morning, then everybody who wanted to buy, in the order of the clock."""
    shelves = Shelves(story.customers / CUSTOMERS)
    never_paid: dict[date, list[PlannedOrder]] = defaultdict(list)
    for day in story.days:
        if day.weekday() in DELIVERY_WEEKDAYS or day == story.days[0]:
            _deliver(story, shelves, day)
        for order in never_paid.pop(day, []):
            shelves.put_back(order.store, order.lines)
        for at, number in sorted(story.intents[day]):
            if order := _order(story, shelves, at, number):
                # Two days later its stock is certainly free again, whenever the shop closed it.
                never_paid[day + timedelta(days=2)].append(order)


def _deliver(story: _Story, shelves: Shelves, day: date) -> None:
    for place, shop in enumerate(SHOPS):
        if lines := shelves.deliver(shop.code, day, story.days[-1]):
            story.happenings.append(Delivered(moment(day, 5 * 3600 + place * 900), shop.code, lines))


def _order(story: _Story, shelves: Shelves, at: datetime, number: int) -> PlannedOrder | None:
    """One person's order with its whole life. Returns it only when it is never paid."""
    rng, person = story.rng, story.people[number - 1]
    _prompt(story, person, at)
    store = person.store if happens(rng, 92) else rng.choice(SHOPS).code
    lines = basket(rng, story.tastes[number - 1], store, shelves)
    if not lines:
        return None
    order = PlannedOrder(len(story.orders) + 1, number, store, lines)
    story.orders.append(order)
    happened = _life(story, order, at)
    story.happenings += happened
    return None if any(isinstance(one, Paid) for one in happened) else order


def _life(story: _Story, order: PlannedOrder, at: datetime) -> list[Happening]:
    """What becomes of an order; the demo's shopper has nothing but good experiences, and one order to fetch."""
    if order.person != SHOPPER:
        return life(story.rng, order, at)
    is_last = local_day(at) == story.days[-1] - timedelta(days=SHOPPER_DAYS[-1])
    return waiting(order, at) if is_last else kept(order, at)


def _prompt(story: _Story, person: Person, at: datetime) -> None:
    """Perhaps the order was prompted by something the person saw a few minutes before."""
    rng = story.rng
    before = at - timedelta(minutes=rng.randint(2, 25))
    chosen = rng.choices((*PROMPTS, ""), weights=(*PROMPTS.values(), 100 - sum(PROMPTS.values())))[0]
    if not chosen or before <= person.joined_at:
        return
    key = chosen
    if chosen == "shelf":
        key = f"shelf-{person.store.lower()}-{rng.choice(('fresh', 'beauty'))}"
    if chosen == "voice":
        age = (local_day(at) - story.days[0]).days
        speaking = [voice for voice in VOICES if voice.starts < age and voice.person != person.number]
        if not speaking:
            return
        # People listen to neighbours first.
        weights = [voice.traffic * (4 if voice.store == person.store else 1) for voice in speaking]
        key = f"voice-{rng.choices(speaking, weights=weights)[0].person}"
    story.happenings.append(Scanned(before, person.number, key))


def _costs(story: _Story) -> None:
    """What doors cost: a budget by the day, or a bill by the week. Small merchants' budgets follow their size."""
    rng = story.rng
    size = story.customers / CUSTOMERS
    for day in story.days:
        for door in ENTRIES:
            bill = door.daily_cost + (door.weekly_cost if day.weekday() == 0 else 0)
            if bill:
                amount = max(100, round(bill * size * rng.uniform(0.85, 1.15)))
                story.happenings.append(Spent(moment(day, 22 * 3600), day, door.key, amount, door.cost_note))
