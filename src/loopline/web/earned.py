"""What was earned: every party's shares with why, as they come in, fall due and go back.

Everybody sees what they earned themselves; who may read earnings in a branch sees its parties too.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from litestar.response import Template

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import LineId
from loopline.kernel.refusals import Refused
from loopline.kernel.times import business_day
from loopline.org import Party, PartyKind, Permission
from loopline.processes.bonus import standings
from loopline.sharing.ladders import Standing
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.earned_view import (
    EarnedPage,
    Ledgered,
    figures_of,
    named_parties,
    read_books,
    read_shares,
    rows_of,
)
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.ladder_words import climbs
from loopline.web.pages import page
from loopline.web.store.desk import own_parties
from loopline.web.store.refusals import NothingEarnedByYou

_DEFAULT_ZONE = "Asia/Shanghai"
_KIND_ORDER = tuple(PartyKind)


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """Whose earnings somebody looks at, and whose they may."""

    visitor: Visitor
    party: Party
    parties: tuple[Party, ...]
    zone_name: str


def purse(request: WebRequest, visitor: NamedDependency[Visitor], party: FromQuery[str] = "") -> Purse:
    """Return whose earnings are asked for: the party named, else the own one, else the first of the branch.

    Raises Refused where somebody earns nothing and may see nobody's. A dependency that runs in a thread.
    """
    with edge_of(request).database.reading() as conn:
        parties = parties_seen(conn, visitor)
        if not parties:
            raise Refused(NothingEarnedByYou())
        # A code that is not among them reads as none: whether it exists is nobody's business.
        chosen = next((one for one in parties if one.code == party), parties[0])
        return Purse(visitor=visitor, party=chosen, parties=tuple(parties), zone_name=zone_of(conn, chosen))


def parties_seen(conn: Conn, visitor: Visitor) -> list[Party]:
    """Return the parties whose earnings somebody may see: the own ones first, then those of the branch."""
    own = own_parties(conn, visitor)
    if not visitor.may(Permission.EARNINGS_READ):
        return own
    scope = visitor.scope_of(Permission.EARNINGS_READ)
    of_branch = org.branch_parties(conn) if scope.everything else org.branch_parties(conn, scope.org_units)
    known = {party.id for party in own}
    rest = [party for party in of_branch if party.id not in known]
    return [*own, *sorted(rest, key=lambda party: (_KIND_ORDER.index(party.kind), party.code))]


def zone_of(conn: Conn, party: Party) -> str:
    """The zone a party's days are cut in: that of a site at its unit or below it."""
    sites = org.branch_sites(conn, [party.unit_id])
    return sites[0].time_zone if sites else _DEFAULT_ZONE


PURSE = {"purse": Provide(purse, sync_to_thread=True)}


@get("/earned", dependencies=PURSE, sync_to_thread=True)
def show_earned(
    request: WebRequest, purse: NamedDependency[Purse], after: FromQuery[str | None] = None
) -> Template:
    """Show what a party earned, and why; from a place in the list on."""
    language = language_of(request)
    place = decode_cursor(after, (UUID, UUID))

    def work(conn: Conn, now: datetime) -> tuple[Ledgered, EarnedPage, list[Standing]]:
        seen = (LineId(place[0]), place[1]) if place else None
        zone_name = board_setting(conn).zone
        month = business_day(now, zone_name).replace(day=1)
        return (
            read_books(conn, purse.party, zone_name=purse.zone_name, now=now),
            read_shares(conn, purse.party, after=seen, now=now),
            standings(conn, [purse.party.id], month=month, zone_name=zone_name, now=now)
            if place is None
            else [],
        )

    books, shares, standing = read(request, work)
    return page(
        request,
        "earned/earned.html",
        visitor=purse.visitor,
        is_store=purse.visitor.may(Permission.TASKS_WRITE),
        may_open=purse.visitor.may(Permission.ORDERS_READ),
        party=purse.party,
        parties=named_parties(purse.parties, language),
        rows=rows_of(shares, zone_name=purse.zone_name, language=language),
        next_after=encode_cursor(*shares.next_after) if shares.next_after else "",
        is_first=place is None,
        climbs=climbs(standing, language),
        **figures_of(books, language),
    )


@get("/earned/now", dependencies=PURSE, sync_to_thread=True)
def tell_earned(request: WebRequest, purse: NamedDependency[Purse]) -> Template:
    """Tell the figures as they stand."""
    books = read(request, lambda conn, now: read_books(conn, purse.party, zone_name=purse.zone_name, now=now))
    return page(request, "earned/figures.html", **figures_of(books, language_of(request)))


EARNED_PAGES = [show_earned, tell_earned]
