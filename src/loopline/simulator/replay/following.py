"""A process beside the replay that follows the log, as `loopline serve` does: books and boards keep up meanwhile."""

import multiprocessing
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event

from loopline.db import Addresses, Database
from loopline.db.followers import FollowerLoop
from loopline.jobs.followers import FOLLOWERS

_LOOK_SECONDS = 0.5


@contextmanager
def log_followed(database: Database) -> Generator[None, None, None]:
    """Follow the log in a process of its own until the block ends; what is under way is finished first.

    Whoever holds a follower's row applies its events: a server on the same database does no harm. The helper ends
    with its parent, however that ends.
    """
    spawning = multiprocessing.get_context("spawn")
    stopping = spawning.Event()
    helper = spawning.Process(
        target=_follow, args=(database.addresses, stopping, os.getpid()), name="replay-followers", daemon=True
    )
    helper.start()
    try:
        yield
    finally:
        stopping.set()
        helper.join()


def _follow(addresses: Addresses, stopping: Event, parent: int) -> None:
    database = Database(addresses, connections_max=4)
    followers = FollowerLoop(database, FOLLOWERS, clock=lambda: datetime.now(UTC))
    followers.start()
    while not stopping.wait(_LOOK_SECONDS) and os.getppid() == parent:
        pass
    followers.stop()
    database.close()
