"""What costs more as a merchant grows, and how much: the same work over a thousand rows and over a hundred thousand.

Each part returns its figures and can be run alone: `python bench_growth.py search`.
"""

import asyncio
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

import psycopg

from figures import Figure, plain
from growth_orders import order_list
from siyu.app import House, open_house
from siyu.goods import catalog
from siyu.goods.catalog.search_words import VERSION, Document, asked, words_of
from siyu.kernel import clock, ids
from siyu.people import merchants
from siyu.runtime import embedded
from siyu.runtime.db import Merchant
from siyu.serve import with_sandbox
from siyu.settings import Settings

SMALL, LARGE = 1_000, 100_000
RATIO_MAX = 3.0
ROUNDS = 5  # over all searches; the median counts
CHUNK = 2_000

# Titles are put together from these, so that common words stand in thousands of titles and most pairs are rare.
MAKERS = [
    "云南",
    "山东",
    "四川",
    "福建",
    "新疆",
    "海南",
    "内蒙",
    "东北",
    "浙江",
    "广西",
    "有机",
    "精选",
    "新款",
    "经典",
    "家庭装",
    "旅行",
    "儿童",
    "进口",
    "手工",
    "春季",
]
GOODS = [
    "苹果",
    "香蕉",
    "牛奶",
    "酸奶",
    "面包",
    "饼干",
    "牛肉干",
    "龙井茶",
    "普洱茶",
    "咖啡豆",
    "洗发水",
    "沐浴露",
    "纸巾",
    "毛巾",
    "衬衫",
    "连衣裙",
    "运动鞋",
    "手机壳",
    "耳机",
    "充电器",
    "台灯",
    "炒锅",
    "保温杯",
    "雨伞",
    "背包",
    "玩具车",
    "积木",
    "图书",
    "笔记本",
    "牙刷",
]
ENDINGS = ["礼盒", "整箱", "单包", "试用装", "升级版", "特惠装", "三件套", "大号", "小号", "经典款"]
SEARCHES = (
    "苹果", "龙井茶", "山东苹果", "手机壳", "云南普洱茶礼盒", "牛", "新款连衣裙", "保温杯 大号", "耳机升级版", "GOODS-00042",
    "儿童玩具车整箱", "有机 牛奶", "西瓜霜", "精选", "苹果手机",
)  # fmt: skip


async def search() -> list[Figure]:
    """A search over a hundred thousand products costs at most three times the one over a thousand."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=str(folder))
    try:
        async with open_house(with_sandbox(settings)) as house:
            small = await _merchant_of(house, "small", SMALL)
            large = await _merchant_of(house, "large", LARGE)
            async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as owner:
                await owner.execute("vacuum analyze")
            in_small, in_large = await _compared(house, small, large)
    finally:
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)
    ratio = in_large / in_small
    return [
        Figure(
            name="growth.search",
            value=round(in_large, 2),
            unit="ms",
            limit=f"≤ {RATIO_MAX:g} × the search over {SMALL:,} products",
            ratio=round(ratio, 3),
            goal=RATIO_MAX,
            holds=ratio <= RATIO_MAX,
        ),
        plain("growth.search_small", in_small, "ms"),
    ]


async def _compared(house: House, small: Merchant, large: Merchant) -> tuple[float, float]:
    """Milliseconds of a search in both, taken in turn, so that a busy moment of the machine meets both."""
    took: dict[str, list[float]] = {small.slug: [], large.slug: []}
    for round_number in range(ROUNDS + 1):
        for merchant in (small, large):
            for text in SEARCHES:
                begin = time.perf_counter()
                async with house.database.begin(merchant) as uow:
                    await catalog.cards(uow, search=text, limit=20)
                if round_number:  # the first one warms both up
                    took[merchant.slug].append((time.perf_counter() - begin) * 1_000)
    return statistics.fmean(took[small.slug]), statistics.fmean(took[large.slug])


async def _merchant_of(house: House, slug: str, count: int) -> Merchant:
    """A merchant with so many products, put in by COPY as the owner of the database."""
    merchant = await merchants.create(house.database_url, slug=slug, name="测速店")
    async with house.database.begin(merchant) as uow:
        category = (await catalog.add_categories(uow, [("全部商品", "grid")]))["全部商品"]
    chance = random.Random(7)
    async with await psycopg.AsyncConnection.connect(house.database_url) as owner:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            await _products(owner, merchant, category, chance, range(first, first + size))
            await owner.commit()
    return merchant


async def _products(
    owner: psycopg.AsyncConnection, merchant: Merchant, category: UUID, chance: random.Random, numbers: range
) -> None:
    now = clock.now()
    made = [
        (ids.new(), number, f"{chance.choice(MAKERS)}{chance.choice(GOODS)}{chance.choice(ENDINGS)} {number}")
        for number in numbers
    ]
    await _copy(
        owner,
        "copy products (merchant_id, id, category_id, title, position, created_at, updated_at) from stdin",
        [(merchant.id, key, category, title, number, now, now) for key, number, title in made],
    )
    await _copy(
        owner,
        "copy skus (merchant_id, id, product_id, code, price, updated_at) from stdin",
        [(merchant.id, ids.new(), key, f"GOODS-{number:05d}", 1_290, now) for key, number, _ in made],
    )
    words = {
        key: words_of(Document((title, f"GOODS-{number:05d}"), ("全部商品",), ()))
        for key, number, title in made
    }
    await _copy(
        owner,
        "copy search_documents (merchant_id, product_id, version, of, words) from stdin",
        [(merchant.id, key, VERSION, now, psycopg.types.json.Jsonb(found)) for key, found in words.items()],
    )
    await _copy(
        owner,
        "copy search_words (merchant_id, word, field, product_id) from stdin",
        [(merchant.id, word, field, key) for key, found in words.items() for word, field in found.items()],
    )


async def _copy(owner: psycopg.AsyncConnection, statement: str, rows: Sequence[tuple]) -> None:
    async with owner.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            await copy.write_row(row)


# Each part by its name, in the order in which they are measured.
PARTS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {"search": search, "orders": order_list}


async def run() -> list[Figure]:
    """Every part in turn."""
    assert all(asked(text) for text in SEARCHES), "every search asks for something"
    return [figure for part in PARTS.values() for figure in await part()]


if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        for figure in asyncio.run(PARTS[name]()):
            print(figure)
