"""Photos of what came back, what asks for them, and by which ways goods may come back."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import PhotoId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.processes.outcomes import all_granted
from loopline.processes.photos_back import photo_seen
from loopline.returns.model import Grade, Reason
from loopline.returns.photos import (
    About,
    PhotoContent,
    PhotoDemand,
    PhotoRule,
    photo_rules,
    set_photo_rules,
)
from loopline.returns.ways import Way, WayTerms, set_ways, ways_offered
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest
from loopline.web.hq.order_words import RETURN_WORDS
from loopline.web.hq.refusals import AmountUnclear
from loopline.web.hq.returns_why_asked import PHOTO_RULES, RETURNED_PHOTOS, RETURNS_WHY, WAYS, asked_of
from loopline.web.hq.returns_why_view import GRADE_WORDS
from loopline.web.hq.typed import read_minor
from loopline.web.languages import Language, marked
from loopline.web.photos_back import returned_photo_answer
from loopline.web.sheets import money_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form
from loopline.web.way_words import WAY_WORDS

_DEMANDS = {one.value: one for one in PhotoDemand}
DEMAND_WORDS = {
    PhotoDemand.OFF: marked("Not asked for"),
    PhotoDemand.ASKED: marked("Wished for"),
    PhotoDemand.REQUIRED: marked("Needed before it is taken back"),
}


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A state or a reason, and how much a photo is wanted of goods that have it."""

    name: str
    word: str
    demand: str


@get(RETURNED_PHOTOS + "/{photo_id:uuid}", sync_to_thread=True)
def show_photo_of_return(
    request: WebRequest, visitor: NamedDependency[Visitor], photo_id: FromPath[UUID]
) -> Response[bytes]:
    """Show a photo of what came back, to whoever may see its order, or the site that it was brought to."""
    scope = visitor.scope_of(Permission.ORDERS_READ)

    def find(conn: Conn, _: datetime) -> PhotoContent:
        found = photo_seen(conn, PhotoId(photo_id), scope=scope)
        if found is None:
            raise Refused(NoSuchThing(noun="photo", value=str(photo_id)))
        return found

    return returned_photo_answer(read(request, find))


@post(PHOTO_RULES, sync_to_thread=True)
def set_return_photo_rules(
    request: WebRequest, visitor: NamedDependency[Visitor], data: Form
) -> Response[Any]:
    """Say of which states and reasons a photo is wanted; what is not said stays. The rules are the whole brand's."""
    if not visitor.scope_of(Permission.SOURCING_WRITE).everything:
        raise Refused(NotInYourBranch(subject="brand"))

    def work(conn: Conn, now: datetime) -> None:
        standing = {(one.about, one.value): one.demand for one in photo_rules(conn)}
        wanted = [
            PhotoRule(about=about, value=value, demand=demand)
            for about, value in _places()
            if (demand := _DEMANDS.get(str(data.get(f"{about} {value}", "")))) is not None
            and demand is not standing.get((about, value), PhotoDemand.OFF)
        ]
        all_granted(set_photo_rules(conn, wanted, by=actor_of(visitor), now=now))

    run(request, work)
    return Redirect(f"{RETURNS_WHY}#photos", status_code=HTTP_303_SEE_OTHER)


@post(WAYS, sync_to_thread=True)
def set_ways_back(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Say by which ways members may send goods back, and what one return by each costs us; all of them or none."""
    if not visitor.scope_of(Permission.SOURCING_WRITE).everything:
        raise Refused(NotInYourBranch(subject="brand"))

    def work(conn: Conn, now: datetime) -> None:
        currency = board_setting(conn, asked_of(request).currency or None).currency
        standing = ways_offered(conn)
        wanted: list[WayTerms] = []
        for one in Way:
            cost = read_minor(str(data.get(f"cost {one}", "")).strip() or "0", currency)
            if cost is None:
                raise Refused(AmountUnclear())
            offered = data.get(f"offered {one}") == "yes"
            wanted.append(WayTerms(way=one, is_offered=offered, cost_minor=cost, currency=currency))
        changed = [one for one in wanted if one not in standing]
        all_granted(set_ways(conn, changed, by=actor_of(visitor), now=now))

    run(request, work)
    return Redirect(f"{RETURNS_WHY}#ways", status_code=HTTP_303_SEE_OTHER)


def way_rows(terms: list[WayTerms], currency: str, language: Language) -> list[dict[str, Any]]:
    """Write down which ways are offered, and what they cost, as it is typed."""
    return [
        {
            "way": one.way.value,
            "word": language.say(WAY_WORDS[one.way]),
            "is_offered": one.is_offered,
            "cost": f"{money_of(one.cost_minor, currency):f}",
        }
        for one in terms
    ]


def rule_rows(rules: list[PhotoRule], language: Language) -> list[RuleRow]:
    """Write down how much a photo is wanted of each state and each reason."""
    standing = {(one.about, one.value): one.demand for one in rules}
    words = {
        **{(About.GRADE, one.value): word for one, word in GRADE_WORDS.items()},
        **{(About.REASON, one.value): word for one, word in RETURN_WORDS.items()},
    }
    return [
        RuleRow(
            name=f"{about} {value}",
            word=language.say(words[about, value]),
            demand=standing.get((about, value), PhotoDemand.OFF).value,
        )
        for about, value in _places()
    ]


def _places() -> list[tuple[About, str]]:
    return [
        *((About.GRADE, one.value) for one in Grade),
        *((About.REASON, one.value) for one in Reason),
    ]


RETURNED_PHOTO_PAGES = [show_photo_of_return, set_return_photo_rules, set_ways_back]
