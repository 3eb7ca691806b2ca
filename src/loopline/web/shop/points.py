"""A member's points: what can be used, what is pending until when, what ends next, what happened, and how it works."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import orders
from loopline.db import Conn
from loopline.kernel.times import business_day
from loopline.pricing.points import (
    Account,
    Ends,
    Programme,
    accounts_of_members,
    entries_of_member,
    in_force,
    lots_of_members,
    programmes,
)
from loopline.pricing.points.rules import ends_next, worth_of
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.points_words import PointsRow, points_rows
from loopline.web.shop.frame import price, shop_page
from loopline.web.shop.shopper import Shopper

POINTS = "/me/points"
ZONE = "Asia/Shanghai"
_SHOWN_MOST = 50
_PENDING_SHOWN = 6


class MyPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has of points; `pending` are those of each day on which some can be used, the next one first."""

    account: Account
    programme: Programme | None
    worth_minor: int
    ends: Ends | None
    pending: Sequence[tuple[str, int]]
    rows: Sequence[PointsRow]
    older: str


@get(POINTS, sync_to_thread=True)
def show_points(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show a member's points."""
    edge, language = edge_of(request), language_of(request)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    with edge.database.reading() as conn:
        mine = _read(conn, member, language, before=before, now=edge.clock())
    return shop_page(
        request,
        "points.html",
        shopper=member,
        tab="me",
        here=POINTS,
        back="/me",
        mine=mine,
        is_first=before is None,
        rules=_rules(language, mine.programme) if mine.programme else (),
        day=partial(_day_words, language),
        count=language.count,
        clock=partial(_clock_words, language),
    )


def _read(conn: Conn, member: Shopper, language: Language, *, before: int | None, now: datetime) -> MyPoints:
    found = accounts_of_members(conn, [member.member_id])
    account = found[0] if found else Account(member_id=member.member_id)
    lots = lots_of_members(conn, [member.member_id]) if found else []
    entries = entries_of_member(conn, member.member_id, before=before, at_most=_SHOWN_MOST) if found else []
    ids = sorted({one.order_id for one in entries if one.order_id is not None})
    numbers = {head.id: head.number for head in orders.orders_by_ids(conn, ids)} if ids else {}
    programme = in_force(programmes(conn), now)
    days: dict[str, int] = {}
    for lot in sorted((lot for lot in lots if lot.is_pending and lot.points), key=lambda lot: lot.due_at):
        day = _day_words(language, lot.due_at)
        days[day] = days.get(day, 0) + lot.points
    return MyPoints(
        account=account,
        programme=programme,
        worth_minor=worth_of(programme.terms, account.usable) if programme else 0,
        ends=ends_next(lots, account.available),
        pending=list(days.items())[:_PENDING_SHOWN],
        rows=points_rows(language, entries, numbers),
        older=f"{POINTS}?before={entries[-1].number}" if len(entries) == _SHOWN_MOST else "",
    )


def _day_words(language: Language, at: datetime) -> str:
    return language.plain_day(business_day(at, ZONE))


def _clock_words(language: Language, at: datetime) -> str:
    return language.clock_of_day(at, ZONE)


def _rules(language: Language, programme: Programme) -> list[str]:
    """Say how points work, by the version in force."""
    terms = programme.terms
    say = language.say

    def money(minor: int) -> str:
        return price(language, minor, terms.currency)

    said = [
        say(
            "You get points for what you pay for goods, after discounts, coupons and points: "
            "{points} for every {amount}.",
            points=language.count(terms.earn_points),
            amount=money(terms.earn_minor),
        ),
        say("They are pending until the goods can no longer be sent back, then they can be used."),
        say(
            "They can be used for {months} months; those that end first are used first.", months=terms.months
        ),
        say(
            "{points} points take {amount} off, up to {part}% of the goods of an order.",
            points=language.count(terms.redeem_points),
            amount=money(terms.redeem_minor),
            part=f"{terms.most_basis_points / 100:g}",
        ),
        say("What you send back takes its points back, and gives back the points it was paid with."),
    ]
    if terms.least_minor > 1:
        said.insert(4, say("At least {amount} has to be taken off at once.", amount=money(terms.least_minor)))
    return said


POINTS_SHOP_PAGES = [show_points]
