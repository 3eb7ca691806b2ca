"""The terms a brand trades on: channels, how much work sites take, what parcels cost, how long goods may come back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import org, stock
from loopline.db import Conn
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.queries import capacity_of_sites
from loopline.fulfilment.service import set_site_limits as write_site_limits
from loopline.kernel.ids import NodeId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders import WaitsFor, wake_up
from loopline.orders.channels import ChannelTerms, channels_by_code, put_channels
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.returns.model import ReturnWindow
from loopline.returns.queries import return_windows
from loopline.returns.service import add_return_windows as write_return_windows
from loopline.sourcing.model import SiteCost
from loopline.sourcing.queries import site_costs
from loopline.sourcing.service import set_site_costs as write_site_costs
from loopline.stock import NodeKind
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.org import ask_of
from loopline.web.api.refusals import HoldTimesCrossed, NoSuchThing, WindowInThePast
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    SiteCodes,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.types import Code, Currency, Minor, Moment, Name

_TAG = "terms"
_ZONES = frozenset(available_timezones())
_HOLDING_KINDS = frozenset({NodeKind.BRAND, NodeKind.NETWORK, NodeKind.SITE})
ChannelCode = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9_]{1,39}$(?!\n)", examples=["web"], description="A word in lower case."),
]
HoldMinutes = Annotated[int, Meta(ge=1, le=525_600)]
UnpaidMost = Annotated[int, Meta(ge=1, le=1_000_000)]
HOLD_MINUTES_LEAST = 2
"""A payment runs out a minute before its hold: less than this leaves no time to pay."""
Tasks = Annotated[int, Meta(ge=0, le=100_000)]
Days = Annotated[int, Meta(ge=0, le=3_650)]
InCurrency = Annotated[Currency, QueryParameter(name="currency", description="ISO 4217.")]
OnDay = Annotated[date, QueryParameter(name="day", description="A calendar day at the sites.")]


class ChannelAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel. Its orders for delivery hold stock at `network_node_id`; a code that stands gets the new terms.

    `may_state_price`: its orders may carry a price agreed with the customer. `hold_minutes`: how long an unpaid order
    is held; null: until it is released. `hold_minutes_least`: what risk may shorten that to; null: nothing.
    `unpaid_per_member`, `_address`, `_device`: how many unpaid orders of one may stand at once; null: any number, and
    of members' own 5, 8 and 5. `time_zone` cuts the days of orders that no site sells.
    """

    code: ChannelCode
    name: Name
    network_node_id: UUID
    may_state_price: bool = False
    hold_minutes: HoldMinutes | None = None
    hold_minutes_least: HoldMinutes | None = None
    unpaid_per_member: UnpaidMost | None = None
    unpaid_per_address: UnpaidMost | None = None
    unpaid_per_device: UnpaidMost | None = None
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"


class ChannelTold(msgspec.Struct, frozen=True, kw_only=True):
    """A channel's terms as they stand."""

    code: str
    name: str
    network_node_id: UUID
    may_state_price: bool
    hold_minutes: int | None
    hold_minutes_least: int | None
    unpaid_per_member: int | None
    unpaid_per_address: int | None
    unpaid_per_device: int | None
    time_zone: str


class SiteLimitAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many tasks a site takes on an ordinary day; 0 closes it. Work offered already stays."""

    site_code: Code
    tasks_per_day: Tasks


class SiteLimitTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a site takes on an ordinary day."""

    site_code: str
    tasks_per_day: int


class SiteDayTold(msgspec.Struct, frozen=True, kw_only=True):
    """A site's day: tasks offered (`held`), accepted (`confirmed`), and how many more it takes.

    `filled_at`: since when it takes no more than it had then, as it gave work back for want of time.
    """

    site_code: str
    day: date
    tasks_limit: int
    held: int
    confirmed: int
    left: int
    filled_at: datetime | None


class SiteCostAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a parcel from a site costs: so much each, per 100 km and per kilogram. A site without it ships none."""

    site_code: Code
    currency: Currency
    handling_minor: Minor
    hundred_kilometres_minor: Minor
    kilogram_minor: Minor


class SiteCostTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel from a site costs."""

    site_code: str
    currency: str
    handling_minor: int
    hundred_kilometres_minor: int
    kilogram_minor: int


class ReturnWindowAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many days goods may come back, of what is handed over from a moment on (null: now).

    No channel, no category: any. For one channel, category and moment the first that was said stands.
    """

    days: Days
    channel: Code | None = None
    category: Name | None = None
    effective_from: Moment | None = None


class ReturnWindowTold(msgspec.Struct, frozen=True, kw_only=True):
    """A return window as it stands."""

    days: int
    channel: str | None
    category: str | None
    effective_from: datetime


@posted("/channels", tag=_TAG, name="set_channels", gives=Outcomes[ChannelTold])
def set_channels(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ChannelAsk]]
) -> Response[bytes]:
    """Set the terms of channels. Of two for one channel the later holds."""
    whole_brand(caller, Permission.ORG_WRITE, subject=_TAG)

    def decide(conn: Conn, _: datetime) -> Sequence[ChannelTold | Refusal]:
        nodes = stock.nodes_by_ids(conn, [NodeId(one.network_node_id) for one in data.items])
        holding = {node.id for node in nodes if node.kind in _HOLDING_KINDS}
        judged = [_channel(one, holding=holding) for one in data.items]

        def put(channels: list[ChannelTerms]) -> list[ChannelTold]:
            put_channels(conn, list({one.code: one for one in channels}.values()))
            return [_channel_told(one) for one in channels]

        return merged(judged, put)

    return decided(request, caller, data, decide)


def _channel(one: ChannelAsk, *, holding: set[NodeId]) -> ChannelTerms | Refusal:
    if one.network_node_id not in holding:
        return NoSuchThing(noun="node", value=str(one.network_node_id))
    if one.time_zone not in _ZONES:
        return NoSuchThing(noun="time zone", value=one.time_zone)
    least, most = one.hold_minutes_least, one.hold_minutes or 0
    if least is not None and not HOLD_MINUTES_LEAST <= least <= most:
        return HoldTimesCrossed(least=least, shortest=HOLD_MINUTES_LEAST, most=most)
    return ChannelTerms(
        code=one.code,
        name=one.name,
        network_node_id=NodeId(one.network_node_id),
        may_state_price=one.may_state_price,
        hold_minutes_default=one.hold_minutes,
        time_zone=one.time_zone,
        hold_minutes_least=one.hold_minutes_least,
        unpaid_per_member=one.unpaid_per_member,
        unpaid_per_address=one.unpaid_per_address,
        unpaid_per_device=one.unpaid_per_device,
    )


def _channel_told(one: ChannelTerms) -> ChannelTold:
    return ChannelTold(
        code=one.code,
        name=one.name,
        network_node_id=one.network_node_id,
        may_state_price=one.may_state_price,
        hold_minutes=one.hold_minutes_default,
        hold_minutes_least=one.hold_minutes_least,
        unpaid_per_member=one.unpaid_per_member,
        unpaid_per_address=one.unpaid_per_address,
        unpaid_per_device=one.unpaid_per_device,
        time_zone=one.time_zone,
    )


@told("/channels", tag=_TAG, name="list_channels")
def list_channels(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[ChannelTold]:
    """List the channels, by code."""
    caller.scope(Permission.ORG_READ)
    (after,) = asked.after(str) or ("",)
    found = read(request, lambda conn, _: channels_by_code(conn))
    return page_of(
        [one for code, one in sorted(found.items()) if code > after],
        asked,
        told=_channel_told,
        cursor=lambda one: encode_cursor(one.code),
    )


@posted("/site-limits", tag=_TAG, name="set_site_limits", gives=Outcomes[SiteLimitTold])
def set_site_limits(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SiteLimitAsk]]
) -> Response[bytes]:
    """Set how many tasks sites take on ordinary days. Of two for one site the later holds."""
    scope = caller.scope(Permission.ORG_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[SiteLimitTold | Refusal]:
        sites = _sites(conn, [one.site_code for one in data.items])
        judged = [_with_site(one, sites=sites, scope=scope) for one in data.items]

        def write(pairs: list[tuple[SiteLimitAsk, SiteId]]) -> list[SiteLimitTold | Refusal]:
            limits = [SiteLimit(site_id=site_id, tasks_per_day=one.tasks_per_day) for one, site_id in pairs]
            outcomes = write_site_limits(conn, limits, now=now)
            wake_up(conn, WaitsFor.CAPACITY, now=now)
            return [
                done
                if isinstance(done, Refusal)
                else SiteLimitTold(site_code=one.site_code, tasks_per_day=done.tasks_per_day)
                for (one, _), done in zip(pairs, outcomes, strict=True)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _sites(conn: Conn, codes: Sequence[str]) -> dict[str, SiteId]:
    return {code: site.id for code, site in org.sites_by_code(conn, codes).items()}


def _with_site(
    one: SiteLimitAsk, *, sites: Mapping[str, SiteId], scope: Scope
) -> tuple[SiteLimitAsk, SiteId] | Refusal:
    site_id = sites.get(one.site_code)
    if not scope.covers_site(site_id):
        return NotInYourBranch(subject=one.site_code)
    return (one, site_id) if site_id is not None else NoSuchThing(noun="site", value=one.site_code)


@told("/site-days", tag=_TAG, name="list_site_days")
def list_site_days(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    day: OnDay,
    site_codes: SiteCodes = None,
) -> Page[SiteDayTold]:
    """List what sites of one's branch have left of a day, by code; sites that take no tasks are left out."""
    scope = caller.scope(Permission.TASKS_READ)

    def find(conn: Conn, _: datetime) -> Page[SiteDayTold]:
        sites = org_lists.sites_page(conn, ask_of(asked, site_codes), scope=scope)
        days = {one.site_id: one for one in capacity_of_sites(conn, [one.id for one in sites], day=day)}
        page = page_of(sites, asked, told=lambda one: one, cursor=lambda one: encode_cursor(one.code))
        return Page(
            items=[
                SiteDayTold(
                    site_code=site.code,
                    day=day,
                    tasks_limit=found.tasks_limit,
                    held=found.held,
                    confirmed=found.confirmed,
                    left=found.left,
                    filled_at=found.filled_at,
                )
                for site in page.items
                if (found := days.get(site.id)) is not None
            ],
            next_cursor=page.next_cursor,
        )

    return read(request, find)


