"""The bodies of requests. What is empty is left out: the gateway refuses nulls and empty fields."""

from typing import Literal

import msgspec

WIDEST_CHARACTER = 0xFFFF  # the gateway refuses characters of four UTF-8 bytes, emoji among them

H5Kind = Literal["Wap", "iOS", "Android"]


class Amount(msgspec.Struct, frozen=True):
    total: int
    currency: str = "CNY"


class Payer(msgspec.Struct, frozen=True):
    openid: str


class H5Info(msgspec.Struct, frozen=True):
    type: H5Kind


class Scene(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the shopper sits; H5 orders must say it."""

    payer_client_ip: str
    h5_info: H5Info | None = None


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order of any kind: JSAPI has a payer, H5 a scene, Native neither."""

    appid: str
    mchid: str
    description: str
    out_trade_no: str
    time_expire: str
    notify_url: str
    amount: Amount
    payer: Payer | None = None
    scene_info: Scene | None = None


class CloseOrder(msgspec.Struct, frozen=True):
    mchid: str


class RefundAmount(msgspec.Struct, frozen=True):
    refund: int
    total: int
    currency: str = "CNY"


class RefundOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    out_trade_no: str
    out_refund_no: str
    notify_url: str
    amount: RefundAmount
    reason: str = ""


class Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str


class H5Prepaid(msgspec.Struct, frozen=True):
    h5_url: str


class NativePrepaid(msgspec.Struct, frozen=True):
    code_url: str


def fitting(text: str, bytes_max: int) -> str:
    """`text` without the characters the gateway refuses, cut to `bytes_max` UTF-8 bytes between characters."""
    plain = "".join(c for c in text if c.isprintable() and ord(c) <= WIDEST_CHARACTER).strip()
    return plain.encode()[:bytes_max].decode(errors="ignore").strip()
