"""The persons who use the sandbox's phone."""

import base64
import hashlib
import secrets
from pathlib import Path

from siyu.connect.sandbox.store import Person, Store
from siyu.kernel import clock

ID_LENGTH = 28  # openids and unionids are `o` and 27 more characters


def add_person(
    folder: Path, *, openid: str = "", unionid: str = "", nickname: str, phone: str = ""
) -> Person:
    """Put a person with fixed or fresh ids on the phone kept in `folder`; the same openid again renames them.

    The sandbox may be running: both write the same file.
    """
    store = Store(folder)
    try:
        return save(store, openid=openid, unionid=unionid, nickname=nickname, phone=phone)
    finally:
        store.close()


def save(
    store: Store, *, openid: str = "", unionid: str = "", nickname: str, phone: str = "", seed: str = ""
) -> Person:
    """Add or rename a person. With a `seed` the ids are always the same, so that drives can be repeated."""
    person = Person(
        openid=openid or _identifier("openid", seed),
        unionid=unionid or _identifier("unionid", seed or openid),
        nickname=nickname,
        phone=phone,
        created_at=clock.now().timestamp(),
    )
    store.change(
        "INSERT INTO persons (openid, unionid, nickname, phone, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (openid) DO UPDATE SET unionid = excluded.unionid, nickname = excluded.nickname,"
        " phone = excluded.phone",
        person.openid,
        person.unionid,
        person.nickname,
        person.phone,
        person.created_at,
    )
    return person


def find(store: Store, name: str) -> Person | None:
    """A person by openid or, failing that, by nickname."""
    return store.row(Person, "WHERE openid = ?", name) or store.row(
        Person, "WHERE nickname = ? ORDER BY created_at", name
    )


def everyone(store: Store) -> list[Person]:
    """The persons on the phone, the oldest first; a screen has room for so many."""
    return store.rows(Person, "ORDER BY created_at, openid LIMIT 100")


def _identifier(kind: str, seed: str) -> str:
    raw = hashlib.sha256(f"{kind}:{seed}".encode()).digest() if seed else secrets.token_bytes(32)
    return "o" + base64.urlsafe_b64encode(raw).decode()[: ID_LENGTH - 1]
