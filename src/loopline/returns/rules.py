"""Decisions of returns: what a return belongs to, whether it is in time, where graded goods go."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from loopline.kernel.refusals import Refusal
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    Disposition,
    Grade,
    Match,
    MatchedHow,
    NewReturn,
    NewReturnLine,
    NothingBlindToDecide,
    OwnReturns,
    Purchase,
    Reason,
    RefundMakesNoSense,
    ReturnIsEmpty,
    ReturnKind,
    ReturnPriceMakesNoSense,
    ReturnUnitsMakeNoSense,
    ReturnWindow,
    ReturnWindowEnded,
    SecondPersonNeeded,
)

_HASH_BYTES = 16

_DISPOSITIONS: Mapping[Grade, Disposition] = {
    Grade.AS_NEW: Disposition.RESTOCK,
    Grade.OPEN: Disposition.REFURBISH,
    Grade.TAIL: Disposition.OUTLET,
    Grade.DAMAGED: Disposition.SCRAP,
    Grade.WRONG: Disposition.RESTOCK,
    Grade.FAKE: Disposition.SCRAP,
}


class _Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who or what a purchase is looked for under, and the code."""

    order_id: UUID | None
    member_id: UUID | None
    code: str


class PurchaseBook:
    """Purchases by what returns know of them, with how many units are left as matches take them."""

    def __init__(self, purchases: Iterable[Purchase]) -> None:
        """Purchases in any order; a purchase given twice is one."""
        known = {(purchase.order_id, purchase.line_id): purchase for purchase in purchases}
        latest_first = sorted(
            known.values(), key=lambda purchase: (purchase.placed_at, purchase.line_id), reverse=True
        )
        self._left = {purchase.line_id: purchase.units_left for purchase in latest_first}
        self._by_buyer: dict[_Buyer, list[Purchase]] = {}
        for purchase in latest_first:
            for buyer in self._buyers(purchase):
                self._by_buyer.setdefault(buyer, []).append(purchase)

    def candidates(self, asked: NewReturn, line: NewReturnLine) -> list[Purchase]:
        """Purchases the line may belong to: of the order, if the return names one, else of the member; latest first.

        None that was placed after the return, or paid in another currency. Without order and member there are none.
        """
        if asked.order_id is not None:
            buyer = _Buyer(order_id=asked.order_id, member_id=None, code=line.code)
        elif asked.member_id is not None:
            buyer = _Buyer(order_id=None, member_id=asked.member_id, code=line.code)
        else:
            return []
        return [
            purchase
            for purchase in self._by_buyer.get(buyer, ())
            if purchase.placed_at <= asked.at and line.line_id in {None, purchase.line_id}
            if purchase.currency in {None, asked.currency}
        ]

    def take(self, purchase: Purchase, *, units_max: int) -> int:
        """Take what is left of a purchase, at most `units_max` units, and return how many were taken."""
        taken = min(units_max, self._left[purchase.line_id])
        self._left[purchase.line_id] -= taken
        return taken

    def has_left(self, purchase: Purchase) -> bool:
        """Whether any unit of a purchase is left."""
        return self._left[purchase.line_id] > 0

    def give_back(self, matches: Iterable[Match]) -> None:
        """Put back what the matches of a return took that is refused after all."""
        for match in matches:
            self._left[match.line_id] += match.units

    @staticmethod
    def _buyers(purchase: Purchase) -> list[_Buyer]:
        buyers = [_Buyer(order_id=purchase.order_id, member_id=None, code=purchase.code)]
        if purchase.member_id is not None:
            buyers.append(_Buyer(order_id=None, member_id=purchase.member_id, code=purchase.code))
        return buyers


def match_return(asked: NewReturn, *, book: PurchaseBook) -> list[tuple[Match, ...]] | Refusal:
    """Match each line of a return to earlier purchases: by code and price, then by code alone, the latest first.

    Each purchase gives what is left of it; what a line has no match for is blind. A fact may belong to any purchase.
    An ask may only belong to those whose return window is open: if it needs a late one it is refused whole and takes
    nothing.
    """
    matched: list[tuple[Match, ...]] = []
    for line in asked.lines:
        in_time, late = _by_window(asked, book.candidates(asked, line))
        matches = _match_line(line, in_time, book=book)
        matched.append(matches)
        missing = line.units - sum(match.units for match in matches)
        if missing and (ended := [ends for purchase, ends in late if book.has_left(purchase)]):
            book.give_back(match for taken in matched for match in taken)
            return ReturnWindowEnded(
                external_number=asked.external_number, goods_code=line.code, ended_at=ended[0]
            )
    return matched


def _by_window(
    asked: NewReturn, candidates: Sequence[Purchase]
) -> tuple[list[Purchase], list[tuple[Purchase, datetime]]]:
    """Purchases that a return may belong to, and those whose window had ended, with when it did."""
    in_time: list[Purchase] = []
    late: list[tuple[Purchase, datetime]] = []
    asked_at = asked.announced_at or asked.at
    for purchase in candidates:
        ends = purchase.returnable_until
        if asked.kind is ReturnKind.ASK and ends is not None and ends <= asked_at:
            late.append((purchase, ends))
        else:
            in_time.append(purchase)
    return in_time, late


