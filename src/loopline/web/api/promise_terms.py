"""The terms that promises are made by, where nothing was learnt yet: set for the whole brand, read by its branches."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import promises
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.processes.set_terms import set_promise_terms as write_terms
from loopline.promises import Band, Terms, TermsVersion
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told
from loopline.web.api.types import Moment

_TAG = "promises"
_SUBJECT = "promise-terms"
_BANDS_MAX = 20
_COMMENT_MAX = 500

Minutes = Annotated[int, Meta(ge=0, le=129_600)]
Kilometres = Annotated[int, Meta(ge=0, le=20_100)]
Few = Annotated[int, Meta(ge=0, le=1_000)]


class LaneBand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lanes up to a distance as the crow flies, included, and how many minutes a parcel takes on them."""

    kilometres_most: Kilometres
    minutes: Minutes


class PromiseTermsAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of the whole brand from now on, all of them; minutes of `…_ready_minutes` count while a site is open.

    From the order until goods are ready or with the carrier take `store_ready_minutes` or `warehouse_ready_minutes`;
    `source_minutes` and `answer_minutes` are the parts of them until a site is chosen and has said yes. `bands` rise;
    what is further than the last takes as long. A courier of a store goes so far and takes so long; appointments are so
    long, so many begin at once. Days are looked at so far ahead, stores shown at most so many. `prior_promises` is how
    many promises of a site weigh as much as these terms, `quantile_percent` how many of a hundred were as fast as what
    is promised.
    """

    store_ready_minutes: Minutes
    warehouse_ready_minutes: Minutes
    source_minutes: Minutes
    answer_minutes: Minutes
    bands: Annotated[tuple[LaneBand, ...], Meta(min_length=1, max_length=_BANDS_MAX)]
    courier_kilometres: Kilometres
    courier_minutes: Minutes
    appointment_minutes: Annotated[int, Meta(ge=0, le=1_440)]
    appointments_at_once: Few
    horizon_days: Annotated[int, Meta(ge=0, le=60)]
    stores_shown: Annotated[int, Meta(ge=0, le=50)]
    prior_promises: Few
    quantile_percent: Annotated[int, Meta(ge=0, le=100)]
    comment: Annotated[str, Meta(min_length=1, max_length=_COMMENT_MAX)]


class PromiseTermsTold(msgspec.Struct, frozen=True, kw_only=True):
    """Terms under their version, which promises made by them name. Version 0, set by nobody, are those of the house."""

    version: int
    set_at: Moment | None
    set_by: str
    comment: str
    store_ready_minutes: int
    warehouse_ready_minutes: int
    source_minutes: int
    answer_minutes: int
    bands: tuple[LaneBand, ...]
    courier_kilometres: int
    courier_minutes: int
    appointment_minutes: int
    appointments_at_once: int
    horizon_days: int
    stores_shown: int
    prior_promises: int
    quantile_percent: int


@told("/promise-terms", tag=_TAG, name="get_promise_terms")
def get_promise_terms(request: AnyRequest, caller: NamedDependency[Caller]) -> PromiseTermsTold:
    """Return the terms that promises are made by now."""
    caller.scope(Permission.SOURCING_READ)
    return read(request, lambda conn, _: _told(promises.terms_in_force(conn)))


@posted("/promise-terms", tag=_TAG, name="set_promise_terms", gives=Outcomes[PromiseTermsTold])
def set_promise_terms(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PromiseTermsAsk]]
) -> Response[bytes]:
    """Set the terms of the whole brand, each under the next version. Promises given stay as they are."""
    whole_brand(caller, Permission.SOURCING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[PromiseTermsTold | Refusal]:
        made = [
            write_terms(conn, _terms(one), by=caller.actor, comment=one.comment, now=now)
            for one in data.items
        ]
        return [one if isinstance(one, Refusal) else _told(one) for one in made]

    return decided(request, caller, data, decide)


def _terms(ask: PromiseTermsAsk) -> Terms:
    said = {name: getattr(ask, name) for name in Terms.__struct_fields__ if name != "bands"}
    return Terms(
        bands=tuple(Band(kilometres_most=one.kilometres_most, minutes=one.minutes) for one in ask.bands),
        **said,
    )


def _told(version: TermsVersion) -> PromiseTermsTold:
    said = {name: getattr(version.terms, name) for name in Terms.__struct_fields__ if name != "bands"}
    return PromiseTermsTold(
        version=version.version,
        set_at=version.set_at,
        set_by=version.set_by,
        comment=version.comment,
        bands=tuple(
            LaneBand(kilometres_most=one.kilometres_most, minutes=one.minutes) for one in version.terms.bands
        ),
        **said,
    )


PROMISE_TERMS_HANDLERS = [get_promise_terms, set_promise_terms]
