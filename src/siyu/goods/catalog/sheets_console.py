"""Product sheets on the console: take one away, upload one, look at what is wrong, have it written."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, MultipartBody

from siyu import web
from siyu.goods.catalog import sheets_columns as columns
from siyu.goods.catalog import sheets_keeping, sheets_writing
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime import spreadsheets
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
UPLOAD_BYTES_MAX = spreadsheets.BYTES_MAX + 64 * 1024  # the file and its form
PROBLEMS_SHOWN = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMN_WIDTH, NOTE_WIDTH = 16, 80  # characters


class UploadForm(msgspec.Struct, frozen=True):
    file: UploadFile
    idempotency_key: UUID | None = None


def _head(language: str) -> list[str]:
    return [web.translate(language, column.name) for column in columns.COLUMNS]


@get("/console/{slug:str}/products/sheets", opt=WRITE)
async def sheet_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """How products go out and in, and the sheets of the last 30 days."""
    return web.page(
        request,
        "catalog/console_sheets.html",
        merchant=merchant,
        sheets=await sheets_keeping.listing(uow),
        columns=columns.COLUMNS,
    )


@get("/console/{slug:str}/products/sheets/template", opt=WRITE)
async def template(request: Request[Any, Any, Any]) -> Response[bytes]:
    """An empty sheet, and a second one that says what to write where."""
    language = web.language_of(request)
    body = await asyncio.to_thread(_template, language)
    name = quote(web.translate(language, "商品导入模板"))
    return Response(
        body,
        media_type=XLSX,
        headers={
            **web.SECURITY_HEADERS,
            "content-disposition": f"attachment; filename=\"products.xlsx\"; filename*=UTF-8''{name}.xlsx",
            "cache-control": "no-store",
        },
    )


def _template(language: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet: Any = book.active
    sheet.title = web.translate(language, "商品")
    sheet.append(_head(language))
    sheet.freeze_panes = "A2"
    notes: Any = book.create_sheet(web.translate(language, "填写说明"))
    notes.append([web.translate(language, "列"), "说明", "Notes"])
    for place, column in enumerate(columns.COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = COLUMN_WIDTH
        sheet.cell(1, place).font = Font(bold=True)
        # As text: a code such as 0123 keeps its zero.
        for row in range(2, 202):
            sheet.cell(row, place).number_format = "@"
        notes.append([
            web.translate(language, column.name), column.note, web.translate(web.ENGLISH, column.note)
        ])  # fmt: skip
    for letter in "BC":
        notes.column_dimensions[letter].width = NOTE_WIDTH
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@get("/console/{slug:str}/products/sheets/export", opt=READ)
async def export(request: Request[Any, Any, Any], uow: InUow, kind: FromQuery[str] = "xlsx") -> Any:
    """All products in the form that can be brought in again."""
    language = web.language_of(request)
    rows = sheets_writing.exported(uow, language)
    return await web.sheet(request, web.translate(language, "全部商品"), _head(language), rows, kind)


@post(
    "/console/{slug:str}/products/sheets", opt=WRITE, status_code=200, request_max_body_size=UPLOAD_BYTES_MAX
)
async def upload(
    request: Request[Any, Any, Any], data: MultipartBody[UploadForm], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Read and check a file; nothing is written to the catalogue yet."""
    if not data.file.filename:
        raise Invalid(field="file", zh="请选择一个文件。", en="Please choose a file.")
    content = await data.file.read(spreadsheets.BYTES_MAX + 1)
    table = await asyncio.to_thread(spreadsheets.read, content)
    sheet_id = data.idempotency_key or ids.new()
    await sheets_keeping.keep(uow, sheet_id, data.file.filename, table)
    return web.done(request, f"/console/{merchant.slug}/products/sheets/{sheet_id}", web.mark("文件已检查"))


@get("/console/{slug:str}/products/sheets/{sheet_id:uuid}", opt=WRITE)
async def sheet_page(
    request: Request[Any, Any, Any], sheet_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """What a sheet would do, and what is wrong with it row by row."""
    language = web.language_of(request)
    sheet = await sheets_keeping.find(uow, sheet_id)
    rows = await sheets_keeping.rows_with_problems(uow, sheet_id, limit=PROBLEMS_SHOWN)
    return web.page(
        request,
        "catalog/console_sheet.html",
        merchant=merchant,
        sheet=sheet,
        rows=[(row, problem) for row in rows for problem in row.problems],
        names=columns.NAMES,
        is_chinese=language == web.CHINESE,
        problems_max=PROBLEMS_SHOWN,
        whole_max=sheets_keeping.WHOLE_ROWS_MAX,
    )


@get("/console/{slug:str}/products/sheets/{sheet_id:uuid}/problems", opt=WRITE)
async def problems(
    request: Request[Any, Any, Any], sheet_id: FromPath[UUID], uow: InUow, kind: FromQuery[str] = "csv"
) -> Any:
    """The rows that were refused, with row, column and reason, to be mended in the file."""
    language = web.language_of(request)
    await sheets_keeping.find(uow, sheet_id)

    async def rows() -> AsyncIterator[list[Any]]:
        after = 0
        while found := await sheets_keeping.rows_with_problems(uow, sheet_id, after=after):
            for row in found:
                for problem in row.problems:
                    name = web.translate(language, columns.NAMES[problem.column])
                    yield [
                        row.row_no,
                        row.cells["code"],
                        name,
                        row.cells.get(problem.column, ""),
                        problem.zh,
                        problem.en,
                    ]
            after = found[-1].row_no

    head = [web.translate(language, word) for word in ("行", "商品编码", "列", "内容")]
    return await web.sheet(
        request, web.translate(language, "导入问题"), [*head, "原因", "Reason"], rows(), kind
    )


@post("/console/{slug:str}/products/sheets/{sheet_id:uuid}/apply", opt=WRITE, status_code=200)
async def apply(
    request: Request[Any, Any, Any], sheet_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Have it written: the good rows, or all of them or nothing."""
    form = await request.form()
    mode = str(form.get("mode", "good"))
    if mode not in {"good", "whole"}:
        raise Invalid(field="mode", zh="请选择写入方式。", en="Choose how it is written.")
    try:
        job_id = UUID(str(form.get("idempotency_key", "")))
    except ValueError:
        job_id = ids.new()
    job_id = await sheets_keeping.start(uow, sheet_id, job_id, is_whole=mode == "whole")
    return web.done(request, f"/console/{merchant.slug}/jobs/{job_id}", web.mark("已开始导入"))


routes = [sheet_list, template, export, upload, sheet_page, problems, apply]
