"""Affinity 商品匹配: who loves a product, brings people who do, and keeps what they sell. Owns tables affinity_runs,
affinity_matches, affinity_audiences, affinity_profiles, koc_states, koc_moves, koc_assignments and koc_samples.

A KOC is chosen by love of the product first. No price, amount or rate of commission is read by the ranking, and nothing
in these tables holds one: a task pays nothing, an invitation pays nothing, and a better plan moves nobody up.
"""

from siyu.growth.affinity.assigning import assign, finish, finish_own, tasks_of, withdraw
from siyu.growth.affinity.fitting import SWEEPS, ask, compute
from siyu.growth.affinity.model import (
    Assignment,
    AtCapacity,
    CategoryResult,
    Koc,
    Match,
    Move,
    NotAssignable,
    Overlap,
    Profile,
    Reason,
    Run,
    Sample,
    WrongMove,
)
from siyu.growth.affinity.queries import (
    assignments,
    carried,
    counts,
    for_product,
    for_promoter,
    koc,
    kocs,
    last_done,
    last_run,
    overlaps,
    profile,
    samples,
)
from siyu.growth.affinity.rules import candidate_score, taken_off, tasks_carried, weekly_orders
from siyu.growth.affinity.sampling import request, step
from siyu.growth.affinity.standing import advance, move, moves
from siyu.growth.affinity.words import told

__all__ = [
    "SWEEPS",
    "Assignment",
    "AtCapacity",
    "CategoryResult",
    "Koc",
    "Match",
    "Move",
    "NotAssignable",
    "Overlap",
    "Profile",
    "Reason",
    "Run",
    "Sample",
    "WrongMove",
    "advance",
    "ask",
    "assign",
    "assignments",
    "candidate_score",
    "carried",
    "compute",
    "counts",
    "finish",
    "finish_own",
    "for_product",
    "for_promoter",
    "koc",
    "kocs",
    "last_done",
    "last_run",
    "move",
    "moves",
    "overlaps",
    "profile",
    "request",
    "samples",
    "step",
    "taken_off",
    "tasks_carried",
    "tasks_of",
    "told",
    "weekly_orders",
    "withdraw",
]
