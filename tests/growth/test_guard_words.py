"""The lexicon of D-10: what it finds however it is spelt, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.demo import catalogue
from siyu.growth import guard
from siyu.growth.guard.lexicon import TERMS

PLAIN = [
    "发展下线", "拉人头", "团队提成", "躺赚", "无限级", "静态收益", "代理升级", "入会费", "团队计酬", "平级奖", "级差奖",
    "升级礼包", "三级分销", "睡后收入", "保证收益",
]  # fmt: skip


def blocking(text: str) -> list[str]:
    return [hit.word for hit in guard.hits(text) if hit.severity == "block"]


@pytest.mark.parametrize("word", PLAIN)
def test_every_word_of_the_rule_is_found(word: str) -> None:
    (finding,) = guard.words(f"本店好物，{word}，欢迎加入", "name")
    assert (finding.rule, finding.severity, finding.field) == ("D-10", "block", "name")
    assert word in finding.zh


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("发 展 下 线", "发展下线"),
        ("发❤️展☆下\u200b线", "发展下线"),
        ("发.展-下_线", "发展下线"),
        ("發展下線", "发展下线"),
        ("團隊提成", "团队提成"),
        ("拉仁头", "拉人头"),
        ("ＬＡ人头", "拉人头"),
        ("lā rén tóu", "拉人头"),
        ("躺🛏️zhuan", "躺赚"),
        ("躺贝兼", "躺赚"),
        ("靜態\u2060收益", "静态收益"),
        ("3级分销", "三级分销"),
        ("入\n会\n费", "入会费"),
        ("日入五百", "月入过万"),
        ("月赚 3,000 元", "月入过万"),
        ("每邀请1人奖励50元", "邀请一人奖励"),
        ("交 99 元即可成为推广员", "交费才能推广"),
        ("消费满500元即可成为推广员", "消费满才能推广"),
        ("Build your down-line", "downline"),
        ("快来downline吧", "downline"),
        ("ＭＬＭ welcome", "multi-level"),
        ("guaranteed income for all", "guaranteed income"),
    ],
)
def test_evasions_are_found_and_quoted_as_they_are_written(said: str, word: str) -> None:
    text = f"好消息：{said}！"
    assert word in blocking(text)
    hit = next(hit for hit in guard.hits(text) if hit.word == word)
    assert text[hit.start : hit.end] == hit.said


@pytest.mark.parametrize(
    ("said", "rule"),
    [("转发朋友圈领红包", "W-03"), ("集赞送好礼", "W-03"), ("好评返现 5 元", "R-01")],
)
def test_benefits_for_sharing_and_for_reviews_are_refused(said: str, rule: str) -> None:
    assert {(finding.rule, finding.severity) for finding in guard.words(said, "text")} == {(rule, "block")}


@pytest.mark.parametrize("said", ["禁止拉人头", "不收入会费", "严禁发展下线", "没有团队提成"])
def test_what_is_said_to_forbid_it_is_only_a_warning(said: str) -> None:
    assert {finding.severity for finding in guard.words(said, "text")} == {"warn"}


def test_not_only_is_no_denial() -> None:
    assert blocking("不仅躺赚，还送礼品") == ["躺赚"]
    assert blocking("本店禁止欺诈。大家一起躺赚") == ["躺赚"]


@pytest.mark.parametrize(
    "said",
    [
        "该商品已下线，感谢支持", "两个人头像的杯子", "平躺。赚到了好睡眠", "月销过万", "会员日满减", "门店收费标准",
        "团队采购更省心", "无限续杯", "等级越高越耐用", "推广商品，成交后按实付计佣金", "每周日入库，当天发货",
        "三级能效冰箱", "静态图案灯", "入门级咖啡机", "买 3 件打 8 折", "月入库五千件", "guaranteed fresh", "a line of jam",
    ],
)  # fmt: skip
def test_ordinary_words_of_a_shop_are_left_alone(said: str) -> None:
    assert guard.hits(said) == []


def test_the_whole_demo_catalogue_says_nothing_forbidden() -> None:
    texts = [
        text
        for item in catalogue.items()
        for text in (
            item.category.name,
            item.product.title,
            item.product.description,
            item.product.subtitle,
            item.choice.title,
        )
    ]
    assert len(texts) > 200
    assert [(text, guard.hits(text)) for text in texts if guard.hits(text)] == []


@given(st.text(max_size=60))
def test_any_text_can_be_read_and_what_is_found_stands_in_it(text: str) -> None:
    for hit in guard.hits(text):
        assert hit.said == text[hit.start : hit.end]


@given(st.sampled_from(PLAIN), st.lists(st.sampled_from(" ·…❤\u200b\ufe0f*-_|~🎉"), max_size=3))
def test_whatever_stands_between_the_characters_hides_nothing(word: str, between: list[str]) -> None:
    assert word in blocking("".join(between).join(word))


def test_every_term_has_a_rule_with_a_page_or_a_reason() -> None:
    assert {term.rule for term in TERMS} == {"D-10", "W-03", "R-01", "PR-07", "A-01", "C-10"}
    assert {term.severity for term in TERMS} == {"block", "warn"}
