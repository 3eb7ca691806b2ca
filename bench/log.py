"""The log: appending in batches, and a follower that reads them in final order."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from bench.workplace import Figure, Watch, batches, new_database
from loopline.db import Conn, log
from loopline.db.followers import Follower, catch_up
from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import uuid7s

EVENTS = 200_000
BATCH = 500
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class SomethingHappened(EventBody, frozen=True, kw_only=True):
    subject: UUID
    units: int


def measure() -> Iterator[Figure]:
    events = [
        event(SomethingHappened(subject=subject, units=1), subject=subject, at=AT)
        for subject in uuid7s(AT, EVENTS)
    ]
    seen = 0

    def apply(_conn: Conn, applied: Sequence[Event]) -> None:
        nonlocal seen
        seen += len(applied)

    with new_database() as database:
        appending = Watch()
        with appending:
            for batch in batches(EVENTS, BATCH):
                with database.transaction() as conn:
                    log.append(conn, events[batch.start : batch.stop])
        yield Figure(
            what=f"append events, {BATCH} per transaction",
            count=EVENTS,
            unit="events",
            seconds=appending.seconds,
        )

        # As a database that was just filled, then as one that autovacuum has looked at.
        for statistics in ("none", "taken"):
            seen = 0
            following = Watch()
            follower = Follower(f"bench_{statistics}", frozenset({SomethingHappened.type_name()}), apply)
            with following:
                catch_up(database, [follower], now=AT)
            assert seen == EVENTS
            what = f"follow them from the beginning, statistics {statistics}"
            yield Figure(what=what, count=seen, unit="events", seconds=following.seconds)
            with database.owner_transaction() as owner:
                owner.execute("analyze log.event")
