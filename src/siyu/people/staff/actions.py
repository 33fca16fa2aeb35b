"""Adding staff, saying what they are, switching them off, giving them a new password. Each is written down."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import msgspec
from argon2 import PasswordHasher

from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.people.staff.model import Assignment, LastOwner, LoginTaken, OwnAccount
from siyu.people.staff.rights import checked, require_over
from siyu.runtime import audit, sessions
from siyu.runtime.db import UnitOfWork

PASSWORD_LENGTH_MIN = 8
LOGIN_LENGTH_MAX = 40

hasher = PasswordHasher()


async def add(
    uow: UnitOfWork, *, login: str, name: str, role: str, password: str, store_id: UUID | None = None
) -> UUID:
    """Add a member of staff, or return the one with this login. Raises Invalid."""
    wanted = Assignment(role, (store_id,) if store_id else ())
    staff_id = await _insert(uow, login=login, name=name, wanted=wanted, password=password)
    return staff_id or await uow.one(
        UUID, "select id from staff where merchant_id = %(merchant_id)s and login = %(login)s", login=login
    )


async def hire(uow: UnitOfWork, *, login: str, name: str, password: str, wanted: Assignment) -> UUID:
    """Add a member of staff who is new. Raises Invalid, LoginTaken and BeyondOwnRights."""
    if not 1 <= len(login.strip()) <= LOGIN_LENGTH_MAX or " " in login.strip():
        raise Invalid(
            field="login",
            zh="账号需为 1 到 40 个字符，不含空格。",
            en="A login has 1 to 40 characters and no spaces.",
        )
    staff_id = await _insert(uow, login=login.strip(), name=_name(name), wanted=wanted, password=password)
    if staff_id is None:
        raise LoginTaken(field="login", login=login.strip())
    await audit.note(
        uow,
        "staff.hire",
        subject_kind="staff",
        subject=staff_id,
        name=name.strip(),
        after={"login": login.strip(), **_told(wanted)},
    )
    return staff_id


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= LOGIN_LENGTH_MAX:
        raise Invalid(field="name", zh="姓名需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    return name.strip()


def _told(wanted: Assignment) -> dict[str, object]:
    return msgspec.to_builtins(wanted)


async def _insert(
    uow: UnitOfWork, *, login: str, name: str, wanted: Assignment, password: str
) -> UUID | None:
    """The id of the new member, None when the login is taken."""
    role, role_id = await checked(uow, wanted)
    staff_id = ids.new()
    written = await uow.run(
        """
        insert into staff (merchant_id, id, login, name, password_hash, role, role_id, team_id, store_id, created_at)
        values (%(merchant_id)s, %(id)s, %(login)s, %(name)s, %(hash)s, %(role)s, %(role_id)s, %(team)s, %(store)s,
                %(now)s)
        on conflict (merchant_id, login) do nothing
        """,
        id=staff_id,
        login=login,
        name=name,
        hash=await _hashed(password),
        role=role,
        role_id=role_id,
        team=wanted.team_id,
        store=next(iter(wanted.store_ids), None),
    )
    if not written:
        return None
    await _put_into_stores(uow, staff_id, wanted.store_ids)
    await end_sessions_of_teams(uow, [wanted.team_id])
    return staff_id


async def _hashed(password: str) -> str:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise Invalid(field="password", zh="密码至少 8 位。", en="A password has at least 8 characters.")
    return await asyncio.to_thread(hasher.hash, password)


async def _put_into_stores(uow: UnitOfWork, staff_id: UUID, store_ids: Iterable[UUID]) -> None:
    await uow.run(
        "delete from staff_stores where merchant_id = %(merchant_id)s and staff_id = %(staff)s",
        staff=staff_id,
    )
    await uow.run(
        """
        insert into staff_stores (merchant_id, staff_id, location_id)
        select %(merchant_id)s, %(staff)s, t from unnest(%(stores)s::uuid[]) t
        """,
        staff=staff_id,
        stores=sorted(set(store_ids)),
    )


async def end_sessions_of_teams(uow: UnitOfWork, team_ids: Iterable[UUID | None]) -> None:
    """Whoever sees by their team signs in again when the team's people or stores change."""
    found = await uow.all(
        UUID,
        """
        select s.id from staff s join roles r on r.merchant_id = s.merchant_id and r.id = s.role_id
        where s.merchant_id = %(merchant_id)s and s.team_id = any(%(teams)s) and r.scope = 'team'
        """,
        teams=[team for team in team_ids if team],
    )
    if found:
        await sessions.sign_out_everywhere(uow, *found)


