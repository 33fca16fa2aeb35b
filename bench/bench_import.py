"""What importing half a million order lines costs: CPU of this side and of PostgreSQL, and memory.

The file is UCI Online Retail where it is present, else one of the same shape made here. It is imported by a process
of its own into a database of its own, so that nothing else is counted.
"""

import asyncio
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from figures import Figure, at_most, plain
from siyu.people import merchants
from siyu.runtime import embedded
from siyu.runtime.db import Database
from siyu.runtime.migrate import migrate
from siyu.settings import Settings
from siyu.trade import imports

FILE = Path(__file__).parents[2] / "shared" / "data" / "online_retail" / "online_retail.parquet"
CPU_SECONDS_MAX = 60
MEMORY_MIB_MAX = 1024
ROWS = 541_909
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


async def run() -> list[Figure]:
    """Import once in a fresh process and database."""
    folder = _folder()
    try:
        file = FILE if FILE.exists() else await asyncio.to_thread(same_shape, folder / "generated.parquet")
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, str(file), str(folder), stdout=subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, "the import ended well"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    got = json.loads(said.splitlines()[-1])
    return [
        at_most("import.cpu", got["cpu"] + got["postgres_cpu"], "CPU s", goal=CPU_SECONDS_MAX),
        at_most("import.memory", got["memory_mib"], "MiB", goal=MEMORY_MIB_MAX),
        plain("import.cpu.python", got["cpu"], "CPU s"),
        plain("import.cpu.postgres", got["postgres_cpu"], "CPU s"),
        plain("import.wall", got["wall"], "s"),
        plain("import.rows", got["rows"] / got["wall"], "rows/s"),
    ]


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)  # the server runs as another user when we are root
    return folder


async def _measure(file: Path, folder: Path) -> dict[str, float]:
    settings = Settings(data_dir=str(folder))
    url = embedded.start(settings)
    await migrate(url)
    shop = await merchants.create(url, slug="bench", name="测速店", currency="GBP", timezone="Europe/London")
    mapping = imports.guess_mapping(file)
    report = folder / "refused.csv"
    database = Database(url, connections_max=3)
    cpu, wall, theirs = time.process_time(), time.monotonic(), _postgres_cpu(settings)
    await database.open()
    result = await imports.import_orders(database, shop, file, mapping=mapping, report_path=report)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    await database.close()
    await asyncio.sleep(1)  # the backends' CPU is added to the postmaster's when they have ended
    return {
        "rows": result.rows_read,
        "cpu": cpu,
        "wall": wall,
        "postgres_cpu": _postgres_cpu(settings) - theirs,
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _postgres_cpu(settings: Settings) -> float:
    """CPU seconds of the server and of all backends that have ended."""
    pid = int((settings.folder("postgres") / "postmaster.pid").read_text().splitlines()[0])
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / CLOCK_TICKS


def same_shape(path: Path) -> Path:
    """A file with the rows, customers, products, gaps and cancellations that Online Retail has, from a fixed seed."""
    chance = random.Random(20101201)
    codes = [f"{10_000 + i}{chance.choice(['', '', 'A', 'B'])}" for i in range(4_070)]
    prices = [round(chance.lognormvariate(0.8, 0.9), 2) + 0.04 for _ in codes]
    columns: dict[str, list] = {name: [] for name in (
        "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"
    )}  # fmt: skip
    moment, number = datetime(2010, 12, 1, 8, 26), 536_365  # noqa: DTZ001 - exports carry no zone
    while len(columns["InvoiceNo"]) < ROWS:
        is_cancelled = chance.random() < 0.15
        customer = str(12_346 + int(chance.paretovariate(0.6)) % 4_372) if chance.random() < 0.75 else None
        for _ in range(
            min(
                1 + int(chance.expovariate(1 / (2 if is_cancelled else 24))), ROWS - len(columns["InvoiceNo"])
            )
        ):
            sku = min(int(chance.expovariate(1 / 600)), len(codes) - 1)
            quantity = 1 + int(chance.expovariate(1 / 9))
            row = (
                f"{'C' if is_cancelled else ''}{number}", codes[sku], f"PRODUCT {codes[sku]}",
                -quantity if is_cancelled else quantity, moment, prices[sku], customer, "United Kingdom",
            )  # fmt: skip
            for column, cell in zip(columns.values(), row, strict=True):
                column.append(cell)
        number += 1
        moment += timedelta(minutes=chance.randrange(1, 42))
    pq.write_table(pa.table(columns), path)
    return path


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(Path(sys.argv[1]), Path(sys.argv[2])))))
