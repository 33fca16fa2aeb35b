from collections import Counter

import pytest
from litestar.testing import RequestFactory
from markupsafe import Markup

from siyu import web
from siyu.web import messages
from siyu.web.language import english, preferred


def request(query=None, cookie=None, accept=None):
    made = RequestFactory().get(
        "/", query_params=query, headers={"accept-language": accept} if accept else {}
    )
    if cookie:
        made.cookies["lang"] = cookie
    return made


def test_every_sentence_has_an_english_one():
    assert [f"{s.path}:{s.line} {s.text}" for s in messages.missing()] == []


def test_no_template_shows_chinese_that_nobody_can_translate():
    assert [f"{s.path}:{s.line} {s.text}" for s in messages.unmarked()] == []


def test_the_finders_do_find_something():
    found = Counter(sentence.path for sentence in messages.sentences())

    assert found["web/navigation.py"] > 15
    assert found["web/templates/frame_console.html"] > 5


def test_facts_stand_in_the_english_sentence_too():
    for chinese, said in english().items():
        asked = set(messages.re.findall(r"\{(\w+)\}", chinese))
        given = set(messages.re.findall(r"\{(\w+)\}", said))
        assert given == asked, chinese


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({}, "zh-CN"),
        ({"accept": "en-GB,en;q=0.9"}, "en"),
        ({"accept": "fr, zh-Hant;q=0.5, en;q=0.4"}, "zh-CN"),
        ({"accept": "fr"}, "zh-CN"),
        ({"accept": "en", "cookie": "zh-CN"}, "zh-CN"),
        ({"query": {"lang": "en"}, "cookie": "zh-CN"}, "en"),
        ({"query": {"lang": "xx"}, "cookie": "en"}, "en"),
    ],
)
def test_the_address_wins_over_the_cookie_and_the_cookie_over_the_browser(asked, language):
    assert web.language_of(request(**asked)) == language


def test_a_language_that_is_refused_is_not_spoken():
    assert preferred("en;q=0, zh;q=0.1") == "zh-CN"
    assert preferred("en;q=nonsense") is None


def test_facts_are_filled_in_and_escaped_beside_markup():
    assert web.translate("en", "最多 {n} 件", n=3) == "At most 3"
    assert web.translate("zh-CN", "最多 {n} 件", n=3) == "最多 3 件"
    mixed = web.translate("zh-CN", "{who}付了{amount}", who="<b>", amount=Markup("<i>1</i>"))
    assert mixed == Markup("&lt;b&gt;付了<i>1</i>")


def test_a_sentence_without_english_stays_chinese():
    assert web.translate("en", "没有这一句") == "没有这一句"
