"""What came back without a sale: what waits for a decision, and the decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import ReturnId, ReturnLineId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.take_back.blind import decide_blind, waiting_at
from loopline.returns.model import BlindDecided, BlindDecision, BlindState, Reason
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, decided, posted, told
from loopline.web.api.types import Units

_TAG = "returns"
_WAITING_MOST = 200
REFUND_MOST = 10**10


class WaitingTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a return line that belong to no sale we know of, and wait for a decision."""

    return_line_id: ReturnLineId
    return_id: ReturnId
    code: str
    units: Units
    reason: Reason
    currency: str
    at: datetime


class BlindAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word on such units: accepted, with what is paid back for one of them in minor units, or refused."""

    return_line_id: UUID
    is_accepted: bool
    refund_unit_minor: Annotated[int, Meta(ge=0, le=REFUND_MOST)] = 0
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class BlindDone(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, and what is paid back for it in all, in minor units."""

    return_line_id: ReturnLineId
    state: BlindState
    units: int
    refund_minor: int


@told("/returns/waiting", tag=_TAG, name="list_blind_returns")
def list_blind_returns(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    site: Annotated[str, QueryParameter(description="The code of the site they came to.", max_length=64)],
) -> Page[WaitingTold]:
    """List what waits for a decision at a site, the oldest 200 of it."""
    scope = caller.scope(Permission.RETURNS_READ)

    def find(conn: Conn, _: datetime) -> Page[WaitingTold]:
        found = org.sites_by_code(conn, [site]).get(site)
        if found is None or not scope.covers_site(found.id):
            raise Refused(NoSuchThing(noun="site", value=site))
        return Page(
            items=[
                WaitingTold(
                    return_line_id=one.line.return_line_id,
                    return_id=one.head.id,
                    code=one.line.code,
                    units=one.units,
                    reason=one.line.reason,
                    currency=one.head.currency,
                    at=one.head.at,
                )
                for one in waiting_at(conn, [found.id], limit=_WAITING_MOST)
            ],
            next_cursor=None,
        )

    return read(request, find)


@posted("/returns/decide", tag=_TAG, name="decide_blind_returns", gives=Outcomes[BlindDone])
def decide_blind_returns(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[BlindAsk]]
) -> Response[bytes]:
    """Accept or refuse what came back without a sale, each line once. What is accepted is paid back in cash."""
    scope = caller.scope(Permission.RETURNS_DECIDE)

    def decide(conn: Conn, now: datetime) -> Sequence[BlindDone | Refusal]:
        words = [
            BlindDecision(
                return_line_id=ReturnLineId(one.return_line_id),
                is_accepted=one.is_accepted,
                refund_unit_minor=one.refund_unit_minor,
                decided_by=caller.actor,
                reason=one.reason,
            )
            for one in data.items
        ]
        outcomes = decide_blind(conn, words, scope=scope, now=now)
        return [_done(one) if isinstance(one, BlindDecided) else one for one in outcomes]

    return decided(request, caller, data, decide)


def _done(one: BlindDecided) -> BlindDone:
    return BlindDone(
        return_line_id=one.return_line_id, state=one.state, units=one.units, refund_minor=one.refund_minor
    )


BLIND_RETURN_HANDLERS = [list_blind_returns, decide_blind_returns]
