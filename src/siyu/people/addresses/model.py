"""Structs of addresses."""

from uuid import UUID

import msgspec

from siyu.kernel.earth import metres_between


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where something is delivered, as the buyer gave it. Orders keep a copy, so a later change moves no parcel.

    `region_code` is the code of the lowest known level (民政部 / 国家统计局: 6 digits for a district, 9 for a
    street); `region` has the names from province down. Coordinates are millionths of a degree (WGS 84), 0 unknown.
    """

    name: str
    phone: str
    region_code: str
    region: tuple[str, ...]
    detail: str
    latitude: int = 0
    longitude: int = 0

    @property
    def in_one_line(self) -> str:
        return "".join(dict.fromkeys(self.region)) + self.detail

    def metres_from(self, latitude: int, longitude: int) -> int | None:
        """Great-circle distance in metres from a point in millionths of a degree; None when one place is unknown."""
        if not ((self.latitude or self.longitude) and (latitude or longitude)):
            return None
        return metres_between(self.latitude, self.longitude, latitude, longitude)


class KnownAddress(msgspec.Struct, frozen=True):
    """An address in a customer's book."""

    id: UUID
    address: Address
    label: str
    is_default: bool


class AddressForm(msgspec.Struct, frozen=True):
    """What the fields of an address send. `district` and `street` are codes; coordinates millionths of a degree."""

    name: str = ""
    phone: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    detail: str = ""
    latitude: str = ""
    longitude: str = ""

    @property
    def region_code(self) -> str:
        """The lowest level that was chosen."""
        return self.street or self.district or self.city or self.province

    @classmethod
    def of(cls, address: Address) -> "AddressForm":
        """The fields as they are before somebody changes them."""
        code = address.region_code
        return cls(
            name=address.name,
            phone=address.phone,
            province=code[:2],
            city=code[:4] if len(code) >= 4 else "",
            district=code[:6] if len(code) >= 6 else "",
            street=code if len(code) == 9 else "",
            detail=address.detail,
            latitude=str(address.latitude or ""),
            longitude=str(address.longitude or ""),
        )
