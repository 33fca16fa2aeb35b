"""Orders: from the quote to the goods in the buyer's hands. Owns tables orders, order_lines and idempotency of
placing.

An order keeps its stock while it is unpaid; it is closed when `pay_by` has passed. Its states and the moves between
them are in `rules.MOVES`.
"""

from siyu.trade.orders.actions import (
    AUTO_RECEIVE_AFTER,
    close,
    close_expired,
    confirm_received,
    hand_over,
    mark_paid,
    receive_overdue,
)
from siyu.trade.orders.history import (
    HistoryChanged,
    KnownLine,
    PastLine,
    PastOrder,
    known_lines,
    order_ids_by_number,
    record_orders,
)
from siyu.trade.orders.history_refunds import (
    KnownCancellation,
    PastRefund,
    PastRefundLine,
    Purchase,
    known_cancellations,
    purchases,
    record_refunds,
    refund_numbers_of,
)
from siyu.trade.orders.model import (
    EmptyOrder,
    Order,
    OrderCard,
    OrderLine,
    PaidOrder,
    PlacedOrder,
    PlaceOrder,
    PriceRose,
    Quote,
    QuoteLine,
    WantedLine,
    WrongState,
    WrongStore,
)
from siyu.trade.orders.pickup import AlreadyHandedOver, handed_over_since, look_up, verify_pickup
from siyu.trade.orders.placement import place, place_many
from siyu.trade.orders.queries import (
    by_pickup_code,
    counts_by_state,
    find,
    listing,
    of_customer,
    quote,
    stock_promised_wrongly,
    waiting_at_store,
)
from siyu.trade.orders.refunded import RefundedLine, take_back_units

__all__ = [
    "AUTO_RECEIVE_AFTER",
    "AlreadyHandedOver",
    "EmptyOrder",
    "HistoryChanged",
    "KnownCancellation",
    "KnownLine",
    "Order",
    "OrderCard",
    "OrderLine",
    "PaidOrder",
    "PastLine",
    "PastOrder",
    "PastRefund",
    "PastRefundLine",
    "PlaceOrder",
    "PlacedOrder",
    "PriceRose",
    "Purchase",
    "Quote",
    "QuoteLine",
    "RefundedLine",
    "WantedLine",
    "WrongState",
    "WrongStore",
    "by_pickup_code",
    "close",
    "close_expired",
    "confirm_received",
    "counts_by_state",
    "find",
    "hand_over",
    "handed_over_since",
    "known_cancellations",
    "known_lines",
    "listing",
    "look_up",
    "mark_paid",
    "of_customer",
    "order_ids_by_number",
    "place",
    "place_many",
    "purchases",
    "quote",
    "receive_overdue",
    "record_orders",
    "record_refunds",
    "refund_numbers_of",
    "stock_promised_wrongly",
    "take_back_units",
    "verify_pickup",
    "waiting_at_store",
]
