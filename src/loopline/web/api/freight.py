"""What delivery by parcel costs: what holds for each unit, and setting it."""

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
from loopline.pricing.freight import COMMENT_MOST, FreightTemplate, NewFreight, RegionRule, Weighing
from loopline.processes.freight import Standing, set_freight, standing_freight
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Batch, Outcomes, Page, decided, posted, told
from loopline.web.api.types import Code, Currency

_TAG = "prices"
_REGIONS_MOST = 50
_CODES_MOST = 400
Minor = Annotated[int, Meta(ge=0, le=100_000_000)]
Grams = Annotated[int, Meta(ge=0, le=1_000_000)]
RegionCode = Annotated[str, Meta(pattern=r"^([0-9]{2}|[0-9]{6})$(?!\n)")]


class WeighingSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fee covers `first_grams`; each further begun `step_grams` costs `step_minor`.

    A unit of a SKU without a weight counts `grams_default`.
    """

    first_grams: Grams
    step_grams: Annotated[int, Meta(ge=1, le=1_000_000)]
    step_minor: Minor
    grams_default: Grams


class RegionSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds in some regions (GB/T 2260: two digits a province, six a city, which goes first) in place of the rest.

    `step_minor` null: as elsewhere. `is_ever_free`: whether what makes it free elsewhere does so there too.
    """

    region_codes: Annotated[tuple[RegionCode, ...], Meta(min_length=1, max_length=_CODES_MOST)]
    is_delivered: bool = True
    fee_minor: Minor = 0
    step_minor: Minor | None = None
    is_ever_free: bool = True


class TemplateSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What delivery costs, tax included: free from so much for the goods on, after promotions and coupons, or from so
    many pieces on. Orders in another currency are not charged.
    """

    currency: Currency
    fee_minor: Minor
    free_from_minor: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    free_from_units: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    weighing: WeighingSaid | None = None
    regions: Annotated[tuple[RegionSaid, ...], Meta(max_length=_REGIONS_MOST)] = ()


class FreightAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a brand, region or dealer wants delivery to cost for what it sells; null: what holds above it holds again.

    `is_open`, of a brand: whether regions and dealers may set their own.
    """

    unit_code: Code
    template: TemplateSaid | None
    comment: Annotated[str, Meta(min_length=1, max_length=COMMENT_MOST)]
    is_open: bool = False


class FreightTold(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for who sells below a unit; null: delivery is free. `decided_by`: the code of the unit that set it."""

    unit_code: str
    template: TemplateSaid | None
    decided_by: str | None
    is_open: bool
    set_at: datetime | None
    set_by: str | None


@told("/freight", tag=_TAG, name="list_freight")
def list_freight(request: AnyRequest, caller: NamedDependency[Caller]) -> Page[FreightTold]:
    """Tell what delivery costs for what the units of your branch sell, and which unit decided it."""
    scope = caller.scope(Permission.ORG_READ)
    return read(request, lambda conn, _: _told(standing_freight(conn, scope=scope)))


@posted("/freight", tag=_TAG, name="set_freight", gives=Outcomes[FreightAsk])
def put_freight(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[FreightAsk]]
) -> Response[bytes]:
    """Set what delivery costs for units of your branch: a brand's, and where it is open, regions' and dealers'."""
    scope = caller.scope(Permission.ORG_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[FreightAsk | Refusal]:
        wanted = [
            NewFreight(
                unit_code=one.unit_code,
                template=None if one.template is None else _template(one.template),
                comment=one.comment,
                is_open=one.is_open,
            )
            for one in data.items
        ]
        outcomes = set_freight(conn, wanted, scope=scope, by=caller.actor, now=now)
        return [
            outcome if isinstance(outcome, Refusal) else one
            for one, outcome in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


def _template(said: TemplateSaid) -> FreightTemplate:
    weighing = said.weighing
    return FreightTemplate(
        currency=said.currency,
        fee_minor=said.fee_minor,
        free_from_minor=said.free_from_minor,
        free_from_units=said.free_from_units,
        weighing=None if weighing is None else Weighing(**msgspec.structs.asdict(weighing)),
        regions=tuple(RegionRule(**msgspec.structs.asdict(one)) for one in said.regions),
    )


def _said(template: FreightTemplate) -> TemplateSaid:
    return msgspec.convert(msgspec.to_builtins(template), TemplateSaid)


def _told(found: Standing) -> Page[FreightTold]:
    items: list[FreightTold] = []
    for unit in found.units:
        in_force = found.at(unit)
        kept = found.kept[in_force.decided_by] if in_force is not None else None
        items.append(
            FreightTold(
                unit_code=unit.code,
                template=_said(in_force.template) if in_force is not None else None,
                decided_by=found.names[in_force.decided_by].code if in_force is not None else None,
                is_open=found.is_open(unit),
                set_at=kept.set_at if kept is not None else None,
                set_by=kept.set_by if kept is not None else None,
            )
        )
    return Page(items=items, next_cursor=None)


FREIGHT_HANDLERS = [list_freight, put_freight]
