from datetime import UTC, datetime, timedelta

import pytest

from siyu import web
from siyu.web.language import Reader, reader


@pytest.fixture
def english():
    before = reader.set(Reader(language="en"))
    yield
    reader.reset(before)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1230, "CNY", "¥12.30"),
        (0, "CNY", "¥0.00"),
        (-5, "CNY", "-¥0.05"),
        (123456789, "CNY", "¥1,234,567.89"),
        (500, "JPY", "¥500"),
        (12345, "KWD", "KWD 12.345"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(minor, currency, text):
    assert web.amount(minor, currency) == text


def test_a_price_is_small_big_small():
    assert web.money(1230) == '<span class="price"><small>¥</small><b>12</b><i>.30</i></span>'
    assert web.money(-123400) == '<span class="price"><small>-¥</small><b>1,234</b><i>.00</i></span>'
    assert web.money(500, "JPY") == '<span class="price"><small>¥</small><b>500</b></span>'


@pytest.mark.parametrize(
    ("basis_points", "text"),
    [(0, "0%"), (5, "0.05%"), (1250, "12.5%"), (-100, "-1%"), (1234567, "12,345.67%")],
)
def test_basis_points_become_percent_without_trailing_zeros(basis_points, text):
    assert web.percent_bp(basis_points) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "刚刚"),
        (timedelta(minutes=3), "3 分钟前"),
        (timedelta(hours=23, minutes=59), "23 小时前"),
        (timedelta(days=1), "11月21日 12:00"),
        (timedelta(days=365), "2025年11月22日 12:00"),
        (-timedelta(minutes=10, seconds=30), "10 分钟后"),
        (-timedelta(days=2), "11月24日 12:00"),
    ],
)
def test_a_time_is_relative_under_a_day_and_absolute_above(noon, ago, text):
    shown = web.when(noon - ago)

    assert shown.striptags() == text


def test_a_time_carries_its_instant_and_its_full_form(noon, english):
    shown = web.when(noon - timedelta(days=1))

    assert 'datetime="2026-11-21T04:00:00+00:00"' in shown
    assert 'title="Saturday, 21 November 2026, 12:00:00 China Standard Time"' in shown
    assert shown.striptags() == "21 Nov, 12:00"


def test_a_time_is_shown_where_the_merchant_is(noon):
    before = reader.set(Reader(timezone="Europe/London"))
    try:
        assert web.when(noon - timedelta(days=1)).striptags() == "11月21日 04:00"
    finally:
        reader.reset(before)


def test_a_day_is_the_merchants_day():
    assert web.date(datetime(2026, 11, 21, 18, 0, tzinfo=UTC)) == "2026年11月22日"


def test_a_time_that_did_not_happen_is_a_dash():
    assert web.when(None).striptags() == "—"
    assert web.date(None) == "—"


def test_a_time_without_a_zone_is_a_mistake():
    with pytest.raises(AssertionError, match="without a zone"):
        web.date(datetime(2026, 11, 22))  # noqa: DTZ001 - the mistake under test


def test_a_qr_code_is_an_svg_without_the_text_in_it():
    drawn = web.qr_svg('https://shop.test/d/ABC"><script>')

    assert drawn.startswith("<svg")
    assert "script" not in drawn
