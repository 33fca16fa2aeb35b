"""Who an invoice is for."""

import re

CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}")
OLD_TAX_NUMBER = re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{17}|[0-9A-Z]{20}")
# GB 32100-2015: the alphabet of the code and the weight of each place.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, i, 31) for i in range(17))


def is_tax_number(text: str) -> bool:
    """Whether it is a 统一社会信用代码 (18 places with a check digit, GB 32100-2015) or a tax number of before."""
    if len(text) != 18:
        return OLD_TAX_NUMBER.fullmatch(text) is not None
    if CREDIT_CODE.fullmatch(text) is None:
        return False
    total = sum(ALPHABET.index(sign) * weight for sign, weight in zip(text[:17], WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31] == text[17]
