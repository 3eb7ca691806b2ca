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
from time import perf_counter

import msgspec

_READ = 65_536
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_IDLE_SECONDS = 0.0005
_PATIENCE_SECONDS = 30.0


class Answers(msgspec.Struct, kw_only=True):
    """What came back: how many of each status, and how long each took, in seconds."""

    statuses: Counter[int]
    seconds: list[float]
    elapsed: float

    def milliseconds(self, share: float) -> float:
        """Return the time within which this share of the answers came, in milliseconds, to two decimals."""
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)


class Connection:
    """One connection over which one request goes at a time."""

    __slots__ = ("answer", "due", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.answer = b""
        self.due = 0.0

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment of `perf_counter`."""
        self.due = due
        sent = self.socket.send(request)
        assert sent == len(request), "a request larger than the socket's buffer"

    def read(self) -> tuple[int, bytes] | None:
        """Take in what came; returns status and body of a whole answer, or None."""
        came = self.socket.recv(_READ)
        if not came:
            raise ConnectionError("the server closed a connection")
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
        return found


def closed_loop(
    addresses: Sequence[tuple[str, int]], requests: Iterator[bytes], *, connections: int
) -> Answers:
    """Send all requests, each connection one after the other, and wait for every answer."""
    started = perf_counter()
    answers = Answers(statuses=Counter(), seconds=[], elapsed=0)
    poll, by_number = connect(addresses, connections)
    open_ones = 0
    for one in by_number.values():
        request = next(requests, None)
        if request is not None:
            one.send(request, perf_counter())
            open_ones += 1
    while open_ones:
        ready = poll.poll(_PATIENCE_SECONDS)
        if not ready:
            raise TimeoutError("the server does not answer")
        for number, _ in ready:
            one = by_number[number]
            answer = one.read()
            if answer is None:
                continue
            now = perf_counter()
            answers.seconds.append(now - one.due)
            answers.statuses[answer[0]] += 1
            request = next(requests, None)
            if request is None:
                open_ones -= 1
            else:
                one.send(request, now)
    answers.elapsed = perf_counter() - started
    _close(by_number)
    return answers


def open_loop(
    addresses: Sequence[tuple[str, int]], requests: Iterator[bytes], *, per_second: float, connections: int
) -> Answers:
    """Send requests evenly at a rate, each over a connection that is free; one that finds none waits and is late."""
    answers = Answers(statuses=Counter(), seconds=[], elapsed=0)
    poll, by_number = connect(addresses, connections)
    free = deque(by_number.values())
    waiting: list[tuple[float, bytes]] = []
    started = perf_counter()
    due = started
    more = True
    under_way = 0
    while more or waiting or under_way:
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
            free.popleft().send(request, moment)
            under_way += 1
        for number, _ in poll.poll(_IDLE_SECONDS if more else _PATIENCE_SECONDS):
            one = by_number[number]
            answer = one.read()
            if answer is not None:
                answers.seconds.append(perf_counter() - one.due)
                answers.statuses[answer[0]] += 1
                free.append(one)
                under_way -= 1
    answers.elapsed = perf_counter() - started
    _close(by_number)
    return answers


def connect(
    addresses: Sequence[tuple[str, int]], connections: int
) -> tuple[select.epoll, dict[int, Connection]]:
    """Open connections, spread over the addresses: by the number of their sockets, as the poll names them."""
    poll = select.epoll()
    by_number: dict[int, Connection] = {}
    for place in range(connections):
        one = Connection(addresses[place % len(addresses)])
        by_number[one.socket.fileno()] = one
        poll.register(one.socket.fileno(), select.EPOLLIN)
    return poll, by_number


def _close(by_number: dict[int, Connection]) -> None:
    for one in by_number.values():
        one.socket.close()


def post(path: str, body: bytes, *, token: str) -> bytes:
    """Spell a request with a JSON body."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str, *, token: str) -> bytes:
    """Spell a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
