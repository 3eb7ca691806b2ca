"""What happened to an order, from the log, in words: what, when, where, by whom."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.fulfilment.model import RefusalReason, Task
from loopline.kernel.events import Event
from loopline.kernel.ids import LineId, PersonId, SiteId
from loopline.notices import About
from loopline.orders import WaitsFor
from loopline.processes.look_up import PERSON_ACTOR, OrderStory
from loopline.sourcing.model import UnfilledReason
from loopline.web.hq.board_view import HAPPENING_TONES, HAPPENING_WORDS, channel_word
from loopline.web.hq.order_view import Eyes, Part
from loopline.web.hq.order_words import (
    EXCEPTION_WORDS,
    RETURN_WORDS,
    UNFILLED_WORDS,
    WAITS_WORDS,
    method_word,
)
from loopline.web.languages import Language, marked
from loopline.web.notice_words import ABOUT_WORDS
from loopline.web.store.words import REASON_WORDS

MOMENT_WORDS: dict[str, str] = HAPPENING_WORDS | {
    "invoice_wished": marked("Invoice asked for"),
    "invoice_issued": marked("Invoice or credit note issued"),
    "invoice_stopped": marked("Something stands in the way of the invoice"),
    "ship_by_near": marked("To be shipped soon"),
    "ship_by_missed": marked("Not shipped in time"),
    "promise_given": marked("Promised"),
    "promise_at_risk": marked("Promise at risk"),
    "promise_kept": marked("Promise kept"),
    "promise_missed": marked("Promise not kept"),
    "promise_renewed": marked("Promised anew"),
    "parcel_arrived": marked("Parcel arrived"),
    "slot_booked": marked("Place at an hour taken"),
    "slot_moved": marked("Moved to another hour"),
    "slot_released": marked("Place at an hour given back"),
    "goods_dated": marked("Goods expected on another day"),
    "goods_overdue": marked("Goods did not come on the day expected"),
    "ship_from_changed": marked("Sites it must ship from changed"),
    "visit_taken": marked("A fitter is to go there"),
    "visit_set_out": marked("The fitter is on the way"),
    "visit_ended": marked("The fitter was there"),
    "visit_code_closed": marked("Too many wrong codes at the door: none counts for a while"),
    "customer_told": marked("Customer told by message"),
    "order_sourced": marked("Site chosen"),
    "tasks_offered": marked("Work offered"),
    "call_ended": marked("Nobody claimed it, sourced again"),
    "task_cancelled": marked("Work taken back"),
    "label_printed": marked("Label printed"),
    "address_said_right": marked("The address was in doubt, and was said to be right"),
    "address_mended": marked("The customer mended the address"),
    "goods_exchanged": marked("Exchanged for other goods"),
    "price_changed": marked("Sold for less than it costs"),
    "photo_kept": marked("Photo of the goods taken"),
    "photo_waived": marked("No photo of the goods, for a reason"),
    "picking_started": marked("Picking begun"),
    "goods_checked": marked("Goods picked and checked"),
    "parcel_packed": marked("Parcel packed"),
    "collector_identified": marked("Whoever collected it showed that it is theirs"),
    "collector_not_identified": marked("What was shown at the counter is not of whoever ordered it"),
    "payment_taken": marked("Paid"),
    "money_refunded": marked("Money given back"),
    "payment_given_back": marked("Money the order does not need goes back"),
    "order_settled": marked("Revenue and shares booked"),
    "hold_expired": marked("Not paid in time, goods released"),
    "order_attributed": marked("Traced back to what touched the buyer"),
    "lines_reinstated": marked("Paid after all, goods set aside again"),
    "coupons_taken": marked("Coupon used"),
    "coupons_came_back": marked("Coupon given back"),
    "coupon_not_taken": marked("A coupon could not be used"),
    "return_announced": marked("Return announced"),
    "return_withdrawn": marked("Announced return called off"),
    "return_opened": marked("Goods returned"),
    "return_received": marked("Returned goods arrived"),
    "return_graded": marked("Returned goods looked at"),
    "return_sent": marked("Announced goods on their way back"),
    "return_photo_kept": marked("Photo of returned goods taken"),
    "blind_return_decided": marked("Decided on a return without a sale"),
}
MOMENT_TONES: dict[str, str] = HAPPENING_TONES | {
    "payment_taken": "good",
    "order_settled": "good",
    "task_accepted": "good",
    "hold_expired": "warn",
    "task_cancelled": "warn",
    "lines_reinstated": "good",
    "coupons_came_back": "warn",
    "coupon_not_taken": "warn",
    "return_announced": "warn",
    "return_opened": "warn",
    "money_refunded": "warn",
    "payment_given_back": "warn",
    "parcel_not_collected": "warn",
    "ship_by_near": "warn",
    "ship_by_missed": "bad",
    "promise_at_risk": "warn",
    "goods_overdue": "bad",
    "promise_kept": "good",
    "promise_missed": "bad",
    "promise_renewed": "warn",
    "parcel_arrived": "good",
    "slot_moved": "warn",
    "visit_code_closed": "warn",
    "collector_not_identified": "warn",
}
# What is told of one site's work, and nothing else, may be told to that site.
_ABOUT_A_SITE = frozenset(
    {
        "address_said_right",
        "call_claimed",
        "collector_identified",
        "collector_not_identified",
        "photo_kept",
        "photo_waived",
        "task_accepted",
        "task_refused",
        "task_lapsed",
        "task_cancelled",
        "picking_started",
        "goods_checked",
        "parcel_packed",
        "parcel_handed_over",
        "parcel_not_collected",
        "visit_taken",
        "visit_set_out",
        "visit_ended",
        "visit_code_closed",
    }
)
_STEPS = frozenset(
    {"task_accepted", "picking_started", "goods_checked", "parcel_packed", "parcel_handed_over"}
)
_TO_ALL = frozenset({"order_placed"})


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `key` is its place in the log; `actor` is empty where nobody in particular did it."""

    key: int
    type: str
    at: datetime
    word: str
    detail: str
    actor: str
    tone: str


