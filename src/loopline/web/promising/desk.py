"""The desk that answers what can be promised, from memory: read once, then kept current by the log, in a thread.

What an event touches is read again from the tables, absolutely, so that it does not matter in which order or how often
an event is seen. A round sees everything that was committed before it began: what the desk knows is as of the beginning
of the last round that ended, and how long ago that is is its age. A desk that is too old says so and promises nothing.
A process whose desk nobody asks keeps none.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from time import monotonic

import msgspec
import numpy as np
import numpy.typing as npt
import psycopg
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from psycopg_pool import PoolTimeout

from loopline import catalogue, orders, org, promises, slots, stock
from loopline.catalogue import Fitting
from loopline.db import Conn, Database, log
from loopline.db.database import LOG_CHANNEL
from loopline.db.followers import Horizon, final_position
from loopline.db.remembered import Marks, read_marks
from loopline.fulfilment import ahead
from loopline.fulfilment.ahead import DayAhead
from loopline.fulfilment.dark import dark_sites
from loopline.kernel.ids import NodeId, OrgUnitId, SiteId, SkuId, WaveId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.temperatures import TemperatureClass
from loopline.orders import ChannelTerms
from loopline.orders.preorders import Standing
from loopline.org.queries import brand_companies
from loopline.pricing.freight import FreightTemplate, freight_at, freight_of_units
from loopline.processes.place.ahead import standings_of
from loopline.processes.slots import terms_of_sites
from loopline.promises import TermsVersion
from loopline.promises.model import Paces
from loopline.slots import SlotTerms, Way
from loopline.sourcing import queries as sourcing
from loopline.sourcing.equipment import ability
from loopline.sourcing.profiles import profile_in_force
from loopline.stock import Node, NodeKind, windows
from loopline.web.promising.changes import FOLLOWED, Changes, changes_of
from loopline.web.promising.named import NamedPlaces
from loopline.web.promising.prices import opportunity_prices
from loopline.web.promising.shelves import Shelves
from loopline.web.promising.sites import Calendar, Days, Prices, Sites, able_places, calendar_of

_logger = structlog.get_logger(__name__)

AGE_SECONDS_MAX = 3.0
"""How old what the desk knows may be before it promises nothing."""
_FIRST_SECONDS = 20.0
_ASKED_SECONDS = 300.0
_PAUSE_SECONDS = 0.1
_LOOK_SECONDS = 0.5
_SLOW_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
_EVENTS_MAX = 20_000
_POSITIONS_MAX = 400_000
_AUDITED = 20
_PAGE = 5_000
_VALID = timedelta(minutes=2)
_RENEW = timedelta(minutes=1)
_STRUCTURE = (
    "nodes",
    "org",
    "channels",
    "catalogue",
    "promises",
    "slots",
    "site_costs",
    "site_limits",
    "site_equipment",
    "profiles",
    "freight",
)


class PromisesNotKnown(Refusal, frozen=True, kw_only=True):
    """What can be promised is not known just now: ask again in a moment."""

    retry_after_seconds: int = 1


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that is sold. `grams`: 0 where nobody weighed it; `product`: the code of its product, and its category."""

    sku_id: SkuId
    grams: int
    temperature_class: TemperatureClass
    sent_with: str | None
    product: tuple[str, str | None]
    fitting: Fitting


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known at a moment. Its parts are never changed, but for shelves, row by row.

    `able`: by class, which sites are equipped to send goods of it. `hours`: what sites offer at which hours; `taken`:
    how many places of slots are taken, by site, way and beginning. `named`: where goods must ship from. `ahead`: what
    may be ordered before there is any. `freight`: what delivery by the brand costs; None: nothing.
    """

    items: Mapping[str, Item]
    channels: Mapping[str, ChannelTerms]
    paths: Mapping[NodeId, tuple[NodeId, ...]]
    sites: Sites
    able: Mapping[TemperatureClass, npt.NDArray[np.bool_]]
    named: NamedPlaces
    shelves: Shelves
    days: Days
    hours: Mapping[tuple[SiteId, Way], SlotTerms]
    taken: Mapping[tuple[SiteId, Way, datetime], int]
    calendar: Calendar
    prices: Prices
    terms: TermsVersion
    paces: Paces
    currency: str
    ahead: Mapping[SkuId, Standing] = {}
    freight: FreightTemplate | None = None


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    view: View
    as_of: float


class PromiseDesk:
    """One per process. `view` may be called from any thread; the work is done in one of its own."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], *, registry: CollectorRegistry | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._known: _Known | None = None
        self._came = threading.Condition()
        self._asked = monotonic()
        self._measures = _Measures(registry, self.age_seconds) if registry is not None else None

    def age_seconds(self) -> float:
        """Return how long ago what the desk knows was so; 0 for a desk that nobody asks."""
        known = self._known
        return monotonic() - known.as_of if known is not None else 0.0

    def fresh(self) -> View | None:
        """Return what is known, where it is young enough; never waits. Whoever asks first makes the desk begin."""
        self._asked = monotonic()
        known = self._known
        if known is None or not self._is_young():
            self._begin()
            return None
        if self._clock() > known.view.calendar.until:
            return None
        return known.view

    def view(self) -> View:
        """Return what is known. Waits for the first reading, in a thread; raises Refused where it is too old."""
        found = self.fresh()
        if found is None and self._known is None:
            with self._came:
                # What took long to be read the first time is old already: the round after it is not.
                self._came.wait_for(self._is_young, timeout=_FIRST_SECONDS)
            found = self.fresh()
        if found is None:
            raise Refused(PromisesNotKnown())
        return found

    def caught_up(self, *, seconds: float = 10.0) -> None:
        """Wait until everything is known that was committed before this call. Raises TimeoutError."""
        called = monotonic()
        self.fresh()
        with self._came:
            if not self._came.wait_for(lambda: self._is_after(called), timeout=seconds):
                raise TimeoutError("the desk did not catch up")

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _is_young(self) -> bool:
        known = self._known
        return known is not None and monotonic() - known.as_of <= AGE_SECONDS_MAX

    def _is_after(self, moment: float) -> bool:
        return self._known is not None and self._known.as_of >= moment

    def _begin(self) -> None:
        with self._lock:
            if self._stopping.is_set() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._run, name="promise-desk", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
                break
            except (psycopg.Error, PoolTimeout) as error:
                _logger.warning("promise_desk_interrupted", error=str(error))
            except Exception:
                _logger.exception("promise_desk_interrupted")
            self._stopping.wait(_AGAIN_SECONDS)
        with self._lock:
            self._known, self._thread = None, None

    def _follow(self) -> None:
        conn = self._database.connect()
        try:
            conn.execute(f"listen {LOG_CHANNEL}")
            keeper = _Keeper(conn, self._clock, self._stopping)
            while not self._stopping.is_set():
                began = monotonic()
                view = keeper.round()
                with self._came:
                    self._known = _Known(view=view, as_of=began)
                    self._came.notify_all()
                if self._measures is not None:
                    self._measures.round_seconds.observe(monotonic() - began)
                    self._measures.corrections.inc(keeper.take_corrections())
                if began - self._asked > _ASKED_SECONDS:
                    return
                self._stopping.wait(_PAUSE_SECONDS)
                for _ in conn.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                    pass
        finally:
            conn.close()


