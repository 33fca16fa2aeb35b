"""Roles that the merchant makes, and teams. A change ends the sessions of whoever it concerns and is written down."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import STAFF, Permission
from siyu.people.staff.actions import end_sessions_of_teams
from siyu.people.staff.model import NameTaken, Role, RoleInUse, Team
from siyu.people.staff.rights import granted, require_scope, require_within
from siyu.runtime import audit, sessions
from siyu.runtime.db import UnitOfWork

NAME_LENGTH_MAX = 40
SCOPES = ("all", "stores", "team")


class NewRole(msgspec.Struct, frozen=True):
    name: str
    permissions: frozenset[Permission]
    scope: str


async def every(uow: UnitOfWork) -> list[Role]:
    """The merchant's own roles, by name."""
    return await uow.all(
        Role,
        """
        select r.id, r.name, r.permissions, r.scope,
               (select count(*) from staff s where s.merchant_id = r.merchant_id and s.role_id = r.id) as members
        from roles r where r.merchant_id = %(merchant_id)s order by r.name
        """,
    )


async def find(uow: UnitOfWork, role_id: UUID) -> Role:
    """Raises NotFound."""
    found = next((role for role in await every(uow) if role.id == role_id), None)
    if found is None:
        raise NotFound(what="角色 / role")
    return found


