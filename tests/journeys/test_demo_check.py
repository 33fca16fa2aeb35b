"""`siyu demo --check` as anybody would run it: a process of its own, a temporary house, the whole loop over HTTP."""

import os
import re
import subprocess
import sys

import pytest

LINES_AT_LEAST = 38


@pytest.mark.timeout(150)
def test_the_whole_loop_holds_from_the_door_to_the_books() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}

    done = subprocess.run(
        [sys.executable, "-m", "siyu.cli", "demo", "--check"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "✗" not in done.stdout
    verdict = re.search(r"✓ (\d+) 项全部成立 / all \1 hold", done.stdout)
    assert verdict, done.stdout[-500:]
    assert int(verdict[1]) >= LINES_AT_LEAST
    assert done.stderr == ""
