"""What decides waves, in a process of its own, to be killed: says `solving` before each search, and `done` in the end.

Told by arguments: the addresses of the database as its owner and as the serving role.
"""

import sys
from datetime import UTC, datetime

from loopline.db import Addresses, Database
from loopline.jobs.waves import source_waves
from loopline.sourcing.model import Wave, WavePlan
from loopline.sourcing.optimise import Optimiser

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Telling:
    """The optimiser, which says when it begins."""

    def solve(self, wave: Wave, *, seed: int) -> WavePlan:
        """Say so, and solve."""
        print("solving", flush=True)
        return Optimiser(work=30, gap=0.0).solve(wave, seed=seed)


def main(owner: str, serving: str) -> None:
    database = Database(Addresses(owner=owner, serving=serving))
    while source_waves(database, NOON, solver=Telling()):
        pass
    database.close()
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
