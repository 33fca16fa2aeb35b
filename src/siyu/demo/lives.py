"""The life of one planned order: paid or not, picked up, received, given back."""

from datetime import datetime, timedelta
from random import Random

from siyu.demo.baskets import ITEMS
from siyu.demo.happenings import Happening, Ordered, Paid, PickedUp, PlannedOrder, Received, Refunded
from siyu.demo.rhythm import happens, open_hour

PAID_PERCENT = 93.5
PAY_SECONDS = (18, 540)  # well inside the half hour an order waits
REGRET_PERCENT = 1.6  # everything back before pickup
FORGOTTEN_PERCENT = 1.4  # paid and never fetched; the shop calls after a week and pays back
FORGOTTEN_DAYS = 7
CONFIRM_PERCENT = 38  # buyers who tap 确认收货 themselves
RETURN_PERCENT = 4.6  # something back after pickup
RETURN_DAYS_MAX = 6  # inside the seven days of the law

CATEGORY_OF = {item.code: item.category.key for item in ITEMS}
REASONS = {
    "produce": ("有磕碰", "部分不新鲜", "分量不足"),
    "pantry": ("包装破损", "鸡蛋破损", "日期不新鲜"),
    "snacks": ("包装漏气", "口味不合适"),
    "drinks": ("瓶身变形", "口味不合适"),
    "household": ("买多了", "包装破损"),
    "skin": ("肤感不合适", "包装破损"),
    "makeup": ("色号不合适", "膏体有划痕"),
    "baby": ("尺码不合适", "买多了"),
}
# Unopened goods go back to the shelf; food and anything damaged does not.
SELLABLE_AGAIN = frozenset({"买多了", "尺码不合适"})


def life(rng: Random, order: PlannedOrder, at: datetime) -> list[Happening]:
    """All that happens to an order placed at `at`."""
    story: list[Happening] = [Ordered(at, order.number)]
    if not happens(rng, PAID_PERCENT):
        return story
    paid_at = at + timedelta(seconds=rng.randint(*PAY_SECONDS))
    story.append(Paid(paid_at, order.number))
    if happens(rng, REGRET_PERCENT):
        soon = paid_at + timedelta(minutes=rng.randint(6, 240))
        return [
            *story,
            Refunded(soon, order.number, _everything(order), rng.choice(("不想要了", "拍错了", "重复下单"))),
        ]
    if happens(rng, FORGOTTEN_PERCENT):
        late = open_hour(paid_at + timedelta(days=FORGOTTEN_DAYS, hours=rng.randint(0, 12)))
        return [*story, Refunded(late, order.number, _everything(order), "未到店提货，已与顾客确认")]
    picked_up_at = open_hour(paid_at + timedelta(hours=_wait_hours(rng)))
    story.append(PickedUp(picked_up_at, order.number))
    received_at = picked_up_at + timedelta(minutes=rng.randint(3, 1400))
    back = _return(rng, order, picked_up_at) if happens(rng, RETURN_PERCENT) else None
    # Who brings something back before tapping 确认收货 does not tap it afterwards.
    if happens(rng, CONFIRM_PERCENT) and (back is None or received_at < back.at):
        story.append(Received(received_at, order.number))
    return [*story, back] if back else story


def waiting(order: PlannedOrder, at: datetime) -> list[Happening]:
    """An order that is paid and not fetched yet."""
    return [Ordered(at, order.number), Paid(at + timedelta(seconds=41), order.number)]


def kept(order: PlannedOrder, at: datetime) -> list[Happening]:
    """An order that goes as orders should: paid, fetched the next noon, confirmed in the evening."""
    fetched_at = open_hour(at + timedelta(hours=17))
    return [
        *waiting(order, at),
        PickedUp(fetched_at, order.number),
        Received(fetched_at + timedelta(hours=7), order.number),
    ]


def _wait_hours(rng: Random) -> float:
    """Most fetch the same or the next day; a few take their time."""
    return min(1.2 + rng.expovariate(1 / 15), 96)


def _everything(order: PlannedOrder) -> tuple[tuple[int, int], ...]:
    return tuple((number, line.quantity) for number, line in enumerate(order.lines, 1))


def _return(rng: Random, order: PlannedOrder, picked_up_at: datetime) -> Refunded:
    number = rng.randrange(len(order.lines)) + 1
    line = order.lines[number - 1]
    category = CATEGORY_OF[line.code]
    units = ((number, rng.randint(1, line.quantity)),)
    reason = rng.choice(REASONS[category])
    at = open_hour(picked_up_at + timedelta(hours=rng.uniform(1, RETURN_DAYS_MAX * 24 - 12)))
    return Refunded(at, order.number, units, reason, restock=reason in SELLABLE_AGAIN)
