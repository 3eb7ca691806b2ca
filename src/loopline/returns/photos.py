"""Photos of what comes back: asked for by its state or its reason, kept with the return, let go after their time.

A photo names its return before there is one: a customer's comes with what they announce, a counter's while its form is
filled in. What never became a return is dropped a day later. Locks nothing but the rows that are written.
"""

import enum
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements, uuids
from loopline.kernel.ids import LineId, OrderId, PhotoId, ReturnId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.returns.model import Grade, Reason

SQL = statements(__file__)
KEPT_DAYS = 180
PHOTOS_MOST = 12
"""So many photos a return has at most, its customer's and the counter's together."""
_UNUSED_HOURS, _UNUSED_DAYS = 24, 3


class About(enum.StrEnum):
    """What of goods that come back asks for a photo."""

    GRADE = "grade"
    REASON = "reason"


class PhotoDemand(enum.StrEnum):
    """How much a photo is wanted."""

    OFF = "off"
    ASKED = "asked"
    REQUIRED = "required"


class WhyNone(enum.StrEnum):
    """Why there is no photo of goods that need one."""

    NO_CAMERA = "no_camera"
    CUSTOMER_WAITS = "customer_waits"
    NOTHING_TO_SHOW = "nothing_to_show"


class PhotoRule(msgspec.Struct, frozen=True, kw_only=True):
    """Goods in a state, or with a reason, want a photo so much; `value` is the grade or the reason."""

    about: About
    value: str
    demand: PhotoDemand


class NewPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo to keep, of a line of an order where that is known; made anew by the edge from what was sent."""

    return_id: ReturnId
    order_id: OrderId | None
    line_id: LineId | None
    by_customer: bool
    by: str
    media_type: str
    width: int
    height: int
    sent_hash: bytes
    content: bytes


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that there is, or was."""

    id: PhotoId
    return_id: ReturnId
    order_id: OrderId | None
    line_id: LineId | None
    by_customer: bool
    kept_at: datetime
    width: int
    height: int
    is_forgotten: bool


class PhotoContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a photo shows, and what it is of."""

    return_id: ReturnId
    order_id: OrderId | None
    by_customer: bool
    media_type: str
    content: bytes


class PhotoKept(msgspec.Struct, frozen=True, kw_only=True):
    """The photo is kept; the same one of the same line was before (`is_repeat`)."""

    photo_id: PhotoId
    is_repeat: bool


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no photo of a line of a return."""

    return_id: ReturnId
    line_id: LineId
    reason: WhyNone


class TooManyReturnPhotos(Refusal, frozen=True, kw_only=True):
    """A return has at most {most} photos."""

    most: int


class PhotoRuleOfNothing(Refusal, frozen=True, kw_only=True):
    """{value} is no {about} of goods that come back."""

    about: About
    value: str


_Place = tuple[ReturnId, LineId | None, bytes]


def photo_rules(conn: Conn) -> list[PhotoRule]:
    """Return what asks for a photo."""
    return fetch(conn, SQL["photo_rules"], PhotoRule)


def set_photo_rules(
    conn: Conn, wanted: Sequence[PhotoRule], *, by: str, now: datetime
) -> list[PhotoRule | Refusal]:
    """Say what asks for a photo, one outcome each; of two for one the last holds."""
    values = {About.GRADE: set(Grade), About.REASON: set(Reason)}
    outcomes: list[PhotoRule | Refusal] = [
        one if one.value in values[one.about] else PhotoRuleOfNothing(about=one.about, value=one.value)
        for one in wanted
    ]
    last = {(one.about, one.value): one for one in outcomes if isinstance(one, PhotoRule)}
    if last:
        execute(
            conn,
            SQL["set_photo_rules"],
            abouts=[one.about.value for one in last.values()],
            values=[one.value for one in last.values()],
            demands=[one.demand.value for one in last.values()],
            by=by,
            now=now,
        )
    return outcomes


def demand_of(rules: Iterable[PhotoRule], *, grade: Grade | None, reason: Reason) -> PhotoDemand:
    """Return how much a photo is wanted of goods; of several rules the strictest. Pure."""
    meant = {(About.GRADE, grade), (About.REASON, reason)}
    found = {one.demand for one in rules if (one.about, one.value) in meant}
    for demand in (PhotoDemand.REQUIRED, PhotoDemand.ASKED):
        if demand in found:
            return demand
    return PhotoDemand.OFF


