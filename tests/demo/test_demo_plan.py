"""The demo's story is the same for the same seed, plausible in its figures, and possible to tell."""

from collections import Counter
from datetime import date, timedelta
from functools import cache

from siyu.demo.catalogue import items
from siyu.demo.happenings import (
    Delivered,
    Joined,
    Ordered,
    Paid,
    PickedUp,
    Plan,
    Promoted,
    Received,
    Refunded,
    Scanned,
    Spent,
)
from siyu.demo.people import KOC, SHOPPER
from siyu.demo.places import ENTRIES, SHOPS, VOICES
from siyu.demo.plan import plan
from siyu.demo.rhythm import local_day, moment

TODAY = date(2026, 3, 20)
PRICE = {item.code: item.choice.price for item in items()}


@cache
def story() -> Plan:
    return plan(7, TODAY)


def of(kind: type) -> list:
    return [one for one in story().happenings if type(one) is kind]


def test_the_same_seed_tells_the_same_story():
    assert plan(3, TODAY, days=20, customers=100) == plan(3, TODAY, days=20, customers=100)
    assert plan(3, TODAY, days=20, customers=100) != plan(4, TODAY, days=20, customers=100)


def test_the_story_moves_with_the_calendar():
    later = plan(7, TODAY + timedelta(days=7), days=20, customers=100)
    assert (later.first_day, later.last_day) == (date(2026, 3, 8), date(2026, 3, 27))
    assert all(later.first_day <= local_day(one.at) <= later.last_day for one in later.happenings)


def test_ninety_days_have_plausible_figures():
    assert 2_700 <= len(of(Joined)) <= 3_300
    assert 3_600 <= len(of(Ordered)) <= 5_200
    assert 9_000 <= len(of(Scanned)) <= 14_000
    totals = [sum(PRICE[line.code] * line.quantity for line in order.lines) for order in story().orders]
    assert 6_500 <= sum(totals) / len(totals) <= 10_500
    assert 0.90 <= len(of(Paid)) / len(of(Ordered)) <= 0.96
    assert 0.04 <= len(of(Refunded)) / len(of(Paid)) <= 0.10
    spent = sum(one.amount for one in of(Spent))
    assert 0.05 <= spent / sum(totals) <= 0.15
    buyers = Counter(order.person for order in story().orders)
    assert 0.4 <= sum(1 for orders in buyers.values() if orders > 1) / len(buyers) <= 0.65


def test_trade_grows_and_the_weekend_is_busier():
    by_day = Counter(local_day(one.at) for one in of(Ordered))
    days = [story().first_day + timedelta(days=n) for n in range(90)]
    first, last = sum(by_day[day] for day in days[:28]), sum(by_day[day] for day in days[-28:])
    assert last > first * 2
    by_weekday = Counter(day.weekday() for day in by_day.elements())
    assert by_weekday[5] > by_weekday[1] * 1.2


def test_everything_happens_after_its_cause():
    plan_ = story()
    joined = {one.person: one.at for one in of(Joined)}
    ordered = {one.order: one.at for one in of(Ordered)}
    paid = {one.order: one.at for one in of(Paid)}
    fetched = {one.order: one.at for one in of(PickedUp)}
    assert [one.at for one in plan_.happenings] == sorted(one.at for one in plan_.happenings)
    assert all(joined[plan_.order(number).person] < at for number, at in ordered.items())
    assert all(timedelta(0) < at - ordered[number] < timedelta(minutes=30) for number, at in paid.items())
    assert all(paid[number] < at for number, at in fetched.items())
    assert all(fetched[one.order] < one.at for one in of(Received))
    assert all(paid[one.order] < one.at for one in of(Refunded))
    first_scan = {}
    for one in of(Scanned):
        first_scan.setdefault(one.visitor, one.at)
    assert all(first_scan[person] < at for person, at in joined.items())


def test_nobody_says_all_is_well_after_giving_something_back():
    given_back = {one.order: one.at for one in of(Refunded)}
    assert all(one.at < given_back[one.order] for one in of(Received) if one.order in given_back)