def _match_line(
    line: NewReturnLine, candidates: Sequence[Purchase], *, book: PurchaseBook
) -> tuple[Match, ...]:
    ranked: list[tuple[Purchase, MatchedHow]] = []
    other_price: list[tuple[Purchase, MatchedHow]] = []
    for purchase in candidates:
        if purchase.unit_minor == line.stated_unit_minor:
            ranked.append((purchase, MatchedHow.PRICE))
        else:
            other_price.append((purchase, MatchedHow.CODE))
    found: list[Match] = []
    missing = line.units
    for purchase, how in (*ranked, *other_price):
        if units := book.take(purchase, units_max=missing):
            missing -= units
            found.append(
                Match(
                    order_id=purchase.order_id,
                    line_id=purchase.line_id,
                    units=units,
                    how=how,
                    sold_unit_minor=purchase.unit_minor,
                )
            )
    return tuple(found)


def refuse_return(asked: NewReturn) -> Refusal | None:
    """Refuse what no history could make sense of."""
    number = asked.external_number
    if not asked.lines:
        return ReturnIsEmpty(external_number=number)
    for line in asked.lines:
        if line.units < 1:
            return ReturnUnitsMakeNoSense(external_number=number, goods_code=line.code, units=line.units)
        if line.stated_unit_minor is not None and line.stated_unit_minor < 0:
            return ReturnPriceMakesNoSense(
                external_number=number, goods_code=line.code, stated_unit_minor=line.stated_unit_minor
            )
    return None


def content_hash(asked: NewReturn) -> bytes:
    """Hash what a return says; its time is not part of it, so that a message sent again is the same."""
    lines = [_said_of(line) for line in asked.lines]
    said = (asked.kind, asked.order_id, asked.member_id, asked.site_id, asked.currency, lines)
    return blake2b(msgspec.msgpack.encode(said), digest_size=_HASH_BYTES).digest()


def _said_of(line: NewReturnLine) -> dict[str, Any]:
    """What a line says; what it says only since a later version is left out where it does not say it."""
    said = msgspec.structs.asdict(line)
    if line.line_id is None:
        del said["line_id"]
    return said


def blind_state_at_opening(asked: NewReturn, *, blind_units: int) -> BlindState:
    """Blind units of an ask wait for a person; those of a fact were accepted by whoever paid them out."""
    if blind_units == 0:
        return BlindState.NONE
    return BlindState.ACCEPTED if asked.kind is ReturnKind.FACT else BlindState.WAITING


def decide_blind(
    decision: BlindDecision,
    *,
    state: BlindState,
    units: int,
    own: OwnReturns | None = None,
    currency: str = "",
) -> BlindDecided | Refusal:
    """Accept or refuse the blind units of a line, once.

    `own`: what the decider accepted of late of their own, where they took this line in, too; above their limit somebody
    else has to accept it. What is refused or costs nothing needs nobody else.
    """
    if state is not BlindState.WAITING:
        return NothingBlindToDecide(return_line_id=decision.return_line_id, state=state)
    if decision.refund_unit_minor < 0:
        return RefundMakesNoSense(refund_unit_minor=decision.refund_unit_minor)
    accepted = decision.is_accepted
    amount = decision.refund_unit_minor * units if accepted else 0
    if own is not None and own.alone_most_minor is not None and amount:
        together = own.accepted_minor + amount
        if together > own.alone_most_minor:
            return SecondPersonNeeded(
                return_line_id=decision.return_line_id,
                amount_minor=together,
                alone_most_minor=own.alone_most_minor,
                currency=currency,
            )
    return BlindDecided(
        return_line_id=decision.return_line_id,
        state=BlindState.ACCEPTED if accepted else BlindState.REFUSED,
        units=units,
        refund_minor=amount,
    )


def disposition_of(grade: Grade, *, reason: Reason, is_perishable: bool) -> Disposition:
    """Decide where graded goods go.

    What is perishable and left our hands is never sold again. What the supplier got wrong goes back to the supplier.
    """
    if grade is Grade.DAMAGED and reason is Reason.DEFECT:
        return Disposition.SUPPLIER
    if is_perishable:
        return Disposition.SCRAP
    return _DISPOSITIONS[grade]


def window_of(
    windows: Iterable[ReturnWindow], *, channel: str, category: str, at: datetime
) -> ReturnWindow | None:
    """Return the window that counts for goods handed over at a moment; none means that they cannot come back.

    The most particular decides: channel and category, then category, then channel, then neither; of one kind the
    latest that is effective by then.
    """
    fitting = [
        window
        for window in windows
        if window.channel in {None, channel}
        and window.category in {None, category}
        and window.effective_from <= at
    ]
    return max(
        fitting,
        key=lambda window: (window.category is not None, window.channel is not None, window.effective_from),
        default=None,
    )


def window_ends(window: ReturnWindow, handed_over_at: datetime) -> datetime:
    """Return when a window ends, excluded: so many times 24 hours after the hand-over."""
    return handed_over_at + timedelta(days=window.days)
