"""Pure decisions about addresses: what one must have, and who sees which part of it."""

import re
from functools import lru_cache

import msgspec

from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.people.addresses.model import Address
from siyu.people.addresses.regions import below, names_of
from siyu.runtime.actors import Actor

NAME_MAX = 20
DETAIL_MAX = 100
LATITUDE_MAX, LONGITUDE_MAX = 90_000_000, 180_000_000  # millionths of a degree
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}")
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def checked_contact(name: str, phone: str) -> tuple[str, str]:
    """A name and a phone a courier can use, cleaned. Raises Invalid at `name` or `phone`."""
    name, phone = CONTROL.sub("", name).strip(), re.sub(r"[\s()（）]", "", phone).removeprefix("+86")
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(
            field="name",
            zh=f"请填写收货人姓名，最多 {NAME_MAX} 个字。",
            en=f"Please give the recipient's name, at most {NAME_MAX} characters.",
        )
    if MOBILE.fullmatch(phone.replace("-", "")):
        return name, phone.replace("-", "")
    if not LANDLINE.fullmatch(phone):
        raise Invalid(
            field="phone",
            zh="请填写 11 位手机号，或带区号的座机号。",
            en="Please give an 11-digit mobile number, or a landline with its area code.",
        )
    return name, phone


def checked(address: Address) -> Address:
    """The address cleaned, with its regions' names as the data has them. Raises Invalid naming the field.

    The district must be known; the street may be missing where the buyer does not know it.
    """
    name, phone = checked_contact(address.name, address.phone)
    names = names_of(address.region_code)
    if names is None or len(address.region_code) < 6:
        raise Invalid(
            field="district",
            zh="请选择所在地区，至少选到区县。",
            en="Please choose the region, at least down to the district.",
        )
    if address.region and not _known_names(address.region_code).issuperset(address.region):
        raise Invalid(
            field="region",
            zh="地区名称和编码对不上。",
            en="The names of the region do not fit its code.",
        )
    detail = CONTROL.sub(" ", address.detail).strip()
    if not 2 <= len(detail) <= DETAIL_MAX:
        raise Invalid(
            field="detail",
            zh=f"请填写详细地址，2 到 {DETAIL_MAX} 个字。",
            en=f"Please give the street address, 2 to {DETAIL_MAX} characters.",
        )
    if abs(address.latitude) > LATITUDE_MAX or abs(address.longitude) > LONGITUDE_MAX:
        raise Invalid(field="latitude", zh="位置坐标不正确。", en="The coordinates are not valid.")
    return Address(name, phone, address.region_code, names, detail, address.latitude, address.longitude)


@lru_cache(maxsize=5_000)
def _known_names(code: str) -> frozenset[str]:
    """The names down to `code`, as told and as the data has them, fillers included: an integration may send either."""
    raw = [
        region.name
        for above, digits in ((0, 2), (2, 4), (4, 6), (6, 9))
        if len(code) >= digits
        for region in below(code[:above])
        if region.code == code[:digits]
    ]
    return frozenset((*raw, *(names_of(code) or ())))


def masked_phone(phone: str) -> str:
    """`13•••••0000`: enough to recognise a number one knows, not enough to call it."""
    return f"{phone[:2]}{'•' * (len(phone) - 6)}{phone[-4:]}" if len(phone) >= 7 else "•" * len(phone)


def for_actor(address: Address, actor: Actor) -> Address:
    """The address as this actor may see it: without CUSTOMERS_PRIVATE the phone is masked and the house hidden.

    A customer sees their own in full, and has no way to reach another's.
    """
    if actor.kind == "customer" or actor.may(Permission.CUSTOMERS_PRIVATE):
        return address
    return msgspec.structs.replace(
        address, phone=masked_phone(address.phone), detail="•••", latitude=0, longitude=0
    )
