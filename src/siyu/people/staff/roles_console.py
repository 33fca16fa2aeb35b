"""Roles and teams on the console: a matrix of permissions in plain words, who sees what, who is in which team."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import ROLES, STAFF, Permission
from siyu.people.staff import queries, roles, words
from siyu.people.staff.model import Role
from siyu.people.staff.rights import BUILT_IN
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

WRITE = {"permission": Permission.STAFF_WRITE}


@get("/console/{slug:str}/roles", opt=WRITE)
async def role_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Every role side by side, built in or made here, and the teams."""
    own = await roles.every(uow)
    columns = [(words.ROLE_WORDS[name][0], None, ROLES[name]) for name in BUILT_IN]
    columns += [(role.name, role, frozenset(role.permissions)) for role in own]
    return web.page(
        request,
        "staff/console_roles.html",
        merchant=merchant,
        columns=columns,
        own=own,
        groups=words.grouped(),
        scopes=words.SCOPE_WORDS,
        teams=await roles.teams(uow),
        members=await queries.every(uow),
    )


async def _form(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: Merchant, role: Role | None
) -> Response[str]:
    return web.page(
        request,
        "staff/console_role.html",
        merchant=merchant,
        role=role,
        groups=words.grouped(),
        scopes=words.SCOPE_WORDS,
        held=uow.actor.permissions,
    )


@get("/console/{slug:str}/roles/new", opt=WRITE)
async def new_role(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """The form for a new role."""
    return await _form(request, uow, merchant, None)


@get("/console/{slug:str}/roles/{role_id:uuid}", opt=WRITE)
async def role_page(
    request: Request[Any, Any, Any], role_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """What a role may do and see."""
    return await _form(request, uow, merchant, await roles.find(uow, role_id))


async def _wanted(request: Request[Any, Any, Any]) -> roles.NewRole:
    form = await request.form()
    asked = {str(value) for value in form.getall("permission", [])}
    return roles.NewRole(
        name=str(form.get("name", "")),
        permissions=frozenset(permission for permission in STAFF if permission in asked),
        scope=str(form.get("scope", "")),
    )


@post("/console/{slug:str}/roles", opt=WRITE, status_code=200)
async def add_role(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Make a role."""
    form = await request.form()
    await roles.add(uow, _id(str(form.get("idempotency_key", ""))), await _wanted(request))
    return web.done(request, f"/console/{merchant.slug}/roles", web.mark("角色已保存"))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(
            field="name", zh="页面已过期，请刷新。", en="The page has expired; please reload."
        ) from None


@post("/console/{slug:str}/roles/{role_id:uuid}", opt=WRITE, status_code=200)
async def change_role(
    request: Request[Any, Any, Any], role_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Say anew what a role is; whoever has it signs in again."""
    await roles.change(uow, role_id, await _wanted(request))
    return web.done(
        request, f"/console/{merchant.slug}/roles", web.mark("角色已保存，拥有它的员工需重新登录")
    )


@post("/console/{slug:str}/roles/{role_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove_role(
    request: Request[Any, Any, Any], role_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Do away with a role that nobody has."""
    await roles.remove(uow, role_id)
    return web.done(request, f"/console/{merchant.slug}/roles", web.mark("角色已删除"))


@post("/console/{slug:str}/teams", opt=WRITE, status_code=200)
async def save_team(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Make a team or change one: its id comes with the form."""
    form = await request.form()
    members = [_id(str(text)) for text in form.getall("member", []) if text]
    await roles.add_team(
        uow, _id(str(form.get("idempotency_key", ""))), str(form.get("team_name", "")), members
    )
    return web.done(request, f"/console/{merchant.slug}/roles", web.mark("团队已保存"))


@post("/console/{slug:str}/teams/{team_id:uuid}/remove", opt=WRITE, status_code=200)
async def remove_team(
    request: Request[Any, Any, Any], team_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Do away with a team that nobody is in."""
    await roles.remove_team(uow, team_id)
    return web.done(request, f"/console/{merchant.slug}/roles", web.mark("团队已删除"))


routes = [role_list, new_role, role_page, add_role, change_role, remove_role, save_team, remove_team]
