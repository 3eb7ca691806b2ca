"""Photos of what comes back: added by whoever takes it in or sends it, wanted by its state and its reason.

Rooms: returns (the photos and what asks for them), search (which sites an order concerns).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from loopline import search
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import LineId, PhotoId, ReturnId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.returns import photos
from loopline.returns import queries as returns
from loopline.returns.events import ReturnPhotoKept
from loopline.returns.model import Grade, Reason
from loopline.returns.photos import NewPhoto, PhotoContent, PhotoDemand, PhotoKept


class PhotoOfNothing(Refusal, frozen=True, kw_only=True):
    """There is no return {return_id} for you to add a photo to."""

    return_id: ReturnId


class LineLookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of a line as whoever takes them back sees them."""

    line_id: LineId
    grade: Grade | None
    reason: Reason


def keep_photos(
    conn: Conn, new: Sequence[NewPhoto], *, scope: Scope, now: datetime
) -> list[PhotoKept | Refusal]:
    """Keep photos of returns that are taken in at a site in scope, or are not taken in yet; the same again once."""
    taken = {one.id: one.site_id for one in returns.returns_by_id(conn, list({one.return_id for one in new}))}
    others = {return_id for return_id, site_id in taken.items() if not scope.covers_site(site_id)}
    going = [one for one in new if one.return_id not in others]
    kept = iter(photos.keep_photos(conn, going, now=now))
    outcomes: list[PhotoKept | Refusal] = [
        PhotoOfNothing(return_id=one.return_id) if one.return_id in others else next(kept) for one in new
    ]
    log.append(
        conn,
        [
            event(
                ReturnPhotoKept(
                    return_id=one.return_id, photo_id=outcome.photo_id, by_customer=one.by_customer
                ),
                subject=one.return_id,
                at=now,
                actor=one.by,
            )
            for one, outcome in zip(new, outcomes, strict=True)
            if isinstance(outcome, PhotoKept) and not outcome.is_repeat
        ],
    )
    return outcomes


def lines_lacking_photos(
    conn: Conn, return_id: ReturnId, lines: Sequence[LineLookedAt], *, waived: Collection[LineId]
) -> set[LineId]:
    """Return the lines of a return that need a photo by the rules of now, and have neither one nor a reason."""
    rules = photos.photo_rules(conn)
    needing = {
        one.line_id
        for one in lines
        if photos.demand_of(rules, grade=one.grade, reason=one.reason) is PhotoDemand.REQUIRED
    }
    if not needing:
        return set()
    there = {one.line_id for one in photos.photos_of_returns(conn, [return_id])}
    return needing - there - set(waived)


def photo_seen(conn: Conn, photo_id: PhotoId, *, scope: Scope) -> PhotoContent | None:
    """Return what a photo shows, for whoever may see its order, or the site that its return was brought to."""
    found = photos.photo_content(conn, photo_id)
    if found is None:
        return None
    sites = {one.site_id for one in returns.returns_by_id(conn, [found.return_id])}
    if found.order_id is not None:
        sites |= search.sites_of_orders(conn, [found.order_id]).get(found.order_id, frozenset())
    return found if any(scope.covers_site(site_id) for site_id in sites) or scope.everything else None
