"""How the shelves are sorted: smaller shelves within them, brands, tags, options, and what cannot be returned.

The shelves that pay commission of their own stay whole, because a commission plan names one category.
"""

import re

import msgspec

from siyu.demo.catalogue.model import Category, Product, one
from siyu.demo.pictures import Drawing

# By shelf, the smaller shelves in it with the keys of their products; what is named nowhere lies on the shelf itself.
WITHIN: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "pantry": (
        ("米面杂粮", ("rice", "millet", "noodles")),
        ("油盐酱醋", ("oil", "soysauce", "sesameoil")),
        ("蛋奶豆品", ("eggs", "milk", "yogurt", "tofu")),
    ),
    "snacks": (
        ("坚果果干", ("nuts", "mango")),
        ("饼干糕点", ("crisps", "crackers", "chocolate", "yolkpastry")),
        ("肉干海味", ("seaweed", "jerky")),
    ),
    "drinks": (
        ("水与饮料", ("water", "sparkling", "juice", "coconut", "oatmilk")),
        ("茶与咖啡", ("coffee", "greentea", "jasmine")),
    ),
    "household": (
        ("纸品", ("tissues", "rolls")),
        ("清洁用品", ("laundry", "dishsoap", "cleaner", "binbags")),
    ),
}

BRANDS: dict[str, tuple[str, ...]] = {
    "禾顺严选": ("rice", "millet", "oil", "eggs", "nuts", "tissues", "rolls", "giftbox"),
    "溪畔牧场": ("milk", "yogurt"),
    "望湖茶事": ("greentea", "jasmine", "coffee"),
    "镜水护肤": ("cleanser", "toner", "serum", "facecream", "sunscreen", "facemask", "handcream"),
    "团团亲子": ("nappies", "wipes", "babylotion", "babybottle", "ricepuffs", "bibs"),
}

TAGS: dict[str, tuple[str, ...]] = {
    "冷链": ("milk", "yogurt", "tofu", "juice"),
    "店长推荐": ("apple", "rice", "nuts", "greentea", "facecream", "giftbox"),
    "上新": ("giftbox", "facial", "sweetpotato", "handcream"),
    "会员价": ("nuts", "greentea", "coffee", "facecream", "tissues"),
    "临期特惠": ("nearcrackers",),
}

# Fresh and chilled goods: 消费者权益保护法 art. 25 (2). Near their date: only with the buyer's consent.
FRESH = frozenset({"milk", "yogurt", "tofu", "eggs", "sweetpotato"})
NEAR_EXPIRY = frozenset({"nearcrackers"})


class Options(msgspec.Struct, frozen=True):
    """What a buyer chooses by. With a second option every choice comes in each of its values.

    `second` has the second option's values with what is added to the price, in fen; the first adds nothing and is
    what the shelf had before.
    """

    name: str
    second_name: str = ""
    second: tuple[tuple[str, int], ...] = ()


OPTIONS = {
    "crisps": Options("口味"),
    "sparkling": Options("口味"),
    "lipstick": Options("色号"),
    "nappies": Options("尺码"),
    "jerky": Options("口味", "规格", (("100 g", 0), ("250 g", 4800))),
    "handcream": Options("香型", "装量", (("单支", 0), ("三支装", 3380))),
}

# Goods that came later than the plan of the ninety days; they are shown on these shelves.
SHOWN_ON = {"giftbox": "坚果果干", "facial": "护肤", "sweetpotato": "新鲜蔬果", "nearcrackers": "饼干糕点"}
NOVELTIES = Category(
    key="novelties",
    name="新品",
    face="giftbox",
    basket=0,
    products=(
        Product(
            "giftbox",
            "春茶坚果礼盒",
            "绿茶、坚果和蛋黄酥，一盒送齐",
            "礼盒内含雨前绿茶 100 g × 1、每日混合坚果 7 小袋 × 2、蛋黄酥 × 1。整盒发货，附手提袋。",
            "盒",
            Drawing("carton_box", "#f0e4dc", "#a8322c", "#f6e2b8", "#d9a94a", "flower"),
            one(14800),
        ),
        Product(
            "facial",
            "面部补水护理体验券",
            "到店核销，购买后 90 天内有效",
            "越城旗舰店美妆区，约 45 分钟，含清洁、补水面膜和手部护理。到店出示券码，每张用一次；过期未用自动退款。",
            "张",
            Drawing("carton_box", "#e4eef0", "#7cc3c8", "#ffffff", "#3f8a92", "drop"),
            one(9900),
        ),
        Product(
            "sweetpotato",
            "板栗红薯（称重）",
            "按实际重量，多退少不补",
            "单根约 250 g，粉糯香甜。按每份约 500 g 计价，少于标示重量的差额会退还。阴凉处可放一周。",
            "份",
            Drawing("potatoes", "#efe3dc", "#9c4a5a"),
            one(690),
        ),
        Product(
            "nearcrackers",
            "临期特惠 · 奶盐苏打饼干",
            "900 g，距到期不足 30 天",
            "与正价商品同批同质，仅因临近保质期降价。下单前请确认：临期商品不支持七天无理由退货。",
            "箱",
            Drawing("carton_box", "#efe6dd", "#c9a06a", "#fbe9c8", "#b5402f", "wheat"),
            one(1490),
        ),
    ),
)
KINDS = {"giftbox": "bundle", "facial": "virtual", "sweetpotato": "weighed"}
VOUCHER_DAYS = 90
# What a gift box is made of: codes of SKUs and pieces.
GIFTBOX = (("HS040701", 1), ("HS030101", 2), ("HS030501", 1))

SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(kg|g|ml|L)\b")
GRAMS = {"kg": 1000, "g": 1, "ml": 1, "L": 1000}
PLAIN_WEIGHT = 500  # grams of whatever does not say


def grams(title: str, choice: str) -> int:
    """What one unit weighs for the carrier, as its size says; a liquid like water."""
    found = SIZE.search(choice) or SIZE.search(title)
    if not found:
        return PLAIN_WEIGHT
    whole, _, part = found[1].partition(".")
    unit = GRAMS[found[2]]
    return max(1, int(whole) * unit + (int(part) * unit // 10 ** len(part) if part else 0))


def listed(table: dict[str, tuple[str, ...]], key: str) -> tuple[str, ...]:
    """Under which heads of a table a product is named."""
    return tuple(head for head, keys in table.items() if key in keys)
