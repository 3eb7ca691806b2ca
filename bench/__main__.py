"""Measure the hot paths: `python -m bench`, or `python -m bench ids ledger` for some of them.

Each measurement has a new database with durability on. Close other programs first: two runs may differ by a fifth.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

import msgspec

from bench import fulfilment, ids, insight, ledger, log, sourcing, stock
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


def _as_json(name: str, figure: Figure) -> str:
    fields = msgspec.structs.asdict(figure)
    return msgspec.json.encode({"name": name, **fields, "per_second": figure.per_second}).decode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the hot paths.")
    parser.add_argument("names", nargs="*", help=f"any of: {', '.join(MEASUREMENTS)}; none means all")
    parser.add_argument("--json", action="store_true", help="print one JSON object per figure")
    options = parser.parse_args()
    names: list[str] = options.names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(
            f"no measurement is called {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}",
            file=sys.stderr,
        )
        return 2
    for name in names:
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


if __name__ == "__main__":
    sys.exit(main())
