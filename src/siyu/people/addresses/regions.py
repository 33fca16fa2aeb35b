"""The regions of China: province, city, district, street, with their codes (GB/T 2260; 国家统计局 for streets).

Read from the files that the picker on the phone loads, one for each province, made by `make setup`. Names that only
fill a level of the code (市辖区, 省直辖县级行政区划) are told as the place they stand for.
"""

from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec

LEVEL_DIGITS = (2, 4, 6, 9)  # province, city, district, street
FILLERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
FOLDER = resources.files("siyu.web") / "static" / "lib"


class Region(msgspec.Struct, frozen=True):
    """One region. `code` is whole: 2, 4, 6 or 9 digits."""

    code: str
    name: str


class Level(msgspec.Struct, frozen=True):
    """One of the picker's four lists: the field's name, what is chosen, and what there is to choose."""

    field: str
    chosen: str
    regions: tuple[Region, ...]


@cache
def provinces() -> tuple[Region, ...]:
    """All provinces, by code. Raises FileNotFoundError before `make setup`."""
    rows: list[list[str]] = msgspec.json.decode((FOLDER / "regions.json").read_bytes())
    return tuple(Region(code, name) for code, name in rows)


@cache
def _known() -> frozenset[str]:
    return frozenset(region.code for region in provinces())


@cache
def _province(code: str) -> dict[str, tuple[Region, ...]]:
    """What lies directly below each region of a province, by the code above."""
    found: dict[str, tuple[Region, ...]] = {}

    def read(above: str, rows: list[Any]) -> None:
        found[above] = tuple(Region(above + row[0], row[1]) for row in rows)
        for row in rows:
            if len(row) > 2:
                read(above + row[0], row[2])

    read(code, msgspec.json.decode((FOLDER / f"regions-{code}.json").read_bytes()))
    return found


def below(code: str) -> tuple[Region, ...]:
    """The regions directly below `code`; the provinces below ''. Empty for a code that is not known."""
    if not code:
        return provinces()
    return _province(code[:2]).get(code, ()) if code[:2] in _known() else ()


@lru_cache(maxsize=5_000)  # on the way of every parcel; there are 2,900 districts
def names_of(code: str) -> tuple[str, ...] | None:
    """The names from province down to `code`; None when there is no such region."""
    if len(code) not in LEVEL_DIGITS:
        return None
    names: list[str] = []
    for above, digits in zip((0, *LEVEL_DIGITS), LEVEL_DIGITS, strict=False):
        if digits > len(code):
            break
        name = next((region.name for region in below(code[:above]) if region.code == code[:digits]), None)
        if name is None:
            return None
        names.append(name)
    return tuple(_place_of(names, i) for i in range(len(names)))


def _place_of(names: list[str], i: int) -> str:
    """A filler of the second level is told as the city above it, or as the county below."""
    if i != 1 or names[i] not in FILLERS:
        return names[i]
    return names[0] if names[0].endswith("市") else names[i + 1] if len(names) > i + 1 else names[0]


def levels(code: str) -> tuple[Level, ...]:
    """The picker's four lists with `code` chosen as far as it goes."""
    fields = ("province", "city", "district", "street")
    return tuple(
        Level(
            field,
            code[:digits] if len(code) >= digits else "",
            below(code[:above]) if len(code) >= above else (),
        )
        for field, above, digits in zip(fields, (0, 2, 4, 6), LEVEL_DIGITS, strict=True)
    )
