"""How payouts are written down in a language: who is due what, where each payout stands, what is under way."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.kernel.ids import EntityId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.org import Entity, Party
from loopline.payouts import (
    Account,
    Download,
    Line,
    LineState,
    LineSum,
    Payer,
    PayerId,
    Payout,
    PayoutAccountId,
    PayoutId,
    PayoutState,
    Reclaim,
    ReclaimState,
    Request,
    RequestId,
    StateCount,
    Way,
)
from loopline.payouts.reclaiming import DEBT_FELL, NOT_TAKEN
from loopline.payouts.refusals import BelowLeast, NothingDue
from loopline.payouts.reports import GIVEN_UP, RECEIVER_NOT_OPENED
from loopline.processes.pay_out import Prospect
from loopline.processes.pay_out.send import CONTRACT_NOT_SAID, DUE_FELL, KEY_NOT_HERE, NOTHING_TO_SHARE
from loopline.web.languages import Language, marked

LISTS: Mapping[str, tuple[str, tuple[PayoutState, ...]]] = {
    "planned": (marked("To be approved"), (PayoutState.PLANNED,)),
    "under_way": (marked("Under way"), (PayoutState.APPROVED, PayoutState.SENT)),
    "paid": (marked("Paid"), (PayoutState.PAID, PayoutState.PARTLY_PAID)),
    "not_paid": (marked("Not paid"), (PayoutState.FAILED, PayoutState.WITHDRAWN)),
}
STATE_WORDS: Mapping[PayoutState, tuple[str, str]] = {
    PayoutState.PLANNED: (marked("Waits for approval"), "warn"),
    PayoutState.APPROVED: (marked("Approved"), "move"),
    PayoutState.SENT: (marked("Money on its way"), "move"),
    PayoutState.PAID: (marked("Paid"), "good"),
    PayoutState.PARTLY_PAID: (marked("Paid in part"), "warn"),
    PayoutState.FAILED: (marked("Did not arrive"), "bad"),
    PayoutState.WITHDRAWN: (marked("Withdrawn"), "none"),
}
RECLAIM_WORDS: Mapping[ReclaimState, tuple[str, str]] = {
    ReclaimState.PLANNED: (marked("Waits for approval"), "warn"),
    ReclaimState.APPROVED: (marked("Approved"), "move"),
    ReclaimState.ASKED: (marked("Asked back"), "move"),
    ReclaimState.CAME: (marked("Is back"), "good"),
    ReclaimState.FAILED: (marked("Did not come back"), "bad"),
    ReclaimState.WITHDRAWN: (marked("Withdrawn"), "none"),
}
WAY_WORDS: Mapping[Way, str] = {
    Way.WECHAT_SHARING: marked("WeChat Pay, shared out of payments"),
    Way.WECHAT_TRANSFER: marked("WeChat Pay, transfer to people"),
    Way.BANK_FILE: marked("File for a bank"),
}
_REASONS: Mapping[str, str] = {
    DUE_FELL: marked("less was due when it would have left"),
    NOTHING_TO_SHARE: marked("no payment of a customer holds money to share"),
    KEY_NOT_HERE: marked("the key that opens the account it goes to is not in the key file here"),
    CONTRACT_NOT_SAID: marked("the gateway did not say what the contract allows"),
    GIVEN_UP: marked("given up"),
    DEBT_FELL: marked("less was owed when it would have been asked back"),
    NOT_TAKEN: marked("WeChat Pay did not take it back: the debt is set off later"),
    RECEIVER_NOT_OPENED: marked("the account it goes to cannot be opened: enter it anew, and plan again"),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; of a branch only its legal entities."""

    zone: str
    chosen: str
    person: str
    prospects: Sequence[Prospect]
    reclaimable: Mapping[tuple[PartyId, EntityId, str], int]
    reclaims: Sequence[Reclaim]
    counts: Sequence[StateCount]
    sums: Sequence[LineSum]
    payouts: Sequence[Payout]
    lines: Mapping[PayoutId, Sequence[Line]]
    requests: Sequence[Request]
    of_requests: Mapping[RequestId, Sequence[Line]]
    downloads: Mapping[RequestId, Sequence[Download]]
    payers: Mapping[PayerId, Payer]
    accounts: Mapping[PayoutAccountId, Account]
    parties: Mapping[PartyId, Party]
    entities: Mapping[EntityId, Entity]
    people: Mapping[str, str]
    waiting_for_file: frozenset[PayerId]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    key: str
    word: str
    amount: str
    about: str


class DueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an entity owes a party. `value` names it in a form where it can be planned; else `why` says why not.

    `debt` names one of which something can be asked back.
    """

    party: str
    entity: str
    due: str
    is_debt: bool
    tax: str
    net: str
    paid_to: str
    value: str
    debt: str
    why: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a payout, when it was done and by whom."""

    word: str
    at: str
    tone: str


class PayoutRow(msgspec.Struct, frozen=True, kw_only=True):
    """A payout, written down. `may_approve` is false where somebody else has to."""

    id: str
    number: str
    party: str
    about: str
    amount: str
    tax: str
    state: str
    tone: str
    reason: str
    steps: list[Step]
    may_approve: bool
    needs_another: bool
    may_withdraw: bool


class ReclaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """A share that is asked back, written down."""

    id: str
    party: str
    about: str
    amount: str
    state: str
    tone: str
    reason: str
    may_approve: bool
    needs_another: bool
    may_withdraw: bool


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a gateway, or a file, of which not everything is known."""

    id: str
    number: str
    way: str
    payer: str
    amount: str
    lines: str
    since: str
    reason: str
    is_file: bool
    is_given_up: bool
    got_by: list[str]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down."""

    figures: list[Figure]
    dues: list[DueRow]
    can_plan: bool
    lists: list[tuple[str, str, str, bool]]
    rows: list[PayoutRow]
    reclaims: list[ReclaimRow]
    requests: list[RequestRow]
    files_to_make: list[tuple[str, str]]


def written(found: Found, language: Language) -> View:
    """Write the page down."""
    dues = [_due_row(one, found, language) for one in found.prospects if not one.due.is_of_the_entity]
    return View(
        figures=_figures(found, language),
        dues=dues,
        can_plan=any(one.value or one.debt for one in dues),
        lists=[
            (key, language.say(word), _count(found, states, language), key == found.chosen)
            for key, (word, states) in LISTS.items()
        ],
        rows=[_payout_row(one, found, language) for one in found.payouts],
        reclaims=[_reclaim_row(one, found, language) for one in found.reclaims],
        requests=[_request_row(one, found, language) for one in found.requests],
        files_to_make=[(str(one), found.payers[one].name) for one in sorted(found.waiting_for_file)],
    )


def _figures(found: Found, language: Language) -> list[Figure]:
    due: dict[str, int] = {}
    debts = 0
    for one in found.prospects:
        if one.due.is_of_the_entity:
            continue
        debts += one.due.due_minor < 0
        due[one.due.currency] = due.get(one.due.currency, 0) + max(0, one.due.due_minor)
    planned = _sums(found.counts, {PayoutState.PLANNED, PayoutState.APPROVED})
    failed = sum(one.payouts for one in found.counts if one.state is PayoutState.FAILED)
    return [
        Figure(
            key="due",
            word=language.say("Due to parties"),
            amount=_money(due, language),
            about=language.say("{count} are in debt, which is carried", count=language.count(debts)),
        ),
        Figure(
            key="planned",
            word=language.say("Planned and approved"),
            amount=_money(planned, language),
            about=language.say("not sent yet: still due in the books"),
        ),
        Figure(
            key="in_transit",
            word=language.say("Money on its way"),
            amount=_money(_line_sums(found, LineState.IN_TRANSIT), language),
            about=language.say("left what is due, not known yet to have arrived"),
        ),
        Figure(
            key="paid",
            word=language.say("Paid so far"),
            amount=_money(_line_sums(found, LineState.PAID), language),
            about=language.say("{count} did not arrive", count=language.count(failed)),
        ),
    ]


