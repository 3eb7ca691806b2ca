"""How a statement is written down in a language: balances, and each line with what it was for and how it came about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from babel.numbers import format_decimal, get_currency_precision

from loopline import catalogue
from loopline.db import Conn
from loopline.kernel.ids import EntityId
from loopline.kernel.money import BASIS_POINTS
from loopline.org import Party, Permission
from loopline.org import lists as org_lists
from loopline.pricing.promotions import Bearer
from loopline.processes.statement.reading import (
    Balance,
    LineState,
    Owing,
    PlacedLine,
    Statement,
    statement_of,
    states_of,
)
from loopline.sharing.model import Base, Per, Role, RuleRow
from loopline.statements import queries
from loopline.statements.disputes import disputes_of_entries
from loopline.statements.model import OF_COUPONS, Line, LineFunding, LineShare, Seal
from loopline.web.earned_view import KIND_WORDS as PARTY_WORDS
from loopline.web.earned_view import ROLE_WORDS
from loopline.web.edge import Visitor
from loopline.web.languages import Language, marked
from loopline.web.paths import entry_path
from loopline.web.rule_words import gives_words
from loopline.web.waiting_words import for_waiting, waiting_rule

KIND_WORDS: Mapping[str, str] = {
    "sale": marked("Share of a sale"),
    "reversal": marked("Taken back by a return"),
    "share_release": marked("Became due"),
    "share_claw_back": marked("Moved back from due by a return"),
    "adjustment": marked("Correction"),
    "opening": marked("Brought forward"),
    "promotion": marked("Discount borne"),
    "bonus": marked("Bonus of a month's turnover"),
    "payout": marked("Paid out"),
    "payout_returned": marked("Payout that came back"),
    "reclaim": marked("Share asked back"),
    "reclaim_failed": marked("Share that was not given back"),
}
STATE_WORDS: Mapping[LineState, str] = {
    LineState.PENDING: marked("pending"),
    LineState.DUE: marked("due"),
    LineState.PAID: marked("paid"),
    LineState.TAKEN_BACK: marked("gone back"),
    LineState.OWED: marked("owed"),
    LineState.BOOKED: marked("booked"),
}
TONES: Mapping[LineState, str] = {
    LineState.PENDING: "warn",
    LineState.DUE: "good",
    LineState.PAID: "good",
    LineState.TAKEN_BACK: "bad",
    LineState.OWED: "warn",
    LineState.BOOKED: "none",
}
BEARER_WORDS: Mapping[str, str] = {
    Bearer.BRAND.value: marked("borne as the brand"),
    Bearer.DEALER.value: marked("borne as the shop's dealer"),
    Bearer.PLATFORM.value: marked("borne as the platform"),
    Bearer.PARTY.value: marked("borne as named"),
}
_HAVE_UNITS = frozenset({"sale", "promotion"})
_ROLES = {role.value: role for role in Role}
_PLACES = 4
"""How many places beyond the minor unit rounding is told to."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to write lines down. `disputes`: the latest of each line that was ever questioned.

    `books`: the companies whose entries the reader may open.
    """

    names: Mapping[str, str]
    entities: Mapping[EntityId, str]
    states: Sequence[LineState]
    disputes: Mapping[tuple[object, ...], str]
    books: frozenset[EntityId] = frozenset()


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line, written down."""

    day: str
    at: str
    kind: str
    order: str
    goods: str
    units: str
    why: tuple[str, ...]
    rules: tuple[str, ...]
    rounding: tuple[str, ...]
    entity: str
    state: str
    tone: str
    pending: str
    due: str
    borne: str
    is_borne: bool
    is_taking: bool
    is_sealed: bool
    named: tuple[tuple[str, str], ...]
    dispute: str
    entry_path: str


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the balances: what stood, what a kind of entry moved, what stands."""

    word: str
    lines: str
    pending: str
    due: str
    borne: str
    is_sum: bool


class BalanceTable(msgspec.Struct, frozen=True, kw_only=True):
    """The balances of one currency. `bears`: something of it is borne of promotions."""

    currency: str
    rows: list[BalanceRow]
    bears: bool


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a statement, written down. `root` is that of the last sealed day of the period."""

    party_code: str
    party_name: str
    party_kind: str
    first_day: str
    last_day: str
    period: str
    lines: str
    balances: list[BalanceTable]
    sealed: str
    is_all_sealed: bool
    is_sealed: bool
    root: str
    root_day: str


def read_head(conn: Conn, party: Party, days: tuple[date, date]) -> tuple[Statement, Seal | None]:
    """Read the head of a statement, with the seal of the last day of it that is sealed."""
    head = statement_of(conn, party.id, first_day=days[0], last_day=days[1])
    if head.sealed_through is None or head.sealed_through < days[0]:
        return head, None
    last = min(head.sealed_through, days[1])
    return head, queries.seals_between(conn, last, last)[0]


