"""Documents in step with the code: reference pages are written from it, and what documents point at exists."""

import re
import sys
from pathlib import Path

import pytest

from architecture.source import ROOT
from siyu.kernel.errors import DomainError, every_error

sys.path.insert(0, str(ROOT / "tools"))
import reference

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
# A path in backticks: with a slash and an ending, or a folder of the tree.
NAMED = re.compile(r"`((?:src|tests|docs|tools|bench)/[\w./-]+)`")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    assert (reference.FOLDER / name).read_text(encoding="utf-8") == reference.PAGES[name](), (
        "run `python tools/reference.py`"
    )


def test_every_refusal_speaks_both_languages() -> None:
    reference.every_module()
    kinds = [kind for kind in every_error() if kind is not DomainError and kind.code != "invalid"]

    assert [kind.code for kind in kinds if not CHINESE.search(kind.zh) or CHINESE.search(kind.en)] == []
    assert [kind.code for kind in kinds if kind.zh == DomainError.zh or kind.en == DomainError.en] == []
    assert [kind.code for kind in kinds if _facts(kind.zh) ^ _facts(kind.en)] == []


def _facts(sentence: str) -> set[str]:
    return {re.sub(r"_(?:zh|en)$", "", name) for name in re.findall(r"\{(\w+)\}", sentence)}


def test_every_code_means_one_thing() -> None:
    reference.every_module()
    codes = [kind.code for kind in every_error()]

    assert sorted({code for code in codes if codes.count(code) > 1}) == []


def test_what_documents_point_at_exists() -> None:
    missing = []
    for document in documents():
        text = document.read_text(encoding="utf-8")
        missing += [
            f"{document.name} → {link}"
            for link in LINK.findall(text)
            if not (document.parent / link).exists()
        ]
        missing += [
            f"{document.name} → {path}"
            for path in NAMED.findall(text)
            if not (ROOT / path.rstrip("/")).exists()
        ]

    assert missing == []
