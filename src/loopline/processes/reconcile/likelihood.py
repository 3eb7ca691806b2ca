"""How likely two lines are one payment: Fellegi and Sunter's model, learnt without answers, by Splink on DuckDB.

Five fields speak: the party (a rare name says more than a common one; a memo that is cut off may be the
beginning of the other), the reference, purpose and means, how far the amounts lie apart, and the days between.
How often each agrees by chance is counted on random pairs; how often it does within a payment is learnt twice
by expectation maximisation, among pairs of one party and among pairs of one amount, since a field that picks
the pairs cannot be learnt from them.
"""

import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from loopline.processes.reconcile.assignment import Pair
from loopline.processes.reconcile.model import Line, Window
from loopline.processes.reconcile.wording import Wording

# Pairs that know nothing of each other, enough that the rarest level has some hundred.
_RANDOM_PAIRS = 4_000_000
# Pairs on which one round of learning looks.
_LEARNING_PAIRS = 2_000_000
# With fewer lines there is nothing to count chance on; what keys and rules did not find stays open.
_LINES_LEAST = 500
_AMOUNT_STEPS = (0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.11, 0.15)
# Of a payment, both halves name party and amount alike about so often: where the learning begins, not where it ends.
_BOTH_ALIKE = 0.4
_COLUMNS = ("unique_id", "day", "amount", "sign", "party", "stem", "reference", "purpose", "means", "asked")


def weigh(  # noqa: PLR0913 - two sides, and how they are read, held apart and drawn from
    ours: Sequence[Line],
    theirs: Sequence[Line],
    *,
    asked: tuple[int, int],
    read: Callable[[Line], Wording],
    window: Window,
    seed: int,
) -> list[Pair]:
    """Pairs among the first `asked` lines of each side that are more likely than not one payment; all are learnt from.

    Pairs whose parties do not begin alike, or that lie outside the window, are not looked at. Empty where there are too
    few lines to learn from. Bits are the logarithm of the odds, to the base 2.
    """
    if min(len(ours), len(theirs)) < _LINES_LEAST:
        return []
    with _module("duckdb").connect(":memory:") as connection:
        connection.execute("set threads = 2")
        for name, lines, count in (("ours", ours, asked[0]), ("theirs", theirs, asked[1])):
            _load(connection, name, lines, asked=count, read=read)
        backend = _module("splink.backends.duckdb").DuckDBAPI(connection=connection)
        tables = [backend.register(name, dataset_display_name=f"side_{name}") for name in ("ours", "theirs")]
        linker = _module("splink").Linker(tables, _settings(window), log_level=logging.ERROR)
        _learn(linker, window, seed=seed)
        weighed = linker.inference.predict(threshold_match_weight=0.0, warning_mode="never")
        rows = connection.execute(
            # Splink puts the table whose name comes first in the alphabet on the left.
            "select unique_id_l, unique_id_r, match_weight"  # noqa: S608 - Splink's own name of its table
            f" from {weighed.physical_name} where asked_l and asked_r order by 1, 2"
        ).fetchall()
    return [Pair(our, their, bits) for our, their, bits in rows]


def _load(
    connection: Any, name: str, lines: Sequence[Line], *, asked: int, read: Callable[[Line], Wording]
) -> None:
    """One table of `_COLUMNS`. Amounts without their sign: refunds are held against refunds by the same steps."""
    rows = [
        (
            position,
            line.on.toordinal(),
            abs(line.amount_minor),
            line.amount_minor >= 0,
            wording.party or None,
            wording.party[:3],
            line.key or wording.reference,
            wording.purpose,
            wording.means,
            position < asked,
        )
        for position, line in enumerate(lines)
        for wording in (read(line),)
    ]
    types = {"unique_id": "int64", "day": "int64", "amount": "int64", "sign": "bool", "asked": "bool"}
    frame = (
        _module("pandas")
        .DataFrame(rows, columns=list(_COLUMNS))
        .astype({column: types.get(column, "string") for column in _COLUMNS})
    )
    connection.register("frame", frame)
    connection.execute(f"create table {name} as select * from frame")  # noqa: S608 - our own names
    connection.unregister("frame")


def _settings(window: Window) -> Any:
    levels, comparisons = _module("splink.comparison_level_library"), _module("splink.comparison_library")

    custom, other = levels.CustomLevel, levels.ElseLevel()

    def compare(name: str, *steps: Any) -> Any:
        return comparisons.CustomComparison(output_column_name=name, comparison_levels=[*steps, other])

    def same(name: str) -> Any:
        return compare(name, levels.NullLevel(name), levels.ExactMatchLevel(name))

    begins = "(starts_with({0}_l, {0}_r) or starts_with({0}_r, {0}_l))"
    apart = "abs(amount_l - amount_r) <= {} * greatest(amount_l, amount_r)"
    long_enough = " and least(length(party_l), length(party_r)) >= {}"
    return _module("splink").SettingsCreator(
        link_type="link_only",
        comparisons=[
            compare(
                "party",
                levels.NullLevel("party"),
                levels.ExactMatchLevel("party", term_frequency_adjustments=True),
                *(custom(begins.format("party") + long_enough.format(letters)) for letters in (8, 5, 3)),
            ),
            compare(
                "reference",
                levels.NullLevel("reference"),
                custom("reference_l = reference_r"),
                custom(begins.format("reference")),
            ),
            same("purpose"),
            same("means"),
            compare(
                "amount",
                custom("amount_l = amount_r"),
                *(custom(apart.format(step)) for step in _AMOUNT_STEPS),
            ),
            compare(
                "day",
                *(
                    custom(f"day_r - day_l between {first} and {last}")
                    for first, last in ((0, 0), (1, 2), (3, 6), (7, 21))
                ),
            ),
        ],
        blocking_rules_to_generate_predictions=[
            (
                f"l.stem = r.stem and l.sign = r.sign and {_near(window)} and r.amount * 100"
                f" between l.amount * {100 - window.amount_percent} and l.amount * {100 + window.amount_percent}"
            ),
        ],
        max_iterations=50,
        retain_matching_columns=False,
        additional_columns_to_retain=["asked"],
    )


def _module(name: str) -> Any:
    """Loaded where it is needed, since only a reconciliation pays for it; its types are partly unknown."""
    return import_module(name)


def _near(window: Window) -> str:
    return f"r.day - l.day between {window.days_first} and {window.days_last}"


def _learn(linker: Any, window: Window, *, seed: int) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [f"l.party = r.party and l.amount = r.amount and {_near(window)}"], recall=_BOTH_ALIKE
    )
    training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=seed)
    for alike in (f"l.party = r.party and {_near(window)}", "l.amount = r.amount"):
        training.estimate_parameters_using_expectation_maximisation(alike, max_pairs=_LEARNING_PAIRS)
