"""Who works here, on the console: the list, and one person's role, stores, team and password."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.people.staff import actions, queries, roles, words
from siyu.people.staff.model import Assignment, StaffMember
from siyu.people.staff.rights import held_by, rights_of
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant

# Whoever keeps the settings but not the staff is led on to the other pages of the settings.
LIST = {"permission": (Permission.STAFF_WRITE, Permission.SETTINGS_WRITE)}
WRITE = {"permission": Permission.STAFF_WRITE}


@get("/console/{slug:str}/settings", opt=LIST)
async def staff_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Everybody who works here."""
    if not actor.may(Permission.STAFF_WRITE):
        return Redirect(f"/console/{merchant.slug}/settings/stores", status_code=303)
    return web.page(
        request,
        "staff/console_staff.html",
        merchant=merchant,
        members=await queries.every(uow),
        me=actor.id,
        roles=words.ROLE_WORDS,
    )


async def _form(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: Merchant, member: StaffMember | None
) -> Response[str]:
    held = (await held_by(uow, [member.id])).get(member.id) if member else None
    return web.page(
        request,
        "staff/console_member.html",
        merchant=merchant,
        member=member,
        me=uow.actor.id,
        rights=rights_of(held) if held else None,
        built_in=words.ROLE_WORDS,
        own_roles=await roles.every(uow),
        scopes=words.SCOPE_WORDS,
        teams=await roles.teams(uow),
        places=await queries.places(uow),
        permission_word=words.permission_word,
    )


@get("/console/{slug:str}/settings/staff/new", opt=WRITE)
async def new_member(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """The form for somebody new."""
    return await _form(request, uow, merchant, None)


@get("/console/{slug:str}/settings/staff/{staff_id:uuid}", opt=WRITE)
async def member_page(
    request: Request[Any, Any, Any], staff_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """What somebody is here, and what follows from it."""
    return await _form(request, uow, merchant, await queries.find(uow, staff_id))


async def _assignment(request: Request[Any, Any, Any]) -> Assignment:
    form = await request.form()
    return Assignment(
        role=str(form.get("role", "")),
        store_ids=tuple(_id(str(text), "store") for text in form.getall("store", []) if text),
        team_id=_id(str(form.get("team")), "team") if form.get("team") else None,
    )


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(field=field, zh="请从列表中选择。", en="Choose from the list.") from None


@post("/console/{slug:str}/settings/staff", opt=WRITE, status_code=200)
async def hire(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Add somebody. Without a store they serve all stores."""
    form = await request.form()
    await actions.hire(
        uow,
        login=str(form.get("login", "")),
        name=str(form.get("name", "")),
        password=str(form.get("password", "")),
        wanted=await _assignment(request),
    )
    return web.done(request, f"/console/{merchant.slug}/settings", web.mark("员工已添加"))


@post("/console/{slug:str}/settings/staff/{staff_id:uuid}", opt=WRITE, status_code=200)
async def change(
    request: Request[Any, Any, Any], staff_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Another name, role, stores or team; changed rights end the person's sessions."""
    form = await request.form()
    wanted = await _assignment(request)
    if "role" not in form:  # one's own rights are shown and cannot be sent
        member = await queries.find(uow, staff_id)
        wanted = Assignment(str(member.role_id or member.role), member.store_ids, member.team_id)
    await actions.change(uow, staff_id, name=str(form.get("name", "")), wanted=wanted)
    return web.done(
        request, f"/console/{merchant.slug}/settings", web.mark("员工资料已保存，权限有变化时需重新登录")
    )


@post("/console/{slug:str}/settings/staff/{staff_id:uuid}/active", opt=WRITE, status_code=200)
async def set_active(
    request: Request[Any, Any, Any], staff_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Switch somebody off (their sessions end) or on again."""
    is_active = (await request.form()).get("is_active") == "1"
    await actions.set_active(uow, staff_id, is_active=is_active)
    said = web.mark("账号已启用") if is_active else web.mark("账号已停用，登录已全部失效")
    return web.done(request, f"/console/{merchant.slug}/settings", said)


@post("/console/{slug:str}/settings/staff/{staff_id:uuid}/password", opt=WRITE, status_code=200)
async def set_password(
    request: Request[Any, Any, Any], staff_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A new password; every session of the person ends."""
    await actions.set_password(uow, staff_id, str((await request.form()).get("password", "")))
    return web.done(request, f"/console/{merchant.slug}/settings", web.mark("密码已更新，需要重新登录"))


routes = [staff_list, new_member, member_page, hire, change, set_active, set_password]
