"""Fulfilment: parcels, courier rides, and codes for what is not goods; what waits, and what is printed for it. Owns
tables carriers, tracking_numbers, parcels, parcel_lines, courier_rides, code_terms and redemption_codes.

Nothing here decides whether a unit may leave: `orders.fulfil_units` does, in the same unit of work. So nothing is
sent, delivered or redeemed twice, whoever asks and by whatever way.
"""

from siyu.trade.fulfilment.carriers import KNOWN, Carrier
from siyu.trade.fulfilment.carriers import add as add_carrier
from siyu.trade.fulfilment.carriers import every as every_carrier
from siyu.trade.fulfilment.carriers import in_use as carriers_in_use
from siyu.trade.fulfilment.carriers import use as use_carrier
from siyu.trade.fulfilment.code_model import Code, CodeExpired, CodeUsed, CodeVoid, Terms, UnknownCode
from siyu.trade.fulfilment.code_queries import codes_of, redeemed, set_terms, terms
from siyu.trade.fulfilment.codes import CONSUMERS, SWEEPS, Redeem, expire_due, look_up_code, redeem
from siyu.trade.fulfilment.model import (
    BadNumber,
    Load,
    NotByParcel,
    NumberTaken,
    Parcel,
    ParcelLine,
    SendParcel,
    TooLateToCancel,
    TwoLocations,
    UnknownCarrier,
    Waiting,
    WaitingLine,
)
from siyu.trade.fulfilment.queries import find_parcel, loads, parcels, parcels_of, waiting
from siyu.trade.fulfilment.rides import NotForCourier, OtherCourier, Ride, assign, deliver, rides_of, set_out
from siyu.trade.fulfilment.sending import cancel, renumber, send
from siyu.trade.fulfilment.sheets import JOBS

__all__ = [
    "CONSUMERS",
    "JOBS",
    "KNOWN",
    "SWEEPS",
    "BadNumber",
    "Carrier",
    "Code",
    "CodeExpired",
    "CodeUsed",
    "CodeVoid",
    "Load",
    "NotByParcel",
    "NotForCourier",
    "NumberTaken",
    "OtherCourier",
    "Parcel",
    "ParcelLine",
    "Redeem",
    "Ride",
    "SendParcel",
    "Terms",
    "TooLateToCancel",
    "TwoLocations",
    "UnknownCarrier",
    "UnknownCode",
    "Waiting",
    "WaitingLine",
    "add_carrier",
    "assign",
    "cancel",
    "carriers_in_use",
    "codes_of",
    "deliver",
    "every_carrier",
    "expire_due",
    "find_parcel",
    "loads",
    "look_up_code",
    "parcels",
    "parcels_of",
    "redeem",
    "redeemed",
    "renumber",
    "rides_of",
    "send",
    "set_out",
    "set_terms",
    "terms",
    "use_carrier",
    "waiting",
]
