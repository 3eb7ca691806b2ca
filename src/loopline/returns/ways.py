"""Ways back: how members bring or send what they announced, offered as the brand says, each return under its own code.

The code leads whoever takes the goods in to what was announced, and so to the refund. Locks only what is written.
"""

import enum
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import OrderId, ReturnId, SiteId
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 12
_TRACKING = re.compile(r"[A-Za-z0-9\-]{1,64}")
COST_MOST = 100_000_000


class Way(enum.StrEnum):
    """How goods come back."""

    STORE = "store"
    """Their member brings them to any store."""
    COURIER = "courier"
    """A courier fetches them."""
    PARCEL = "parcel"
    """Their member sends them, with the code on the parcel."""


class WayTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a way is offered, and what one return by it costs us."""

    way: Way
    is_offered: bool
    cost_minor: int = 0
    currency: str = "CNY"


AS_DELIVERED: Mapping[Way, WayTerms] = {
    Way.STORE: WayTerms(way=Way.STORE, is_offered=True),
    Way.COURIER: WayTerms(way=Way.COURIER, is_offered=False),
    Way.PARCEL: WayTerms(way=Way.PARCEL, is_offered=True),
}


class NewWay(msgspec.Struct, frozen=True, kw_only=True):
    """The way that an announced return takes, and the site that waits for it."""

    return_id: ReturnId
    way: Way
    site_id: SiteId | None


class WayBack(msgspec.Struct, frozen=True, kw_only=True):
    """The way of an announced return as it stands."""

    return_id: ReturnId
    order_id: OrderId
    way: Way
    code: str
    site_id: SiteId | None
    sent_at: datetime | None
    tracking_number: str | None
    announced_at: datetime


class WaySent(msgspec.Struct, frozen=True, kw_only=True):
    """Announced goods are on their way: under a carrier's number, or with a courier who fetched them."""

    return_id: ReturnId
    tracking_number: str | None = None


class SentBack(msgspec.Struct, frozen=True, kw_only=True):
    """It is known that goods are on their way; `is_repeat`: it was, and nothing is new."""

    return_id: ReturnId
    way: Way
    tracking_number: str | None
    is_repeat: bool


class WayNotOffered(Refusal, frozen=True, kw_only=True):
    """Goods cannot be sent back by {way} now: choose another way."""

    way: Way


class WayCostsTooMuch(Refusal, frozen=True, kw_only=True):
    """A way back costs between 0 and {most}, not {cost_minor}."""

    cost_minor: int
    most: int


class NothingOnItsWay(Refusal, frozen=True, kw_only=True):
    """Return {return_id} is not to be sent: it is brought to a store, is here already, or was called off."""

    return_id: ReturnId


class ParcelNumberUnclear(Refusal, frozen=True, kw_only=True):
    """The number of the parcel has letters, digits and hyphens alone, 64 at most."""


def ways_offered(conn: Conn) -> list[WayTerms]:
    """Return what holds for each way."""
    kept = {one.way: one for one in fetch(conn, SQL["way_terms"], WayTerms)}
    return [kept.get(way, terms) for way, terms in AS_DELIVERED.items()]


def set_ways(conn: Conn, wanted: Sequence[WayTerms], *, by: str, now: datetime) -> list[WayTerms | Refusal]:
    """Say which ways are offered and what they cost, one outcome each; of two for one the last holds."""
    outcomes: list[WayTerms | Refusal] = [
        one
        if 0 <= one.cost_minor <= COST_MOST
        else WayCostsTooMuch(cost_minor=one.cost_minor, most=COST_MOST)
        for one in wanted
    ]
    going = [one for one in outcomes if isinstance(one, WayTerms)]
    if going:
        execute(
            conn,
            SQL["add_way_terms"],
            ways=[one.way.value for one in going],
            offered=[one.is_offered for one in going],
            costs=[one.cost_minor for one in going],
            currencies=[one.currency for one in going],
            by=by,
            now=now,
        )
    return outcomes


