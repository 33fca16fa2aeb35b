"""Carriers: the ones we know, those a merchant adds, what their tracking numbers look like and where to follow them.
Owns table carriers.
"""

import re
from urllib.parse import quote

import msgspec

from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork
from siyu.trade.fulfilment.model import BadNumber, UnknownCarrier

FOLLOW = "https://www.kuaidi100.com/chaxun?com={com}&nu={{number}}"
ANY_NUMBER = r"[0-9A-Z][0-9A-Z-]{2,38}[0-9A-Z]"
CODE = re.compile(r"[a-z0-9_]{2,20}")
OWN_MAX = 50


class Carrier(msgspec.Struct, frozen=True):
    """Somebody who takes parcels. `tracking_url` has {number} in it, or is empty where there is no page."""

    code: str
    name_zh: str
    name_en: str
    tracking_url: str
    is_own: bool = False
    is_used: bool = True

    @property
    def word(self) -> str:
        """The name in both languages, as refusals carry facts."""
        return f"{self.name_zh} / {self.name_en}"

    def name(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en

    def page_of(self, number: str) -> str:
        """Where the parcel can be followed; empty where nowhere."""
        return self.tracking_url.replace("{number}", quote(number, safe=""))


def _known(code: str, name_zh: str, name_en: str, com: str) -> Carrier:
    return Carrier(code, name_zh, name_en, FOLLOW.format(com=com))


KNOWN = (
    _known("sf", "顺丰速运", "SF Express", "shunfeng"),
    _known("jd", "京东快递", "JD Logistics", "jd"),
    _known("zto", "中通快递", "ZTO Express", "zhongtong"),
    _known("yto", "圆通速递", "YTO Express", "yuantong"),
    _known("sto", "申通快递", "STO Express", "shentong"),
    _known("yunda", "韵达快递", "Yunda Express", "yunda"),
    _known("jt", "极兔速递", "J&T Express", "jtexpress"),
    _known("ems", "EMS", "EMS", "ems"),
    _known("post", "邮政快递包裹", "China Post", "youzhengguonei"),
    _known("deppon", "德邦快递", "Deppon Express", "debangkuaidi"),
)

# What a number of each looks like, as wide as the carriers issue them: meant to catch a slip, not a forger.
SHAPES = {
    "sf": r"SF[0-9]{12,13}|[0-9]{12,15}",
    "jd": r"JD[0-9A-Z]{10,20}(?:-[0-9]{1,4}){0,3}-?",
    "zto": r"[0-9]{12,15}",
    "yto": r"YT[0-9]{10,16}|[A-Z]?[0-9]{9,18}",
    "sto": r"[0-9]{12,15}",
    "yunda": r"[0-9]{13,19}",
    "jt": r"JT[0-9]{10,16}",
    "ems": r"[A-Z]{2}[0-9]{9}[A-Z]{2}|[0-9]{13}",
    "post": r"[A-Z]{2}[0-9]{9}[A-Z]{2}|[0-9]{13}",
    "deppon": r"DPK[0-9]{9,15}|[0-9]{8,15}",
}


def cleaned(number: str) -> str:
    """The number as it is stored: without spaces, in capitals, full-width characters made plain."""
    plain = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in number)
    return "".join(plain.split()).upper()


def checked(carrier: Carrier, number: str) -> str:
    """The cleaned number. Raises BadNumber when the carrier issues no such numbers."""
    number = cleaned(number)
    if not re.fullmatch(SHAPES.get(carrier.code, ANY_NUMBER), number):
        raise BadNumber(
            field="number", number=number[:40], carrier_zh=carrier.name_zh, carrier_en=carrier.name_en
        )
    return number


