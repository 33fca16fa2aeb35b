"""The draw itself: a pure function of the seed and the serial, so that anybody can do it again.

HMAC-SHA256 with the seed as key and `<draw id>:<serial>:<round>` as message is a number of 256 bits. Numbers of the
last, incomplete million are thrown away and the next round is taken, so that each of the 1,000,000 places is exactly
as likely as any other. Places are given to the prizes in their order; those that are left win nothing.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from siyu.growth.draws.model import PLACES, Outcome, Prize, Rules

WHOLE = (1 << 256) - (1 << 256) % PLACES  # the numbers below it are divided among the places evenly


def seed_hash(seed: bytes) -> str:
    """What is published of the seed before the start."""
    return hashlib.sha256(seed).hexdigest()


def text_hash(text: str) -> str:
    """What tells whether published words are the same."""
    return hashlib.sha256(text.encode()).hexdigest()


def place(seed: bytes, draw_id: UUID, serial: int) -> int:
    """The place of a serial, from 0 to 999,999."""
    number = WHOLE
    attempt = 0
    while number >= WHOLE:
        digest = hmac.digest(seed, f"{draw_id}:{serial}:{attempt}".encode(), "sha256")
        number = int.from_bytes(digest)
        attempt += 1
    return number % PLACES


def hit(prizes: Sequence[Prize], rolled: int) -> Prize | None:
    """The prize that a place belongs to."""
    until = 0
    for prize in prizes:
        until += prize.odds
        if rolled < until:
            return prize
    return None


def given(prizes: Sequence[Prize], wanted: Prize | None, left: Mapping[int, int]) -> Prize | None:
    """The prize that is given: the one hit, or the one the rules name instead when all of it are given."""
    by_no = {prize.no: prize for prize in prizes}
    while wanted is not None and left[wanted.no] <= 0:
        wanted = by_no[wanted.instead] if wanted.instead is not None else None
    return wanted


def draw(seed: bytes, draw_id: UUID, serial: int, rules: Rules, given_before: Mapping[int, int]) -> Outcome:
    """What a serial comes to when so many of each prize were given before it."""
    rolled = place(seed, draw_id, serial)
    wanted = hit(rules.prizes, rolled)
    left = {prize.no: prize.number - given_before.get(prize.no, 0) for prize in rules.prizes}
    prize = given(rules.prizes, wanted, left)
    return Outcome(serial, rolled, wanted.no if wanted else None, prize.no if prize else None)


def replay(seed: bytes, draw_id: UUID, versions: Iterable[tuple[int, Rules]], count: int) -> list[Outcome]:
    """The whole draw once more: `versions` are (first serial, rules) in their order."""
    ordered = sorted(versions, key=lambda one: one[0])
    counts: dict[int, int] = {}
    done: list[Outcome] = []
    for serial in range(1, count + 1):
        rules = [rules for first, rules in ordered if first <= serial][-1]
        outcome = draw(seed, draw_id, serial, rules, counts)
        if outcome.prize_no is not None:
            counts[outcome.prize_no] = counts.get(outcome.prize_no, 0) + 1
        done.append(outcome)
    return done


def verify(
    seed: bytes, told_hash: str, draw_id: UUID, versions: Iterable[tuple[int, Rules]], log: Sequence[Outcome]
) -> list[int]:
    """The serials of the log that are not what the seed makes of them; all of them when the seed is another one."""
    if seed_hash(seed) != told_hash:
        return [outcome.serial for outcome in log]
    again = {outcome.serial: outcome for outcome in replay(seed, draw_id, versions, len(log))}
    return [outcome.serial for outcome in log if again.get(outcome.serial) != outcome]
