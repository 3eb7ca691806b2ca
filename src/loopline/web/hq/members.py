"""Members at headquarters and at dealers': found by phone or name for a reason, and all that is known of one.

Names and phones are shown masked. Whoever finds a member or opens a member's page is written down, with what for.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import customers, orders, org, search
from loopline.customers import ConsentChannel, Moment, Opening, PastConsent, Personal, Purpose
from loopline.customers.queries import PastAccess, last_accesses, timeline_page
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import MemberId, OrderId, PartyId
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Party, Permission
from loopline.pricing.coupons import BatchState, batches_page
from loopline.pricing.points import Account, Entry, accounts_of_members, entries_of_member
from loopline.processes.coupons.batches import is_mine
from loopline.processes.notify import PURPOSE as NOTICE_PURPOSE
from loopline.search import OrderAsk
from loopline.web.api.answers import read, run
from loopline.web.api.members import FindAsk, MemberTold, members_asked, told_masked, visible_member
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.member_value import MemberValue, read_value, value_shown
from loopline.web.hq.orders import Found as OrdersFound
from loopline.web.hq.orders import Row, row_of
from loopline.web.hq.orders_asked import ORDERS
from loopline.web.hq.payouts import names_of, uuid_in
from loopline.web.languages import Language, marked
from loopline.web.notices import told
from loopline.web.pages import page
from loopline.web.points_words import balance_words, points_rows
from loopline.web.shop.coupon_words import gives_words

MEMBERS = "/hq/members"
FIND = f"{MEMBERS}/find"
REASONS: Mapping[str, str] = {
    "order": marked("A question about an order"),
    "return": marked("A return or a complaint"),
    "service": marked("The customer is here, or calls"),
    "privacy": marked("A request about their data"),
}
"""What members are looked for, as the log of access keeps it."""
SHEET_REASONS: Mapping[str, str] = {
    "order": marked("Taken along as a sheet: a question about an order"),
    "return": marked("Taken along as a sheet: a return or a complaint"),
    "service": marked("Taken along as a sheet: the customer is here, or calls"),
    "privacy": marked("Taken along as a sheet: a request about their data"),
}
"""The same of those who are taken along as a sheet."""
_PAGE_PURPOSE = marked("Member's page")
_TEXT_MAX = 100
FOUND_SHOWN = 20
_BATCHES_SHOWN = 30
_ORDERS_SHOWN = 20
_POINTS_SHOWN = 10
_MOMENTS_SHOWN = 40
_ACCESSES_SHOWN = 8
_LAST_FOUR = re.compile(r"[0-9]{4}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_MOMENT_WORDS: Mapping[str, str] = {
    "order_placed": marked("Bought something"),
    "return_opened": marked("Brought something back"),
    "review_written": marked("Wrote a review"),
    "touchpoint_scanned": marked("Scanned a code"),
    "member_bound": marked("Became somebody's customer"),
}
PURPOSE_WORDS: Mapping[Purpose, str] = {
    Purpose.MARKETING: marked("Offers"),
    Purpose.PROFILING: marked("Suggestions"),
    Purpose.REVIEWS: marked("Being asked for reviews"),
    Purpose.SHARING: marked("Sharing with others"),
    Purpose.SERVICE: marked("Messages about orders"),
}
CHANNEL_WORDS: Mapping[ConsentChannel, str] = {
    ConsentChannel.ANY: marked("in every way"),
    ConsentChannel.SMS: marked("by text message"),
    ConsentChannel.EMAIL: marked("by e-mail"),
    ConsentChannel.PHONE: marked("by phone"),
    ConsentChannel.WECHAT: marked("by WeChat"),
    ConsentChannel.GUIDE: marked("by their guide"),
    ConsentChannel.POST: marked("by post"),
}
FormRequest: TypeAlias = Request[Any, Any, State]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed to find a member."""

    text: str = ""
    reason: str = ""

    @property
    def ask(self) -> FindAsk | None:
        """What is looked for: a phone, its last four digits, or a name; None: nothing, or for no known reason."""
        if not self.text or self.reason not in REASONS:
            return None
        typed = re.sub(r"[ -]", "", self.text)
        purpose = REASONS[self.reason]
        if _LAST_FOUR.fullmatch(typed):
            return FindAsk(purpose=purpose, last_four=typed)
        if _PHONE.fullmatch(typed):
            return FindAsk(purpose=purpose, phone=typed)
        return FindAsk(purpose=purpose, name=self.text)


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a member, read at one moment, as far as its reader may see. `told` None: erased."""

    told: MemberTold | None
    parties: Mapping[PartyId, Party]
    bound: customers.Bound
    consents: Sequence[PastConsent]
    moments: Sequence[Moment]
    heads: Mapping[UUID, Order]
    accesses: Sequence[PastAccess]
    names: Mapping[str, str]
    bought: OrdersFound


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Something with a moment: what happened, who looked, what was said. `path`: where more of it is."""

    word: str
    detail: str
    at: str
    path: str = ""
    answer: str = ""
    tone: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A member's page, written down."""

    name: str
    phones: str
    is_erased: bool
    belongs: list[tuple[str, str]]
    consents: list[Line]
    orders: list[Row]
    moments: list[Line]
    accesses: list[Line]


