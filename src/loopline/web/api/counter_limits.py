"""What one person may do alone at counters: what holds for each unit, and setting it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.org.limits import COMMENT_MOST, CounterLimit, NewLimit
from loopline.processes.counter_limits import Standing, set_counter_limits, standing_limits
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Batch, Outcomes, Page, decided, posted, told
from loopline.web.api.types import Code

_TAG = "organisation"


class LimitAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a brand, region or dealer wants for the counters below it; null: what holds above it is to hold again.

    `is_open`, of a brand: whether regions and dealers may set their own.
    """

    unit_code: Code
    setting: CounterLimit
    value: int | None
    comment: Annotated[str, Meta(min_length=1, max_length=COMMENT_MOST)]
    is_open: bool = False


class LimitTold(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the sites right below a unit; `decided_by` is the code of the unit that set it, null: nobody."""

    unit_code: str
    setting: CounterLimit
    value: int
    decided_by: str | None
    is_open: bool


@told("/counter-limits", tag=_TAG, name="list_counter_limits")
def list_counter_limits(request: AnyRequest, caller: NamedDependency[Caller]) -> Page[LimitTold]:
    """Tell what holds at the counters of your branch, and which unit decided it."""
    scope = caller.scope(Permission.ORG_READ)
    return read(request, lambda conn, _: _told(standing_limits(conn, scope=scope)))


@posted("/counter-limits", tag=_TAG, name="set_counter_limits", gives=Outcomes[LimitAsk])
def set_limits(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LimitAsk]]
) -> Response[bytes]:
    """Set limits for units of your branch: a brand's, and those of regions and dealers that the brand leaves open."""
    scope = caller.scope(Permission.ORG_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[LimitAsk | Refusal]:
        wanted = [NewLimit(**msgspec.structs.asdict(one)) for one in data.items]
        outcomes = set_counter_limits(conn, wanted, scope=scope, by=caller.actor, now=now)
        return [
            outcome if isinstance(outcome, Refusal) else one
            for one, outcome in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


def _told(found: Standing) -> Page[LimitTold]:
    return Page(
        items=[
            LimitTold(
                unit_code=unit.code,
                setting=setting,
                value=(in_force := found.at(unit, setting)).value,
                decided_by=found.names[in_force.decided_by].code if in_force.decided_by else None,
                is_open=found.is_open(unit, setting),
            )
            for unit in found.units
            for setting in CounterLimit
        ],
        next_cursor=None,
    )


COUNTER_LIMIT_HANDLERS = [list_counter_limits, set_limits]
