"""Made-up customers: nicknames as people choose them, and phone numbers that belong to nobody."""

from collections.abc import Iterator
from random import Random

# 199 0000 xxxx: a block the demo uses so that no real person can ever be sent a message.
PHONE_BLOCK = 19_900_000_000
PHONES_MAX = 10_000

# The two people whom a visitor of the demo can be, by their number in the plan.
SHOPPER, KOC = 1, 2
KNOWN_NAMES = {SHOPPER: "林小满", KOC: "念念好物"}
KNOWN_OPENIDS = {SHOPPER: "demo-shopper", KOC: "demo-koc"}

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭"
GIVEN = "婷敏静丽娟艳芳磊强军洋勇杰涛明超霞平刚桂兰玉萍红鹏浩宇轩梓涵欣怡思雨佳琪子墨雅诗博文晨曦悦宁安然可馨语嫣若溪一诺知夏书瑶景行清和望舒"
MOODS = (
    "爱吃的",
    "早起的",
    "慢热的",
    "认真的",
    "不加糖的",
    "会做饭的",
    "晒太阳的",
    "半糖",
    "快乐的",
    "努力的",
    "省钱的",
    "睡不醒的",
    "穿拖鞋的",
    "追剧的",
    "跑步的",
    "小区里的",
    "下班后的",
    "周末的",
    "靠窗的",
    "有点甜的",
)
THINGS = (
    "小橘子",
    "土豆",
    "西瓜",
    "猫猫",
    "柴犬",
    "桃子",
    "奶茶",
    "饭团",
    "小葱",
    "云朵",
    "栗子",
    "豆浆",
    "月亮",
    "小鹿",
    "年糕",
    "柠檬",
    "面包",
    "汤圆",
    "海盐",
    "蘑菇",
    "芋圆",
    "花生",
    "青提",
    "小满",
    "樱桃",
)
FAMILY = ("妈妈", "麻麻", "爸爸", "妈咪", "家的厨房", "她妈", "奶奶", "外婆")
CHILDREN = (
    "果果",
    "豆豆",
    "糖糖",
    "乐乐",
    "小宝",
    "朵朵",
    "安安",
    "阳阳",
    "可可",
    "米粒",
    "糯米",
    "小鱼",
    "石头",
    "一一",
    "团子",
    "星星",
)
SUFFIXES = ("", "", "", "呀", "哦", "酱", "同学", "er", "～", "🌿", "🍊", "☀️", "🌸", "🐱")
OLD_STYLE = (
    "平安是福",
    "知足常乐",
    "岁月静好",
    "云淡风轻",
    "花开富贵",
    "随缘",
    "清风徐来",
    "上善若水",
    "天道酬勤",
    "家和万事兴",
    "一路向前",
    "静待花开",
    "淡泊明志",
    "阳光雨露",
)
LETTERS = (
    "Amy",
    "Leo",
    "Coco",
    "Yuki",
    "Vivian",
    "Kevin",
    "Mia",
    "Jojo",
    "Luna",
    "Echo",
    "Nana",
    "Sunny",
    "Ivy",
    "Tony",
    "Momo",
    "Zoe",
)


def phone(number: int) -> str:
    """The phone of person `number`, from 1."""
    assert 0 < number < PHONES_MAX, "the demo's block of numbers has 10,000"
    return str(PHONE_BLOCK + number)


def openid(number: int) -> str:
    """The WeChat identity of person `number` at the sandbox."""
    return KNOWN_OPENIDS.get(number, f"demo-{number:05}")


def nicknames(rng: Random) -> Iterator[str]:
    """Endless nicknames; some people share one, as in life."""
    while True:
        yield _STYLES[rng.choices(range(len(_STYLES)), weights=_WEIGHTS)[0]](rng)


def _real(rng: Random) -> str:
    return rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.choice((1, 2, 2))))


def _mood(rng: Random) -> str:
    return rng.choice(MOODS) + rng.choice(THINGS) + rng.choice(SUFFIXES[:7])


def _thing(rng: Random) -> str:
    return rng.choice(THINGS) + rng.choice(SUFFIXES)


def _family(rng: Random) -> str:
    return rng.choice(CHILDREN) + rng.choice(FAMILY) + rng.choice(SUFFIXES)


def _little(rng: Random) -> str:
    return rng.choice(("小", "阿", "老", "大")) + rng.choice(SURNAMES) + rng.choice(SUFFIXES)


def _latin(rng: Random) -> str:
    return (
        rng.choice(LETTERS)
        + rng.choice(("", "", "_", ".", "-"))
        + rng.choice(("", rng.choice(SURNAMES), str(rng.randint(1, 99))))
    )


def _old(rng: Random) -> str:
    return rng.choice(OLD_STYLE)


_STYLES = (_real, _mood, _thing, _family, _little, _latin, _old)
_WEIGHTS = (20, 26, 14, 16, 8, 10, 6)
