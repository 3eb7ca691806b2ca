"""What sites can send beside what is ambient: who may, who said so, since when."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.temperatures import COLD, TemperatureClass
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.processes.equip import SiteWish, equip
from loopline.sourcing.equipment import Equipment, equipment
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.org import ask_of
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, SiteCodes, decided, page_of, posted, told
from loopline.web.api.types import Code

_TAG = "sourcing"


class ColdClass(StrEnum):
    """A class of goods that a site sends only where somebody declared that it can."""

    COOL = "cool"
    FROZEN = "frozen"


class SiteEquipmentAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The classes that a site can send beside what is ambient, all of them; none: it sends nothing cold any more."""

    site_code: Code
    temperature_classes: Annotated[list[ColdClass], Meta(max_length=len(COLD))]


class EquipmentTold(msgspec.Struct, frozen=True, kw_only=True):
    """A class that a site can send, since when, and by whose word."""

    temperature_class: TemperatureClass
    since: datetime
    declared_by: str


class SiteEquipmentTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a site can send beside what is ambient."""

    site_code: str
    equipment: tuple[EquipmentTold, ...]


@posted("/site-equipment", tag=_TAG, name="set_site_equipment", gives=Outcomes[SiteEquipmentAsk])
def set_site_equipment(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SiteEquipmentAsk]]
) -> Response[bytes]:
    """Say what sites of your branch can send. Of two for one site the later holds; work offered already stays."""
    scope = caller.scope(Permission.SOURCING_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[SiteEquipmentAsk | Refusal]:
        wishes = [
            SiteWish(
                site_code=one.site_code,
                classes=frozenset(TemperatureClass(kind.value) for kind in one.temperature_classes),
            )
            for one in data.items
        ]
        outcomes = equip(conn, wishes, scope=scope, by=str(caller.actor), now=now)
        return [
            outcome if isinstance(outcome, Refusal) else one
            for one, outcome in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


@told("/site-equipment", tag=_TAG, name="list_site_equipment")
def list_site_equipment(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: SiteCodes = None,
) -> Page[SiteEquipmentTold]:
    """List what sites of your branch can send beside what is ambient, by code; most send nothing cold."""
    scope = caller.scope(Permission.SOURCING_READ)

    def find(conn: Conn, _: datetime) -> Page[SiteEquipmentTold]:
        sites = org_lists.sites_page(conn, ask_of(asked, site_codes), scope=scope)
        known = equipment(conn, [one.id for one in sites])
        return page_of(
            sites,
            asked,
            told=lambda site: SiteEquipmentTold(
                site_code=site.code, equipment=_told([one for one in known if one.site_id == site.id])
            ),
            cursor=lambda site: encode_cursor(site.code),
        )

    return read(request, find)


def _told(known: Sequence[Equipment]) -> tuple[EquipmentTold, ...]:
    return tuple(
        EquipmentTold(temperature_class=one.temperature_class, since=one.since, declared_by=one.declared_by)
        for one in known
    )


SITE_EQUIPMENT_HANDLERS = [set_site_equipment, list_site_equipment]
