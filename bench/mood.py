"""The mood of reviews: how well it is told on goods reviews that were held back, how fast, from how many bytes.

Reads `reviews` in ../shared/data, or where LOOPLINE_SHARED_DATA says; without it the report says that it is absent.
"""

import os
import time
from pathlib import Path
from typing import Any

from loopline.reviews.mood.examples import examples_of
from loopline.reviews.mood.learning import is_held_back, learn, without_repeats
from loopline.reviews.mood.model import packed, unpacked

BESIDE_THE_CLONE = Path(__file__).parents[2] / "shared" / "data"
GOODS = "online_shopping_10_cats_dev"
_ROUNDS = 5


def report() -> dict[str, Any]:
    """Learn from all kinds but the tenth that is held back, and read that tenth and everything else again."""
    folder = Path(os.environ.get("LOOPLINE_SHARED_DATA") or BESIDE_THE_CLONE) / "reviews"
    # Of a text that two files have the goods are its source.
    files = sorted(folder.glob("*.csv.gz"), key=lambda path: (not path.name.startswith(GOODS), path.name))
    if not files:
        return {"skipped": "needs reviews in ../shared/data (or LOOPLINE_SHARED_DATA)"}
    rows = without_repeats([one for path in files for one in examples_of(path)])
    begun = time.perf_counter()
    learnt = learn(rows, keeps_measured=True)
    seconds = time.perf_counter() - begun
    kept = packed(learnt.model)
    model = unpacked(kept)
    texts = [one.text for one in rows.examples if one.source == GOODS][:10_000]
    fastest = float("inf")
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        model.good_permille(texts)
        fastest = min(fastest, time.perf_counter() - begun)
    goods = next(one for one in learnt.measures.parts if one.source == GOODS and not one.kind)
    held_back = sum(is_held_back(one.text) for one in rows.examples if one.source == GOODS)
    return {
        "accuracy": round(goods.accuracy, 4),
        "baseline": round(goods.baseline, 4),
        "held_back": held_back,
        "accuracy_all_kinds": round(learnt.measures.accuracy, 4),
        "baseline_all_kinds": round(learnt.measures.baseline, 4),
        "read": rows.read,
        "stood_again": rows.again,
        "contradicted": rows.contradicted,
        "learnt_from": learnt.measures.learnt_from,
        "reviews_per_s": round(len(texts) / fastest),
        "bytes": len(kept),
        "learning_s": round(seconds, 1),
    }
