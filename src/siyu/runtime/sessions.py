"""Sign-ins and API keys. Tokens are random; the database keeps only their SHA-256.

A token is looked up together with all others that arrive at the same moment, and remembered for a few seconds:
signing out works at once in this process and within REMEMBERED_SECONDS in the others.
"""

import hashlib
import secrets
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import VISITOR, Actor
from siyu.runtime.batch import Batcher
from siyu.runtime.db import Database, Merchant, UnitOfWork

REMEMBERED_SECONDS = 5.0
REMEMBERED_MAX = 20_000
KEY_PREFIX = "sk_"


class Session(msgspec.Struct, frozen=True):
    """A fresh sign-in. The token is shown once, as a cookie; it is never stored."""

    token: str
    expires_at: datetime


class NewKey(msgspec.Struct, frozen=True):
    """A fresh API key. `secret` is shown once."""

    id: UUID
    name: str
    secret: str


class KeyInfo(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    permissions: list[str]
    created_at: datetime
    revoked_at: datetime | None


class _Row(msgspec.Struct, frozen=True):
    token_hash: bytes
    kind: str
    subject_id: UUID
    name: str
    permissions: list[str]
    store_id: UUID | None
    scope: list[UUID] | None
    team_id: UUID | None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def sign_in(
    uow: UnitOfWork,
    *,
    kind: str,
    subject_id: UUID,
    name: str,
    permissions: frozenset[Permission],
    days: int,
    store_id: UUID | None = None,
    scope: frozenset[UUID] | None = None,
    team_id: UUID | None = None,
) -> Session:
    """Open a session of `days` days for a customer or a member of staff; of `scope` see `Actor`."""
    token = secrets.token_urlsafe(32)
    expires_at = uow.now + timedelta(days=days)
    await uow.run(
        """
        insert into sessions (merchant_id, token_hash, kind, subject_id, name, permissions, store_id, scope, team_id,
                              created_at, expires_at)
        values (%(merchant_id)s, %(hash)s, %(kind)s, %(subject)s, %(name)s, %(permissions)s, %(store)s, %(scope)s,
                %(team)s, %(now)s, %(expires)s)
        """,
        hash=_hash(token),
        kind=kind,
        subject=subject_id,
        name=name,
        permissions=sorted(permissions),
        store=store_id,
        scope=None if scope is None else sorted(scope),
        team=team_id,
        expires=expires_at,
    )
    return Session(token, expires_at)


async def sign_out(uow: UnitOfWork, token: str) -> None:
    """End one session. Unknown tokens are ignored."""
    await uow.run(
        """
        update sessions set revoked_at = %(now)s
        where merchant_id = %(merchant_id)s and token_hash = %(hash)s and revoked_at is null
        """,
        hash=_hash(token),
    )
    _remembered.pop((uow.merchant_id, _hash(token)), None)


async def sign_out_everywhere(uow: UnitOfWork, *subject_ids: UUID) -> None:
    """End every session of these people: after a password or role change, or when they ask for it."""
    hashes = await uow.all(
        bytes,
        """
        update sessions set revoked_at = %(now)s
        where merchant_id = %(merchant_id)s and subject_id = any(%(subjects)s) and revoked_at is null
        returning token_hash
        """,
        subjects=list(subject_ids),
    )
    for token_hash in hashes:
        _remembered.pop((uow.merchant_id, bytes(token_hash)), None)


async def make_key(uow: UnitOfWork, name: str, permissions: frozenset[Permission]) -> NewKey:
    """An API key for an integration of the merchant."""
    key_id, secret = ids.new(), KEY_PREFIX + secrets.token_urlsafe(32)
    await uow.run(
        """
        insert into api_keys (merchant_id, id, name, secret_hash, permissions, created_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(hash)s, %(permissions)s, %(now)s)
        """,
        id=key_id,
        name=name[:60],
        hash=_hash(secret),
        permissions=sorted(permissions),
    )
    return NewKey(key_id, name, secret)


async def keys(uow: UnitOfWork) -> list[KeyInfo]:
    """The merchant's API keys, newest first. Secrets are not among them."""
    return await uow.all(
        KeyInfo,
        """
        select id, name, permissions, created_at, revoked_at from api_keys
        where merchant_id = %(merchant_id)s order by id desc
        """,
    )


async def revoke_key(uow: UnitOfWork, key_id: UUID) -> bool:
    """An API key stops working (within REMEMBERED_SECONDS everywhere). False: no key of that id was working."""
    revoked = await uow.run(
        """
        update api_keys set revoked_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and revoked_at is null
        """,
        id=key_id,
    )
    _remembered.clear()
    return bool(revoked)


async def _look_up(uow: UnitOfWork, hashes: Sequence[bytes]) -> list[Actor]:
    rows = await uow.all(
        _Row,
        """
        select token_hash, kind, subject_id, name, permissions, store_id, scope, team_id from sessions
        where merchant_id = %(merchant_id)s and token_hash = any(%(hashes)s)
          and revoked_at is null and expires_at > %(now)s
        union all
        select secret_hash, 'key', id, name, permissions, null, null, null from api_keys
        where merchant_id = %(merchant_id)s and secret_hash = any(%(hashes)s) and revoked_at is null
        """,
        hashes=list(hashes),
    )
    actors = {
        bytes(row.token_hash): Actor(
            kind=row.kind,
            id=row.subject_id,
            permissions=frozenset(Permission(p) for p in row.permissions if p in _KNOWN),
            name=row.name,
            store_id=row.store_id,
            scope=None if row.scope is None else frozenset(row.scope),
            team_id=row.team_id,
        )
        for row in rows
    }
    return [actors.get(token_hash, VISITOR) for token_hash in hashes]


_KNOWN = frozenset(str(permission) for permission in Permission)
_lookups: Batcher[bytes, Actor] = Batcher(_look_up, size_max=256)
_remembered: dict[tuple[UUID, bytes], tuple[float, Actor]] = {}


async def actor_of(database: Database, merchant: Merchant, token: str) -> Actor:
    """Who holds this token at this merchant; a visitor when nobody does."""
    token_hash = _hash(token)
    key = (merchant.id, token_hash)
    known = _remembered.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    actor = await _lookups.ask(database, merchant, token_hash)
    if len(_remembered) >= REMEMBERED_MAX:
        _remembered.clear()
    if actor is not VISITOR:  # a stranger's token is not worth remembering
        _remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, actor)
    return actor
