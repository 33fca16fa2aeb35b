"""The law guard 合规: rules of distribution as pure functions over a plan, a qualification, an age or a text.

It reads nothing and writes nothing. A room asks before it publishes and refuses on `block`; `gate` needs a second
person with a reason; `warn` is shown and kept. The rules and where each holds: docs/concepts/law-guard.md.
"""

from siyu.growth.guard.age import AGE_LEAST, AGE_WITHOUT_CONSENT, age
from siyu.growth.guard.model import Finding, Refused, is_blocked, refuse_blocked
from siyu.growth.guard.plans import ORDER_CAP_BPS_MAX, PAYS_ON, QUALIFICATIONS, PlanFacts, plan, qualification
from siyu.growth.guard.reading import Hit, hits, words
from siyu.growth.guard.rulebook import RULES, Rule, rule_of

__all__ = [
    "AGE_LEAST",
    "AGE_WITHOUT_CONSENT",
    "ORDER_CAP_BPS_MAX",
    "PAYS_ON",
    "QUALIFICATIONS",
    "RULES",
    "Finding",
    "Hit",
    "PlanFacts",
    "Refused",
    "Rule",
    "age",
    "hits",
    "is_blocked",
    "plan",
    "qualification",
    "refuse_blocked",
    "rule_of",
    "words",
]
