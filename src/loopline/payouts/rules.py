"""Decisions of payouts: what is planned and withheld, out of which transactions it is paid, what reports change."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.kernel.money import BASIS_POINTS, portion
from loopline.kernel.refusals import Refusal
from loopline.payouts.model import (
    WAYS_TO,
    Account,
    AccountKind,
    Contract,
    Due,
    Line,
    LineState,
    NewAccount,
    NewPayout,
    Payer,
    Payout,
    PayoutId,
    PayoutState,
    Receiver,
    TermsVersion,
    Transaction,
    Way,
)
from loopline.payouts.port import LineReport
from loopline.payouts.refusals import (
    AccountNotUsable,
    BelowLeast,
    NoAccountToPayFrom,
    NoAccountToPayTo,
    NothingDue,
    OwesItself,
    PaidByAnother,
    PayoutNotPlanned,
    SecondPersonNeeded,
)

GIVEN_UP_AFTER = timedelta(minutes=10)
"""How long a request that was given up is left alone before it is asked for: longer than any call that could still be
sending it."""
_WAITS_SECONDS = (2, 10, 30, 60, 300, 900, 1800, 3600)
_TEXT_MAX = 100
_NUMBERS = {
    AccountKind.BANK: re.compile(r"[0-9]{8,34}"),
    AccountKind.WECHAT_MERCHANT: re.compile(r"[0-9]{8,32}"),
    AccountKind.WECHAT_PERSON: re.compile(r"[0-9A-Za-z_-]{10,64}"),
}
_SHOWN = 4
_STARTS_A_FORMULA = "=+-@"
"""No name begins so; in a file of a bank it would be reckoned with."""


def withheld_of(gross_minor: int, basis_points: int) -> int:
    """Return the tax withheld from a gross amount at a rate, rounded half away from zero."""
    return portion(gross_minor, basis_points, BASIS_POINTS)


def refusal_of_account(new: NewAccount) -> AccountNotUsable | None:
    """Refuse an account that cannot be one of its kind. Holders are named; a bank's name belongs to a bank alone."""
    receiver = new.receiver
    fields = {"holder": receiver.holder, "bank": receiver.bank}
    for field, text in fields.items():
        is_formula = text[:1] in _STARTS_A_FORMULA and text != ""
        if len(text) > _TEXT_MAX or text != text.strip() or not text.isprintable() or is_formula:
            return AccountNotUsable(field=field, kind=new.kind)
    if not receiver.holder:
        return AccountNotUsable(field="holder", kind=new.kind)
    if not _NUMBERS[new.kind].fullmatch(receiver.number):
        return AccountNotUsable(field="number", kind=new.kind)
    if (new.kind is AccountKind.BANK) != bool(receiver.bank):
        return AccountNotUsable(field="bank", kind=new.kind)
    return None


def masked(receiver: Receiver) -> str:
    """Return what people see of a receiver: the bank, and the last characters of the number."""
    return f"{receiver.bank} …{receiver.number[-_SHOWN:]}".strip()


def plan_payout(
    due: Due,
    *,
    terms: TermsVersion,
    account: Account | None,
    payers: Mapping[Way, Payer],
    chosen: Payer | None = None,
) -> NewPayout | Refusal:
    """Plan to pay what is due, all of it, or say why not.

    `payers` are the accounts of the entity that owes, by way. A `chosen` one has to be among them: nobody pays with
    money of one legal entity what another owes.
    """
    if chosen is not None and (chosen.entity_id, chosen.currency) != (due.entity_id, due.currency):
        return PaidByAnother(party_id=due.party_id, entity_id=due.entity_id)
    rate = terms.withheld_basis_points if due.is_person else 0
    withheld = withheld_of(due.due_minor, rate)
    refused = _refusal_of_due(due, least_minor=terms.least_minor, withheld_minor=withheld)
    if refused is not None:
        return refused
    if account is None:
        return NoAccountToPayTo(party_id=due.party_id)
    fitting = [payers[way] for way in WAYS_TO[account.kind] if way in payers]
    payer = next((one for one in fitting if chosen is None or one.id == chosen.id), None)
    if payer is None:
        return NoAccountToPayFrom(party_id=due.party_id, entity_id=due.entity_id, currency=due.currency)
    return NewPayout(
        party_id=due.party_id,
        entity_id=due.entity_id,
        currency=due.currency,
        payer_id=payer.id,
        account_id=account.id,
        gross_minor=due.due_minor,
        withheld_minor=withheld,
        withheld_basis_points=rate,
        terms_version=terms.version,
        needs_second=due.due_minor > terms.second_person_above_minor,
    )


def _refusal_of_due(due: Due, *, least_minor: int, withheld_minor: int) -> Refusal | None:
    if due.is_of_the_entity:
        return OwesItself(party_id=due.party_id)
    if due.due_minor <= 0:
        return NothingDue(party_id=due.party_id, due_minor=due.due_minor)
    if due.due_minor < least_minor or withheld_minor >= due.due_minor:
        return BelowLeast(party_id=due.party_id, due_minor=due.due_minor, least_minor=least_minor)
    return None


