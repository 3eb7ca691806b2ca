"""What the server does with connections, as those who keep them open see it."""

import select
import socket

import httpx
import pytest

from loopline.db import Database
from tests.make.web import served, settings

PROXIES_KEEP_SECONDS = 60
_ASK = b"GET /healthz HTTP/1.1\r\nHost: proxy\r\n\r\n"


@pytest.mark.slow
def test_an_idle_connection_is_kept_longer_than_proxies_keep_theirs(database: Database):
    with served(database, settings()) as base:
        url = httpx.URL(base)
        with socket.create_connection((url.host, url.port or 0), timeout=20) as kept:
            kept.sendall(_ASK)
            assert kept.recv(65_536).startswith(b"HTTP/1.1 200 ")
            closed, _, _ = select.select([kept], [], [], PROXIES_KEEP_SECONDS + 1)
            assert closed == []
            kept.sendall(_ASK)
            assert kept.recv(65_536).startswith(b"HTTP/1.1 200 ")