class _Measures:
    def __init__(self, registry: CollectorRegistry, age: Callable[[], float]) -> None:
        lag = Gauge(
            "loopline_promise_age_seconds",
            "How long ago what promises are made from was so; 0 where nobody asks.",
            registry=registry,
        )
        lag.set_function(age)
        self.round_seconds = Histogram(
            "loopline_promise_round_seconds",
            "Reading again what has changed, for promises.",
            registry=registry,
        )
        self.corrections = Counter(
            "loopline_promise_corrections",
            "SKUs whose stock in memory was not what the database said, of which no event had told yet.",
            registry=registry,
        )


class _Keeper:
    """Reads everything once, then round by round what has changed. On one connection in autocommit, in one thread."""

    def __init__(self, conn: Conn, clock: Callable[[], datetime], stopping: threading.Event) -> None:
        self._conn = conn
        self._clock = clock
        self._horizon = Horizon()
        self._seen: set[int] = set()
        self._final = final_position(conn, stopping=stopping)
        self._slow_at = 0.0
        self._to_audit: list[SkuId] = []
        self._corrections = 0
        self._priced: list[WaveId] | None = None
        self._marks: Marks = {}
        self._ahead_marks: tuple[int, int] | None = None
        self._leaves: dict[NodeId, SiteId] = {}
        self._view: View | None = None

    def take_corrections(self) -> int:
        """Return how many SKUs stood wrong since this was asked last."""
        found, self._corrections = self._corrections, 0
        return found

    def round(self) -> View:
        """Read again what has changed, and return what is known then."""
        conn = self._conn
        marks = read_marks(conn)
        is_new = self._view is None or any(marks.get(one) != self._marks.get(one) for one in _STRUCTURE)
        final = self._horizon.look(conn)
        events = log.read_beyond(
            conn, self._final, types=FOLLOWED, positions=_POSITIONS_MAX, limit=_EVENTS_MAX
        )
        if is_new or self._view is None or events is None:
            if events is None:
                # Too much happened: everything is read anew, and what is final now is in it.
                self._final = final_position(conn)
            view = self._read_all(marks)
        else:
            fresh = [one for one in events if one.position not in self._seen]
            self._seen |= {one.position for one in fresh}
            view = self._read_changed(self._view, changes_of(fresh, self._leaves))
        if final > self._final:
            self._final = final
            self._seen = {one for one in self._seen if one > final}
        if marks.get("preorders") != self._ahead_marks:
            self._ahead_marks = marks.get("preorders")
            view = msgspec.structs.replace(view, ahead=standings_of(conn))
        self._view = view
        return view

    def _read_all(self, marks: Marks) -> View:
        conn, now = self._conn, self._clock()
        terms, paces = promises.terms_in_force(conn), promises.paces_in_force(conn)
        nodes = _nodes(conn)
        sites = org.branch_sites(conn)
        company = brand_companies(conn)
        currency = company[0].currency if company else ""
        costs = sourcing.site_costs(conn, [one.id for one in sites], currency=currency)
        self._leaves = {
            one.id: one.site_id
            for one in nodes
            if one.site_id is not None and one.kind in (NodeKind.SITE, NodeKind.LEAF)
        }
        columns = Sites(
            sites,
            paths={
                one.site_id: one.path for one in reversed(nodes) if one.kind is NodeKind.LEAF and one.site_id
            },
            costs={one.site_id: one for one in costs},
            terms=terms.terms,
            paces=paces,
        )
        shelves = Shelves(columns.index)
        shelves.put_rows(windows.shelves(conn), sku_ids=None, site_ids=None)
        shelves.put_rooms(windows.levels_above(conn), sku_ids=None)
        shelves.put_quotas(windows.open_quotas_of(conn), sku_ids=None)
        days = self._days()
        self._marks = marks
        until = now + _VALID
        return View(
            items=_items(conn),
            channels=orders.channels_by_code(conn),
            paths={one.id: one.path for one in nodes if one.kind in (NodeKind.BRAND, NodeKind.NETWORK)},
            sites=columns,
            able=able_places(columns, ability(conn)),
            named=NamedPlaces(columns, profile_in_force(conn).settings),
            shelves=shelves,
            days=days,
            hours=terms_of_sites(conn, columns.sites),
            taken=slots.places_taken(conn, now - timedelta(days=1)),
            calendar=calendar_of(columns, days, terms.terms, until=until),
            prices=opportunity_prices(conn, columns.index, currency=currency),
            terms=terms,
            paces=paces,
            currency=currency,
            ahead=standings_of(conn),
            freight=_freight_of(conn, company[0].unit_path) if company else None,
        )

    def _days(self) -> Days:
        since = self._clock().date() - timedelta(days=1)
        return Days(
            limits=ahead.ordinary_limits(self._conn),
            days={(one.site_id, one.day): one for one in ahead.days_ahead(self._conn, since=since)},
            waiting=orders.count_to_source(self._conn),
            dark=frozenset(dark_sites(self._conn)),
        )

    def _read_changed(self, view: View, changes: Changes) -> View:
        conn, now = self._conn, self._clock()
        self._look_up_orders(changes)
        shelves = view.shelves
        everywhere = [one for one, sites in changes.shelves.items() if sites is None]
        somewhere = {one: sites for one, sites in changes.shelves.items() if sites is not None}
        if everywhere:
            shelves.put_rows(windows.shelves(conn, sku_ids=everywhere), sku_ids=everywhere, site_ids=None)
        if somewhere:
            site_ids = set[SiteId]().union(*somewhere.values())
            found = windows.shelves(conn, sku_ids=list(somewhere), site_ids=site_ids)
            shelves.put_rows(found, sku_ids=list(somewhere), site_ids=site_ids)
        if changes.whole_sites:
            found = windows.shelves(conn, site_ids=changes.whole_sites)
            shelves.put_rows(found, sku_ids=None, site_ids=changes.whole_sites)
            changes.above |= {one.sku_id for one in found}
        above = list(changes.above)
        if above:
            shelves.put_rooms(windows.levels_above(conn, sku_ids=above), sku_ids=above)
            shelves.put_quotas(windows.open_quotas_of(conn, sku_ids=above), sku_ids=above)
        return self._with_days(view, changes, now)

    def _look_up_orders(self, changes: Changes) -> None:
        """Of events that name an order alone: its SKUs, at the sites they name and at its own."""
        if not changes.orders:
            return
        order_ids = list(changes.orders)
        sites = {one.id: one.site_id for one in orders.orders_by_ids(self._conn, order_ids)}
        for line in orders.lines_by_orders(self._conn, order_ids):
            if line.sku_id is None:
                continue
            changes.above.add(line.sku_id)
            of_order = sites.get(line.order_id)
            concerned = set(changes.orders[line.order_id])
            if of_order is not None:
                concerned.add(of_order)
            if concerned:
                changes.add_shelf(line.sku_id, concerned)

    def _with_days(self, view: View, changes: Changes, now: datetime) -> View:
        """Read days of sites that changed; all of them, some stock and the prices now and then."""
        days, prices, taken, sold_ahead = view.days, view.prices, view.taken, view.ahead
        if changes.slots or monotonic() >= self._slow_at:
            taken = slots.places_taken(self._conn, now - timedelta(days=1))
        if monotonic() >= self._slow_at:
            self._slow_at = monotonic() + _SLOW_SECONDS
            days = self._days()
            prices = self._prices(view)
            sold_ahead = standings_of(self._conn)
            self._audit(view.shelves)
        elif changes.days:
            since = now.date() - timedelta(days=1)
            read = ahead.days_ahead(self._conn, since=since, site_ids=changes.days)
            kept: dict[tuple[SiteId, date], DayAhead] = {
                key: one for key, one in days.days.items() if one.site_id not in changes.days
            }
            days = Days(
                limits=days.limits,
                days=kept | {(one.site_id, one.day): one for one in read},
                waiting=days.waiting,
                dark=days.dark,
            )
        calendar = view.calendar
        is_due = now + _RENEW > calendar.until or now + _VALID < calendar.until
        if is_due or days != view.days:
            until = now + _VALID if is_due else calendar.until
            calendar = calendar_of(view.sites, days, view.terms.terms, until=until, before=calendar)
        return msgspec.structs.replace(
            view, days=days, prices=prices, calendar=calendar, taken=taken, ahead=sold_ahead
        )

    def _prices(self, view: View) -> Prices:
        """Read the prices again where a wave was solved since they were read."""
        priced = sourcing.last_priced(self._conn, currency=view.currency)
        if priced == self._priced:
            return view.prices
        self._priced = priced
        return opportunity_prices(self._conn, view.sites.index, currency=view.currency)

    def _audit(self, shelves: Shelves) -> None:
        """Look at some SKUs all the time, in turn: what no event told of is found, put right and counted."""
        if not self._to_audit:
            self._to_audit = shelves.sku_ids()
        turn, self._to_audit = self._to_audit[-_AUDITED:], self._to_audit[:-_AUDITED]
        if turn:
            conn = self._conn
            differed = shelves.put_rows(windows.shelves(conn, sku_ids=turn), sku_ids=turn, site_ids=None)
            differed += shelves.put_rooms(windows.levels_above(conn, sku_ids=turn), sku_ids=turn)
            self._corrections += differed


def _nodes(conn: Conn) -> list[Node]:
    """All nodes, page by page: as many statements as there are thousands of sites."""
    found: list[Node] = []
    while True:
        page = stock.nodes_page(conn, after=found[-1].id if found else None, at_most=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found


def _freight_of(conn: Conn, path: Sequence[OrgUnitId]) -> FreightTemplate | None:
    """What delivery costs where a company at the end of a path sells."""
    found = freight_at(path, kept=freight_of_units(conn, path))
    return found.template if found is not None else None


def _items(conn: Conn) -> dict[str, Item]:
    """All SKUs that are sold, page by page."""
    found: dict[str, Item] = {}
    code = ""
    while True:
        page = catalogue.skus_after(conn, code, at_most=_PAGE)
        found |= {
            one.code: Item(
                sku_id=one.id,
                grams=one.care.weight_grams or 0,
                temperature_class=catalogue.class_of_range(
                    one.care.temperature_low_celsius, one.care.temperature_high_celsius
                ),
                sent_with=one.care.sent_with,
                product=(one.product_code, one.category),
                fitting=one.care.fitting,
            )
            for one in page
            if one.is_active
        }
        if len(page) < _PAGE:
            return found
        code = page[-1].code
