"""D-10 and its neighbours: what may not be promised or asked of promoters, in whatever way it is spelt.

A term is a pattern over normalised text: characters stand for themselves, their traditional form, their sound and
known stand-ins. Terms are long enough not to occur in ordinary words: 下线 alone is also said of a product.
"""

import re

import msgspec


class Term(msgspec.Struct, frozen=True):
    """`pattern` is a regular expression over simplified characters; `word` is what people call it."""

    rule: str
    severity: str
    word: str
    pattern: str


# 禁止传销条例 art. 7: heads, fees, teams; and promises of income.
_HEADS = (
    "发展下线", "发展下级", "发展代理下", "招下线", "招募下线", "拉下线", "下线提成", "下线佣金", "下线返佣", "下线人数",
    "下级提成", "下级返佣", "拉人头", "拉人奖", "拉新人头", "人头奖", "人头费", "按人头", "招人奖励", "推荐人头",
    "发展会员奖", "邀请推广员奖", "裂变下级", "上下线", "二级分销", "三级分销", "多级分销", "无限分销", "三级返佣",
    "多层次直销",
)  # fmt: skip
_TEAMS = (
    "团队提成", "团队计酬", "团队奖金", "团队业绩奖", "团队分红", "团队佣金", "团队返佣", "级差奖", "极差奖", "平级奖",
    "管理奖", "领导奖", "对碰奖", "见点奖", "层碰奖", "量碰奖", "双轨制", "太阳线", "无限级", "无限代", "多级返利",
    "层级返利", "伯乐奖", "团队长分红", "全网分红",
)  # fmt: skip
_FEES = (
    "入会费", "入门费", "代理费", "代理升级", "升级代理", "升级礼包", "购买礼包成为", "交钱成为推广", "付费成为推广",
    "囤货升级", "压货", "保证金才能推广", "拿货升级", "门槛费", "成为代理需购买",
)  # fmt: skip
_INCOME = (
    "躺赚", "躺着赚", "躺着挣", "躺挣", "静态收益", "静态分红", "动态收益", "睡后收入", "被动收入", "稳赚不赔", "包赚不赔",
    "保证收益", "保本收益", "零风险高回报", "零风险高收益", "轻松月入", "轻松日入", "财富倍增", "财富自由",
    "一夜暴富", "坐等收钱", "躺着收钱", "日进斗金", "年入百万",
)  # fmt: skip
_SHARING = (
    "转发领现金", "分享领现金", "转发朋友圈领", "分享朋友圈领", "转发朋友圈送", "分享朋友圈送", "转发到朋友圈领",
    "分享到朋友圈领", "转发抽奖", "集赞领", "集赞送", "集赞换", "分享后解锁", "转发后解锁", "分享到群领", "转发到群领",
)  # fmt: skip
_REVIEWS = ("好评返现", "好评返红包", "五星返现", "晒图返现", "好评有礼返", "刷单")
_PRICES = ("全网最低", "全网最低价", "史上最低价")
_ABSOLUTE = ("国家级", "最高级", "世界第一", "全国第一", "绝无仅有")
_TERMS = ("最终解释权", "概不退换", "一经售出不退", "售出概不退")

_LISTS = (
    ("D-10", "block", _HEADS), ("D-10", "block", _TEAMS), ("D-10", "block", _FEES), ("D-10", "block", _INCOME),
    ("W-03", "block", _SHARING), ("R-01", "block", _REVIEWS),
    ("PR-07", "warn", _PRICES), ("A-01", "warn", _ABSOLUTE), ("C-10", "warn", _TERMS),
)  # fmt: skip

