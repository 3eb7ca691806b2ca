"""A desk on a small shop, and what it would say if it read everything anew."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from loopline.db import Database
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.promises import PromiseKind
from loopline.web.promising.answers import Answer, Option, answer
from loopline.web.promising.asking import Asked
from loopline.web.promising.desk import PromiseDesk, View, _Keeper
from tests.make.shop import NOON

SHANGHAI = Coordinates(longitude=121.47, latitude=31.23)


@contextmanager
def desk(database: Database, *, moment: list[datetime] | None = None) -> Generator[PromiseDesk, None, None]:
    """A desk whose clock stands still unless it is moved."""
    at = moment or [NOON]
    made = PromiseDesk(database, lambda: at[0])
    try:
        made.view()
        yield made
    finally:
        made.stop()


def asked(*lines: tuple[str, int], **fields: Any) -> Asked:
    stated: dict[str, Any] = {
        "channel": "web",
        "lines": lines,
        "kinds": (PromiseKind.DELIVER,),
        "destination": SHANGHAI,
    }
    return Asked(**(stated | fields))


def said(view: View, ask: Asked, *, now: datetime = NOON) -> Answer:
    found = answer(view, ask, now=now)
    assert isinstance(found, Answer), found
    return found


def only(view: View, ask: Asked, *, now: datetime = NOON) -> Option:
    (option,) = said(view, ask, now=now).options
    return option


def spelt(view: View) -> dict[str, Any]:
    """Everything a view says of stock and days, by ids: to be held against another view."""
    sites, shelves = view.sites, view.shelves
    units: dict[tuple[SkuId, SiteId], tuple[int, int]] = {}
    for sku_id in shelves.sku_ids():
        row = shelves.of(sku_id).row
        for place, all_units, selling in zip(row.sites, row.units, row.selling, strict=True):
            units[sku_id, sites.sites[int(place)].id] = (int(all_units), int(selling))
    rooms: dict[tuple[SkuId, NodeId], int] = {
        (sku_id, node_id): shelves.of(sku_id).room(path, events=(), now=NOON)
        for sku_id in shelves.sku_ids()
        for node_id, path in view.paths.items()
    }
    left = {
        (site.id, day): view.days.left(site.id, day)
        for site in sites.sites
        for day in sorted({one for _, one in view.days.days})
    }
    return {"units": units, "rooms": rooms, "left": left, "waiting": view.days.waiting}


def read_anew(database: Database, now: datetime = NOON) -> View:
    """What a desk knows that has just read everything."""
    conn = database.connect()
    try:
        return _Keeper(conn, lambda: now, threading.Event()).round()
    finally:
        conn.close()
