"""What can be had now, for shop windows: asks that come together are answered from one snapshot."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

import msgspec
from prometheus_client import CollectorRegistry

from loopline import stock
from loopline.catalogue import Sku
from loopline.db import Conn, Database
from loopline.db.remembered import Marks, read_marks
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Site, UnitKind
from loopline.processes.quotas import events_of
from loopline.processes.remembered import CHANNELS, SITES, SITES_BY_ID, SKUS
from loopline.stock import SiteSellable
from loopline.web.api.refusals import NoSuchThing
from loopline.web.coalescer import Coalescer, Measures

_Key = TypeVar("_Key")

SHOWN_TO_ALL_MAX = 10
_ROWS_MAX = 1_000
# Where a customer can go and take goods away.
_OPEN_PLACES = frozenset({UnitKind.STORE, UnitKind.MALL})


class AvailabilityAsk(msgspec.Struct, frozen=True, kw_only=True):
    """SKUs, at which sites (None: at any), by which channel's delivery, and the branch that sees exact numbers."""

    sku_codes: tuple[str, ...]
    site_codes: tuple[str, ...] | None
    channel: str | None
    scope: Scope


class SiteUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that can be had at a site. `is_capped` says that there are that many or more."""

    sku_code: str
    site_code: str
    units: int
    is_capped: bool


class DeliverableUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that a channel can promise to deliver. `is_capped` says that there are that many or more."""

    sku_code: str
    units: int
    is_capped: bool


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """What can be had now: at sites (those with none left out), and by delivery where a channel was named."""

    at: datetime
    sites: list[SiteUnits]
    deliverable: list[DeliverableUnits]


AvailabilityAnswer: TypeAlias = Availability | Refusal
AvailabilityCoalescer: TypeAlias = Coalescer[AvailabilityAsk, AvailabilityAnswer]


def availability_coalescer(
    database: Database, clock: Callable[[], datetime], *, registry: CollectorRegistry
) -> AvailabilityCoalescer:
    """Return what gathers a process's asks after availability: many are read as cheaply as one."""

    def work(asks: Sequence[AvailabilityAsk]) -> list[AvailabilityAnswer]:
        with database.reading(is_routine=True) as conn:
            return what_can_be_had(conn, asks, now=clock())

    return Coalescer(work, measures=Measures(registry, "availability"))


def what_can_be_had(
    conn: Conn, asks: Sequence[AvailabilityAsk], *, now: datetime
) -> list[AvailabilityAnswer]:
    """Answer asks, one each, in their order, or say that there is no such channel. Writes nothing, locks nothing."""
    marks = read_marks(conn)
    codes = {code for ask in asks for code in ask.sku_codes}
    known = SKUS.find(conn, codes, marks=marks)
    skus = {code: known[code] for code in codes if code in known and known[code].is_active}
    at_sites = _AtSites(conn, asks, skus, marks=marks)
    rooms = _Rooms(conn, asks, skus, marks=marks, now=now)
    answers: list[AvailabilityAnswer] = []
    for ask in asks:
        asked = {skus[code].id: skus[code] for code in ask.sku_codes if code in skus}
        deliverable = rooms.of(ask, asked)
        answers.append(
            deliverable
            if isinstance(deliverable, Refusal)
            else Availability(at=now, sites=at_sites.of(ask, asked), deliverable=deliverable)
        )
    return answers


class _AtSites:
    """What lies at sites, read once for all asks that name the same sites."""

    def __init__(
        self, conn: Conn, asks: Sequence[AvailabilityAsk], skus: Mapping[str, Sku], *, marks: Marks
    ) -> None:
        self._rows: dict[tuple[str, ...] | None, dict[SkuId, list[SiteSellable]]] = {}
        for site_codes, together in _grouped(asks, key=lambda ask: ask.site_codes).items():
            named: list[SiteId] | None = None
            if site_codes is not None:
                sites = SITES.find(conn, site_codes, marks=marks)
                named = [sites[code].id for code in site_codes if code in sites]
            rows = stock.sellable_at_sites(
                conn,
                _ids(together, skus),
                site_ids=named,
                at_most=_ROWS_MAX * len(together),
            )
            by_sku = self._rows[site_codes] = {}
            for row in rows:
                by_sku.setdefault(row.sku_id, []).append(row)
        site_ids = {row.site_id for by_sku in self._rows.values() for rows in by_sku.values() for row in rows}
        self._sites: Mapping[SiteId, Site] = SITES_BY_ID.find(conn, site_ids, marks=marks)

    def of(self, ask: AvailabilityAsk, asked: Mapping[SkuId, Sku]) -> list[SiteUnits]:
        by_sku = self._rows[ask.site_codes]
        rows = [row for sku_id in sorted(asked) for row in by_sku.get(sku_id, ())][:_ROWS_MAX]
        shown: list[SiteUnits] = []
        for row in rows:
            site = self._sites.get(row.site_id)
            if site is None or not (site.unit_kind in _OPEN_PLACES or ask.scope.covers_site(site.id)):
                continue
            units, is_capped = _shown(row.units, is_exact=ask.scope.covers_site(site.id))
            sku_code = asked[row.sku_id].code
            shown.append(SiteUnits(sku_code=sku_code, site_code=site.code, units=units, is_capped=is_capped))
        return shown


class _Rooms:
    """What channels can promise to deliver, read once for all asks that name the same channel."""

    def __init__(
        self,
        conn: Conn,
        asks: Sequence[AvailabilityAsk],
        skus: Mapping[str, Sku],
        *,
        marks: Marks,
        now: datetime,
    ) -> None:
        self._rooms: dict[str, dict[SkuId, int]] = {}
        by_channel = _grouped(asks, key=lambda ask: ask.channel)
        terms = CHANNELS.find(conn, [one for one in by_channel if one is not None], marks=marks)
        for channel, together in by_channel.items():
            if channel is not None and channel in terms:
                rooms = stock.room_of_events(
                    conn,
                    terms[channel].network_node_id,
                    _ids(together, skus),
                    events=events_of(channel, None),
                    now=now,
                )
                self._rooms[channel] = {room.sku_id: room.room for room in rooms}

    def of(self, ask: AvailabilityAsk, asked: Mapping[SkuId, Sku]) -> list[DeliverableUnits] | Refusal:
        if ask.channel is None:
            return []
        rooms = self._rooms.get(ask.channel)
        if rooms is None:
            return NoSuchThing(noun="channel", value=ask.channel)
        shown: list[DeliverableUnits] = []
        for sku_id, sku in asked.items():
            if sku_id in rooms:
                units, is_capped = _shown(rooms[sku_id], is_exact=ask.scope.everything)
                shown.append(DeliverableUnits(sku_code=sku.code, units=units, is_capped=is_capped))
        return shown


def _grouped(
    asks: Iterable[AvailabilityAsk], *, key: Callable[[AvailabilityAsk], _Key]
) -> dict[_Key, list[AvailabilityAsk]]:
    groups: dict[_Key, list[AvailabilityAsk]] = {}
    for ask in asks:
        groups.setdefault(key(ask), []).append(ask)
    return groups


def _ids(asks: Iterable[AvailabilityAsk], skus: Mapping[str, Sku]) -> list[SkuId]:
    codes = dict.fromkeys(code for ask in asks for code in ask.sku_codes)
    return [skus[code].id for code in codes if code in skus]


def _shown(units: int, *, is_exact: bool) -> tuple[int, bool]:
    return (units, False) if is_exact or units < SHOWN_TO_ALL_MAX else (SHOWN_TO_ALL_MAX, True)
