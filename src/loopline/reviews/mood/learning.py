"""Learning mood from texts whose mood is known, and measuring it on texts that were held back. Pure.

A linear support vector machine on sequences weighed by how much likelier they are in good texts than in bad ones
(S. Wang and C. Manning, Baselines and Bigrams, ACL 2012), counts by their logarithm, rare ones more, all texts equally
long. Deterministic: the same rows give the same bytes.

Texts are split, never rows: the same words, whatever stands between them, are on one side. Which side is a matter of
the text alone, so that more rows later move none across.
"""

import hashlib
import importlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.reviews.model import ReviewLanguage
from loopline.reviews.mood.features import BUCKETS, Counted, counted
from loopline.reviews.mood.model import Floats, MoodModel, rounded, together, values_of
from loopline.reviews.rules import language_of

HELD_BACK_ONE_IN = 10
TEXTS_LEAST = 200
LANGUAGE_TEXTS_LEAST = 1_000
_SEEN_LEAST = 2
_STIFFNESS = 0.4
_PLAIN_LONGEST = 2
_SEED = 20_260_101

Flags = npt.NDArray[np.bool_]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A text whose mood is known; `source` and `kind` say where it is from and what it speaks of."""

    text: str
    is_good: bool
    source: str = ""
    kind: str = ""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, and what of it was left out: texts that stand there again, and those said to be both."""

    examples: Sequence[Example]
    read: int
    again: int
    contradicted: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """How held-back texts of a source, or of a kind within it, were told; shares of 1."""

    source: str
    kind: str
    texts: int
    accuracy: float
    baseline: float


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """How well held-back texts were told. `baseline`: naive Bayes on units and pairs of them.

    `per_second`: texts read by this process on the machine that learnt.
    """

    learnt_from: int
    held_back: int
    accuracy: float
    baseline: float
    majority: float
    per_second: int
    read: int
    again: int
    contradicted: int
    parts: tuple[Part, ...] = ()


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """A model, what it learnt from, and how the one measured did."""

    model: MoodModel
    texts: int
    languages: tuple[ReviewLanguage, ...]
    measures: Measures


class TooFewTexts(Exception):  # noqa: N818 - says what is so; becomes a sentence on the console
    """Mood is learnt from at least 200 good texts and 200 bad ones."""


def key_of(text: str) -> str:
    """Return what two texts share that say the same: letters, characters and digits, in lower case."""
    return "".join(one for one in text.lower() if one.isalnum()) or text.strip()


def is_held_back(text: str) -> bool:
    """Tell whether a text is one of the tenth that is held back: by itself, whatever others there are."""
    digest = hashlib.sha256(key_of(text).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:4], "big") % HELD_BACK_ONE_IN == 0


def without_repeats(examples: Sequence[Example]) -> Rows:
    """Keep each text once, the first time, and none that is said to be both good and bad."""
    moods: dict[str, set[bool]] = {}
    first: dict[str, Example] = {}
    times: Counter[str] = Counter()
    for one in examples:
        key = key_of(one.text)
        if not key:
            continue
        moods.setdefault(key, set()).add(one.is_good)
        first.setdefault(key, one)
        times[key] += 1
    both = {key for key, said in moods.items() if len(said) > 1}
    return Rows(
        examples=[one for key, one in first.items() if key not in both],
        read=len(examples),
        again=sum(count - 1 for key, count in times.items() if key not in both),
        contradicted=sum(times[key] for key in both),
    )


def learn(rows: Rows, *, keeps_measured: bool = False) -> Learnt:
    """Measure on the tenth that is held back, then learn again from all; `keeps_measured` keeps the one measured.

    Raises TooFewTexts.
    """
    held_back = [is_held_back(one.text) for one in rows.examples]
    good = _moods(rows.examples)
    if min(good.sum(), (~good).sum()) < TEXTS_LEAST or not any(held_back):
        raise TooFewTexts(TooFewTexts.__doc__)
    seen = [one for one, held in zip(rows.examples, held_back, strict=True) if not held]
    unseen = [one for one, held in zip(rows.examples, held_back, strict=True) if held]
    model = _fitted(seen)
    measures, slope = _measured(model, rows, seen=seen, unseen=unseen)
    kept = seen if keeps_measured else rows.examples
    return Learnt(
        model=msgspec.structs.replace(model if keeps_measured else _fitted(kept), slope=slope),
        texts=len(kept),
        languages=_languages([one.text for one in kept]),
        measures=measures,
    )


def _measured(
    model: MoodModel, rows: Rows, *, seen: Sequence[Example], unseen: Sequence[Example]
) -> tuple[Measures, float]:
    """Measure a model on texts it did not see; returns also the slope that makes its scores probabilities."""
    good = _moods(unseen)
    texts = [one.text for one in unseen]
    begun = time.perf_counter()
    scores = model.scores(texts)
    seconds = time.perf_counter() - begun
    plain = _plain_scores(
        together(counted([one.text for one in seen], longest=_PLAIN_LONGEST)), _moods(seen), texts
    )
    right, plainly_right = (scores > 0) == good, (plain > 0) == good
    measures = Measures(
        learnt_from=len(seen),
        held_back=len(unseen),
        accuracy=float(right.mean()),
        baseline=float(plainly_right.mean()),
        majority=float(max(good.mean(), 1 - good.mean())),
        per_second=round(len(texts) / max(seconds, 1e-6)),
        read=rows.read,
        again=rows.again,
        contradicted=rows.contradicted,
        parts=_parts(unseen, right, plainly_right),
    )
    return measures, _slope(scores, good)


