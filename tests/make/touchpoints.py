"""Codes, visitors and members of the small brand, to scan with."""

from datetime import datetime
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.touch import WantedTouchpoint, add_touchpoints
from loopline.touchpoints import ScanChannel, ScanMade, TouchpointKind
from tests.make.customers import member, phone, registered
from tests.make.org import succeeded
from tests.make.shop import NOON

VISITOR = UUID("3f0e6a52-6a53-4c55-9d0e-7a4a5f6f1c01")
OTHER_VISITOR = UUID("3f0e6a52-6a53-4c55-9d0e-7a4a5f6f1c02")


def code_of(conn: Conn, kind: TouchpointKind, **names: str) -> str:
    """Make one code as HQ would."""
    wanted = WantedTouchpoint(kind=kind, **names)
    (added,) = succeeded(add_touchpoints(conn, [wanted], scope=WHOLE_BRAND, now=NOON))
    return added.code


def scan_of(
    code: str, *, visitor: UUID = VISITOR, member_id: MemberId | None = None, at: datetime = NOON
) -> ScanMade:
    """One scan in a browser."""
    return ScanMade(code=code, visitor=visitor, channel=ScanChannel.BROWSER, at=at, member_id=member_id)


def member_of(conn: Conn, number: int = 1) -> MemberId:
    """A member with a phone of a small number."""
    return registered(conn, [member(phone(number))])[0]
