"""What parties earned, as people read it: by which rule of which version, from which line, until when it is pending."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from loopline import catalogue, orders
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, RuleSetId, SkuId
from loopline.kernel.times import business_day, day_range
from loopline.ledger.model import Purpose
from loopline.ledger.queries import PartyMoved, balances_of_parties, moved_of_parties
from loopline.orders import Line, Order
from loopline.org import Party, PartyKind
from loopline.returns import queries as returns
from loopline.returns.queries import Return, ReturnOfLine
from loopline.sharing import queries as sharing
from loopline.sharing.model import Base, Per, Role, RuleRow, RuleSet
from loopline.sharing.queries import EarnedAsk, EarnedShare, ShareState
from loopline.web.hq.board_view import channel_word
from loopline.web.languages import Language, marked
from loopline.web.rule_words import condition_words, gives_words
from loopline.web.store.earnings import SHARES, added_up
from loopline.web.waiting_words import for_waiting, waiting_rule

DAYS_SHOWN = 14
PARTS_PER_PAGE = 30
ORDERED_WITHIN = timedelta(days=366)

ROLE_WORDS: dict[Role, str] = {
    Role.BRAND: marked("as the brand"),
    Role.DEALER: marked("as the dealer of the place"),
    Role.STORE: marked("for selling at the store"),
    Role.GUIDE: marked("for bringing and serving the customer"),
    Role.SHIPPING_SITE: marked("for sending the goods"),
    Role.STREAMER: marked("for showing it live"),
    Role.PLATFORM: marked("as the platform"),
    Role.INTRODUCER: marked("for having brought the member"),
    Role.TERRITORY: marked("as the dealer of the territory"),
    Role.GOODS_OWNER: marked("as the owner of the goods"),
    Role.PAYMENT_FEE: marked("as the fee of the payment"),
    Role.MARKETING_FUND: marked("for the marketing fund"),
}
KIND_WORDS: dict[PartyKind, str] = {
    PartyKind.BRAND: marked("Brand"),
    PartyKind.DEALER: marked("Dealer"),
    PartyKind.STORE: marked("Store"),
    PartyKind.GUIDE: marked("Guide"),
    PartyKind.STREAMER: marked("Streamer"),
    PartyKind.PLATFORM: marked("Platform"),
    PartyKind.PAYMENT_PROVIDER: marked("Payment provider"),
    PartyKind.MARKETING_FUND: marked("Marketing fund"),
}


class Ledgered(msgspec.Struct, frozen=True, kw_only=True):
    """What the books say of a party: what stands, and what moved on each of the last days."""

    zone_name: str
    starts: tuple[datetime, ...]
    pending: dict[str, int]
    due: dict[str, int]
    moved: list[PartyMoved]


class EarnedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a party's shares with everything that explains them."""

    shares: list[EarnedShare]
    heads: dict[OrderId, Order]
    lines: dict[LineId, Line]
    names: dict[SkuId, str]
    rules: dict[RuleSetId, RuleSet]
    came_back: dict[LineId, list[ReturnOfLine]]
    returns: dict[object, Return]
    next_after: tuple[LineId, Any] | None


def read_books(conn: Conn, party: Party, *, zone_name: str, now: datetime) -> Ledgered:
    """Read what a party has coming and what moved lately, day by day in a zone."""
    today = business_day(now, zone_name)
    days = [today - timedelta(days=ago) for ago in range(DAYS_SHOWN - 1, -1, -1)]
    starts = [day_range(day, zone_name).start for day in days]
    pending: dict[str, int] = {}
    due: dict[str, int] = {}
    for one in balances_of_parties(conn, [party.id]):
        sums = {Purpose.SHARE_PENDING: pending, Purpose.SHARE_DUE: due}.get(one.purpose)
        if sums is not None:
            sums[one.currency] = sums.get(one.currency, 0) - one.balance_minor
    moved = moved_of_parties(conn, [party.id], purposes=SHARES, starts=starts)
    return Ledgered(zone_name=zone_name, starts=tuple(starts), pending=pending, due=due, moved=moved)