def found_for(conn: Conn, party: Party, lines: Sequence[Line], paid_through: Mapping[Owing, date]) -> Found:
    """Read what is needed to write lines down."""
    codes = {line.code for line in lines if line.code is not None}
    return Found(
        names={code: sku.name for code, sku in catalogue.skus_by_code(conn, codes).items()},
        entities=org_lists.entity_codes(conn, {line.entity_id for line in lines}),
        states=states_of(conn, party.id, lines, paid_through),
        disputes={
            (one.entry_id, one.part_id, one.currency, one.entity_id): str(one.id)
            for one in disputes_of_entries(conn, party.id, sorted({line.entry_id for line in lines}))
        },
    )


def books_seen(conn: Conn, visitor: Visitor, entity_ids: Iterable[EntityId]) -> frozenset[EntityId]:
    """Return those of some companies whose books somebody may open."""
    if not visitor.may(Permission.LEDGER_READ):
        return frozenset()
    scope = visitor.scope_of(Permission.LEDGER_READ)
    return frozenset(org_lists.entity_codes_in_scope(conn, entity_ids, scope=scope))


def written(head: Statement, seal: Seal | None, party: Party, language: Language) -> View:
    """Write the head down."""
    return View(
        party_code=party.code,
        party_name=language.called(party.name),
        party_kind=language.say(PARTY_WORDS[party.kind]),
        first_day=head.first_day.isoformat(),
        last_day=head.last_day.isoformat(),
        period=f"{day_word(head.first_day, language)} – {day_word(head.last_day, language)}",
        lines=language.count(head.lines),
        balances=[_table(one, language) for one in head.balances],
        sealed=_sealed(head, seal, language),
        is_all_sealed=seal is not None and seal.day == head.last_day,
        is_sealed=seal is not None,
        root=seal.root.hex() if seal is not None else "",
        root_day=seal.day.isoformat() if seal is not None else "",
    )


def day_word(day: date, language: Language) -> str:
    """Write a day of a statement with its year."""
    return language.plain_day(day)


def _sealed(head: Statement, seal: Seal | None, language: Language) -> str:
    if seal is None:
        return language.say("No day of this period is sealed yet.")
    if seal.day == head.last_day:
        return language.say("Every day of this period is sealed: none of it changes any more.")
    return language.say("Sealed up to {day}; later days may still grow.", day=day_word(seal.day, language))


def _table(one: Balance, language: Language) -> BalanceTable:
    def row(word: str, sums: Any, *, lines: int | None = None, is_sum: bool = False) -> BalanceRow:
        return BalanceRow(
            word=word,
            lines=language.count(lines) if lines is not None else "",
            pending=amount(sums.pending_minor, one.currency, language, is_sum=is_sum),
            due=amount(sums.due_minor, one.currency, language, is_sum=is_sum),
            borne=amount(sums.borne_minor, one.currency, language, is_sum=is_sum),
            is_sum=is_sum,
        )

    return BalanceTable(
        currency=one.currency,
        bears=any(sums.borne_minor for sums in (one.opening, one.closing, *one.kinds)),
        rows=[
            row(language.say("Stood before"), one.opening, is_sum=True),
            *(row(kind_word(kind.kind, language), kind, lines=kind.lines) for kind in one.kinds),
            row(language.say("Stands after"), one.closing, is_sum=True),
        ],
    )


def amount(minor: int, currency: str, language: Language, *, is_sum: bool = False) -> str:
    """Write an amount that moved; nothing is a dash, unless it is a sum."""
    return language.money(minor, currency) if minor or is_sum else "–"


def kind_word(kind: str, language: Language) -> str:
    """Write what kind of entry a line comes from; one that is not known here goes by its own name."""
    word = KIND_WORDS.get(kind)
    return language.say(word) if word is not None else kind.replace("_", " ")


def rows_of(placed: Sequence[PlacedLine], found: Found, zone: str, language: Language) -> list[LineRow]:
    """Write lines down, in their order; moments in the party's zone, days as they are sealed."""
    return [_row(one, state, found, zone, language) for one, state in zip(placed, found.states, strict=True)]


def _row(placed: PlacedLine, state: LineState, found: Found, zone: str, language: Language) -> LineRow:
    line = placed.line
    return LineRow(
        day=day_word(placed.place.day, language),
        at=language.clock_of_day(line.at, zone),
        kind=kind_word(line.kind, language),
        order=line.order_number or "",
        goods=language.called(found.names.get(line.code, line.code)) if line.code else "",
        # Of what came back the units stand in the return: here are those of the sale.
        units=language.count(line.units) if line.units is not None and line.kind in _HAVE_UNITS else "",
        why=(
            *(why_of(one, line, language, zone) for one in line.shares),
            *(why_borne(one, line, language) for one in line.fundings),
        ),
        rules=(
            *(rule_of(one, language) for one in line.shares),
            *(promotion_of(one, language) for one in line.fundings),
        ),
        rounding=tuple(said for one in line.shares if (said := rounding_word(one, line.currency, language))),
        entity=found.entities.get(line.entity_id, ""),
        state=language.say(STATE_WORDS[state]),
        tone=TONES[state],
        pending=amount(line.pending_minor, line.currency, language),
        due=amount(line.due_minor, line.currency, language),
        borne=amount(line.bears_minor, line.currency, language),
        is_borne=line.bears_minor != 0,
        is_taking=line.amount_minor < 0 or line.bears_minor > 0,
        is_sealed=placed.is_sealed,
        named=(
            ("entry", str(line.entry_id)),
            ("part", str(line.part_id)),
            ("currency", line.currency),
            ("entity", str(line.entity_id)),
        ),
        dispute=found.disputes.get((line.entry_id, line.part_id, line.currency, line.entity_id), ""),
        entry_path=entry_path(line.entry_id) if line.entity_id in found.books else "",
    )


