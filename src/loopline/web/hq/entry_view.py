"""How an entry of the books is written down: its postings, what is behind it, and what led to it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from urllib.parse import quote
from uuid import UUID

import msgspec

from loopline.closing.rules.months import spelt
from loopline.kernel.times import business_day
from loopline.ledger.tracing import OtherEntry, Relation, TracedPosting
from loopline.processes.trace_entry import Behind, EntryStory
from loopline.sharing.explaining import ExplainedShare
from loopline.sharing.queries import ShareState
from loopline.touchpoints import Touch
from loopline.web.hq.board_view import channel_word
from loopline.web.hq.close_view import CLOSE
from loopline.web.hq.close_words import KIND_WORDS, PURPOSE_WORDS
from loopline.web.hq.order_words import BASIS_WORDS, CREDIT_ROLE_WORDS, TOUCH_WORDS
from loopline.web.hq.orders_asked import ORDERS
from loopline.web.languages import Language, marked
from loopline.web.paths import entry_path
from loopline.web.rule_words import ROLE_WORDS, rule_sentence
from loopline.web.waiting_words import for_waiting, waiting_rule

RELATION_WORDS: Mapping[Relation, str] = {
    Relation.TAKES_BACK: marked("This entry takes it back, in part or whole"),
    Relation.TAKEN_BACK_BY: marked("Takes this entry back, in part or whole"),
    Relation.SAME_PART: marked("About the same goods or money"),
}
BEHIND_WORDS: Mapping[Behind, str] = {
    Behind.ORDER: marked("Order"),
    Behind.RETURN: marked("Return"),
    Behind.PAYOUT: marked("Payout"),
    Behind.RECLAIM: marked("Share asked back"),
    Behind.PARTY: marked("Statement"),
    Behind.CLOSE: marked("Monthly close"),
    Behind.DIFFERENCE: marked("Difference with a bill"),
    Behind.DISPUTE: marked("Dispute"),
    Behind.SHIFT: marked("Shift of a till"),
}
_STATEMENT_DAYS = 31


class MayOpen(msgspec.Struct, frozen=True, kw_only=True):
    """Which pages the reader may open; links to others are not offered."""

    orders: bool
    payouts: bool
    differences: bool
    closes: bool
    shifts: bool


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Something behind the entry, and where it is shown, where the reader may open that."""

    word: str
    said: str
    path: str = ""


