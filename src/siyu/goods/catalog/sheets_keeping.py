"""A product sheet from upload to job: kept row by row, checked, then applied in steps or all at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from siyu import web
from siyu.goods.catalog import sheets_columns as columns
from siyu.goods.catalog.sheets_reading import SheetRow, rows_of, standing, understood
from siyu.goods.catalog.sheets_writing import Groups, apply_product, groups
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime import jobs, spreadsheets
from siyu.runtime.db import UnitOfWork, json_rows, refusal_of

KIND = "catalog.product_sheet"
KEPT = timedelta(days=30)
PRODUCTS_PER_STEP = 10
WHOLE_ROWS_MAX = 5_000  # in one transaction; more would hold others up


class Sheet(msgspec.Struct, frozen=True):
    """An uploaded sheet. `products` counts what it speaks of, `new` those that are not there yet."""

    id: UUID
    name: str
    rows: int
    refused: int
    state: str
    job_id: UUID | None
    at: datetime
    products: int
    new: int


class SheetJob(msgspec.Struct, frozen=True):
    sheet_id: UUID
    is_whole: bool


class RowRefused(DomainError):
    """A row could not be written, and with it nothing was."""

    code = "catalog.sheet_row_refused"
    status = 422
    zh = "第 {row} 行（{sku}）未能写入，已全部撤销：{reason_zh}"
    en = "Row {row} ({sku}) could not be written, so nothing was: {reason_en}"


async def keep(uow: UnitOfWork, sheet_id: UUID, name: str, table: spreadsheets.Table) -> None:
    """Check a sheet and keep it with what is wrong. The same id a second time changes nothing. Raises Unreadable."""
    rows = rows_of(table)
    known = await standing(
        uow, [row.cells[key] for row in rows for key in ("code", "group") if row.cells.get(key)]
    )
    checked = understood(rows, known, uow.merchant.currency)
    added = await uow.run(
        """
        insert into product_sheets (merchant_id, id, name, rows, refused, actor_id, at)
        values (%(merchant_id)s, %(id)s, %(name)s, %(rows)s, %(refused)s, %(actor)s, %(now)s)
        on conflict do nothing
        """,
        id=sheet_id,
        name=name[:120],
        rows=len(checked),
        refused=sum(bool(row.problems) for row in checked),
        actor=uow.actor.id,
    )
    if added:
        await uow.run(
            """
            insert into product_sheet_rows (merchant_id, sheet_id, row_no, bundle_no, cells, problems)
            select %(merchant_id)s, %(sheet)s, t.row_no, t.bundle_no, t.cells, t.problems
            from jsonb_to_recordset(%(rows)s::jsonb) as t (row_no int, bundle_no int, cells jsonb, problems jsonb)
            """,
            sheet=sheet_id,
            rows=json_rows(checked),
        )
        await _forget_old(uow)


async def _forget_old(uow: UnitOfWork) -> None:
    old = await uow.all(
        UUID,
        "select id from product_sheets where merchant_id = %(merchant_id)s and at < %(until)s limit 20",
        until=uow.now - KEPT,
    )
    await uow.run(
        "delete from product_sheet_rows where merchant_id = %(merchant_id)s and sheet_id = any(%(ids)s)",
        ids=old,
    )
    await uow.run(
        "delete from product_sheets where merchant_id = %(merchant_id)s and id = any(%(ids)s)", ids=old
    )


async def find(uow: UnitOfWork, sheet_id: UUID) -> Sheet:
    """Raises NotFound."""
    found = await listing(uow, sheet_id=sheet_id)
    if not found:
        raise NotFound(what="商品表格 / product sheet")
    return found[0]


async def listing(uow: UnitOfWork, *, sheet_id: UUID | None = None, limit: int = 20) -> list[Sheet]:
    """Uploaded sheets, newest first."""
    rows = await uow.all(
        _Row,
        """
        select s.id, s.name, s.rows, s.refused, s.state, s.job_id, s.at,
               (select count(distinct r.bundle_no) from product_sheet_rows r
                where r.merchant_id = s.merchant_id and r.sheet_id = s.id)::int as products
        from product_sheets s
        where s.merchant_id = %(merchant_id)s and (%(id)s::uuid is null or s.id = %(id)s)
        order by s.at desc, s.id desc limit %(limit)s
        """,
        id=sheet_id,
        limit=limit,
    )
    if sheet_id is None:
        return [Sheet(*msgspec.structs.astuple(row), new=0) for row in rows]
    return [Sheet(*msgspec.structs.astuple(row), new=await _new(uow, row.id)) for row in rows]


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    rows: int
    refused: int
    state: str
    job_id: UUID | None
    at: datetime
    products: int


async def _new(uow: UnitOfWork, sheet_id: UUID) -> int:
    return await uow.one(
        int,
        """
        select count(*) from (
            select r.bundle_no from product_sheet_rows r
            left join skus k on k.merchant_id = r.merchant_id
                                and k.code in (r.cells ->> 'code', nullif(r.cells ->> 'group', ''))
            where r.merchant_id = %(merchant_id)s and r.sheet_id = %(sheet)s
            group by r.bundle_no having bool_and(k.id is null)
        ) fresh
        """,
        sheet=sheet_id,
    )


async def rows_with_problems(
    uow: UnitOfWork, sheet_id: UUID, *, after: int = 0, limit: int = 200
) -> list[SheetRow]:
    """Rows of a sheet that cannot be written, by number."""
    return await _rows(uow, sheet_id, after=after, limit=limit, only_wrong=True)


class _Kept(msgspec.Struct, frozen=True):
    row_no: int
    bundle_no: int
    cells: Any
    problems: Any


async def _rows(
    uow: UnitOfWork,
    sheet_id: UUID,
    *,
    bundles: tuple[int, int] | None = None,
    after: int = 0,
    limit: int = spreadsheets.ROWS_MAX,
    only_wrong: bool = False,
) -> list[SheetRow]:
    first, last = bundles or (None, None)
    rows = await uow.all(
        _Kept,
        """
        select row_no, bundle_no, cells, problems from product_sheet_rows
        where merchant_id = %(merchant_id)s and sheet_id = %(sheet)s and row_no > %(after)s
          and (%(first)s::int is null or bundle_no between %(first)s and %(last)s::int)
          and (not %(only_wrong)s or problems <> '[]')
        order by row_no limit %(limit)s
        """,
        sheet=sheet_id,
        after=after,
        first=first,
        last=last,
        limit=limit,
        only_wrong=only_wrong,
    )
    return [msgspec.convert(msgspec.structs.asdict(row), SheetRow) for row in rows]


async def start(uow: UnitOfWork, sheet_id: UUID, job_id: UUID, *, is_whole: bool) -> UUID:
    """Have a sheet written in the background; the id of its job. A second start leads to the first one's job.

    `is_whole`: all rows in one transaction or nothing; then no row may have a problem. Raises Invalid and NotFound.
    """
    sheet = await find(uow, sheet_id)
    if sheet.job_id is None and is_whole and (sheet.refused or sheet.rows > WHOLE_ROWS_MAX):
        raise Invalid(
            field="mode",
            zh="有问题的行要先改好，且最多 5000 行，才能选择全部成功或全部不写。",
            en="All or nothing needs a sheet without problems and of at most 5,000 rows.",
        )
    if sheet.job_id is None and sheet.refused == sheet.rows:
        raise Invalid(field="mode", zh="没有可以写入的行。", en="There is no row that could be written.")
    claimed = await uow.run(
        """
        update product_sheets set state = 'started', job_id = %(job)s
        where merchant_id = %(merchant_id)s and id = %(id)s and job_id is null
        """,
        id=sheet_id,
        job=job_id,
    )
    if not claimed:
        return (await find(uow, sheet_id)).job_id or job_id
    return await jobs.start(
        uow,
        KIND,
        SheetJob(sheet_id, is_whole),
        title_zh=f"导入商品：{sheet.name}",
        title_en=f"Products from {sheet.name}",
        total=sheet.rows,
        job_id=job_id,
    )


async def step(uow: UnitOfWork, wanted: SheetJob, position: int | None) -> jobs.Step:
    """The next products of a sheet, or all of them when it is whole. `position` is the last product's number."""
    done = position or 0
    last = done + PRODUCTS_PER_STEP if not wanted.is_whole else spreadsheets.ROWS_MAX
    rows = await _rows(uow, wanted.sheet_id, bundles=(done + 1, last))
    if not rows:
        return jobs.Step(done, 0, is_over=True, result="products")
    # Somebody may have made these products since the sheet was checked.
    known = await standing(
        uow, [row.cells[key] for row in rows for key in ("code", "group") if row.cells.get(key)]
    )
    checked = understood(rows, known, uow.merchant.currency)
    sorted_out: dict[int, list[SheetRow]] = {}
    for row in checked:
        sorted_out.setdefault(row.bundle_no, []).append(row)
    failed: list[jobs.Failure] = []
    all_groups = await groups(uow)
    for own in sorted_out.values():
        refused = await _apply(uow, own, all_groups)
        if refused and wanted.is_whole:
            raise RowRefused(
                row=refused[0].row, sku=refused[0].subject, reason_zh=refused[0].zh, reason_en=refused[0].en
            )
        if refused:
            all_groups = await groups(uow)  # a category made for a refused product is gone with it
            failed += refused
    return jobs.Step(last, len(rows), tuple(failed), is_over=wanted.is_whole, result="products")


