"""The load generator of the benchmarks, against servers that close connections when they like."""

import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from bench.surge.load import Connections, closed_loop, get, open_loop
from bench.surge.servers import telling_who_ended

ASK = get("/healthz", token="t")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Generator[tuple[str, int]]:
    """A server that behaves so with whoever comes, then is gone; what goes wrong with it fails the test."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(20)
        behaving = pool.submit(behave, listener)
        yield listener.getsockname()
        behaving.result()


def came_to(listener: socket.socket) -> socket.socket:
    one, _ = listener.accept()
    one.settimeout(20)
    return one


def test_a_connection_that_is_closed_while_idle_is_opened_again_and_counted():
    def behave(listener: socket.socket) -> None:
        with came_to(listener) as asking:
            came_to(listener).close()  # has asked for nothing
            with came_to(listener):  # came again
                assert asking.recv(65_536) == ASK
                asking.sendall(ANSWER)
                assert asking.recv(1) == b""

    with listening(behave) as address:
        answers = closed_loop([address], iter([ASK]), connections=2)
    assert (dict(answers.statuses), answers.reopened) == ({200: 1}, 1)


def test_a_connection_that_is_closed_with_a_request_under_way_is_said_so():
    def behave(listener: socket.socket) -> None:
        with came_to(listener) as asking:
            assert asking.recv(65_536) == ASK
            asking.sendall(ANSWER[:5])

    with (
        listening(behave) as address,
        pytest.raises(
            ConnectionError, match=r"with a request under way, due .* s ago; 5 bytes of its answer"
        ),
    ):
        closed_loop([address], iter([ASK]), connections=1)


def test_a_connection_that_was_not_used_for_long_is_not_written_to():
    def behave(listener: socket.socket) -> None:
        with came_to(listener) as old, came_to(listener) as new:
            assert old.recv(65_536) == b""
            assert new.recv(65_536) == ASK
            new.sendall(ANSWER)

    with listening(behave) as address, closing(Connections([address], 1)) as opened:
        (one,) = opened.all
        one.used_at -= 61
        opened.send(one, ASK, one.used_at)
        assert opened.answered() == [(one, 200, b"ok")]
        assert opened.reopened == 1


def test_requests_on_their_own_clock_are_over_with_the_last_answer():
    def behave(listener: socket.socket) -> None:
        with came_to(listener) as asking:
            assert asking.recv(65_536) == ASK
            asking.sendall(ANSWER)
            assert asking.recv(1) == b""  # without waiting for us to close it

    with listening(behave) as address:
        answers = open_loop([address], iter([ASK]), per_second=5, connections=1)
    assert (dict(answers.statuses), answers.reopened) == ({200: 1}, 0)
    assert answers.elapsed < 10


def test_a_server_that_ended_by_itself_is_named_with_its_exit_code(capsys: pytest.CaptureFixture[str]):
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    ended.wait()
    with (
        pytest.raises(ConnectionError),
        telling_who_ended({("127.0.0.1", 1): ended.poll, ("127.0.0.1", 2): lambda: None}),
    ):
        raise ConnectionError
    assert capsys.readouterr().err == "the server at 127.0.0.1:1 ended by itself, exit code 7\n"