# 繁 → 简, for the characters of the terms.
TRADITIONAL = dict(
    zip(
        "發髮線綫級團隊賺無靜態層費會門檻錢穩證萬過員數頭獎勵業績實現財變傭資貨買壓極領導動雙軌對請紅紹創營銷傳賣積輕鬆風險報樂陽購禮進門後圖單評顯換贊讚釋權絕國點見負擔雜躺",
        "发发线线级团队赚无静态层费会门槛钱稳证万过员数头奖励业绩实现财变佣资货买压极领导动双轨对请红绍创营销传卖积轻松风险报乐阳购礼进门后图单评显换赞赞释权绝国点见负担杂躺",
        strict=True,
    )
)
# How characters sound, and stand-ins that nobody writes by mistake. Keys are characters of the terms.
SOUNDS: dict[str, tuple[str, ...]] = {
    "发": ("fa", "珐"),
    "展": ("zhan",),
    "下": ("xia", "吓"),
    "线": ("xian", "腺"),
    "级": ("ji",),
    "拉": ("la", "啦", "菈"),
    "人": ("ren", "亻", "仁"),
    "头": ("tou", "投"),
    "团": ("tuan",),
    "队": ("dui",),
    "提": ("ti",),
    "成": ("cheng",),
    "佣": ("yong",),
    "金": ("jin",),
    "返": ("fan",),
    "躺": ("tang",),
    "赚": ("zhuan", "贝兼"),
    "挣": ("zheng",),
    "静": ("jing",),
    "态": ("tai",),
    "收": ("shou",),
    "益": ("yi",),
    "无": ("wu",),
    "限": ("xian",),
    "代": ("dai",),
    "理": ("li",),
    "升": ("sheng",),
    "入": ("ru",),
    "会": ("hui",),
    "门": ("men",),
    "费": ("fei",),
    "奖": ("jiang",),
    "二": ("2",),
    "三": ("3",),
    "零": ("0",),
}


def _of(pattern: str) -> str:
    return "".join(
        f"(?:{'|'.join(map(re.escape, (sign, *SOUNDS.get(sign, ()))))})"
        if sign in SOUNDS
        else re.escape(sign)
        for sign in pattern
    )


TERMS: tuple[Term, ...] = (
    *(Term(rule, severity, word, _of(word)) for rule, severity, words in _LISTS for word in words),
    Term("D-10", "block", "月入过万", r"[月日周年](?:入|赚|挣|收入)(?:过|超|轻松|破|到|达)?(?:\d[\d.,]*(?:元|块|万|千|百|w|k)|[一二三四五六七八九十百千万数几]+[万千百](?!岁))"),
    Term("D-10", "block", "成为代理即返", r"(?:成为|注册成为|加入)(?:代理|推广员|会员|分销商)(?:就|即|立|可)(?:返|奖|得现金|领现金)"),
    Term("D-10", "block", "邀请一人奖励", r"(?:每)?(?:邀请|推荐|介绍|招募|招)(?:一|1|每)?(?:个|名|位)?(?:人|新人|推广员|代理|会员)(?:加入|注册|入会)?(?:就|即|可)?(?:奖|返|赚)(?:励|现|钱|现金)?\d"),
    Term("D-10", "block", "交费才能推广", r"(?:交|缴|付|充|存)(?:满)?\d+(?:元|块|万)(?:即可|才能|就能|就可|便可)(?:成为)?(?:推广|代理|分销|开店|赚)"),
    Term("D-10", "block", "消费满才能推广", r"(?:消费|购买|买|囤)(?:满|够)\d+(?:元|块|万|件|盒)(?:即可|才能|就能|就可)(?:成为)?(?:推广员|代理|分销商)"),
)  # fmt: skip

# English is looked for in words, not through them; a Chinese character beside it does not hide it.
ENGLISH: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (word, re.compile(pattern, re.ASCII))
    for word, pattern in (
        ("downline", r"\bdown[\W_]?lines?\b"),
        ("pyramid scheme", r"\bpyramid (?:scheme|selling)\b"),
        ("multi-level", r"\b(?:mlm|multi[\W_]?level (?:marketing|commission)s?)\b"),
        ("recruitment bonus", r"\b(?:recruit(?:ment|ing)?|head[\W_]?count|referral[\W_]sign[\W_]?up) (?:bonus|fee|reward)s?\b"),
        ("joining fee", r"\b(?:joining|entry|membership) fee to (?:promote|sell|earn)\b"),
        ("guaranteed income", r"\bguaranteed (?:income|returns?|profits?|earnings)\b"),
        ("passive income", r"\bpassive income\b"),
        ("team commission", r"\bteam (?:commission|bonus|override)s?\b"),
    )
)  # fmt: skip
