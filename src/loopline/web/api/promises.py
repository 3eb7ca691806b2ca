"""What can be promised: can it be had, from where, by when, at what charge. For shop windows, so it is open to all."""

import asyncio
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.cities import city_by_code
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.promised import tell_arrivals
from loopline.processes.take_in import UnknownRegion
from loopline.promises import FROM_A_STORE, PromiseKind, WhyNot
from loopline.web.api.answers import PROBLEMS, AnyRequest, answered
from loopline.web.api.answers import outcomes as outcomes_of
from loopline.web.api.caller import Caller
from loopline.web.api.orders import Destination
from loopline.web.api.shapes import Batch, Outcome, Outcomes, decided, posted
from loopline.web.api.types import Code, Moment, Name, Units
from loopline.web.edge import Edge, edge_of
from loopline.web.languages import wanted_language
from loopline.web.problems import problem_of
from loopline.web.promising.answers import Answer, answer
from loopline.web.promising.asking import Asked
from loopline.web.promising.desk import View
from loopline.web.promising.hours import fitters_near
from loopline.web.promising.options import Option
from loopline.web.promising.sites import STORES
from loopline.web.promising.tokens import SaidPromise, at_site, ends_of, hash_of_asked, seal, spelt_goods

_TAG = "promises"
_encode = msgspec.json.Encoder().encode
_NOBODY = Scope()
_LINES_MAX = 50
_SITES_MAX = 50
_GOODS_MINOR_MAX = 10**12
SHOWN_TO_ALL_MAX = 10
USUAL_KINDS = (PromiseKind.DELIVER, PromiseKind.COLLECT)


class PromiseLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU."""

    sku_code: Code
    units: Units = 1


class PromiseAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods through a channel. A delivery or a courier needs a `destination` or a `region_code` (GB/T 2260).

    Of the `kinds` delivery and collection are answered where none are named. What is collected, and an appointment,
    is asked for at stores: `site_codes`, or those near the destination. A courier, and a fitter, comes from a store
    within reach that offers it. `starts_at` asks for one hour of a courier, a fitter or an appointment; without it
    the first free one is promised, and others are listed. `ship_from`:
    codes of the sites, or names of groups of sites, that a delivery must ship from. `goods_minor`: what the goods come
    to, as a quote says: from some amount on a delivery may be free. Without it the fee is that of goods below it.
    """

    channel: Code
    lines: Annotated[tuple[PromiseLine, ...], Meta(min_length=1, max_length=_LINES_MAX)]
    kinds: Annotated[tuple[PromiseKind, ...], Meta(min_length=1, max_length=5)] | None = None
    destination: Destination | None = None
    region_code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")] | None = None
    site_codes: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=_SITES_MAX)] | None = None
    starts_at: Moment | None = None
    ship_from: Annotated[tuple[Name, ...], Meta(max_length=_SITES_MAX)] = ()
    goods_minor: Annotated[int, Meta(ge=0, le=_GOODS_MINOR_MAX)] | None = None


class OptionTold(msgspec.Struct, frozen=True, kw_only=True):
    """One way that can be promised: by when, at or from which site, in how many parcels, at what charge.

    `promise` is this promise, sealed: an order that is placed with it within an hour is kept to it. A courier, a
    fitter and an appointment are of a slot, from `starts_at` to `ends_at`; `hours` are the beginnings of those that
    are free. Who orders a courier or a fitter names `site_code` and the delivery `courier` or `fitting`.
    `site_code` and `from_site_codes` name stores, and other sites within the caller's branch. `charge_minor` is
    what it adds to the price of the goods, as a line of the order, at most. A delivery is free for `free_for_minor`
    more of goods than was said; null: it is, or no amount makes it so. `weight_minor`, told to whoever reads stock
    of the whole brand, is what the choice was made by.
    """

    kind: PromiseKind
    due_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    hours: tuple[datetime, ...]
    site_code: str | None
    from_site_codes: tuple[str, ...]
    parcels: int
    charge_minor: int
    free_for_minor: int | None
    weight_minor: int | None
    currency: str
    promise: str


class FitterNearTold(msgspec.Struct, frozen=True, kw_only=True):
    """A store that fits at home: how far it is, and how far its fitters go. Perhaps another address is near enough."""

    site_code: str
    kilometres: int
    reaches_kilometres: int


