"""Where the made-up world stands, kept in the database for whoever looks on: a page's banner, the next run."""

from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch_one, statements

SQL = statements(__file__)
NAME = "lanzhi"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What onlookers are told: which stage a world is at, how much of it is done, and what happened so far.

    `stage` is one of opening, morning, day, livestream, stopped; `done` of `total` counts steps of the first two.
    """

    stage: str
    done: int = 0
    total: int = 0
    orders: int = 0
    units: int = 0
    refused: int = 0
    handed_over: int = 0
    returns: int = 0
    reviews: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A world as it stands."""

    name: str
    seed: int
    is_real_time: bool
    reached: datetime
    told: Told
    told_at: datetime


def find_world(conn: Conn) -> Standing | None:
    """Return where the made-up world stands; None where there never was one."""
    return fetch_one(conn, SQL["world"], Standing, name=NAME)


def told_of_world(conn: Conn) -> Told | None:
    """Return what onlookers are told of the made-up world; None where there never was one."""
    standing = find_world(conn)
    return standing.told if standing else None


def tell_world(conn: Conn, standing: Standing) -> None:
    """Keep where the made-up world stands."""
    execute(
        conn,
        SQL["tell"],
        name=standing.name,
        seed=standing.seed,
        is_real_time=standing.is_real_time,
        reached=standing.reached,
        told=msgspec.json.encode(standing.told).decode(),
        told_at=standing.told_at,
    )
