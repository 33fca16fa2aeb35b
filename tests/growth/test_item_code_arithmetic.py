"""The arithmetic of item codes: every serial has one code, and every code leads back to it or nowhere."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from siyu.growth import itemcodes
from siyu.growth.itemcodes import codes

KEY = bytes(range(32))
# The published vectors: docs/concepts/item-codes.md. They may never change, or printed codes would die.
VECTORS = [
    ("outer", 0, 1, 0, "0000000001MTH2N8"),
    ("inner", 7, 1_000, 42, "80070002H9KGBWF0"),
    ("inner", 7, 1_000, 999, "80070001VQAMG5TQ"),
    ("box", 262143, 100_000_000, 99_999_999, "QZZZ6662RAWSKX44"),
]


def test_the_published_vectors_hold() -> None:
    found = [
        (kind, batch, count, serial, itemcodes.code_of(itemcodes.keys(KEY, batch, kind, count), serial))
        for kind, batch, count, serial, _ in VECTORS
    ]
    assert found == VECTORS


@given(
    st.integers(1, 3_000), st.integers(0, codes.BATCH_MAX), st.sampled_from(codes.KINDS), st.binary(min_size=32, max_size=32)
)  # fmt: skip
def test_every_serial_has_one_code_that_leads_back(
    count: int, batch: int, kind: codes.Kind, key: bytes
) -> None:
    keys = itemcodes.keys(key, batch, kind, count)
    made = b"".join(itemcodes.make(keys, 0, count - 1)).decode().split()
    assert len(set(made)) == count
    for serial in {0, count // 2, count - 1}:
        code = itemcodes.parse(made[serial].lower().replace("0", "o"))
        assert code is not None
        assert (code.kind, code.batch) == (kind, batch)
        assert itemcodes.serial_of(keys, code) == serial


def test_the_largest_batch_has_a_code_for_its_last_serial() -> None:
    keys = itemcodes.keys(KEY, codes.BATCH_MAX, "box", codes.SERIALS_MAX)
    code = itemcodes.parse(itemcodes.code_of(keys, codes.SERIALS_MAX - 1))
    assert code is not None
    assert itemcodes.serial_of(keys, code) == codes.SERIALS_MAX - 1


@given(st.integers(0, 79), st.integers(0, 999))
def test_a_code_with_one_bit_changed_is_none_of_ours(bit: int, serial: int) -> None:
    keys = itemcodes.keys(KEY, 5, "inner", 1_000)
    text = itemcodes.code_of(keys, serial)
    value = 0
    for character in text:
        value = value << 5 | codes.ALPHABET.index(character)
    value ^= 1 << bit
    changed = "".join(codes.ALPHABET[value >> (75 - 5 * at) & 31] for at in range(16))
    code = itemcodes.parse(changed)
    is_same_batch = code is not None and (code.kind, code.batch) == ("inner", 5)
    assert not is_same_batch or itemcodes.serial_of(keys, code) is None


def test_neighbours_look_unrelated() -> None:
    keys = itemcodes.keys(KEY, 1, "inner", 1 << 20)
    made = b"".join(itemcodes.make(keys, 0, 9_999)).decode().split()
    permuted = [itemcodes.parse(text).permuted for text in made]  # pyright: ignore[reportOptionalMemberAccess]
    rising = sum(a < b for a, b in itertools.pairwise(permuted))
    assert math.isclose(rising / 9_999, 0.5, abs_tol=0.02)
    assert not any(abs(a - b) == 1 for a, b in itertools.pairwise(permuted[:500]))


def test_text_that_cannot_be_a_code_is_none() -> None:
    for text in ("", "ABC", "U" * 16, "0" * 17, "汉" * 16, "ZZZZZZZZZZZZZZZZ"):
        assert itemcodes.parse(text) is None, text
