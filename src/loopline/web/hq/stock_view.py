"""How a SKU's stock is written down in a language: its rows by site, its movements, the points of its chart."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import msgspec

from loopline.catalogue import Sku
from loopline.kernel.ids import SiteId
from loopline.org import Site
from loopline.stock import DayLevel, Movement, MovementReason, SkuLevel, SkuTotals
from loopline.web.languages import Language, marked
from loopline.web.store.words import gtin_as_printed, variety

REASON_WORDS: dict[MovementReason, str] = {
    MovementReason.OPENING: marked("Opening stock"),
    MovementReason.RECEIPT: marked("Received"),
    MovementReason.SALE: marked("Sold"),
    MovementReason.RETURNED: marked("Came back"),
    MovementReason.COUNT: marked("Counted"),
    MovementReason.DAMAGE: marked("Damaged"),
    MovementReason.EXPIRY: marked("Expired"),
    MovementReason.RECALL: marked("Recalled"),
    MovementReason.SCRAP: marked("Thrown away"),
    MovementReason.TRANSFER_IN: marked("Came from another site"),
    MovementReason.TRANSFER_OUT: marked("Sent to another site"),
    MovementReason.ADJUSTMENT: marked("Adjusted"),
    MovementReason.NOT_FOUND: marked("Not found"),
    MovementReason.REGRADED: marked("Graded anew"),
    MovementReason.STATED: marked("Stated by a dealer's system"),
    MovementReason.ALLOCATED: marked("Tied to an order"),
    MovementReason.ALLOCATION_RELEASED: marked("Untied from an order"),
    MovementReason.HANDED_OVER: marked("Handed over"),
    MovementReason.SAFETY_SET: marked("Safety changed"),
    MovementReason.DOUBT_SET: marked("Kept back for doubt"),
}
# What lowers what we have without a buyer wants an eye.
_TONES: dict[MovementReason, str] = dict.fromkeys(
    (
        MovementReason.DAMAGE,
        MovementReason.EXPIRY,
        MovementReason.RECALL,
        MovementReason.SCRAP,
        MovementReason.NOT_FOUND,
        MovementReason.COUNT,
        MovementReason.ADJUSTMENT,
    ),
    "warn",
)
_PARTS = ("on_hand", "sellable", "held", "allocated", "safety", "unsellable", "missing")


class SiteRows(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU by site and owner, and over all of them; each part as it is written, by name."""

    rows: list[dict[str, Any]]
    sums: dict[str, str]


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Units on hand at the end of each day, oldest first."""

    labels: list[str]
    values: list[int]


def row_of_sku(sku: Sku, totals: SkuTotals | None, language: Language, *, path: str) -> dict[str, Any]:
    """Write a SKU of the list."""
    return {
        "path": path,
        "name": language.called(sku.name),
        "code": sku.code,
        "gtin": gtin_as_printed(sku.gtin),
        "variety": variety(sku),
        "on_hand": language.count(totals.on_hand) if totals else "0",
        "sellable": language.count(totals.sellable) if totals else "0",
        "sites": language.count(totals.sites) if totals else "0",
        "missing": language.count(totals.missing) if totals and totals.missing else "",
        "is_none": totals is None or totals.on_hand <= 0,
    }


def site_rows(levels: Sequence[SkuLevel], sites: Mapping[SiteId, Site], language: Language) -> SiteRows:
    """Write a SKU by site and owner, those with most on hand first; what is nothing is left blank."""
    rows = [
        {
            "key": str(one.leaf_id),
            "name": language.called(sites[one.site_id].name if one.site_id in sites else one.name),
            "code": sites[one.site_id].code if one.site_id in sites else "",
            "owner": language.called(one.name)
            if one.site_id in sites and one.owner_id != sites[one.site_id].entity_id
            else "",
            "parts": {part: _part(getattr(one, part), language) for part in _PARTS},
        }
        for one in sorted(levels, key=lambda one: (-one.on_hand, one.name, one.leaf_id))
    ]
    sums = {part: language.count(sum(getattr(one, part) for one in levels)) for part in _PARTS}
    return SiteRows(rows=rows, sums=sums)


def _part(units: int, language: Language) -> str:
    return language.count(units) if units else ""


def movement_rows(
    movements: Sequence[Movement],
    sites: Mapping[SiteId, Site],
    numbers: Mapping[UUID, str],
    language: Language,
) -> list[dict[str, Any]]:
    """Write movements, each with its moment in the zone of its site and the order it is owed to."""
    return [
        {
            "key": str(one.movement_id),
            "at": language.clock_of_day(
                one.at, sites[one.site_id].time_zone if one.site_id in sites else "UTC"
            ),
            "word": language.say(REASON_WORDS[one.reason]),
            "tone": _TONES.get(one.reason, "move"),
            "site": language.called(sites[one.site_id].name if one.site_id in sites else one.place),
            "changes": _changes(one, language),
            "before": language.count(one.on_hand_before),
            "after": language.count(one.on_hand_after),
            "is_moved": one.on_hand != 0,
            "order": numbers.get(one.reference, "") if one.reference else "",
        }
        for one in movements
    ]


def _changes(one: Movement, language: Language) -> list[str]:
    """Write what changed: units on hand first, as signed numbers with what they are."""
    named = (
        (one.on_hand, marked("on hand {units}")),
        (one.allocated, marked("tied to orders {units}")),
        (one.unsellable, marked("unsellable {units}")),
        (one.safety, marked("safety {units}")),
    )
    return [language.say(word, units=_signed(units, language)) for units, word in named if units]


def _signed(units: int, language: Language) -> str:
    return f"+{language.count(units)}" if units > 0 else f"−{language.count(-units)}"


def reason_choices(chosen: str, language: Language) -> list[tuple[str, str, bool]]:
    """Return the reasons there are to choose from, each with its word."""
    return [
        (reason.value, language.say(word), chosen == reason.value) for reason, word in REASON_WORDS.items()
    ]


def trend_message(days: Sequence[DayLevel], zone: str, language: Language) -> Trend:
    """Write the points of the chart; `zone` is the one its days are cut in."""
    del zone  # a day is called the same everywhere
    return Trend(
        labels=[language.short_day(datetime.combine(one.day, time(12), UTC), "UTC") for one in days],
        values=[one.on_hand for one in days],
    )
