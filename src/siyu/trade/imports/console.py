"""Console pages of imports: upload, confirm what the columns mean, try it, watch it run, fetch what was refused."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import File, Redirect

from siyu import web
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings
from siyu.trade.imports import runs, uploads
from siyu.trade.imports.actions import import_orders, open_run
from siyu.trade.imports.cli import figures
from siyu.trade.imports.guessing import guess
from siyu.trade.imports.model import (
    FIELD_NAMES,
    REASONS,
    REQUIRED,
    Field,
    ImportResult,
    ImportRun,
    Mapping,
    Preview,
    Reason,
    Stage,
    UnreadableFile,
)
from siyu.trade.imports.reading import preview

ALLOWED = {"permission": Permission.IMPORT_RUN}
UPLOAD_BYTES_MAX = 256 * 1024 * 1024  # a million order lines as CSV; larger files go through the command line

STATES = {
    "running": (web.mark("导入中"), "info"),
    "done": (web.mark("已完成"), "good"),
    "failed": (web.mark("已中断"), "bad"),
}
DATES = (
    ("auto", web.mark("自动判断")),
    ("dmy", web.mark("日/月/年")),
    ("mdy", web.mark("月/日/年")),
)
STAGES = {
    Stage.READ: web.mark("正在读取文件"),
    Stage.PLAN: web.mark("正在匹配取消单"),
    Stage.WRITE: web.mark("正在写入"),
}


class MappingForm(msgspec.Struct, frozen=True):
    """A confirmed mapping; `then` is start or check."""

    order: str = ""
    sku: str = ""
    quantity: str = ""
    price: str = ""
    time: str = ""
    customer: str = ""
    title: str = ""
    country: str = ""
    dates: str = "auto"
    then: str = "start"

    @property
    def mapping(self) -> Mapping:
        facts = msgspec.structs.asdict(self)
        del facts["then"]
        if self.dates not in dict(DATES):
            raise Invalid(field="dates", zh="没有这种日期顺序。", en="There is no such order of dates.")
        return Mapping(**facts)


class UploadForm(msgspec.Struct, frozen=True):
    file: UploadFile


def _around(actor: Actor) -> dict[str, Any]:
    return {"permissions": actor.permissions, "staff_name": actor.name}


def _place(request: Request[Any, Any, Any]) -> int:
    """Which of a pair (zh, en) this reader reads."""
    return 0 if web.language_of(request) == web.CHINESE else 1


@get("/console/{slug:str}/imports", opt=ALLOWED)
async def import_list(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase, actor: ByActor
) -> Response[str]:
    """Runs of this merchant, newest first, and the form for a new file."""
    async with database.begin(merchant, actor) as uow:
        found = await runs.listing(uow)
    # A process that was killed could not say so: its run still calls itself running.
    is_idle = any(run.state == "running" for run in found) and not await runs.is_under_way(database, merchant)
    states = STATES | {"running": STATES["failed"]} if is_idle else STATES
    return web.page(
        request, "imports/list.html", merchant=merchant, runs=found, states=states, **_around(actor)
    )


@post("/console/{slug:str}/imports", opt=ALLOWED, request_max_body_size=UPLOAD_BYTES_MAX)
async def upload(data: MultipartBody[UploadForm], merchant: OfMerchant, settings: WithSettings) -> Redirect:
    """Take a file and ask what its columns mean."""
    if not data.file.filename:
        raise Invalid(field="file", zh="请选择一个文件。", en="Please choose a file.")
    upload_id = await uploads.keep(settings, merchant, data.file)
    try:
        await asyncio.to_thread(preview, uploads.kept(settings, merchant, upload_id))
    except UnreadableFile:
        uploads.remove(settings, merchant, upload_id)
        raise
    return Redirect(f"/console/{merchant.slug}/imports/files/{upload_id}", status_code=303)


@get("/console/{slug:str}/imports/files/{upload_id:uuid}", opt=ALLOWED)
async def mapping_page(
    request: Request[Any, Any, Any],
    *,
    upload_id: FromPath[UUID],
    merchant: OfMerchant,
    settings: WithSettings,
    actor: ByActor,
) -> Response[str]:
    """What we think the columns mean, for a person to confirm."""
    path = uploads.kept(settings, merchant, upload_id)
    head = await asyncio.to_thread(preview, path)
    return _mapping(request, merchant, actor, path=path, head=head, mapping=guess(head), result=None)


@post("/console/{slug:str}/imports/files/{upload_id:uuid}", opt=ALLOWED)
async def confirm(
    request: Request[Any, Any, Any],
    *,
    upload_id: FromPath[UUID],
    data: URLEncodedBody[MappingForm],
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    actor: ByActor,
) -> Response[Any]:
    """Try the mapping without writing anything, or start the import."""
    path = uploads.kept(settings, merchant, upload_id)
    if data.then == "check":
        report = settings.folder("imports", merchant.slug) / f"check-{upload_id}.csv"
        try:
            result = await import_orders(
                database, merchant, path, mapping=data.mapping, dry_run=True, report_path=report
            )
        finally:
            report.unlink(missing_ok=True)
        head = await asyncio.to_thread(preview, path)
        return _mapping(request, merchant, actor, path=path, head=head, mapping=data.mapping, result=result)
    run = await open_run(database, merchant, path, mapping=data.mapping)
    if run.state == "done":
        uploads.remove(settings, merchant, upload_id)
    else:
        _start(settings, database, merchant, run, uploads.give_to_run(settings, merchant, upload_id, run.id))
    return Redirect(f"/console/{merchant.slug}/imports/{run.id}", status_code=303)


@get("/console/{slug:str}/imports/{run_id:uuid}", opt=ALLOWED)
async def run_page(
    request: Request[Any, Any, Any],
    *,
    run_id: FromPath[UUID],
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    actor: ByActor,
) -> Response[str]:
    """One run: how far it is, its figures, what was refused."""
    async with database.begin(merchant, actor) as uow:
        facts = await _run_facts(request, uow, database, settings, run_id)
    return web.page(request, "imports/run.html", merchant=merchant, **facts, **_around(actor))


@get("/console/{slug:str}/imports/{run_id:uuid}/progress", opt=ALLOWED)
async def run_progress(
    request: Request[Any, Any, Any],
    *,
    run_id: FromPath[UUID],
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    actor: ByActor,
) -> Response[str]:
    """The moving part of a run's page, asked for every second while it runs."""
    async with database.begin(merchant, actor) as uow:
        facts = await _run_facts(request, uow, database, settings, run_id)
    body = web.render(
        "imports/progress.html",
        language=web.language_of(request),
        merchant=merchant,
        csrf=web.csrf_token(request),
        **facts,
    )
    return Response(body, media_type=MediaType.HTML, headers={"cache-control": "no-store"})


