"""The embedded server: comes back after kill -9, outlives any one of its users, ends with the last, and says clearly
when a directory is not its own."""

import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from loopline.db.embedded import ADMIN_ROLE, EmbeddedProblem, EmbeddedServer
from loopline.db.opening import open_database
from loopline.db.settings import Settings

pytestmark = pytest.mark.crash
FAILURES_OF_A_FIRST_START = 50


@pytest.fixture
def directory() -> Generator[Path, None, None]:
    made = Path(tempfile.mkdtemp(prefix="loopline-embedded-"))
    made.chmod(0o755)
    yield made / "data"
    shutil.rmtree(made, ignore_errors=True)


def connect(server: EmbeddedServer) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.conninfo(ADMIN_ROLE, "postgres"), autocommit=True)


def connect_when_back(server: EmbeddedServer, killed: int) -> psycopg.Connection[tuple[object, ...]]:
    while server.postmaster_pid() in (None, killed) or not server.is_ready():
        pass  # the pid file is the signal; pytest's own limit ends a server that never comes back
    return connect(server)


def start_user(directory: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("embedded_user.py")), str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def wait_for_end(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([handle], [], [], 30)
    os.close(handle)


def test_comes_back_with_what_was_committed_after_kill_9(directory: Path):
    server = EmbeddedServer(directory)
    server.start()
    try:
        with connect(server) as conn:
            conn.execute("create table kept (n int)")
        for expected in (1, 2):
            with connect(server) as conn:
                conn.execute("insert into kept values (1)")
            killed = server.postmaster_pid()
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            with connect_when_back(server, killed) as conn:
                assert conn.execute("select count(*) from kept").fetchone() == (expected,)
    finally:
        server.stop()
    assert server.postmaster_pid() is None


@pytest.mark.slow
def test_one_that_has_served_is_tried_until_it_starts_again(directory: Path):
    """Longer than a first start would be: what keeps it from starting (a full disk, say) passes."""
    server = EmbeddedServer(directory)
    server.start()
    try:
        needed = directory / "postgres" / "global" / "pg_control"
        needed.rename(needed.with_suffix(".away"))
        killed = server.postmaster_pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        until = time.monotonic() + 90
        while (directory / "postgres.log").read_text().count("pg_control") <= FAILURES_OF_A_FIRST_START:
            assert time.monotonic() < until
            time.sleep(0.05)
        needed.with_suffix(".away").rename(needed)
        with connect_when_back(server, killed) as conn:
            assert conn.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()


def test_open_connections_of_the_pool_come_back_by_themselves(directory: Path):
    with open_database(Settings(data_directory=directory)) as database:
        server = EmbeddedServer(directory)
        killed = server.postmaster_pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        connect_when_back(server, killed).close()
        with database.reading() as conn:
            assert conn.execute("select current_user").fetchone() == ("loopline_app",)


def test_the_server_outlives_its_first_user_and_ends_with_the_last(directory: Path):
    first, second = start_user(directory), start_user(directory)
    watching = EmbeddedServer(directory)
    pid = watching.postmaster_pid()
    assert pid is not None
    first.communicate()
    assert watching.postmaster_pid() == pid
    os.kill(pid, signal.SIGKILL)  # the second user has taken over the supervision
    connect_when_back(watching, pid).close()
    last = watching.postmaster_pid()
    assert last is not None
    second.communicate()
    wait_for_end(last)
    assert watching.postmaster_pid() is None


def test_a_killed_users_server_is_adopted(directory: Path):
    first = start_user(directory)
    watching = EmbeddedServer(directory)
    pid = watching.postmaster_pid()
    first.kill()
    first.communicate()
    second = start_user(directory)
    assert watching.postmaster_pid() == pid
    second.communicate()
    assert pid is not None
    wait_for_end(pid)
    assert watching.postmaster_pid() is None


def test_a_start_that_was_killed_half_way_is_begun_again(directory: Path):
    unfinished = directory / "postgres.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "rubbish").write_text("half a cluster")
    server = EmbeddedServer(directory)
    server.start()
    with connect(server) as conn:
        assert conn.execute("select 1").fetchone() == (1,)
    server.stop()
    assert not unfinished.exists()


def test_a_directory_of_another_version_is_refused_with_what_to_do(directory: Path):
    server = EmbeddedServer(directory)
    server.start()
    server.stop()
    (directory / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(
        EmbeddedProblem, match=r"was written by PostgreSQL 12, .* brings PostgreSQL 18: dump it"
    ):
        EmbeddedServer(directory).start()


def test_a_directory_that_is_no_cluster_is_refused(directory: Path):
    cluster = directory / "postgres"
    cluster.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(cluster, "nobody")
    with pytest.raises(EmbeddedProblem, match="has no PG_VERSION"):
        EmbeddedServer(directory).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a directory of somebody else's")
def test_a_directory_of_another_user_is_refused_with_both_names(directory: Path):
    server = EmbeddedServer(directory)
    server.start()
    server.stop()
    for path in (directory, *directory.parents[:1]):
        path.chmod(0o777)
    shutil.chown(directory / "postgres", "daemon")
    said = said_as("bin", directory)
    assert "belongs to the user 'daemon', and we are 'bin'" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_runs_as_a_user_who_is_not_root(directory: Path):
    directory.mkdir()
    shutil.chown(directory, "daemon")
    assert said_as("daemon", directory) == "ran"
    assert (directory / "postgres").stat().st_uid == pwd.getpwnam("daemon").pw_uid


def said_as(name: str, directory: Path) -> str:
    """Start and stop a server as another account and return what was said: 'ran', or the problem.

    A forked child, not a new program: that account may not be able to enter the folder Python itself lies in.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # newer Pythons warn of forking with threads; the child uses none of ours
        child = os.fork()
    if child == 0:
        entry = pwd.getpwnam(name)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        try:
            server = EmbeddedServer(directory)
            server.start()
            server.stop()
            said = "ran"
        except BaseException as problem:  # noqa: BLE001 - told to the parent, which judges
            said = str(problem)
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said
