"""Every product of the demo has a picture that can be drawn, is small and is its own."""

import io

import pytest
from PIL import Image

from siyu.demo import pictures
from siyu.demo.catalogue import CATEGORIES, items

PRODUCTS = [product for category in CATEGORIES for product in category.products]


def test_every_product_is_drawn_differently():
    drawings = [product.drawing for product in PRODUCTS]
    assert len(set(drawings)) == len(drawings) == 65
    assert {drawing.kind for drawing in drawings} == set(pictures.KINDS)


@pytest.mark.parametrize("key", ["apple", "milk", "lipstick", "eggs", "nuts"])
def test_a_drawing_gives_two_small_webp_files(key: str):
    product = next(product for product in PRODUCTS if product.key == key)
    picture = pictures.draw(product.drawing)
    with Image.open(io.BytesIO(picture.large)) as large, Image.open(io.BytesIO(picture.small)) as small:
        assert (large.format, large.size) == ("WEBP", (800, 800))
        assert (small.format, small.size) == ("WEBP", (320, 320))
    assert len(picture.large) < 25_000
    assert len(picture.small) < 10_000


def test_the_same_drawing_is_always_the_same_file():
    drawing = PRODUCTS[0].drawing
    assert pictures.draw(drawing) == pictures.draw(drawing)


def test_the_thing_stands_in_the_middle_and_the_ground_is_light():
    for product in PRODUCTS[::9]:
        small = pictures.image(product.drawing).reduce(8).convert("RGB")
        corners = [small.getpixel(at) for at in ((1, 1), (98, 1), (1, 98), (98, 98))]
        assert all(min(corner) > 195 for corner in corners), product.key
        spread = small.convert("L").getextrema()
        assert spread[1] - spread[0] > 60, product.key


def test_codes_and_texts_are_those_of_a_careful_shopkeeper():
    every = list(items())
    assert len({item.code for item in every}) == len(every) == 107
    assert all(item.choice.price > 0 for item in every)
    for product in PRODUCTS:
        assert 1 <= len(product.title) <= 30
        assert product.subtitle
        assert len(product.description) >= 20
        titles = [choice.title for choice in product.choices]
        assert len(set(titles)) == len(titles)
        assert (titles == [""]) is (len(titles) == 1)
        # 广告法 art. 9 and 化妆品监督管理条例 art. 43: no superlatives, no cures.
        text = product.title + product.subtitle + product.description
        for word in (
            "最佳",
            "第一",
            "国家级",
            "治疗",
            "祛痘",
            "抗炎",
            "全网最低",
            "绝对",
            "100%有效",
            "医用",
        ):
            assert word not in text, (product.key, word)
