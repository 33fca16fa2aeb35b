"""The facts that modules publish: frozen, tagged structs in the past tense, one file per publisher.

Money is in minor units of the merchant's currency; times are in the event row. A field is only ever added.
"""

from siyu.events.orders import (
    LineFact,
    OrderClosed,
    OrderPaid,
    OrderPickedUp,
    OrderPlaced,
    OrderReceived,
    OrderRefunded,
    RefundedUnits,
)
from siyu.events.people import CustomerJoined
from siyu.events.place import DoorScanned

EVERY_FACT = (
    CustomerJoined,
    DoorScanned,
    OrderClosed,
    OrderPaid,
    OrderPickedUp,
    OrderPlaced,
    OrderReceived,
    OrderRefunded,
)

__all__ = [
    "EVERY_FACT",
    "CustomerJoined",
    "DoorScanned",
    "LineFact",
    "OrderClosed",
    "OrderPaid",
    "OrderPickedUp",
    "OrderPlaced",
    "OrderReceived",
    "OrderRefunded",
    "RefundedUnits",
]