def role_word(share: LineShare, language: Language) -> str:
    """Write what a share is for."""
    role = _ROLES.get(share.role)
    return language.say(ROLE_WORDS[role]) if role is not None and role in ROLE_WORDS else share.role


def rule_of(share: LineShare, language: Language) -> str:
    """Say by which row of which version a share is one."""
    if share.profile_version is not None:
        return waiting_rule(share.profile_version, language)
    return language.say("rules version {version}, row {row}", version=share.rule_version, row=share.rule_row)


def why_of(share: LineShare, line: Line, language: Language, zone: str) -> str:
    """Say how a share came about: "3 % of ¥61.88 net, for bringing and serving the customer"."""
    if share.waited_since is not None:
        return for_waiting(share.waited_since, share.waited_rounds or 0, language, zone)
    base = language.money(share.base_minor, line.currency)
    role = role_word(share, language)
    if share.takes_rest:
        return language.say("What the others leave of {net} net, {role}", net=base, role=role)
    if share.each_minor is not None and share.per == Per.UNIT:
        each = language.money(share.each_minor, line.currency)
        return language.say(
            "{amount} for each of {units}, {role}", amount=each, units=line.units or 0, role=role
        )
    if share.each_minor is not None or share.of != Base.NET or share.floor_minor or share.cap_minor:
        return language.say(
            "{gives}, of {net} net, {role}",
            gives=gives_words(_rule_of(share), line.currency, language),
            net=base,
            role=role,
        )
    per_cent = f"{(share.basis_points or 0) / 100:g}"
    return language.say("{per_cent} % of {net} net, {role}", per_cent=per_cent, net=base, role=role)


def promotion_of(funding: LineFunding, language: Language) -> str:
    """Say by which row of which version of a promotion, or of which coupons, something is borne."""
    if funding.version == OF_COUPONS:
        return language.say("coupons {batch}, row {row}", batch=funding.promotion, row=funding.row)
    return language.say(
        "promotion {promotion}, version {version}, row {row}",
        promotion=funding.promotion,
        version=funding.version,
        row=funding.row,
    )


def why_borne(funding: LineFunding, line: Line, language: Language) -> str:
    """Say how what is borne came about: "60 % of ¥11.30 off: ¥6.78, as the dealer"."""
    return language.say(
        "{per_cent} % of {off} off: {amount}, {bearer}",
        per_cent=f"{funding.basis_points / 100:g}",
        off=language.money(funding.base_minor, line.currency),
        amount=language.money(funding.amount_minor, line.currency),
        bearer=bearer_word(funding, language),
    )


def bearer_word(funding: LineFunding, language: Language) -> str:
    """Write as what a party bears something."""
    word = BEARER_WORDS.get(funding.bearer)
    return language.say(word) if word is not None else funding.bearer


def _rule_of(share: LineShare) -> RuleRow:
    """Return what of a row of the rules a share tells."""
    return RuleRow(
        role=_ROLES.get(share.role, Role.BRAND),
        basis_points=share.basis_points,
        base=Base(share.of),
        floor_minor=share.floor_minor,
        cap_minor=share.cap_minor,
        amount_minor=share.each_minor,
        per=Per(share.per),
        remainder=share.takes_rest,
    )


def rounding_word(share: LineShare, currency: str, language: Language) -> str:
    """Say how an amount was rounded, to the ten-thousandth of a minor unit; nothing where it was not."""
    if not share.rounding:
        return ""
    exact = share.amount_minor * BASIS_POINTS - share.rounding
    return language.say(
        "exactly {exact}, rounded by {by}",
        exact=_fine(exact, currency, language),
        by=_fine(share.rounding, currency, language, pattern="+#,##0.######;-#,##0.######"),
    )


def _fine(ten_thousandths: int, currency: str, language: Language, *, pattern: str = "#,##0.######") -> str:
    value = Decimal(ten_thousandths).scaleb(-_PLACES - get_currency_precision(currency))
    return format_decimal(value, format=pattern, locale=language.locale)


def usual_days(now: datetime) -> tuple[date, date]:
    """Return the days of the month that runs, in UTC, up to today."""
    today = now.astimezone(UTC).date()
    return today.replace(day=1), today


def month_before(first_day: date) -> tuple[date, date]:
    """Return the days of the month before the one a day lies in."""
    last = first_day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last
