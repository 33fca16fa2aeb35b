"""Codes without a table: a code is its batch, its serial under a keyed permutation, and a code of authenticity.

80 bits, written as 16 characters of Crockford's base 32 (no I, L, O, U):

    kind 2 | batch 18 | permuted serial 28 | authenticity 32

The permutation is a Feistel network over the smallest even number of bits that holds the batch, walked on while it
lands outside (cycle walking, Black and Rogaway 2002), so neighbouring serials look unrelated and every serial has
exactly one code. Both round function and authenticity are AES-256 under keys derived from the batch's own key and
the kind of code (HKDF-SHA-256, RFC 5869): an outer code says nothing about the inner one. Who knows a batch's number
and guesses the rest is right with probability serials / 2⁶⁰, at most 8.7 · 10⁻¹¹ a try for 10⁸ codes.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from siyu.kernel.ids import SAFE_ALPHABET as ALPHABET

LENGTH = 16
SERIALS_MAX = 100_000_000
BATCH_MAX = (1 << 18) - 1
KEY_BYTES = 32
_PERMUTED_BITS, _MAC_BITS = 28, 32
_ROUNDS = 10
_CHUNK = 1 << 18  # serials made at once: some 20 MB
_BLOCK = 16

Kind = Literal["outer", "inner", "box"]
KINDS: tuple[Kind, ...] = ("outer", "inner", "box")
# What people write for what they read: these letters are not in the alphabet.
_READ = str.maketrans("OIL", "011", " -\t")
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)


class Code(msgspec.Struct, frozen=True):
    """What a code says before anybody has checked it."""

    kind: Kind
    batch: int
    permuted: int
    mac: int


class Keys(msgspec.Struct, frozen=True):
    """What makes and checks the codes of one kind in one batch of `count` serials, 0 to count - 1."""

    kind: Kind
    batch: int
    count: int
    rounds: tuple[np.ndarray, ...]
    half_bits: int
    mac_key: bytes


def parse(text: str) -> Code | None:
    """The fields of a code as somebody typed or scanned it; None when it cannot be one."""
    plain = text.upper().translate(_READ)
    if len(plain) != LENGTH or any(character not in _VALUES for character in plain):
        return None
    bits = 0
    for character in plain:
        bits = bits << 5 | _VALUES[character]
    kind = bits >> 78
    if kind >= len(KINDS):
        return None
    return Code(
        KINDS[kind], bits >> 60 & BATCH_MAX, bits >> _MAC_BITS & (1 << _PERMUTED_BITS) - 1, bits & (1 << _MAC_BITS) - 1
    )  # fmt: skip


def shown(code: str) -> str:
    """A code in groups of four, as it is printed."""
    return "-".join(code[at : at + 4] for at in range(0, LENGTH, 4))


@lru_cache(maxsize=64)
def keys(key: bytes, batch: int, kind: Kind, count: int) -> Keys:
    """Derive what the codes of a kind need; the round function becomes a table of at most 2¹⁴ entries a round."""
    assert len(key) == KEY_BYTES
    assert 0 <= batch <= BATCH_MAX
    assert 1 <= count <= SERIALS_MAX
    derived = HKDF(hashes.SHA256(), 2 * KEY_BYTES, salt=None, info=b"siyu item code " + kind.encode()).derive(
        key
    )
    half_bits = max(4, ((count - 1).bit_length() + 1) // 2)
    size = 1 << half_bits
    tables: list[np.ndarray] = []
    for each in range(_ROUNDS):
        blocks = np.zeros((size, _BLOCK), dtype=np.uint8)
        blocks[:, 0] = each
        blocks[:, 12:] = np.arange(size, dtype=">u4").view(np.uint8).reshape(size, 4)
        sealed = np.frombuffer(_aes(derived[:KEY_BYTES], blocks.tobytes()), dtype=">u4").reshape(size, 4)
        tables.append((sealed[:, 0] & (size - 1)).astype(np.uint32))
    return Keys(kind, batch, count, tuple(tables), half_bits, derived[KEY_BYTES:])


def make(keys: Keys, first: int, last: int, prefix: bytes = b"") -> Iterator[bytes]:
    """The codes of serials `first` to `last` inclusive, in order: chunks of lines, each `prefix`, code and newline."""
    assert 0 <= first <= last < keys.count
    for start in range(first, last + 1, _CHUNK):
        serials = np.arange(start, min(last + 1, start + _CHUNK), dtype=np.uint32)
        yield _written(keys, _permuted(keys, serials), prefix)


def code_of(keys: Keys, serial: int) -> str:
    """The code of one serial."""
    return next(make(keys, serial, serial))[:LENGTH].decode()


def serial_of(keys: Keys, code: Code) -> int | None:
    """The serial a code stands for; None when it is not one of this batch's codes."""
    if code.mac != int(_macs(keys, np.array([code.permuted], dtype=np.uint32))[0]):
        return None
    if code.permuted >= keys.count:
        return None
    value = code.permuted
    while True:
        value = _back(keys, value)
        if value < keys.count:
            return value


def _aes(key: bytes, blocks: bytes) -> bytes:
    # Each block is used once as the input of a pseudo-random function; nothing is encrypted.
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return cipher.update(blocks) + cipher.finalize()


def _forth(keys: Keys, values: np.ndarray) -> np.ndarray:
    mask = np.uint32((1 << keys.half_bits) - 1)
    left, right = values >> np.uint32(keys.half_bits), values & mask
    for table in keys.rounds:
        left, right = right, left ^ table[right]
    return left << np.uint32(keys.half_bits) | right


def _back(keys: Keys, value: int) -> int:
    left, right = value >> keys.half_bits, value & ((1 << keys.half_bits) - 1)
    for table in reversed(keys.rounds):
        left, right = right ^ int(table[left]), left
    return left << keys.half_bits | right


def _permuted(keys: Keys, serials: np.ndarray) -> np.ndarray:
    values = _forth(keys, serials)
    outside = np.flatnonzero(values >= keys.count)
    while outside.size:
        walked = _forth(keys, values[outside])
        values[outside] = walked
        outside = outside[walked >= keys.count]
    return values


def _macs(keys: Keys, permuted: np.ndarray) -> np.ndarray:
    blocks = np.zeros((len(permuted), _BLOCK), dtype=np.uint8)
    head = KINDS.index(keys.kind) << 18 | keys.batch
    blocks[:, 0:4] = np.frombuffer(head.to_bytes(4, "big"), dtype=np.uint8)
    blocks[:, 12:] = permuted.astype(">u4").view(np.uint8).reshape(-1, 4)
    return np.frombuffer(_aes(keys.mac_key, blocks.tobytes()), dtype=">u4").reshape(-1, 4)[:, 0]


def _written(keys: Keys, permuted: np.ndarray, prefix: bytes) -> bytes:
    before = len(prefix)
    lines = np.empty((len(permuted), before + LENGTH + 1), dtype=np.uint8)
    lines[:, :before] = np.frombuffer(prefix, dtype=np.uint8)
    head = KINDS.index(keys.kind) << 18 | keys.batch
    for at in range(4):
        lines[:, before + at] = _LETTERS[head >> (15 - 5 * at) & 31]
    tail = permuted.astype(np.uint64) << np.uint64(_MAC_BITS) | _macs(keys, permuted).astype(np.uint64)
    for at in range(12):
        lines[:, before + 4 + at] = _LETTERS[(tail >> np.uint64(55 - 5 * at) & np.uint64(31)).astype(np.intp)]
    lines[:, -1] = ord("\n")
    return lines.tobytes()
