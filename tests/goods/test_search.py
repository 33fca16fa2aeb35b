"""Finding goods: Chinese without spaces, the best first, nobody else's, and nothing that was renamed is lost."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from architecture.raw import as_application
from siyu.goods import catalog
from siyu.goods.catalog import search_index, search_words, searching, sorting
from siyu.goods.catalog.search_words import Document, asked, words_of
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Database, Merchant

GOODS = {
    # title: (subtitle, category, code, description)
    "红富士苹果": ("脆甜", "水果", "APPLE-80", "产自烟台。"),
    "苹果手机壳": ("适合 iPhone 15", "配件", "CASE-15", ""),
    "智能手机 Pro": ("苹果味包装", "手机", "PHONE-15", "赠品：红富士一个。"),
    "果汁": ("手榨", "饮料", "JUICE", "用苹果榨的，机器压榨。"),
    "茶": ("", "饮料", "TEA-1", ""),
}


@pytest.fixture
async def shelf(database: Database, merchant: Merchant) -> Merchant:
    async with database.begin(merchant) as uow:
        names = list(dict.fromkeys(category for _, category, *_ in GOODS.values()))
        categories = await catalog.add_categories(uow, [(name, "") for name in names])
        products = [
            catalog.NewProduct(
                category=category, title=title, subtitle=subtitle, description=description,
                skus=(catalog.NewSku(code, 1_000),), position=n,
            )
            for n, (title, (subtitle, category, code, description)) in enumerate(GOODS.items())
        ]  # fmt: skip
        await catalog.add_products(uow, products, categories)
    return merchant


async def titles(database: Database, merchant: Merchant, text: str, **asked_for) -> list[str]:
    async with database.begin(merchant) as uow:
        return [card.title for card in (await catalog.cards(uow, search=text, **asked_for)).items]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("苹果", ["红富士苹果", "苹果手机壳", "智能手机 Pro", "果汁"]),
        ("手机", ["苹果手机壳", "智能手机 Pro"]),
        ("苹果手机", ["苹果手机壳"]),
        ("苹果 手机", ["苹果手机壳", "智能手机 Pro"]),
        ("茶", ["茶"]),
        ("饮料", ["果汁", "茶"]),
        ("iph", []),  # a subtitle is found by whole words
        ("iphone 15", ["苹果手机壳"]),
        ("case-15", ["苹果手机壳"]),
        ("ＣＡＳＥ", ["苹果手机壳"]),
        ("appl", ["红富士苹果"]),
        ("pho", ["智能手机 Pro"]),
        ("机手", []),
        ("%", []),
        ("'; drop table skus; --", []),
        ("西瓜", []),
    ],
)
async def test_a_search_finds_what_has_all_its_words_the_best_first(
    database: Database, shelf: Merchant, text: str, found: list[str]
) -> None:
    assert await titles(database, shelf, text) == found


async def test_pages_follow_each_other_without_gap_or_repetition(database: Database, shelf: Merchant) -> None:
    seen: list[str] = []
    after = None
    while True:
        async with database.begin(shelf) as uow:
            page = await catalog.cards(uow, search="果", after=after, limit=1)
        seen += [card.title for card in page.items]
        if page.next is None:
            break
        rank, _, last = page.next.partition("~")
        after = int(rank), UUID(last)

    # 水果 is the category of the apple, which also has the word in its title; 苹果味 is a subtitle, too long a text.
    assert seen == ["红富士苹果", "苹果手机壳", "果汁"]


async def test_a_new_title_is_found_at_once_and_the_old_one_is_not(
    database: Database, shelf: Merchant
) -> None:
    async with database.begin(shelf) as uow:
        (card,) = (await catalog.cards(uow, search="果汁")).items
        await catalog.edit_product(
            uow, card.id, catalog.ProductWords(card.category_id, "鲜榨橙汁", subtitle="冷藏")
        )

    assert await titles(database, shelf, "橙汁") == ["鲜榨橙汁"]
    assert await titles(database, shelf, "果汁") == []
    async with database.begin(shelf) as uow:
        assert await search_index.index_products(uow, [card.id]) == 0, "nothing differs the second time"


async def test_what_was_renamed_elsewhere_is_found_after_the_sweep(
    database: Database, shelf: Merchant
) -> None:
    async with database.begin(shelf) as uow:
        while await search_index.reindex(uow):
            pass
    async with database.begin(shelf) as uow:
        drinks = next(each for each in await catalog.categories(uow) if each.name == "饮料")
        await sorting.edit_category(uow, drinks.id, name="酒水", parent_id=None)
        await uow.run(
            "update products set title = '绿茶', updated_at = %(now)s where merchant_id = %(merchant_id)s and title = '茶'"
        )
    async with database.begin(shelf) as uow:
        assert await search_index.reindex(uow) == 2
        assert await search_index.reindex(uow) == 0

    assert await titles(database, shelf, "酒水") == ["果汁", "绿茶"]
    assert await titles(database, shelf, "绿茶") == ["绿茶"]


async def test_words_of_older_rules_are_made_again(database: Database, shelf: Merchant) -> None:
    async with database.begin(shelf) as uow:
        await uow.run("update search_documents set version = 0 where merchant_id = %(merchant_id)s")
        await uow.run("delete from search_progress where merchant_id = %(merchant_id)s")
        assert await search_index.reindex(uow) == len(GOODS)
        assert await search_index.reindex(uow) == 0


async def test_synonyms_find_each_other(database: Database, shelf: Merchant) -> None:
    group = ids.new()
    async with database.begin(shelf) as uow:
        await searching.save_synonyms(uow, group, ["手机", "电话", "Mobile"])

    assert await titles(database, shelf, "电话") == ["苹果手机壳", "智能手机 Pro"]
    assert await titles(database, shelf, "苹果mobile") == ["苹果手机壳", "智能手机 Pro"]
    with pytest.raises(searching.WordTaken):
        async with database.begin(shelf) as uow:
            await searching.save_synonyms(uow, ids.new(), ["电话", "座机"])
    with pytest.raises(Invalid):
        async with database.begin(shelf) as uow:
            await searching.save_synonyms(uow, ids.new(), ["座机"])
    async with database.begin(shelf) as uow:
        assert [each.words for each in await searching.synonyms(uow)] == [["手机", "电话", "mobile"]]
        await searching.save_synonyms(uow, group, [])
    assert await titles(database, shelf, "电话") == []


async def test_when_nothing_has_all_words_the_nearest_are_offered(
    database: Database, shelf: Merchant
) -> None:
    async with database.begin(shelf) as uow:
        near = await searching.near(uow, "红富士苹果礼盒")
        found = {product.id: product.title for product in await catalog.cards_of(uow, near)}

    assert [found[key] for key in near][:2] == ["红富士苹果", "智能手机 Pro"]


async def test_goods_off_the_shelf_are_found_by_staff_only(database: Database, shelf: Merchant) -> None:
    async with database.begin(shelf) as uow:
        (card,) = (await catalog.cards(uow, search="茶")).items
        await catalog.set_shelf(uow, card.id, is_on_shelf=False)

    assert await titles(database, shelf, "茶") == []
    assert await titles(database, shelf, "茶", on_shelf_only=False) == ["茶"]


async def test_another_merchant_finds_nothing_of_it(database: Database, shelf: Merchant, new_shop) -> None:
    assert await titles(database, await new_shop(), "苹果") == []


async def test_the_words_are_found_through_the_index_under_row_level_security(
    database: Database, shelf: Merchant
) -> None:
    """The plan of the walk along a word, as the role of the application sees it."""
    async with as_application(database.url, shelf) as connection:
        await connection.execute("set local enable_seqscan = off")
        cursor = await connection.execute(
            "explain (format text) select product_id from search_words where merchant_id = %s and word = any(%s) "
            "and field = any('{1,2,3}'::smallint[]) and product_id = %s",
            (shelf.id, ["苹果", "手机"], ids.new()),
        )
        plan = "\n".join(row[0] if isinstance(row, tuple) else str(row) for row in await cursor.fetchall())

    assert "search_words_pkey" in plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert all(part in condition for part in ("merchant_id", "word", "field", "product_id"))


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_part_of_a_title_finds_it(before: str, after: str) -> None:
    words = words_of(Document(names=(before + after,), groups=(), rest=()))

    assert set(asked(before + after)) <= set(words)


@given(st.text(alphabet="苹果手机壳红富士", min_size=2, max_size=20), st.data())
def test_every_piece_of_chinese_finds_its_text(title: str, data) -> None:
    begin = data.draw(st.integers(0, len(title) - 1))
    end = data.draw(st.integers(begin + 1, len(title)))
    words = words_of(Document(names=(title,), groups=(), rest=()))

    assert set(asked(title[begin:end])) <= set(words)
    assert set(words.values()) == {search_words.TITLE}
