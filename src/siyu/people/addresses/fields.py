"""The fields of an address on a page, and reading them back."""

from collections.abc import Mapping
from typing import Any

import msgspec

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.people.addresses.model import Address, AddressForm
from siyu.people.addresses.recognising import recognise
from siyu.people.addresses.regions import levels, provinces
from siyu.people.addresses.rules import checked

# Where the picker finds the regions below each province: loaded when the province is chosen.
LEVEL_WORDS = {
    "province": web.mark("省份"),
    "city": web.mark("城市"),
    "district": web.mark("区县"),
    "street": web.mark("街道"),
}


def said_in(form: Mapping[str, Any]) -> AddressForm:
    """The address fields among all fields of a form."""
    return AddressForm(
        **{name: str(form.get(name, "")).strip()[:200] for name in AddressForm.__struct_fields__}
    )


def address_in(form: AddressForm) -> Address:
    """The address that the fields say. Raises Invalid naming the field."""
    return checked(
        Address(
            form.name,
            form.phone,
            form.region_code,
            (),
            form.detail,
            _millionths(form.latitude),
            _millionths(form.longitude),
        )
    )


def _millionths(text: str) -> int:
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        raise Invalid(field="latitude", zh="位置坐标不正确。", en="The coordinates are not valid.") from None


def filled_from(text: str, form: AddressForm) -> AddressForm:
    """The fields with what pasted text tells; what it does not tell stays."""
    found = recognise(text)
    if not found.region_code:
        region = {}
    else:
        code = found.region_code
        region = {
            "province": code[:2],
            "city": code[:4] if len(code) >= 4 else "",
            "district": code[:6] if len(code) >= 6 else "",
            "street": code if len(code) == 9 else "",
            # The place that was located belongs to the address that was there before.
            "latitude": "",
            "longitude": "",
        }
    told = {"name": found.name, "phone": found.phone, "detail": found.detail}
    return msgspec.structs.replace(form, **region, **{name: value for name, value in told.items() if value})


def field_context(form: AddressForm, errors: Mapping[str, str]) -> dict[str, Any]:
    """What `addresses/shop_fields.html` needs."""
    return {
        "address_form": form,
        "address_errors": errors,
        "region_levels": levels(form.region_code),
        "level_words": LEVEL_WORDS,
        "region_files": {p.code: web.static(f"lib/regions-{p.code}.json") for p in provinces()},
    }
