"""The double-entry ledger: every movement of value is a transfer between two accounts. Owns tables accounts,
transfers, holds and ledger_proofs.

A transfer is written once and never changed; its id comes from the caller and is the idempotency key. A hold is
pending until it is posted or voided, in whole or in parts; it can never resolve more than was held.
"""

from siyu.money.ledger.actions import hold, open_accounts, post, transfer, void
from siyu.money.ledger.model import (
    Account,
    Difference,
    Entry,
    HoldMove,
    NotEnough,
    OpenHold,
    Proof,
    Running,
    Stand,
    Sums,
    Transfer,
    TrialBalance,
    Unbalanced,
)
from siyu.money.ledger.proving import SWEEPS, proofs, prove
from siyu.money.ledger.queries import account_entries, accounts, balance_of, entries_of, trial_balance
from siyu.money.ledger.reading import entries, open_holds, stands, sums, vouchers
from siyu.money.ledger.words import account_word, kind_word, reason_word

__all__ = [
    "SWEEPS",
    "Account",
    "Difference",
    "Entry",
    "HoldMove",
    "NotEnough",
    "OpenHold",
    "Proof",
    "Running",
    "Stand",
    "Sums",
    "Transfer",
    "TrialBalance",
    "Unbalanced",
    "account_entries",
    "account_word",
    "accounts",
    "balance_of",
    "entries",
    "entries_of",
    "hold",
    "kind_word",
    "open_accounts",
    "open_holds",
    "post",
    "proofs",
    "prove",
    "reason_word",
    "stands",
    "sums",
    "transfer",
    "trial_balance",
    "void",
    "vouchers",
]
