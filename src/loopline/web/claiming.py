"""Codes of coupons that people type, or come with: those that lead somewhere go through, and few that do not."""

from typing import Any

from litestar import Request

from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.processes.coupons.giving import admit_code
from loopline.web.api.answers import run
from loopline.web.edge import edge_of
from loopline.web.peers import peer_of


def refusal_of_code(request: Request[Any, Any, Any], code: str, member_id: MemberId | None) -> Refusal | None:
    """Say why a code is not looked at any further; one that leads nowhere is counted, whatever happens after it."""
    ring = edge_of(request).ring
    address = peer_of(request)
    return run(request, lambda conn, now: admit_code(conn, code, member_id, address, ring=ring, now=now))