async def _apply(uow: UnitOfWork, rows: Sequence[SheetRow], known: Groups) -> list[jobs.Failure]:
    """Write one product; what is wrong with it, row by row, when it could not be."""
    if any(row.problems for row in rows):
        return [_failure(row, told(row, web.CHINESE), told(row, web.ENGLISH)) for row in rows]
    try:
        async with uow.part():
            await apply_product(uow, rows, known)
    except (DomainError, psycopg.Error) as problem:
        refusal = problem if isinstance(problem, DomainError) else refusal_of(problem)
        if refusal is None:
            raise
        return [_failure(row, jobs.spoken(refusal, "zh"), jobs.spoken(refusal, "en")) for row in rows]
    return []


def told(row: SheetRow, language: str) -> str:
    """What is wrong with a row, in one sentence."""
    if language == web.CHINESE:
        return "；".join(f"{columns.NAMES[problem.column]}{problem.zh}" for problem in row.problems)
    return "; ".join(
        f"{web.translate(language, columns.NAMES[problem.column])} {problem.en}" for problem in row.problems
    )


def _failure(row: SheetRow, zh: str, en: str) -> jobs.Failure:
    return jobs.Failure(row.row_no, row.cells["code"], zh, en)


JOBS = [jobs.Kind(KIND, SheetJob, step)]
