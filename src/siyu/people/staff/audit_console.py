"""The audit log on the console: who changed what from what to what, found by action, person, subject and day."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromQuery
from markupsafe import Markup, escape

from siyu import web
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.people.staff import audit_words, queries, words
from siyu.runtime import audit
from siyu.runtime.db import Merchant
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.AUDIT_READ}
EXPORT_PAGE = 200


def day_of(text: str, merchant: Merchant, *, plus: int = 0) -> datetime | None:
    """Midnight at the merchant's place of a day `2026-11-22`, `plus` days later; None for what is no day."""
    try:
        day = date.fromisoformat(text) + timedelta(days=plus)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), ZoneInfo(merchant.timezone)).astimezone(UTC)


@get("/console/{slug:str}/audit", opt=READ)
async def audit_log(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    action: FromQuery[str] = "",
    who: FromQuery[UUID | None] = None,
    subject: FromQuery[UUID | None] = None,
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Entries, newest first; `export` downloads all that match."""
    wanted = audit.Wanted(
        action or None, who, subject, day_of(since, merchant), day_of(until, merchant, plus=1)
    )
    if export:

        async def more(cursor: str | None) -> Page[audit.Entry]:
            return await audit.listing(uow, wanted, after=after_moment(cursor), limit=EXPORT_PAGE)

        return await _download(request, export, web.every_page(more))
    found = await audit.listing(uow, wanted, after=after_moment(after))
    kept = {
        name: str(value)
        for name, value in (
            ("action", action), ("who", who), ("subject", subject), ("since", since), ("until", until)
        )
        if value
    }  # fmt: skip
    here = f"/console/{merchant.slug}/audit"
    return web.page(
        request,
        "staff/console_audit.html",
        merchant=merchant,
        entries=found.items,
        changes=audit.changes,
        actions=await audit.actions_known(uow),
        members=await queries.every(uow),
        words=audit_words,
        said=lambda field, value: said(request, field, value),
        asked={"action": action, "who": str(who or ""), "subject": subject, "since": since, "until": until},
        export_href=f"{here}?{urlencode(kept)}&export=" if kept else f"{here}?export=",
        first_href=f"{here}?{urlencode(kept)}" if after else None,
        next_href=f"{here}?{urlencode({**kept, 'after': found.next})}" if found.next else None,
    )


def said(request: Request[Any, Any, Any], field: str, value: Any) -> Markup | str:
    """A value of an entry in the reader's language: amounts as money, words for permissions, yes and no."""
    language = web.language_of(request)
    if isinstance(value, bool):
        return web.translate(language, web.mark("是") if value else web.mark("否"))
    if isinstance(value, int) and audit_words.is_money(field):
        return web.amount(value)
    if field == "permissions" and isinstance(value, list):
        return ", ".join(web.translate(language, words.permission_word(one)) for one in value)
    if field == "scope" and isinstance(value, str) and value in words.SCOPE_WORDS:
        return web.translate(language, words.SCOPE_WORDS[value][0])
    if field == "role" and value in words.ROLE_WORDS:
        return web.translate(language, words.ROLE_WORDS[value][0])
    return escape(audit_words.plain(value))


async def _download(request: Request[Any, Any, Any], kind: str, entries: Any) -> Response[Any]:
    language = web.language_of(request)

    def say(word: str) -> str:
        return web.translate(language, word)

    head = [
        say(word)
        for word in (
            web.mark("时间"), web.mark("操作人"), web.mark("操作"), web.mark("对象类型"), web.mark("对象"),
            web.mark("改前"), web.mark("改后"), web.mark("原因"),
        )
    ]  # fmt: skip

    def row(entry: audit.Entry) -> tuple[Any, ...]:
        return (
            entry.at,
            entry.actor_name or entry.actor_kind,
            say(audit_words.ACTIONS.get(entry.action, entry.action)),
            say(audit_words.SUBJECTS.get(entry.subject_kind, (entry.subject_kind, ""))[0]),
            entry.subject or entry.subject_id or "",
            audit_words.plain(entry.before),
            audit_words.plain(entry.after),
            entry.reason,
        )

    rows = (row(entry) async for entry in entries)
    return await web.sheet(request, say(web.mark("操作日志")), head, rows, kind)


routes = [audit_log]