def _checked(uow: UnitOfWork, wanted: NewRole) -> NewRole:
    if not 1 <= len(wanted.name.strip()) <= NAME_LENGTH_MAX:
        raise Invalid(field="name", zh="名称需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    if not wanted.permissions or not wanted.permissions <= STAFF:
        raise Invalid(field="permission", zh="请至少选择一项权限。", en="Choose at least one permission.")
    if wanted.scope not in SCOPES:
        raise Invalid(field="scope", zh="请选择数据范围。", en="Choose what the role sees.")
    require_within(uow.actor, wanted.permissions)
    # How far stores or a team reach is asked when somebody is given the role.
    if wanted.scope == "all":
        require_scope(uow.actor, None)
    return msgspec.structs.replace(wanted, name=wanted.name.strip())


def _told(role: NewRole) -> dict[str, object]:
    return {"name": role.name, "permissions": sorted(role.permissions), "scope": role.scope}


async def add(uow: UnitOfWork, role_id: UUID, wanted: NewRole) -> None:
    """Make a role. A second time under the same id changes nothing. Raises Invalid, NameTaken, BeyondOwnRights."""
    wanted = _checked(uow, wanted)
    await _require_free(uow, "roles", wanted.name, role_id)
    written = await uow.run(
        """
        insert into roles (merchant_id, id, name, permissions, scope, created_at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(permissions)s, %(scope)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=role_id,
        name=wanted.name,
        permissions=sorted(wanted.permissions),
        scope=wanted.scope,
    )
    if written:
        await audit.note(
            uow, "roles.add", subject_kind="role", subject=role_id, name=wanted.name, after=_told(wanted)
        )


async def change(uow: UnitOfWork, role_id: UUID, wanted: NewRole) -> None:
    """Say anew what a role is; everybody who has it signs in again.

    Raises NotFound, Invalid, NameTaken and BeyondOwnRights (also for rights it had before).
    """
    wanted = _checked(uow, wanted)
    await uow.run(
        "select 1 from roles where merchant_id = %(merchant_id)s and id = %(id)s for update", id=role_id
    )
    before = await find(uow, role_id)
    require_within(uow.actor, granted(before.permissions))
    await _require_free(uow, "roles", wanted.name, role_id)
    await uow.run(
        """
        update roles set name = %(name)s, permissions = %(permissions)s, scope = %(scope)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=role_id,
        name=wanted.name,
        permissions=sorted(wanted.permissions),
        scope=wanted.scope,
    )
    holders = await _holders(uow, role_id)
    if holders:
        await sessions.sign_out_everywhere(uow, *holders)
    await audit.note(
        uow,
        "roles.change",
        subject_kind="role",
        subject=role_id,
        name=wanted.name,
        before={"name": before.name, "permissions": sorted(before.permissions), "scope": before.scope},
        after=_told(wanted),
    )


async def _holders(uow: UnitOfWork, role_id: UUID) -> list[UUID]:
    return await uow.all(
        UUID, "select id from staff where merchant_id = %(merchant_id)s and role_id = %(id)s", id=role_id
    )


async def remove(uow: UnitOfWork, role_id: UUID) -> None:
    """Do away with a role that nobody has. Raises NotFound, RoleInUse and BeyondOwnRights."""
    await uow.run(
        "select 1 from roles where merchant_id = %(merchant_id)s and id = %(id)s for update", id=role_id
    )
    role = await find(uow, role_id)
    require_within(uow.actor, granted(role.permissions))
    if role.members:
        raise RoleInUse(count=role.members)
    await uow.run("delete from roles where merchant_id = %(merchant_id)s and id = %(id)s", id=role_id)
    before = {"name": role.name, "permissions": sorted(role.permissions), "scope": role.scope}
    await audit.note(uow, "roles.remove", subject_kind="role", subject=role_id, name=role.name, before=before)


async def _require_free(uow: UnitOfWork, table: str, name: str, own_id: UUID) -> None:
    taken = (
        await uow.maybe(
            UUID,
            "select id from roles where merchant_id = %(merchant_id)s and name = %(name)s and id <> %(id)s",
            name=name,
            id=own_id,
        )
        if table == "roles"
        else await uow.maybe(
            UUID,
            "select id from teams where merchant_id = %(merchant_id)s and name = %(name)s and id <> %(id)s",
            name=name,
            id=own_id,
        )
    )
    if taken:
        raise NameTaken(field="name", name=name)


async def teams(uow: UnitOfWork) -> list[Team]:
    """All teams with the names of their members."""
    return await uow.all(
        Team,
        """
        select t.id, t.name,
               array(select s.name from staff s
                     where s.merchant_id = t.merchant_id and s.team_id = t.id order by s.name) as members
        from teams t where t.merchant_id = %(merchant_id)s order by t.name
        """,
    )


async def add_team(uow: UnitOfWork, team_id: UUID, name: str, members: Collection[UUID] = ()) -> None:
    """Make a team, or name it anew under the same id, and say who is in it. Raises Invalid, NameTaken, NotFound.

    Members who leave or join sign in again, and so does everybody who sees by this team.
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise Invalid(field="name", zh="名称需为 1 到 40 个字。", en="A name has 1 to 40 characters.")
    require_scope(uow.actor, None)  # a team may reach any store
    await _require_free(uow, "teams", name, team_id)
    before = next((team for team in await teams(uow) if team.id == team_id), None)
    await uow.run(
        """
        insert into teams (merchant_id, id, name, created_at) values (%(merchant_id)s, %(id)s, %(name)s, %(now)s)
        on conflict (merchant_id, id) do update set name = excluded.name
        """,
        id=team_id,
        name=name,
    )
    await _set_members(uow, team_id, members)
    after = next(team for team in await teams(uow) if team.id == team_id)
    await audit.note(
        uow,
        "teams.change" if before else "teams.add",
        subject_kind="team",
        subject=team_id,
        name=name,
        before={"name": before.name, "members": list(before.members)} if before else None,
        after={"name": name, "members": list(after.members)},
    )


async def _set_members(uow: UnitOfWork, team_id: UUID, members: Collection[UUID]) -> None:
    """The members from now on. Whoever comes from another team changes what that team's people see as well."""

    class Moved(msgspec.Struct, frozen=True):
        id: UUID
        team_id: UUID | None

    moving = await uow.all(
        Moved,
        """
        select id, team_id from staff
        where merchant_id = %(merchant_id)s
          and (team_id = %(team)s and id <> all(%(members)s)
               or id = any(%(members)s) and team_id is distinct from %(team)s)
        order by id for update
        """,
        team=team_id,
        members=list(members),
    )
    if not moving:
        return
    if uow.actor.id in {moved.id for moved in moving} and uow.actor.scope is not None:
        raise Invalid(field="member", zh="不能调整自己的团队。", en="You cannot change your own team.")
    await end_sessions_of_teams(uow, {team_id, *(moved.team_id for moved in moving)})
    await uow.run(
        """
        update staff set team_id = case when id = any(%(members)s) then %(team)s::uuid end
        where merchant_id = %(merchant_id)s and id = any(%(moving)s)
        """,
        team=team_id,
        members=list(members),
        moving=[moved.id for moved in moving],
    )
    await sessions.sign_out_everywhere(uow, *(moved.id for moved in moving))


async def remove_team(uow: UnitOfWork, team_id: UUID) -> None:
    """Do away with a team that nobody is in. Raises NotFound and RoleInUse."""
    team = next((one for one in await teams(uow) if one.id == team_id), None)
    if team is None:
        raise NotFound(what="团队 / team")
    if team.members:
        raise RoleInUse(count=len(team.members))
    await uow.run("delete from teams where merchant_id = %(merchant_id)s and id = %(id)s", id=team_id)
    await audit.note(
        uow, "teams.remove", subject_kind="team", subject=team_id, name=team.name, before={"name": team.name}
    )
