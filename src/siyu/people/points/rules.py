"""Pure decisions about points: what an order earns, which points go first, what a refund takes back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.kernel import money
from siyu.people.points.model import Account, Batch, Move, NotEnough, Rule, Spending, Taken, Written

# Points that come back after their day may still be used for a week: the buyer did not choose the moment.
GRACE = timedelta(days=7)


def earned(amounts: Sequence[int], rule: Rule, currency: str) -> list[int]:
    """Points of each line of an order: those of the whole sum, rounded down once, shared by what the lines cost."""
    if not amounts:
        return []
    whole = sum(amounts) * rule.per_yuan // 10 ** money.digits(currency)
    return money.split(whole, amounts)


def expiry(at: datetime, rule: Rule, timezone: str) -> datetime | None:
    """When points that come at `at` end: midnight after the last day of the rule's year at the merchant's."""
    if rule.keep_years is None:
        return None
    zone = ZoneInfo(timezone)
    return datetime(at.astimezone(zone).year + rule.keep_years + 1, 1, 1, tzinfo=zone)


def taken_back(points: int, units: int, first: int, quantity: int, reversed_before: int) -> int:
    """Points of `quantity` of `units` refunded after `first` were; all units together take back all of them.

    Where money went back without units before, the units that are left share what is left.
    """
    if reversed_before == money.share_of_units(points, units, 0, first):
        return money.share_of_units(points, units, first, quantity)
    return money.share_of_units(points - reversed_before, units - first, 0, quantity)


def taken_back_for(points: int, reversed_before: int, basis: int, money_back: int) -> int:
    """Points on money that went back without units: the same share of them, never more than is left."""
    if basis == 0:
        return 0
    part, _ = money.split(points, [min(money_back, basis), max(basis - money_back, 0)])
    return min(part, points - reversed_before)


class Known(msgspec.Struct, frozen=True):
    """All that moving needs to know of the customers concerned, whose accounts are locked."""

    accounts: Mapping[UUID, Account]
    batches: Sequence[Batch]
    spendings: Mapping[UUID, Spending] = {}
    written: frozenset[UUID] = frozenset()


class Moved(msgspec.Struct, frozen=True):
    """What moving comes to: an answer to each wish (None: it had happened before), and what is to be written."""

    answers: list[Written | NotEnough | None]
    movements: list[Written]
    accounts: list[Account]
    new_batches: list[Batch]
    emptied: list[Batch]


class _Books:
    """The accounts while wishes are answered one after the other."""

    def __init__(self, known: Known, now: datetime) -> None:
        self.now = now
        self.accounts = dict(known.accounts)
        self.batches = {batch.id: batch for batch in known.batches}
        self.before = dict(self.batches)
        self.spendings = dict(known.spendings)
        self.written = set(known.written)
        self.movements: list[Written] = []

    def of(self, customer_id: UUID) -> list[Batch]:
        """Batches with something left, those that end first before the others."""
        mine = [b for b in self.batches.values() if b.customer_id == customer_id and b.remaining]
        return sorted(mine, key=_ends_first)

    def take(self, customer_id: UUID, points: int, first: UUID | None) -> tuple[Taken, ...]:
        """Take up to `points` out of the batches."""
        parts: list[Taken] = []
        in_order = sorted(self.of(customer_id), key=lambda batch: batch.id != first)
        for batch in in_order:
            part = min(points, batch.remaining)
            if part == 0:
                break
            self.batches[batch.id] = msgspec.structs.replace(batch, remaining=batch.remaining - part)
            parts.append(Taken(batch.id, part))
            points -= part
        return tuple(parts)

    def note(self, move: Move, parts: tuple[Taken, ...], *, balance: int, debt: int) -> Written:
        """Write a movement down with what the account comes to."""
        no = self.accounts.get(move.customer_id, Account(move.customer_id)).moves + 1
        self.accounts[move.customer_id] = Account(move.customer_id, balance, debt, no)
        done = Written(
            move.id, move.customer_id, no, move.reason, move.subject_id, move.part, move.points, parts, move.of_id,
            balance, debt, move.note,
        )  # fmt: skip
        self.movements.append(done)
        self.written.add(done.id)
        return done


def moved(moves: Sequence[Move], known: Known, now: datetime) -> Moved:
    """Answer the wishes in their order. Points whose day has come end first, so that nobody spends them."""
    books = _Books(known, now)
    for customer_id in dict.fromkeys(move.customer_id for move in moves):
        _end(books, [batch for batch in books.of(customer_id) if _is_over(batch, now)])
    answers: list[Written | NotEnough | None] = []
    for move in moves:
        if move.id in books.written:
            answers.append(None)
        elif move.of_id is not None:
            answers.append(_return(books, move))
        elif move.points > 0:
            answers.append(_credit(books, move))
        else:
            answers.append(_debit(books, move))
    fresh = [batch for batch in books.batches.values() if batch.id not in books.before]
    emptied = [
        batch for id_, batch in books.batches.items() if id_ in books.before and batch != books.before[id_]
    ]
    touched = {move.customer_id for move in books.movements}
    return Moved(answers, books.movements, [books.accounts[one] for one in touched], fresh, emptied)


def ended(batches: Sequence[Batch], known: Known, now: datetime) -> Moved:
    """End these batches if they are still not empty."""
    books = _Books(known, now)
    _end(books, [b for batch in batches if (b := books.batches.get(batch.id)) is not None and b.remaining])
    emptied = [batch for id_, batch in books.batches.items() if batch != books.before[id_]]
    touched = {move.customer_id for move in books.movements}
    return Moved([], books.movements, [books.accounts[one] for one in touched], [], emptied)


def _is_over(batch: Batch, now: datetime) -> bool:
    return batch.expires_at is not None and batch.expires_at <= now


def _ends_first(batch: Batch) -> tuple[bool, datetime | None, UUID]:
    if batch.expires_at is None:
        return True, None, batch.id
    return False, batch.expires_at, batch.id


def _end(books: _Books, batches: Iterable[Batch]) -> None:
    for batch in batches:
        account = books.accounts[batch.customer_id]
        books.batches[batch.id] = msgspec.structs.replace(batch, remaining=0)
        move = Move(batch.customer_id, "expired", batch.id, -batch.remaining)
        parts = (Taken(batch.id, batch.remaining),)
        books.note(move, parts, balance=account.balance - batch.remaining, debt=account.debt)


def _credit(books: _Books, move: Move) -> Written:
    """What is owed is paid first; the rest is a batch."""
    account = books.accounts.get(move.customer_id, Account(move.customer_id))
    paid = min(account.debt, move.points)
    books.batches[move.id] = Batch(
        move.id, move.customer_id, move.points, move.points - paid, move.expires_at
    )
    return books.note(move, (), balance=account.balance + move.points - paid, debt=account.debt - paid)


def _debit(books: _Books, move: Move) -> Written | NotEnough:
    """Only what may be owed goes below what is there."""
    account = books.accounts.get(move.customer_id, Account(move.customer_id))
    wanted = -move.points
    assert wanted > 0, "a movement always moves something"
    if not move.owes and account.balance < wanted:
        return NotEnough(missing=wanted - account.balance + account.debt)
    parts = books.take(move.customer_id, wanted, move.first)
    taken = sum(part.points for part in parts)
    done = books.note(move, parts, balance=account.balance - taken, debt=account.debt + wanted - taken)
    if move.reason == "spent":
        books.spendings[done.id] = Spending(done.id, move.customer_id, wanted, parts, 0)
    return done


def _return(books: _Books, move: Move) -> Written | None:
    """Give points back to the batches they came from, the last taken first; those whose day has passed get a grace."""
    assert move.of_id is not None, "what comes back was spent"
    spending = books.spendings.get(move.of_id)
    points = min(move.points, spending.points - spending.returned) if spending is not None else 0
    if spending is None or points <= 0:
        return None
    books.spendings[spending.id] = msgspec.structs.replace(spending, returned=spending.returned + points)
    account = books.accounts[move.customer_id]
    paid = min(account.debt, points)
    late = points - paid
    for part in _last_first(spending, points - paid):
        batch = books.batches.get(part.batch_id)
        if batch is not None and not _is_over(batch, books.now):
            late -= part.points
            books.batches[batch.id] = msgspec.structs.replace(batch, remaining=batch.remaining + part.points)
    if late:
        books.batches[move.id] = Batch(move.id, move.customer_id, late, late, books.now + GRACE)
    done = msgspec.structs.replace(move, points=points)
    return books.note(done, (), balance=account.balance + points - paid, debt=account.debt - paid)


def _last_first(spending: Spending, points: int) -> list[Taken]:
    """The `points` of a spending that come back after `returned` came back before."""
    skip = spending.returned
    parts: list[Taken] = []
    for part in reversed(spending.parts):
        passed = min(skip, part.points)
        skip -= passed
        here = min(points, part.points - passed)
        if here:
            parts.append(Taken(part.batch_id, here))
        points -= here
    return parts
