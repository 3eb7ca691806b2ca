"""The platform as buyers know it: asks the sandbox to open, over HTTP.

Whatever goes wrong on the way (no connection, a time-out, an answer that makes no sense) is no answer; what it says of
that repeats nothing of what came back.
"""

import weakref
from collections.abc import Sequence

import httpx
import msgspec
from msgspec import UnsetType

from loopline.buyers import Answer, Denied, NoAnswer, OpenedBuyer, ToOpen
from loopline.channels.sandbox_sealing.messages import ItemOpened, ItemToOpen, OpenAsk, OpenedTold
from loopline.channels.sandbox_sealing.settings import NAME, MarketSettings

_SECONDS_MAX = 5.0
_CONNECT_SECONDS_MAX = 2.0


class SandboxMarket:
    """Implements `buyers.Platform`. Holds connections and no state."""

    def __init__(
        self,
        settings: MarketSettings,
        *,
        seconds_max: float = _SECONDS_MAX,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._client = httpx.Client(
            base_url=settings.base_url,
            timeout=httpx.Timeout(seconds_max, connect=min(seconds_max, _CONNECT_SECONDS_MAX)),
            headers={"authorization": f"Bearer {settings.app_key}"},
            trust_env=False,  # no proxy of the environment stands between two parts of one machine
            transport=transport,
        )
        # Whoever forgets it lets go of its connections, too.
        weakref.finalize(self, self._client.close)

    @property
    def name(self) -> str:
        return NAME

    def open_sealed(self, asked: Sequence[ToOpen]) -> list[Answer]:
        """Ask for all of them in one call."""
        ask = OpenAsk(
            items=[
                ItemToOpen(
                    ciphertext_id=one.ciphertext_id,
                    ciphertext=one.ciphertext,
                    purpose=one.purpose,
                    reference=str(one.opening_id),
                )
                for one in asked
            ]
        )
        told = self._ask(ask)
        if isinstance(told, NoAnswer):
            return [told] * len(asked)
        return [_answer(one) for one in told.items]

    def _ask(self, ask: OpenAsk) -> OpenedTold | NoAnswer:
        try:
            answer = self._client.post(
                "/v1/open", content=msgspec.json.encode(ask), headers={"content-type": "application/json"}
            )
            if not answer.is_success:
                return NoAnswer(said=f"answered {answer.status_code}")
            told = msgspec.json.decode(answer.content, type=OpenedTold)
        except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError, RuntimeError) as error:
            # A client that is closed while it is used raises RuntimeError.
            return NoAnswer(said=type(error).__name__)
        return told if len(told.items) == len(ask.items) else NoAnswer(said="answered about others")


def _answer(one: ItemOpened) -> Answer:
    if not isinstance(one.denied, UnsetType):
        return Denied(reason=one.denied)
    if isinstance(one.buyer, UnsetType):
        return NoAnswer(said="answered nothing")
    return OpenedBuyer(name=one.buyer.name, phone=one.buyer.phone, address=one.buyer.address)
