"""Delivery: what it costs to send goods to an address, which slots a courier has, what is promised. Owns tables
freight_templates, delivery_settings, local_delivery and delivery_slots.

`load` reads the tariffs of several asks in one statement and locks the slots they name; `terms` is a pure function
over them; `book` takes the places and never more than there are.
"""

from siyu.trade.delivery.actions import (
    TemplateInUse,
    keep_template,
    make_default,
    offer,
    remove_template,
    set_local,
)
from siyu.trade.delivery.booking import book, release
from siyu.trade.delivery.model import (
    Ask,
    BelowMinimum,
    Booking,
    FreightTemplate,
    Goods,
    Local,
    LocalRules,
    NeedsPlace,
    NeedsSlot,
    NotOffered,
    NotThere,
    Opening,
    RegionGroup,
    Settings,
    Slot,
    SlotFull,
    SlotGone,
    Terms,
    Tier,
    TooFar,
)
from siyu.trade.delivery.queries import local_of, locals_for, settings_of, template, templates
from siyu.trade.delivery.slots import fee_to, slots
from siyu.trade.delivery.terms import Tariffs, load, terms

__all__ = [
    "Ask",
    "BelowMinimum",
    "Booking",
    "FreightTemplate",
    "Goods",
    "Local",
    "LocalRules",
    "NeedsPlace",
    "NeedsSlot",
    "NotOffered",
    "NotThere",
    "Opening",
    "RegionGroup",
    "Settings",
    "Slot",
    "SlotFull",
    "SlotGone",
    "Tariffs",
    "TemplateInUse",
    "Terms",
    "Tier",
    "TooFar",
    "book",
    "fee_to",
    "keep_template",
    "load",
    "local_of",
    "locals_for",
    "make_default",
    "offer",
    "release",
    "remove_template",
    "set_local",
    "settings_of",
    "slots",
    "template",
    "templates",
    "terms",
]
