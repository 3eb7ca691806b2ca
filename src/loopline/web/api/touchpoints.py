"""Touchpoints: codes made and retired, their pictures, scans from anywhere."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import org, touchpoints
from loopline.db import Conn
from loopline.kernel.ids import MemberId, SiteId, TouchpointId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import NotAllowed, Permission
from loopline.processes import touch
from loopline.touchpoints import (
    ScanChannel,
    ScanMade,
    ScanTotal,
    Touchpoint,
    TouchpointKind,
    TouchpointsAsk,
)
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.types import Code, Moment
from loopline.web.qr import address_of, qr_svg, scan_path

_TAG = "touchpoints"
_SCANS_MAX = 50
_DAYS_MAX = 366

AnyCode = Annotated[
    str, Meta(min_length=1, max_length=64, description="As printed; spaces, dashes and case are free.")
]
OfKind = Annotated[TouchpointKind | None, QueryParameter(name="kind", description="Only codes of this kind.")]
OfSite = Annotated[Code | None, QueryParameter(name="site_code", description="Only codes of this site.")]


# ---------------------------------------------------------------------------------------------------------------- codes


class TouchpointAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code to make. What carries it is its kind; who, where and what it names decides where a scan leads.

    A store, shelf or table names its site; a sample its site and product; a product itself; a guide the party; a poster
    a product, a site or a party. Receipts, parcels and live rooms get theirs with what they stand for.
    """

    kind: TouchpointKind
    label: Annotated[str, Meta(max_length=100, description="Printed beside the code.")] = ""
    site_code: Code | None = None
    product_code: Code | None = None
    sku_code: Code | None = None
    party_code: Code | None = None


