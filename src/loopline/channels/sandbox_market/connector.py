"""The way to sandbox marketplaces: steps are put to them over HTTP, signed, and their answers are read."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import httpx
import msgspec

from loopline.channels.sandbox_market.messages import STEPS_MOST, WireAnswers, WireStep, WireSteps
from loopline.channels.sandbox_market.settings import MarketSettings
from loopline.channels.standard_webhooks import signed_headers
from loopline.marketplaces import Answer, StepId, Telling

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)


class SandboxConnector:
    """Speaks to sandbox marketplaces. What they do not answer so that it can be read, they are told again."""

    name = "sandbox"

    def __init__(self, settings: MarketSettings) -> None:
        self._settings = settings
        # Straight to the sandbox: no proxy of the environment stands between two parts of one machine.
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False)

    def tell(self, channel: str, tellings: Sequence[Telling], *, now: datetime) -> list[Answer]:
        """Put steps to a marketplace, as many at a time as it takes."""
        answers: list[Answer] = []
        for start in range(0, len(tellings), STEPS_MOST):
            answers += self._tell(channel, tellings[start : start + STEPS_MOST], now=now)
        return answers

    def close_connections(self) -> None:
        """End; a call that is under way fails."""
        self._client.close()

    def _tell(self, channel: str, tellings: Sequence[Telling], *, now: datetime) -> list[Answer]:
        steps = tuple(WireStep(id=one.step_id, sku_code=one.sku_code, units=one.units) for one in tellings)
        body = msgspec.json.encode(WireSteps(steps=steps))
        headers = signed_headers([self._settings.secret], body, message_id=str(steps[0].id), at=now)
        try:
            answer = self._client.post(
                f"{self._settings.base_url}/v1/{quote(channel, safe='')}/steps",
                content=body,
                headers={**headers, "content-type": "application/json"},
            )
            if not answer.is_success:
                return []
            read = msgspec.json.decode(answer.content, type=WireAnswers)
        except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError):
            return []
        known = {one.step_id for one in tellings}
        return [
            Answer(step_id=StepId(one.id), told=one.told, moved=one.moved, why=one.why)
            for one in read.answers
            if StepId(one.id) in known
        ]
