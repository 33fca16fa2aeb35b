"""Starting the demo, and letting its time pass: what a person reads, and what is left untouched when it cannot be."""

import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from rich.console import Console

from siyu import demo
from siyu.demo.moving import step
from siyu.demo.seed import DemoMerchant, Login, PhonePerson
from siyu.demo.starting import welcome
from siyu.runtime import moved_clock
from siyu.runtime.db import Database
from siyu.settings import Settings


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("+8d", timedelta(days=8)),
        ("+36h", timedelta(hours=36)),
        ("+15m", timedelta(minutes=15)),
        ("+366d", timedelta(days=366)),
    ],
)
def test_a_step_is_days_hours_or_minutes(text: str, by: timedelta) -> None:
    assert step(text) == by


@pytest.mark.parametrize("text", ["8d", "-8d", "+8", "+0d", "+8w", "+1.5d", "+８d", "+367d", "+9999999m", ""])
def test_anything_else_is_no_step(text: str) -> None:
    assert step(text) is None


def test_a_step_that_cannot_be_read_is_explained_and_nothing_is_made(tmp_path: Path, capsys) -> None:
    assert demo.move_clock(Settings(data_dir=str(tmp_path / "new")), "8d") == 2

    said = capsys.readouterr()
    assert "看不懂“8d”" in said.err
    assert "+8d" in said.err
    assert list(tmp_path.iterdir()) == []


def test_without_a_demo_there_is_no_clock_to_move_and_none_is_made(tmp_path: Path, capsys) -> None:
    assert demo.move_clock(Settings(data_dir=str(tmp_path / "new")), "+8d") == 1

    assert "请先运行 siyu demo" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_named_in_one_sentence_and_nothing_is_made(tmp_path: Path, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert demo.run(Settings(data_dir=str(tmp_path / "new"), port=port)) == 1

    said = capsys.readouterr().err
    assert f"端口 {port} 已被占用" in said
    assert f"Port {port} is in use" in said
    assert list(tmp_path.iterdir()) == []


def test_shop_and_sandbox_cannot_share_a_port(tmp_path: Path, capsys) -> None:
    assert demo.run(Settings(data_dir=str(tmp_path / "new"), port=8001, sandbox_port=8001)) == 1

    assert "请设成不同的端口" in capsys.readouterr().err


@pytest.mark.skipif("SIYU_TEST_DATABASE_URL" in os.environ, reason="speaks of the embedded server")
async def test_the_clock_is_moved_beside_a_running_demo_whose_server_goes_on(
    database: Database, database_url: str, settings: Settings
) -> None:
    before = await moved_clock.read(database)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "siyu.cli", "demo", "clock", "+8d"],
            env={**os.environ, "SIYU_DATA_DIR": settings.data_dir},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

        assert (done.returncode, done.stderr) == (0, "")
        assert "+8d，Asia/Shanghai" in done.stdout
        # The server answers: the short process let go of it without stopping it.
        assert await moved_clock.read(database) == before + timedelta(days=8)
    finally:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            await connection.execute("update clock set offset_seconds = %s", (int(before.total_seconds()),))


def test_the_panel_says_where_everything_is_and_how_each_person_signs_in() -> None:
    made = DemoMerchant(
        merchant_id=UUID(int=1),
        slug="heshun",
        name="禾顺生活",
        logins=(
            Login("owner", "owner", "secret-1", "沈禾"),
            Login("guide", "guide", "secret-2", "许佳", "越城旗舰店"),
            Login("custom", "warehouse", "secret-3", "丁立仓", "越城中心仓"),
        ),
        shopper=PhonePerson("demo-shopper", "19900000001", "林小满"),
        koc=PhonePerson("demo-koc", "19900000002", "念念好物"),
        is_new=False,
    )
    console = Console(width=100, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123

    console.print(welcome(Settings(port=8123, sandbox_port=8124), made))

    shown = console.export_text()
    for words in (
        "http://127.0.0.1:8123/shop/heshun",
        "http://127.0.0.1:8123/desk/heshun",
        "http://127.0.0.1:8123/console/heshun",
        "http://127.0.0.1:8123/api/docs",
        "http://127.0.0.1:8124/phone",
        "http://127.0.0.1:8123/d/heshun/VOICE2",
        "owner / secret-1",
        "guide / secret-2",
        "19900000001",
        "念念好物",
        "林小满",
    ):
        assert words in shown