class PostingRow(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in an account."""

    account: str
    party: str
    debit: str
    credit: str


class BookTable(msgspec.Struct, frozen=True, kw_only=True):
    """What the entry moved in one company's books, which sums to zero."""

    company: str
    currency: str
    month: Link
    rows: list[PostingRow]


class OtherRow(msgspec.Struct, frozen=True, kw_only=True):
    """Another entry about the same goods or money."""

    path: str
    kind: str
    relation: str
    is_inverse: bool
    at: str


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a party earns, by which rule; `path`: to the entry by which the goods were sold."""

    party: str
    role: str
    goods: str
    why: str
    version: str
    amount: str
    state: str
    tone: str
    path: str = ""


class TouchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A touch before the order; `credit`: who has it for this touch."""

    word: str
    code: str
    at: str
    credit: str
    is_first: bool


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of an entry, written down."""

    id: str
    key: str
    kind: str
    at: str
    behind: list[Link]
    books: list[BookTable]
    hidden: str
    others: list[OtherRow]
    shares: list[ShareRow]
    released: list[ShareRow]
    has_order: bool
    touches: list[TouchRow]
    credits: list[Link]


def entry_written(story: EntryStory, may: MayOpen, language: Language) -> EntryView:
    """Write an entry down, with all that is behind it."""
    entry = story.entry
    codes = {line.line_id: line.code for line in story.lines}
    return EntryView(
        id=str(entry.id),
        key=entry.key,
        kind=language.say(KIND_WORDS[entry.kind]),
        at=language.clock_of_day(entry.at, story.zone),
        behind=_behind(story, may, language),
        books=_books(story, may, language),
        hidden=language.count(story.hidden_postings) if story.hidden_postings else "",
        others=[_other(one, story, language) for one in entry.others],
        shares=[_share(one, story, language, goods=codes.get(one.line_id, "")) for one in story.shares],
        released=[
            _share(one.share, story, language, goods="", path=entry_path(one.sale_entry_id))
            for one in story.released
        ],
        has_order=bool(story.lines),
        touches=_touches(story, language),
        credits=_credits(story, language),
    )


def _name(story: EntryStory, id_: UUID | None, language: Language) -> str:
    named = story.names.get(id_) if id_ is not None else None
    return language.called(named.name) if named is not None else ""


def _behind(story: EntryStory, may: MayOpen, language: Language) -> list[Link]:
    """What the entry was posted for, the nearest first; of a return and a dispute the order too."""
    found: list[Link] = []
    nearest = _nearest(story, may, language)
    if nearest is not None:
        found.append(nearest)
    if story.order_number:
        found.append(
            Link(
                word=language.say("Order"),
                said=f"{story.order_number} · {channel_word(story.lines[0].channel, language)}",
                path=f"{ORDERS}/{story.order_number}" if may.orders else "",
            )
        )
    return found


def _nearest(story: EntryStory, may: MayOpen, language: Language) -> Link | None:
    entry, behind = story.entry, story.behind
    if behind in {Behind.ORDER, Behind.NOTHING}:
        return None
    word, said, path = language.say(BEHIND_WORDS[behind]), str(entry.subject), ""
    if behind is Behind.PARTY:
        code = story.code_of(entry.subject)
        day = business_day(entry.at, "UTC")
        said = _name(story, entry.subject, language) or code
        path = f"/hq/statements/{quote(code, safe='')}?from={day - timedelta(days=_STATEMENT_DAYS)}&to={day}"
    elif behind is Behind.PAYOUT:
        said = language.say("Payout {number}", number=story.payout_number) if story.payout_number else said
        path = "/hq/payouts" if may.payouts else ""
    elif behind is Behind.RECLAIM:
        path = "/hq/payouts" if may.payouts else ""
    elif behind is Behind.DIFFERENCE:
        path = f"/hq/reconciliation/{entry.subject}" if may.differences else ""
    elif behind is Behind.DISPUTE:
        path = f"/hq/disputes/{entry.subject}"
    elif behind is Behind.SHIFT:
        path = f"/hq/shifts/{entry.subject}" if may.shifts else ""
    elif behind is Behind.CLOSE:
        one = story.months[0]
        said = language.month(one.month)
        path = _month_path(story, 0) if may.closes else ""
    return Link(word=word, said=said, path=path)


def _month_path(story: EntryStory, place: int) -> str:
    one = story.months[place]
    company = quote(story.code_of(one.books.entity_id), safe="")
    return f"{CLOSE}/{company}/{one.books.currency}/{spelt(one.month)}"


def _books(story: EntryStory, may: MayOpen, language: Language) -> list[BookTable]:
    tables: list[BookTable] = []
    postings = sorted(story.entry.postings, key=lambda one: (one.entity_id, one.currency))
    for place, (_, group) in enumerate(groupby(postings, key=lambda one: (one.entity_id, one.currency))):
        rows, month = list(group), story.months[place]
        state = language.say("closed") if month.is_closed else language.say("open")
        tables.append(
            BookTable(
                company=_name(story, rows[0].entity_id, language) or story.code_of(rows[0].entity_id),
                currency=rows[0].currency,
                month=Link(
                    word=language.say("Month of the books"),
                    said=f"{language.month(month.month)} · {state}",
                    path=_month_path(story, place) if may.closes else "",
                ),
                rows=_postings(rows, story, language),
            )
        )
    return tables


def _postings(found: Sequence[TracedPosting], story: EntryStory, language: Language) -> list[PostingRow]:
    """One row for each account, however many parts of the entry post to it, in the order of the first."""
    sums: dict[int, tuple[TracedPosting, int]] = {}
    for one in found:
        first, minor = sums.get(one.number, (one, 0))
        sums[one.number] = (first, minor + one.amount_minor)
    return [
        PostingRow(
            account=language.say(PURPOSE_WORDS[one.purpose]),
            party=_name(story, one.party_id, language) or story.code_of(one.party_id),
            debit=language.money(minor, one.currency) if minor > 0 else "",
            credit=language.money(-minor, one.currency) if minor < 0 else "",
        )
        for one, minor in sums.values()
    ]


def _other(one: OtherEntry, story: EntryStory, language: Language) -> OtherRow:
    return OtherRow(
        path=entry_path(one.entry_id),
        kind=language.say(KIND_WORDS[one.kind]),
        relation=language.say(RELATION_WORDS[one.relation]),
        is_inverse=one.relation is not Relation.SAME_PART,
        at=language.clock_of_day(one.at, story.zone),
    )


def _share(
    one: ExplainedShare, story: EntryStory, language: Language, *, goods: str, path: str = ""
) -> ShareRow:
    if one.rule is None:
        since, rounds = one.waited_since, one.waited_rounds or 0
        why = for_waiting(since, rounds, language, story.zone) if since is not None else ""
        version = waiting_rule(one.waited_version, language) if one.waited_version is not None else ""
    else:
        why = rule_sentence(one.rule, one.currency, language)
        version = language.say(
            "rules version {version}, row {row}", version=one.rule_version, row=one.rule_row
        )
    is_gone = one.back_minor >= one.amount_minor > 0
    if is_gone:
        state = language.say("Taken back")
    elif one.state is ShareState.DUE:
        state = language.say("Due")
    else:
        state = language.say("Pending until {day}", day=language.short_day(one.due_at, story.zone))
    base = language.say("of {amount} net", amount=language.money(one.base_minor, one.currency))
    return ShareRow(
        party=_name(story, one.party_id, language) or story.code_of(one.party_id),
        role=language.say(ROLE_WORDS[one.role]),
        goods=goods,
        why=f"{why} · {base}",
        version=version,
        amount=language.money(one.amount_minor - one.back_minor, one.currency),
        state=state,
        tone="none" if is_gone else "good" if one.state is ShareState.DUE else "move",
        path=path,
    )


def _touches(story: EntryStory, language: Language) -> list[TouchRow]:
    """What touched the order before it was placed, in the order in which it did: the first began it."""
    trace = story.trace
    if trace is None:
        return []
    found = sorted(trace.touches, key=lambda one: one.at)

    def credit(touch: Touch) -> str:
        if touch.scan_id is None:
            return ""
        return " · ".join(
            f"{language.say(CREDIT_ROLE_WORDS[one.role])} {_name(story, one.party_id, language)}"
            for one in trace.credits
            if one.scan_id == touch.scan_id
        )

    rows: list[TouchRow] = []
    for place, one in enumerate(found):
        code = trace.codes.get(one.touchpoint_id)
        rows.append(
            TouchRow(
                word=language.say(TOUCH_WORDS[one.kind]),
                code=" · ".join(filter(None, (code.label, code.code))) if code is not None else "",
                at=language.clock_of_day(one.at, story.zone),
                credit=credit(one),
                is_first=place == 0,
            )
        )
    return rows


def _credits(story: EntryStory, language: Language) -> list[Link]:
    return [
        Link(
            word=language.say(CREDIT_ROLE_WORDS[one.role]),
            said=f"{_name(story, one.party_id, language)} · {language.say(BASIS_WORDS[one.basis])}",
        )
        for one in (story.trace.credits if story.trace is not None else ())
    ]
