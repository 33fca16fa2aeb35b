"""Attribution 归因: whose customer one is, whose sale an order is, and why. Owns tables attribution_policies, relations,
relation_facts and relation_changes.

A touch says through whom this order came; a relation says who may claim the customer next. A relation joins one customer
and one promoter and ends by itself: there is no tree. The decision itself is one statement, `doors.attributions`.
"""

from siyu.place.attribution.choosing import CHANGE_DAYS, assign, choose, clear
from siyu.place.attribution.explaining import changes_of, explain, mine
from siyu.place.attribution.model import (
    Candidate,
    ChangedLately,
    Explanation,
    Holder,
    Mine,
    NotChoosable,
    Placed,
    Policy,
    PolicyVersion,
    PromoterTouch,
    Relation,
    RelationChange,
    Said,
    Verdict,
)
from siyu.place.attribution.policies import history, policy, set_policy
from siyu.place.attribution.relating import CONSUMERS, relate
from siyu.place.attribution.rules import fold, policy_of, weigh
from siyu.place.attribution.words import KINDS, OUTCOMES, masked_name

__all__ = [
    "CHANGE_DAYS",
    "CONSUMERS",
    "KINDS",
    "OUTCOMES",
    "Candidate",
    "ChangedLately",
    "Explanation",
    "Holder",
    "Mine",
    "NotChoosable",
    "Placed",
    "Policy",
    "PolicyVersion",
    "PromoterTouch",
    "Relation",
    "RelationChange",
    "Said",
    "Verdict",
    "assign",
    "changes_of",
    "choose",
    "clear",
    "explain",
    "fold",
    "history",
    "masked_name",
    "mine",
    "policy",
    "policy_of",
    "relate",
    "set_policy",
    "weigh",
]
