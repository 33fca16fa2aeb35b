"""Disputes 归因争议: somebody says an order belongs to another promoter. Owns table attribution_disputes.

Raised by a promoter or by staff with words and pictures, decided by another member of staff with a reason. What is
upheld moves the order once; distribution digests the fact.
"""

from siyu.growth.disputes.deciding import OPEN_DAYS, open_dispute, refuse, uphold
from siyu.growth.disputes.model import (
    AlreadyMoved,
    AlreadyOpen,
    Decided,
    Dispute,
    NeedsPerson,
    NothingDisputed,
    NotPaid,
    NotYours,
    RaiseDispute,
    SamePerson,
    TooLate,
)
from siyu.growth.disputes.queries import Why, find, of_order, of_person, queue, why

__all__ = [
    "OPEN_DAYS",
    "AlreadyMoved",
    "AlreadyOpen",
    "Decided",
    "Dispute",
    "NeedsPerson",
    "NotPaid",
    "NotYours",
    "NothingDisputed",
    "RaiseDispute",
    "SamePerson",
    "TooLate",
    "Why",
    "find",
    "of_order",
    "of_person",
    "open_dispute",
    "queue",
    "refuse",
    "uphold",
    "why",
]
