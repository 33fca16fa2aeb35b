"""Jobs on the console: how far they are, row by row what could not be done, and the button that stops them."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import PAGE_SIZE
from siyu.kernel.permissions import Permission
from siyu.runtime import jobs
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant

ANY_STAFF = {"permission": Permission.STAFF_SELF}
FAILURES_SHOWN = 100

# The word for each state, its tone, and whether work goes on.
STATES = {
    "waiting": (web.mark("排队中"), "info"),
    "running": (web.mark("进行中"), "accent"),
    "done": (web.mark("已完成"), "good"),
    "stopped": (web.mark("已停止"), "warn"),
    "failed": (web.mark("中断"), "bad"),
}


async def _visible(uow: UnitOfWork, actor: Actor, job_id: UUID) -> jobs.Job:
    """The job, if it is the asker's own or they may see what everybody does. Raises NotFound."""
    job = await jobs.find(uow, job_id)
    if job.actor_id != actor.id and not actor.may(Permission.AUDIT_READ):
        raise NotFound(what="任务 / job")
    return job


@get("/console/{slug:str}/jobs", opt=ANY_STAFF)
async def job_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    whose: FromQuery[str] = "mine",
    after: FromQuery[UUID | None] = None,
) -> Response[str]:
    """One's own jobs; everybody's for those who may read the audit log."""
    is_all = whose == "all" and actor.may(Permission.AUDIT_READ)
    found = await jobs.listing(uow, actor_id=None if is_all else actor.id, after=after, limit=PAGE_SIZE + 1)
    here = f"/console/{merchant.slug}/jobs"
    kept = {"whose": "all"} if is_all else {}
    more = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return web.page(
        request,
        "workbench/jobs.html",
        merchant=merchant,
        jobs=found[:PAGE_SIZE],
        states=STATES,
        is_all=is_all,
        may_see_all=actor.may(Permission.AUDIT_READ),
        first_href=f"{here}?{urlencode(kept)}" if after else None,
        next_href=f"{here}?{urlencode({**kept, 'after': str(more)})}" if more else None,
    )


@get("/console/{slug:str}/jobs/open", opt=ANY_STAFF)
async def open_jobs(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """A fragment for the header: how many of one's jobs are under way."""
    return web.page(
        request, "workbench/open_jobs.html", merchant=merchant, count=await jobs.open_count(uow, actor.id)
    )


@get("/console/{slug:str}/jobs/{job_id:uuid}", opt=ANY_STAFF)
async def job_page(
    *,
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    after: FromQuery[int] = 0,
) -> Response[str]:
    """How far a job is, and what it could not do."""
    job = await _visible(uow, actor, job_id)
    failed = await jobs.failures(uow, job_id, after=after, limit=FAILURES_SHOWN)
    here = f"/console/{merchant.slug}/jobs/{job_id}"
    return web.page(
        request,
        "workbench/job.html",
        merchant=merchant,
        job=job,
        failed=failed,
        states=STATES,
        is_own=job.actor_id == actor.id,
        next_href=f"{here}?after={failed[-1].no}" if len(failed) == FAILURES_SHOWN else None,
        first_href=here if after else None,
    )


@get("/console/{slug:str}/jobs/{job_id:uuid}/progress", opt=ANY_STAFF)
async def job_progress(
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment asked for every second while the job goes on; the last one brings the whole page."""
    job = await _visible(uow, actor, job_id)
    headers = {} if job.is_open else {"hx-refresh": "true"}
    return web.page(
        request,
        "workbench/job_progress.html",
        merchant=merchant,
        job=job,
        states=STATES,
        is_own=job.actor_id == actor.id,
        headers=headers,
    )


@get("/console/{slug:str}/jobs/{job_id:uuid}/report", opt=ANY_STAFF)
async def job_report(
    *,
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    uow: InUow,
    actor: ByActor,
    kind: FromQuery[str] = "csv",
) -> Response[Any]:
    """Every row that could not be done, to be mended and tried again."""
    await _visible(uow, actor, job_id)
    language = web.language_of(request)
    head = [web.translate(language, word) for word in (web.mark("行"), web.mark("对象"), web.mark("原因"))]

    async def rows() -> AsyncIterator[tuple[int, str, str]]:
        after = 0
        while failed := await jobs.failures(uow, job_id, after=after, limit=FAILURES_SHOWN):
            for one in failed:
                yield one.row, one.subject, one.zh if language == web.CHINESE else one.en
            after = failed[-1].no

    return await web.sheet(request, web.translate(language, web.mark("未成功的行")), head, rows(), kind)


@post("/console/{slug:str}/jobs/{job_id:uuid}/stop", opt=ANY_STAFF, status_code=200)
async def stop(
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Begin no further step; what was done stays done."""
    await _visible(uow, actor, job_id)
    await jobs.stop(uow, job_id)
    return web.done(request, f"/console/{merchant.slug}/jobs/{job_id}", web.mark("任务已停止"))


@post("/console/{slug:str}/jobs/{job_id:uuid}/resume", opt=ANY_STAFF, status_code=200)
async def resume(
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Go on where it stands. Only whoever started it may: the steps run with their rights."""
    job = await _visible(uow, actor, job_id)
    if job.actor_id != actor.id:
        raise NotFound(what="任务 / job")
    await jobs.resume(uow, job_id)
    return web.done(request, f"/console/{merchant.slug}/jobs/{job_id}", web.mark("任务继续进行"))


routes = [job_list, open_jobs, job_page, job_progress, job_report, stop, resume]
