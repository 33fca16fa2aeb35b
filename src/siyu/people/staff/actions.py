"""Adding staff, switching them off, giving them a new password."""

import asyncio
from uuid import UUID

from argon2 import PasswordHasher

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import ROLES
from siyu.people.staff.model import LoginTaken, OwnAccount
from siyu.runtime import sessions
from siyu.runtime.db import UnitOfWork

PASSWORD_LENGTH_MIN = 8
LOGIN_LENGTH_MAX = 40

hasher = PasswordHasher()


async def add(
    uow: UnitOfWork, *, login: str, name: str, role: str, password: str, store_id: UUID | None = None
) -> UUID:
    """Add a member of staff, or return the one with this login. Raises Invalid."""
    await _insert(uow, login=login, name=name, role=role, password=password, store_id=store_id)
    return await uow.one(
        UUID, "select id from staff where merchant_id = %(merchant_id)s and login = %(login)s", login=login
    )


async def hire(
    uow: UnitOfWork, *, login: str, name: str, role: str, password: str, store_id: UUID | None = None
) -> None:
    """Add a member of staff who is new. Raises Invalid and LoginTaken."""
    if not 1 <= len(login.strip()) <= LOGIN_LENGTH_MAX or " " in login.strip():
        raise Invalid(
            field="login",
            zh="账号需为 1 到 40 个字符，不含空格。",
            en="A login has 1 to 40 characters and no spaces.",
        )
    if not 1 <= len(name.strip()) <= LOGIN_LENGTH_MAX:
        raise Invalid(field="name", zh="姓名需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    is_new = await _insert(
        uow, login=login.strip(), name=name.strip(), role=role, password=password, store_id=store_id
    )
    if not is_new:
        raise LoginTaken(field="login", login=login.strip())


async def _insert(
    uow: UnitOfWork, *, login: str, name: str, role: str, password: str, store_id: UUID | None
) -> bool:
    if role not in ROLES or role == "shopper":
        raise Invalid(field="role", zh="没有这个角色。", en="There is no such role.")
    if len(password) < PASSWORD_LENGTH_MIN:
        raise Invalid(field="password", zh="密码至少 8 位。", en="A password has at least 8 characters.")
    written = await uow.run(
        """
        insert into staff (merchant_id, id, login, name, password_hash, role, store_id, created_at)
        values (%(merchant_id)s, %(id)s, %(login)s, %(name)s, %(hash)s, %(role)s, %(store)s, %(now)s)
        on conflict (merchant_id, login) do nothing
        """,
        id=ids.new(),
        login=login,
        name=name,
        hash=await asyncio.to_thread(hasher.hash, password),
        role=role,
        store=store_id,
    )
    return written == 1


async def set_active(uow: UnitOfWork, staff_id: UUID, *, is_active: bool) -> None:
    """Let somebody in again, or end all their sessions and let them in no more. Raises NotFound and OwnAccount."""
    if staff_id == uow.actor.id and not is_active:
        raise OwnAccount
    touched = await uow.run(
        "update staff set is_active = %(is_active)s where merchant_id = %(merchant_id)s and id = %(id)s",
        is_active=is_active,
        id=staff_id,
    )
    if not touched:
        raise NotFound(what="员工 / member of staff")
    if not is_active:
        await sessions.sign_out_everywhere(uow, staff_id)


async def set_password(uow: UnitOfWork, staff_id: UUID, password: str) -> None:
    """Give somebody a new password; all their sessions end. Raises NotFound and Invalid."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise Invalid(field="password", zh="密码至少 8 位。", en="A password has at least 8 characters.")
    touched = await uow.run(
        "update staff set password_hash = %(hash)s where merchant_id = %(merchant_id)s and id = %(id)s",
        hash=await asyncio.to_thread(hasher.hash, password),
        id=staff_id,
    )
    if not touched:
        raise NotFound(what="员工 / member of staff")
    await sessions.sign_out_everywhere(uow, staff_id)
