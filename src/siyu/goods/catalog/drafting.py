"""The options and SKUs of a form while somebody is still writing them: what was typed is never lost.

Every option and value of the form has a key of its own, and a row is named by the keys of its values. So a value can
be renamed, an option added or taken away, and each row still finds what was typed into it and the SKU it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product as every
from typing import Any
from uuid import UUID

import msgspec

from siyu.goods.catalog.actions import CODE_LENGTH_MAX, PRICE_MAX
from siyu.goods.catalog.model import Option, Product
from siyu.goods.catalog.options import OPTIONS_MAX, VALUES_MAX, Matrix, WantedSku
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid

ONLY = "one"  # the row of a product without options
ROWS_SHOWN_MAX = 400  # 20 × 20; at most a hundred of them can be chosen
BREAKS = str.maketrans(dict.fromkeys(",，、;；\n\t", " "))


class DraftValue(msgspec.Struct, frozen=True):
    key: str
    text: str


class DraftOption(msgspec.Struct, frozen=True):
    key: str
    name: str
    values: tuple[DraftValue, ...]


class DraftRow(msgspec.Struct, frozen=True):
    """One combination as typed. `keys` are those of its values; `sku` is the id of the SKU it is, when it is one."""

    keys: tuple[str, ...]
    sku: str = ""
    code: str = ""
    price: str = ""
    weight: str = ""
    is_wanted: bool = True
    is_sellable: bool = True
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return ".".join(self.keys) or ONLY


class Draft(msgspec.Struct, frozen=True):
    options: tuple[DraftOption, ...]
    rows: tuple[DraftRow, ...]

    @property
    def may_have_more(self) -> bool:
        return len(self.options) < OPTIONS_MAX


def draft_of(product: Product, currency: str) -> Draft:
    """What the form shows of a product. SKUs that only have titles become the values of one option."""
    options, choices = _options_of(product)
    drafted = tuple(
        DraftOption(
            f"o{at}", option.name, tuple(DraftValue(f"o{at}v{n}", v) for n, v in enumerate(option.values))
        )
        for at, option in enumerate(options)
    )
    key_of = [{value.text: value.key for value in option.values} for option in drafted]
    rows = {
        keys: DraftRow(
            keys=keys,
            sku=str(sku.id),
            code=sku.code,
            price=money.plain(sku.price, currency).replace(",", ""),
            weight=str(sku.weight_g) if sku.weight_g else "",
            is_sellable=sku.is_sellable,
        )
        for sku, chosen in zip(product.skus, choices, strict=True)
        for keys in [tuple(known[value] for known, value in zip(key_of, chosen, strict=True))]
    }
    return completed(drafted, rows, is_new_wanted=False)


def _options_of(product: Product) -> tuple[tuple[Option, ...], list[tuple[str, ...]]]:
    if product.options or len(product.skus) == 1:
        return product.options, [sku.choices for sku in product.skus]
    titles = [sku.title or sku.code for sku in product.skus]
    if len(set(titles)) < len(titles):
        titles = [sku.code for sku in product.skus]
    return (Option("规格", tuple(titles)),), [(title,) for title in titles]


def empty_draft() -> Draft:
    return completed((), {}, is_new_wanted=True)


def typed(form: Iterable[tuple[str, Any]]) -> Draft:
    """The draft as it stands in a form.

    Fields: optionname-K, optionvalue-K-V, and for each row code-, price-, weight-, sku-, has- and on-ROW.
    """
    said = [(name, value.strip()) for name, value in form if isinstance(value, str)]
    fields = dict(said)
    options = tuple(
        DraftOption(
            key,
            name_typed,
            tuple(
                DraftValue(name.removeprefix(f"optionvalue-{key}-"), value)
                for name, value in said
                if name.startswith(f"optionvalue-{key}-")
            ),
        )
        for field, name_typed in said
        if field.startswith("optionname-")
        for key in [field.removeprefix("optionname-")]
    )
    rows: dict[tuple[str, ...], DraftRow] = {}
    for field, price in fields.items():
        if not field.startswith("price-"):
            continue
        name = field.removeprefix("price-")
        keys = () if name == ONLY else tuple(name.split("."))
        rows[keys] = DraftRow(
            keys=keys,
            sku=fields.get(f"sku-{name}", ""),
            code=fields.get(f"code-{name}", ""),
            price=price,
            weight=fields.get(f"weight-{name}", ""),
            is_wanted=name == ONLY or f"has-{name}" in fields,
            is_sellable=name == ONLY or f"on-{name}" in fields,
        )
    return completed(options, rows, is_new_wanted=True)


def changed(draft: Draft, act: str, at: str, fields: Mapping[str, str]) -> Draft:
    """The draft after a button was pressed. `at` names the option, or option and value as K/V."""
    options = list(draft.options)
    option_key, _, value_key = at.partition("/")
    if act == "add-option" and draft.may_have_more:
        # With a value at once, so that the rows that are there move under it and nothing typed is lost.
        options.append(DraftOption(_fresh(), "", (DraftValue(_fresh(), ""),)))
    elif act == "drop-option":
        options = [option for option in options if option.key != option_key]
    elif act in ("add-value", "drop-value"):
        options = [
            _with_values(option, act, value_key, fields.get(f"newvalue-{option.key}", ""))
            if option.key == option_key
            else option
            for option in options
        ]
    rows = {row.keys: row for row in draft.rows}
    if act == "fill":
        rows = {keys: _filled(row, fields) for keys, row in rows.items()}
    return completed(tuple(options), rows, is_new_wanted=True)


def _fresh() -> str:
    return ids.code(6).lower()


def _with_values(option: DraftOption, act: str, value_key: str, written: str) -> DraftOption:
    if act == "drop-value":
        kept = tuple(value for value in option.values if value.key != value_key)
        return msgspec.structs.replace(option, values=kept) if kept else option
    known = {value.text for value in option.values}
    fresh = [text for text in dict.fromkeys(written.translate(BREAKS).split()) if text not in known]
    # The first words go where nothing was written yet.
    values = [value for value in option.values if value.text]
    if len(values) < len(option.values) and fresh:
        values.append(DraftValue(option.values[len(values)].key, fresh.pop(0)))
    values += [DraftValue(_fresh(), text) for text in fresh]
    return msgspec.structs.replace(option, values=tuple(values[:VALUES_MAX]) or option.values)


def _filled(row: DraftRow, fields: Mapping[str, str]) -> DraftRow:
    return msgspec.structs.replace(
        row, price=fields.get("fill-price") or row.price, weight=fields.get("fill-weight") or row.weight
    )


def completed(
    options: tuple[DraftOption, ...], rows: Mapping[tuple[str, ...], DraftRow], *, is_new_wanted: bool
) -> Draft:
    """Every combination once: what was typed for it, or what was typed for the one it grew out of."""
    combinations = list(every(*(option.values for option in options)))[:ROWS_SHOWN_MAX]
    claimed = {row.sku for keys, row in rows.items() if keys in {_keys(one) for one in combinations}}
    stem = _stem(rows.values())
    made: list[DraftRow] = []
    for number, values in enumerate(combinations, 1):
        keys = _keys(values)
        row = rows.get(keys)
        if row is None:
            origin = _origin(keys, rows)
            is_heir = origin is not None and bool(origin.sku) and origin.sku not in claimed
            if origin is not None and is_heir:
                claimed.add(origin.sku)
                row = msgspec.structs.replace(origin, keys=keys)
            else:
                row = DraftRow(
                    keys=keys,
                    code=f"{stem}-{number:02d}" if stem else "",
                    price=origin.price if origin else "",
                    weight=origin.weight if origin else "",
                    is_wanted=is_new_wanted,
                )
        made.append(msgspec.structs.replace(row, choices=tuple(value.text for value in values)))
    return Draft(options, tuple(_with_own_codes(made)))


def _keys(values: Sequence[DraftValue]) -> tuple[str, ...]:
    return tuple(value.key for value in values)


def _origin(keys: tuple[str, ...], rows: Mapping[tuple[str, ...], DraftRow]) -> DraftRow | None:
    """The row this combination was before an option came or went; else any, for its price and weight."""
    wanted = set(keys)
    related = [row for known, row in rows.items() if set(known) <= wanted or wanted <= set(known)]
    return next(iter(related or rows.values()), None)


def _stem(rows: Iterable[DraftRow]) -> str:
    """What new codes begin with: the first code without its number."""
    code = next((row.code for row in rows if row.code), "")
    head, dash, tail = code.rpartition("-")
    return (head if dash and tail.isdigit() else code)[: CODE_LENGTH_MAX - 4]


def _with_own_codes(rows: Sequence[DraftRow]) -> Iterable[DraftRow]:
    """A suggested code is never one that another row has; what was typed stays as it is."""
    taken = {row.code for row in rows if row.sku}
    for row in rows:
        fresh = row
        if not row.sku and row.code in taken and "-" in row.code:
            head, number = row.code.rpartition("-")[0], 1
            while f"{head}-{number:02d}" in taken:
                number += 1
            fresh = msgspec.structs.replace(row, code=f"{head}-{number:02d}")
        taken.add(fresh.code)
        yield fresh


def matrix_of(draft: Draft, currency: str) -> Matrix:
    """What the draft asks for. Raises Invalid at the field at fault."""
    wanted = [row for row in draft.rows if row.is_wanted]
    if not wanted:
        raise Invalid(field="options", zh="至少选择一个规格组合。", en="Choose one combination at least.")
    return Matrix(
        options=tuple(Option(option.name, tuple(v.text for v in option.values)) for option in draft.options),
        skus=tuple(
            WantedSku(
                code=_code(row),
                price=price_of(row.price, currency, f"price-{row.name}"),
                choices=row.choices,
                weight_g=weight_of(row.weight, f"weight-{row.name}"),
                is_sellable=row.is_sellable,
                id=_id(row.sku),
            )
            for row in wanted
        ),
    )


def _code(row: DraftRow) -> str:
    if not 1 <= len(row.code) <= CODE_LENGTH_MAX:
        raise Invalid(
            field=f"code-{row.name}",
            zh="请填写编码，最多 40 个字符。",
            en="Enter a code of at most 40 characters.",
        )
    return row.code


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def price_of(text: str, currency: str, field: str) -> int:
    """A price in minor units from what a person typed. Raises Invalid at the field."""
    try:
        price = money.parse(text, currency)
    except ValueError:
        raise Invalid(
            field=field, zh="请输入金额，例如 12.80。", en="Enter an amount such as 12.80."
        ) from None
    if not 0 <= price <= PRICE_MAX:
        raise Invalid(
            field=field, zh="价格需在 0 到 100 万元之间。", en="A price is between 0 and 1,000,000.00."
        )
    return price


def weight_of(text: str, field: str) -> int:
    """Whole grams from what a person typed; nothing is 0. Raises Invalid at the field."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise Invalid(field=field, zh="请填写整数克。", en="Enter whole grams.")
    return int(text)
