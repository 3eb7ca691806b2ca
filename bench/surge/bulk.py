"""`bulk`: orders by the ten thousand as newline-delimited JSON, beside raw COPY of the same rows."""

import socket
import threading
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import msgspec

from bench.surge.asks import bodies
from bench.surge.brand import found_brand
from bench.surge.raw import raw_orders_per_second
from bench.surge.servers import serving
from bench.workplace import new_database
from tests.make.api import make_key
from tests.make.customers import ring

ORDERS_EACH = 15_000
SENDERS = 2
BATCH = 500
_READ = 1 << 20


class _Told(msgspec.Struct):
    class Value(msgspec.Struct):
        id: str

    line: int
    value: Value


def report() -> dict[str, Any]:
    """Send from two senders to two server processes at once."""
    with new_database() as database:
        brand = found_brand(database, ring=ring())
        token = make_key(database, branch="HX")
        with serving(database) as addresses:
            files = [[*bodies(brand, f"bulk-{place}", ORDERS_EACH, seed=place)] for place in range(SENDERS)]
            warm = [*bodies(brand, "warm", 1_000, seed=99)]
            for address in addresses:
                _send(address, warm, token)
            answers: list[list[bytes]] = [[] for _ in files]
            barrier = threading.Barrier(SENDERS + 1)

            def work(place: int) -> None:
                barrier.wait()
                answers[place] = _send(addresses[place % len(addresses)], files[place], token)

            threads = [threading.Thread(target=work, args=(place,)) for place in range(SENDERS)]
            for thread in threads:
                thread.start()
            barrier.wait()
            started = perf_counter()
            for thread in threads:
                thread.join()
            seconds = perf_counter() - started
        ids = [msgspec.json.decode(line, type=_Told).value.id for lines in answers for line in lines]
        orders = ORDERS_EACH * SENDERS
        assert len(ids) == orders
        raw, connections = raw_orders_per_second(
            database, [ids[start : start + BATCH] for start in range(0, orders, BATCH)]
        )
    return {
        "orders": orders,
        "seconds": round(seconds, 2),
        "orders_per_s": round(orders / seconds),
        "raw_orders_per_s": round(raw),
        "raw_connections": connections,
        "ratio_to_raw": round(orders / seconds / raw, 3),
    }


def _send(address: tuple[str, int], lines: Sequence[bytes], token: str) -> list[bytes]:
    """Send a file, read its answers as they come; returns them, line by line."""
    body = b"\n".join(lines) + b"\n"
    head = (
        f"POST /api/v1/orders/bulk HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    with socket.create_connection(address) as connection:
        sender = threading.Thread(target=connection.sendall, args=(head + body,))
        sender.start()
        parts: list[bytes] = []
        while came := connection.recv(_READ):
            parts.append(came)
        sender.join()
    said, _, chunked = b"".join(parts).partition(b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200"), said
    return _dechunked(chunked).splitlines()


def _dechunked(content: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while True:
        end = content.index(b"\r\n", at)
        size = int(content[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(content[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
