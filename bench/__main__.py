"""Measure the hot paths: `python -m bench`, or `python -m bench ids ledger` for some of them.

Each measurement has a new database with durability on. Close other programs first: two runs may differ by a fifth.
Figures are so many things in so many seconds, one a line; a report (`place`, `bulk` …) is one object.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import msgspec

from bench import (
    assign,
    find,
    fulfilment,
    ids,
    insight,
    ledger,
    log,
    mood,
    pages,
    reconcile,
    settle,
    sourcing,
    stock,
    waves,
    whatif,
)
from bench.surge import avail, bulk, grown, hot, place, promise, steady
from bench.workplace import Figure

MEASUREMENTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "ids": ids.measure,
    "log": log.measure,
    "stock": stock.measure,
    "ledger": ledger.measure,
    "sourcing": sourcing.measure,
    "fulfilment": fulfilment.measure,
    "insight": insight.measure,
}
REPORTS: dict[str, Callable[[], dict[str, Any]]] = {
    "assign": assign.report,
    "reconcile": reconcile.report,
    "place": place.report,
    "bulk": bulk.report,
    "hot": hot.report,
    "avail": avail.report,
    "promise": promise.report,
    "grown": grown.report,
    "settle": settle.report,
    "mood": mood.report,
    "pages": pages.report,
    "find": find.report,
    "whatif": whatif.report,
}

LONG = ("steady", "grown")
"""Half an hour and more: only where they are named."""


def _as_json(name: str, figure: Figure) -> str:
    fields = msgspec.structs.asdict(figure)
    return msgspec.json.encode({"name": name, **fields, "per_second": figure.per_second}).decode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the hot paths.")
    parser.add_argument(
        "names",
        nargs="*",
        help=f"any of: {', '.join([*MEASUREMENTS, *REPORTS, 'source', 'steady'])};"
        f" none means all but {', '.join(LONG)}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per figure")
    wave = parser.add_argument_group("source", "the wave to be solved")
    wave.add_argument("--orders", type=int, default=1_000)
    wave.add_argument("--sites", type=int, default=50)
    wave.add_argument("--seed", type=int, default=1)
    wave.add_argument("--time-limit", type=float)
    half_hour = parser.add_argument_group("steady", "single orders on a clock of their own")
    half_hour.add_argument("--minutes", type=int, default=30)
    half_hour.add_argument("--per-second", type=int, default=2_000)
    options = parser.parse_args()
    asked = waves.Asked(
        orders=options.orders, sites=options.sites, seed=options.seed, time_limit=options.time_limit
    )
    steadily = steady.Asked(minutes=options.minutes, per_second=options.per_second)
    reports = {
        **REPORTS,
        "source": partial(waves.report, asked),
        "steady": partial(steady.report, steadily),
    }
    every = [*MEASUREMENTS, *reports]
    names: list[str] = options.names or [name for name in every if name not in LONG]
    unknown = [name for name in names if name not in every]
    if unknown:
        print(f"no measurement is called {', '.join(unknown)}; there are {', '.join(every)}", file=sys.stderr)
        return 2
    for name in names:
        if name in reports:
            _print_report(name, reports[name](), as_json=options.json)
            continue
        for figure in MEASUREMENTS[name]():
            if options.json:
                print(_as_json(name, figure), flush=True)
                continue
            print(
                f"{name:<10} {figure.what:<58} {figure.count:>9,} {figure.unit:<9}"
                f" {figure.seconds:>8.2f} s {figure.per_second:>12,.0f}/s",
                flush=True,
            )
    return 0


def _print_report(name: str, report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode({"name": name, **report}).decode(), flush=True)
        return
    for what, value in report.items():
        if isinstance(value, list):
            for row in cast("list[dict[str, Any]]", value):
                print(f"{name:<10} {' '.join(str(one) for one in row.values())}", flush=True)
        else:
            print(f"{name:<10} {what:<30} {value:>14,}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
