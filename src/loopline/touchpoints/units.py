"""Codes of single units: by how many phones each was scanned, since when, and who guesses at them."""

from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch_one, fetch_values, statements
from loopline.kernel.ids import LotId
from loopline.touchpoints.refusals import TooManyGuesses
from loopline.touchpoints.rules import SAME_SCAN

SQL = statements(__file__)
GUESSES_AN_HOUR_MAX = 20
"""How many codes that are none somebody may try from one internet address within an hour."""
PHONES_USUAL_MAX = 5
"""How many phones scan one unit where nobody copied its code: a buyer's, those it was shown to, a later owner's."""


class UnitScans(msgspec.Struct, frozen=True, kw_only=True):
    """How often a unit was scanned since when, by how many phones, and how often by the one that asks."""

    first_at: datetime
    scans: int
    phones: int
    own_scans: int

    @property
    def is_first(self) -> bool:
        """Whether nobody scanned it before."""
        return self.scans == 1

    @property
    def looks_copied(self) -> bool:
        """Whether more phones scanned it than do where one unit carries the code."""
        return self.phones > PHONES_USUAL_MAX


def take_guess(conn: Conn, asker: bytes, *, now: datetime) -> TooManyGuesses | None:
    """Let somebody try a code, or say why not; who asks from one address takes turns. `asker`: a keyed hash of it."""
    execute(conn, SQL["take_turn"], asker=asker)
    (wrong,) = fetch_values(conn, SQL["wrong_guesses"], asker=asker, now=now)
    return TooManyGuesses() if wrong >= GUESSES_AN_HOUR_MAX else None


def count_wrong_guess(conn: Conn, asker: bytes, *, now: datetime) -> None:
    """Count a code that is none. The caller has the turn of the asker."""
    execute(conn, SQL["count_wrong_guess"], asker=asker, now=now)


def sweep_guesses(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget guesses of hours that are over, at most so many; returns how many were."""
    return execute(conn, SQL["sweep_guesses"], now=now, limit=limit)


def record_unit_scan(conn: Conn, unit_id: LotId, visitor: UUID, *, now: datetime) -> UnitScans:
    """Count a scan of a unit; the same phone within seconds counts once. Locks the row of the phone."""
    execute(conn, SQL["record_unit_scan"], unit_id=unit_id, visitor=visitor, now=now, within=SAME_SCAN)
    found = fetch_one(conn, SQL["scans_of_unit"], UnitScans, unit_id=unit_id, visitor=visitor)
    assert found is not None
    return found
