"""Promoters 推广员: KOC, leaders, guides and anchors, and how they join and leave. Owns table promoters.

Joining is free and pays nothing (禁止传销条例 art. 7), and nothing records who brought a promoter.
"""

from siyu.growth.promoters.model import NotAPromoter, Promoter
from siyu.growth.promoters.queries import active, find, maybe_of_customer, of_customer
from siyu.growth.promoters.recruiting import AGREEMENT_VERSION, enrol
from siyu.growth.promoters.words import KINDS, PROMOTER_STATES

__all__ = [
    "AGREEMENT_VERSION",
    "KINDS",
    "PROMOTER_STATES",
    "NotAPromoter",
    "Promoter",
    "active",
    "enrol",
    "find",
    "maybe_of_customer",
    "of_customer",
]
