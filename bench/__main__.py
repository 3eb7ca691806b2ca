"""Measure the hot paths: `python -m bench`, or `python -m bench ids ledger` for some of them.

Each measurement has a new database with durability on. Close other programs first: two runs may differ by a fifth.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from bench import fulfilment, ids, ledger, log, sourcing, stock
from bench.workplace import Figure

MEASUREMENTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "ids": ids.measure,
    "log": log.measure,
    "stock": stock.measure,
    "ledger": ledger.measure,
    "sourcing": sourcing.measure,
    "fulfilment": fulfilment.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the hot paths.")
    parser.add_argument("names", nargs="*", help=f"any of: {', '.join(MEASUREMENTS)}; none means all")
    names: list[str] = parser.parse_args().names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(
            f"no measurement is called {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}",
            file=sys.stderr,
        )
        return 2
    for name in names:
        for figure in MEASUREMENTS[name]():
            print(
                f"{name:<10} {figure.what:<58} {figure.count:>9,} {figure.unit:<9}"
                f" {figure.seconds:>8.2f} s {figure.per_second:>12,.0f}/s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
