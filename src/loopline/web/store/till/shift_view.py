"""What a shift came to, in words: as a report to look at and to print, and as rows of what people moved by hand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import PersonId, SiteId
from loopline.org import Permission
from loopline.payments import shifts
from loopline.payments.cash import CARD_TERMINAL, CASH
from loopline.payments.shifts import Counted, KeptMove, MoveKind, Shift, Total
from loopline.processes.look_up import PERSON_ACTOR
from loopline.web.edge import Visitor
from loopline.web.hq.order_words import method_word
from loopline.web.languages import Language, marked
from loopline.web.store.till.drawer import worth_word

HAND_WORDS: Mapping[tuple[str, str], str] = {
    (MoveKind.BANK_DROP.value, "out"): marked("Out: to the bank or the safe"),
    (MoveKind.CHANGE.value, "in"): marked("In: brought for change"),
    (MoveKind.CHANGE.value, "out"): marked("Out: change taken back"),
    (MoveKind.PETTY_CASH.value, "out"): marked("Out: paid for something small"),
    (MoveKind.PETTY_CASH.value, "in"): marked("In: left of something small"),
}
_MONEY_WORDS: Mapping[MoveKind, str] = {
    MoveKind.SALE: marked("Sale"),
    MoveKind.REFUND: marked("Given back"),
    MoveKind.TOP_UP: marked("Topped up"),
}
_REPORT_WORDS: Mapping[tuple[MoveKind, str], str] = {
    (MoveKind.SALE, CASH): marked("Sales in cash"),
    (MoveKind.REFUND, CASH): marked("Given back in cash"),
    (MoveKind.TOP_UP, CASH): marked("Stored value topped up in cash"),
    (MoveKind.BANK_DROP, CASH): marked("To the bank or the safe"),
    (MoveKind.CHANGE, CASH): marked("Change, in and out"),
    (MoveKind.PETTY_CASH, CASH): marked("Petty cash"),
}
_TERMINAL_WORDS: Mapping[tuple[MoveKind, str], str] = {
    (MoveKind.SALE, CARD_TERMINAL): marked("Sales by card terminal"),
    (MoveKind.REFUND, CARD_TERMINAL): marked("Given back by card terminal"),
    (MoveKind.TOP_UP, CARD_TERMINAL): marked("Stored value topped up by card terminal"),
}
_BY_WALLET: Mapping[MoveKind, str] = {
    MoveKind.SALE: marked("Sales by {wallet}"),
    MoveKind.REFUND: marked("Given back by {wallet}"),
}


def may_see(visitor: Visitor, site_id: SiteId) -> bool:
    """Tell whether somebody may see what a drawer should hold before it is counted."""
    scope = visitor.branches.get(Permission.TILLS_READ)
    return scope is not None and scope.covers_site(site_id)


def move_word(one: KeptMove, language: Language) -> str:
    """Say why money moved."""
    if one.kind in _MONEY_WORDS:
        return language.say(_MONEY_WORDS[one.kind])
    return language.say(HAND_WORDS[one.kind.value, "in" if one.amount_minor > 0 else "out"])


def hand_rows(
    moves: Sequence[KeptMove], language: Language, zone: str, names: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Write what people put in and took out; with names, who it was."""
    return [
        {
            "word": move_word(one, language),
            "note": one.note,
            "amount": language.money(one.amount_minor, one.currency),
            "at": language.clock_of_day(one.moved_at, zone),
            "by": language.called((names or {}).get(one.moved_by, "")),
        }
        for one in moves
    ]


def difference_word(minor: int, currency: str, language: Language) -> str:
    """Say what a drawer had more or less than it should."""
    if minor == 0:
        return language.say("Nothing: it is right")
    amount = language.money(abs(minor), currency)
    if minor > 0:
        return language.say("{amount} more", amount=amount)
    return language.say("{amount} less", amount=amount)


