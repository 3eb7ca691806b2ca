"""Lets the demo's made-up brand live beside the server: keeps what it tells for the pages, and tells a person at the
console how the first morning goes.
"""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from rich.markup import escape

from loopline.cli.console import people
from loopline.db import Database
from loopline.simulator.brand.living import LifeAsk, Word, world_living
from loopline.simulator.brand.progress import NAME, Standing, tell_world

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what to call where the server listens everywhere
_STAGES = {
    "opening": "the brand brings in its goods",
    "morning": "the tills ring up the morning",
    "day": "the day goes on",
}
_logger = structlog.get_logger(__name__)


@contextmanager
def demo_world(database: Database, ask: LifeAsk) -> Generator[None]:
    """Let the world live until the block ends."""
    onlooker = _Onlooker(database, seed=ask.seed)
    with world_living(ask, heard=onlooker.hear):
        yield


def reachable(host: str) -> str:
    """Return by which name a program on this machine reaches a server that listens at a host."""
    return _EVERYWHERE.get(host, host)


class _Onlooker:
    """Hears what the world tells, in a thread of its own."""

    def __init__(self, database: Database, *, seed: int) -> None:
        self._database = database
        self._seed = seed
        self._stage = ""

    def hear(self, word: Word) -> None:
        """Keep it for the pages; say a new stage, or what went wrong, to the person at the console."""
        if word.problem:
            _logger.warning("made_up_world_stumbled", problem=word.problem)
        if word.told.stage != self._stage:
            self._stage = word.told.stage
            people.print(f"  {escape(_STAGES.get(self._stage, self._stage))}", highlight=False)
        self._keep(word)

    def _keep(self, word: Word) -> None:
        standing = Standing(
            name=NAME,
            seed=self._seed,
            is_real_time=True,
            reached=word.at,
            told=word.told,
            told_at=word.at,
        )
        try:
            with self._database.transaction(quiet=True) as conn:
                tell_world(conn, standing)
        except (psycopg.Error, PoolTimeout):
            # The database is away for a moment: the next word is a second off.
            _logger.warning("made_up_world_not_kept", exc_info=True)
