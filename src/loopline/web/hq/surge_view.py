"""How a surge is written down in a language: panels, what burns and what to do about it, points for the chart."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from markupsafe import Markup

from loopline.insight.surge import RATE_SECONDS
from loopline.web.languages import Language, marked
from loopline.web.pages import environment
from loopline.web.surging import FAILURE_CODES, SENT_AWAY_CODES, Burn, Burning, Surge, Tone, burning

PANELS = ("alarms", "figures", "refusals", "promises")

# What burns, and what to do about it.
_BURN_WORDS: dict[Burn, tuple[str, str]] = {
    Burn.FAILED: (
        marked("{count} orders failed on our side in the last five minutes."),
        marked("Look for item_failed in the server's log, and whether the database answers."),
    ),
    Burn.SENT_AWAY: (
        marked("{count} orders were sent away in the last five minutes, because too much waited."),
        marked("Buyers were told to try again at once. Start another server process."),
    ),
    Burn.WAITING: (
        marked("{count} orders wait to be placed."),
        marked(
            "A process sends buyers away at 20,000. Another server process helps while processors are idle."
        ),
    ),
    Burn.SLOW: (
        marked("One order in a hundred takes {count} ms or longer."),
        marked("Look at the load of the database and at its disk."),
    ),
    Burn.HOLDS_DUE: (
        marked("Holds ran out {count} s ago and were not given back."),
        marked("Goods that nobody paid for wait on shelves. Look whether loopline jobs is running."),
    ),
    Burn.SHORTFALLS: (
        marked("Promised goods are missing: {count} shortfalls are open."),
        marked("They are sourced elsewhere by themselves; what stays open has no goods anywhere."),
    ),
}
REFUSAL_WORDS: dict[str, str] = {
    "not_enough_free": marked("Sold out"),
    "no_stock_at_site": marked("The site keeps no stock"),
    "number_taken": marked("Same order number with other content"),
    "number_taken_by_other_content": marked("Same order number with other content"),
    "idempotency_key_taken": marked("Same key with other content"),
    "too_many_unpaid": marked("Too many unpaid orders of one buyer"),
    "too_many_units": marked("Too many units for one buyer"),
    "not_on_air": marked("The show is not on air"),
    "not_in_the_show": marked("Not in the show"),
    "not_in_your_branch": marked("Not in the sender's branch"),
    "sku_not_sold": marked("Not sold"),
    "unknown_sku": marked("Unknown SKU"),
    "no_price": marked("Has no price"),
    "too_much_waits": marked("Too much waited"),
    "broke_on_our_side": marked("Failed on our side"),
    "not_done_now": marked("The database was away"),
}


class SurgeChart(msgspec.Struct, frozen=True, kw_only=True):
    """Orders per second, oldest first."""

    labels: list[str]
    accepted: list[int]
    refused: list[int]


class SurgeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser gets: the panels as HTML by name, the chart, and whether any order was asked for."""

    is_empty: bool
    panels: dict[str, str]
    chart: SurgeChart


def surge_message(surge: Surge, language: Language) -> SurgeMessage:
    """Write a surge down for browsers."""
    context = _context(surge, language)
    points = surge.pace.points
    return SurgeMessage(
        is_empty=surge.pace.is_still,
        panels={name: environment().get_template(f"hq/surge_{name}.html").render(context) for name in PANELS},
        chart=SurgeChart(
            labels=[language.clock_to_second(one.second, surge.zone) for one in points],
            accepted=[one.accepted for one in points],
            refused=[one.refused for one in points],
        ),
    )


def encoded_surge(surge: Surge, language: Language) -> bytes:
    """Write a surge down as one line of JSON: what a stream sends."""
    return msgspec.json.encode(surge_message(surge, language))


def surge_script(message: SurgeMessage) -> Markup:
    """Return a message as JSON that may stand inside a script element of a page."""
    text = msgspec.json.encode(message).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped above


def _context(surge: Surge, language: Language) -> dict[str, Any]:
    pace, promises = surge.pace, surge.promises
    found = burning(surge)
    tones = {one.what: one.tone for one in found}
    return {
        "language": language,
        "say": language.say,
        "alarms": [_alarm(one, language) for one in found],
        "rate": _per_second(pace.accepted_last, language),
        "most": language.count(pace.accepted_most),
        "refused_rate": _per_second(pace.refused_last, language),
        "p50": _milliseconds(pace.latency_ms(50), language),
        "p99": _milliseconds(pace.latency_ms(99), language),
        "slow_tone": tones.get(Burn.SLOW, Tone.GOOD),
        "waiting": language.count(pace.waiting),
        "waiting_tone": tones.get(Burn.WAITING, Tone.GOOD),
        "unpaid": language.count(promises.unpaid_holds),
        "unpaid_age": _age(surge.at, promises.unpaid_since, language),
        "due": language.count(promises.due_holds),
        "due_tone": tones.get(Burn.HOLDS_DUE, Tone.GOOD),
        "refusals": _refusals(surge, language),
        "stages": [
            {"key": stage, "word": language.say(word), "orders": language.count(surge.stages.get(stage, 0))}
            for stage, word in (
                ("placed", marked("To be sourced")),
                ("parked", marked("Waiting for goods")),
            )
        ],
        "short": language.count(promises.open_shortfalls),
        "short_tone": tones.get(Burn.SHORTFALLS, Tone.GOOD),
        "shortfalls": _shortfalls(surge, language),
        "more_shortfalls": max(0, promises.open_shortfalls - len(surge.shortfalls)),
    }


def _alarm(one: Burning, language: Language) -> dict[str, str]:
    word, advice = _BURN_WORDS[one.what]
    return {
        "tone": one.tone,
        "word": language.say(word, count=language.count(one.amount)),
        "advice": language.say(advice),
    }


def _per_second(orders: int, language: Language) -> str:
    """Write orders of the last seconds as a rate, rounded half up to a whole number; what is less than one is shown."""
    if 0 < orders < RATE_SECONDS:
        return "<1"
    return language.count((2 * orders + RATE_SECONDS) // (2 * RATE_SECONDS))


def _milliseconds(step: int | None, language: Language) -> str:
    return "–" if step is None else language.say("{count} ms", count=language.count(step))


def _age(at: datetime, since: datetime | None, language: Language) -> str:
    return "–" if since is None else language.age(max(timedelta(), at - since))


def _refusals(surge: Surge, language: Language) -> Sequence[dict[str, Any]]:
    most = max((one.orders for one in surge.pace.refusals), default=0)
    return [
        {
            "code": one.code,
            "word": language.say(REFUSAL_WORDS[one.code])
            if one.code in REFUSAL_WORDS
            else one.code.replace("_", " "),
            "orders": language.count(one.orders),
            "width": 100 * one.orders // most,
            "is_ours": one.code in FAILURE_CODES | SENT_AWAY_CODES,
        }
        for one in surge.pace.refusals
    ]


def _shortfalls(surge: Surge, language: Language) -> list[dict[str, str]]:
    return [
        {
            "key": str(one.shortfall_id),
            "name": language.called(surge.skus[one.sku_id].name)
            if one.sku_id in surge.skus
            else str(one.sku_id),
            "code": surge.skus[one.sku_id].code if one.sku_id in surge.skus else "",
            "place": language.called(surge.nodes[one.node_id].name) if one.node_id in surge.nodes else "",
            "units": language.count(one.units),
            "age": _age(surge.at, one.opened_at, language),
        }
        for one in surge.shortfalls
    ]
