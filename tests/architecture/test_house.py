"""House rules: floors, front doors, sizes, and what may be said only in one place."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from architecture.source import (
    PACKAGE,
    ROOT,
    Module,
    calls_of,
    imports_of,
    long_functions,
    modules,
    python_files,
    room_of,
)

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
BANNED_NAMES = {"utils", "util", "helpers", "common", "manager", "base", "misc", "service", "services"}
# Floors where a float would sooner or later meet an amount.
MONEY_FLOORS = ("siyu.kernel.money", "siyu.money", "siyu.trade", "siyu.goods", "siyu.growth")
# The one file of these floors that counts in fractions: counts of people go in, permilles come out, and a test of its
# room (tests/growth/test_affinity.py) says that no amount, price or rate is read for it.
SCORES = {"siyu.growth.affinity.scoring"}
# They act as the owner of the database, before or beside any merchant; each statement commits by itself.
OWNER_CONNECTIONS = {
    "siyu.runtime.migrate",
    "siyu.runtime.moved_clock",
    "siyu.people.merchants",
    "siyu.demo.seed",
}


def test_imports_only_go_down_and_never_in_a_circle() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2_000:]
    assert "0 broken" in done.stdout


def test_every_floor_is_on_the_list() -> None:
    listed = set(re.findall(r'^    "(siyu\.\w+)",$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    floors = {".".join(name.split(".")[:2]) for name in modules()} - {"siyu", "siyu.migrations"}

    assert floors == listed


def through_the_wall(module: Module) -> list[str]:
    """Imports that reach past another room's front door. Only the composition root may."""
    if module.name in {"siyu.app", "siyu.rooms"}:
        return []
    return [
        f"{module.where} → {name}"
        for name in imports_of(module)
        if name.count(".") >= 3 and room_of(name) != room_of(module.name) and name != room_of(name)
    ]


def test_rooms_are_entered_by_their_front_door() -> None:
    assert [step for module in modules().values() for step in through_the_wall(module)] == []


def test_a_step_through_the_wall_is_seen() -> None:
    text = "from siyu.goods import catalog\nfrom siyu.goods.catalog import queries, prices\n"
    intruder = Module("siyu.trade.orders.actions", PACKAGE / "trade/orders/actions.py", text, ast.parse(text))

    assert through_the_wall(intruder) == ["src/siyu/trade/orders/actions.py → siyu.goods.catalog.queries"]


def test_files_and_functions_stay_short() -> None:
    too_long = []
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > FILE_LINES_MAX:
            too_long.append(f"{path.relative_to(ROOT)} ({lines} lines)")
        too_long += [f"{path.relative_to(ROOT)}: {name}" for name in long_functions(text, FUNCTION_LINES_MAX)]

    assert too_long == []


def test_a_function_that_is_too_long_is_seen() -> None:
    body = "    n += 1\n"

    assert long_functions("def fits(n):\n" + body * (FUNCTION_LINES_MAX - 1), FUNCTION_LINES_MAX) == []
    assert long_functions("async def grew(n):\n" + body * FUNCTION_LINES_MAX, FUNCTION_LINES_MAX) == [
        "grew (71 lines)"
    ]


def test_nothing_is_named_after_a_drawer() -> None:
    names = {part for name in modules() for part in name.split(".")}

    assert names & BANNED_NAMES == set()


def test_nothing_is_left_over() -> None:
    found = []
    for folder, endings in (
        ("src", (".py", ".sql", ".html", ".css", ".js", ".po")),
        ("bench", (".py",)),
        ("docs", (".md",)),
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and "/lib/" not in str(path):
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    if LEFTOVER.search(line):
                        found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")

    assert found == []


def test_only_the_command_line_prints() -> None:
    talkative = [m for m in modules().values() if m.path.name != "cli.py"]

    assert [call for module in talkative for call in calls_of(module, "print", "builtins.print")] == []


def test_only_the_clock_reads_the_time() -> None:
    forbidden = ("datetime.now", "datetime.utcnow", "datetime.datetime.now", "date.today", "datetime.today")
    others = [m for m in modules().values() if m.name != "siyu.kernel.clock"]

    assert [call for module in others for call in calls_of(module, *forbidden)] == []


def test_no_float_comes_near_money() -> None:
    near = [m for m in modules().values() if m.name.startswith(MONEY_FLOORS) and m.name not in SCORES]
    found = [call for module in near for call in calls_of(module, "float", "round")]
    for module in near:
        found += [
            f"{module.where}:{node.lineno} /"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node)
        ]

    assert found == []


def _is_path(node: ast.BinOp) -> bool:
    """Whether the slash joins a path: one side names a folder, a file or a text."""
    text = ast.unparse(node)
    return bool(re.search(r"folder|path|Path\(|dir\b|['\"]", text))


def test_only_the_unit_of_work_commits() -> None:
    committing = re.compile(r"""\.commit\(|execute\(\s*b?['"](?:begin|commit)|\bautocommit\b""")
    found = {m.name for m in modules().values() if committing.search(m.text)}

    assert found - OWNER_CONNECTIONS == {"siyu.runtime.db"}
