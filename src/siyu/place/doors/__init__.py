"""Doors 入口: every way a person comes in, with a code, a cost and an owner. Owns tables doors, door_costs and
touches.

A door stands in one of three spaces (point 线下, platform 平台, social 社交) and its traffic is owned, rented or
purchased. A scan leaves a touch; touches follow the visitor into the customer and on to the order.
"""

from siyu.place.doors.actions import (
    NewDoor,
    NewTouch,
    add_cost,
    add_touches,
    claim_touches,
    open_door,
    open_doors,
    scan,
)
from siyu.place.doors.detail import DoorCost, DoorDay, DoorSums, costs_of, days_of, find, set_open, sums_of
from siyu.place.doors.model import (
    KINDS,
    OWNERSHIPS,
    SPACES,
    Attribution,
    Door,
    DoorClosed,
    DoorReport,
    Touch,
)
from siyu.place.doors.queries import (
    ATTRIBUTION_DAYS,
    attributions,
    door_by_code,
    every,
    first_door_of_visitor,
    of_promoter,
    reports,
    touches_of_customer,
)

__all__ = [
    "ATTRIBUTION_DAYS",
    "KINDS",
    "OWNERSHIPS",
    "SPACES",
    "Attribution",
    "Door",
    "DoorClosed",
    "DoorCost",
    "DoorDay",
    "DoorReport",
    "DoorSums",
    "NewDoor",
    "NewTouch",
    "Touch",
    "add_cost",
    "add_touches",
    "attributions",
    "claim_touches",
    "costs_of",
    "days_of",
    "door_by_code",
    "every",
    "find",
    "first_door_of_visitor",
    "of_promoter",
    "open_door",
    "open_doors",
    "reports",
    "scan",
    "set_open",
    "sums_of",
    "touches_of_customer",
]