def refusal_of_approval(payout: Payout, *, by: str) -> Refusal | None:
    """Refuse to approve what is not planned, and above the limit what one made oneself."""
    if payout.state is not PayoutState.PLANNED:
        return PayoutNotPlanned(payout_id=payout.id, state=payout.state)
    if payout.needs_second and payout.made_by == by:
        return SecondPersonNeeded(payout_id=payout.id)
    return None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What of a payout one request pays, before it has a number."""

    payout_id: PayoutId
    net_minor: int


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A request before it has a number; `transaction_number` is None where no transaction is shared."""

    transaction_number: str | None
    shares: tuple[Share, ...]


def in_batches(payouts: Sequence[Payout], *, receivers_most: int) -> list[Draft]:
    """Put payouts into as few requests as their contract allows, whole, in their order."""
    return [
        Draft(
            transaction_number=None,
            shares=tuple(
                Share(payout_id=one.id, net_minor=one.net_minor)
                for one in payouts[start : start + receivers_most]
            ),
        )
        for start in range(0, len(payouts), receivers_most)
    ]


def shareable_minor(transaction: Transaction, contract: Contract) -> int:
    """Return what may still be shared of a transaction: what the gateway holds of it, within the contract's ratio.

    The ratio is of the whole transaction, rounded down, less what was shared of it before.
    """
    if transaction.left_minor is None or transaction.requests >= contract.requests_per_transaction:
        return 0
    allowed = transaction.amount_minor * contract.ratio_basis_points // BASIS_POINTS
    return max(0, min(transaction.left_minor, allowed - transaction.shared_minor))


def out_of_transactions(
    payouts: Sequence[Payout], transactions: Iterable[Transaction], contract: Contract
) -> list[Draft]:
    """Pay payouts out of transactions, one after the other, in the orders given, within the contract.

    A payout may take several transactions, and stays short where they are used up: the rest stays due. A request
    shares one transaction among at most so many receivers, and a transaction stands so many requests.
    """
    drafts: list[Draft] = []
    needs = [one.net_minor for one in payouts]
    waiting = 0
    for transaction in transactions:
        left = shareable_minor(transaction, contract)
        for _ in range(contract.requests_per_transaction - transaction.requests):
            shares: list[Share] = []
            while left and waiting < len(needs) and len(shares) < contract.receivers_per_request:
                taken = min(needs[waiting], left)
                shares.append(Share(payout_id=payouts[waiting].id, net_minor=taken))
                left -= taken
                needs[waiting] -= taken
                waiting += needs[waiting] == 0
            if not shares:
                break
            drafts.append(Draft(transaction_number=transaction.number, shares=tuple(shares)))
        if waiting == len(needs):
            break
    return drafts


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a payout: `gross_minor` is `withheld_minor` and what reaches the party."""

    gross_minor: int
    withheld_minor: int
    net_minor: int


def cuts(payout: Payout, nets_minor: Sequence[int]) -> list[Cut]:
    """Cut a payout into parts by what reaches the party, with the tax that goes with each.

    The tax withheld for the first parts together is their part of the whole, rounded half away from zero; so parts that
    are the whole payout withhold what it does.
    """
    made: list[Cut] = []
    reached = withheld = 0
    for net in nets_minor:
        reached += net
        until = portion(payout.withheld_minor, reached, payout.net_minor)
        made.append(Cut(gross_minor=net + until - withheld, withheld_minor=until - withheld, net_minor=net))
        withheld = until
    return made


def next_try(*, tries: int, now: datetime) -> datetime:
    """Return when a request is put again: later each time, an hour at most."""
    return now + timedelta(seconds=_WAITS_SECONDS[min(max(tries, 1), len(_WAITS_SECONDS)) - 1])


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What a report changes: lines as they end, and those it contradicts."""

    ended: tuple[Line, ...]
    contradicted: tuple[Line, ...]


def endings(lines: Sequence[Line], reports: Sequence[LineReport]) -> Ending:
    """Decide what reports change of lines: the first final word of each stands, whatever comes later."""
    standing = {one.id: one for one in lines}
    ended: dict[object, Line] = {}
    contradicted: list[Line] = []
    for report in reports:
        line = standing.get(report.line_id)
        if line is None or report.state is LineState.IN_TRANSIT or report.state is line.state:
            continue
        if line.state is not LineState.IN_TRANSIT:
            contradicted.append(line)
            continue
        after = msgspec.structs.replace(line, state=report.state, ended_at=report.at, reason=report.reason)
        standing[line.id] = ended[line.id] = after
    return Ending(ended=tuple(ended.values()), contradicted=tuple(contradicted))


def ended_state(lines: Sequence[Line]) -> PayoutState:
    """Return where a payout stands whose lines stand so."""
    states = {one.state for one in lines}
    if LineState.IN_TRANSIT in states:
        return PayoutState.SENT
    if states == {LineState.PAID}:
        return PayoutState.PAID
    return PayoutState.PARTLY_PAID if LineState.PAID in states else PayoutState.FAILED
