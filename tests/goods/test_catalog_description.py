"""Descriptions are Markdown; what a stranger wrote into one can neither run nor call home."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.goods.catalog import rendered
from siyu.goods.catalog.description import pictures_in


def test_markdown_becomes_headings_lists_tables_and_line_breaks() -> None:
    html = rendered("# 产地\n\n烟台\n栖霞\n\n- 甜\n- 脆\n\n| 规格 | 重量 |\n|---|---|\n| 大 | 250 g |", "tea")

    assert "<h1>产地</h1>" in html
    assert "烟台<br />\n栖霞" in html
    assert "<li>甜</li>" in html
    assert "<td>250 g</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "![x](https://evil.example/a.webp)",
        "![x](/media/other/products/a.webp)",
        "![x](/media/tea/../other/products/a.webp)",
        "![x](//evil.example/a.webp)",
        '![x"><script>](/media/tea/products/a.gif)',
        '<img src=x onerror="alert(1)">',
        "[x](vbscript:x)",
    ],
)
def test_nothing_runs_and_no_foreign_picture_is_loaded(text: str) -> None:
    html = rendered(text, "tea")

    assert "<img" not in html
    assert "<script" not in html
    assert 'href="javascript' not in html.lower()
    assert "href=" not in html or "://" in html


def test_own_pictures_come_in_the_width_that_fits() -> None:
    html = rendered("![苹果](/media/tea/products/ab12.s.webp)", "tea")

    assert 'src="/media/tea/products/ab12.webp"' in html
    assert "/media/tea/products/ab12.l.webp 1600w" in html
    assert 'alt="苹果"' in html
    assert pictures_in("![苹果](/media/tea/products/ab12.s.webp)", "tea") == {"products/ab12.webp"}


@given(st.text(max_size=300))
def test_whatever_is_written_no_tag_of_the_writer_survives(text: str) -> None:
    html = rendered(text + "<b onclick=x>", "tea").lower()

    assert "<b onclick" not in html
    assert "<script" not in html
    assert "<iframe" not in html