class TouchpointMade(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was made: `url` is what its picture holds."""

    id: TouchpointId
    code: str
    url: str


class TouchpointTold(msgspec.Struct, frozen=True, kw_only=True):
    """A code as it stands, where a scan of it leads, and how often it was scanned."""

    id: TouchpointId
    code: str
    kind: TouchpointKind
    label: str
    url: str
    leads_to: str
    site_code: str | None
    product_code: str | None
    sku_code: str | None
    party_code: str | None
    live_room_code: str | None
    gtin: str | None
    added_at: datetime
    retired_at: datetime | None
    scans: int
    scans_of_members: int
    last_scanned_on: date | None


class CodeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code."""

    code: AnyCode


class CodeRetired(msgspec.Struct, frozen=True, kw_only=True):
    """A code that leads nowhere any more."""

    id: TouchpointId
    code: str


class ScanDayTold(msgspec.Struct, frozen=True, kw_only=True):
    """How often a code was scanned on a day (UTC), and how often by a member who was signed in."""

    day: date
    scans: int
    scans_of_members: int


class ScanDays(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which a code was scanned, the latest first, at most a year of them."""

    days: list[ScanDayTold]


@posted("/touchpoints", tag=_TAG, name="add_touchpoints", gives=Outcomes[TouchpointMade])
def add_touchpoints(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TouchpointAsk]]
) -> Response[bytes]:
    """Make codes for things of your sites; what names neither a site nor a person is the whole brand's."""
    scope = caller.scope(Permission.TOUCHPOINTS_WRITE)
    wanted = [
        touch.WantedTouchpoint(
            kind=one.kind,
            label=one.label,
            site_code=one.site_code,
            product_code=one.product_code,
            sku_code=one.sku_code,
            party_code=one.party_code,
        )
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> list[TouchpointMade | Refusal]:
        made = touch.add_touchpoints(conn, wanted, scope=scope, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else TouchpointMade(
                id=one.touchpoint_id, code=one.code, url=address_of(request, scan_path(one.code))
            )
            for one in made
        ]

    return decided(request, caller, data, decide)


@posted("/touchpoints/retire", tag=_TAG, name="retire_touchpoints", gives=Outcomes[CodeRetired])
def retire_touchpoints(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CodeAsk]]
) -> Response[bytes]:
    """Take codes of your sites out of use. What they were scanned for stays."""
    scope = caller.scope(Permission.TOUCHPOINTS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[CodeRetired | Refusal]:
        retired = touch.retire_touchpoints(conn, [one.code for one in data.items], scope=scope, now=now)
        return [
            one if isinstance(one, Refusal) else CodeRetired(id=one.touchpoint_id, code=one.code)
            for one in retired
        ]

    return decided(request, caller, data, decide)


@told("/touchpoints", tag=_TAG, name="list_touchpoints")
def list_touchpoints(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    of_kind: OfKind = None,
    of_site: OfSite = None,
) -> Page[TouchpointTold]:
    """List the codes of your branch with their scans, the newest first. Receipts and parcels are not listed."""
    scope = caller.scope(Permission.TOUCHPOINTS_READ)
    before = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> Page[TouchpointTold]:
        ask = TouchpointsAsk(
            scope=scope,
            kind=of_kind,
            site_id=_site(conn, of_site, scope) if of_site is not None else None,
            before=TouchpointId(before[0]) if before else None,
            limit=asked.at_most,
        )
        found = touchpoints.touchpoints_page(conn, ask)
        totals = touchpoints.scan_totals(conn, [one.id for one in found])
        return page_of(
            found,
            asked,
            told=lambda one: _told(request, one, totals.get(one.id)),
            cursor=lambda one: encode_cursor(one.id),
        )

    return read(request, find)


def _site(conn: Conn, code: str, scope: Scope) -> SiteId:
    site = org.sites_by_code(conn, [code]).get(code)
    if site is None or not scope.covers_site(site.id):
        raise Refused(NoSuchThing(noun="site", value=code))
    return site.id


def _told(request: AnyRequest, one: Touchpoint, total: ScanTotal | None) -> TouchpointTold:
    return TouchpointTold(
        id=one.id,
        code=one.code,
        kind=one.kind,
        label=one.label,
        url=address_of(request, scan_path(one.code)),
        leads_to=touchpoints.path_of(one),
        site_code=one.site_code,
        product_code=one.product_code,
        sku_code=one.sku_code,
        party_code=one.party_code,
        live_room_code=one.live_room_code,
        gtin=one.gtin,
        added_at=one.added_at,
        retired_at=one.retired_at,
        scans=total.scans if total else 0,
        scans_of_members=total.of_members if total else 0,
        last_scanned_on=total.last_day if total else None,
    )


def _own(conn: Conn, code: str, caller: Caller) -> Touchpoint:
    """A code of the caller's branch. Raises Refused for any other, known or not."""
    scope = caller.scope(Permission.TOUCHPOINTS_READ)
    found = touchpoints.touchpoints_by_codes(conn, [code]).get(code)
    if found is None or not touchpoints.covers(scope, found):
        raise Refused(NoSuchThing(noun="code", value=touchpoints.read_code(code)))
    return found


@told("/touchpoints/{code:str}", tag=_TAG, name="get_touchpoint")
def get_touchpoint(
    request: AnyRequest, caller: NamedDependency[Caller], code: FromPath[str]
) -> TouchpointTold:
    """Read a code of your branch, a receipt's or a retired one too."""

    def find(conn: Conn, _: datetime) -> TouchpointTold:
        one = _own(conn, code, caller)
        return _told(request, one, touchpoints.scan_totals(conn, [one.id]).get(one.id))

    return read(request, find)


@told("/touchpoints/{code:str}/scan-days", tag=_TAG, name="list_scan_days")
def list_scan_days(request: AnyRequest, caller: NamedDependency[Caller], code: FromPath[str]) -> ScanDays:
    """List how often a code of your branch was scanned, day by day."""

    def find(conn: Conn, _: datetime) -> ScanDays:
        days = touchpoints.scan_days(conn, _own(conn, code, caller).id, limit=_DAYS_MAX)
        return ScanDays(
            days=[ScanDayTold(day=one.day, scans=one.scans, scans_of_members=one.of_members) for one in days]
        )

    return read(request, find)


@get(
    "/touchpoints/{code:str}/qr.svg",
    tags=[_TAG],
    operation_id="draw_touchpoint",
    sync_to_thread=True,
    security=[{}],
    responses={
        **PROBLEMS,
        200: ResponseSpec(
            data_container=bytes,
            description="The picture.",
            media_type="image/svg+xml",
            generate_examples=False,
        ),
    },
)
def draw_touchpoint(
    request: AnyRequest,
    caller: NamedDependency[Caller],  # noqa: ARG001 - whoever asks is counted as any other caller
    code: FromPath[str],
) -> Response[bytes]:
    """Draw a code to be scanned or printed. Whoever has the code may have its picture."""
    found = read(request, lambda conn, _: touchpoints.touchpoints_by_codes(conn, [code])).get(code)
    if found is None:
        raise Refused(NoSuchThing(noun="code", value=touchpoints.read_code(code)))
    return Response(
        qr_svg(address_of(request, scan_path(found.code))),
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=86400"},
    )


# ---------------------------------------------------------------------------------------------------------------- scans


class ScanAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scan: by whom is a random id that the app keeps for the visitor, never taken from the device.

    Who is signed in need not be said. `at` null: now; scans kept while there was no network say when.
    """

    code: AnyCode
    visitor: UUID
    channel: ScanChannel = ScanChannel.MINI_PROGRAM
    at: Moment | None = None
    member_id: UUID | None = None


class ScanBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to fifty scans. Each has its own outcome; one that is refused stops no other."""

    items: Annotated[list[ScanAsk], Meta(min_length=1, max_length=_SCANS_MAX)]


class ScanLed(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scan leads. `is_repeat`: it is the scan of some seconds before."""

    scan_id: UUID
    kind: TouchpointKind
    leads_to: str
    url: str
    is_repeat: bool


@post(
    "/scans",
    tags=[_TAG],
    operation_id="record_scans",
    status_code=200,
    sync_to_thread=True,
    security=[{}, {"bearer": []}],
    responses={
        **PROBLEMS,
        200: ResponseSpec(data_container=Outcomes[ScanLed], description="Done.", generate_examples=False),
    },
)
def record_scans(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[ScanBatch]
) -> Response[bytes]:
    """Record scans that mini-programs and apps made, and learn where they lead. Anybody may; it grants nothing.

    A member who is signed in scans in the own name. Only a key that may write touchpoints of the whole brand names
    others.
    """
    named = [_scan(one, caller) for one in data.items]

    def decide(conn: Conn, now: datetime) -> Sequence[ScanLed | Refusal]:
        def scan(scans: list[tuple[ScanAsk, MemberId | None]]) -> list[ScanLed | Refusal]:
            made = [
                ScanMade(
                    code=one.code,
                    visitor=one.visitor,
                    channel=one.channel,
                    at=one.at or now,
                    member_id=member_id,
                )
                for one, member_id in scans
            ]
            return [_led(request, one) for one in touch.scan(conn, made, now=now, actor=caller.actor)]

        return merged(named, scan)

    return decided(request, caller, data, decide)


def _scan(one: ScanAsk, caller: Caller) -> tuple[ScanAsk, MemberId | None] | Refusal:
    if one.member_id is None or one.member_id == caller.member_id:
        return one, caller.member_id
    scope = caller.branches.get(Permission.TOUCHPOINTS_WRITE)
    if scope is None or not scope.everything or caller.key_id is None:
        return NotAllowed(permission=Permission.TOUCHPOINTS_WRITE)
    return one, MemberId(one.member_id)


def _led(request: AnyRequest, one: touch.Scanned | Refusal) -> ScanLed | Refusal:
    if isinstance(one, Refusal):
        return one
    return ScanLed(
        scan_id=one.scan_id,
        kind=one.kind,
        leads_to=one.leads_to,
        url=address_of(request, one.leads_to),
        is_repeat=one.is_repeat,
    )


TOUCHPOINT_HANDLERS = [
    add_touchpoints,
    retire_touchpoints,
    list_touchpoints,
    get_touchpoint,
    list_scan_days,
    draw_touchpoint,
    record_scans,
]