@posted("/site-costs", tag=_TAG, name="set_site_costs", gives=Outcomes[SiteCostTold])
def set_site_costs(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SiteCostAsk]]
) -> Response[bytes]:
    """Set what parcels from sites cost. Who ships is weighed across the brand, so the whole brand sets it."""
    whole_brand(caller, Permission.ORG_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[SiteCostTold | Refusal]:
        sites = _sites(conn, [one.site_code for one in data.items])
        judged: list[tuple[SiteCostAsk, SiteCost] | Refusal] = []
        for one in data.items:
            site_id = sites.get(one.site_code)
            if site_id is None:
                judged.append(NoSuchThing(noun="site", value=one.site_code))
                continue
            fields = {name: getattr(one, name) for name in SiteCost.__struct_fields__ if name != "site_id"}
            judged.append((one, SiteCost(site_id=site_id, **fields)))

        def write(pairs: list[tuple[SiteCostAsk, SiteCost]]) -> list[SiteCostTold | Refusal]:
            done = write_site_costs(conn, [cost for _, cost in pairs], now=now)
            return [
                cost if isinstance(cost, Refusal) else _cost_told(one.site_code, cost)
                for (one, _), cost in zip(pairs, done, strict=True)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _cost_told(site_code: str, cost: SiteCost) -> SiteCostTold:
    return SiteCostTold(
        site_code=site_code,
        currency=cost.currency,
        handling_minor=cost.handling_minor,
        hundred_kilometres_minor=cost.hundred_kilometres_minor,
        kilogram_minor=cost.kilogram_minor,
    )


@told("/site-costs", tag=_TAG, name="list_site_costs")
def list_site_costs(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    currency: InCurrency,
    site_codes: SiteCodes = None,
) -> Page[SiteCostTold]:
    """List what parcels from sites of one's branch cost, by code; sites that ship none are left out."""
    scope = caller.scope(Permission.ORG_READ)

    def find(conn: Conn, _: datetime) -> Page[SiteCostTold]:
        sites = org_lists.sites_page(conn, ask_of(asked, site_codes), scope=scope)
        found = site_costs(conn, [one.id for one in sites], currency=currency)
        costs = {one.site_id: one for one in found}
        page = page_of(sites, asked, told=lambda one: one, cursor=lambda one: encode_cursor(one.code))
        return Page(
            items=[
                _cost_told(site.code, cost) for site in page.items if (cost := costs.get(site.id)) is not None
            ],
            next_cursor=page.next_cursor,
        )

    return read(request, find)


@posted("/return-windows", tag=_TAG, name="add_return_windows", gives=Outcomes[ReturnWindowTold])
def add_return_windows(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReturnWindowAsk]]
) -> Response[bytes]:
    """Say how many days goods may come back. What is said stays; only the first windows may begin in the past."""
    whole_brand(caller, Permission.RETURNS_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[ReturnWindowTold | Refusal]:
        before = {_window_key(one) for one in return_windows(conn)}
        asked = [
            ReturnWindow(
                id=made,
                days=one.days,
                effective_from=one.effective_from or now,
                channel=one.channel,
                category=one.category,
            )
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]
        judged = [
            WindowInThePast(effective_from=one.effective_from)
            if before and one.effective_from < now and _window_key(one) not in before
            else one
            for one in asked
        ]

        def write(windows: list[ReturnWindow]) -> list[ReturnWindowTold]:
            write_return_windows(conn, windows)
            standing = {_window_key(one): one for one in return_windows(conn)}
            return [_window_told(standing[_window_key(one)]) for one in windows]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _window_key(one: ReturnWindow) -> tuple[str | None, str | None, datetime]:
    return one.channel, one.category, one.effective_from


def _window_told(one: ReturnWindow) -> ReturnWindowTold:
    return ReturnWindowTold(
        days=one.days, channel=one.channel, category=one.category, effective_from=one.effective_from
    )


@told("/return-windows", tag=_TAG, name="list_return_windows")
def list_return_windows(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[ReturnWindowTold]:
    """List the return windows, in the order in which they were said."""
    caller.scope(Permission.RETURNS_READ)
    (after,) = asked.after(UUID) or (UUID(int=0),)
    found = read(request, lambda conn, _: return_windows(conn))
    return page_of(
        sorted((one for one in found if one.id > after), key=lambda one: one.id),
        asked,
        told=_window_told,
        cursor=lambda one: encode_cursor(one.id),
    )


TERMS_HANDLERS = [
    set_channels,
    list_channels,
    set_site_limits,
    list_site_days,
    set_site_costs,
    list_site_costs,
    add_return_windows,
    list_return_windows,
]