def report_of(
    conn: Conn, one: Shift, language: Language, *, wallets: Collection[str], now: datetime
) -> dict[str, Any]:
    """Write the report of a shift: X while it is open, Z once it is closed. `wallets`: the gateways that take codes."""
    totals = shifts.totals_of_shifts(conn, [one.id])
    moves = shifts.moves_by_hand(conn, one.id)
    site = org.sites_by_id(conn, [one.site_id])[one.site_id]
    names = _names(conn, one, moves)
    zone, currency = site.time_zone, one.currency
    expected = one.float_minor + sum(
        each.amount_minor for each in totals if each.counted is Counted.SHIFT and each.method == CASH
    )
    later = [each for each in moves if each.counted is Counted.LATER]
    after = one.difference_minor - sum(each.amount_minor for each in later if each.method == CASH)
    return {
        "is_closed": one.closed_at is not None,
        "number": language.count(one.z_number or 0),
        "till": shifts.till_name(one.till_id),
        "site": language.called(site.name),
        "opened_at": language.clock_of_day(one.opened_at, zone),
        "opened_by": language.called(names.get(f"{PERSON_ACTOR}{one.opened_by}", "")),
        "closed_at": language.clock_of_day(one.closed_at or now, zone),
        "closed_by": language.called(names.get(f"{PERSON_ACTOR}{one.closed_by}", "")),
        "is_taken_over": one.taken_over_from is not None,
        "float": language.money(one.float_minor, currency),
        "opening": difference_word(one.opening_difference_minor, currency, language)
        if one.opening_difference_minor
        else "",
        "float_note": one.float_note,
        "cash": _total_rows(totals, _said(_REPORT_WORDS, language), currency, language),
        "terminal": _total_rows(totals, _terminal_words(totals, wallets, language), currency, language),
        "expected": language.money(expected, currency),
        "counted": language.money(one.counted_minor or 0, currency),
        "difference": difference_word(one.difference_minor, currency, language),
        "tone": "good" if one.difference_minor == 0 else "bad",
        "note": one.note or "",
        "pieces": [
            {
                "word": worth_word(worth, currency, language),
                "count": language.count(count),
                "amount": language.money(worth * count, currency),
            }
            for worth, count in one.counted_pieces or ()
        ],
        "hand": hand_rows([each for each in moves if each.source_id is None], language, zone, names),
        "later": hand_rows(later, language, zone, names),
        "after": difference_word(after, currency, language),
    }


def _said(words: Mapping[tuple[MoveKind, str], str], language: Language) -> dict[tuple[MoveKind, str], str]:
    return {key: language.say(word) for key, word in words.items()}


def _terminal_words(
    totals: Sequence[Total], wallets: Collection[str], language: Language
) -> dict[tuple[MoveKind, str], str]:
    """Name what no drawer holds: the card terminal, and each gateway that takes codes here, or did in this shift."""
    said = _said(_TERMINAL_WORDS, language)
    moved = {one.method for one in totals} - {CASH, CARD_TERMINAL}
    for gateway in sorted(moved | set(wallets)):
        for kind, word in _BY_WALLET.items():
            said[kind, gateway] = language.say(word, wallet=method_word(gateway, language))
    return said


def _total_rows(
    totals: Sequence[Total], words: Mapping[tuple[MoveKind, str], str], currency: str, language: Language
) -> list[dict[str, str]]:
    """Write what a shift moved before its count; sales are there even where there were none."""
    found = {(one.kind, one.method): one for one in totals if one.counted is Counted.SHIFT}
    return [
        {
            "word": word,
            "note": "",
            "at": "",
            "times": language.count(found[key].times) if key in found else "0",
            "amount": language.money(found[key].amount_minor if key in found else 0, currency),
        }
        for key, word in words.items()
        if key in found or key[0] is MoveKind.SALE
    ]


def _names(conn: Conn, one: Shift, moves: Sequence[KeptMove]) -> dict[str, str]:
    actors = {f"{PERSON_ACTOR}{one.opened_by}", f"{PERSON_ACTOR}{one.closed_by}"} | {
        each.moved_by for each in moves
    }
    ids: set[PersonId] = set()
    for actor in actors:
        text = actor.removeprefix(PERSON_ACTOR)
        if actor.startswith(PERSON_ACTOR) and text != "None":
            ids.add(PersonId(UUID(text)))
    return {f"{PERSON_ACTOR}{person.id}": person.name for person in org.people_by_id(conn, ids).values()}
