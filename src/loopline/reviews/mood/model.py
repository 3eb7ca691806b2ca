"""What was learnt, as it is kept and read with: two numbers for each sequence, a base, a slope. NumPy alone.

A text's score is the sum of what its sequences weigh, by how often they occur (one and the logarithm) over the length
of the text's vector; positive is good. `good_permille` puts it on a scale of thousandths by a logistic curve.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.reviews.mood.features import BITS, BUCKETS, LONGEST, Counted, counted

Floats = npt.NDArray[np.float32]
_HEAD = struct.Struct("<4sHHff")
_MARK = b"LLM1"
_RARITY_STEPS = 20
"""Rarity (inverse document frequency, 1 to 12) is kept in steps of a twentieth, in one byte; 0: never seen."""


class MoodModel(msgspec.Struct, frozen=True, kw_only=True):
    """Weights and rarities by sequence, (2 ** BITS,) each, as they were packed."""

    weights: Floats
    rarities: Floats
    base: float
    slope: float

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the score of each text, in their order."""
        found = [self._scores(one) for one in counted(texts)]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def good_permille(self, texts: Sequence[str]) -> list[int]:
        """Return how likely each text is good, in thousandths."""
        scores = self.scores(texts).astype(np.float64)
        return np.rint(1_000 / (1 + np.exp(-self.slope * scores))).astype(int).tolist()

    def _scores(self, one: Counted) -> Floats:
        said = values_of(one, self.rarities)
        weighed = np.bincount(one.text, said * self.weights[one.bucket], one.texts)
        length = np.sqrt(np.bincount(one.text, said * said, one.texts))
        return (weighed / np.maximum(length, 1e-9) + self.base).astype(np.float32)


def values_of(one: Counted, rarities: Floats) -> Floats:
    """Return what each sequence of a text counts: one and the logarithm of how often it occurs, times its rarity."""
    return (1 + np.log(one.times.astype(np.float32))) * rarities[one.bucket]


def rounded(weights: Floats, rarities: Floats, *, base: float, slope: float) -> MoodModel:
    """Make a model of numbers, each rounded to what is kept of it."""
    steps = np.minimum(np.rint(rarities * _RARITY_STEPS), 255)
    return MoodModel(
        weights=weights.astype(np.float16).astype(np.float32),
        rarities=(steps / _RARITY_STEPS).astype(np.float32),
        base=float(np.float32(base)),
        slope=float(np.float32(slope)),
    )


def packed(model: MoodModel) -> bytes:
    """Pack a model that `rounded` made: the same model, the same bytes."""
    head = _HEAD.pack(_MARK, BITS, LONGEST, model.base, model.slope)
    steps = np.rint(model.rarities * _RARITY_STEPS).astype(np.uint8)
    return head + zlib.compress(model.weights.astype("<f2").tobytes() + steps.tobytes(), 6)


def unpacked(kept: bytes) -> MoodModel:
    """Return the model that was packed. Raises ValueError for what is none, or of another make."""
    if len(kept) < _HEAD.size:
        raise ValueError("not a model")
    mark, bits, longest, base, slope = _HEAD.unpack_from(kept)
    if (mark, bits, longest) != (_MARK, BITS, LONGEST):
        raise ValueError("a model of another make")
    body = zlib.decompress(kept[_HEAD.size :])
    if len(body) != 3 * BUCKETS:
        raise ValueError("a model cut short")
    return MoodModel(
        weights=np.frombuffer(body, "<f2", BUCKETS).astype(np.float32),
        rarities=(np.frombuffer(body, np.uint8, BUCKETS, 2 * BUCKETS) / _RARITY_STEPS).astype(np.float32),
        base=base,
        slope=slope,
    )


def together(parts: Iterable[Counted]) -> Counted:
    """Return the counts of all texts as one."""
    kept = list(parts)
    before = np.cumsum([0, *(one.texts for one in kept)])
    return Counted(
        texts=int(before[-1]),
        text=np.concatenate([one.text + first for one, first in zip(kept, before, strict=False)]),
        bucket=np.concatenate([one.bucket for one in kept]),
        times=np.concatenate([one.times for one in kept]),
    )
