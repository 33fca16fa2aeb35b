"""What a text is found by. Chinese has no spaces, so each pair of neighbouring characters is a word.

苹果手机 gives 苹果, 果手, 手机, and in short texts also each character alone. Latin words and numbers are lower case and
are found by their beginning, so that typing finds before the word is complete; `PG-500` gives pg and 500.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

VERSION = 1  # of these rules: products with words of another version are read again
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
RUNS = re.compile(rf"[{HAN}]+|[0-9]+|[^\W\d_{HAN}]+")
IS_HAN = re.compile(f"[{HAN}]")
WORD_LENGTH_MAX = 24
ASKED_LENGTH_MAX = 60  # characters of a search; more is a paste by mistake
ASKED_WORDS_MAX = 24
DESCRIPTION_LENGTH = 200  # characters; what comes later describes everything and finds nothing

TITLE, GROUP, REST = 1, 2, 3


class Document(msgspec.Struct, frozen=True):
    """What a product says: names (title and codes), groups (category, brand, tags), and the rest."""

    names: Sequence[str]
    groups: Sequence[str]
    rest: Sequence[str]


def normal(text: str) -> str:
    """Full-width letters become plain ones, capitals small."""
    return unicodedata.normalize("NFKC", text).casefold()


def words_of(document: Document) -> dict[str, int]:
    """Each word with the best field it stands in: TITLE, GROUP or REST."""
    found: dict[str, int] = {}
    for field, texts in ((REST, document.rest), (GROUP, document.groups), (TITLE, document.names)):
        for text in texts:
            is_short = field != REST
            for word in _indexed(text if is_short else text[:DESCRIPTION_LENGTH], is_short=is_short):
                found[word] = field
    return found


def _indexed(text: str, *, is_short: bool) -> Iterable[str]:
    for run in RUNS.findall(normal(text)):
        if IS_HAN.match(run):
            yield from _pairs(run)
            if is_short:
                yield from run
        elif is_short:
            yield from (run[:length] for length in range(1, min(len(run), WORD_LENGTH_MAX) + 1))
        else:
            yield run[:WORD_LENGTH_MAX]


def asked(text: str) -> list[str]:
    """The words that a search asks for, all of which a product must have. Empty when there is nothing to look for."""
    found: dict[str, None] = {}
    for run in RUNS.findall(normal(text)[:ASKED_LENGTH_MAX]):
        pieces = (_pairs(run) if len(run) > 1 else (run,)) if IS_HAN.match(run) else (run[:WORD_LENGTH_MAX],)
        found |= dict.fromkeys(pieces)
    return list(found)[:ASKED_WORDS_MAX]


def phrase_of(text: str) -> str:
    """The search as it would stand in a title, without spaces."""
    return "".join(normal(text)[:ASKED_LENGTH_MAX].split())


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