def _sums(counts: Sequence[StateCount], states: set[PayoutState]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        if one.state in states:
            found[one.currency] = found.get(one.currency, 0) + one.gross_minor
    return found


def _line_sums(found: Found, state: LineState) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in found.sums:
        if one.state is state:
            sums[one.currency] = sums.get(one.currency, 0) + one.net_minor
    return sums


def _money(sums: Mapping[str, int], language: Language) -> str:
    return " · ".join(language.money(minor, currency) for currency, minor in sorted(sums.items())) or "–"


def _count(found: Found, states: Sequence[PayoutState], language: Language) -> str:
    counted = sum(one.payouts for one in found.counts if one.state in states)
    return language.count(counted) if counted else ""


def _party(party_id: PartyId, found: Found, language: Language) -> str:
    party = found.parties.get(party_id)
    return language.called(party.name) if party is not None else ""


def _entity(entity_id: EntityId, found: Found, language: Language) -> str:
    entity = found.entities.get(entity_id)
    return language.called(entity.name) if entity is not None else ""


def _due_row(one: Prospect, found: Found, language: Language) -> DueRow:
    due, plan = one.due, one.plan
    is_planable = not isinstance(plan, Refusal) and one.open is None
    if one.open is not None:
        word, _ = STATE_WORDS[one.open.state]
        why = language.say("payout {number}: {state}", number=one.open.number, state=language.say(word))
    else:
        why = _why_not(plan, due.currency, language) if isinstance(plan, Refusal) else ""
    named = f"{due.party_id}/{due.entity_id}/{due.currency}"
    reclaimable_minor = found.reclaimable.get((due.party_id, due.entity_id, due.currency), 0)
    if reclaimable_minor:
        amount = language.money(reclaimable_minor, due.currency)
        why = language.say("a debt: {amount} of it can be asked back, the rest is set off", amount=amount)
    return DueRow(
        party=language.called(one.party.name),
        entity=_entity(due.entity_id, found, language),
        due=language.money(due.due_minor, due.currency),
        is_debt=due.due_minor < 0,
        tax=""
        if isinstance(plan, Refusal) or not plan.withheld_minor
        else language.money(plan.withheld_minor, due.currency),
        net=""
        if isinstance(plan, Refusal)
        else language.money(plan.gross_minor - plan.withheld_minor, due.currency),
        paid_to=one.account.masked if one.account is not None else "",
        value=named if is_planable else "",
        debt=named if reclaimable_minor else "",
        why=why,
    )


def _why_not(refused: Refusal, currency: str, language: Language) -> str:
    """Why a party would not be paid now, with amounts as people read them."""
    if isinstance(refused, NothingDue):
        return language.say("a debt, set off against what becomes due later")
    if isinstance(refused, BelowLeast):
        least = language.money(refused.least_minor, currency)
        return language.say("less than the least that is paid out, {least}: carried on", least=least)
    return language.refusal(refused)


def _payout_row(one: Payout, found: Found, language: Language) -> PayoutRow:
    word, tone = STATE_WORDS[one.state]
    account, payer = found.accounts.get(one.account_id), found.payers.get(one.payer_id)
    about = (
        _entity(one.entity_id, found, language),
        language.say(WAY_WORDS[payer.way]) if payer is not None else "",
        account.masked if account is not None else "",
    )
    is_mine = one.made_by == found.person
    gross_minor, withheld_minor = _amounts(one, found.lines.get(one.id, ()))
    return PayoutRow(
        id=str(one.id),
        number=str(one.number),
        party=_party(one.party_id, found, language),
        about=" · ".join(part for part in about if part),
        amount=language.money(gross_minor - withheld_minor, one.currency),
        tax=language.say(
            "{tax} withheld of {gross}",
            tax=language.money(withheld_minor, one.currency),
            gross=language.money(gross_minor, one.currency),
        )
        if withheld_minor
        else "",
        state=language.say(word),
        tone=tone,
        reason=_reason(one.reason, language),
        steps=_steps(one, found, language),
        may_approve=one.state is PayoutState.PLANNED and not (one.needs_second and is_mine),
        needs_another=one.state is PayoutState.PLANNED and one.needs_second and is_mine,
        may_withdraw=one.state in {PayoutState.PLANNED, PayoutState.APPROVED},
    )


def _reclaim_row(one: Reclaim, found: Found, language: Language) -> ReclaimRow:
    word, tone = RECLAIM_WORDS[one.state]
    account = found.accounts.get(one.account_id)
    is_mine = one.made_by == found.person
    is_planned = one.state is ReclaimState.PLANNED
    moment, by = next(
        (at, by)
        for at, by in (
            (one.ended_at, one.ended_by),
            (one.asked_at, None),
            (one.approved_at, one.approved_by),
            (one.made_at, one.made_by),
        )
        if at is not None
    )
    about = (
        _entity(one.entity_id, found, language),
        account.masked if account is not None else "",
        _when(moment, by, found, language),
    )
    return ReclaimRow(
        id=str(one.id),
        party=_party(one.party_id, found, language),
        about=" · ".join(part for part in about if part),
        amount=language.money(one.amount_minor, one.currency),
        state=language.say(word),
        tone=tone,
        reason=_reason(one.reason, language),
        may_approve=is_planned and not (one.needs_second and is_mine),
        needs_another=is_planned and one.needs_second and is_mine,
        may_withdraw=one.state in {ReclaimState.PLANNED, ReclaimState.APPROVED},
    )


def _amounts(one: Payout, lines: Sequence[Line]) -> tuple[int, int]:
    """What a payout came to, and the tax of it: what was approved, once it is sent what was sent, then what arrived."""
    arrived = [line for line in lines if line.state is LineState.PAID]
    counted = arrived if one.state in {PayoutState.PAID, PayoutState.PARTLY_PAID} else lines
    if not counted:
        return one.gross_minor, one.withheld_minor
    return sum(line.gross_minor for line in counted), sum(line.withheld_minor for line in counted)


def _reason(reason: str | None, language: Language) -> str:
    if reason is None:
        return ""
    return language.say(_REASONS[reason]) if reason in _REASONS else reason


def _steps(one: Payout, found: Found, language: Language) -> list[Step]:
    """Planned, approved, sent, and what became of it: done steps with their moment, the others open."""
    made = (language.say("Drawn up"), one.made_at, one.made_by, "good")
    approved = (language.say("Approved"), one.approved_at, one.approved_by, "good")
    sent = (language.say("Sent out"), one.sent_at, None, "good")
    word, tone = STATE_WORDS[one.state]
    is_ended = one.ended_at is not None
    last = (language.say(word) if is_ended else language.say("Paid"), one.ended_at, one.ended_by, tone)
    shown = (made, last) if one.state is PayoutState.WITHDRAWN else (made, approved, sent, last)
    return [
        Step(word=said, at=_when(at, by, found, language), tone=mark if at is not None else "none")
        for said, at, by, mark in shown
    ]


def _when(at: datetime | None, by: str | None, found: Found, language: Language) -> str:
    if at is None:
        return language.say("not yet")
    moment = language.clock_of_day(at, found.zone)
    name = found.people.get(by or "", "")
    return f"{moment} · {language.called(name)}" if name else moment


def _request_row(one: Request, found: Found, language: Language) -> RequestRow:
    payer = found.payers[one.payer_id]
    lines = found.of_requests.get(one.id, ())
    waiting = [line for line in lines if line.state is LineState.IN_TRANSIT]
    return RequestRow(
        id=str(one.id),
        number=one.number[-8:],
        way=language.say(WAY_WORDS[one.way]),
        payer=f"{language.called(payer.name)} …{payer.number[-4:]}",
        amount=language.money(sum(line.net_minor for line in waiting), payer.currency),
        lines=language.say(
            "{open} of {count} open", open=language.count(len(waiting)), count=language.count(len(lines))
        ),
        since=language.clock_of_day(one.written_at, found.zone),
        reason=_reason(one.reason, language),
        is_file=one.way is Way.BANK_FILE,
        is_given_up=one.given_up_at is not None,
        got_by=[
            f"{language.called(found.people.get(got.by_whom, ''))} {language.clock_of_day(got.at, found.zone)}".strip()
            for got in found.downloads.get(one.id, ())
        ],
    )
