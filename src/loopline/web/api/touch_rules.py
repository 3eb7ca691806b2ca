"""The rules by which scans bind members and earn the credit of orders; they count from when they are set."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import touchpoints
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.touchpoints import (
    BindRole,
    CreditRole,
    NewAttributionRule,
    NewBindingRule,
    TouchpointKind,
    WhichTouch,
)
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told

_TAG = "touchpoints"


class BindingRuleAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From now on a scan of such a code binds the member to the party it names in this role.

    For so many days nobody else takes the member over; afterwards a scan may, where `may_take_over`.
    """

    kind: TouchpointKind
    role: BindRole
    protection_days: Annotated[int, Meta(ge=0, le=3_650)]
    may_take_over: bool
    is_active: bool = True


class BindingRuleTold(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of binding; of a kind and role the latest counts."""

    kind: TouchpointKind
    role: BindRole
    effective_from: datetime
    protection_days: int
    may_take_over: bool
    is_active: bool


class AttributionRuleAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From now on the first or last touch of so many minutes before an order earns its credit in this role.

    Where `binding_wins`, whom the member is bound to goes first.
    """

    role: CreditRole
    window_minutes: Annotated[int, Meta(ge=0, le=525_600)]
    touch: WhichTouch = WhichTouch.LAST
    binding_wins: bool = True


class AttributionRuleTold(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of attribution; of a role the latest counts."""

    role: CreditRole
    effective_from: datetime
    window_minutes: int
    touch: WhichTouch
    binding_wins: bool


class TouchRules(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule there ever was, by kind, role and moment."""

    binding: list[BindingRuleTold]
    attribution: list[AttributionRuleTold]


@told("/touch-rules", tag=_TAG, name="list_touch_rules")
def list_touch_rules(request: AnyRequest, caller: NamedDependency[Caller]) -> TouchRules:
    """List the rules by which scans bind members and earn the credit of orders."""
    caller.scope(Permission.TOUCHPOINTS_READ)

    def find(conn: Conn, _: datetime) -> TouchRules:
        return TouchRules(
            binding=[
                msgspec.convert(one, BindingRuleTold, from_attributes=True)
                for one in touchpoints.binding_rules(conn)
            ],
            attribution=[
                msgspec.convert(one, AttributionRuleTold, from_attributes=True)
                for one in touchpoints.attribution_rules(conn)
            ],
        )

    return read(request, find)


@posted("/binding-rules", tag=_TAG, name="set_binding_rules", gives=Outcomes[BindingRuleTold])
def set_binding_rules(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[BindingRuleAsk]]
) -> Response[bytes]:
    """Let rules of binding count from now on, for the whole brand. What was bound before stays as it was bound."""
    whole_brand(caller, Permission.TOUCHPOINTS_WRITE, subject="binding-rules")

    def decide(conn: Conn, now: datetime) -> list[BindingRuleTold | Refusal]:
        wanted = [msgspec.convert(one, NewBindingRule, from_attributes=True) for one in data.items]
        made = touchpoints.set_binding_rules(conn, wanted, author=caller.actor, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else BindingRuleTold(
                kind=one.kind,
                role=one.role,
                effective_from=now,
                protection_days=one.protection_days,
                may_take_over=one.may_take_over,
                is_active=one.is_active,
            )
            for one in made
        ]

    return decided(request, caller, data, decide)


@posted("/attribution-rules", tag=_TAG, name="set_attribution_rules", gives=Outcomes[AttributionRuleTold])
def set_attribution_rules(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[AttributionRuleAsk]]
) -> Response[bytes]:
    """Let rules of attribution count for orders from now on, for the whole brand."""
    whole_brand(caller, Permission.TOUCHPOINTS_WRITE, subject="attribution-rules")

    def decide(conn: Conn, now: datetime) -> list[AttributionRuleTold | Refusal]:
        wanted = [msgspec.convert(one, NewAttributionRule, from_attributes=True) for one in data.items]
        made = touchpoints.set_attribution_rules(conn, wanted, author=caller.actor, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else AttributionRuleTold(
                role=one.role,
                effective_from=now,
                window_minutes=one.window_minutes,
                touch=one.touch,
                binding_wins=one.binding_wins,
            )
            for one in made
        ]

    return decided(request, caller, data, decide)


TOUCH_RULE_HANDLERS = [list_touch_rules, set_binding_rules, set_attribution_rules]
