"""What a buyer chooses among: options, their values, and the SKUs made of them. Pure decisions."""

from collections.abc import Sequence
from itertools import product as every
from uuid import UUID

import msgspec

from siyu.goods.catalog.actions import CODE_LENGTH_MAX, check_price, check_weight
from siyu.goods.catalog.model import Option
from siyu.kernel.errors import Invalid

OPTIONS_MAX, VALUES_MAX, SKUS_MAX = 3, 20, 100
OPTION_NAME_MAX, VALUE_MAX = 10, 30
BETWEEN = " / "  # of a SKU's title: 红 / L


class WantedSku(msgspec.Struct, frozen=True):
    """A combination that is to be sold. With `id` it is that SKU, whatever its values were called before.

    `price` is minor units, `weight_g` grams of one unit.
    """

    code: str
    price: int
    choices: tuple[str, ...] = ()
    weight_g: int = 0
    is_sellable: bool = True
    id: UUID | None = None


class Matrix(msgspec.Struct, frozen=True):
    """The options of a product and all SKUs it is to have, in their order."""

    options: tuple[Option, ...]
    skus: tuple[WantedSku, ...]


def combinations(options: Sequence[Option]) -> list[tuple[str, ...]]:
    """Every choice a buyer could make, the last option changing first; one empty choice without options."""
    return list(every(*(option.values for option in options)))


def title_of(choices: Sequence[str]) -> str:
    """What a SKU is called in a cart: 红 / L."""
    return BETWEEN.join(choices)


def check_options(options: Sequence[Option]) -> None:
    """Raises Invalid at `options`."""
    if len(options) > OPTIONS_MAX:
        raise _refused("规格最多 3 组。", "A product has at most 3 options.")
    names = [option.name for option in options]
    if any(not 1 <= len(name.strip()) <= OPTION_NAME_MAX for name in names):
        raise _refused("规格名需为 1 到 10 个字，例如颜色。", "An option has a name of 1 to 10 characters.")
    if len(set(names)) < len(names):
        raise _refused("两组规格不能同名。", "Two options cannot have the same name.")
    for option in options:
        if not 1 <= len(option.values) <= VALUES_MAX:
            raise _refused(f"「{option.name}」需有 1 到 20 个规格值。", f"{option.name} has 1 to 20 values.")
        if any(not 1 <= len(value.strip()) <= VALUE_MAX for value in option.values):
            raise _refused("规格值需为 1 到 30 个字。", "A value has 1 to 30 characters.")
        if len(set(option.values)) < len(option.values):
            raise _refused(
                f"「{option.name}」里有重复的规格值。", f"A value of {option.name} is there twice."
            )


def check_matrix(matrix: Matrix, kind: str = "physical") -> None:
    """Whether these SKUs can be sold under these options. Raises Invalid at the field."""
    check_options(matrix.options)
    skus = matrix.skus
    if not 1 <= len(skus) <= SKUS_MAX:
        raise _refused("需有 1 到 100 个规格组合。", "A product has 1 to 100 SKUs.")
    if kind == "bundle" and (matrix.options or len(skus) > 1):
        raise _refused("组合商品只有一个规格。", "A bundle has one SKU and no options.")
    known = set(combinations(matrix.options))
    if any(sku.choices not in known for sku in skus):
        raise _refused("有规格组合不在规格值里。", "A SKU names values that the options do not have.")
    if len({sku.choices for sku in skus}) < len(skus):
        raise _refused("同一个规格组合出现了两次。", "A combination is there twice.")
    codes = [sku.code.strip() for sku in skus]
    if any(not 1 <= len(code) <= CODE_LENGTH_MAX for code in codes):
        raise Invalid(
            field="skus.code", zh="请填写编码，最多 40 个字符。", en="Enter a code of at most 40 characters."
        )
    if len(set(codes)) < len(codes):
        raise Invalid(field="skus.code", zh="编码不能重复。", en="A code is there twice.")
    for sku in skus:
        check_price(sku.price, "skus.price")
        check_weight(sku.weight_g, "skus.weight_g")
        if kind == "weighed" and not sku.weight_g:
            raise Invalid(
                field="skus.weight_g",
                zh="称重商品的每个规格都要填写预估重量。",
                en="Each SKU of weighed goods needs an estimated weight.",
            )


def _refused(zh: str, en: str) -> Invalid:
    return Invalid(field="options", zh=zh, en=en)
