"""The sandbox's book: shelves, steps and sales of marketplaces, in one SQLite file that a restart finds as it was.

Every change is one transaction; several processes may keep one book. A step is heard once under its id, gone by when
its time has come, and then told as it was gone by, however often it is asked for.
"""

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from loopline.channels.sandbox_market.messages import WireAnswer, WireSale, WireStep
from loopline.channels.sandbox_market.settings import MarketSettings, milliseconds
from loopline.marketplaces import Told

_BUSY_SECONDS = 10.0


class MarketBook:
    """The book, and the one who writes in it: each method is a transaction."""

    def __init__(self, settings: MarketSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def hear(self, channel: str, steps: Sequence[WireStep], *, now: datetime) -> list[WireAnswer]:
        """Hear steps, each once, and answer as far as it has come."""
        with self._writing() as db:
            at = milliseconds(now)
            (heard,) = db.execute("select count(*) from step where channel = ?", (channel,)).fetchone()
            for number, step in enumerate(steps, heard):
                acts, says = self._settings.manners.delays(f"{channel}:{number}")
                db.execute(
                    "insert into step (id, channel, sku_code, units, heard_at, acts_at, says_at)"
                    " values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                    (
                        str(step.id),
                        channel,
                        step.sku_code,
                        step.units,
                        at,
                        at + int(acts * 1000),
                        at + int(says * 1000),
                    ),
                )
            _act(db, now)
            return [_answer(db, channel, step, now) for step in steps]

    def sell(self, channel: str, sale: WireSale, *, now: datetime) -> bool:
        """Sell from the shelf, and ask nobody; the same number again is the sale it was."""
        with self._writing() as db:
            if db.execute("select 1 from sale where number = ?", (sale.number,)).fetchone():
                return True
            _act(db, now)
            taken = db.execute(
                "update shelf set units = units - ? where channel = ? and sku_code = ? and units >= ?",
                (sale.units, channel, sale.sku_code, sale.units),
            ).rowcount
            if taken:
                db.execute(
                    "insert into sale (number, channel, sku_code, units, sold_at) values (?, ?, ?, ?, ?)",
                    (sale.number, channel, sale.sku_code, sale.units, milliseconds(now)),
                )
            return bool(taken)

    def put_back(self, number: str) -> None:
        """Call a sale off, once: its units go back on the shelf."""
        with self._writing() as db:
            row = db.execute(
                "update sale set put_back = 1 where number = ? and put_back = 0"
                " returning channel, sku_code, units",
                (number,),
            ).fetchone()
            if row:
                db.execute(
                    "update shelf set units = units + ? where channel = ? and sku_code = ?",
                    (row[2], row[0], row[1]),
                )

    def shelf(self, channel: str, *, now: datetime) -> dict[str, int]:
        """Return what a marketplace has on its shelf, by SKU."""
        with self._writing() as db:
            _act(db, now)
            return dict(
                db.execute(
                    "select sku_code, units from shelf where channel = ? order by sku_code", (channel,)
                ).fetchall()
            )

    def sold(self) -> dict[str, int]:
        """Return how many units of each SKU all marketplaces sold, less what was called off."""
        with self._writing() as db:
            return dict(
                db.execute(
                    "select sku_code, sum(units) from sale where put_back = 0 group by sku_code"
                ).fetchall()
            )

    def close_book(self) -> None:
        """Close the file."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock:
            if self._opened is None:
                file = self._settings.file
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = sqlite3.connect(
                    file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                self._opened.execute("pragma journal_mode = wal")
                self._opened.execute("pragma synchronous = normal")
                self._opened.executescript(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
            db = self._opened
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")


def _act(db: sqlite3.Connection, now: datetime) -> None:
    """Go by every step whose time has come, in the order of their times, which is not that of their making."""
    due = db.execute(
        "select id, channel, sku_code, units from step where moved is null and acts_at <= ? order by acts_at, id",
        (milliseconds(now),),
    ).fetchall()
    for step_id, channel, sku_code, units in due:
        db.execute(
            "insert into shelf (channel, sku_code, units) values (?, ?, 0) on conflict do nothing",
            (channel, sku_code),
        )
        (there,) = db.execute(
            "select units from shelf where channel = ? and sku_code = ?", (channel, sku_code)
        ).fetchone()
        moved = units if units > 0 else -min(there, -units)
        db.execute(
            "update shelf set units = units + ? where channel = ? and sku_code = ?",
            (moved, channel, sku_code),
        )
        db.execute("update step set moved = ? where id = ?", (abs(moved), step_id))


def _answer(db: sqlite3.Connection, channel: str, step: WireStep, now: datetime) -> WireAnswer:
    known_channel, sku_code, units, says_at, moved = db.execute(
        "select channel, sku_code, units, says_at, moved from step where id = ?", (str(step.id),)
    ).fetchone()
    if (known_channel, sku_code, units) != (channel, step.sku_code, step.units):
        return WireAnswer(id=step.id, told=Told.WAITING, why="the id stands for another step")
    if moved is None or says_at > milliseconds(now):
        return WireAnswer(id=step.id, told=Told.WAITING)
    return WireAnswer(id=step.id, told=Told.DONE, moved=moved)