def accuracy_of(model: MoodModel, examples: Sequence[Example]) -> float:
    """Return the share of texts whose mood a model tells."""
    told = model.scores([one.text for one in examples]) > 0
    right = told == _moods(examples)
    return float(right.mean())


def _moods(examples: Sequence[Example]) -> Flags:
    return np.array([one.is_good for one in examples], np.bool_)


def _fitted(examples: Sequence[Example]) -> MoodModel:
    seen, good = together(counted([one.text for one in examples])), _moods(examples)
    times_seen = np.bincount(seen.bucket, minlength=BUCKETS)
    in_good = np.bincount(seen.bucket[good[seen.text]], minlength=BUCKETS)
    is_known = times_seen >= _SEEN_LEAST
    rarities = np.where(is_known, np.log((1 + seen.texts) / (1 + times_seen)) + 1, 0).astype(np.float32)
    in_bad = times_seen - in_good
    leaning = np.log((in_good + 1) / (in_good[is_known] + 1).sum())
    leaning -= np.log((in_bad + 1) / (in_bad[is_known] + 1).sum())
    leaning = np.where(is_known, leaning, 0).astype(np.float32)
    said = _of_equal_length(seen, values_of(seen, rarities))
    weights, base = _machine(seen, said * leaning[seen.bucket], good, is_known)
    return rounded(weights * leaning, rarities, base=base, slope=1.0)


def _of_equal_length(seen: Counted, said: Floats) -> Floats:
    length = np.sqrt(np.bincount(seen.text, said * said, seen.texts)).astype(np.float32)
    return (said / np.maximum(length, 1e-9)[seen.text]).astype(np.float32)


def _machine(seen: Counted, values: Floats, good: Flags, is_known: Flags) -> tuple[Floats, float]:
    """Fit a linear support vector machine; returns a weight for each sequence, known or not, and the base."""
    # Imported when asked for: whoever reads reviews needs what was learnt, not the learner.
    sparse: Any = importlib.import_module("scipy.sparse")
    svm: Any = importlib.import_module("sklearn.svm")
    kept = is_known[seen.bucket]
    column = np.cumsum(is_known) - 1
    table = sparse.csr_matrix(
        (values[kept], (seen.text[kept], column[seen.bucket[kept]])), shape=(seen.texts, int(is_known.sum()))
    )
    machine = svm.LinearSVC(C=_STIFFNESS, random_state=_SEED)
    machine.fit(table, good)
    weights = np.zeros(BUCKETS, np.float32)
    weights[is_known] = machine.coef_[0]
    return weights, float(machine.intercept_[0])


def _plain_scores(seen: Counted, good: Flags, unseen: Sequence[str]) -> Floats:
    """Score texts as anybody would first: naive Bayes on single units and pairs."""
    in_good = np.bincount(seen.bucket[good[seen.text]], minlength=BUCKETS) + 1.0
    in_bad = np.bincount(seen.bucket[~good[seen.text]], minlength=BUCKETS) + 1.0
    leaning = np.log(in_good / in_good.sum()) - np.log(in_bad / in_bad.sum())
    base = float(np.log(good.sum() / (~good).sum()))
    one = together(counted(unseen, longest=_PLAIN_LONGEST))
    return (np.bincount(one.text, leaning[one.bucket], one.texts) + base).astype(np.float32)


def _slope(scores: Floats, good: Flags) -> float:
    """Return how steeply a score becomes a probability: the likeliest slope of a logistic curve through one half."""
    signed = np.where(good, scores, -scores).astype(np.float64)
    slope = 1.0
    for _ in range(50):  # Newton's steps on a concave function of one number
        likely = 1 / (1 + np.exp(-slope * signed))
        step = ((1 - likely) * signed).sum() / max((likely * (1 - likely) * signed**2).sum(), 1e-9)
        slope = min(max(slope + step, 0.1), 50.0)
    return float(slope)


def _languages(texts: Sequence[str]) -> tuple[ReviewLanguage, ...]:
    """Return the languages that enough texts were written in."""
    times: Mapping[ReviewLanguage, int] = Counter(language_of(one) for one in texts)
    return tuple(one for one in ReviewLanguage if times.get(one, 0) >= LANGUAGE_TEXTS_LEAST)


def _parts(unseen: Sequence[Example], right: Flags, plainly_right: Flags) -> tuple[Part, ...]:
    """Return how each source was told as a whole, and below it each of its kinds."""
    names = [(one.source, one.kind) for one in unseen]
    wanted = sorted({(source, "") for source, _ in names} | set(names))
    parts: list[Part] = []
    for source, kind in wanted:
        chosen = np.array([of == source and kind in ("", what) for of, what in names], np.bool_)
        parts.append(
            Part(
                source=source,
                kind=kind,
                texts=int(chosen.sum()),
                accuracy=float(right[chosen].mean()),
                baseline=float(plainly_right[chosen].mean()),
            )
        )
    return tuple(parts)
