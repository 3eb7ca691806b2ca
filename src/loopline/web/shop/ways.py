"""The ways in which a cart can be had: by when, from where, at what charge; the hours of couriers, fitters, stores."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.kernel.cities import city_by_code
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery
from loopline.processes.take_in import OrderMessage
from loopline.promises import FROM_A_STORE, GivenPromise, PromiseKind
from loopline.web.edge import Edge
from loopline.web.hours import hour_words, moment_said
from loopline.web.languages import Language, marked
from loopline.web.promising.answers import answer
from loopline.web.promising.asking import Asked
from loopline.web.promising.desk import View
from loopline.web.promising.hours import fitters_near
from loopline.web.promising.options import Option
from loopline.web.shop.promised import ZONE, delivered_words, ready_words

WAY_NAMES: Mapping[PromiseKind, str] = {
    PromiseKind.DELIVER: marked("To your door"),
    PromiseKind.COURIER: marked("Courier"),
    PromiseKind.FITTING: marked("Fitting at home"),
    PromiseKind.COLLECT: marked("Collect"),
    PromiseKind.APPOINTMENT: marked("Appointment"),
}
DELIVERIES: Mapping[PromiseKind, Delivery] = {
    PromiseKind.DELIVER: Delivery.DELIVER,
    PromiseKind.COURIER: Delivery.COURIER,
    PromiseKind.FITTING: Delivery.FITTING,
    PromiseKind.COLLECT: Delivery.COLLECT,
    PromiseKind.APPOINTMENT: Delivery.COLLECT,
}
AT_HOURS = FROM_A_STORE | {PromiseKind.APPOINTMENT}
"""Ways of which an hour is chosen."""
_SEPARATOR = "|"


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """What a courier or a store has free: where from, what it costs, and the hours as a form names and says them."""

    site_code: str
    site_name: str
    fee_minor: int
    choices: Sequence[tuple[str, str]]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """An hour that was chosen, and at or from which store."""

    site_code: str
    starts_at: datetime


class WayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A way as the checkout offers it: what it is called, when and from where, and what it costs (None: nothing)."""

    kind: PromiseKind
    word: str
    about: str
    fee_minor: int


def chosen_hour(text: str) -> Chosen | None:
    """Read the choice of a form; None for none, or one that makes no sense."""
    site_code, separator, moment = text.partition(_SEPARATOR)
    starts_at = moment_said(moment) if separator else None
    return Chosen(site_code=site_code[:100], starts_at=starts_at) if starts_at is not None else None


def options_of(  # noqa: PLR0913 - goods and ways, and where to
    view: View | None,
    goods: tuple[str, Sequence[tuple[str, int]]],
    kinds: Sequence[PromiseKind],
    *,
    region_code: str = "",
    site_codes: Sequence[str] = (),
    now: datetime,
) -> list[Option]:
    """Return the ways in which goods (channel and lines) can be had in a region or at stores; none if nobody knows."""
    city = city_by_code(region_code) if region_code else None
    known = tuple(code for code in site_codes if view is not None and code in view.sites.by_code)
    if view is None or (site_codes and not known):
        return []
    asked = Asked(
        channel=goods[0],
        lines=tuple(goods[1]),
        kinds=tuple(kinds),
        destination=city.coordinates if city is not None else None,
        site_codes=known or None,
    )
    found = answer(view, asked, now=now)
    return [] if isinstance(found, Refusal) else found.options


def hours_by_place(  # noqa: PLR0913 - goods and way, and the places they may go to
    view: View | None,
    goods: tuple[str, Sequence[tuple[str, int]]],
    kind: PromiseKind,
    *,
    regions: Mapping[str, str],
    sites: Sequence[str],
    now: datetime,
) -> dict[str, Option]:
    """Return what has free hours: couriers and fitters by address (`regions` by its name in the form), appointments by
    store.
    """
    if kind is PromiseKind.APPOINTMENT:
        found = options_of(view, goods, [kind], site_codes=sites, now=now) if sites else []
        return {one.site.code: one for one in found}
    if kind not in FROM_A_STORE:
        return {}
    by_region = {
        region: options[0]
        for region in dict.fromkeys(regions.values())
        if region and (options := options_of(view, goods, [kind], region_code=region, now=now))
    }
    return {name: by_region[region] for name, region in regions.items() if region in by_region}


