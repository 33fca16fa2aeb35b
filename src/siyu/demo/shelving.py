"""Filling the shelves on the first day: categories in two levels, brands, tags, options, goods, commission plans."""

from collections.abc import Mapping
from uuid import UUID

from siyu.demo import catalogue
from siyu.demo.catalogue import CATEGORIES, Item, Product, items
from siyu.goods import catalog
from siyu.growth import distribution
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork

# Basis points of what the buyer pays, by shelf; the rest of the shop follows the general plan.
GENERAL_RATE = 500
RATES = {"skin": ("护肤加佣", 1000), "makeup": ("彩妆加佣", 1200), "produce": ("生鲜", 300)}
CHILLED_SHELVES = frozenset({"produce"})
CHILLED = "生鲜冷链"
PLAIN = "普通快递"


def picture_key(product: Product) -> str:
    """Where the large picture lies below the merchant's media folder."""
    return f"products/{product.key}.webp"


async def fill_shelves(uow: UnitOfWork, freight: Mapping[str, UUID]) -> dict[str, UUID]:
    """Put everything on the shelves; `freight` has the templates by name. Returns SKU ids by code."""
    faces = {product.key: product for shelf in CATEGORIES for product in shelf.products}
    categories = await catalog.add_categories(
        uow, [(shelf.name, picture_key(faces[shelf.face])) for shelf in CATEGORIES]
    )
    for shelf in CATEGORIES:
        for name, keys in catalogue.sorting.WITHIN.get(shelf.key, ()):
            smaller = await catalog.add_category(
                uow, ids.new(), name, parent_id=categories[shelf.name], icon=picture_key(faces[keys[0]])
            )
            categories[name] = smaller.id
    brands = {name: (await catalog.save_brand(uow, ids.new(), name)).id for name in catalogue.sorting.BRANDS}
    for tag in catalogue.sorting.TAGS:
        await catalog.save_tag(uow, tag)
    by_product: dict[str, list[Item]] = {}
    for item in (*items(), *novelties()):
        by_product.setdefault(item.product.key, []).append(item)
    sku_ids = await catalog.add_products(
        uow,
        [_new_product(group, place, brands, freight) for place, group in enumerate(by_product.values())],
        categories,
    )
    await _pack_the_box(uow, sku_ids)
    await _promise_commission(uow, categories)
    return sku_ids


def novelties() -> list[Item]:
    """What came after the first ninety days were planned, one SKU each."""
    return [
        Item(f"HS09{place:02}01", catalogue.sorting.NOVELTIES, product, product.choices[0])
        for place, product in enumerate(catalogue.sorting.NOVELTIES.products, 1)
    ]


def code_of(key: str) -> str:
    """The SKU of a novelty."""
    return next(item.code for item in novelties() if item.product.key == key)


def further_code(code: str, place: int) -> str:
    """The code of a SKU's choice in the second option's value at `place`, from 1; the first is the SKU itself."""
    return code if place == 1 else f"{code}-{place}"


async def _pack_the_box(uow: UnitOfWork, sku_ids: Mapping[str, UUID]) -> None:
    sku_id = sku_ids[code_of("giftbox")]
    known = (await catalog.prices(uow, [sku_id]))[sku_id]
    parts = [catalog.Component(sku_ids[part], pieces) for part, pieces in catalogue.sorting.GIFTBOX]
    await catalog.set_bundle(uow, known.product_id, parts)


async def _promise_commission(uow: UnitOfWork, categories: Mapping[str, UUID]) -> None:
    # Eight days on the demo's clock show what is payable, also for promoters who have just joined.
    await distribution.save_settings(
        uow, distribution.Settings(new_hold_days=distribution.Settings().hold_days)
    )
    await distribution.add_plan(uow, name="全场推荐", rate_bps=GENERAL_RATE)
    for shelf in CATEGORIES:
        if shelf.key in RATES:
            name, rate = RATES[shelf.key]
            await distribution.add_plan(uow, name=name, rate_bps=rate, category_id=categories[shelf.name])


def _new_product(
    group: list[Item], position: int, brands: Mapping[str, UUID], freight: Mapping[str, UUID]
) -> catalog.NewProduct:
    product, shelf = group[0].product, group[0].category
    kind = catalogue.sorting.KINDS.get(product.key, "physical")
    is_fresh = shelf.key in CHILLED_SHELVES or product.key in catalogue.sorting.FRESH
    policy, reason = ("excluded", "fresh") if is_fresh else ("seven_days", "")
    if product.key in catalogue.sorting.NEAR_EXPIRY:
        policy, reason = "confirmed", "near_expiry"
    brand = next(iter(catalogue.sorting.listed(catalogue.sorting.BRANDS, product.key)), None)
    options = catalogue.sorting.OPTIONS.get(product.key)
    smaller = next(
        (name for name, keys in catalogue.sorting.WITHIN.get(shelf.key, ()) if product.key in keys),
        shelf.name,
    )
    return catalog.NewProduct(
        category=catalogue.sorting.SHOWN_ON.get(product.key, smaller),
        title=product.title,
        subtitle=product.subtitle,
        description=product.description,
        picture=picture_key(product),
        unit=product.unit,
        position=position,
        kind=kind,
        brand_id=brands[brand] if brand else None,
        tags=catalogue.sorting.listed(catalogue.sorting.TAGS, product.key),
        options=_options(options, group) if options else (),
        return_policy=policy,
        return_reason=reason,
        valid_days=catalogue.sorting.VOUCHER_DAYS if kind == "virtual" else 0,
        freight_template_id=freight[CHILLED if is_fresh else PLAIN],
        skus=tuple(sku for item in group for sku in _skus(item, options)),
    )


def _options(options: catalogue.sorting.Options, group: list[Item]) -> tuple[catalog.Option, ...]:
    first = catalog.Option(options.name, tuple(item.choice.title for item in group))
    if not options.second:
        return (first,)
    return first, catalog.Option(options.second_name, tuple(value for value, _ in options.second))


def _skus(item: Item, options: catalogue.sorting.Options | None) -> list[catalog.NewSku]:
    title, price = item.choice.title, item.choice.price
    weight = catalogue.sorting.grams(item.product.subtitle, title)
    if options is None:
        return [catalog.NewSku(code=item.code, price=price, title=title, weight_g=weight)]
    if not options.second:
        return [catalog.NewSku(item.code, price, title, weight, (title,))]
    return [
        catalog.NewSku(
            further_code(item.code, place),
            price + more,
            f"{title} / {value}",
            catalogue.sorting.grams("", value),
            (title, value),
        )
        for place, (value, more) in enumerate(options.second, 1)
    ]
