"""Identifiers: UUIDv7 made by the application, so rows sort by birth on every PostgreSQL."""

import secrets
from datetime import datetime
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

# Crockford's alphabet without I, L, O, U: read aloud at a counter without mistakes.
SAFE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

HOUSE = UUID("5159553a-0000-7000-8000-000000000000")  # namespace of derived ids; never change it


def new() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return uuid7()


def at(moment: datetime) -> UUID:
    """A UUIDv7 born at `moment`, for history that is written after the fact."""
    return uuid7(nanoseconds=round(moment.timestamp() * 1_000_000) * 1_000)


def derived(purpose: str, *subjects: object) -> UUID:
    """Always the same id for the same purpose and subjects: doing a thing twice finds its first trace."""
    return uuid5(HOUSE, "|".join([purpose, *map(str, subjects)]))


def code(length: int) -> str:
    """A random code of `length` characters from the safe alphabet; 5 bits of chance each."""
    return "".join(secrets.choice(SAFE_ALPHABET) for _ in range(length))
