"""Structs of imports: what a column means, why a row is refused, how far a run is and what came of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Field(StrEnum):
    """What Siyu wants to know of a row. The value is the name used in `--map`."""

    ORDER = "order"
    SKU = "sku"
    QUANTITY = "quantity"
    PRICE = "price"
    TIME = "time"
    CUSTOMER = "customer"
    TITLE = "title"
    COUNTRY = "country"


REQUIRED = (Field.ORDER, Field.SKU, Field.QUANTITY, Field.PRICE, Field.TIME, Field.CUSTOMER)

FIELD_NAMES = {
    Field.ORDER: ("订单号", "Order number"),
    Field.SKU: ("商品编码", "SKU code"),
    Field.QUANTITY: ("数量", "Quantity"),
    Field.PRICE: ("单价", "Unit price"),
    Field.TIME: ("下单时间", "Order time"),
    Field.CUSTOMER: ("顾客编号", "Customer number"),
    Field.TITLE: ("商品名称", "Product title"),
    Field.COUNTRY: ("国家/地区", "Country"),
}


class Mapping(msgspec.Struct, frozen=True):
    """Which column holds which field, by header. `dates` is auto, dmy or mdy and only matters for 03/04/2025.

    A field without a column is the empty string; title and country may stay so.
    """

    order: str = ""
    sku: str = ""
    quantity: str = ""
    price: str = ""
    time: str = ""
    customer: str = ""
    title: str = ""
    country: str = ""
    dates: str = "auto"

    def column(self, field: Field) -> str:
        """The header of the column that holds `field`, or the empty string."""
        return getattr(self, field.value)

    @property
    def missing(self) -> tuple[Field, ...]:
        """Required fields that no column has been found for."""
        return tuple(field for field in REQUIRED if not self.column(field))


class Preview(msgspec.Struct, frozen=True):
    """The head of a file: its columns, and some rows as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def samples(self, column: str, limit: int = 3) -> tuple[str, ...]:
        """Some different non-empty values of a column."""
        if column not in self.columns:
            return ()
        place = self.columns.index(column)
        return tuple(dict.fromkeys(row[place] for row in self.rows if row[place]))[:limit]


class Reason(StrEnum):
    """Why a row is refused. A row has one reason: the first that applies, in this order."""

    CELLS = "cells"
    NO_ORDER = "no_order"
    NO_CUSTOMER = "no_customer"
    NO_SKU = "no_sku"
    TOO_LONG = "too_long"
    BAD_TIME = "bad_time"
    BAD_QUANTITY = "bad_quantity"
    ZERO_QUANTITY = "zero_quantity"
    BAD_PRICE = "bad_price"
    PRICE_NOT_POSITIVE = "price_not_positive"
    AMOUNT_TOO_LARGE = "amount_too_large"
    OTHER_CUSTOMER = "other_customer"
    ORDER_TOO_LONG = "order_too_long"
    ORDER_EXISTS = "order_exists"
    CANCELLATION_EXISTS = "cancellation_exists"
    CANCELLATION_UNMATCHED = "cancellation_unmatched"
    CANCELLATION_PARTLY_MATCHED = "cancellation_partly_matched"


REASONS = {
    Reason.CELLS: ("这一行的单元格多于表头", "The row has more cells than the header"),
    Reason.NO_ORDER: ("没有订单号", "No order number"),
    Reason.NO_CUSTOMER: ("没有顾客", "No customer"),
    Reason.NO_SKU: ("没有商品编码", "No SKU code"),
    Reason.TOO_LONG: ("编号超过 100 个字符", "A number is longer than 100 characters"),
    Reason.BAD_TIME: ("无法识别下单时间", "The order time cannot be read"),
    Reason.BAD_QUANTITY: ("数量不是整数", "The quantity is not a whole number"),
    Reason.ZERO_QUANTITY: ("数量为零", "The quantity is zero"),
    Reason.BAD_PRICE: ("无法识别单价", "The unit price cannot be read"),
    Reason.PRICE_NOT_POSITIVE: ("单价不大于零", "The unit price is not above zero"),
    Reason.AMOUNT_TOO_LARGE: ("数量或金额过大", "The quantity or the amount is too large"),
    Reason.OTHER_CUSTOMER: ("同一订单出现了另一个顾客", "Another customer within the same order"),
    Reason.ORDER_TOO_LONG: ("订单超过 32,767 行", "The order has more than 32,767 lines"),
    Reason.ORDER_EXISTS: ("订单已存在且内容不同", "The order exists with other content"),
    Reason.CANCELLATION_EXISTS: (
        "取消单已导入且内容不同",
        "The cancellation was imported before with other content",
    ),
    Reason.CANCELLATION_UNMATCHED: ("没有找到可退的购买记录", "No earlier purchase to give back"),
    Reason.CANCELLATION_PARTLY_MATCHED: (
        "只有一部分数量找到了购买记录，其余未退",
        "Only some of the units were found among earlier purchases; the rest changed nothing",
    ),
}


class Stage(StrEnum):
    """What a run is doing."""

    READ = "read"
    PLAN = "plan"
    WRITE = "write"


class Progress(msgspec.Struct, frozen=True):
    """How far a stage is. `total` is 0 while nobody can know it; rows when reading, records when writing."""

    stage: Stage
    done: int
    total: int


class ImportResult(msgspec.Struct, frozen=True):
    """What the file holds and what came of it. Amounts in minor units of the merchant's currency.

    `orders`, `customers`, `products` and `value_minor` describe the clean lines; `orders_known` of the orders and
    `cancellations_known` of the cancelled rows were here before this run, with the same content.
    """

    rows_read: int
    rows_clean: int
    orders: int
    customers: int
    products: int
    refunds: int
    value_minor: int
    refunded_minor: int
    cancellations: int
    orders_known: int
    cancellations_known: int
    refused: dict[str, int]
    report_path: str
    is_dry_run: bool = False
    was_done_before: bool = False

    @property
    def rows_refused(self) -> int:
        return sum(self.refused.values())


class ImportRun(msgspec.Struct, frozen=True):
    """A run as the database remembers it. `position` of `total` records are written."""

    id: UUID
    source: str
    mapping: Mapping
    state: str
    rows_read: int
    position: int
    total: int
    result: ImportResult | None
    report: str
    started_at: datetime
    finished_at: datetime | None


class UnreadableFile(DomainError):
    """The file cannot be read as a table."""

    code = "imports.unreadable"
    status = 422
    zh = "无法读取这个文件：{why_zh}。"
    en = "The file cannot be read: {why_en}."

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(field="file", why_zh=zh, why_en=en)


class MappingIncomplete(DomainError):
    """A required field has no column, or names a column that the file does not have."""

    code = "imports.mapping_incomplete"
    status = 422
    zh = "列对应不完整：{fields_zh}。"
    en = "The column mapping is incomplete: {fields_en}."


class ImportUnderWay(DomainError):
    """One import at a time per merchant: two would plan refunds of the same units."""

    code = "imports.under_way"
    status = 409
    zh = "这个商户正在导入另一个文件，请等它完成。"
    en = "Another import of this merchant is under way; wait until it is done."
