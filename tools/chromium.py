"""Make sure the browser tests have their browser: Debian's Chromium and a font with Chinese characters.

Run by `make test`. On a machine that is not Debian, or where we may not install, say what to install instead.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium", "fonts-noto-cjk")
NAMES = ("chromium", "chromium-browser", "google-chrome")
FONTS = Path("/usr/share/fonts/opentype/noto")


def missing() -> list[str]:
    """Packages that are not there yet."""
    has_browser = any(shutil.which(name) for name in NAMES)
    is_debian = bool(shutil.which("apt-get"))
    wanted = [] if has_browser else ["chromium"]
    if is_debian and not any(FONTS.glob("NotoSansCJK*")):
        wanted.append("fonts-noto-cjk")
    return wanted


def main() -> int:
    wanted = missing()
    if not wanted:
        return 0
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
    may = os.geteuid() == 0
    prefix = [] if may else ["sudo", "-n"]
    if shutil.which("apt-get") and (may or shutil.which("sudo")):
        print(f"installing {', '.join(wanted)}", flush=True)
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run([*prefix, "apt-get", "update", "-qq"], check=False, **quiet)
        if subprocess.run([*prefix, *command], check=False, **quiet).returncode == 0 and not missing():
            return 0
    print(f"please install {' and '.join(PACKAGES)}: the browser tests need them", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
