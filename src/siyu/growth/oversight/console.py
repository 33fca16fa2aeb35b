"""Risks on the console: what stands against the law, the figures of D-09, the rules, and the chain of evidence."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.growth import guard
from siyu.growth.oversight import chaining, overriding, queries, sweeping, tuning, words
from siyu.growth.oversight.model import Settings
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant

READ = {"permission": Permission.COMMISSION_READ}
APPROVE = {"permission": Permission.COMMISSION_APPROVE}


class Override(msgspec.Struct, frozen=True):
    """The form by which somebody answers for a risk."""

    idempotency_key: UUID
    reason: str
    days: int = 30


@get("/console/{slug:str}/risks", opt=READ)
async def risk_list(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    after: FromQuery[str] = "",
    tab: FromQuery[str] = "open",
) -> Response[Any]:
    """Risks that stand, or by tab the figures, the rules and the evidence."""
    shown = tab if tab in {"open", "figures", "rules"} else "open"
    return web.page(
        request,
        "oversight/console_risks.html",
        merchant=merchant,
        tab=shown,
        page=await queries.risks(uow, after=after_moment(after)),
        after=after,
        open_count=await queries.open_count(uow),
        figures=await queries.days(uow) if shown == "figures" else [],
        thresholds=msgspec.structs.asdict(await queries.settings(uow)),
        link=await chaining.last_link(uow),
        rules=guard.RULES,
        words=words,
        may_approve=actor.may(Permission.COMMISSION_APPROVE),
        is_english=not web.language_of(request).startswith("zh"),
    )


@post("/console/{slug:str}/risks/check", opt=APPROVE)
async def check(uow: InUow, merchant: OfMerchant) -> Redirect:
    """Measure now, and read every text as a job."""
    await sweeping.look(uow)
    job_id = await sweeping.read_texts(uow)
    return Redirect(f"/console/{merchant.slug}/jobs/{job_id}", status_code=303)


@post("/console/{slug:str}/risks/thresholds", opt=APPROVE)
async def thresholds(data: URLEncodedBody[dict[str, str]], uow: InUow, merchant: OfMerchant) -> Redirect:
    """Keep the thresholds; shares are given in percent."""
    told = {name: _number(data, name, is_share=is_share) for name, _, is_share in words.THRESHOLDS}
    await tuning.save_settings(uow, Settings(**told))
    return Redirect(f"/console/{merchant.slug}/risks?tab=figures", status_code=303)


@post("/console/{slug:str}/risks/{risk_id:uuid}/override", opt=APPROVE)
async def override(
    risk_id: FromPath[UUID], data: URLEncodedBody[Override], uow: InUow, merchant: OfMerchant
) -> Redirect:
    """Answer for a risk, by name and until a day."""
    await overriding.override(
        uow, risk_id, override_id=data.idempotency_key, reason=data.reason, days=data.days
    )
    return Redirect(f"/console/{merchant.slug}/risks", status_code=303)


def _number(data: dict[str, str], name: str, *, is_share: bool) -> int:
    text = data.get(name, "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise Invalid(field=name, zh="请填写整数。", en="Give a whole number.")
    return int(text) * (100 if is_share else 1)


routes = [risk_list, check, thresholds, override]
