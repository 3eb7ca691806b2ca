"""Trees boosted from the plain rates: Ke et al., LightGBM, NeurIPS 30 (2017). The only door to the learner.

Importing it takes seconds and much memory, so that nobody does before there is something to learn.
"""

from collections.abc import Mapping
from typing import Any, cast

import lightgbm
import msgspec

from loopline.insight.acceptance.features import NAMES
from loopline.insight.acceptance.model import Flags, Floats
from loopline.insight.acceptance.trees import Trees

ROUNDS_MAX = 400
_PATIENCE = 30
# Small trees, slowly: a site has hundreds of offers, not millions. One thread, so that the same offers give the same.
_SETTINGS: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


_RISES_WITH = frozenset({"extra"})


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What to learn from: features, outcomes, and the score to begin with; `objective` in the learner's words.

    Probabilities never fall with what is paid on top, all else equal: it is paid for work that others left, and
    whoever does not know why it was left would learn that pay puts people off.
    """

    objective: str
    rows: Floats
    outcomes: Floats
    begin: Floats

    def only(self, rows: Flags) -> "Lesson":
        """Return the rows at which `rows` is true."""
        return Lesson(
            objective=self.objective,
            rows=self.rows[rows],
            outcomes=self.outcomes[rows],
            begin=self.begin[rows],
        )


def rounds_for(lesson: Lesson, trial: Lesson, *, seed: int) -> int:
    """Return after how many rounds of learning from `lesson` the `trial` was foretold best; zero where at once."""
    learning = _data(lesson)
    booster = _lightgbm().train(
        _settings(lesson.objective, seed),
        learning,
        num_boost_round=ROUNDS_MAX,
        valid_sets=[_data(trial, of=learning)],
        callbacks=[_lightgbm().early_stopping(_PATIENCE, verbose=False)],
    )
    return int(booster.best_iteration)


def learn_trees(lesson: Lesson, *, rounds: int, seed: int) -> Trees:
    """Learn for so many rounds, at least one."""
    booster = _lightgbm().train(
        _settings(lesson.objective, seed), _data(lesson), num_boost_round=max(1, rounds)
    )
    return _trees(booster.dump_model()["tree_info"])


def _lightgbm() -> Any:
    return cast(Any, lightgbm)


def _settings(objective: str, seed: int) -> dict[str, Any]:
    rising = [int(objective == "binary" and name in _RISES_WITH) for name in NAMES]
    return {**_SETTINGS, "objective": objective, "seed": seed, "monotone_constraints": rising}


def _data(lesson: Lesson, of: Any = None) -> Any:
    return _lightgbm().Dataset(
        lesson.rows,
        label=lesson.outcomes,
        init_score=lesson.begin,
        reference=of,
        feature_name=list(NAMES),
        free_raw_data=False,
    )


def _trees(infos: list[dict[str, Any]]) -> Trees:
    """Write the learner's nested nodes as one list."""
    trees = Trees(roots=[], feature=[], threshold=[], left=[], right=[], unknown_left=[], value=[])
    for info in infos:
        trees.roots.append(_add(trees, info["tree_structure"]))
    return trees


def _add(trees: Trees, node: dict[str, Any]) -> int:
    place = len(trees.feature)
    is_leaf = "split_feature" not in node
    threshold = 0.0 if is_leaf else float(node["threshold"])
    trees.feature.append(-1 if is_leaf else int(node["split_feature"]))
    trees.threshold.append(threshold)
    # Where nothing was unknown when it learnt, the learner takes an unknown value for zero.
    knows_unknown = not is_leaf and node["missing_type"] == "NaN"
    trees.unknown_left.append(bool(node["default_left"]) if knows_unknown else threshold >= 0.0)
    trees.value.append(float(node["leaf_value"]) if is_leaf else 0.0)
    trees.left.append(place)
    trees.right.append(place)
    if not is_leaf:
        trees.left[place] = _add(trees, node["left_child"])
        trees.right[place] = _add(trees, node["right_child"])
    return place
