"""Finding the words of the lexicon in a text, through spaces, emoji, widths, scripts and sounds."""

import re
import unicodedata

import msgspec

from siyu.growth.guard.lexicon import ENGLISH, TERMS, TRADITIONAL, Term
from siyu.growth.guard.model import Finding, Severity

# Marks, format and control signs, separators, symbols and punctuation: what stands between characters to hide them.
_BETWEEN = ("M", "Z", "S", "P", "C")
# Said in order to forbid it. 不仅 and its like affirm.
_DENIED = re.compile(
    r"(?:不(?![仅但止只光])|没有|无(?!门槛)|禁止|严禁|杜绝|拒绝|反对|切勿|请勿|非)[^\s]{0,4}$"
)
_SENTENCE_END = re.compile(r"[。！？!?\n；;]")
_ANY = re.compile("|".join(f"(?P<t{number}>{term.pattern})" for number, term in enumerate(TERMS)))


class Hit(msgspec.Struct, frozen=True):
    """A word of the lexicon: `said` is how the text has it, from `start` to before `end` of the text."""

    rule: str
    severity: Severity
    word: str
    said: str
    start: int
    end: int


def hits(text: str) -> list[Hit]:
    """Every word of the lexicon in this text, in its order. What denies it (禁止…, 不…) is only a warning."""
    plain, places = _normal(text)
    found = []
    for match in _ANY.finditer(plain):
        term = TERMS[int((match.lastgroup or "t0")[1:])]
        start, end = places[match.start()], places[match.end() - 1] + 1
        if len(term.word) < 3 and not _is_together(text[start:end]):
            continue
        is_denied = _DENIED.search(plain, max(0, match.start() - 6), match.start()) is not None
        found.append(_hit(term, text, start, end, is_denied=is_denied))
    folded, places = _folded(text)
    for word, pattern in ENGLISH:
        for match in pattern.finditer(folded):
            start, end = places[match.start()], places[match.end() - 1] + 1
            found.append(Hit("D-10", "block", word, text[start:end], start, end))
    return sorted(found, key=lambda hit: hit.start)


def words(text: str, field: str) -> list[Finding]:
    """Findings over the words of this text; each word counts once."""
    seen: dict[tuple[str, str], Hit] = {}
    for hit in hits(text):
        known = seen.get((hit.rule, hit.word))
        if known is None or (known.severity == "warn" and hit.severity == "block"):
            seen[hit.rule, hit.word] = hit
    return [_finding(hit, field) for hit in seen.values()]


def _finding(hit: Hit, field: str) -> Finding:
    zh, en, fix_zh, fix_en = _REASONS[hit.rule]
    shown = "" if hit.said == hit.word else f"（{hit.word}）"
    return Finding(
        hit.rule,
        hit.severity,
        field,
        f"“{hit.said}”{shown}{zh}",
        f"“{hit.said}” {en}",
        fix_zh,
        fix_en,
    )


_REASONS = {
    "D-10": (
        "属于传销或收益承诺用语。",
        "speaks of recruiting, fees, teams or promised income.",
        "请删去，只介绍商品本身和真实的佣金规则。",
        "Remove it; speak of the goods and of the true commission rules.",
    ),
    "W-03": (
        "属于诱导分享。",
        "offers a benefit for sharing.",
        "请删去，奖励只能来自真实购买。",
        "Remove it; rewards come from real purchases only.",
    ),
    "R-01": (
        "属于刷单或有偿好评。",
        "pays for reviews or fictitious orders.",
        "请删去。",
        "Remove it.",
    ),
    "PR-07": (
        "需要有依据，否则属于价格误导。",
        "needs proof, else it misleads about the price.",
        "请删去或写明依据。",
        "Remove it or state the basis.",
    ),
    "A-01": (
        "属于绝对化用语（广告法第九条）。",
        "is an absolute claim (Advertising Law, art. 9).",
        "请换成可以证明的说法。",
        "Say what can be proved.",
    ),
    "C-10": (
        "属于不公平格式条款。",
        "is an unfair standard term.",
        "请删去。",
        "Remove it.",
    ),
}


def _hit(term: Term, text: str, start: int, end: int, *, is_denied: bool) -> Hit:
    severity: Severity = "warn" if is_denied or term.severity == "warn" else "block"
    return Hit(term.rule, severity, term.word, text[start:end], start, end)


def _is_together(said: str) -> bool:
    """Two characters on both sides of a full stop are no word: 平躺。赚到 says nothing of the kind."""
    return _SENTENCE_END.search(said) is None


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in one width and lower case, and where each character of it came from."""
    pairs = [
        (part, place)
        for place, sign in enumerate(text)
        for part in unicodedata.normalize("NFKC", sign).lower()
    ]
    return "".join(part for part, _ in pairs), [place for _, place in pairs]


def _normal(text: str) -> tuple[str, list[int]]:
    """The text without widths, scripts and what stands between, and where each character of it came from."""
    plain: list[str] = []
    places: list[int] = []
    for part, place in zip(*_folded(text), strict=True):
        bare = unicodedata.normalize("NFD", part)[0] if part.isalpha() and part > "\x7f" else part
        if unicodedata.category(bare)[0] not in _BETWEEN:
            plain.append(TRADITIONAL.get(bare, bare))
            places.append(place)
    return "".join(plain), places
