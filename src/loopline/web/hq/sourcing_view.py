"""How the wave monitor is written down in a language: figures, queues, waves, sites and the map's points."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.fulfilment.dark import DarkWork, WhyDark
from loopline.fulfilment.model import Capacity, SiteFlow
from loopline.kernel.ids import SiteId
from loopline.orders import QueueOfOrders, WaitingOrder, WaitsFor
from loopline.org import Site
from loopline.promises import LateNow
from loopline.sourcing.model import WaveTold
from loopline.sourcing.profiles import ProfileInForce
from loopline.web.hq.map_points import MapPoint
from loopline.web.hq.order_words import WAITS_WORDS
from loopline.web.hq.orders_asked import Asked
from loopline.web.languages import Language, marked

_FULL_AT, _BUSY_AT = 100, 80
_GOODS = "goods"
QUEUE_WORDS: dict[str, str] = {
    WaitsFor.CAPACITY.value: marked("Wait for a site's time"),
    WaitsFor.SITE.value: marked("Refused by every site that has the goods"),
    WaitsFor.CLAIM.value: marked("Put to several sites, not claimed yet"),
    WaitsFor.LIMITS.value: marked("Beyond the profile's limits, or left over by the plan"),
    WaitsFor.TOGETHER.value: marked("Leave together, and no site has all of it"),
    WaitsFor.EQUIPMENT.value: marked("Cold goods that no site with them can send"),
    _GOODS: marked("Wait for goods"),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitor shows, read at one moment; of a branch only its sites."""

    now: datetime
    zone: str
    is_whole: bool
    profile: ProfileInForce
    asked: int
    late: LateNow
    due: Sequence[QueueOfOrders]
    parked: QueueOfOrders | None
    passed: int
    listed: Sequence[WaitingOrder]
    waves: Sequence[WaveTold]
    sites: Mapping[SiteId, Site]
    capacity: Mapping[SiteId, Capacity]
    flow: Mapping[SiteId, SiteFlow]
    dark: Sequence[DarkWork]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means beside it."""

    key: str
    word: str
    amount: str
    about: str
    tone: str = ""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A parking queue: why it waits, how much, and the address that lists its orders."""

    key: str
    word: str
    orders: str
    about: str
    is_open: bool


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order of the open queue."""

    number: str
    placed: str
    units: str
    next_look: str


class WaveRow(msgspec.Struct, frozen=True, kw_only=True):
    """A wave that was decided."""

    at: str
    orders: str
    parcels: str
    unfilled: str
    cost: str
    gap: str
    seconds: str
    profile: str


class DarkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A site that is dark: why, since when, what went elsewhere, and (`kept`, if anything) what stays with it."""

    name: str
    why: str
    since: str
    moved: str
    kept: str


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A site's day: how full it is, and what became of what it was offered in the last 24 hours."""

    name: str
    load: str
    percent: int
    tone: str
    unanswered: str
    ending: str
    accepted: str
    refused: str
    answer: str
    is_shown: bool


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The monitor, written down."""

    is_whole: bool
    profile: str
    settings: str
    figures: list[Figure]
    dark: list[DarkRow]
    queues: list[Queue]
    passed: str
    listed: list[WaitingRow]
    waves: list[WaveRow]
    sites: list[SiteRow]
    idle: str


def written(found: Found, language: Language, *, asked: str) -> View:
    """Write the monitor down; `asked`: the queue whose orders are listed."""
    sites = sorted(
        (_site_row(site_id, found, language) for site_id in found.capacity),
        key=lambda one: (-one.percent, one.name),
    )
    idle = sum(not one.is_shown for one in sites)
    return View(
        is_whole=found.is_whole,
        profile=profile_name(found.profile.version, language),
        settings=_settings(found, language),
        figures=_figures(found, language),
        dark=[_dark_row(one, found, language) for one in found.dark],
        queues=_queues(found, language, asked) if found.is_whole else [],
        passed=language.count(found.passed) if found.passed else "",
        listed=[_waiting_row(one, found, language) for one in found.listed],
        waves=[_wave_row(one, found, language) for one in found.waves],
        sites=sites,
        idle=language.count(idle) if idle else "",
    )


def profile_name(version: int | None, language: Language) -> str:
    """Name a version of the profile; none: the settings as they are made."""
    return language.say("version {version}", version=version) if version else language.say("as delivered")


def _settings(found: Found, language: Language) -> str:
    waiting = found.profile.settings.waiting
    window = (
        language.say("Orders wait {minutes} min to be decided together", minutes=waiting.window_minutes)
        if waiting.window_minutes
        else language.say("Orders are decided as they come")
    )
    return f"{window} · " + language.say(
        "at most {orders} at once", orders=language.count(waiting.wave_orders)
    )


def _figures(found: Found, language: Language) -> list[Figure]:
    flow = found.flow.values()
    unanswered, ending = sum(one.unanswered for one in flow), sum(one.ending for one in flow)
    figures: list[Figure] = []
    if found.is_whole:
        due = next((one for one in found.due if one.waits_for is None), None)
        oldest = language.age(found.now - due.oldest) if due and due.oldest else ""
        figures += [
            Figure(
                key="asked",
                word=language.say("Orders in, in 24 hours"),
                amount=language.count(found.asked),
                about=language.say("from all channels"),
            ),
            Figure(
                key="due",
                word=language.say("Wait to be decided"),
                amount=language.count(due.orders if due else 0),
                about=language.say("the oldest for {age}", age=oldest)
                if oldest
                else language.say("nothing waits"),
            ),
        ]
    figures += [
        Figure(
            key="unanswered",
            word=language.say("Offers without an answer"),
            amount=language.count(unanswered),
            about=language.say("{count} of them end within half an hour", count=language.count(ending)),
            tone="warn" if ending else "",
        ),
        Figure(
            key="accepted",
            word=language.say("Accepted in 24 hours"),
            amount=language.count(sum(one.accepted for one in flow)),
            about=language.say("of {count} offered", count=language.count(sum(one.offered for one in flow))),
        ),
        Figure(
            key="refused",
            word=language.say("Refused or lapsed in 24 hours"),
            amount=language.count(sum(one.refused + one.lapsed for one in flow)),
            about=language.say(
                "{count} not answered in time", count=language.count(sum(one.lapsed for one in flow))
            ),
        ),
        Figure(
            key="late",
            word=language.say("Late against what was promised"),
            amount=language.count(found.late.late),
            about=language.say(
                "{count} of them past the time promised", count=language.count(found.late.overdue)
            ),
            tone="bad" if found.late.overdue else "warn" if found.late.late else "",
        ),
    ]
    return figures


def _queues(found: Found, language: Language, asked: str) -> list[Queue]:
    waiting: dict[str, QueueOfOrders] = {
        one.waits_for.value: one for one in found.due if one.waits_for is not None
    }
    if found.parked is not None and found.parked.orders:
        waiting[_GOODS] = found.parked
    rows: list[Queue] = []
    for key, one in waiting.items():
        about = language.say("{units} pieces", units=language.count(one.units))
        if one.oldest is not None:
            about += " · " + language.say("the oldest for {age}", age=language.age(found.now - one.oldest))
        rows.append(
            Queue(
                key=key,
                word=language.say(QUEUE_WORDS[key]),
                orders=language.count(one.orders),
                about=about,
                is_open=key == asked,
            )
        )
    return rows


def _waiting_row(one: WaitingOrder, found: Found, language: Language) -> WaitingRow:
    return WaitingRow(
        number=one.number,
        placed=language.clock_of_day(one.placed_at, found.zone),
        units=language.count(one.held if one.waits_for else one.parked),
        next_look=language.say(
            "{reason}; looked at again at {time}",
            reason=language.say(WAITS_WORDS[one.waits_for]),
            time=language.clock(one.source_after, found.zone),
        )
        if one.waits_for and one.source_after
        else language.say("goes on by itself when goods come in"),
    )


def _wave_row(one: WaveTold, found: Found, language: Language) -> WaveRow:
    return WaveRow(
        at=language.clock_of_day(one.decided_at, found.zone),
        orders=language.count(one.orders),
        parcels=language.count(one.parcels),
        unfilled=language.count(one.unfilled_units),
        cost=language.money(one.cost_minor, one.currency) if one.cost_minor is not None else "",
        gap=language.percent(max(0.0, one.gap)) if one.gap is not None else "",
        seconds=language.say("{seconds} s", seconds=f"{one.seconds:.1f}") if one.seconds is not None else "",
        profile=profile_name(one.profile_version, language),
    )


def _dark_row(one: DarkWork, found: Found, language: Language) -> DarkRow:
    return DarkRow(
        name=language.called(found.sites[one.site_id].name),
        why=language.say("let {count} offers lapse, and did nothing since", count=language.count(one.lapsed))
        if one.why is WhyDark.LAPSED
        else language.say(
            "no sign of life for {minutes} min while work waited", minutes=language.count(one.silent_minutes)
        ),
        since=language.clock_of_day(one.since, found.zone),
        moved=language.say("tasks gone elsewhere: {count}", count=language.count(one.moved_tasks)),
        kept=language.say(
            "tasks that stay there: {count}, of them begun: {begun}. See to them.",
            count=language.count(one.open_tasks),
            begun=language.count(one.begun_tasks),
        )
        if one.open_tasks
        else "",
    )


def _percent(capacity: Capacity) -> int:
    used = capacity.held + capacity.confirmed
    return 100 * used // capacity.tasks_limit if capacity.tasks_limit else 100


def _tone(percent: int) -> str:
    return "bad" if percent >= _FULL_AT else "warn" if percent >= _BUSY_AT else "good"


def _site_row(site_id: SiteId, found: Found, language: Language) -> SiteRow:
    capacity, flow = found.capacity[site_id], found.flow.get(site_id)
    percent = _percent(capacity)
    used = capacity.held + capacity.confirmed
    return SiteRow(
        name=language.called(found.sites[site_id].name),
        load=f"{language.count(used)} / {language.count(capacity.tasks_limit)}",
        percent=min(100, percent),
        tone=_tone(percent),
        unanswered=language.count(flow.unanswered) if flow else "",
        ending=language.count(flow.ending) if flow and flow.ending else "",
        accepted=language.count(flow.accepted) if flow else "",
        refused=language.count(flow.refused + flow.lapsed) if flow else "",
        answer=language.say("{minutes} min", minutes=f"{flow.answer_seconds / 60:.0f}")
        if flow and flow.answer_seconds is not None
        else "",
        is_shown=bool(used or flow or not capacity.tasks_limit),
    )


def encoded_map(found: Found, language: Language) -> bytes:
    """Write the map's points for the browser."""
    points = [
        MapPoint(
            at=(site.coordinates.longitude, site.coordinates.latitude),
            tone=_tone(_percent(capacity)),
            size=capacity.held + capacity.confirmed,
            said=f"{language.called(site.name)}  {capacity.held + capacity.confirmed} / {capacity.tasks_limit}",
            path=Asked(site=site.code).link(),
        )
        for site_id, capacity in found.capacity.items()
        for site in (found.sites[site_id],)
    ]
    return msgspec.json.encode(points)
