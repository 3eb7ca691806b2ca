"""Sending: a batch side by side, each within its time, to the very address that was looked at."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from loopline.channels.standard_webhooks import signed_headers
from loopline.channels.webhooks_out.secret_book import SecretBook
from loopline.webhooks import ClaimedDelivery, DeliveryResult
from loopline.webhooks.rules import address_problem, may_be_sent_to

_CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_AGENT = "Loopline-Webhooks/1"
_AT_ONCE = 20
_AT_ONCE_PER_SUBSCRIBER = 4
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_RETRY_AFTER_MAX = timedelta(days=1)

Clock = Callable[[], datetime]


class NotSent(Exception):  # noqa: N818 - becomes the error of a delivery
    """Nothing was sent; the text says why."""


class Sender:
    """Sends deliveries. `allows_local` lets sandboxes on this machine be told."""

    def __init__(self, secrets: SecretBook, *, clock: Clock, allows_local: bool = False) -> None:
        self._secrets = secrets
        self._clock = clock
        self._allows_local = allows_local

    def send(self, deliveries: Sequence[ClaimedDelivery]) -> list[DeliveryResult]:
        """Try each delivery once, and say what became of it; never raises for one that failed."""
        return asyncio.run(self._send_all(deliveries))

    async def _send_all(self, deliveries: Sequence[ClaimedDelivery]) -> list[DeliveryResult]:
        everywhere = asyncio.Semaphore(_AT_ONCE)
        theirs = {one.subscription_id: asyncio.Semaphore(_AT_ONCE_PER_SUBSCRIBER) for one in deliveries}
        async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client:

            async def one(delivery: ClaimedDelivery) -> DeliveryResult:
                async with theirs[delivery.subscription_id], everywhere:
                    return await self._send(client, delivery)

            return list(await asyncio.gather(*(one(delivery) for delivery in deliveries)))

    async def _send(self, client: httpx.AsyncClient, delivery: ClaimedDelivery) -> DeliveryResult:
        try:
            request = await self._request(client, delivery)
            answer = await client.send(request, stream=True)
        except (NotSent, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            said = str(error) or type(error).__name__
            return DeliveryResult(delivery_id=delivery.id, tries=delivery.tries, at=self._clock(), error=said)
        await answer.aclose()
        at = self._clock()
        return DeliveryResult(
            delivery_id=delivery.id,
            tries=delivery.tries,
            at=at,
            status=answer.status_code,
            retry_after=_retry_after(answer.headers.get("retry-after"), at=at),
        )

    async def _request(self, client: httpx.AsyncClient, delivery: ClaimedDelivery) -> httpx.Request:
        """Sign the message, and aim it at the number its name resolves to now: it cannot resolve to another later."""
        if address_problem(delivery.url, allows_local=self._allows_local):
            raise NotSent("nothing is sent to this address")
        url = httpx.URL(delivery.url)
        number = await self._number(url)
        body = delivery.body.encode()
        now = self._clock()
        secrets = self._secrets.signing(
            delivery.subscription_id, delivery.secret_version, renewed_at=delivery.secret_renewed_at, now=now
        )
        headers = {
            "host": url.netloc.decode("ascii"),
            "content-type": _CONTENT_TYPE,
            "user-agent": _AGENT,
            **signed_headers(secrets, body, message_id=str(delivery.event_id), at=now),
        }
        return client.build_request(
            "POST",
            url.copy_with(host=number),
            content=body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        )

    async def _number(self, url: httpx.URL) -> str:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        numbers = [str(address[4][0]) for address in found]
        for number in numbers:
            if not may_be_sent_to(ipaddress.ip_address(number), allows_local=self._allows_local):
                raise NotSent("the name leads to an address that nothing is sent to")
        if not numbers:
            raise NotSent("the name leads nowhere")
        return numbers[0]


def _retry_after(stated: str | None, *, at: datetime) -> datetime | None:
    """Read Retry-After (RFC 9110): seconds or a date, at most a day ahead; nonsense says nothing."""
    if stated is None:
        return None
    if stated.isascii() and stated.isdigit():
        return at + min(timedelta(seconds=min(int(stated[:9]), 10**8)), _RETRY_AFTER_MAX)
    try:
        wanted = parsedate_to_datetime(stated)
    except ValueError:
        return None
    return min(wanted, at + _RETRY_AFTER_MAX) if wanted.tzinfo is not None else None