async def every(uow: UnitOfWork) -> dict[str, Carrier]:
    """All carriers by code: those we know, then the merchant's own; `is_used` as the merchant chose."""
    chosen = await uow.all(
        Carrier,
        """
        select code, name_zh, name_en, tracking_url, is_own, is_used from carriers
        where merchant_id = %(merchant_id)s order by is_own, code
        """,
    )
    found = {carrier.code: carrier for carrier in KNOWN}
    for row in chosen:
        if row.is_own:
            found[row.code] = row
        elif row.code in found:
            found[row.code] = msgspec.structs.replace(found[row.code], is_used=row.is_used)
    return found


async def in_use(uow: UnitOfWork) -> dict[str, Carrier]:
    """Carriers that can be chosen, by code."""
    return {code: carrier for code, carrier in (await every(uow)).items() if carrier.is_used}


def named(carriers: dict[str, Carrier], text: str) -> Carrier | None:
    """The carrier that people call by this code or name; a name may leave out what all of them are called."""
    wanted = text.strip().casefold()
    for carrier in carriers.values():
        short = re.sub(r"(快递|速运|速递|快运|物流)$", "", carrier.name_zh).casefold()
        if wanted in {carrier.code, carrier.name_zh.casefold(), carrier.name_en.casefold(), short}:
            return carrier
    return None


async def find(uow: UnitOfWork, code: str) -> Carrier:
    """The carrier in use under this code. Raises UnknownCarrier."""
    found = (await in_use(uow)).get(code)
    if found is None:
        raise UnknownCarrier(field="carrier", carrier=code[:40])
    return found


async def use(uow: UnitOfWork, code: str, *, is_used: bool) -> None:
    """Offer a carrier when shipping, or no longer. Raises UnknownCarrier, and Invalid for the last one."""
    carriers = await every(uow)
    if code not in carriers:
        raise UnknownCarrier(field="carrier", carrier=code[:40])
    if not is_used and not any(c.is_used for c in carriers.values() if c.code != code):
        raise Invalid(field="carrier", zh="至少保留一家快递公司。", en="Keep at least one carrier.")
    await _write(uow, msgspec.structs.replace(carriers[code], is_used=is_used))


async def add(uow: UnitOfWork, carrier: Carrier) -> None:
    """Add a carrier of one's own, or change one. Raises Invalid at the field."""
    if not CODE.fullmatch(carrier.code) or any(known.code == carrier.code for known in KNOWN):
        raise Invalid(
            field="code",
            zh="代码为 2–20 位小写字母、数字或下划线，且不能与内置的快递公司相同。",
            en="A code of 2–20 small letters, digits or underscores that no built-in carrier has.",
        )
    for field, name in (("name_zh", carrier.name_zh), ("name_en", carrier.name_en)):
        if not 1 <= len(name.strip()) <= 40:
            raise Invalid(field=field, zh="名称为 1–40 个字。", en="A name has 1 to 40 characters.")
    url = carrier.tracking_url
    if url and not (url.startswith("https://") and "{number}" in url and len(url) <= 300):
        raise Invalid(
            field="tracking_url",
            zh="查询网址以 https:// 开头，用 {number} 表示运单号。",
            en="The address begins with https:// and has {number} where the tracking number goes.",
        )
    others = [known for known in (await every(uow)).values() if known.is_own and known.code != carrier.code]
    if len(others) >= OWN_MAX:
        raise Invalid(field="code", zh="自定义快递最多 50 家。", en="At most 50 carriers of one's own.")
    await _write(uow, msgspec.structs.replace(carrier, is_own=True))


async def _write(uow: UnitOfWork, carrier: Carrier) -> None:
    await uow.run(
        """
        insert into carriers (merchant_id, code, name_zh, name_en, tracking_url, is_own, is_used, updated_at)
        values (%(merchant_id)s, %(code)s, %(name_zh)s, %(name_en)s, %(tracking_url)s, %(is_own)s, %(is_used)s, %(now)s)
        on conflict (merchant_id, code) do update
        set name_zh = excluded.name_zh, name_en = excluded.name_en, tracking_url = excluded.tracking_url,
            is_used = excluded.is_used, updated_at = excluded.updated_at
        """,
        **msgspec.structs.asdict(carrier),
    )