def test_refunds_name_units_that_were_bought_and_each_order_has_at_most_one():
    orders = Counter(one.order for one in of(Refunded))
    assert set(orders.values()) == {1}
    for one in of(Refunded):
        lines = story().order(one.order).lines
        assert all(1 <= quantity <= lines[number - 1].quantity for number, quantity in one.units)
        assert len({number for number, _ in one.units}) == len(one.units)


def test_stores_never_promise_what_was_not_delivered():
    stock: Counter = Counter()
    freed: dict = {}
    paid = {one.order for one in of(Paid)}
    for one in story().happenings:
        for number in [n for n, at in freed.items() if at <= one.at]:
            order = story().order(number)
            stock.update({(order.store, line.code): line.quantity for line in order.lines})
            del freed[number]
        if isinstance(one, Delivered):
            stock.update({(one.store, line.code): line.quantity for line in one.lines})
        if isinstance(one, Ordered):
            order = story().order(one.order)
            stock.subtract({(order.store, line.code): line.quantity for line in order.lines})
            assert min(stock[order.store, line.code] for line in order.lines) >= 0
            if one.order not in paid:
                freed[one.order] = one.at + timedelta(minutes=30)


def test_lines_of_an_order_are_different_skus_of_the_catalogue():
    for order in story().orders:
        codes = [line.code for line in order.lines]
        assert len(set(codes)) == len(codes) >= 1
        assert set(codes) <= set(PRICE)
        assert order.store in {shop.code for shop in SHOPS}


def test_every_door_is_scanned_and_a_promoters_door_only_after_the_agreement():
    scans = Counter(one.door for one in of(Scanned))
    assert set(scans) == {entry.key for entry in ENTRIES}
    assert {entry.space for entry in ENTRIES} == {"point", "platform", "social"}
    assert {entry.ownership for entry in ENTRIES} == {"owned", "rented", "purchased"}
    signed = {f"voice-{one.person}": one.at for one in of(Promoted)}
    assert set(signed) == {f"voice-{voice.person}" for voice in VOICES}
    assert all(signed[one.door] < one.at for one in of(Scanned) if one.door in signed)


def test_owned_doors_bring_cheaper_customers_than_bought_ones():
    door_of = {entry.key: entry for entry in ENTRIES}
    buyers = {order.person for order in story().orders}
    bought, cost = Counter(), Counter()
    for one in of(Joined):
        if one.person in buyers:
            bought[door_of[story().person(one.person).door].ownership] += 1
    for one in of(Spent):
        cost[door_of[one.door].ownership] += one.amount
    cac = {ownership: cost[ownership] / bought[ownership] for ownership in bought}
    assert cac["owned"] < 1_000
    assert 3_000 < cac["rented"] < cac["purchased"] < 60_000


def test_people_have_phones_of_nobody_and_their_own_identity():
    people = story().people
    assert len({person.phone for person in people}) == len(people)
    assert all(person.phone.startswith("1990000") and len(person.phone) == 11 for person in people)
    assert len({person.openid for person in people}) == len(people)
    assert (people[SHOPPER - 1].openid, people[KOC - 1].openid) == ("demo-shopper", "demo-koc")
    assert len({person.nickname for person in people}) > len(people) * 0.6


def test_the_shopper_has_one_order_waiting_at_the_counter():
    mine = [order.number for order in story().orders if order.person == SHOPPER]
    fetched = {one.order for one in of(PickedUp)}
    paid = {one.order for one in of(Paid)}
    assert len(mine) == 3
    assert set(mine) <= paid
    assert [number in fetched for number in mine] == [True, True, False]


def test_a_day_begins_at_midnight_of_the_merchant():
    assert moment(date(2026, 3, 20), 0).isoformat() == "2026-03-19T16:00:00+00:00"
    assert local_day(moment(date(2026, 3, 20), 86_399)) == date(2026, 3, 20)