@post("/console/{slug:str}/imports/{run_id:uuid}/continue", opt=ALLOWED)
async def go_on(
    run_id: FromPath[UUID], merchant: OfMerchant, database: OnDatabase, settings: WithSettings, actor: ByActor
) -> Redirect:
    """Go on with a run that stopped half-way."""
    async with database.begin(merchant, actor) as uow:
        run = await runs.find(uow, run_id)
    path = uploads.file_of_run(settings, merchant, run_id)
    run = await open_run(database, merchant, path, mapping=run.mapping, source=run.source)
    _start(settings, database, merchant, run, path)
    return Redirect(f"/console/{merchant.slug}/imports/{run_id}", status_code=303)


@get("/console/{slug:str}/imports/{run_id:uuid}/refused.csv", opt=ALLOWED)
async def refused_rows(run_id: FromPath[UUID], uow: InUow, settings: WithSettings) -> File:
    """The refused rows of a run with their reasons, as CSV."""
    report = _report(settings, await runs.find(uow, run_id))
    if report is None:
        raise NotFound(what="拒绝行报告")
    return File(report, filename=f"refused-{run_id}.csv", media_type="text/csv; charset=utf-8")


routes = [import_list, upload, mapping_page, confirm, run_page, run_progress, go_on, refused_rows]


def _start(settings: Settings, database: Database, merchant: Merchant, run: ImportRun, path: Path) -> None:
    report = settings.folder("imports", merchant.slug) / f"{run.id}-refused.csv"
    uploads.start(database, merchant, run, path, report)


def _report(settings: Settings, run: ImportRun) -> Path | None:
    """The report, if it lies among our own files: the command line may have put it anywhere."""
    report = Path(run.report).resolve() if run.report else None
    if report and report.is_file() and report.is_relative_to(settings.folder("imports")):
        return report
    return None


def _mapping(
    request: Request[Any, Any, Any],
    merchant: Merchant,
    actor: Actor,
    *,
    path: Path,
    head: Preview,
    mapping: Mapping,
    result: ImportResult | None,
) -> Response[str]:
    place, language = _place(request), web.language_of(request)
    fields = [
        (
            field.value,
            FIELD_NAMES[field][place],
            mapping.column(field),
            head.samples(mapping.column(field)),
            field in REQUIRED,
        )
        for field in Field
    ]
    return web.page(
        request,
        "imports/mapping.html",
        merchant=merchant,
        file_name=path.name,
        columns=head.columns,
        fields=fields,
        dates=DATES,
        chosen_dates=mapping.dates,
        rows=head.rows[:5],
        figures=figures(result, merchant, language) if result else [],
        refused=_reasons(result, place),
        **_around(actor),
    )


def _reasons(result: ImportResult | None, place: int) -> list[tuple[str, int]]:
    counted = result.refused if result else {}
    return [
        (REASONS[Reason(name)][place], count) for name, count in sorted(counted.items(), key=lambda r: -r[1])
    ]


async def _run_facts(
    request: Request[Any, Any, Any], uow: UnitOfWork, database: Database, settings: Settings, run_id: UUID
) -> dict[str, Any]:
    run = await runs.find(uow, run_id)
    here = uploads.live(run_id)
    is_running = run.state == "running" and (
        bool(here and here.is_running) or await runs.is_under_way(database, uow.merchant)
    )
    progress = here.progress if here and is_running else None
    language = web.language_of(request)
    return {
        "run": run,
        "is_running": is_running,
        "state": STATES["failed" if run.state == "running" and not is_running else run.state],
        "stage": STAGES[progress.stage] if progress else STAGES[Stage.WRITE if run.total else Stage.READ],
        "done": progress.done if progress else run.position,
        "whole": progress.total if progress else run.total,
        "refusal": here.refusal.sentence(language) if here and here.refusal else "",
        "figures": figures(run.result, uow.merchant, language) if run.result else [],
        "refused": _reasons(run.result, _place(request)),
        "has_report": _report(settings, run) is not None,
        "can_go_on": run.state != "done" and not is_running and _has_file(settings, uow.merchant, run_id),
    }


def _has_file(settings: Settings, merchant: Merchant, run_id: UUID) -> bool:
    try:
        uploads.file_of_run(settings, merchant, run_id)
    except NotFound:
        return False
    return True
