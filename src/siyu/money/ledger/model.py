"""Structs of the ledger. Amounts are minor units of the merchant's currency and always positive."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Transfer(msgspec.Struct, frozen=True):
    """Move `amount` from the credit account's side to the debit account's side, once per `id`.

    `reason` says why (payment, refund, commission …), `subject_id` points at the order or refund it is about.
    """

    id: UUID
    debit: UUID
    credit: UUID
    amount: int
    reason: str
    subject_id: UUID
    note: str = ""


class HoldMove(msgspec.Struct, frozen=True):
    """Post or void `amount` of an earlier hold, once per `id`."""

    id: UUID
    hold_id: UUID
    amount: int
    reason: str
    subject_id: UUID
    note: str = ""


class Account(msgspec.Struct, frozen=True):
    """`balance` is on the account's own side; pending is what open holds would add to it."""

    id: UUID
    code: str
    side: str
    currency: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def balance(self) -> int:
        """Posted balance in minor units, on the account's own side."""
        difference = self.debits_posted - self.credits_posted
        return difference if self.side == "debit" else -difference

    @property
    def pending(self) -> int:
        """What the open holds would add to the balance, in minor units."""
        difference = self.debits_pending - self.credits_pending
        return difference if self.side == "debit" else -difference


class Entry(msgspec.Struct, frozen=True):
    """One transfer as a person reads it."""

    id: UUID
    kind: str
    debit_code: str
    credit_code: str
    amount: int
    reason: str
    subject_id: UUID
    note: str
    at: datetime


class Running(msgspec.Struct, frozen=True):
    """A transfer as the page of one account shows it: `change` is signed on the account's own side and 0 while it only
    waits; `balance` is what the account held after it, both minor units.
    """

    entry: Entry
    change: int
    balance: int


class Stand(msgspec.Struct, frozen=True):
    """An account as it stood at an instant, from the transfers up to then."""

    code: str
    side: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def balance(self) -> int:
        """Posted balance in minor units, on the account's own side."""
        difference = self.debits_posted - self.credits_posted
        return difference if self.side == "debit" else -difference

    @property
    def pending(self) -> int:
        """What the holds open then would have added, in minor units."""
        difference = self.debits_pending - self.credits_pending
        return difference if self.side == "debit" else -difference


class Sums(msgspec.Struct, frozen=True):
    """The running sums of all accounts, in minor units: read without touching a transfer."""

    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def is_even(self) -> bool:
        return self.debits_posted == self.credits_posted and self.debits_pending == self.credits_pending


class OpenHold(msgspec.Struct, frozen=True):
    """A promise that is not wholly resolved; `left` of it still waits, in minor units."""

    id: UUID
    debit_code: str
    credit_code: str
    amount: int
    left: int
    reason: str
    subject_id: UUID
    at: datetime


class Difference(msgspec.Struct, frozen=True):
    """An account whose running sums are not what its transfers say; sums are (debits, credits; pending both)."""

    code: str
    said: tuple[int, int, int, int]
    found: tuple[int, int, int, int]


class Proof(msgspec.Struct, frozen=True):
    """What the proof of a day found. Amounts are minor units."""

    day: date
    debits: int
    credits: int
    pending: int
    transfers: int
    is_sound: bool
    differences: list[Difference]
    proved_at: datetime


class TrialBalance(msgspec.Struct, frozen=True):
    """Sums over all accounts. In a sound ledger every debit has its credit, and balances equal transfers."""

    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int
    transfers_posted: int
    transfers_pending: int
    accounts_wrong: int

    @property
    def is_sound(self) -> bool:
        return (
            self.debits_posted == self.credits_posted == self.transfers_posted
            and self.debits_pending == self.credits_pending == self.transfers_pending
            and self.accounts_wrong == 0
        )


class Unbalanced(Exception):
    """A hold was asked to resolve more than it holds. The whole unit of work is rolled back."""


class NotEnough(DomainError):
    """An account that may never be negative holds less than was to be taken. Nothing was moved; `left` is minor units."""

    code = "ledger.not_enough"
    status = 409
    zh = "余额不足，未做任何改动。"
    en = "There is not enough in the account; nothing was changed."
