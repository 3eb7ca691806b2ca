"""Who asks: the other end, or whom a proxy on this machine says last."""

import pytest

from loopline.web.peers import behind_proxy


@pytest.mark.parametrize(
    ("host", "forwarded", "expected"),
    [
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        # What a caller wrote stands before what the proxy wrote.
        ("127.0.0.1", ["10.0.0.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.1", "203.0.113.9"], "203.0.113.9"),
        ("198.51.100.4", ["203.0.113.9"], "198.51.100.4"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, unknown"], "127.0.0.1"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_who_asks(host: str, forwarded: list[str], expected: str):
    assert behind_proxy(host, forwarded) == expected
