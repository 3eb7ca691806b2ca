"""Touch: somebody scans a code, and is led to who, where and what it names; what they buy later is traced back to it.

A scan is kept with the browser that made it, and with the member where one is signed in; what somebody unknown scanned
becomes theirs when they sign in. By published rules a scan binds a member to a guide, a store or a dealer; whom an
order is credited to follows from the bindings and from the touches before it, in whatever channel it is placed.
"""

from loopline.processes.touch.crediting import FOLLOWERS, attribute_orders, campaigns_of, credits_for
from loopline.processes.touch.genuine import UnitFound, UnitUnknown, scan_unit
from loopline.processes.touch.live import (
    Host,
    WantedLiveRoom,
    add_live_rooms,
    end_live_rooms,
    runs,
    start_live_rooms,
    streamers_of,
)
from loopline.processes.touch.making import (
    PartyUnknown,
    ProductUnknown,
    SiteUnknown,
    WantedTouchpoint,
    add_touchpoints,
    issue_receipts,
    retire_touchpoints,
)
from loopline.processes.touch.scanning import GtinUnknown, Scanned, identify_visitor, scan, scan_digital_link

__all__ = [
    "FOLLOWERS",
    "GtinUnknown",
    "Host",
    "PartyUnknown",
    "ProductUnknown",
    "Scanned",
    "SiteUnknown",
    "UnitFound",
    "UnitUnknown",
    "WantedLiveRoom",
    "WantedTouchpoint",
    "add_live_rooms",
    "add_touchpoints",
    "attribute_orders",
    "campaigns_of",
    "credits_for",
    "end_live_rooms",
    "identify_visitor",
    "issue_receipts",
    "retire_touchpoints",
    "runs",
    "scan",
    "scan_digital_link",
    "scan_unit",
    "start_live_rooms",
    "streamers_of",
]
