"""Opening what platforms sealed: written into the log, asked outside any transaction, written down again, then shown.

Each step is a transaction of its own, and each that fails shows nothing: what was opened is in the log before anybody
sees it, what nobody answered is there too. Nothing that was opened is kept or logged.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from loopline.buyers import (
    Answer,
    Denied,
    NoAnswer,
    OpenedBuyer,
    OpeningId,
    Platform,
    PlatformDenied,
    PlatformSilent,
)
from loopline.db import Database
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.processes.open_buyers import Granted, WantedOpenings, WhoOpens, ask_to_open, note_answers

AT_ONCE_MAX = 50
_logger = structlog.get_logger(__name__)


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's data, opened under an id of the log."""

    order_id: OrderId
    opening_id: OpeningId
    platform: str
    buyer: OpenedBuyer


class BuyerOpener:
    """Opens sealings for people of one database; shared by all threads of a process."""

    def __init__(
        self, database: Database, platforms: Mapping[str, Platform], *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._clock = clock

    def open_buyers(self, wanted: WantedOpenings, who: WhoOpens) -> list[Opened | Refusal]:
        """Open the buyers of up to fifty orders: one outcome each, in their order. Waits for platforms."""
        assert len(wanted.order_ids) <= AT_ONCE_MAX
        with self._database.transaction() as conn:
            decided = ask_to_open(conn, wanted, who, platforms=self._platforms, now=self._clock())
        granted = [one for one in decided if isinstance(one, Granted)]
        answers = self._ask(granted)
        if granted:
            with self._database.transaction() as conn:
                said = [(one, answers[one.to_open.opening_id]) for one in granted]
                note_answers(conn, said, now=self._clock())
        return [
            one if isinstance(one, Refusal) else _outcome(one, answers[one.to_open.opening_id])
            for one in decided
        ]

    def _ask(self, granted: Sequence[Granted]) -> dict[OpeningId, Answer]:
        """Ask every platform for what it sealed, all at once; one that breaks keeps no other from answering."""
        found: dict[OpeningId, Answer] = {}
        for name in sorted({one.platform for one in granted}):  # as many as there are platforms: a handful
            asked = [one.to_open for one in granted if one.platform == name]
            try:
                answers = self._platforms[name].open_sealed(asked)
                found |= {one.opening_id: answer for one, answer in zip(asked, answers, strict=True)}
            except Exception as error:  # noqa: BLE001 - whatever it is, it may hold what was opened
                _logger.error("platform_broke", platform=name, error=type(error).__name__)  # noqa: TRY400 - see above
                found |= {one.opening_id: NoAnswer(said=type(error).__name__) for one in asked}
        return found


def _outcome(granted: Granted, answer: Answer) -> Opened | Refusal:
    if isinstance(answer, Denied):
        return PlatformDenied(platform=granted.platform, reason=answer.reason)
    if isinstance(answer, NoAnswer):
        return PlatformSilent(platform=granted.platform)
    return Opened(
        order_id=granted.order_id,
        opening_id=granted.to_open.opening_id,
        platform=granted.platform,
        buyer=answer,
    )
