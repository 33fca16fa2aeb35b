"""The mall of the last days: the merchant sends, rides out, gives back and counts, in every state there is.

`scenes` says what happens when. The story plays them between its own days, at its own clock.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial

from siyu.demo.mall import campaigns, nearby, parcels, returns, stocking
from siyu.demo.mall.ground import Ground
from siyu.demo.mall.model import Scene
from siyu.demo.mall.parcels import home
from siyu.demo.people import SHOPPER
from siyu.demo.rhythm import moment
from siyu.people import customers
from siyu.trade import fulfilment

CONSUMERS = (
    fulfilment.CONSUMERS
)  # whose facts the scenes need digested in between: an unused code is issued by one
MEMBERS = (SHOPPER, 15, 18, 21, 24, 27)  # of the plan's people, who shall have a level
Play = Callable[[Ground], Awaitable[None]]

# Days before the last one, minutes of that day, and what happens then.
PAST: tuple[tuple[int, int, Play], ...] = (
    (6, 9 * 60, stocking.welcome),
    (6, 9 * 60 + 5, parcels.keep_addresses),
    (6, 9 * 60 + 30, stocking.fill),
    (5, 10 * 60, parcels.order_early),
    (5, 16 * 60, parcels.send_early),
    (3, 18 * 60, parcels.receive_early),
    (3, 20 * 60, returns.ask),
    (2, 9 * 60 + 40, returns.answer),
    (2, 11 * 60, parcels.order_later),
    (2, 14 * 60, stocking.count),
    (2, 19 * 60, nearby.buy_vouchers),
    (1, 9 * 60, parcels.send_later),
    (1, 9 * 60 + 20, stocking.send_on),
    (1, 9 * 60 + 50, stocking.buy_in),
    (1, 10 * 60, nearby.ride),
    (1, 11 * 60, returns.send_back),
    (1, 15 * 60, nearby.use_voucher),
    (1, 16 * 60, returns.take_in),
    (1, 20 * 60 + 12, parcels.order_with_alipay),
)
# Minutes before the end of the story.
LATELY: tuple[tuple[int, Play], ...] = (
    (130, parcels.order_offline),
    (90, nearby.book_rides),
    (60, parcels.order_from_balance),
    (35, returns.ask_with_picture),
    (9, parcels.leave_unpaid),
    (1, campaigns.begin),
)


def scenes(ground: Ground, last_day: date, until: datetime) -> list[Scene]:
    """Everything the mall does up to `until`, in the order of time."""
    told = [
        Scene(moment(last_day - timedelta(days=back), minutes * 60), partial(play, ground))
        for back, minutes, play in PAST
    ]
    told += [Scene(until - timedelta(minutes=minutes), partial(play, ground)) for minutes, play in LATELY]
    return [*sorted(told, key=lambda scene: scene.at), Scene(until, partial(give_levels, ground))]


async def give_levels(ground: Ground) -> None:
    """The last thing: the plan of the ninety days was made with everybody's prices."""
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        for number in MEMBERS:
            if customer_id := ground.people.get(number):
                await customers.set_level(uow, customer_id, stocking.LEVEL)


__all__ = ["CONSUMERS", "Ground", "Scene", "home", "scenes"]
