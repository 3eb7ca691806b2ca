"""Servers in processes of their own on one database, and clients that call them all at one moment."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from loopline.db import Addresses, Database
from tests.make.web import data_directory, free_port

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


class Nursery:
    """Where servers are born without having to import anything: for tests that kill many. All die with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.make.server_nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._born: list[int] = []
        assert self._tell() == "ready"

    def bear(self, addresses: Addresses) -> "NursedServer":
        """Start a server of a database."""
        port = free_port()
        arguments = [addresses.owner, addresses.serving, str(port), str(data_directory())]
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(arguments) + b"\n")
        self._process.stdin.flush()
        self._born.append(int(self._tell()))
        return NursedServer(self._born[-1], f"http://127.0.0.1:{port}")

    def close(self) -> None:
        """Kill all that live, and bear no more."""
        for pid in self._born:
            kill_and_wait(pid)
        self._process.communicate()

    def _tell(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()


class NursedServer(msgspec.Struct, frozen=True):
    """A server that was forked, to be killed."""

    pid: int
    base: str

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 180
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.base}/healthz", timeout=30).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise TimeoutError("the server did not come up")

    def kill(self) -> None:
        """End it without a word."""
        kill_and_wait(self.pid)


def kill_and_wait(pid: int) -> None:
    """Kill a process and wait until it is gone; nothing where it is gone already."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        select.select([handle], [], [], 30)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


class ServerProcess:
    """A server that can be killed like a machine that loses its power."""

    def __init__(self, database: Database) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        addresses = database.addresses
        assert not addresses.serving_sets_role
        self._process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("order_server.py")),
                addresses.owner,
                addresses.serving,
                str(port),
                str(data_directory()),
            ],
            cwd=ROOT,
        )

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 180
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.base}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                assert self._process.poll() is None, "the server ended"
            time.sleep(0.05)
        raise TimeoutError("the server did not come up")

    def exit_code(self) -> int | None:
        """Return with what it ended; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait(timeout=20)

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        self._process.terminate()
        return self._process.wait(timeout=30)


@contextmanager
def server_processes(database: Database, count: int) -> Generator[list[ServerProcess]]:
    """Serve a database from so many processes."""
    servers = [ServerProcess(database) for _ in range(count)]
    try:
        for server in servers:
            server.wait()
        yield servers
    finally:
        for server in servers:
            server.kill()


def at_once(work: Sequence[Callable[[], T]], *, threads: int) -> list[T]:
    """Do pieces of work in threads that all begin at one moment, each thread with its share, in order."""
    barrier = threading.Barrier(threads)
    found: list[list[tuple[int, T]]] = [[] for _ in range(threads)]

    def run(thread: int) -> None:
        barrier.wait()
        for position in range(thread, len(work), threads):
            found[thread].append((position, work[position]()))

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(run, thread) for thread in range(threads)]:
            done.result()
    return [
        outcome for _, outcome in sorted((pair for share in found for pair in share), key=lambda one: one[0])
    ]


def ask_order(base: str, token: str, message: dict[str, Any]) -> httpx.Response | None:
    """Place one order; None where no answer came."""
    headers = {"authorization": f"Bearer {token}"}
    try:
        return httpx.post(f"{base}/api/v1/orders", json=message, headers=headers, timeout=30)
    except httpx.TransportError:
        return None