class _Telling(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way into words, with who will read it."""

    event: Event
    data: Mapping[str, Any]
    story: OrderStory
    eyes: Eyes
    language: Language


def moments_of(story: OrderStory, eyes: Eyes, language: Language) -> list[Moment]:
    """Return what happened, as far as it is for somebody, the latest first."""
    tellings = [
        _Telling(event=one, data=msgspec.json.decode(one.data), story=story, eyes=eyes, language=language)
        for one in story.events
    ]
    return [_moment(telling) for telling in reversed(tellings) if _is_for(telling)]


def _is_for(telling: _Telling) -> bool:
    if telling.event.type == "sales_returned":  # the return itself says it
        return False
    if telling.eyes.sees(Part.WHOLE_TIMELINE) or telling.event.type in _TO_ALL:
        return True
    if telling.event.type == "tasks_offered":
        return bool(_own_offers(telling))
    if telling.event.type not in _ABOUT_A_SITE:
        return False
    return telling.eyes.sees_site(SiteId(UUID(telling.data["site_id"])))


def _own_offers(telling: _Telling) -> list[Mapping[str, Any]]:
    return [task for task in telling.data["tasks"] if telling.eyes.sees_site(SiteId(UUID(task["site_id"])))]


def _moment(telling: _Telling) -> Moment:
    kind = telling.event.type
    word = MOMENT_WORDS.get(kind)
    detail = _DETAILS.get(kind)
    return Moment(
        key=telling.event.position,
        type=kind,
        at=telling.event.at,
        word=telling.language.say(word) if word else kind.replace("_", " "),
        detail=detail(telling) if detail else "",
        actor=_actor(telling),
        tone=MOMENT_TONES.get(kind, "move"),
    )


def _actor(telling: _Telling) -> str:
    """Who did it: whoever the log names; for the steps of a task, whoever took it."""
    actor, people = telling.event.actor, telling.story.people
    kind, _, named = actor.partition(":")
    if actor.startswith(PERSON_ACTOR):
        return telling.language.called(people.get(_person(named), ""))
    if kind == "member":
        return telling.language.say("Customer")
    if kind == "key":
        return telling.language.say("Connected system")
    if telling.event.type in _STEPS:
        task = _task(telling)
        return telling.language.called(people.get(task.accepted_by, "")) if task and task.accepted_by else ""
    return ""


def _person(text: str) -> PersonId:
    try:
        return PersonId(UUID(text))
    except ValueError:
        return PersonId(UUID(int=0))


def _task(telling: _Telling) -> Task | None:
    task_id = telling.data.get("task_id")
    return next((task for task in telling.story.tasks if str(task.task_id) == task_id), None)


# ------------------------------------------------------------------------------------------------------ details by type


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _site(telling: _Telling, site_id: str | None) -> str:
    site = telling.story.sites.get(SiteId(UUID(site_id))) if site_id else None
    return telling.language.called(site.name) if site else ""


def _amount(telling: _Telling, minor: int) -> str:
    if not telling.eyes.sees(Part.AMOUNTS):
        return ""
    currency = str(telling.data.get("currency", telling.story.order.currency))
    return telling.language.money(minor, currency)


def _goods(telling: _Telling, lines: Sequence[Mapping[str, Any]]) -> str:
    """Name goods and units, by line."""
    by_id = telling.story.line_by_id
    units: dict[str, int] = {}
    for told in lines:
        line = by_id.get(LineId(UUID(told["line_id"])))
        sku = telling.story.skus.get(line.sku_id) if line and line.sku_id else None
        name = telling.language.called(sku.name) if sku else line.code if line else ""
        if name:
            units[name] = units.get(name, 0) + int(told["units"])
    return ", ".join(f"{name} × {telling.language.count(count)}" for name, count in units.items())


def _placed(telling: _Telling) -> str:
    lines: Sequence[Mapping[str, Any]] = telling.data["lines"]
    return _joined(
        channel_word(str(telling.data["channel"]), telling.language),
        _site(telling, telling.data.get("site_id")),
        _amount(telling, sum(int(line["amount_minor"]) for line in lines)),
    )


def _lines(telling: _Telling) -> str:
    return _goods(telling, telling.data["lines"])


def _put_off(telling: _Telling) -> str:
    waits_for = WAITS_WORDS[WaitsFor(telling.data["waits_for"])]
    return _joined(_lines(telling), telling.language.say(waits_for))


def _line(telling: _Telling) -> str:
    return _goods(telling, [telling.data])


def _cancelled(telling: _Telling) -> str:
    lines: Sequence[Mapping[str, Any]] = telling.data["lines"]
    return _joined(
        _goods(telling, lines), _amount(telling, -sum(int(line["amount_minor"]) for line in lines))
    )


def _sourced(telling: _Telling) -> str:
    names = [_site(telling, site_id) for site_id in telling.data["site_ids"]]
    unfilled: Sequence[Mapping[str, Any]] = telling.data.get("unfilled", ())
    missing = [
        f"{_goods(telling, [one])}: {telling.language.say(UNFILLED_WORDS[UnfilledReason(one['reason'])])}"
        for one in unfilled
    ]
    return _joined(", ".join(name for name in names if name), *missing)


def _offered(telling: _Telling) -> str:
    return ", ".join(
        telling.language.say(
            "{site} until {time}",
            site=_site(telling, task["site_id"]),
            time=telling.language.clock_of_day(datetime.fromisoformat(task["deadline"]), telling.story.zone),
        )
        for task in _own_offers(telling)
    )


def _called(telling: _Telling) -> str:
    return ", ".join(
        telling.language.say(
            "{sites} until {time}",
            sites=", ".join(_site(telling, site_id) for site_id in call["site_ids"]),
            time=telling.language.clock_of_day(datetime.fromisoformat(call["deadline"]), telling.story.zone),
        )
        for call in telling.data["calls"]
    )


def _at_site(telling: _Telling) -> str:
    return _site(telling, telling.data.get("site_id"))


def _refused(telling: _Telling) -> str:
    reason = telling.language.say(REASON_WORDS[RefusalReason(telling.data["reason"])])
    return _joined(_at_site(telling), reason, _goods(telling, telling.data["lines"]))


def _work(telling: _Telling) -> str:
    return _joined(_at_site(telling), _goods(telling, telling.data["lines"]))


def _handed_over(telling: _Telling) -> str:
    tracking = telling.data.get("tracking_number")
    said = telling.language.say("Tracking number {number}", number=tracking) if tracking else ""
    return _joined(_work(telling), said)


def _money(telling: _Telling) -> str:
    method = telling.data.get("method")
    return _joined(
        _amount(telling, int(telling.data["amount_minor"])),
        method_word(str(method), telling.language) if method else "",
    )


def _settled(telling: _Telling) -> str:
    if not telling.eyes.sees(Part.EVERY_SHARE):
        return ""
    shared = _amount(telling, int(telling.data["shared_minor"]))
    return telling.language.say("{amount} shared", amount=shared)


def _exception(telling: _Telling) -> str:
    word = next((word for kind, word in EXCEPTION_WORDS.items() if kind == telling.data["kind"]), "")
    return telling.language.say(word) if word else ""


def _touched(telling: _Telling) -> str:
    return telling.language.say(
        "Touches: {count}", count=telling.language.count(int(telling.data["touches"]))
    )


def _returned(telling: _Telling) -> str:
    lines: Sequence[Mapping[str, Any]] = telling.data["lines"]
    order_id = str(telling.story.order.id)
    matches = [match for line in lines for match in line["matches"] if match["order_id"] == order_id]
    reasons = dict.fromkeys(
        telling.language.say(word)
        for line in lines
        for reason, word in RETURN_WORDS.items()
        if reason == line["reason"]
    )
    return _joined(_at_site(telling), _goods(telling, matches), ", ".join(reasons))


def _due(telling: _Telling) -> str:
    due_at = datetime.fromisoformat(telling.data["due_at"])
    return telling.language.clock_of_day(due_at, telling.story.zone)


def _hour(telling: _Telling) -> str:
    starts_at = datetime.fromisoformat(telling.data["starts_at"])
    return _joined(_at_site(telling), telling.language.clock_of_day(starts_at, telling.story.zone))


def _dated(telling: _Telling) -> str:
    """The days of lines that wait; a line whose day is known no more has none."""
    days = {line["expected_on"] for line in telling.data["lines"] if line["expected_on"] is not None}
    if not days:
        return telling.language.say("no day known any more")
    return ", ".join(telling.language.plain_day(date.fromisoformat(day)) for day in sorted(days))


_VISITED: dict[str, str] = {
    "code": marked("fitted, by the customer's code"),
    "signature": marked("fitted, signed by name"),
    "nobody_home": marked("nobody was home"),
    "not_ready": marked("the place was not ready"),
    "does_not_fit": marked("does not fit"),
    "not_wanted": marked("not wanted"),
    "damaged": marked("damaged"),
}


def _visited(telling: _Telling) -> str:
    what = telling.data["proof"] or telling.data["reason"]
    return _joined(_at_site(telling), telling.language.say(_VISITED[what]))


def _told(telling: _Telling) -> str:
    return telling.language.say(ABOUT_WORDS[About(telling.data["about"])])


_DETAILS: dict[str, Callable[[_Telling], str]] = {
    "slot_booked": _hour,
    "slot_moved": _hour,
    "customer_told": _told,
    "slot_released": _hour,
    "visit_ended": _visited,
    "promise_given": _due,
    "promise_at_risk": _due,
    "promise_kept": _due,
    "promise_missed": _due,
    "promise_renewed": _due,
    "goods_dated": _dated,
    "goods_overdue": _dated,
    "order_placed": _placed,
    "lines_parked": _lines,
    "lines_unparked": _lines,
    "sourcing_put_off": _put_off,
    "lines_cancelled": _cancelled,
    "lines_reinstated": _lines,
    "return_announced": _lines,
    "hold_expired": _line,
    "promise_broken": _line,
    "order_sourced": _sourced,
    "tasks_offered": _offered,
    "calls_opened": _called,
    "call_claimed": _at_site,
    "task_accepted": _at_site,
    "task_refused": _refused,
    "task_lapsed": _work,
    "task_cancelled": _work,
    "picking_started": _at_site,
    "goods_checked": _at_site,
    "address_said_right": _at_site,
    "parcel_packed": _at_site,
    "parcel_handed_over": _handed_over,
    "parcel_not_collected": _work,
    "payment_taken": _money,
    "money_refunded": _money,
    "payment_given_back": _money,
    "payment_exception_opened": _exception,
    "order_settled": _settled,
    "order_attributed": _touched,
    "return_opened": _returned,
    "return_received": _at_site,
}