def read_shares(conn: Conn, party: Party, *, after: tuple[LineId, Any] | None, now: datetime) -> EarnedPage:
    """Read a page of a party's shares, the line ordered last first."""
    ask = EarnedAsk(
        party_ids=(party.id,), ordered_since=now - ORDERED_WITHIN, limit=PARTS_PER_PAGE, after=after
    )
    shares = sharing.shares_of_parties(conn, ask)
    order_ids = sorted({share.order_id for share in shares})
    line_ids = sorted({share.line_id for share in shares})
    lines = {line.line_id: line for line in orders.lines_by_orders(conn, order_ids)}
    skus = catalogue.skus_by_id(
        conn, {sku_id for line_id in line_ids if (sku_id := lines[line_id].sku_id) is not None}
    )
    came_back: dict[LineId, list[ReturnOfLine]] = {}
    for one in returns.returns_of_lines(conn, line_ids) if line_ids else []:
        came_back.setdefault(one.line_id, []).append(one)
    found = returns.returns_by_id(conn, sorted({one.return_id for of in came_back.values() for one in of}))
    parts = {(share.line_id, share.part_id) for share in shares}
    last = shares[-1] if shares else None
    return EarnedPage(
        shares=shares,
        heads={head.id: head for head in orders.orders_by_ids(conn, order_ids)},
        lines=lines,
        names={sku_id: _full_name(sku) for sku_id, sku in skus.items()},
        rules={
            one.id: one for one in sharing.rule_sets_by_id(conn, list({one.rule_set_id for one in shares}))
        },
        came_back=came_back,
        returns={one.id: one for one in found},
        next_after=(last.line_id, last.part_id) if last and len(parts) >= PARTS_PER_PAGE else None,
    )


def _full_name(sku: Sku) -> str:
    """A SKU's name, with what tells it from its sisters where the name does not say it."""
    unsaid = [value for value in sku.attributes.values() if value and value not in sku.name]
    return " ".join([sku.name, " · ".join(unsaid)]).strip()


def figures_of(books: Ledgered, language: Language) -> dict[str, Any]:
    """Write down what stands and what moved: one set of figures per currency, and the bars of the first."""
    currencies = sorted({*books.pending, *books.due, *(one.currency for one in books.moved)})
    today = {one.currency: one for one in added_up([one for one in books.moved if one.span == DAYS_SHOWN])}
    lately = {one.currency: one for one in added_up(books.moved)}
    return {
        "figures": [
            {
                "pending": language.money(books.pending.get(currency, 0), currency),
                "due": language.money(books.due.get(currency, 0), currency),
                "today": language.money(today[currency].net_minor if currency in today else 0, currency),
                "taken": language.money(lately[currency].taken_minor if currency in lately else 0, currency),
                "has_taken": currency in lately and lately[currency].taken_minor > 0,
            }
            for currency in currencies
        ],
        "bars": bars_of(books, currencies[0], language) if currencies else [],
        "days": DAYS_SHOWN,
    }


