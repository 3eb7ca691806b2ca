"""What a text is made of: sequences of one to four units, each a number below 2 ** BITS.

A unit is a character of Chinese, a word of Latin letters, a run of digits (all are alike) or any other mark. Sequences
are hashed, so that no vocabulary is kept and a text is read without looking up a word; which of them share a number is
the same for ever, on every machine.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

BITS = 22
BUCKETS = 1 << BITS
LONGEST = 4
CHARACTERS_MAX = 2_000

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Keys = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.uint32]

_TEXTS_AT_ONCE = (
    512  # a number of a text and a number of a sequence fit in 32 bits, and their columns in the cache
)
_BEGIN, _END = "\x02", "\x03"
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STIR = np.uint64(0xC2B2AE3D27D4EB4F)
_STEP = np.uint64(0x100000001B3)
_ODD = np.uint64(2)
_FAR, _NEAR = np.uint64(32), np.uint64(29)
_DOWN = np.uint64(64 - BITS)
_UP = np.uint32(BITS)
_ALL = np.uint32(BUCKETS - 1)


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How often each sequence occurs in each of so many texts: columns by text, then by sequence, none twice."""

    texts: int
    text: Integers
    bucket: Integers
    times: Integers


def counted(texts: Sequence[str], *, longest: int = LONGEST) -> Iterator[Counted]:
    """Count the sequences of up to `longest` units in texts, some hundred texts at a time, in their order."""
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        yield _counted(texts[first : first + _TEXTS_AT_ONCE], longest=longest)


def _counted(texts: Sequence[str], *, longest: int) -> Counted:
    hashes, of_text = _units(texts)
    marks: Keys = of_text.astype(np.uint32) << _UP
    found: list[Keys] = []
    running = np.zeros(len(hashes), np.uint64)
    for length in range(1, longest + 1):
        size = max(len(hashes) - length + 1, 0)
        running = _stirred(running[:size] * _STEP + hashes[length - 1 :])
        keys = marks[:size] | (running >> _DOWN).astype(np.uint32)
        found.append(keys[marks[:size] == marks[length - 1 :]])
    together = np.concatenate(found)
    together.sort()
    is_first = np.ones(len(together), np.bool_)
    is_first[1:] = together[1:] != together[:-1]
    places = np.flatnonzero(is_first)
    kept = together[places]
    return Counted(
        texts=len(texts),
        text=(kept >> _UP).astype(np.int64),
        bucket=(kept & _ALL).astype(np.int64),
        times=np.diff(places, append=len(together)).astype(np.int64),
    )


def _units(texts: Sequence[str]) -> tuple[Hashes, Integers]:
    """Cut texts into the hashes of their units; returns them with the number of each one's text.

    Each text has one mark before and one behind it: what stands first or last is another thing than in the midst.
    """
    own = {ord(_BEGIN): " ", ord(_END): " "}
    joined = "".join([f"{_BEGIN}{one[:CHARACTERS_MAX].translate(own)}{_END}" for one in texts])
    codes = _plain(np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32))
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    is_letter = ((codes >= ord("a")) & (codes <= ord("z"))) | ((codes >= 0xC0) & (codes < 0x250))
    kind = is_digit.astype(np.int8) + 2 * is_letter.astype(np.int8)
    begins = np.ones(len(codes), np.bool_)
    begins[1:] = (kind[1:] == 0) | (kind[1:] != kind[:-1])
    starts = np.flatnonzero(begins)
    within = np.arange(len(codes)) - starts[np.cumsum(begins) - 1]
    hashes = _stirred(codes.astype(np.uint64) * (_MIX + _ODD * within.astype(np.uint64)))
    hashes[is_digit] = _MIX
    hashes[is_digit & (within > 0)] = 0
    first = codes[starts]
    kept = (first > ord(" ")) | (first == ord(_BEGIN)) | (first == ord(_END))
    of_text = np.cumsum(first == ord(_BEGIN)) - 1
    return np.add.reduceat(hashes, starts)[kept], of_text[kept]


def _plain(codes: Codes) -> Codes:
    """Return characters as they are read: wide ones narrow, capitals small."""
    plain = codes.copy()
    is_wide = (plain >= 0xFF01) & (plain <= 0xFF5E)
    plain[is_wide] -= np.uint32(0xFEE0)
    is_capital = (plain >= ord("A")) & (plain <= ord("Z"))
    plain[is_capital] += np.uint32(32)
    plain[plain == 0x3000] = ord(" ")
    return plain


def _stirred(numbers: Hashes) -> Hashes:
    """Spread what numbers differ in over all their bits."""
    stirred = (numbers ^ (numbers >> _NEAR)) * _STIR
    return stirred ^ (stirred >> _FAR)
