"""The facts that modules publish: frozen, tagged structs in the past tense, one file per publisher.

Money is in minor units of the merchant's currency; times are in the event row. A field is only ever added.
"""

from siyu.events.fulfilment import (
    CodeRedeemed,
    CodesIssued,
    ParcelCancelled,
    ParcelRenumbered,
    ParcelSent,
)
from siyu.events.orders import (
    LeftUnits,
    LineFact,
    LineState,
    OrderClosed,
    OrderPaid,
    OrderPickedUp,
    OrderPlaced,
    OrderReattributed,
    OrderReceived,
    OrderRefunded,
    OrderShipped,
    RefundedUnits,
    UnitsLeft,
)
from siyu.events.people import CustomerJoined, GuestRecognised
from siyu.events.place import DoorScanned, TouchesClaimed

EVERY_FACT = (
    CodeRedeemed,
    CodesIssued,
    CustomerJoined,
    DoorScanned,
    GuestRecognised,
    OrderClosed,
    OrderPaid,
    OrderPickedUp,
    OrderPlaced,
    OrderReattributed,
    OrderReceived,
    OrderRefunded,
    OrderShipped,
    ParcelCancelled,
    ParcelRenumbered,
    ParcelSent,
    TouchesClaimed,
    UnitsLeft,
)

__all__ = [
    "EVERY_FACT",
    "CodeRedeemed",
    "CodesIssued",
    "CustomerJoined",
    "DoorScanned",
    "GuestRecognised",
    "LeftUnits",
    "LineFact",
    "LineState",
    "OrderClosed",
    "OrderPaid",
    "OrderPickedUp",
    "OrderPlaced",
    "OrderReattributed",
    "OrderReceived",
    "OrderRefunded",
    "OrderShipped",
    "ParcelCancelled",
    "ParcelRenumbered",
    "ParcelSent",
    "RefundedUnits",
    "TouchesClaimed",
    "UnitsLeft",
]