def keep_photos(conn: Conn, new: Sequence[NewPhoto], *, now: datetime) -> list[PhotoKept | Refusal]:
    """Keep photos of returns, in the order given; the same of a line again is kept once.

    The caller knows that they may be added to these returns.
    """
    return_ids = {one.return_id for one in new}
    known: dict[_Place, PhotoId] = {
        (return_id, line_id, bytes(sent_hash)): photo_id
        for photo_id, return_id, line_id, sent_hash in fetch_rows(
            conn, SQL["marks_of_photos"], return_ids=uuids(return_ids)
        )
    }
    counts = {return_id: sum(place[0] == return_id for place in known) for return_id in return_ids}
    fresh: list[tuple[PhotoId, NewPhoto]] = []
    outcomes: list[PhotoKept | Refusal] = []
    for one, made in zip(new, uuid7s(now, len(new)), strict=True):
        place = (one.return_id, one.line_id, one.sent_hash)
        if place in known:
            outcomes.append(PhotoKept(photo_id=known[place], is_repeat=True))
        elif counts[one.return_id] >= PHOTOS_MOST:
            outcomes.append(TooManyReturnPhotos(most=PHOTOS_MOST))
        else:
            counts[one.return_id] += 1
            known[place] = PhotoId(made)
            fresh.append((PhotoId(made), one))
            outcomes.append(PhotoKept(photo_id=PhotoId(made), is_repeat=False))
    if fresh:
        execute(conn, SQL["insert_photos"], **_columns(fresh), now=now)
    return outcomes


def _columns(fresh: Sequence[tuple[PhotoId, NewPhoto]]) -> dict[str, Any]:
    return {
        "ids": [photo_id for photo_id, _ in fresh],
        "return_ids": [one.return_id for _, one in fresh],
        "order_ids": [one.order_id for _, one in fresh],
        "line_ids": [one.line_id for _, one in fresh],
        "by_customer": [one.by_customer for _, one in fresh],
        "taken_by": [one.by for _, one in fresh],
        "media_types": [one.media_type for _, one in fresh],
        "widths": [one.width for _, one in fresh],
        "heights": [one.height for _, one in fresh],
        "sent_hashes": [one.sent_hash for _, one in fresh],
        "contents": [one.content for _, one in fresh],
    }


def waive_photos(conn: Conn, waivers: Sequence[Waiver], *, by: str, now: datetime) -> None:
    """Keep why there is no photo of lines; the later word of a line stands."""
    last = {(one.return_id, one.line_id): one for one in waivers}
    if last:
        execute(
            conn,
            SQL["waive_photos"],
            return_ids=uuids(one.return_id for one in last.values()),
            line_ids=uuids(one.line_id for one in last.values()),
            reasons=[one.reason.value for one in last.values()],
            by=by,
            now=now,
        )


def photos_of_returns(conn: Conn, return_ids: Collection[ReturnId]) -> list[Photo]:
    """Return the photos of returns, announced ones too, the oldest first."""
    return fetch(conn, SQL["photos_of_returns"], Photo, return_ids=uuids(return_ids)) if return_ids else []


def waivers_of_returns(conn: Conn, return_ids: Collection[ReturnId]) -> list[Waiver]:
    """Return why there is no photo of lines of returns."""
    return fetch(conn, SQL["waivers_of_returns"], Waiver, return_ids=uuids(return_ids)) if return_ids else []


def photo_content(conn: Conn, photo_id: UUID) -> PhotoContent | None:
    """Return what a photo shows; None for none, and for one that was let go."""
    found = fetch(conn, SQL["photo_content"], PhotoContent, photo_id=photo_id)
    return found[0] if found else None


def forget_photos(conn: Conn, *, now: datetime, limit: int) -> int:
    """Let go of what photos show once it was kept for its time, and of photos that belong to no return; how many."""
    old = execute(conn, SQL["forget_old"], before=now - timedelta(days=KEPT_DAYS), now=now, limit=limit)
    before = now - timedelta(hours=_UNUSED_HOURS)
    since = before - timedelta(days=_UNUSED_DAYS)
    unused = fetch_values(conn, SQL["drop_unused"], since=since, before=before, limit=limit)
    return old + len(unused)


def forget_photos_of_orders(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    """Let go of what photos of orders show, because their customers are forgotten; return how many."""
    return execute(conn, SQL["forget_of_orders"], order_ids=uuids(order_ids), now=now) if order_ids else 0
