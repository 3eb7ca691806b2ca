"""Pure decisions: what an event looks like outside, when the next try is, and where nothing is ever sent."""

import ipaddress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from loopline.kernel.events import Event
from loopline.webhooks.model import DeliveryResult, DeliveryState

SOURCE = "/loopline"
TYPE_PREFIX = "loopline."
# Standard Webhooks' own advice: soon, then ever more slowly; all in all three days and a half.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
FAILS_FOR_MOST = timedelta(days=5)
OLD_SECRET_FOR = timedelta(days=1)
GONE = 410
_ERROR_LENGTH_MAX = 300
_URL_LENGTH_MAX = 2_000
_JITTER_PARTS = 10


def cloud_event(event: Event) -> str:
    """Spell an event as CloudEvents 1.0 in structured mode; the log's own JSON is its data."""
    spelt = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": SOURCE,
        "type": f"{TYPE_PREFIX}{event.type}.v{event.version}",
        "subject": str(event.subject),
        "time": event.at,
        "datacontenttype": "application/json",
        "data": msgspec.Raw(event.data),
    }
    return msgspec.json.encode(spelt).decode()


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """What to write of a try: `stops` ends the subscription."""

    state: DeliveryState
    next_try_at: datetime | None
    error: str | None
    stops: bool = False


def next_step(result: DeliveryResult) -> NextStep:
    """Decide what follows a try. Tries are pulled apart by up to a tenth, by the delivery's own id."""
    if result.is_delivered:
        return NextStep(state=DeliveryState.DELIVERED, next_try_at=None, error=None)
    error = (result.error or f"HTTP {result.status}")[:_ERROR_LENGTH_MAX].replace("\x00", "")
    if result.status == GONE:
        return NextStep(state=DeliveryState.GIVEN_UP, next_try_at=None, error=error, stops=True)
    if result.tries > len(PAUSES):
        return NextStep(state=DeliveryState.GIVEN_UP, next_try_at=None, error=error)
    pause = PAUSES[result.tries - 1]
    jitter = pause / _JITTER_PARTS * (result.delivery_id.int % 1_000) / 1_000
    at = result.at + pause + jitter
    if result.retry_after is not None:
        at = max(at, min(result.retry_after, result.at + PAUSES[-1]))
    return NextStep(state=DeliveryState.WAITING, next_try_at=at, error=error)


def address_problem(url: str, *, allows_local: bool) -> bool:
    """Tell whether nothing may be sent to an address, as far as its text says.

    What a name resolves to is looked at when it is sent to. `allows_local` is for sandboxes: this machine, and http.
    """
    if len(url) > _URL_LENGTH_MAX or not url.isascii() or not url.isprintable() or " " in url:
        return True
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return True
    if not host or parts.username or parts.password or parts.fragment:
        return True
    if parts.scheme not in ({"http", "https"} if allows_local else {"https"}):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return not allows_local and (host == "localhost" or host.endswith(".localhost") or "." not in host)
    return not may_be_sent_to(number, allows_local=allows_local)


def may_be_sent_to(number: ipaddress.IPv4Address | ipaddress.IPv6Address, *, allows_local: bool) -> bool:
    """Tell whether an address is of the open internet, or this machine's own where that is allowed."""
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is not None:
        number = number.ipv4_mapped
    if number.is_loopback:
        return allows_local
    return number.is_global and not number.is_multicast
