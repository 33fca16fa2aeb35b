"""Draws 抽奖 with published odds. Owns tables draws, draw_versions, draw_prizes, draw_tickets and draw_results.

The rules are frozen and hashed before the start together with the hash of a secret seed; each ticket gets the next
serial, and its result is a pure function of seed and serial. At the end the seed is shown, and anybody can do the
whole draw again. There is nothing anywhere that could steer a result (反不正当竞争法 art. 11), and a ticket is never
given for inviting or sharing.
"""

from siyu.growth.draws.drawing import CONSUMERS, bring, is_excluded, is_running, take_part
from siyu.growth.draws.model import (
    PLACES,
    Chances,
    Draw,
    DrawnEnough,
    Excluded,
    NoTicket,
    NotRunning,
    Outcome,
    Prize,
    Result,
    Rules,
    Version,
    WorseForBuyers,
)
from siyu.growth.draws.publishing import SWEEPS, amend, check, end_due, publish, remove, save
from siyu.growth.draws.queries import chances, find, given, listing, log, results, seed_of, shown, versions
from siyu.growth.draws.rolling import place, replay, seed_hash, text_hash, verify
from siyu.growth.draws.rules import TOP_VALUE_MAX, problems, worse

__all__ = [
    "CONSUMERS",
    "PLACES",
    "SWEEPS",
    "TOP_VALUE_MAX",
    "Chances",
    "Draw",
    "DrawnEnough",
    "Excluded",
    "NoTicket",
    "NotRunning",
    "Outcome",
    "Prize",
    "Result",
    "Rules",
    "Version",
    "WorseForBuyers",
    "amend",
    "bring",
    "chances",
    "check",
    "end_due",
    "find",
    "given",
    "is_excluded",
    "is_running",
    "listing",
    "log",
    "place",
    "problems",
    "publish",
    "remove",
    "replay",
    "results",
    "save",
    "seed_hash",
    "seed_of",
    "shown",
    "take_part",
    "text_hash",
    "verify",
    "versions",
    "worse",
]
