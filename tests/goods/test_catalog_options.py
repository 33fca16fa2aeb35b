"""Options and the SKUs made of them: what was sold keeps its name, its history and its stock."""

from itertools import product as every

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Shop, a_customer, a_shop, paid, stock_of
from siyu.goods import catalog
from siyu.goods.catalog import Matrix, Option, WantedSku, drafting
from siyu.goods.catalog.options import check_matrix, combinations
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant

COLOURS, SIZES = Option("颜色", ("红", "黑")), Option("尺码", ("S", "M", "L"))


def shirt(*chosen: tuple[str, str], price: int = 9_900, stem: str = "SHIRT") -> Matrix:
    """A shirt in the chosen combinations."""
    return Matrix(
        (COLOURS, SIZES),
        tuple(WantedSku(f"{stem}-{c}{s}", price, (c, s), weight_g=250) for c, s in chosen),
    )


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def apple(database: Database, shop: Shop) -> catalog.Product:
    async with database.begin(shop.merchant) as uow:
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
        return await catalog.product(uow, price.product_id)


async def give(database: Database, shop: Shop, product_id, matrix: Matrix):
    async with database.begin(shop.merchant) as uow:
        return await catalog.set_matrix(uow, product_id, matrix)


async def test_skus_are_made_for_the_chosen_combinations_only(database: Database, shop: Shop) -> None:
    product = await apple(database, shop)

    made = await give(database, shop, product.id, shirt(("红", "S"), ("红", "L"), ("黑", "M")))

    after = await apple_after(database, shop, product.id)
    assert after.options == (COLOURS, SIZES)
    assert [(s.code, s.title, s.choices, s.price, s.weight_g) for s in after.skus] == [
        ("SHIRT-红S", "红 / S", ("红", "S"), 9_900, 250),
        ("SHIRT-红L", "红 / L", ("红", "L"), 9_900, 250),
        ("SHIRT-黑M", "黑 / M", ("黑", "M"), 9_900, 250),
    ]
    assert set(made) == {"SHIRT-红S", "SHIRT-红L", "SHIRT-黑M"}


async def apple_after(database: Database, shop: Shop, product_id) -> catalog.Product:
    async with database.begin(shop.merchant) as uow:
        return await catalog.product(uow, product_id)


async def test_what_was_sold_is_withdrawn_and_comes_back_as_itself(database: Database, shop: Shop) -> None:
    product = await apple(database, shop)
    await paid(database, shop, await a_customer(database, shop.merchant), apples=2)

    await give(database, shop, product.id, shirt(("红", "S")))
    async with database.begin(shop.merchant) as uow:
        gone = (await catalog.prices(uow, [shop.apple]))[shop.apple]
    assert (gone.code, gone.is_sellable) == ("APPLE", False)
    assert [sku.code for sku in (await apple_after(database, shop, product.id)).skus] == ["SHIRT-红S"]
    assert await stock_of(database, shop, shop.apple) == (10, 2)

    back = Matrix((), (WantedSku("APPLE", 1_290),))
    assert await give(database, shop, product.id, back) == {"APPLE": shop.apple}
    assert [
        (s.id, s.is_sellable, s.available) for s in (await apple_after(database, shop, product.id)).skus
    ] == [(shop.apple, True, 8)]


async def test_what_nobody_ever_had_is_deleted_and_its_code_is_free_again(
    database: Database, shop: Shop
) -> None:
    product = await apple(database, shop)
    made = await give(database, shop, product.id, shirt(("红", "S"), ("黑", "S")))

    await give(database, shop, product.id, shirt(("红", "S")))

    async with database.begin(shop.merchant) as uow:
        assert made["SHIRT-黑S"] not in await catalog.prices(uow, list(made.values()))


async def test_values_are_renamed_and_codes_exchanged_without_losing_a_sku(
    database: Database, shop: Shop
) -> None:
    product = await apple(database, shop)
    made = await give(database, shop, product.id, shirt(("红", "S"), ("黑", "S")))
    swapped = Matrix(
        (Option("颜色", ("大红", "红")), Option("尺码", ("S",))),
        (
            WantedSku("SHIRT-黑S", 9_900, ("大红", "S"), id=made["SHIRT-红S"]),
            WantedSku("SHIRT-红S", 8_800, ("红", "S"), id=made["SHIRT-黑S"]),
        ),
    )

    await give(database, shop, product.id, swapped)
    again = await give(database, shop, product.id, swapped)

    assert again == {"SHIRT-黑S": made["SHIRT-红S"], "SHIRT-红S": made["SHIRT-黑S"]}
    async with database.begin(shop.merchant) as uow:
        changes = await catalog.price_changes(uow, product.id)
    assert [(c.old_price, c.new_price) for c in changes if c.old_price] == [(9_900, 8_800)]


