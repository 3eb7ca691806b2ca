"""Hand text messages to a service by signed POST: `{"to": …, "text": …}`, signed as Standard Webhooks says.

The message's key is its id, so that the service takes a repeat for what it is. Any 2xx is taken over.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import msgspec

from loopline.channels.standard_webhooks import signed_headers
from loopline.channels.text_messages.port import NobodySends, NotSent, TextMessage, TextMessages

_SECONDS_MAX = 5.0
_TRIES = 2
URL_SETTING = "LOOPLINE_TEXT_MESSAGES_URL"
SECRET_SETTING = "LOOPLINE_TEXT_MESSAGES_SECRET"  # noqa: S105 - the name of the setting


class HttpTextMessages:
    """A service reached over HTTP. Shared by all threads of a process."""

    are_shown_on_the_page = False

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        client: httpx.Client | None = None,
    ) -> None:
        signed_headers([secret], b"", message_id="probe", at=clock())  # a bad secret is told at start
        self._url = url
        self._secret = secret
        self._clock = clock
        self._client = client or httpx.Client(timeout=_SECONDS_MAX, follow_redirects=False)

    def send(self, message: TextMessage) -> None:
        """Hand a message over; once more where the network or the service failed. Raises NotSent."""
        body = msgspec.json.encode({"to": message.phone, "text": message.text})
        for left in range(_TRIES - 1, -1, -1):
            try:
                answer = self._client.post(self._url, content=body, headers=self._headers(message, body))
            except httpx.HTTPError as error:
                if not left:
                    raise NotSent(type(error).__name__) from error
                continue
            if answer.is_success:
                return
            if not answer.is_server_error or not left:
                raise NotSent(f"the service answered {answer.status_code}")

    def _headers(self, message: TextMessage, body: bytes) -> dict[str, str]:
        signed = signed_headers([self._secret], body, message_id=message.key, at=self._clock())
        return signed | {"content-type": "application/json"}


def text_messages_at(url: str, secret: str) -> TextMessages:
    """Return who sends: the service at an address, which the secret signs for; nobody where there is no address.

    Raises ValueError where the one is given without the other, or the secret is none.
    """
    if bool(url) != bool(secret):
        raise ValueError(f"{URL_SETTING} and {SECRET_SETTING} are given together or not at all")
    return HttpTextMessages(url, secret) if url else NobodySends()
