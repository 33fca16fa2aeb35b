"""The demo's stores and the doors that people come in by. The city is real; streets, shops and numbers are made up."""

from typing import Literal

import msgspec

from siyu.demo.people import KNOWN_NAMES, KOC

MERCHANT_SLUG = "heshun"
MERCHANT_NAME = "禾顺生活"
LICENCE_NO = "91330600MADEMX0000（演示）"  # the shape of a 统一社会信用代码; it belongs to nobody
TIMEZONE = "Asia/Shanghai"
CURRENCY = "CNY"

# The demo prints its password on purpose; it opens nothing but made-up data.
PASSWORD = "heshun-demo"  # noqa: S105

Space = Literal["point", "platform", "social"]
Ownership = Literal["owned", "rented", "purchased"]
DoorKind = Literal[
    "store_shelf", "guide", "koc", "leader", "parcel_card", "poster", "platform", "ad", "group", "live"
]
VoiceKind = Literal["koc", "leader"]


class Shop(msgspec.Struct, frozen=True):
    """A store. Place in millionths of a degree; `size` is its share of the trade compared with the others."""

    code: str
    name: str
    address: str
    phone: str
    hours: str
    latitude: int
    longitude: int
    size: int
    region_code: str


class Worker(msgspec.Struct, frozen=True):
    """Somebody who works here and signs in to console or desk."""

    login: str
    name: str
    role: str
    store: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A door, and how it behaves: first scans a day, who joins, who buys, what it costs.

    `traffic` counts scans on an average day, relative to the other doors; `join` and `buy` are chances in percent of a
    scan to become a member and of a member to buy within days; `daily_cost` and `weekly_cost` are fen.
    """

    key: str
    name: str
    kind: DoorKind
    space: Space
    ownership: Ownership
    traffic: float
    join: int
    buy: int
    store: str = ""
    worker: str = ""
    promoter: int = 0
    daily_cost: int = 0
    weekly_cost: int = 0
    cost_note: str = ""


SHOPS = (
    Shop(
        "YC",
        "越城旗舰店",
        "绍兴市越城区禾顺路 18 号",
        "0575-0000 0018",
        "07:30–22:00",
        29_995_300,
        120_582_100,
        30,
        "330602",
    ),
    Shop(
        "KQ",
        "柯桥店",
        "绍兴市柯桥区云锦街 206 号",
        "0575-0000 0206",
        "07:30–21:30",
        30_081_900,
        120_495_400,
        24,
        "330603",
    ),
    Shop(
        "JH",
        "镜湖店",
        "绍兴市越城区望湖里 3 幢底商",
        "0575-0000 0003",
        "08:00–21:30",
        30_040_700,
        120_571_600,
        18,
        "330602",
    ),
    Shop(
        "SY",
        "上虞店",
        "绍兴市上虞区稻香东路 77 号",
        "0575-0000 0077",
        "07:30–21:30",
        30_033_200,
        120_868_900,
        16,
        "330604",
    ),
    Shop(
        "ZJ",
        "诸暨店",
        "绍兴市诸暨市小满巷 12 号",
        "0575-0000 0012",
        "08:00–21:00",
        29_713_600,
        120_246_300,
        12,
        "330681",
    ),
)

WORKERS = (
    Worker("owner", "沈禾", "owner"),
    Worker("operator", "顾清", "operator"),
    Worker("finance", "程算", "finance"),
    Worker("guide", "许佳", "guide", "YC"),
    Worker("guide-kq", "冯敏", "guide", "KQ"),
    Worker("guide-jh", "陆岚", "guide", "JH"),
    Worker("guide-sy", "蒋乐", "guide", "SY"),
    Worker("guide-zj", "何田", "guide", "ZJ"),
)

# Not a built-in role: the merchant made one for whoever works in the warehouse.
KEEPER = Worker("warehouse", "丁立仓", "custom", "CK")
KEEPER_ROLE = "仓库管理员"
WAREHOUSE = Shop(
    "CK",
    "越城中心仓",
    "绍兴市越城区禾顺路 200 号 2 号库",
    "0575-0000 0200",
    "08:00–20:00",
    30_012_400,
    120_611_800,
    0,
    "330602",
)


def _shelves() -> list[Entry]:
    """Two codes in every store: at the fruit, and at the make-up table."""
    return [
        Entry(
            key=f"shelf-{shop.code.lower()}-{key}",
            name=f"{shop.name}·{name}货架码",
            kind="store_shelf",
            space="point",
            ownership="owned",
            traffic=shop.size * traffic,
            join=join,
            buy=buy,
            store=shop.code,
            weekly_cost=cost,
            cost_note="货架码物料",
        )
        for shop in SHOPS
        for key, name, traffic, join, buy, cost in (
            ("fresh", "果蔬区", 0.62, 41, 78, 3600),
            ("beauty", "美妆区", 0.34, 36, 66, 3000),
        )
    ]


def _badges() -> list[Entry]:
    return [
        Entry(
            key=f"badge-{worker.login}",
            name=f"导购{worker.name}·胸牌码",
            kind="guide",
            space="point",
            ownership="owned",
            traffic=9,
            join=62,
            buy=80,
            store=worker.store,
            worker=worker.login,
        )
        for worker in WORKERS
        if worker.role == "guide"
    ]


class Voice(msgspec.Struct, frozen=True):
    """A customer who sells by recommending. `person` is the number in the plan, `starts` the day of the agreement."""

    person: int
    name: str
    kind: VoiceKind
    starts: int
    traffic: float
    store: str


# The first of them is the KOC that a visitor of the demo can be.
VOICES = (
    Voice(KOC, KNOWN_NAMES[KOC], "koc", 2, 15, "YC"),
    Voice(3, "柯桥阿May", "koc", 3, 11, "KQ"),
    Voice(4, "三口之家厨房", "koc", 4, 9, "JH"),
    Voice(5, "小陆爱护肤", "koc", 5, 10, "YC"),
    Voice(6, "镜湖团长王姐", "leader", 5, 13, "JH"),
    Voice(7, "上虞宝妈团", "leader", 8, 10, "SY"),
    Voice(8, "诸暨老饕", "koc", 10, 6, "ZJ"),
    Voice(9, "橘子汽水", "koc", 14, 7, "KQ"),
    Voice(10, "早八打工人", "koc", 20, 6, "YC"),
    Voice(11, "豆豆妈妈", "koc", 27, 6, "SY"),
    Voice(12, "一人食研究所", "koc", 35, 5, "JH"),
    Voice(13, "阿蓝的梳妆台", "koc", 44, 6, "KQ"),
)


def _voices() -> list[Entry]:
    return [
        Entry(
            key=f"voice-{voice.person}",
            name=f"{voice.name}的推荐码",
            kind=voice.kind,
            space="social",
            ownership="owned",
            traffic=voice.traffic,
            join=34,
            buy=72,
            store=voice.store,
            promoter=voice.person,
        )
        for voice in VOICES
    ]


def _rest() -> list[Entry]:
    """Doors without a store of their own: what is rented from platforms, what is bought, and what is sent along."""
    return [
        Entry(
            key="douyin", name="抖音同城团购", kind="platform", space="platform", ownership="rented",
            traffic=74, join=11, buy=34, daily_cost=10_500, cost_note="抖音同城推广",
        ),
        Entry(
            key="xiaohongshu", name="小红书探店笔记", kind="platform", space="platform", ownership="rented",
            traffic=42, join=14, buy=41, daily_cost=5_200, cost_note="小红书笔记合作",
        ),
        Entry(
            key="meituan", name="美团门店页", kind="platform", space="platform", ownership="rented",
            traffic=38, join=16, buy=47, daily_cost=6_400, cost_note="美团推广通",
        ),
        Entry(
            key="moments-ad", name="朋友圈广告", kind="ad", space="social", ownership="purchased",
            traffic=48, join=10, buy=29, daily_cost=9_800, cost_note="朋友圈广告投放",
        ),
        Entry(
            key="lift-poster", name="社区电梯海报", kind="poster", space="point", ownership="purchased",
            traffic=17, join=21, buy=49, weekly_cost=28_000, cost_note="电梯海报点位费",
        ),
        Entry(
            key="parcel-card", name="自提袋包裹卡", kind="parcel_card", space="point", ownership="owned",
            traffic=16, join=33, buy=74, weekly_cost=9_000, cost_note="包裹卡印刷",
        ),
        Entry(
            key="fans-group", name="老客福利群", kind="group", space="social", ownership="owned",
            traffic=19, join=46, buy=76,
        ),
        Entry(
            key="live-room", name="周五视频号直播", kind="live", space="social", ownership="rented",
            traffic=18, join=19, buy=52, weekly_cost=26_000, cost_note="直播间投流",
        ),
    ]  # fmt: skip


ENTRIES: tuple[Entry, ...] = (*_shelves(), *_badges(), *_voices(), *_rest())
