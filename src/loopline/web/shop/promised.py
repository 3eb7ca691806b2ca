"""What the shop promises its customers, in words and with the order; nothing where nothing is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from loopline.kernel.cities import city_by_code
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day
from loopline.orders import Delivery, LineKind
from loopline.processes.take_in import OrderMessage
from loopline.promises import BROUGHT, FROM_A_STORE, GivenPromise, Promise, PromiseKind, WhyNot
from loopline.web.edge import Edge
from loopline.web.languages import Language
from loopline.web.promising.answers import answer
from loopline.web.promising.asking import Asked
from loopline.web.promising.desk import View
from loopline.web.promising.options import Option

_MOMENT = timedelta(microseconds=1)
ZONE = "Asia/Shanghai"
"""Where the days of deliveries are cut."""


def ready_by(
    edge: Edge, channel: str, lines: Sequence[tuple[str, int]], site_codes: Sequence[str]
) -> dict[str, datetime]:
    """Return by when goods can be collected, by the code of the store; stores that cannot promise it are left out."""
    view = edge.promises.fresh()
    if view is None or not site_codes:
        return {}
    known = tuple(code for code in site_codes if code in view.sites.by_code)
    asked = Asked(channel=channel, lines=tuple(lines), kinds=(PromiseKind.COLLECT,), site_codes=known)
    return {one.site.code: one.due_at for one in _options(view, asked, edge.clock())} if known else {}


def delivered_by(
    edge: Edge, channel: str, lines: Sequence[tuple[str, int]], region_codes: Sequence[str]
) -> dict[str, datetime]:
    """Return by when goods can be delivered, by the code of the region; those not known are left out."""
    view = edge.promises.fresh()
    if view is None:
        return {}
    found: dict[str, datetime] = {}
    for code in dict.fromkeys(region_codes):
        city = city_by_code(code)
        if city is None:
            continue
        asked = Asked(
            channel=channel, lines=tuple(lines), kinds=(PromiseKind.DELIVER,), destination=city.coordinates
        )
        for one in _options(view, asked, edge.clock()):
            found[code] = one.due_at
    return found


def why_not_delivered(edge: Edge, channel: str, lines: Sequence[tuple[str, int]]) -> WhyNot | None:
    """Return what keeps goods from being delivered anywhere, wherever they go; None where nothing does, or is known.

    That no site can send them as cold as they are kept, or that none has all that leaves in one parcel.
    """
    view = edge.promises.fresh()
    if view is None or not view.sites.sites:
        return None
    anywhere = view.sites.sites[0].coordinates
    asked = Asked(channel=channel, lines=tuple(lines), kinds=(PromiseKind.DELIVER,), destination=anywhere)
    found = answer(view, asked, now=edge.clock())
    why = None if isinstance(found, Refusal) else found.misses.get(PromiseKind.DELIVER)
    return why if why in {WhyNot.NOT_EQUIPPED, WhyNot.NOT_TOGETHER} else None


def promise_for(edge: Edge, message: OrderMessage) -> GivenPromise | None:
    """Return what an order of the shop is promised at this moment; None where nothing can be said."""
    view = edge.promises.fresh()
    if view is None or any(line.kind is not LineKind.GOODS for line in message.lines):
        return None
    is_delivered = message.delivery is Delivery.DELIVER
    city = city_by_code(message.region_code) if message.region_code else None
    now = edge.clock()
    asked = Asked(
        channel=message.channel,
        lines=tuple((line.sku_code, line.units) for line in message.lines),
        kinds=(PromiseKind.DELIVER if is_delivered else PromiseKind.COLLECT,),
        destination=city.coordinates if city is not None else None,
        site_codes=(message.site_code,) if message.site_code in view.sites.by_code else None,
    )
    for one in _options(view, asked, now):
        return GivenPromise(
            kind=one.kind,
            site_id=one.site.id,
            due_at=one.due_at,
            starts_at=one.starts_at,
            ready_minutes=one.ready_minutes,
            lane_minutes=one.lane_minutes,
            band=one.band,
            terms_version=view.terms.version,
            pace_version=view.paces.version,
            said_at=now,
        )
    return None


def _options(view: View, asked: Asked, now: datetime) -> Sequence[Option]:
    found = answer(view, asked, now=now)
    return () if isinstance(found, Refusal) else found.options


def ready_words(language: Language, due_at: datetime, zone: str, *, now: datetime) -> str:
    """Say by when goods can be collected."""
    if business_day(due_at, zone) == business_day(now, zone):
        return language.say("Ready today by {time}", time=language.clock(due_at, zone))
    return language.say("Ready by {time}", time=language.clock_of_day(due_at, zone))


def delivered_words(language: Language, due_at: datetime, zone: str) -> str:
    """Say by which day goods are with their customer: the day that ends with the moment they are due."""
    return language.say("With you by {day}", day=language.short_day(due_at - _MOMENT, zone))


def promise_words(
    language: Language, promises: Sequence[Promise], zone: str, *, now: datetime
) -> Mapping[str, str]:
    """Say what stands promised of an order (`now`), and what had been promised before that could not be kept."""
    if not promises or promises[-1].ended_at is not None:
        return {}
    last = promises[-1]

    def spelt(due_at: datetime) -> str:
        if last.kind in FROM_A_STORE:
            return language.say("With you by {day}", day=language.clock_of_day(due_at, zone))
        if last.kind in BROUGHT:
            return delivered_words(language, due_at, zone)
        return ready_words(language, due_at, zone, now=now)

    said = {"now": spelt(last.due_at)}
    if last.replaces_id is not None:
        said["before"] = language.say(
            "It takes longer than we said at first ({time}). We are sorry.",
            time=language.short_day(last.first_due_at - _MOMENT, zone)
            if last.kind is PromiseKind.DELIVER
            else language.clock_of_day(last.first_due_at, zone),
        )
    return said
