"""A follower in a process of its own, to be killed: writes what it applies into public.applied, until it is killed."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from loopline.db import Addresses, Conn, Database
from loopline.db.followers import Follower, FollowerLoop
from loopline.kernel.events import Event


def apply(conn: Conn, events: Sequence[Event]) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into public.applied (subject, position, step) values (%s, %s, (%s::jsonb ->> 'step')::bigint)",
            [(one.subject, one.position, one.data.decode()) for one in events],
        )


def main(owner: str, serving: str) -> None:
    database = Database(Addresses(owner=owner, serving=serving))
    follower = Follower("killed", frozenset({"stepped"}), apply)
    loop = FollowerLoop(database, [follower], clock=lambda: datetime.now(UTC))
    loop.start()
    print("following", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
