"""Settings on the console: who works here, keys for integrations, what went wrong inside, how the process is set."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import STAFF, Permission
from siyu.people.staff import actions, entrance, queries, words
from siyu.runtime import dead_letters, sessions
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.settings import PREFIX, Settings

OWNER = {"permission": Permission.SETTINGS_WRITE}
SECRETS = ("secret", "key", "database_url")  # a setting that ends so is never shown
NAME_MAX = 60


@get("/console/{slug:str}/settings", opt=OWNER)
async def staff_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """Everybody who works here."""
    return web.page(
        request,
        "staff/console_staff.html",
        merchant=merchant,
        members=await queries.every(uow),
        me=actor.id,
        roles=words.ROLE_WORDS,
    )


@post("/console/{slug:str}/settings/staff", opt=OWNER, status_code=200)
async def hire(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Add somebody. Without a store they serve all stores."""
    form = await request.form()
    await actions.hire(
        uow,
        login=str(form.get("login", "")),
        name=str(form.get("name", "")),
        role=str(form.get("role", "")),
        password=str(form.get("password", "")),
        store_id=_store(str(form.get("store", ""))),
    )
    return web.done(request, f"/console/{merchant.slug}/settings", web.mark("员工已添加"))


def _store(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid(field="store", zh="请选择门店。", en="Choose a store.") from None


@post("/console/{slug:str}/settings/staff/{staff_id:uuid}/active", opt=OWNER, status_code=200)
async def set_active(
    request: Request[Any, Any, Any], staff_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Switch somebody off (their sessions end) or on again."""
    is_active = (await request.form()).get("is_active") == "1"
    await actions.set_active(uow, staff_id, is_active=is_active)
    said = web.mark("账号已启用") if is_active else web.mark("账号已停用，登录已全部失效")
    return web.done(request, f"/console/{merchant.slug}/settings", said)


@post("/console/{slug:str}/settings/staff/{staff_id:uuid}/password", opt=OWNER, status_code=200)
async def set_password(
    request: Request[Any, Any, Any], staff_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A new password; every session of the person ends."""
    await actions.set_password(uow, staff_id, str((await request.form()).get("password", "")))
    return web.done(request, f"/console/{merchant.slug}/settings", web.mark("密码已更新，需要重新登录"))


@get("/console/{slug:str}/settings/keys", opt=OWNER)
async def key_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """API keys of integrations. Secrets are not among them."""
    return web.page(
        request,
        "staff/console_keys.html",
        merchant=merchant,
        keys=await sessions.keys(uow),
        fresh=None,
        words=words.PERMISSION_WORDS,
    )


@post("/console/{slug:str}/settings/keys", opt=OWNER, status_code=200)
async def make_key(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Make a key; this answer is the only one that shows its secret."""
    form = await request.form()
    name = str(form.get("name", "")).strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(field="name", zh="名称需为 1 到 60 个字。", en="A name has 1 to 60 characters.")
    asked = {str(value) for value in form.getall("permission", [])}
    held = frozenset(permission for permission in STAFF if permission in asked)
    if not held:
        raise Invalid(field="permission", zh="请至少选择一项权限。", en="Choose at least one permission.")
    fresh = await sessions.make_key(uow, name, held)
    return web.page(
        request,
        "staff/console_keys.html",
        merchant=merchant,
        keys=await sessions.keys(uow),
        fresh=fresh,
        words=words.PERMISSION_WORDS,
    )


@post("/console/{slug:str}/settings/keys/{key_id:uuid}/revoke", opt=OWNER, status_code=200)
async def revoke_key(
    request: Request[Any, Any, Any], key_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The key stops working within seconds."""
    await sessions.revoke_key(uow, key_id)
    return web.done(request, f"/console/{merchant.slug}/settings/keys", web.mark("密钥已吊销"))


@get("/console/{slug:str}/settings/dead-letters", opt=OWNER)
async def letters(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, resolved: FromQuery[bool] = False
) -> Response[str]:
    """Facts that a consumer could not digest."""
    found = await dead_letters.listing(uow, is_resolved=resolved)
    return web.page(
        request,
        "staff/console_letters.html",
        merchant=merchant,
        letters=found,
        is_resolved=resolved,
        as_text=_as_text,
    )


def _as_text(data: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


@post(
    "/console/{slug:str}/settings/dead-letters/{consumer:str}/{event_id:uuid}/resolve",
    opt=OWNER,
    status_code=200,
)
async def resolve_letter(
    request: Request[Any, Any, Any],
    consumer: FromPath[str],
    event_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Somebody has dealt with it."""
    await dead_letters.resolve(uow, consumer, event_id)
    return web.done(request, f"/console/{merchant.slug}/settings/dead-letters", web.mark("已标记为处理完毕"))


@get("/console/{slug:str}/settings/runtime", opt=OWNER)
async def effective(
    request: Request[Any, Any, Any], merchant: OfMerchant, settings: WithSettings
) -> Response[str]:
    """How this process is set, secrets left out."""
    return web.page(request, "staff/console_runtime.html", merchant=merchant, rows=setting_rows(settings))


def setting_rows(settings: Settings) -> list[tuple[str, str, bool, bool]]:
    """(variable, value, is it a secret, was it changed) of each setting; a secret's value is left empty."""
    usual = Settings()
    rows: list[tuple[str, str, bool, bool]] = []
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        is_secret = name.endswith(SECRETS)
        rows.append(
            (PREFIX + name.upper(), "" if is_secret else str(value), is_secret, value != getattr(usual, name))
        )
    return rows


routes = [
    *entrance.routes,
    staff_list,
    hire,
    set_active,
    set_password,
    key_list,
    make_key,
    revoke_key,
    letters,
    resolve_letter,
    effective,
]
