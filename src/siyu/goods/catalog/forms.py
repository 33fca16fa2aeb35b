"""What the console's forms say of a product, read into structs; each fault is named at its field."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.datastructures import FormMultiDict

from siyu.goods.catalog import actions, drafting, sorting
from siyu.goods.catalog.actions import NewSku
from siyu.goods.catalog.editing import ProductWords
from siyu.goods.catalog.model import CodeTaken, Component, Option
from siyu.goods.catalog.options import check_matrix, title_of
from siyu.goods.catalog.shelf import Schedule
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork


def text(form: FormMultiDict, name: str) -> str:
    """One line of a form without the blanks around it."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def texts(form: FormMultiDict, name: str) -> list[str]:
    """Every value of a field that may be there several times."""
    return [value.strip() for value in form.getall(name, []) if isinstance(value, str) and value.strip()]


def id_of(said: str, field: str) -> UUID | None:
    """An id that a form carries; None when the field was left empty. Raises Invalid."""
    try:
        return UUID(said) if said else None
    except ValueError:
        raise Invalid(field=field, zh="请重新选择。", en="Please choose again.") from None


async def words(form: FormMultiDict, uow: UnitOfWork, picture: str = "") -> ProductWords:
    """What the form says of the product; a new category, brand or tag is made. Raises Invalid."""
    policy, _, reason = (text(form, "return_policy") or "seven_days").partition(":")
    return ProductWords(
        category_id=await _category(form, uow),
        title=text(form, "title"),
        subtitle=text(form, "subtitle"),
        description=text(form, "description").replace("\r\n", "\n"),
        unit=text(form, "unit") or "件",
        picture=picture,
        pictures=tuple(texts(form, "pictures")) if "has_pictures" in form else None,
        kind=text(form, "kind") or "physical",
        brand_id=await _brand(form, uow),
        tags=await _tags(form, uow),
        return_policy=policy,
        return_reason=reason,
        valid_days=_days(form),
        freight_template_id=id_of(text(form, "freight_template_id"), "freight_template_id"),
    )


async def _category(form: FormMultiDict, uow: UnitOfWork) -> UUID:
    fresh = text(form, "new_category")[: sorting.NAME_MAX]
    if fresh:
        return (await actions.add_categories(uow, [(fresh, "")]))[fresh]
    known = {str(category.id): category.id for category in await sorting.categories(uow)}
    chosen = text(form, "category")
    if chosen not in known:
        raise Invalid(field="category", zh="请选择分类。", en="Choose a category.")
    return known[chosen]


async def _brand(form: FormMultiDict, uow: UnitOfWork) -> UUID | None:
    fresh = text(form, "new_brand")
    if not fresh:
        return id_of(text(form, "brand"), "brand")
    known = {brand.name: brand.id for brand in await sorting.brands(uow)}
    return known.get(fresh) or (await sorting.save_brand(uow, ids.new(), fresh)).id


async def _tags(form: FormMultiDict, uow: UnitOfWork) -> tuple[str, ...]:
    fresh = text(form, "new_tags").translate(drafting.BREAKS).split()
    for name in fresh:
        await sorting.save_tag(uow, name)
    return tuple(dict.fromkeys([*texts(form, "tags"), *fresh]))


def _days(form: FormMultiDict) -> int:
    said = text(form, "valid_days") if text(form, "kind") == "virtual" else ""
    if not said:
        return 0
    if not (said.isascii() and said.isdigit() and len(said) <= 4):
        raise Invalid(field="valid_days", zh="请填写天数。", en="Enter a number of days.")
    return int(said)


def new_skus(form: FormMultiDict, currency: str, kind: str) -> tuple[tuple[Option, ...], tuple[NewSku, ...]]:
    """Options and SKUs of a new product: the matrix, or plain rows with titles. Raises Invalid at the field."""
    if any(name.startswith(("optionname-", f"price-{drafting.ONLY}")) for name in form):
        matrix = drafting.matrix_of(drafting.typed(form.items()), currency)
        check_matrix(matrix, kind)
        skus = tuple(
            NewSku(sku.code, sku.price, title_of(sku.choices), sku.weight_g, sku.choices, sku.is_sellable)
            for sku in matrix.skus
        )
        return matrix.options, skus
    return (), _plain_rows(form, currency)


def _plain_rows(form: FormMultiDict, currency: str) -> tuple[NewSku, ...]:
    """SKUs of the rows that were filled in, in their order."""
    rows = [name.removeprefix("price-") for name in form if name.startswith("price-")]
    skus: list[NewSku] = []
    for row in rows:
        code, title, price = (text(form, f"{name}-{row}") for name in ("code", "title", "price"))
        if not (code or title or price):
            continue
        if not 1 <= len(code) <= actions.CODE_LENGTH_MAX:
            raise Invalid(
                field=f"code-{row}",
                zh="请填写编码，最多 40 个字符。",
                en="Enter a code of at most 40 characters.",
            )
        weight = drafting.weight_of(text(form, f"weight-{row}"), f"weight-{row}")
        skus.append(NewSku(code, drafting.price_of(price, currency, f"price-{row}"), title, weight))
    if not skus and rows:
        raise Invalid(
            field=f"code-{rows[0]}",
            zh="至少填写一个规格的编码和价格。",
            en="Enter code and price of one SKU at least.",
        )
    return tuple(skus)


def at_its_row(problem: CodeTaken, form: FormMultiDict) -> CodeTaken:
    """The same refusal, at the row of the form that has the code."""
    code = problem.facts["sku_code"]
    field = next(
        (name for name in form if name.startswith("code-") and text(form, name) == code), problem.field
    )
    return CodeTaken(field=field, sku_code=code)


def components(form: FormMultiDict) -> Sequence[Component]:
    """What a bundle is to consist of: fields component-SKU hold quantities. Raises Invalid at the field."""
    parts: list[Component] = []
    for name in form:
        if not name.startswith("component-"):
            continue
        said = text(form, name)
        if not (said.isascii() and said.isdigit() and len(said) <= 3):
            raise Invalid(field=name, zh="请填写数量。", en="Enter a quantity.")
        sku_id = id_of(name.removeprefix("component-"), name)
        if sku_id is not None:
            parts.append(Component(sku_id, int(said)))
    return parts


def schedule(form: FormMultiDict, timezone: str) -> Schedule:
    """Moments as typed at the merchant's place, in UTC. Raises Invalid at the field."""
    return Schedule(_moment(form, "shelf_from", timezone), _moment(form, "shelf_until", timezone))


def _moment(form: FormMultiDict, field: str, timezone: str) -> datetime | None:
    said = text(form, field)
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(field=field, zh="请填写日期和时间。", en="Enter a date and a time.") from None
