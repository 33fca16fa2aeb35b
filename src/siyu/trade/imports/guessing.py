"""Guessing what each column means: from its header in Chinese or English, and from the values below it."""

import re
from collections.abc import Sequence
from pathlib import Path

from siyu.trade.imports.model import Field, Mapping, MappingIncomplete, Preview
from siyu.trade.imports.reading import preview

# Headers as shop systems, cashier systems and spreadsheets write them, in lower case without blanks and signs.
HEADERS: dict[Field, tuple[str, ...]] = {
    Field.ORDER: (
        "订单号", "订单编号", "订单编码", "订单", "单号", "销售单号", "小票号", "流水号", "交易号", "主订单编号", "发票号",
        "order", "orderno", "orderid", "ordernumber", "invoice", "invoiceno", "invoiceid", "invoicenumber",
        "transactionid", "receiptno", "receipt",
    ),
    Field.SKU: (
        "商品编码", "商品编号", "商品代码", "商品id", "规格编码", "商家编码", "货号", "款号", "条码", "商品条码", "编码",
        "sku", "skuid", "skucode", "skuno", "stockcode", "productid", "productcode", "productno", "itemcode",
        "itemno", "itemid", "barcode", "variantsku", "lineitemsku",
    ),
    Field.TITLE: (
        "商品名称", "商品名", "商品标题", "商品", "品名", "名称", "宝贝标题", "宝贝名称",
        "description", "title", "product", "productname", "producttitle", "item", "itemname", "name", "lineitemname",
    ),
    Field.QUANTITY: (
        "数量", "购买数量", "商品数量", "销售数量", "件数", "销量",
        "quantity", "qty", "units", "count", "lineitemquantity",
    ),
    Field.PRICE: (
        "单价", "商品单价", "成交单价", "商品价格", "价格", "售价", "实付单价",
        "unitprice", "price", "priceunit", "itemprice", "sellingprice", "lineitemprice",
    ),
    Field.TIME: (
        "下单时间", "订单创建时间", "创建时间", "订单时间", "付款时间", "支付时间", "成交时间", "交易时间", "销售时间",
        "下单日期", "订单日期", "日期", "时间",
        "invoicedate", "orderdate", "ordertime", "orderedat", "createdat", "created", "date", "datetime", "time",
        "timestamp", "placedat", "paidat", "transactiondate",
    ),
    Field.CUSTOMER: (
        "客户编号", "客户编码", "客户id", "客户号", "客户", "会员号", "会员编号", "会员id", "会员卡号", "顾客编号", "顾客",
        "用户id", "用户编号", "买家id", "买家会员名", "买家", "手机号", "手机", "手机号码", "联系电话", "收货人手机号",
        "customer", "customerid", "customerno", "customernumber", "customercode", "client", "clientid", "userid",
        "memberid", "buyer", "buyerid", "phone", "mobile", "email",
    ),
    Field.COUNTRY: (
        "国家/地区", "国家地区", "国家", "地区", "国别",
        "country", "countryregion", "region", "shippingcountry", "billingcountry",
    ),
}  # fmt: skip

_TIME = re.compile(r"^\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|^\d{1,2}[/.]\d{1,2}[/.]\d{4}|^\d{8}$|^\d{14}$")
_WHOLE = re.compile(r"^[-+]?\d{1,3}(,?\d{3})*(\.0+)?$|^[-+]?\d+$")
_AMOUNT = re.compile(r"^[-+]?[¥￥£$€]?\s?[-+]?\d[\d,]*(\.\d+)?\s?元?$")
_SHAPES = {Field.TIME: _TIME, Field.QUANTITY: _WHOLE, Field.PRICE: _AMOUNT}
FITS_ENOUGH = 0.8  # of the sample; exports carry a few odd rows


def guess_mapping(path: Path) -> Mapping:
    """The likeliest mapping of a file; fields that nothing speaks for stay empty. Raises UnreadableFile."""
    return guess(preview(path))


def guess(head: Preview) -> Mapping:
    """Match headers first (the earlier synonym wins), then let values speak for what is still open."""
    found: dict[Field, str] = {}
    plain = {column: _plain(column) for column in head.columns}
    for field, names in HEADERS.items():
        candidates = [
            column for column in head.columns if plain[column] in names and _fits(head, column, field)
        ]
        free = [column for column in candidates if column not in found.values()]
        if free:
            found[field] = min(free, key=lambda column: names.index(plain[column]))
    for field in HEADERS:
        if field not in found and (column := _containing(head, plain, field, found)):
            found[field] = column
    for field in (Field.TIME, Field.PRICE, Field.QUANTITY):
        if field not in found and (column := _by_values(head, field, found)):
            found[field] = column
    return Mapping(**{field.value: column for field, column in found.items()})


def named(given: str, start: Mapping | None = None) -> Mapping:
    """`order=InvoiceNo,sku=StockCode` on top of `start`. Raises MappingIncomplete for a field nobody knows."""
    chosen = {name: getattr(start or Mapping(), name) for name in Mapping.__struct_fields__}
    for part in filter(None, (part.strip() for part in given.split(","))):
        name, _, column = part.partition("=")
        known = name.strip() in chosen and (
            name.strip() != "dates" or column.strip() in {"auto", "dmy", "mdy"}
        )
        if not known:
            raise MappingIncomplete(field="mapping", fields_zh=part, fields_en=part)
        chosen[name.strip()] = column.strip()
    return Mapping(**chosen)


def _plain(header: str) -> str:
    return re.sub(r"[\s_\-.:：()（）#*]+", "", header).lower()


def _fits(head: Preview, column: str, field: Field) -> bool:
    shape = _SHAPES.get(field)
    values = _values(head, column)
    if shape is None or not values:
        return True
    return sum(bool(shape.match(value)) for value in values) >= FITS_ENOUGH * len(values)


def _values(head: Preview, column: str) -> Sequence[str]:
    place = head.columns.index(column)
    return [row[place].strip() for row in head.rows if row[place].strip()]


def _containing(head: Preview, plain: dict[str, str], field: Field, found: dict[Field, str]) -> str:
    """A column whose header has a synonym as a part of it; the longest such synonym wins."""
    best, best_length = "", 0
    for column in head.columns:
        if column in found.values() or not _fits(head, column, field):
            continue
        length = max(
            (len(name) for name in HEADERS[field] if _is_telling(name) and name in plain[column]), default=0
        )
        if length > best_length:
            best, best_length = column, length
    return best


def _is_telling(name: str) -> bool:
    """Short words such as “item” or “客户” occur in headers that mean something else."""
    return len(name) >= (6 if name.isascii() else 3) or name in {
        "数量",
        "单价",
        "国家",
        "手机",
        "sku",
        "price",
    }


def _by_values(head: Preview, field: Field, found: dict[Field, str]) -> str:
    """The only free column whose values have the shape of the field. Two would be a guess in the dark."""
    free = [c for c in head.columns if c not in found.values() and _values(head, c) and _fits(head, c, field)]
    if field is Field.PRICE:
        free = [c for c in free if any("." in value for value in _values(head, c))]
    if field is Field.QUANTITY:
        free = [c for c in free if all(len(value.lstrip("+-")) <= 5 for value in _values(head, c))]
    return free[0] if len(free) == 1 else ""