def fitters_by_place(
    view: View | None, regions: Mapping[str, str], hours: Collection[str], language: Language
) -> dict[str, str]:
    """Say of addresses to which no fitter comes (they are not in `hours`) which stores that fit at home are nearest."""
    found: dict[str, str] = {}
    for name, region in regions.items():
        city = city_by_code(region) if region and name not in hours else None
        if view is None or city is None:
            continue
        near = [
            language.say(
                "{site}, {count} km away, goes as far as {most} km",
                site=language.called(one.site.name),
                count=one.kilometres,
                most=one.kilometres_most,
            )
            for one in fitters_near(view, city.coordinates)
        ]
        if near:
            found[name] = "; ".join(near)
    return found


def ways_shown(
    options: Sequence[Option], language: Language, *, now: datetime
) -> dict[PromiseKind, WayShown]:
    """Say of each way when it is, and from where: of the first option of each."""
    found: dict[PromiseKind, WayShown] = {}
    for one in options:
        if one.kind not in found:
            found[one.kind] = WayShown(
                kind=one.kind,
                word=language.say(WAY_NAMES[one.kind]),
                about=_about(one, language, now=now),
                fee_minor=one.fee_minor,
            )
    return found


def _about(one: Option, language: Language, *, now: datetime) -> str:
    zone_name = one.site.time_zone
    if one.kind is PromiseKind.DELIVER:
        return delivered_words(language, one.due_at, ZONE)
    if one.kind is PromiseKind.COLLECT:
        when = ready_words(language, one.due_at, zone_name, now=now)
    else:
        assert one.starts_at is not None and one.ends_at is not None  # noqa: PT018 - both, as of each slot
        when = hour_words(language, one.starts_at, one.ends_at, zone_name, now=now)
    return f"{when} · {language.called(one.site.name)}"


def hours_of(one: Option, language: Language, *, now: datetime) -> Hours:
    """Write the hours of an option down, for a form."""
    assert one.starts_at is not None and one.ends_at is not None  # noqa: PT018 - as above
    length = one.ends_at - one.starts_at
    return Hours(
        site_code=one.site.code,
        site_name=language.called(one.site.name),
        fee_minor=one.fee_minor,
        choices=[
            (
                f"{one.site.code}{_SEPARATOR}{begins.isoformat()}",
                hour_words(language, begins, begins + length, one.site.time_zone, now=now),
            )
            for begins in one.hours
        ],
    )


def promise_of_hour(
    edge: Edge, message: OrderMessage, kind: PromiseKind, chosen: Chosen
) -> GivenPromise | None:
    """Return what an order at an hour is promised now; None where that hour cannot be had.

    Raises Refused where nothing is known: without a promise nobody comes.
    """
    view, now = edge.promises.view(), edge.clock()
    city = city_by_code(message.region_code) if message.region_code else None
    if chosen.site_code not in view.sites.by_code:
        return None
    asked = Asked(
        channel=message.channel,
        lines=tuple((line.sku_code, line.units) for line in message.lines),
        kinds=(kind,),
        destination=city.coordinates if city is not None else None,
        site_codes=(chosen.site_code,),
        starts_at=chosen.starts_at,
    )
    found = answer(view, asked, now=now)
    if isinstance(found, Refusal) or not found.options:
        return None
    return given_of(view, found.options[0], now=now)


def given_of(view: View, one: Option, *, now: datetime) -> GivenPromise:
    """Return an option as a promise that an order is placed with."""
    return GivenPromise(
        kind=one.kind,
        site_id=one.site.id,
        due_at=one.due_at,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        fee_minor=one.fee_minor,
        ready_minutes=one.ready_minutes,
        lane_minutes=one.lane_minutes,
        band=one.band,
        terms_version=view.terms.version,
        pace_version=view.paces.version,
        said_at=now,
    )