class _Before(msgspec.Struct, frozen=True):
    name: str
    role: str
    role_id: UUID | None
    team_id: UUID | None
    is_active: bool
    store_ids: list[UUID]

    @property
    def wanted(self) -> Assignment:
        return Assignment(str(self.role_id or self.role), tuple(sorted(self.store_ids)), self.team_id)


async def _before(uow: UnitOfWork, staff_id: UUID) -> _Before:
    """The person as they are, kept from changing until the end of this unit of work, and so are the owners.

    Always locked in the same order, so that two owners who act on each other at once wait instead of blocking.
    """
    await uow.run(
        """
        select 1 from staff where merchant_id = %(merchant_id)s and (id = %(id)s or role = 'owner')
        order by id for update
        """,
        id=staff_id,
    )
    return await uow.one(
        _Before,
        """
        select name, role, role_id, team_id, is_active,
               array(select location_id from staff_stores
                     where merchant_id = %(merchant_id)s and staff_id = %(id)s) as store_ids
        from staff where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=staff_id,
    )


async def change(uow: UnitOfWork, staff_id: UUID, *, name: str, wanted: Assignment) -> None:
    """Say what somebody is called and is here. Their sessions end when their rights change.

    Raises NotFound, Invalid, BeyondOwnRights, LastOwner, and OwnAccount for one's own rights.
    """
    await require_over(uow, staff_id)
    before = await _before(uow, staff_id)
    wanted = msgspec.structs.replace(wanted, store_ids=tuple(sorted(set(wanted.store_ids))))
    is_same = wanted == before.wanted
    if not is_same and staff_id == uow.actor.id:
        raise OwnAccount
    role, role_id = await checked(uow, wanted)
    if before.role == "owner" and role != "owner":
        await _keep_an_owner(uow, staff_id)
    await uow.run(
        """
        update staff set name = %(name)s, role = %(role)s, role_id = %(role_id)s, team_id = %(team)s,
               store_id = %(store)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=staff_id,
        name=_name(name),
        role=role,
        role_id=role_id,
        team=wanted.team_id,
        store=next(iter(wanted.store_ids), None),
    )
    if not is_same:
        await _put_into_stores(uow, staff_id, wanted.store_ids)
        await sessions.sign_out_everywhere(uow, staff_id)
        await end_sessions_of_teams(uow, [before.team_id, wanted.team_id])
    await audit.note(
        uow,
        "staff.change",
        subject_kind="staff",
        subject=staff_id,
        name=name.strip(),
        before={"name": before.name, **_told(before.wanted)},
        after={"name": name.strip(), **_told(wanted)},
    )


async def _keep_an_owner(uow: UnitOfWork, leaving: UUID) -> None:
    """Raises LastOwner unless another active owner stays. `_before` has locked the owners."""
    owners = await uow.all(
        UUID, "select id from staff where merchant_id = %(merchant_id)s and role = 'owner' and is_active"
    )
    if not set(owners) - {leaving}:
        raise LastOwner


async def set_active(uow: UnitOfWork, staff_id: UUID, *, is_active: bool) -> None:
    """Let somebody in again, or end all their sessions and let them in no more.

    Raises NotFound, BeyondOwnRights, OwnAccount and LastOwner.
    """
    if staff_id == uow.actor.id and not is_active:
        raise OwnAccount
    await require_over(uow, staff_id)
    before = await _before(uow, staff_id)
    if before.is_active == is_active:
        return
    if before.role == "owner" and not is_active:
        await _keep_an_owner(uow, staff_id)
    await uow.run(
        "update staff set is_active = %(is_active)s where merchant_id = %(merchant_id)s and id = %(id)s",
        is_active=is_active,
        id=staff_id,
    )
    if not is_active:
        await sessions.sign_out_everywhere(uow, staff_id)
    await end_sessions_of_teams(uow, [before.team_id])
    await audit.note(
        uow,
        "staff.activate" if is_active else "staff.deactivate",
        subject_kind="staff",
        subject=staff_id,
        name=before.name,
        before={"is_active": before.is_active},
        after={"is_active": is_active},
    )


async def set_password(uow: UnitOfWork, staff_id: UUID, password: str) -> None:
    """Give somebody a new password; all their sessions end. Raises NotFound, Invalid and BeyondOwnRights."""
    await require_over(uow, staff_id)
    before = await _before(uow, staff_id)
    await uow.run(
        "update staff set password_hash = %(hash)s where merchant_id = %(merchant_id)s and id = %(id)s",
        hash=await _hashed(password),
        id=staff_id,
    )
    await sessions.sign_out_everywhere(uow, staff_id)
    await audit.note(uow, "staff.password", subject_kind="staff", subject=staff_id, name=before.name)
