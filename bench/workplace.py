"""A new database on an embedded server with durability on, as a shop would have it."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import msgspec

from loopline.db import Database
from loopline.db.opening import open_database
from loopline.db.settings import Settings


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """So many things in so many seconds."""

    what: str
    count: int
    unit: str
    seconds: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


@contextmanager
def new_database() -> Generator[Database, None, None]:
    with tempfile.TemporaryDirectory(prefix="loopline-bench-") as folder:
        Path(folder).chmod(0o755)
        with open_database(Settings(data_directory=Path(folder) / "data")) as database:
            yield database


class Watch:
    """Adds up the seconds of what stands inside `with watch`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += perf_counter() - self._since


def batches(count: int, size: int) -> Iterator[range]:
    for start in range(0, count, size):
        yield range(start, min(start + size, count))
