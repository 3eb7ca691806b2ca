"""Server processes on the database that is measured, as `loopline serve` would run them."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from loopline.db import Database
from tests.make.served import server_processes
from tests.make.web import data_directory, free_port

PROCESSES = 2
Addresses = list[tuple[str, int]]

_CHECKOUT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 120


@contextmanager
def serving(database: Database) -> Generator[Addresses, None, None]:
    """Serve from processes whose clock stands still, without rounds; yields where they listen."""
    with server_processes(database, PROCESSES) as servers:
        by_address = {_address(one.base): one.exit_code for one in servers}
        with telling_who_ended(by_address):
            yield list(by_address)


@contextmanager
def surging(database: Database, *, factor: float) -> Generator[Addresses, None, None]:
    """Serve from processes whose clock goes `factor` times as fast, the rounds beside the first of them."""
    begun = str(time.time())
    with ExitStack() as running:
        by_address: dict[tuple[str, int], Callable[[], int | None]] = {}
        for place in range(PROCESSES):
            port = free_port()
            arguments = [
                database.addresses.owner,
                database.addresses.serving,
                str(port),
                str(data_directory()),
                begun,
                str(factor),
                "jobs" if place == 0 else "none",
            ]
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.surge.server", *arguments], cwd=_CHECKOUT
            )
            running.callback(process.wait)
            running.callback(process.terminate)
            by_address["127.0.0.1", port] = process.poll
        with telling_who_ended(by_address):
            for address in by_address:
                _await(address)
            yield list(by_address)


@contextmanager
def telling_who_ended(
    exit_codes: Mapping[tuple[str, int], Callable[[], int | None]],
) -> Generator[None, None, None]:
    """Say at the end with what code servers ended that nobody asked to end; nothing of those that still run."""
    try:
        yield
    finally:
        for (host, port), exit_code in exit_codes.items():
            code = exit_code()
            if code is not None:
                print(f"the server at {host}:{port} ended by itself, exit code {code}", file=sys.stderr)


def _await(address: tuple[str, int]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://{address[0]}:{address[1]}/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError("a server did not come up")


def _address(base: str) -> tuple[str, int]:
    url = httpx.URL(base)
    assert url.port is not None
    return url.host, url.port