def bars_of(books: Ledgered, currency: str, language: Language) -> list[dict[str, Any]]:
    """Write down what each day brought, net of what it took back, as bars of the tallest; below zero is nothing."""
    nets = [0] * DAYS_SHOWN
    for span in range(1, DAYS_SHOWN + 1):
        for one in added_up([one for one in books.moved if one.span == span]):
            if one.currency == currency:
                nets[span - 1] = one.net_minor
    tallest = max(*nets, 1)
    return [
        {
            "x": place * 10,
            "y": 60 - (height := max(0, 60 * net // tallest)),
            "height": height,
            "day": language.short_day(start, books.zone_name),
            "amount": language.money(net, currency),
        }
        for place, (net, start) in enumerate(zip(nets, books.starts, strict=True))
    ]


def rows_of(page: EarnedPage, *, zone_name: str, language: Language) -> list[dict[str, Any]]:
    """Write shares down: what came from which line, by which rule, how it stands and what took it back."""
    return [_row(share, page, zone_name, language) for share in page.shares]


def _row(share: EarnedShare, page: EarnedPage, zone_name: str, language: Language) -> dict[str, Any]:
    order, line = page.heads[share.order_id], page.lines[share.line_id]
    taken = share.cancelled_minor + share.clawed_back_minor
    is_pending = share.state is ShareState.PENDING
    return {
        "order_id": str(order.id),
        "number": order.number,
        "at": language.clock_of_day(order.placed_at, zone_name),
        "channel": channel_word(order.channel, language),
        "goods": language.called(page.names.get(line.sku_id, line.code)) if line.sku_id else line.code,
        "units": language.count(share.units),
        "amount": language.money(share.amount_minor, share.currency),
        "left": language.money(share.left_minor, share.currency),
        "taken": language.money(-taken, share.currency) if taken else "",
        "is_clawed_back": share.clawed_back_minor > 0,
        "state": language.say("pending") if is_pending else language.say("due"),
        "tone": "gone" if not share.left_minor else "pending" if is_pending else "due",
        "when": _when(share, zone_name, language),
        **_reason(share, page.rules[share.rule_set_id], zone_name, language),
        "returns": _returns(share, page, zone_name, language) if taken else [],
    }


def _reason(share: EarnedShare, rules: RuleSet, zone_name: str, language: Language) -> dict[str, str]:
    """Why a share is one, by what, and on which lines."""
    if share.waited_since is not None:
        return {
            "why": for_waiting(share.waited_since, share.waited_rounds or 0, language, zone_name),
            "rule": waiting_rule(share.waited_version or 0, language),
            "conditions": "",
        }
    return {
        "why": _why(share, rules, language),
        "rule": language.say("rules version {version}, row {row}", version=rules.version, row=share.rule_row),
        "conditions": _conditions(rules.rows[share.rule_row - 1], language),
    }


def _when(share: EarnedShare, zone_name: str, language: Language) -> str:
    day = language.short_day(share.due_at, zone_name)
    if share.state is ShareState.PENDING:
        return language.say("for good from {day}", day=day)
    return language.say("since {day}", day=day)


def _why(share: EarnedShare, rules: RuleSet, language: Language) -> str:
    """Say by which rule: "3 % of ¥99.12 net, for bringing and serving the customer"."""
    row = rules.rows[share.rule_row - 1]
    net = language.money(share.base_minor, share.currency)
    role = language.say(ROLE_WORDS[row.role])
    if row.remainder:
        return language.say("What the others leave of {net} net, {role}", net=net, role=role)
    if row.amount_minor is not None and row.per is Per.UNIT:
        each = language.money(row.amount_minor, share.currency)
        return language.say("{amount} for each of {units}, {role}", amount=each, units=share.units, role=role)
    if row.amount_minor is not None or row.base is not Base.NET or row.floor_minor or row.cap_minor:
        gives = gives_words(row, share.currency, language)
        return language.say("{gives}, of {net} net, {role}", gives=gives, net=net, role=role)
    per_cent = f"{(row.basis_points or 0) / 100:g}"
    return language.say("{per_cent} % of {net} net, {role}", per_cent=per_cent, net=net, role=role)


def _conditions(row: RuleRow, language: Language) -> str:
    """Say which lines a row decides for; empty where it decides for all."""
    said = condition_words(row, language)
    return language.say("only for: {conditions}", conditions=" · ".join(said)) if said else ""


def _returns(
    share: EarnedShare, page: EarnedPage, zone_name: str, language: Language
) -> list[dict[str, str]]:
    return [
        {
            "number": _spoken(page.returns[one.return_id].external_number),
            "day": language.short_day(page.returns[one.return_id].at, zone_name),
            "units": language.count(one.units),
        }
        for one in page.came_back.get(share.line_id, [])
        if one.return_id in page.returns
    ]


def _spoken(number: str) -> str:
    """Return a number that somebody gave a return; empty for an id of a counter's, which nobody ever says."""
    try:
        UUID(number)
    except ValueError:
        return number
    return ""


def named_parties(parties: Sequence[Party], language: Language) -> list[dict[str, str]]:
    """Write parties down to choose from."""
    return [
        {
            "code": party.code,
            "name": language.called(party.name),
            "kind": language.say(KIND_WORDS[party.kind]),
        }
        for party in parties
    ]
