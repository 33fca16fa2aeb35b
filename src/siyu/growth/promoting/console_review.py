"""Who wants to join and who waits to be verified, and the merchant's rules and agreement."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.growth import promoters
from siyu.growth.promoters import Rules
from siyu.growth.promoting import forms
from siyu.growth.promoting.console import IDENTITY, READ, WRITE, tabs_of
from siyu.kernel.paging import after_moment
from siyu.runtime.edge import InUow, OfMerchant


@get("/console/{slug:str}/promoters/applications", opt=READ)
async def application_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    application_state: Annotated[str, QueryParameter(name="state")] = "open",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """Applications in a state, those that wait longest first."""
    chosen = application_state if application_state in promoters.APPLICATION_STATES else "open"
    here = f"/console/{merchant.slug}/promoters/applications"
    found = await promoters.applications(uow, chosen, after=after_moment(after))
    return web.page(
        request,
        "promoting/console_applications.html",
        merchant=merchant,
        applications=found.items,
        chosen=chosen,
        tabs=await tabs_of(uow, merchant.slug, "applications"),
        states=[
            (word, f"{here}?state={state}", state == chosen, None)
            for state, (word, _) in promoters.APPLICATION_STATES.items()
        ],
        words=promoters,
        first_href=f"{here}?state={chosen}" if after else None,
        next_href=f"{here}?state={chosen}&after={found.next.replace('+', '%2B')}" if found.next else None,
    )


@post("/console/{slug:str}/promoters/applications/{application_id:uuid}/approve", opt=WRITE, status_code=200)
async def approve(
    request: Request[Any, Any, Any], application_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Let somebody in."""
    await promoters.approve(uow, application_id)
    return web.done(
        request, f"/console/{merchant.slug}/promoters/applications", web.mark("已通过，专属入口已生成")
    )


@post("/console/{slug:str}/promoters/applications/{application_id:uuid}/refuse", opt=WRITE, status_code=200)
async def refuse(
    request: Request[Any, Any, Any], application_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Turn somebody down, with the reason they are told."""
    await promoters.refuse(uow, application_id, forms.text(await request.form(), "reason"))
    return web.done(
        request, f"/console/{merchant.slug}/promoters/applications", web.mark("已拒绝，申请人会看到原因")
    )


@get("/console/{slug:str}/promoters/identities", opt=IDENTITY)
async def identity_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Real names that wait to be verified, the oldest first."""
    waiting = await promoters.identities_waiting(uow)
    return web.page(
        request,
        "promoting/console_identities.html",
        merchant=merchant,
        waiting=[(each, await promoters.find(uow, each.promoter_id)) for each in waiting],
        tabs=await tabs_of(uow, merchant.slug, "identities"),
        words=promoters,
    )


@get("/console/{slug:str}/promoters/rules", opt=READ)
async def rules_page(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """How one joins here, and the agreement with all its versions."""
    return web.page(
        request,
        "promoting/console_rules.html",
        merchant=merchant,
        rules=await promoters.rules(uow),
        agreement=await promoters.agreement(uow),
        agreements=await promoters.agreements(uow),
        tabs=await tabs_of(uow, merchant.slug, "rules"),
    )


@post("/console/{slug:str}/promoters/rules", opt=WRITE, status_code=200)
async def set_rules(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Change how one joins from now on."""
    form = await request.form()
    await promoters.set_rules(
        uow, Rules(needs_review=form.get("needs_review") == "1", welcome=forms.text(form, "welcome"))
    )
    return web.done(request, f"/console/{merchant.slug}/promoters/rules", web.mark("规则已保存"))


@post("/console/{slug:str}/promoters/agreement", opt=WRITE, status_code=200)
async def publish_agreement(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Put a new version of the agreement in force."""
    await promoters.publish_agreement(uow, forms.text(await request.form(), "body"))
    return web.done(
        request,
        f"/console/{merchant.slug}/promoters/rules",
        web.mark("新版协议已生效，推广员同意后才能继续分享"),
    )


routes = [application_list, approve, refuse, identity_list, rules_page, set_rules, publish_agreement]