class NotThus(msgspec.Struct, frozen=True, kw_only=True):
    """A way that cannot be promised, and why. `nearest`: stores that fit at home, where no fitter goes so far.

    `pre_order`: it can be ordered all the same, before there is any; `lacking` says the day on which it ships.
    `not_delivered_there`: the brand delivers nothing to that `destination` or `region_code`, whatever it costs.
    """

    kind: PromiseKind
    why: WhyNot
    nearest: tuple[FitterNearTold, ...] = ()


class UnitsThere(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that could be delivered where more were asked for. `is_capped`: there are that many or more.

    `pre_order_ships_on`: the rest can be ordered before there is any, and ships from that day on.
    """

    sku_code: str
    units: int
    is_capped: bool
    pre_order_ships_on: date | None = None


class PromiseTold(msgspec.Struct, frozen=True, kw_only=True):
    """What can be promised now; nothing is set aside by asking."""

    options: list[OptionTold]
    not_thus: list[NotThus]
    lacking: list[UnitsThere]


@post(
    "/promises",
    tags=[_TAG],
    operation_id="ask_promises",
    status_code=200,
    responses={
        **PROBLEMS,
        200: ResponseSpec(
            data_container=Outcomes[PromiseTold], description="One outcome per ask.", generate_examples=False
        ),
    },
    security=[{}, {"bearer": []}],
)
async def ask_promises(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PromiseAsk]]
) -> Response[bytes]:
    """Ask what can be promised of many carts at once; it is true when it is said, and only an order sets goods aside.

    Answered from memory that follows the log. Where that is too old nothing is promised (503): ask again in a moment.
    """
    edge = edge_of(request)
    view = edge.promises.fresh() or await asyncio.to_thread(edge.promises.view)
    results = promised(edge, view, data, caller)
    return answered(Outcomes[PromiseTold](outcomes=outcomes_of(Outcome[PromiseTold], results, request)))


def promised(edge: Edge, view: View, asks: Batch[PromiseAsk], caller: Caller) -> list[PromiseTold | Refusal]:
    """Answer a batch from what is known: one outcome each, in its order."""
    scope = caller.branches.get(Permission.STOCK_READ, _NOBODY)
    return answers_from(view, asks, scope, secret=edge.settings.secret, now=edge.clock())


def answers_from(
    view: View, asks: Batch[PromiseAsk], scope: Scope, *, secret: str, now: datetime
) -> list[PromiseTold | Refusal]:
    """Answer a batch from what is known to somebody who reads stock of `scope`."""
    return [_promised(view, one, scope, secret=secret, now=now) for one in asks.items]


def encoded_outcomes(results: list[PromiseTold | Refusal], accept_language: str) -> bytes:
    """Spell the answers to a batch; refusals in the language that is wanted."""
    language = wanted_language(cookie=None, accept_language=accept_language)
    # Not spelt `Outcome[PromiseTold](...)`: each such call costs some two microseconds more.
    outcomes: list[Outcome[PromiseTold]] = [
        Outcome(problem=problem_of(one, language)) if isinstance(one, Refusal) else Outcome(value=one)
        for one in results
    ]
    return _encode(Outcomes(outcomes=outcomes))


def _promised(
    view: View, ask: PromiseAsk, scope: Scope, *, secret: str, now: datetime
) -> PromiseTold | Refusal:
    place: Coordinates | None = None
    if ask.destination is not None:
        place = Coordinates(longitude=ask.destination.longitude, latitude=ask.destination.latitude)
    elif ask.region_code is not None:
        city = city_by_code(ask.region_code)
        if city is None:
            return UnknownRegion(region_code=ask.region_code)
        place = city.coordinates
    asked = Asked(
        channel=ask.channel,
        lines=tuple([(line.sku_code, line.units) for line in ask.lines]),
        kinds=tuple(dict.fromkeys(ask.kinds)) if ask.kinds else USUAL_KINDS,
        destination=place,
        site_codes=ask.site_codes,
        starts_at=ask.starts_at,
        ship_from=ask.ship_from,
        goods_minor=ask.goods_minor,
    )
    found = answer(view, asked, now=now)
    if isinstance(found, Refusal):
        return found
    return PromiseTold(
        options=[
            _told(view, one, scope, promise=sealed(view, asked, one, secret=secret, now=now))
            for one in found.options
        ],
        not_thus=[_not_thus(view, kind, why, place) for kind, why in found.misses.items()],
        lacking=_lacking(found, scope),
    )


def _not_thus(view: View, kind: PromiseKind, why: WhyNot, place: Coordinates | None) -> NotThus:
    if kind is not PromiseKind.FITTING or why is not WhyNot.TOO_FAR or place is None:
        return NotThus(kind=kind, why=why)
    near = [
        FitterNearTold(
            site_code=one.site.code, kilometres=one.kilometres, reaches_kilometres=one.kilometres_most
        )
        for one in fitters_near(view, place)
    ]
    return NotThus(kind=kind, why=why, nearest=tuple(near))


def sealed(view: View, asked: Asked, option: Option, *, secret: str, now: datetime) -> str:
    """Seal one way as it is shown now, for the order that may come of it."""
    is_at_site = option.kind in (PromiseKind.COLLECT, PromiseKind.APPOINTMENT)
    place = option.site.code if is_at_site else asked.destination
    goods = asked.goods
    if asked.ship_from and option.kind is not PromiseKind.DELIVER:  # deliveries alone are ordered with it
        goods = spelt_goods(asked.channel, asked.lines)
    if option.kind in FROM_A_STORE:
        goods = at_site(goods, option.site.code)
    return seal(_ends(view, option), secret, said=int(now.timestamp()), asked=hash_of_asked(goods, place))


def _ends(view: View, option: Option) -> tuple[bytes, bytes]:
    """What of a promise is the same for all who ask while a calendar stands; an hour of its own is spelt anew."""
    heads = view.calendar.made.heads
    key = (option.kind.value, option.place, option.due_at, option.band, option.fee_minor)
    head = heads.get(key)
    if head is None:
        head = ends_of(
            SaidPromise(
                kind=option.kind,
                site_id=option.site.id,
                due=int(option.due_at.timestamp()),
                starts=int(option.starts_at.timestamp()) if option.starts_at is not None else None,
                ready_minutes=option.ready_minutes,
                lane_minutes=option.lane_minutes,
                band=option.band,
                terms_version=view.terms.version,
                pace_version=view.paces.version,
                said=0,
                asked=b"",
                ends=int(option.ends_at.timestamp()) if option.ends_at is not None else None,
                fee_minor=option.fee_minor,
            )
        )
        heads[key] = head
    return head


def _told(view: View, option: Option, scope: Scope, *, promise: str) -> OptionTold:
    shown = tuple(
        [
            one.code
            for one in option.sends
            if scope.everything or one.unit_kind in STORES or scope.covers_site(one.id)
        ]
    )
    return OptionTold(
        kind=option.kind,
        due_at=option.due_at,
        starts_at=option.starts_at,
        ends_at=option.ends_at,
        hours=option.hours,
        site_code=option.site.code if option.site.code in shown else None,
        from_site_codes=shown,
        parcels=len(option.sends),
        charge_minor=option.fee_minor,
        free_for_minor=option.free_for_minor,
        weight_minor=option.weight_minor if scope.everything else None,
        currency=view.currency,
        promise=promise,
    )


def _lacking(found: Answer, scope: Scope) -> list[UnitsThere]:
    return [
        UnitsThere(
            sku_code=code,
            units=units if scope.everything else min(units, SHOWN_TO_ALL_MAX),
            is_capped=not scope.everything and units >= SHOWN_TO_ALL_MAX,
            pre_order_ships_on=found.ships_on.get(code),
        )
        for code, units in found.lacking.items()
    ]


class ParcelArrivedAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A parcel, by its task, that reached its customer."""

    task_id: UUID
    arrived_at: Moment


class ParcelArrivedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel that arrived, as it was told."""

    task_id: TaskId
    order_id: OrderId
    arrived_at: datetime


@posted("/parcels/arrived", tag=_TAG, name="tell_arrivals", gives=Outcomes[ParcelArrivedTold])
def tell_parcels_arrived(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ParcelArrivedAsk]]
) -> Response[bytes]:
    """Tell that parcels reached their customers: promises are held against it. The first word of each parcel stands."""
    scope = caller.scope(Permission.TASKS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[ParcelArrivedTold | Refusal]:
        told = [(TaskId(one.task_id), one.arrived_at) for one in data.items]
        outcomes = tell_arrivals(conn, told, scope=scope, actor=caller.actor, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else ParcelArrivedTold(task_id=one.task_id, order_id=one.order_id, arrived_at=one.arrived_at)
            for one in outcomes
        ]

    return decided(request, caller, data, decide)


PROMISE_HANDLERS = [ask_promises, tell_parcels_arrived]
