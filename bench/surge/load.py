"""A load generator in one thread: many connections over epoll, closed loop or on its own clock.

It spends a few microseconds a request, so that what is measured on the same machine is the server. Closed loop: each
connection sends its next request when it has the answer. Open loop: requests are due at moments of their own, whatever
became of those before; how long one took is counted from the moment it was due, so that a slow answer cannot hide those
behind it ("coordinated omission").
"""

import heapq
import select
import socket
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from time import perf_counter, thread_time

import msgspec

_READ = 65_536
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_IDLE_SECONDS = 0.0005
_PATIENCE_SECONDS = 30.0
_UNUSED_SECONDS = 60.0
"""Both are less than the 75 for which the server keeps an idle connection: who asks gives up before the server does."""


class Answers(msgspec.Struct, kw_only=True):
    """What came back: how many of each status, and how long each took, in seconds.

    `generator_seconds` is the time of a core that asking took by itself. `reopened` counts connections that the server
    closed, or that had become old, while no request was under way.
    """

    statuses: Counter[int]
    seconds: list[float]
    elapsed: float
    generator_seconds: float = 0
    reopened: int = 0

    def milliseconds(self, share: float) -> float:
        """Return the time within which this share of the answers came, in milliseconds, to two decimals."""
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)


class Connection:
    """One connection over which one request goes at a time."""

    __slots__ = ("address", "answer", "due", "is_asking", "socket", "used_at")

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.due = 0.0
        self.is_asking = False
        self.open()

    def open(self) -> None:
        """Connect; a connection that was closed may be opened again."""
        self.socket = socket.create_connection(self.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.answer = b""
        self.used_at = perf_counter()

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment of `perf_counter`."""
        self.due = due
        self.is_asking = True
        sent = self.socket.send(request)
        assert sent == len(request), "a request larger than the socket's buffer"

    def read(self) -> tuple[int, bytes] | None:
        """Take in what came; returns status and body of a whole answer, or None. Raises ConnectionError if closed."""
        came = self.socket.recv(_READ)
        if not came:
            raise ConnectionResetError("the server closed it")
        self.answer += came
        end = self.answer.find(_HEAD_END)
        if end < 0:
            return None
        head = self.answer[:end].lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        stop = head.find(b"\r", at)
        length = int(head[at : stop if stop > 0 else None])
        begin = end + len(_HEAD_END)
        if len(self.answer) < begin + length:
            return None
        found = int(self.answer[9:12]), self.answer[begin:]
        self.answer = b""
        self.is_asking = False
        self.used_at = perf_counter()
        return found


class Connections:
    """Connections spread over addresses, and one poll for all. One that is closed while idle is opened again."""

    def __init__(self, addresses: Sequence[tuple[str, int]], count: int) -> None:
        self.all = [Connection(addresses[place % len(addresses)]) for place in range(count)]
        self.reopened = 0
        self._poll = select.epoll()
        self._by_number: dict[int, Connection] = {}
        for one in self.all:
            self._watch(one)

    def send(self, connection: Connection, request: bytes, due: float) -> None:
        """Send a request over an idle connection; over a new one where the server may be about to close it."""
        if perf_counter() - connection.used_at > _UNUSED_SECONDS:
            self._reopen(connection)
        try:
            connection.send(request, due)
        except ConnectionError:  # closed since the last poll: nothing of the request went out
            self._reopen(connection)
            connection.send(request, due)

    def answered(self, *, within: float | None = None) -> list[tuple[Connection, int, bytes]]:
        """Wait for something to come; returns whole answers, each a connection, status and body: maybe none.

        Without a time it waits for as long as a server may take, then raises TimeoutError. Raises ConnectionError where
        the server closes a connection with a request under way.
        """
        ready = self._poll.poll(_PATIENCE_SECONDS if within is None else within)
        if not ready and within is None:
            raise TimeoutError("the server does not answer")
        found: list[tuple[Connection, int, bytes]] = []
        for number, _ in ready:
            one = self._by_number[number]
            try:
                answer = one.read()
            except ConnectionError as error:
                if one.is_asking:
                    raise _cut_off(one) from error
                self._reopen(one)
                continue
            if answer is not None:
                found.append((one, *answer))
        return found

    def close(self) -> None:
        """Close all of them."""
        self._poll.close()
        for one in self.all:
            one.socket.close()

    def _watch(self, connection: Connection) -> None:
        self._by_number[connection.socket.fileno()] = connection
        self._poll.register(connection.socket.fileno(), select.EPOLLIN)

    def _reopen(self, connection: Connection) -> None:
        self.reopened += 1
        del self._by_number[connection.socket.fileno()]
        connection.socket.close()  # the poll forgets it too
        connection.open()
        self._watch(connection)


def _cut_off(connection: Connection) -> ConnectionError:
    host, port = connection.address
    return ConnectionError(
        f"{host}:{port} closed a connection with a request under way, due {perf_counter() - connection.due:.3f} s ago;"
        f" {len(connection.answer)} bytes of its answer had come"
    )


def closed_loop(
    addresses: Sequence[tuple[str, int]], requests: Iterator[bytes], *, connections: int
) -> Answers:
    """Send all requests, each connection one after the other, and wait for every answer."""
    started, spent = perf_counter(), thread_time()
    answers = Answers(statuses=Counter(), seconds=[], elapsed=0)
    with closing(Connections(addresses, connections)) as opened:
        under_way = 0
        for one in opened.all:
            request = next(requests, None)
            if request is not None:
                opened.send(one, request, perf_counter())
                under_way += 1
        while under_way:
            for one, status, _ in opened.answered():
                now = perf_counter()
                answers.seconds.append(now - one.due)
                answers.statuses[status] += 1
                request = next(requests, None)
                if request is None:
                    under_way -= 1
                else:
                    opened.send(one, request, now)
        answers.elapsed, answers.generator_seconds = perf_counter() - started, thread_time() - spent
        answers.reopened = opened.reopened
    return answers


def open_loop(
    addresses: Sequence[tuple[str, int]], requests: Iterator[bytes], *, per_second: float, connections: int
) -> Answers:
    """Send requests evenly at a rate, each over a connection that is free; one that finds none waits and is late."""
    answers = Answers(statuses=Counter(), seconds=[], elapsed=0)
    with closing(Connections(addresses, connections)) as opened:
        free = deque(opened.all)
        waiting: list[tuple[float, bytes]] = []
        started = perf_counter()
        due = started
        more = True
        under_way = 0
        while True:
            now = perf_counter()
            while more and due <= now:
                request = next(requests, None)
                if request is None:
                    more = False
                    break
                heapq.heappush(waiting, (due, request))
                due += 1 / per_second
            while waiting and free:
                moment, request = heapq.heappop(waiting)
                opened.send(free.popleft(), request, moment)
                under_way += 1
            if not more and not under_way:  # nothing waits either: all connections are free
                break
            for one, status, _ in opened.answered(within=_IDLE_SECONDS if more else None):
                answers.seconds.append(perf_counter() - one.due)
                answers.statuses[status] += 1
                free.append(one)
                under_way -= 1
        answers.elapsed = perf_counter() - started
        answers.reopened = opened.reopened
    return answers


def post(path: str, body: bytes, *, token: str) -> bytes:
    """Spell a request with a JSON body."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str, *, token: str) -> bytes:
    """Spell a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