def choose_ways(conn: Conn, wanted: Sequence[NewWay]) -> list[str | Refusal]:
    """Keep by which ways returns come that were announced in this transaction or before; their codes, in order.

    The first word on a return stands.
    """
    terms = {one.way: one for one in ways_offered(conn)}
    going = [one for one in wanted if terms[one.way].is_offered]
    if going:
        execute(
            conn,
            SQL["insert_ways"],
            return_ids=uuids(one.return_id for one in going),
            ways=[one.way.value for one in going],
            codes=[code_of(one.return_id) for one in going],
            site_ids=[one.site_id for one in going],
            costs=[terms[one.way].cost_minor for one in going],
            currencies=[terms[one.way].currency for one in going],
        )
    return [
        code_of(one.return_id) if terms[one.way].is_offered else WayNotOffered(way=one.way) for one in wanted
    ]


def code_of(return_id: ReturnId) -> str:
    """Return the code of a return: letters and digits that nobody mistakes for another, the same for good. Pure."""
    value = int.from_bytes(blake2b(b"return\0" + return_id.bytes, digest_size=8).digest(), "big")
    letters: list[str] = []
    for _ in range(_CODE_LENGTH):
        value, place = divmod(value, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "R" + "".join(letters)


def say_sent(conn: Conn, sent: Sequence[WaySent], *, by: str, now: datetime) -> list[SentBack | Refusal]:
    """Say that announced goods are on their way, in the order given; a parcel's number may be said anew.

    Locks the announcements' ways, by id.
    """
    standing = {
        return_id: (Way(way), number, is_sent)
        for return_id, way, number, is_sent in fetch_rows(
            conn, SQL["lock_ways"], return_ids=uuids({one.return_id for one in sent})
        )
    }
    written: dict[ReturnId, str | None] = {}
    outcomes: list[SentBack | Refusal] = []
    for one in sent:
        known = standing.get(one.return_id)
        number = one.tracking_number.upper() if one.tracking_number is not None else None  # as it is scanned
        if known is None or known[0] is Way.STORE:
            outcomes.append(NothingOnItsWay(return_id=one.return_id))
            continue
        if (known[0] is Way.PARCEL and number is None) or (
            number is not None and _TRACKING.fullmatch(number) is None
        ):
            outcomes.append(ParcelNumberUnclear())
            continue
        is_repeat = known[2] and known[1] == number
        outcomes.append(
            SentBack(return_id=one.return_id, way=known[0], tracking_number=number, is_repeat=is_repeat)
        )
        if not is_repeat:
            standing[one.return_id] = (known[0], number, True)
            written[one.return_id] = number
    if written:
        execute(
            conn,
            SQL["set_sent"],
            return_ids=uuids(written),
            numbers=list(written.values()),
            by=by,
            now=now,
        )
    return outcomes


def ways_of_returns(conn: Conn, return_ids: Collection[ReturnId]) -> dict[ReturnId, WayBack]:
    """Return the ways of announced returns; what has none is left out."""
    if not return_ids:
        return {}
    found = fetch(conn, SQL["ways_of_returns"], WayBack, return_ids=uuids(return_ids))
    return {one.return_id: one for one in found}


def ways_by_code(conn: Conn, text: str, *, limit: int) -> list[WayBack]:
    """Return the announced returns, not here yet, that a text names, however it is typed.

    A code is of one return alone. A parcel's number is what members say it is: it may name several.
    """
    typed = "".join(text.split()).upper()
    if not typed:
        return []
    spellings = sorted({typed, typed.replace("-", ""), text.strip()})
    found = fetch(conn, SQL["ways_by_code"], WayBack, spellings=spellings, limit=limit)
    return [one for one in found if one.code in spellings] or found


def ways_to_sites(conn: Conn, site_ids: Collection[SiteId], *, limit: int) -> list[WayBack]:
    """Return what is to be fetched, or on its way, to sites, the longest announced first."""
    return fetch(conn, SQL["ways_to_sites"], WayBack, site_ids=uuids(site_ids), limit=limit)