# ---- finding


@get(MEMBERS, sync_to_thread=True)
def show_finder(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the form that finds members."""
    visitor.scope_of(Permission.MEMBERS_READ)
    text = request.query_params.get("text", "").replace("\x00", "").strip()[:_TEXT_MAX]
    return _finder(request, visitor, Said(text=text), found=None)


@post(FIND)
async def find_members(request: FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Find members of one's branch for a reason, which is written down first."""
    scope = visitor.scope_of(Permission.MEMBERS_READ)
    said = await said_in(request)
    ask = said.ask
    if ask is None:
        return _finder(request, visitor, said, found=None, is_asked=True)
    look = Look(ask=ask, scope=scope, purpose=ask.purpose, most=FOUND_SHOWN)
    found = await asyncio.to_thread(opened_members, request, visitor, look)
    return _finder(request, visitor, said, found=found, is_asked=True)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Who is looked for, how far somebody sees, what the log of access says of it, and how many are opened at most."""

    ask: FindAsk
    scope: Scope
    purpose: str
    most: int


class FoundMembers(msgspec.Struct, frozen=True, kw_only=True):
    """Members that were opened; `is_cut`: there are others."""

    members: Sequence[MemberTold]
    is_cut: bool


async def said_in(request: FormRequest) -> Said:
    """Return what a form says."""
    form = await request.form()
    return Said(
        text=str(form.get("text", "")).replace("\x00", "").strip()[:_TEXT_MAX],
        reason=str(form.get("reason", "")),
    )


def opened_members(request: FormRequest, visitor: Visitor, look: Look) -> FoundMembers:
    """Find and open members; who did, and what for, is written down for each of them."""
    ring = edge_of(request).ring
    opening = Opening(actor=_actor(visitor), purpose=look.purpose)

    def work(conn: Conn, now: datetime) -> FoundMembers:
        meant = members_asked(conn, look.ask, ring=ring, scope=look.scope, most=look.most + 1)
        opened = customers.open_personal(conn, meant[: look.most], ring=ring, opening=opening, now=now)
        return FoundMembers(
            members=told_masked(conn, [one for one in opened if isinstance(one, Personal)]),
            is_cut=len(meant) > look.most,
        )

    return run(request, work)


def _finder(
    request: WebRequest,
    visitor: Visitor,
    said: Said,
    *,
    found: FoundMembers | None,
    is_asked: bool = False,
) -> Template:
    language, notice = language_of(request), told(request)
    return page(
        request,
        "hq/members.html",
        visitor=visitor,
        done=notice.done,
        problem=notice.problem,
        batches=_batches_to_give(request, visitor, language) if found is not None and found.members else [],
        said=said,
        reasons=[(key, language.say(word)) for key, word in REASONS.items()],
        rows=[
            (str(one.member_id), name_of(one, language), _phones(one))
            for one in (found.members if found else ())
        ],
        cut=language.count(FOUND_SHOWN) if found is not None and found.is_cut else "",
        is_asked=is_asked,
        is_looked_for=found is not None,
        here=MEMBERS,
    )


def _batches_to_give(request: WebRequest, visitor: Visitor, language: Language) -> list[tuple[str, str]]:
    """Return the batches whose coupons a visitor may give, the last saved first, as code and words."""
    if not visitor.may(Permission.COUPONS_WRITE):
        return []
    scope = visitor.scope_of(Permission.COUPONS_WRITE)
    found = read(request, lambda conn, _: batches_page(conn, scope=scope, at_most=_BATCHES_SHOWN))
    return [
        (one.code, f"{language.called(one.name)} · {gives_words(language, one)}")
        for one in found
        if one.state is BatchState.PUBLISHED and is_mine(one, scope)
    ]


def _actor(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


def name_of(one: MemberTold, language: Language) -> str:
    """Return what a member is called on screens."""
    return one.name or language.say("No name given")


def _phones(one: MemberTold) -> str:
    return " · ".join(one.phones)


# ---- one member


@get(MEMBERS + "/{member:uuid}", sync_to_thread=True)
def show_member(request: WebRequest, visitor: NamedDependency[Visitor], member: FromPath[UUID]) -> Template:
    """Show what is known of a member of one's branch; that somebody looked is written down."""
    scope = visitor.scope_of(Permission.MEMBERS_READ)
    sees = visitor.scope_of(Permission.ORDERS_READ) if visitor.may(Permission.ORDERS_READ) else Scope()
    opening = Opening(actor=_actor(visitor), purpose=_PAGE_PURPOSE)
    ring = edge_of(request).ring

    def work(conn: Conn, now: datetime) -> tuple[Portrait, Sequence[Account], Sequence[Entry], MemberValue]:
        member_id = visible_member(conn, member, scope)
        opened = customers.open_personal(conn, [member_id], ring=ring, opening=opening, now=now)
        told = told_masked(conn, [one for one in opened if isinstance(one, Personal)])
        portrait = _portrait(conn, member_id, told=told[0] if told else None, sees=sees)
        accounts = accounts_of_members(conn, [member_id])
        entries = entries_of_member(conn, member_id, before=None, at_most=_POINTS_SHOWN) if accounts else []
        return portrait, accounts, entries, read_value(conn, member_id)

    found, accounts, entries, value = run(request, work)
    language, notice = language_of(request), told(request)
    return page(
        request,
        "hq/member.html",
        visitor=visitor,
        view=written(found, sees, language),
        points=balance_words(language, accounts[0]) if accounts else "",
        points_rows=points_rows(language, entries, {}),
        done=notice.done,
        problem=notice.problem,
        here=f"{MEMBERS}/{member}",
        **value_shown(request, visitor, value),
        orders_path=ORDERS if visitor.may(Permission.ORDERS_READ) else "",
    )


def _portrait(conn: Conn, member_id: MemberId, *, told: MemberTold | None, sees: Scope) -> Portrait:
    bound = customers.bindings_of_members(conn, [member_id]).get(member_id, customers.Bound())
    consents = customers.consent_history(conn, member_id)
    moments = timeline_page(conn, member_id, after=None, limit=_MOMENTS_SHOWN)
    accesses = last_accesses(conn, member_id, limit=_ACCESSES_SHOWN)
    bought = search.find_orders(conn, OrderAsk(member_ids=(member_id,)), scope=sees, limit=_ORDERS_SHOWN)
    about = [OrderId(one.subject) for one in moments if one.kind == "order_placed"]
    known = {bound.guide_id, bound.store_id, bound.dealer_id} | {one.receiver_id for one in consents}
    sites = {one.site_id for one in bought if one.site_id} | {
        at for one in bought for at in one.sending_sites
    }
    return Portrait(
        told=told,
        parties=org.parties_by_id(conn, [one for one in known if one is not None]),
        bound=bound,
        consents=consents,
        moments=moments,
        heads={head.id: head for head in orders.orders_by_ids(conn, about) if sees.covers_site(head.site_id)},
        accesses=accesses,
        names=names_of(conn, {_person(one.actor) for one in accesses}),
        bought=OrdersFound(
            rows=bought,
            sites=org.sites_by_id(conn, sites),
            choosable=(),
            channels=(),
            zone=board_setting(conn).zone,
        ),
    )


def written(found: Portrait, sees: Scope, language: Language) -> View:
    """Write a member's page down for somebody who sees the orders of some sites."""
    zone = found.bought.zone
    bound = (
        (language.say("Guide"), found.bound.guide_id),
        (language.say("Store"), found.bound.store_id),
        (language.say("Dealer"), found.bound.dealer_id),
    )
    return View(
        name=name_of(found.told, language) if found.told else language.say("A member who was forgotten"),
        phones=_phones(found.told) if found.told else "",
        is_erased=found.told is None,
        belongs=[
            (word, language.called(found.parties[party_id].name))
            for word, party_id in bound
            if party_id is not None and party_id in found.parties
        ],
        consents=_consents(found, language),
        orders=[row_of(one, found.bought, sees, language) for one in found.bought.rows],
        moments=[_moment(one, found, language) for one in found.moments],
        accesses=[
            Line(
                word=_looker(one, found, language),
                detail=language.say(_PURPOSES.get(one.purpose, one.purpose)),
                at=language.clock_of_day(one.at, zone),
            )
            for one in found.accesses
        ],
    )


def _looker(one: PastAccess, found: Portrait, language: Language) -> str:
    if one.actor.startswith("member:"):
        return language.say("The member")
    return language.called(found.names.get(_person(one.actor), "")) or language.say("A program")


def _person(actor: str) -> str:
    """How a person is named who looked; some of what is kept has the id alone."""
    return f"person:{actor}" if uuid_in(actor) is not None else actor


def _consents(found: Portrait, language: Language) -> list[Line]:
    """What the member says now: the latest word for each purpose, way and receiver."""
    latest: dict[tuple[Purpose, ConsentChannel, PartyId], PastConsent] = {}
    for one in found.consents:
        latest.setdefault((one.purpose, one.channel, one.receiver_id), one)
    return [
        Line(
            word=f"{language.say(PURPOSE_WORDS[one.purpose])} {language.say(CHANNEL_WORDS[one.channel])}",
            detail=language.called(found.parties[one.receiver_id].name)
            if one.receiver_id in found.parties
            else "",
            at=language.clock_of_day(one.at, found.bought.zone),
            answer=language.say("Yes") if one.granted else language.say("No"),
            tone="good" if one.granted else "none",
        )
        for one in latest.values()
    ]


def _moment(one: Moment, found: Portrait, language: Language) -> Line:
    head = found.heads.get(one.subject)
    return Line(
        word=language.say(_MOMENT_WORDS[one.kind]) if one.kind in _MOMENT_WORDS else one.kind,
        detail=head.number if head else "",
        at=language.clock_of_day(one.at, found.bought.zone),
        path=f"{ORDERS}/{head.number}" if head else "",
    )


_PURPOSES: Mapping[str, str] = {
    **{one: one for one in (*REASONS.values(), *SHEET_REASONS.values(), _PAGE_PURPOSE)},
    "order page": marked("Order's page"),
    "fulfilment": marked("To send a parcel"),
    "label": marked("To print a label"),
    NOTICE_PURPOSE: marked("To send them a message about their order"),
    "the member's own copy": marked("Their own copy of their data"),
}
"""What is said of purposes that the log of access keeps."""

MEMBER_PAGES = [show_finder, find_members, show_member]
