"""Settings on the console: keys for integrations, what went wrong inside, how the process is set."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import STAFF, Permission
from siyu.people.staff import audit_console, entrance, people_console, roles_console, words
from siyu.people.staff.rights import require_scope, require_within
from siyu.runtime import audit, dead_letters, sessions
from siyu.runtime.edge import InUow, OfMerchant, WithSettings
from siyu.settings import PREFIX, Settings

OWNER = {"permission": Permission.SETTINGS_WRITE}
SECRETS = ("secret", "key", "database_url")  # a setting that ends so is never shown
NAME_MAX = 60


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
    require_within(uow.actor, held)
    require_scope(uow.actor, None)  # a key sees every store, so only who does may make one
    fresh = await sessions.make_key(uow, name, held)
    await audit.note(
        uow,
        "keys.make",
        subject_kind="key",
        subject=fresh.id,
        name=name,
        after={"permissions": sorted(held)},
    )
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
    if await sessions.revoke_key(uow, key_id):
        await audit.note(uow, "keys.revoke", subject_kind="key", subject=key_id)
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
    *people_console.routes,
    *roles_console.routes,
    *audit_console.routes,
    key_list,
    make_key,
    revoke_key,
    letters,
    resolve_letter,
    effective,
]
