"""What a member of staff may do and see, and what one member may do to another's rights."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import ROLES, STAFF, Permission
from siyu.people.staff.model import Assignment, BeyondOwnRights
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork

BUILT_IN = ("owner", "operator", "finance", "guide", "supplier")


class Rights(msgspec.Struct, frozen=True):
    """As a session carries them; of `scope` see `Actor`."""

    permissions: frozenset[Permission]
    scope: frozenset[UUID] | None
    store_id: UUID | None
    team_id: UUID | None


class Held(msgspec.Struct, frozen=True):
    """What the rights of one person follow from."""

    role: str
    store_id: UUID | None
    team_id: UUID | None
    role_permissions: list[str] | None
    role_scope: str | None
    store_ids: list[UUID]
    team_store_ids: list[UUID]


def granted(permissions: Iterable[str]) -> frozenset[Permission]:
    """The permissions of a role that the merchant made; what is no longer known or may not be granted is left out."""
    return frozenset(p for p in STAFF if p in set(permissions)) | {Permission.STAFF_SELF}


def rights_of(held: Held) -> Rights:
    """The owner sees everything. In the other built-in roles, chosen stores are a limit; none chosen is none set.

    A supplier's people see their own location and never more: none chosen is nothing seen.
    """
    own = frozenset(held.store_ids)
    if held.role == "owner":
        scope = None
    elif held.role == "supplier":
        scope = own
    elif held.role != "custom":
        scope = own or None
    else:
        scope = {"stores": own, "team": frozenset(held.team_store_ids)}.get(held.role_scope or "")
    permissions = ROLES[held.role] if held.role != "custom" else granted(held.role_permissions or ())
    store_id = held.store_id
    if scope is not None and store_id not in scope:
        store_id = min(scope, default=None)
    return Rights(permissions, scope, store_id, held.team_id)


async def held_by(uow: UnitOfWork, staff_ids: Sequence[UUID]) -> dict[UUID, Held]:
    """What these people have; unknown ones are left out."""

    class Row(Held, frozen=True, kw_only=True):
        id: UUID

    rows = await uow.all(
        Row,
        """
        select s.id, s.role, s.store_id, s.team_id, r.permissions as role_permissions, r.scope as role_scope,
               array(select l.location_id from staff_stores l
                     where l.merchant_id = s.merchant_id and l.staff_id = s.id) as store_ids,
               array(select distinct l.location_id
                     from staff t join staff_stores l on l.merchant_id = t.merchant_id and l.staff_id = t.id
                     where t.merchant_id = s.merchant_id and t.team_id = s.team_id and t.is_active) as team_store_ids
        from staff s left join roles r on r.merchant_id = s.merchant_id and r.id = s.role_id
        where s.merchant_id = %(merchant_id)s and s.id = any(%(ids)s)
        """,
        ids=list(staff_ids),
    )
    return {row.id: row for row in rows}


def require_within(actor: Actor, permissions: Iterable[Permission]) -> None:
    """Raises BeyondOwnRights when the actor lacks one of these."""
    lacking = sorted(set(permissions) - actor.permissions - {Permission.STAFF_SELF})
    if lacking:
        raise BeyondOwnRights(what=", ".join(lacking))


async def require_over(uow: UnitOfWork, staff_id: UUID) -> Held:
    """The actor may change this person: they have every right that the person has. Raises NotFound too."""
    held = (await held_by(uow, [staff_id])).get(staff_id)
    if held is None:
        raise NotFound(what="员工 / member of staff")
    rights = rights_of(held)
    require_within(uow.actor, rights.permissions)
    require_scope(uow.actor, rights.scope)
    return held


def require_scope(actor: Actor, scope: frozenset[UUID] | None) -> None:
    """Raises BeyondOwnRights when the scope reaches beyond the actor's own."""
    if actor.scope is not None and (scope is None or not scope <= actor.scope):
        raise BeyondOwnRights(what="数据范围 / data scope")


class _Role(msgspec.Struct, frozen=True):
    permissions: list[str]
    scope: str


async def checked(uow: UnitOfWork, wanted: Assignment) -> tuple[str, UUID | None]:
    """The role of an assignment as (role, role_id) for the table, after asking whether the actor may give it.

    Raises Invalid and BeyondOwnRights.
    """
    if wanted.role in BUILT_IN:
        require_within(uow.actor, ROLES[wanted.role])
        if wanted.role == "supplier" and len(wanted.store_ids) != 1:
            raise Invalid(
                field="stores",
                zh="供应商账号要选择且只能选择一个供应商地点。",
                en="An account of a supplier has exactly one location, the supplier's.",
            )
        require_scope(uow.actor, frozenset(wanted.store_ids) or None)
        return wanted.role, None
    role_id, role = await _role(uow, wanted.role)
    require_within(uow.actor, granted(role.permissions))
    if role.scope == "stores" and not wanted.store_ids:
        raise Invalid(
            field="stores",
            zh="这个角色只看自己的门店，请至少选择一家。",
            en="This role sees its own stores only; choose at least one.",
        )
    if role.scope == "team" and wanted.team_id is None:
        raise Invalid(
            field="team",
            zh="这个角色只看自己的团队，请选择团队。",
            en="This role sees its own team only; choose one.",
        )
    require_scope(uow.actor, frozenset(wanted.store_ids) if role.scope == "stores" else None)
    return "custom", role_id


async def _role(uow: UnitOfWork, text: str) -> tuple[UUID, _Role]:
    try:
        role_id = UUID(text)
    except ValueError:
        raise _no_such_role() from None
    found = await uow.maybe(
        _Role,
        "select permissions, scope from roles where merchant_id = %(merchant_id)s and id = %(id)s for share",
        id=role_id,
    )
    if found is None:
        raise _no_such_role()
    return role_id, found


def _no_such_role() -> Invalid:
    return Invalid(field="role", zh="没有这个角色。", en="There is no such role.")
