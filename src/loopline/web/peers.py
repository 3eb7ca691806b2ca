"""Which internet address somebody asks from, also behind the proxy on this machine that a real installation has."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from litestar import Request

_FORWARDED = "x-forwarded-for"


def peer_of(request: Request[Any, Any, Any]) -> str:
    """Return the internet address somebody asks from; empty where there is none."""
    host = request.client.host if request.client else ""
    is_secure: bool = request.app.state["edge"].settings.is_secure
    return behind_proxy(host, request.headers.getall(_FORWARDED, [])) if is_secure else host


def behind_proxy(host: str, forwarded: Sequence[str]) -> str:
    """Return who asks a proxy on this machine: the last that it says. What came from elsewhere says it of itself."""
    proxy, asker = _read(host), _read(",".join(forwarded).rpartition(",")[2])
    return str(asker) if proxy is not None and proxy.is_loopback and asker is not None else host


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None
