"""Reconciliation: bank transfers whose pairs are known, made-up memos, and a day of 200,000 lines through the service.

The answers judge; nothing is set by them. Each of the three runs in a process of its own, for the peak of its memory.
"""

import csv
import gzip
import multiprocessing
import os
import random
import resource
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench import reconcile_day
from loopline.processes.reconcile import Line, Matching, Way, match_lines, read_wording

DATA = (
    Path(os.environ.get("LOOPLINE_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
    / "reconciliation"
)
MEMO_LINES = 200_000
# Of a thousand lines of the made-up day.
WITHOUT_KEY, MISSING_HERE, MISSING_THERE, TWICE, OTHER_AMOUNT = 60, 5, 5, 2, 10


def report() -> dict[str, Any]:
    """Precision and recall in per cent; seconds of the clock and of the processor; megabytes at the peak."""
    transfers = _alone(_transfers) if DATA.exists() else {"transfers": 0}
    return {**transfers, **_alone(_memos), **_alone(reconcile_day.report)}


def _alone(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure)


def read_transfers(name: str) -> list[Line]:
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8") as file:
        return [
            Line(
                number=row["id"],
                on=date.fromisoformat(row["date"]),
                amount_minor=round(float(row["amount"]) * 100),
                key=read_wording(row["memo"]).key,
                wording=row["memo"],
            )
            for row in csv.DictReader(file)
        ]


def read_truth() -> set[tuple[str, str]]:
    with gzip.open(DATA / "truth.csv.gz", "rt", encoding="utf-8") as file:
        return {(row["origin_id"], row["destination_id"]) for row in csv.DictReader(file)}


def _transfers() -> dict[str, Any]:
    ours, theirs = read_transfers("origin"), read_transfers("destination")
    matching, took = _timed(ours, theirs)
    return {"transfers": len(ours), **_judged(matching, read_truth()), **took}


def _memos() -> dict[str, Any]:
    """The matching alone, most by a number and the rest by what banks leave of a memo."""
    ours, theirs, truth = made_up_day(MEMO_LINES, seed=1)
    matching, took = _timed(ours, theirs)
    figures = {"lines": len(theirs), **_judged(matching, truth), **took}
    return {f"memo_{name}": value for name, value in figures.items()}


def _timed(ours: list[Line], theirs: list[Line]) -> tuple[Matching, dict[str, Any]]:
    began, busy = perf_counter(), process_time()
    matching = match_lines(ours, theirs)
    return matching, {
        "seconds": round(perf_counter() - began, 2),
        "cpu_seconds": round(process_time() - busy, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _judged(matching: Matching, truth: set[tuple[str, str]]) -> dict[str, Any]:
    right = sum((match.ours, match.theirs) in truth for match in matching.matches)
    ways = Counter(match.way for match in matching.matches)
    return {
        "precision": round(100 * right / len(matching.matches), 3),
        "recall": round(100 * right / len(truth), 3),
        **{f"by_{way}": ways[way] for way in Way},
    }


def made_up_day(count: int, *, seed: int) -> tuple[list[Line], list[Line], set[tuple[str, str]]]:
    """Our lines, theirs and which are pairs: most with a number both name, some with a memo alone, some astray."""
    chance = random.Random(seed)
    day = date(2026, 11, 11)
    first = [f"{a}{b}{c}" for a in "BDKLMNRST" for b in "aeiou" for c in ("n", "r", "l", "s", "x", "v")]
    last = [f"{a}{b}" for a in first for b in ("ing", "ow", "ez", "ard", "ssen", "oni")]
    ours: list[Line] = []
    theirs: list[Line] = []
    truth: set[tuple[str, str]] = set()
    for position in range(count):
        fate = chance.randrange(1000)
        party = f"{chance.choice(first)} {chance.choice(last)}".upper()
        amount = int(chance.lognormvariate(9, 1.2)) + 1
        keyed = chance.randrange(1000) >= WITHOUT_KEY
        key = f"4200{position:024d}" if keyed else None
        our = Line(
            number=f"o{position}", on=day, amount_minor=amount, key=key, wording=f"{party} payment BGC"[:18]
        )
        charged = round(amount * chance.uniform(0.97, 1)) if fate < OTHER_AMOUNT else amount
        later = day + timedelta(days=chance.choice((0, 1, 1, 2)))
        their = Line(
            number=f"b{position}", on=later, amount_minor=charged, key=key, wording=f"{party} BGC"[:18]
        )
        here = not OTHER_AMOUNT <= fate < OTHER_AMOUNT + MISSING_HERE
        there = not 0 <= fate - OTHER_AMOUNT - MISSING_HERE < MISSING_THERE
        ours += [our] if here else []
        theirs += [their] if there else []
        if here and there:
            truth.add((our.number, their.number))
        if there and chance.randrange(1000) < TWICE:
            theirs.append(
                Line(number=f"b{position}x", on=later, amount_minor=charged, key=None, wording=their.wording)
            )
    chance.shuffle(theirs)
    return ours, theirs, truth