@pytest.mark.parametrize(
    ("matrix", "field"),
    [
        (Matrix((COLOURS,) * 2, (WantedSku("A", 1, ("红", "红")),)), "options"),
        (Matrix(tuple(Option(n, ("x",)) for n in "abcd"), (WantedSku("A", 1, tuple("xxxx")),)), "options"),
        (
            Matrix((Option("颜色", tuple(f"v{n}" for n in range(21))),), (WantedSku("A", 1, ("v1",)),)),
            "options",
        ),
        (Matrix((Option("颜色", ("红", "红")),), (WantedSku("A", 1, ("红",)),)), "options"),
        (Matrix((Option("", ("红",)),), (WantedSku("A", 1, ("红",)),)), "options"),
        (Matrix((COLOURS,), (WantedSku("A", 1, ("白",)),)), "options"),
        (Matrix((COLOURS,), (WantedSku("A", 1, ("红",)), WantedSku("B", 1, ("红",)))), "options"),
        (Matrix((COLOURS,), ()), "options"),
        (Matrix((COLOURS,), (WantedSku("A", 1, ("红",)), WantedSku("A", 1, ("黑",)))), "skus.code"),
        (Matrix((COLOURS,), (WantedSku(" ", 1, ("红",)),)), "skus.code"),
        (Matrix((COLOURS,), (WantedSku("A", -1, ("红",)),)), "skus.price"),
        (Matrix((COLOURS,), (WantedSku("A", 1, ("红",), weight_g=1_000_001),)), "skus.weight_g"),
        (Matrix((COLOURS,), (WantedSku("A", 1, ("红",), id=ids.new()),)), "skus.id"),
    ],
)
async def test_a_matrix_that_makes_no_sense_is_refused_and_nothing_changes(
    database: Database, shop: Shop, matrix: Matrix, field: str
) -> None:
    before = await apple(database, shop)

    with pytest.raises(Invalid) as refusal:
        await give(database, shop, before.id, matrix)

    assert refusal.value.field == field
    assert await apple(database, shop) == before


async def test_more_than_a_hundred_skus_are_refused() -> None:
    options = tuple(Option(name, tuple(f"{name}{n}" for n in range(11))) for name in "ab")
    skus = tuple(WantedSku(f"C{n}", 1, one) for n, one in enumerate(combinations(options)))

    check_matrix(Matrix(options, skus[:100]))
    with pytest.raises(Invalid):
        check_matrix(Matrix(options, skus[:101]))


async def test_a_code_of_another_product_and_another_merchants_product_are_refused(
    database: Database, shop: Shop, new_shop
) -> None:
    product = await apple(database, shop)
    stranger = await new_shop()

    with pytest.raises(catalog.CodeTaken):
        await give(database, shop, product.id, Matrix((), (WantedSku("MILK", 5),)))
    with pytest.raises(NotFound):
        async with database.begin(stranger) as uow:
            await catalog.set_matrix(uow, product.id, Matrix((), (WantedSku("X", 5),)))

    assert await apple(database, shop) == product


async def test_a_products_codes_and_prices_are_noted_with_who_did_it(database: Database, shop: Shop) -> None:
    product = await apple(database, shop)
    await give(database, shop, product.id, shirt(("红", "S")))

    async with database.begin(shop.merchant) as uow:
        noted = await uow.all(
            str, "select action from audit_log where merchant_id = %(merchant_id)s order by id"
        )
    assert noted == ["catalog.set_matrix"]


# What is typed into a form ---------------------------------------------------------------------------------------


def form_of(draft: drafting.Draft) -> list[tuple[str, str]]:
    """What a browser sends of a draft."""
    said: list[tuple[str, str]] = []
    for option in draft.options:
        said.append((f"optionname-{option.key}", option.name))
        said += [(f"optionvalue-{option.key}-{value.key}", value.text) for value in option.values]
    for row in draft.rows:
        said += [
            (f"sku-{row.name}", row.sku),
            (f"code-{row.name}", row.code),
            (f"price-{row.name}", row.price),
        ]
        said.append((f"weight-{row.name}", row.weight))
        said += [(f"has-{row.name}", "1")] * row.is_wanted + [(f"on-{row.name}", "1")] * row.is_sellable
    return said


def test_a_form_that_comes_back_unchanged_is_the_same_draft() -> None:
    first = drafting.changed(drafting.empty_draft(), "add-option", "", {})
    key = first.options[0].key
    draft = drafting.changed(first, "add-value", key, {f"newvalue-{key}": "红、黑 白"})

    assert [value.text for value in draft.options[0].values] == ["红", "黑", "白"]
    assert drafting.typed(form_of(draft)) == draft


def test_an_option_that_is_added_leaves_what_was_typed_in_the_first_row() -> None:
    typed = drafting.typed(
        [("price-one", "9.9"), ("code-one", "SHIRT"), ("weight-one", "250"), ("sku-one", "s1")]
    )
    draft = drafting.changed(typed, "add-option", "", {})
    key = draft.options[0].key
    grown = drafting.changed(draft, "add-value", key, {f"newvalue-{key}": "红 黑"})

    assert [(row.sku, row.price, row.weight, row.choices) for row in grown.rows] == [
        ("s1", "9.9", "250", ("红",)),
        ("", "9.9", "250", ("黑",)),
    ]
    back = drafting.changed(grown, "drop-option", key, {})
    assert [(row.name, row.sku, row.price) for row in back.rows] == [("one", "s1", "9.9")]


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.sampled_from(["add-value", "drop-value", "add-option", "drop-option", "fill"]), max_size=6),
)
def test_no_sku_is_ever_claimed_by_two_rows(sizes: list[int], acts: list[str]) -> None:
    options = tuple(
        drafting.DraftOption(
            f"o{at}", f"名{at}", tuple(drafting.DraftValue(f"o{at}v{n}", f"值{at}{n}") for n in range(size))
        )
        for at, size in enumerate(sizes)
    )
    rows = {
        keys: drafting.DraftRow(keys, sku=f"sku-{n}", code=f"C-{n}", price="1")
        for n, keys in enumerate(every(*([value.key for value in option.values] for option in options)))
    }
    draft = drafting.completed(options, rows, is_new_wanted=True)
    for act in acts:
        option = draft.options[0] if draft.options else None
        at = (
            f"{option.key}/{option.values[-1].key}"
            if option and act == "drop-value"
            else option.key
            if option
            else ""
        )
        draft = drafting.changed(
            draft, act, at, {f"newvalue-{option.key}": "新" if option else ""} if option else {}
        )
        claimed = [row.sku for row in draft.rows if row.sku]
        assert len(claimed) == len(set(claimed))
        names = [row.name for row in draft.rows]
        assert len(names) == len(set(names))
