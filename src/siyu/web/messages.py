"""Every sentence that people can be shown, found in templates and Python, and those that have no English yet.

`python -m siyu.web.messages` prints the missing ones, ready to be pasted into a file of `locale/en`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from babel.messages.extract import extract
from jinja2.ext import babel_extract

import siyu
from siyu.web.language import english

ROOT = Path(siyu.__file__).parent
# The words of a NotFound are said in a sentence, so they are translated like one.
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "say": None,
    "mark": None,
    "translate": (2,),
    "NotFound": None,
}
HAN = re.compile(r"[\u3400-\u9fff]")
IN_BOTH = re.compile(r"[^/]+ / [\x20-\x7e]+")  # `商品 / product` brings its English along
NOT_SHOWN = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


class Sentence(msgspec.Struct, frozen=True, order=True):
    """A Chinese sentence and where it is said, relative to the package."""

    path: str
    line: int
    text: str


def sentences() -> Iterator[Sentence]:
    """All sentences marked for people, in the order of the files."""
    for path in sorted(ROOT.rglob("*.html")):
        with path.open("rb") as file:
            for line, _, text, _ in babel_extract(file, list(KEYWORDS), [], {"silent": "false"}):
                yield from told(path, line, text)
    for path in sorted(ROOT.rglob("*.py")):
        with path.open("rb") as file:
            for line, text, _, _ in extract("python", file, keywords=KEYWORDS):
                yield from told(path, line, text)


def told(path: Path, line: int, text: object) -> Iterator[Sentence]:
    """The Chinese among what an extractor found; a call with a variable has none."""
    for each in text if isinstance(text, tuple) else (text,):
        if isinstance(each, str) and HAN.search(each) and not IN_BOTH.fullmatch(each):
            yield Sentence(str(path.relative_to(ROOT)), line, each)


def missing() -> list[Sentence]:
    """Sentences without English, each once, where they are first said."""
    known = english()
    first: dict[str, Sentence] = {}
    for sentence in sentences():
        if sentence.text not in known:
            first.setdefault(sentence.text, sentence)
    return sorted(first.values())


def unmarked() -> list[Sentence]:
    """Chinese that stands in a template outside `_()`: nobody could translate it."""
    found: list[Sentence] = []
    for path in sorted(ROOT.rglob("*.html")):
        source = path.read_text("utf-8")
        # What is taken out keeps its line ends, so that the numbers of the lines stay true.
        shown = NOT_SHOWN.sub(lambda taken: "\n" * taken[0].count("\n"), source)
        for number, line in enumerate(shown.splitlines(), start=1):
            if HAN.search(line):
                found.append(Sentence(str(path.relative_to(ROOT)), number, line.strip()))
    return found


def entry(sentence: Sentence) -> str:
    """The sentence as an empty entry of a PO file."""
    quoted = sentence.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'#: {sentence.path}:{sentence.line}\nmsgid "{quoted}"\nmsgstr ""\n'


if __name__ == "__main__":
    sys.stdout.write("\n".join(entry(sentence) for sentence in missing()))
