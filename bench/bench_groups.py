"""How many real group-buying launches a second the house takes from opening to the last refund, and whether all is right.

    python bench/bench_groups.py --launches 20000 --processes 2 [--workers 4] [--data FOLDER]
    python bench/bench_groups.py --all --processes 2

The data set (Beibei, see bench/group_replay.py) is not part of the project. Each process replays its share at a
merchant of its own in one database. The exit code is 1 when anything differs from the file.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from figures import Figure, at_most, plain
from group_launches import everything, sample
from group_replay import Report, replay
from siyu.people import merchants
from siyu.runtime import embedded
from siyu.runtime.db import Database
from siyu.runtime.migrate import migrate
from siyu.settings import Settings

DATA = Path(__file__).parents[2] / "shared" / "data" / "beibei_groupbuying"
LAUNCHES = int(os.environ.get("LAUNCHES", "2000"))


async def run() -> list[Figure]:
    """`siyu bench groups`: half successes, half failures, in one process; LAUNCHES says how many."""
    if not DATA.is_dir():
        return []
    (report,) = await _everything(LAUNCHES, 1, 4, DATA, is_all=False)
    wrong = 0 if report.is_right else 1
    return [
        plain("groups.launches", report.launches, "launches"),
        plain("groups.rate", report.launches / report.seconds, "launches/s"),
        plain("groups.orders", report.orders / report.seconds, "orders/s"),
        plain("groups.refunds", report.refunded, "refunds"),
        at_most("groups.differences", wrong, "reports", goal=0),
    ]


async def _everything(
    launches: int, processes: int, workers: int, data: Path, *, is_all: bool
) -> list[Report]:
    """Replay in so many processes against one fresh database."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)  # the server runs as another user when we are root
    settings = Settings(data_dir=str(folder))
    try:
        url = embedded.start(settings)
        await migrate(url)
        each = [launches // processes + (i < launches % processes) for i in range(processes)]
        running = [
            await asyncio.create_subprocess_exec(
                sys.executable, __file__, "--share", str(i), "--url", url, "--launches", str(count), "--workers",
                str(workers), "--data", str(data), *(["--all", "--processes", str(processes)] if is_all else []),
                stdout=subprocess.PIPE,
            )
            for i, count in enumerate(each)
        ]  # fmt: skip
        said = [await one.communicate() for one in running]
        assert all(one.returncode == 0 for one in running), "every process ended well"
        return [msgspec.json.decode(out, type=Report) for out, _ in said]
    finally:
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


async def _share(url: str, share: int, launches: int, workers: int, data: Path, of_all: int) -> Report:
    """One process's part, at a merchant of its own: a sample, or every `of_all`-th of all launches."""
    merchant = await merchants.create(
        url, slug=f"replay{share}", name="拼团重放", currency="CNY", timezone="Asia/Shanghai"
    )
    database = Database(url, connections_max=6)
    await database.open()
    if of_all:
        chosen = everything(data)[share::of_all]
    else:
        chosen = sample(
            data, launches - launches // 2, launches // 2, large=launches // 50, seed=20210715 + share
        )
    report = await replay(database, merchant, chosen, workers=workers)
    await database.close()
    return report


def _told(reports: list[Report]) -> None:
    for name in Report.__struct_fields__:
        values = [getattr(report, name) for report in reports]
        print(f"{name:24} {max(values) if name == 'seconds' else sum(values)}")
    seconds = max(report.seconds for report in reports)
    print(f"{'launches/s':24} {sum(report.launches for report in reports) / seconds:.1f}")
    print(f"{'right':24} {all(report.is_right for report in reports)}")


def main() -> int:
    """Parse the arguments, replay, print the report."""
    parser = argparse.ArgumentParser(description="Replay real group-buying launches.")
    parser.add_argument("--launches", type=int, default=LAUNCHES)
    parser.add_argument("--all", action="store_true", help="every launch of the data set, once")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4, help="that place and pay at once, in each process")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--share", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.share is not None:
        report = asyncio.run(
            _share(
                asked.url, asked.share, asked.launches, asked.workers, asked.data,
                asked.processes if asked.all else 0,
            )
        )  # fmt: skip
        print(msgspec.json.encode(report).decode())
        return 0
    reports = asyncio.run(
        _everything(asked.launches, asked.processes, asked.workers, asked.data, is_all=asked.all)
    )
    _told(reports)
    return 0 if all(report.is_right for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
