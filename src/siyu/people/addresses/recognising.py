"""Reading an address out of pasted text: "林小满 13800000000 上海市浦东新区世纪大道100号". Pure; a guess to be checked.

What cannot be told apart is left empty: a district name that two cities share is no district.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

import msgspec

from siyu.people.addresses.regions import FILLERS, Region, below, provinces

PASTE_MAX = 300
PHONE = re.compile(
    r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)|(?<!\d)(0\d{2,3}-\d{7,8})(?!\d)"
)
LABELS = re.compile(
    r"(收货人|收件人|联系人|姓名|手机号码|手机号|手机|联系电话|电话|所在地区|地区|详细地址|收货地址|收件地址|地址)\s*[:：]?"
)
SEPARATORS = re.compile(r"[\s,，;；、|/]+")
PROVINCE_ENDS = ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")
CITY_ENDS = ("市", "地区", "盟")
DISTRICT_ENDS = ("新区", "区", "县", "市")
# After a name without its ending these say that it was no such region: 朝阳路, 朝阳区.
OTHER_SIGNS = ("路", "街", "大道", "道", "巷", "弄", "区", "县", "旗", "镇")
DISTRICT_MAX = 15
NAME_MAX = 8  # a longer piece without a number is more likely a place than a person


class Recognised(msgspec.Struct, frozen=True):
    """What was found; empty fields were not."""

    name: str = ""
    phone: str = ""
    region_code: str = ""
    detail: str = ""


def recognise(text: str) -> Recognised:
    """Name, phone, region and the rest of the address in `text`, of which PASTE_MAX characters are read."""
    text = text[:PASTE_MAX]
    called = PHONE.search(text)
    phone = "".join(part for part in called.groups() if part) if called else ""
    if called:
        text = f"{text[: called.start()]} {text[called.end() :]}"
    pieces = [piece for piece in SEPARATORS.split(LABELS.sub(" ", text)) if piece]
    name = _name_among(pieces)
    whole = "".join(piece for piece in pieces if piece != name)
    code, detail = _region_in(whole)
    return Recognised(name, phone, code, detail)


def _name_among(pieces: list[str]) -> str:
    """The shortest piece that could be somebody's name: it has no digit and begins with no region."""
    could_be = [
        piece
        for piece in pieces
        if 2 <= len(piece) <= NAME_MAX and not re.search(r"\d", piece) and not _region_in(piece)[0]
    ]
    return min(could_be, key=len, default="") if len(pieces) > 1 else ""


def _region_in(text: str) -> tuple[str, str]:
    """The lowest region that `text` begins with, as a code, and what follows it."""
    province, rest = _begins(text, provinces(), PROVINCE_ENDS)
    if province is not None:
        rest = rest.removeprefix(province.name)  # 上海市上海市浦东新区
        return _below_province(province, rest)
    city, rest = _begins(text, _cities(), CITY_ENDS)
    if city is not None:
        return _below_city([city], city.code, rest)
    lone = _lone_districts()
    for length in range(min(len(text), DISTRICT_MAX), 1, -1):
        if text[:length] in lone:
            return _below_district(lone[text[:length]], text[length:])
    return "", text


@cache
def _cities() -> tuple[Region, ...]:
    return tuple(c for above in provinces() for c in below(above.code) if c.name not in FILLERS)


@cache
def _lone_districts() -> dict[str, Region]:
    """Districts whose name no other city has, by name."""
    every = [d for above in provinces() for city in below(above.code) for d in below(city.code)]
    often = Counter(district.name for district in every)
    return {district.name: district for district in every if often[district.name] == 1}


def _below_province(province: Region, text: str) -> tuple[str, str]:
    cities = below(province.code)
    city, rest = _begins(text, [city for city in cities if city.name not in FILLERS], CITY_ENDS)
    if city is not None:
        return _below_city([city], city.code, rest)
    for filler in FILLERS:
        text = text.removeprefix(filler)
    return _below_city(cities, province.code, text)


def _below_city(cities: Iterable[Region], known: str, text: str) -> tuple[str, str]:
    districts = [district for city in cities for district in below(city.code)]
    district, rest = _begins(text, districts, DISTRICT_ENDS)
    if district is None and len(districts) == 1:  # 东莞, 中山: a city with streets and no districts
        district, rest = districts[0], text
    return _below_district(district, rest) if district is not None else (known, text)


def _below_district(district: Region, text: str) -> tuple[str, str]:
    street, rest = _begins(text, below(district.code), ())
    return (street.code, rest) if street is not None else (district.code, text)


def _begins(text: str, regions: Iterable[Region], ends: tuple[str, ...]) -> tuple[Region | None, str]:
    """The region that `text` begins with, by its whole name or without its ending; the longest name wins."""
    found: tuple[int, Region] | None = None
    for region in regions:
        for name in {region.name, *_short(region.name, ends)}:
            is_other = name != region.name and text[len(name) :].startswith(OTHER_SIGNS)
            if text.startswith(name) and not is_other and (found is None or len(name) > found[0]):
                found = len(name), region
    return (found[1], text[found[0] :]) if found else (None, text)


def _short(name: str, ends: tuple[str, ...]) -> list[str]:
    """`江苏省` is also said as 江苏; one character alone says nothing."""
    for end in ends:
        if name.endswith(end) and len(name) - len(end) >= 2:
            return [name.removesuffix(end)]
    return []
