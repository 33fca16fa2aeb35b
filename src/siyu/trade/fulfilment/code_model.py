"""Codes for what is not goods: a voucher, a class, a service. How a code is made and read, and its refusals."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import DomainError

CODE_LENGTH = 12  # eleven of chance (55 bits) and one to catch a slip of the finger
DEFAULT_ON_EXPIRY = (
    "refund"  # what was paid for and never used is given back, as group-purchase services must
)
PLACES = {character: place for place, character in enumerate(ids.SAFE_ALPHABET)}


class Code(msgspec.Struct, frozen=True):
    """One unit of a virtual line. `state` is ready, redeemed, void (its unit was refunded) or expired."""

    id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID | None
    line_no: int
    unit: int
    title: str
    sku_title: str
    picture: str
    code: str
    state: str
    on_expiry: str
    issued_at: datetime
    valid_until: datetime | None
    redeemed_at: datetime | None
    redeemed_by_name: str
    store_id: UUID | None
    store_name: str | None
    ended_at: datetime | None
    note: str

    @property
    def spaced(self) -> str:
        """The code in three groups, as it is read aloud."""
        return " ".join(self.code[i : i + 4] for i in range(0, len(self.code), 4))


class Terms(msgspec.Struct, frozen=True):
    """How many days a product's codes are valid (0: for ever), and whether an unused one is refunded or kept."""

    product_id: UUID
    title: str
    valid_days: int
    on_expiry: str


def new_code() -> str:
    """A code nobody guesses, with its check character."""
    body = ids.code(CODE_LENGTH - 1)
    return body + check_of(body)


def check_of(body: str) -> str:
    """The check character: any one wrong character and any two neighbours swapped change it.

    A weighted sum modulo 31, a prime, so every difference of one place shows; weights are 2, 3, 4 …
    The alphabet has 32 characters; the two that are congruent, the first and the last, are told apart by no single
    sum, which leaves one slip in some five hundred unseen. The code must exist besides.
    """
    total = sum((place + 2) * PLACES[character] for place, character in enumerate(body))
    return ids.SAFE_ALPHABET[total % 31]


def cleaned_code(text: str) -> str:
    """The code as it is stored: people type small letters, spaces and dashes, and read O for 0 and I or L for 1."""
    plain = "".join(text.upper().split()).replace("-", "")
    return plain.translate(str.maketrans("OIL", "011"))


def is_code(text: str) -> bool:
    """Whether a cleaned text can be one of our codes at all."""
    return len(text) == CODE_LENGTH and set(text) <= PLACES.keys() and check_of(text[:-1]) == text[-1]


class UnknownCode(DomainError):
    """No code of this merchant reads like this. Nothing was changed."""

    code = "fulfilment.unknown_code"
    status = 404
    zh = "没有这个核销码，请核对后重新输入。"
    en = "There is no such code; please check it and type it again."


class CodeUsed(DomainError):
    """The code was used before. Nothing was changed."""

    code = "fulfilment.code_used"
    status = 409
    zh = "这个核销码已在 {at} 使用过（{store}），不能重复使用。"
    en = "This code was used on {at} ({store}); it cannot be used again."


class CodeVoid(DomainError):
    """The unit behind the code was refunded, or is being refunded. Nothing was changed."""

    code = "fulfilment.code_void"
    status = 409
    zh = "这个核销码对应的商品已退款，不能使用。"
    en = "What this code was for has been refunded; it cannot be used."


class CodeExpired(DomainError):
    """The code's time has passed. Nothing was changed."""

    code = "fulfilment.code_expired"
    status = 409
    zh = "这个核销码已于 {at} 过期。"
    en = "This code expired on {at}."
