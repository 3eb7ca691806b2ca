"""Two PostgreSQL servers of a test's own, a primary and a standby that has every commit before it is acknowledged.

Run by hand and not as the embedded server, which would start a killed primary again: here the machine is gone.
"""

import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from loopline.db import Addresses
from loopline.db.embedded import ADMIN_ROLE, BINARIES, EmbeddedServer
from loopline.db.settings import DATABASE_NAME, OWNER_ROLE, SERVING_ROLE

STANDBY_NAME = "standby"
_PATIENCE_SECONDS = 120


class Machine:
    """A PostgreSQL server in a directory, reached over a socket beside it; killed with everything it runs."""

    def __init__(self, directory: Path, binaries: Path) -> None:
        self.cluster = directory / "postgres"
        self.socket = directory / "socket"
        self._binaries = binaries
        owner = self.cluster.stat()
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._identity = {"user": owner.st_uid, "group": owner.st_gid}
        self._process: subprocess.Popen[Any] | None = None

    def start(self, *options: str) -> None:
        """Start it, and wait until it answers: a standby too, to those who only read."""
        command = [str(self._binaries / "postgres"), "-D", str(self.cluster), "-c", "listen_addresses="]
        for option in (f"unix_socket_directories={self.socket}", "max_connections=100", *options):
            command += ["-c", option]
        with (self.socket.parent / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", start_new_session=True, **self._identity
            )
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self.asked("select 1")
                return
            except psycopg.OperationalError:
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.05)

    def asked(self, query: str) -> list[tuple[object, ...]]:
        """Ask as the administrator."""
        with psycopg.connect(
            host=str(self.socket), user=ADMIN_ROLE, dbname="postgres", autocommit=True
        ) as conn:
            cursor = conn.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def kill(self) -> None:
        """Lose the power: the server and all its processes end without a word."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def copy_to(self, directory: Path) -> "Machine":
        """Make a standby of this running server in another directory."""
        (directory / "socket").mkdir(parents=True)
        if os.geteuid() == 0:
            for made in (directory, directory / "socket"):
                os.chown(made, self._identity["user"], self._identity["group"])
        address = f"host={self.socket} user={ADMIN_ROLE} application_name={STANDBY_NAME}"
        subprocess.run(
            [
                *(str(self._binaries / "pg_basebackup"), "--dbname", address),
                *("--pgdata", str(directory / "postgres"), "--write-recovery-conf", "--checkpoint=fast"),
                *("--create-slot", "--slot", STANDBY_NAME),
            ],
            check=True,
            cwd="/",
            capture_output=True,
            **self._identity,
        )
        return Machine(directory, self._binaries)


class Pair:
    """A primary, its synchronous standby, and the addresses that reach whichever of them takes writes."""

    def __init__(self, primary: Machine, standby: Machine) -> None:
        self.primary = primary
        self.standby = standby

    @property
    def addresses(self) -> Addresses:
        both = f"host='{self.primary.socket},{self.standby.socket}' dbname={DATABASE_NAME}"
        read_write = "target_session_attrs=read-write connect_timeout=5"
        return Addresses(
            owner=f"{both} user={OWNER_ROLE} {read_write}", serving=f"{both} user={SERVING_ROLE} {read_write}"
        )


@contextmanager
def synchronous_pair(directory: Path, founded: EmbeddedServer) -> Generator[Pair]:
    """Run the cluster of a stopped embedded server as a primary, with a standby made of it in `directory`."""
    reachable = next(founded.directory.glob("binaries-*"), BINARIES) / "bin"
    primary = Machine(founded.directory, reachable)
    machines = [primary]
    try:
        primary.start("synchronous_commit=on")
        standby = primary.copy_to(directory / "standby")
        machines.append(standby)
        standby.start()
        # From here on nothing is acknowledged that the standby has not on its disk.
        primary.asked(f"alter system set synchronous_standby_names = '{STANDBY_NAME}'")
        primary.asked("select pg_reload_conf()")
        until = time.monotonic() + _PATIENCE_SECONDS
        while primary.asked("select sync_state from pg_stat_replication") != [("sync",)]:
            assert time.monotonic() < until, "the standby does not follow"
            time.sleep(0.05)
        yield Pair(primary, standby)
    finally:
        for machine in machines:
            machine.kill()
