"""`siyu import orders FILE`: show what the columns mean, ask, import, tell what came of it."""

import argparse
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.trade.imports.actions import import_orders
from siyu.trade.imports.guessing import guess, named
from siyu.trade.imports.model import (
    FIELD_NAMES,
    REASONS,
    REQUIRED,
    Field,
    ImportResult,
    Mapping,
    Preview,
    Progress,
    Reason,
    Stage,
)
from siyu.trade.imports.reading import check_columns, preview

DONE, REFUSED, NOT_CONFIRMED = 0, 1, 2

STAGE_WORDS = {
    Stage.READ: web.mark("读取"),
    Stage.PLAN: web.mark("匹配取消单"),
    Stage.WRITE: web.mark("写入"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything but `--merchant`, which belongs to whoever opens the database."""
    parser.add_argument(
        "file", type=Path, help="CSV (UTF-8, GB18030), XLSX or Parquet; one row per order line"
    )
    parser.add_argument(
        "--map", default="", metavar="FIELD=COLUMN,…", help=f"fields: {', '.join(Field)}; dates=dmy|mdy"
    )
    parser.add_argument("--yes", action="store_true", help="accept the column mapping without being asked")
    parser.add_argument("--dry-run", action="store_true", help="write nothing, print the same figures")
    parser.add_argument("--report", type=Path, metavar="CSV", help="where the refused rows go")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="language of what is printed")
    parser.add_argument("--timezone", default="", metavar="ZONE", help="IANA zone of times that carry none")


async def run(args: argparse.Namespace, database: Database, merchant: Merchant, console: Console) -> int:
    """Do what the command line asks. 0: done; 1: refused, with the reason; 2: the mapping was not confirmed."""
    language = web.ENGLISH if args.language == "en" else web.CHINESE
    if not args.file.is_file():
        console.print(web.translate(language, "没有这个文件：{path}", path=args.file), style="red")
        return REFUSED
    if args.timezone and not _is_zone(args.timezone):
        console.print(web.translate(language, "没有这个时区：{zone}", zone=args.timezone), style="red")
        return REFUSED
    try:
        head = preview(args.file)
        mapping = named(args.map, guess(head))
        console.print(mapping_table(head, mapping, language))
        check_columns(head.columns, mapping)
        if not (args.yes or args.dry_run) and not _is_confirmed(console, language):
            return NOT_CONFIRMED
        result = await _import(args, database, merchant, mapping=mapping, console=console, language=language)
    except DomainError as refusal:
        console.print(refusal.sentence(language), style="red", markup=False)
        return REFUSED
    _tell(console, result, merchant, language)
    return DONE


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _is_confirmed(console: Console, language: str) -> bool:
    if not (console.is_terminal and sys.stdin.isatty()):
        console.print(
            web.translate(language, "确认无误后加上 --yes 再运行；用 --map 可以改正。"), markup=False
        )
        return False
    return Confirm.ask(web.translate(language, "这样对应可以吗？"), console=console, default=True)


def mapping_table(head: Preview, mapping: Mapping, language: str) -> Table:
    """Field, column and some values, for a person to confirm."""
    place = 0 if language == web.CHINESE else 1
    table = Table(title=web.translate(language, "列的对应关系"))
    words = (
        web.translate(language, "字段"),
        "--map",
        web.translate(language, "列"),
        web.translate(language, "示例"),
    )
    for word in words:
        table.add_column(word, overflow="fold")
    for field in Field:
        column = mapping.column(field)
        missing = (
            web.translate(language, "缺少") if field in REQUIRED else web.translate(language, "无（选填）")
        )
        style = "red" if field in mapping.missing else ""
        samples = "  ·  ".join(head.samples(column))
        table.add_row(
            FIELD_NAMES[field][place], field.value, Text(column or missing), Text(samples), style=style
        )
    return table


class _Speed(ProgressColumn):
    """Rows or records per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="cyan")


async def _import(
    args: argparse.Namespace,
    database: Database,
    merchant: Merchant,
    *,
    mapping: Mapping,
    console: Console,
    language: str,
) -> ImportResult:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console) as bar:
        tasks: dict[Stage, Any] = {}

        def show(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bar.add_task(web.translate(language, STAGE_WORDS[progress.stage]))
            bar.update(tasks[progress.stage], completed=progress.done, total=progress.total or None)

        return await import_orders(
            database,
            merchant,
            args.file,
            mapping=mapping,
            dry_run=args.dry_run,
            on_progress=show,
            timezone=args.timezone,
            report_path=args.report,
        )


def figures(result: ImportResult, merchant: Merchant, language: str) -> list[tuple[str, str]]:
    """What came of an import, as words and numbers in the order a person asks for them."""

    def say(text: str) -> str:
        return web.translate(language, text)

    def amount(minor: int) -> str:
        return f"{money.plain(minor, merchant.currency)} {merchant.currency}"

    return [
        (say("读取行数"), f"{result.rows_read:,}"),
        (say("有效订单行"), f"{result.rows_clean:,}"),
        (say("顾客数"), f"{result.customers:,}"),
        (say("订单数"), f"{result.orders:,}"),
        (say("商品数"), f"{result.products:,}"),
        (say("订单金额"), amount(result.value_minor)),
        (say("取消行"), f"{result.cancellations:,}"),
        (say("退款数"), f"{result.refunds:,}"),
        (say("退款金额"), amount(result.refunded_minor)),
        (say("之前已有的订单"), f"{result.orders_known:,}"),
        (say("拒绝的行"), f"{result.rows_refused:,}"),
    ]


def _tell(console: Console, result: ImportResult, merchant: Merchant, language: str) -> None:
    place = 0 if language == web.CHINESE else 1
    title = (
        web.translate(language, "试运行，没有写入任何内容")
        if result.is_dry_run
        else web.translate(language, "导入完成")
    )
    if result.was_done_before:
        title = web.translate(language, "这个文件之前已经导入，没有任何变化")
    table = Table(title=title, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for word, number in figures(result, merchant, language):
        table.add_row(word, number)
    console.print(table)
    if result.refused:
        refused = Table(title=web.translate(language, "拒绝的行"), show_header=False)
        refused.add_column()
        refused.add_column(justify="right")
        for reason, count in sorted(result.refused.items(), key=lambda item: -item[1]):
            refused.add_row(REASONS[Reason(reason)][place], f"{count:,}")
        console.print(refused)
    if result.report_path:
        console.print(
            web.translate(language, "拒绝的行和原因：{path}", path=result.report_path), markup=False
        )
