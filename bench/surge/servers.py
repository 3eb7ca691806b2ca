"""Server processes on the database that is measured, as `loopline serve --no-jobs` would run them."""

import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx

from loopline.db import Database
from tests.make.served import ServerProcess, server_processes

PROCESSES = 2
Addresses = list[tuple[str, int]]


@contextmanager
def serving(database: Database, *, processes: int = PROCESSES) -> Generator[Addresses, None, None]:
    """Serve from so many processes; yields where they listen."""
    with server_processes(database, processes) as servers:
        yield [_address(one) for one in servers]


def _address(server: ServerProcess) -> tuple[str, int]:
    url = httpx.URL(server.base)
    assert url.port is not None
    return url.host, url.port


def resting(seconds: float = 1.0) -> None:
    """Let what was begun before come to rest: a checkpoint's writes would be counted with what is measured."""
    time.sleep(seconds)
