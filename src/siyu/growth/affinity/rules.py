"""Pure decisions: where a person may go from where they stand, how much one carries, what weighs against a match."""

from collections.abc import Iterable, Mapping, Sequence

from siyu.growth.affinity.model import Confidence, State

# From where to where a person may go by hand. By rule the same ways are taken, and none other.
MOVES: Mapping[State, frozenset[State]] = {
    "candidate": frozenset({"invited", "exited"}),
    "invited": frozenset({"trained", "exited", "candidate"}),
    "trained": frozenset({"trial", "exited"}),
    "trial": frozenset({"active", "resting", "exited"}),
    "active": frozenset({"resting", "exited"}),
    "resting": frozenset({"active", "exited"}),
    "exited": frozenset({"candidate"}),
}
TRIAL_UNITS = 5  # pieces sold and kept, after which a trial is over
TRIAL_RETURNS_MAX = 200  # permille of returns with which a trial is passed
RETURNS_MAX = 100  # permille of returns up to which a week counts as carried well
RESTING_DAYS = 30  # without a sale or a task
WINDOW_WEEKS = 4
TASKS_MAX = 5
TASK_COST, OVERLAP_COST, LOAD_COST, OFF_MAX = 120, 300, 150, 800  # permille of a score that is taken off


def may_move(before: State, after: State) -> bool:
    """Whether a person may go from one state to another."""
    return after in MOVES[before]


def permille(part: int, whole: int) -> int:
    """A share in permille, rounded down; 0 of nothing."""
    return part * 1000 // whole if whole else 0


def weekly_orders(weeks: Sequence[tuple[int, int, int]]) -> int:
    """Orders a week that were carried for four weeks without more returns than one piece in ten.

    `weeks`: (orders, pieces, pieces that came back) of every week in order, weeks without sales too. Somebody who
    never had four good weeks is believed the mean of the weeks in which they sold.
    """
    best = 0
    for first in range(len(weeks) - WINDOW_WEEKS + 1):
        window = weeks[first : first + WINDOW_WEEKS]
        units, back = sum(week[1] for week in window), sum(week[2] for week in window)
        if permille(back, units) <= RETURNS_MAX:
            best = max(best, sum(week[0] for week in window) // WINDOW_WEEKS)
    sold = [week[0] for week in weeks if week[0]]
    return best or (max(1, sum(sold) // len(sold)) if sold else 0)


def tasks_carried(state: State | None, weekly: int) -> int:
    """How many open tasks somebody takes at once: one on trial, then one more for every five orders a week."""
    if state in {None, "trained", "trial"}:
        return 1
    return min(TASKS_MAX, 2 + weekly // 5) if state == "active" else 0


def confidence_of(orders: int, audience: int, units: int) -> Confidence:
    """How much stands behind a score: own orders, people in the audience and pieces sold together."""
    evidence = orders + audience + units
    return "high" if evidence >= 30 else "medium" if evidence >= 8 else "low"


def taken_off(raw: int, tasks: int, overlap: int, recent: int, weekly: int) -> int:
    """What is left of a score: each open task, an audience already spoken to (`overlap`, permille) and a week beyond
    what is carried weigh against it. Nobody falls out of the list for it.
    """
    over = min(1000, permille(max(0, recent - weekly), weekly)) if weekly else 0
    off = tasks * TASK_COST + overlap * OVERLAP_COST // 1000 + over * LOAD_COST // 1000
    return raw * (1000 - min(OFF_MAX, off)) // 1000


def trial_passed(units: int, back: int) -> bool:
    """Whether a trial is over: enough was sold and kept."""
    return units - back >= TRIAL_UNITS and permille(back, units) <= TRIAL_RETURNS_MAX


def candidate_score(again: int, products: int, friends: int, back: int, units: int) -> int:
    """How much somebody loves and shares, in permille: repurchases, breadth, friends who joined or helped, less returns.

    Made of counts only: what somebody spent makes nobody a candidate.
    """
    love = min(400, again * 80) + min(150, products * 30)
    share = min(450, friends * 90)
    return (love + share) * (1000 - min(1000, 2 * permille(back, units))) // 1000


def overlap(mine: Iterable[object], others: Iterable[object]) -> int:
    """The share of my audience that the others reach too, in permille."""
    own = set(mine)
    return permille(len(own & set(others)), len(own))
