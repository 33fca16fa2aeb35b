"""Imports that are stopped, killed, repeated or started by the command line."""

import argparse
import asyncio
import io
import os
import signal
import subprocess
import sys
import textwrap

import msgspec
import pytest
from rich.console import Console

from siyu.trade import imports
from siyu.trade.imports.model import ImportUnderWay, MappingIncomplete, Progress, Stage
from trade.import_files import (
    HEADER,
    MAPPING,
    REFUSALS,
    ROWS,
    backs,
    balances,
    bring,
    counts,
    heads,
    lines,
    refused,
    write,
)


class Killed(Exception):
    pass


async def stopped_at(database, merchant, tmp_path, rows, records: int) -> None:
    """Import until `records` records are committed, then stop as if the process had died."""

    def stop(progress: Progress) -> None:
        if progress.stage is Stage.WRITE and progress.done >= records:
            raise Killed

    with pytest.raises(Killed):
        await bring(database, merchant, tmp_path, rows, on_progress=stop)


MANY = [
    *((f"{i}", f"S{i % 50}", "2", "1.25", f"2026-01-{1 + i % 28:02} 10:00", f"c{i % 40}", f"Item {i % 50}", "")
      for i in range(3_000)),
    *((f"C{i}", f"S{i % 50}", "-1", "1.25", "2026-02-01 10:00", f"c{i % 40}", "", "") for i in range(0, 3_000, 3)),
]  # fmt: skip


@pytest.mark.parametrize("records", [1, 60, 100, 3_090, 3_091])
async def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not(
    database, new_shop, tmp_path, records, monkeypatch
):
    from siyu.trade.imports import writing

    monkeypatch.setattr(writing, "RECORDS_PER_CHUNK", 40)
    straight, broken = await new_shop(), await new_shop()
    expected = await bring(database, straight, tmp_path, MANY)
    await stopped_at(database, broken, tmp_path, MANY, records)
    async with database.begin(broken) as uow:
        (run,) = await imports.listing(uow)
    assert run.state == "failed"
    assert run.position >= records
    assert await bring(database, broken, tmp_path, MANY) == expected
    assert await lines(database, broken) == await lines(database, straight)
    assert await heads(database, broken) == await heads(database, straight)
    assert await backs(database, broken) == await backs(database, straight)
    assert await balances(database, broken) == await balances(database, straight)
    async with database.begin(broken) as uow:
        (run,) = await imports.listing(uow)
    assert (run.state, run.position, run.total) == ("done", run.total, 50 + 40 + 3_000 + expected.refunds)


@pytest.mark.crash
async def test_a_killed_process_leaves_a_run_that_another_process_finishes(
    database, database_url, new_shop, tmp_path
):
    straight, broken = await new_shop(), await new_shop()
    expected = await bring(database, straight, tmp_path, MANY)
    file = tmp_path / "orders.csv"
    script = textwrap.dedent(
        f"""
        import asyncio, pathlib, sys, time
        from siyu.runtime.db import Database
        from siyu.runtime.tenancy import Directory
        from siyu.trade import imports
        def tell(progress):
            if progress.stage is imports.Stage.WRITE and progress.done > 2_000:
                print("written", flush=True)
                time.sleep(60)
        async def main():
            database = Database({database_url!r}, connections_max=2)
            await database.open()
            merchant = await Directory(database).find({broken.slug!r})
            await imports.import_orders(database, merchant, pathlib.Path({str(file)!r}),
                mapping=imports.Mapping(*{HEADER!r}), on_progress=tell)
        asyncio.run(main())
        """
    )
    environment = os.environ | {"SIYU_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == "written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    async with database.begin(broken) as uow:
        (run,) = await imports.listing(uow)
    assert (run.state, 2_000 < run.position < run.total) == ("running", True)

    assert await bring(database, broken, tmp_path, MANY) == msgspec.structs.replace(expected, report_path="")
    assert await heads(database, broken) == await heads(database, straight)
    assert await backs(database, broken) == await backs(database, straight)
    assert await balances(database, broken) == await balances(database, straight)


async def test_one_import_at_a_time_per_merchant_and_the_second_changes_nothing(database, merchant, tmp_path):
    second: list[asyncio.Task] = []

    def start_another(progress: Progress) -> None:
        if not second:
            second.append(
                asyncio.ensure_future(bring(database, merchant, tmp_path, MANY[:10], name="second"))
            )

    await bring(database, merchant, tmp_path, MANY, on_progress=start_another)
    with pytest.raises(ImportUnderWay):
        await second[0]
    async with database.begin(merchant) as uow:
        assert [run.source for run in await imports.listing(uow)] == ["orders.csv"]


async def test_a_mapping_to_a_column_that_is_not_there_is_refused_and_changes_nothing(
    database, merchant, tmp_path
):
    file = write(tmp_path / "orders.csv", ROWS)
    with pytest.raises(MappingIncomplete) as refusal:
        await imports.import_orders(database, merchant, file, mapping=imports.named("sku=code", MAPPING))
    assert refusal.value.sentence("zh") == "列对应不完整：商品编码。"
    assert set((await counts(database, merchant)).values()) == {0}


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    imports.cli.add_arguments(parser)
    return parser.parse_args(given)


async def command(database, merchant, *given: str) -> tuple[int, str]:
    screen = io.StringIO()
    code = await imports.cli.run(arguments(*given), database, merchant, Console(file=screen, width=120))
    return code, screen.getvalue()


async def test_the_command_shows_the_mapping_and_waits_for_a_yes(database, merchant, tmp_path):
    file = str(write(tmp_path / "orders.csv", ROWS))
    code, said = await command(database, merchant, file)
    assert code == 2
    assert "2026-01-05 10:00" in said
    assert "--yes" in said
    assert (await counts(database, merchant))["import_runs"] == 0


async def test_the_command_imports_and_tells_the_figures(database, merchant, tmp_path):
    rows = [*ROWS, REFUSALS["no_customer"]]
    file, report = str(write(tmp_path / "orders.csv", rows)), tmp_path / "refused.csv"
    code, said = await command(database, merchant, file, "--yes", "--report", str(report))
    assert code == 0
    assert "34.01 CNY" in said
    assert "没有顾客" in said
    assert refused(report) == [("7", "no_customer")]
    code, said = await command(database, merchant, file, "--yes", "--language", "en")
    assert (code, "nothing changed" in said) == (0, True)


async def test_the_command_takes_a_mapping_by_hand_and_refuses_what_is_missing(database, merchant, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("x1,sku,quantity,price,time,customer\n1,A,1,1,2026-01-05,c\n")
    code, said = await command(database, merchant, str(file), "--yes", "--language", "en")
    assert (code, "Order number" in said) == (1, True)
    code, _ = await command(database, merchant, str(file), "--yes", "--map", "order=x1")
    assert (code, (await counts(database, merchant))["orders"]) == (0, 1)


async def test_the_command_refuses_a_file_that_is_not_there_and_a_zone_nobody_knows(
    database, merchant, tmp_path
):
    assert (await command(database, merchant, str(tmp_path / "none.csv"), "--yes"))[0] == 1
    file = str(write(tmp_path / "orders.csv", ROWS))
    assert (await command(database, merchant, file, "--yes", "--timezone", "Mars/Olympus"))[0] == 1
    assert (await counts(database, merchant))["import_runs"] == 0
