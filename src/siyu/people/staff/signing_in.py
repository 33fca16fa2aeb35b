"""Signing in with a password: counted, slow on purpose, and silent about what was wrong."""

import asyncio
from uuid import UUID

import msgspec
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from siyu.people.staff.actions import hasher
from siyu.people.staff.model import WrongPassword
from siyu.people.staff.rights import held_by, rights_of
from siyu.runtime import limits, sessions
from siyu.runtime.db import Database, Merchant

TRIES_MAX = 10  # per login and quarter of an hour: a person never needs more, a guesser does
TRIES_SECONDS = 900

# Verified against when the login is unknown, so that the answer takes as long and tells nothing.
_NOBODY = hasher.hash("nobody")


class _Secret(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    password_hash: str


async def sign_in(
    database: Database, merchant: Merchant, login: str, password: str, *, days: int
) -> sessions.Session:
    """Open a session. Raises WrongPassword, and TooManyRequests after too many tries."""
    await limits.take(database, merchant, "staff.sign_in", login[:80], most=TRIES_MAX, seconds=TRIES_SECONDS)
    async with database.begin(merchant) as uow:
        found = await uow.maybe(
            _Secret,
            """
            select id, name, password_hash from staff
            where merchant_id = %(merchant_id)s and login = %(login)s and is_active
            """,
            login=login,
        )
    is_right = await asyncio.to_thread(_verify, found.password_hash if found else _NOBODY, password)
    if not is_right or found is None:
        raise WrongPassword(field="password")
    async with database.begin(merchant) as uow:
        # Locked, so that a change of rights at this moment either is seen here or ends this session.
        is_active = await uow.maybe(
            bool,
            "select is_active from staff where merchant_id = %(merchant_id)s and id = %(id)s for share",
            id=found.id,
        )
        await uow.run(
            """
            select 1 from roles
            where merchant_id = %(merchant_id)s
              and id = (select role_id from staff where merchant_id = %(merchant_id)s and id = %(id)s) for share
            """,
            id=found.id,
        )
        if not is_active:
            raise WrongPassword(field="password")
        rights = rights_of((await held_by(uow, [found.id]))[found.id])
        return await sessions.sign_in(
            uow,
            kind="staff",
            subject_id=found.id,
            name=found.name,
            permissions=rights.permissions,
            days=days,
            store_id=rights.store_id,
            scope=rights.scope,
            team_id=rights.team_id,
        )


def _verify(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
