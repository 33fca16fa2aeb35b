"""Money 账: the double-entry ledger."""
