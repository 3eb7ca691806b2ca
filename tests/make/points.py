"""The programme of points to test with."""

from datetime import datetime
from typing import Any

from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.points import Account, Programme, Terms, accounts_of_members
from loopline.processes.points.programme import Adjustment, adjust, publish, save
from loopline.processes.promote import WantedAgreement, agree
from tests.make.org import succeeded
from tests.make.pricing import new_id
from tests.make.shop import OPENED

BY = "person:tester"


def terms(**changes: Any) -> Terms:
    """A point for each yuan paid, good for a year; a hundred take a yuan off, up to all of an order."""
    fields: dict[str, Any] = {"name": "Points", "currency": "CNY", "earn_points": 1, "earn_minor": 100}
    return Terms(**(fields | changes))


def brand_agreed(conn: Conn, *, now: datetime = OPENED) -> None:
    """Let the brand agree to bear all of what points take off."""
    asked = WantedAgreement(party_code="BRAND", currency="CNY", most_basis_points=10_000, comment="on paper")
    succeeded(agree(conn, [asked], by=BY, now=now))


def points_in_force(conn: Conn, *, now: datetime = OPENED, **changes: Any) -> Programme:
    """Let the brand agree to bear what points take off, and publish a version."""
    brand_agreed(conn, now=now)
    saved = save(conn, terms(**changes), comment="a test", scope=WHOLE_BRAND, by=BY, now=now)
    assert isinstance(saved, Programme), saved
    published = publish(conn, scope=WHOLE_BRAND, by=BY, now=now)
    assert not isinstance(published, Refusal), published
    return published


def points_given(conn: Conn, member_id: MemberId, points: int, *, now: datetime) -> Account:
    """Give a member points, or take them, by hand."""
    asked = Adjustment(id=new_id(), member_id=member_id, points=points, reason="a test")
    (account,) = succeeded(adjust(conn, [asked], scope=WHOLE_BRAND, by=BY, now=now))
    return account


def points_of(conn: Conn, member_id: MemberId) -> tuple[int, int, int]:
    """What a member has: pending, available, held."""
    found = accounts_of_members(conn, [member_id])
    return (found[0].pending, found[0].available, found[0].held) if found else (0, 0, 0)
