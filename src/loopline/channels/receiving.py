"""Messages of channels, from the wire to the order: kept in one transaction, applied in others, an outcome for each.

For the API, for connectors and for the round that tries again what waits. Where a batch breaks for a reason nobody
foresaw it is rolled back and tried in halves, down to the message that breaks by itself, which goes into quarantine.
"""

import random
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
import psycopg
import structlog

from loopline import inbox
from loopline.customers.keys import KeyRing
from loopline.db import Conn, Database
from loopline.inbox import Message, MessageId, MessageKind
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.receive import (
    Again,
    Mender,
    Sender,
    ToBeTried,
    apply_messages,
    keep_messages,
    replay,
    set_aside,
)

AT_ONCE = 200
_TRIES = 4
_PAUSE_SECONDS = 0.02
_FRAMES = 5
# Orders before their money, and that before their calling off: a transaction for each, as each locks in its own order.
_TURNS = (MessageKind.UNREAD, MessageKind.CREATED, MessageKind.PAID, MessageKind.CANCELLED)
T = TypeVar("T")
_logger = structlog.get_logger(__name__)


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was taken in, and where it stands; `is_repeat`: it was taken in before."""

    message: Message
    is_repeat: bool


class Receiver:
    """Takes messages in for one database; shared by all threads of a process."""

    def __init__(self, database: Database, *, ring: KeyRing, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock

    def receive(self, bodies: Sequence[bytes], sender: Sender) -> list[Received]:
        """Keep messages and try them, with whatever waited for their orders: one outcome each, in their order.

        Once they are kept nothing is lost: where this raises (the database went away) they are tried again later, and
        the same messages again are the same.
        """

        def keep(conn: Conn) -> list[tuple[MessageId, MessageKind, tuple[str, str] | None, bool]]:
            found = keep_messages(conn, bodies, sender, ring=self._ring, now=self._clock())
            return [
                (
                    one.kept.message_id,
                    one.head.kind,
                    (one.head.channel, one.head.external_number) if one.head.external_number else None,
                    one.kept.is_repeat,
                )
                for one in found
            ]

        kept = self._done(keep)
        numbers = {number for _, _, number, _ in kept if number is not None}
        self._apply({message_id: kind for message_id, kind, _, _ in kept}, numbers)
        standing = self._read([message_id for message_id, _, _, _ in kept])
        return [
            Received(message=standing[message_id], is_repeat=is_repeat)
            for message_id, _, _, is_repeat in kept
        ]

    def replay(self, asked: Sequence[Again], mender: Mender) -> list[Message | Refusal]:
        """Try messages again for somebody who mended their cause: where each stands afterwards, or why it is not."""
        outcomes = self._done(lambda conn: replay(conn, asked, mender, ring=self._ring, now=self._clock()))
        going = [one.message_id for one in outcomes if isinstance(one, ToBeTried)]
        before = self._read(going)
        numbers = {
            (one.channel, one.external_number) for one in before.values() if one.external_number is not None
        }
        self._apply({one.id: one.kind for one in before.values()}, numbers)
        standing = self._read(going)
        return [standing[one.message_id] if isinstance(one, ToBeTried) else one for one in outcomes]

    def apply_due(self) -> int:
        """Try what is due: what waits and may find now what it waits for; returns how many."""
        with self._database.reading() as conn:
            due = inbox.due_messages(conn, limit=AT_ONCE, now=self._clock())
        self._apply(dict(due), ())
        return len(due)

    def _apply(self, kinds: dict[MessageId, MessageKind], numbers: Iterable[tuple[str, str]]) -> None:
        with self._database.reading() as conn:
            kinds = kinds | dict(inbox.messages_about(conn, sorted(numbers)))
        for kind in _TURNS:
            going = sorted(message_id for message_id, its in kinds.items() if its is kind)
            for start in range(0, len(going), AT_ONCE):
                self._try(going[start : start + AT_ONCE])

    def _try(self, message_ids: Sequence[MessageId]) -> None:
        try:
            self._done(lambda conn: apply_messages(conn, message_ids, ring=self._ring, now=self._clock()))
        except psycopg.OperationalError:
            raise  # nothing is wrong with the messages: the database is away, or busier than it can bear
        except Exception as error:  # noqa: BLE001 - whatever it is, it is found out whose it is
            if len(message_ids) == 1:
                where = traceback.format_list(traceback.extract_tb(error.__traceback__)[-_FRAMES:])
                # Its text may repeat what the message says, which is nobody's to read here.
                _logger.error(  # noqa: TRY400 - see above
                    "message_broke",
                    message=str(message_ids[0]),
                    error=type(error).__name__,
                    where="".join(where),
                )
                self._done(lambda conn: set_aside(conn, message_ids[0], now=self._clock()))
                return
            middle = len(message_ids) // 2
            self._try(message_ids[:middle])
            self._try(message_ids[middle:])

    def _done(self, work: Callable[[Conn], T]) -> T:
        """Do work in a transaction of its own, again where rivals met."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                with self._database.transaction() as conn:
                    return work(conn)
            except (psycopg.OperationalError, psycopg.errors.UniqueViolation):
                if not left:
                    raise
                time.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311 - keeps rivals apart, protects nothing
        raise AssertionError("the last try returns or raises")

    def _read(self, message_ids: Sequence[MessageId]) -> dict[MessageId, Message]:
        with self._database.reading() as conn:
            return {one.id: one for one in inbox.messages_by_ids(conn, message_ids, scope=WHOLE_BRAND)}
