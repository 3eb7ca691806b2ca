"""The port to gateways that pay out: what they are asked, and what they say. No gateway is asked in a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from loopline.kernel.refusals import Refusal
from loopline.payouts.model import (
    AccountKind,
    Contract,
    LineState,
    Payer,
    PayoutLineId,
    Receiver,
    Reclaim,
    ReclaimId,
    ReclaimState,
    Request,
    RequestId,
    Unfreezing,
    UnfreezingId,
)


class ToPay(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its receiver opened: for the moment in which it is put to a gateway."""

    line_id: PayoutLineId
    kind: AccountKind
    receiver: Receiver
    net_minor: int
    state: LineState = LineState.IN_TRANSIT

    def __repr__(self) -> str:
        return f"ToPay(line_id={self.line_id}, net_minor={self.net_minor})"


class ToSend(msgspec.Struct, frozen=True, kw_only=True):
    """A request as a gateway is asked it."""

    request: Request
    payer: Payer
    lines: Sequence[ToPay]

    def __repr__(self) -> str:
        return f"ToSend(request={self.request.id}, lines={len(self.lines)})"


class Heard(StrEnum):
    """What a gateway said of a request.

    `known`: it has the request, and said of each line where that stands. `absent`: it has nothing under the number.
    `refused`: it would not take it, and when asked has nothing under the number. `nothing`: no answer that can be
    believed, and so whether it has the request is not known.
    """

    KNOWN = "known"
    ABSENT = "absent"
    REFUSED = "refused"
    NOTHING = "nothing"


class LineReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where a gateway says that a line stands."""

    line_id: PayoutLineId
    state: LineState
    at: datetime
    reason: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said of a request; lines it said nothing final of are still on their way."""

    request_id: RequestId
    heard: Heard
    lines: Sequence[LineReport] = ()
    reference: str | None = None
    reason: str | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that is the gateway's: its own id, and the number of the request or reclaim that it is about."""

    id: str
    request_number: str


class ToUnfreeze(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is asked to let go, of which payer's payment."""

    unfreezing: Unfreezing
    payer: Payer


class UnfreezingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said of letting a payment go; `is_done`: all that was left of it is the merchant's."""

    unfreezing_id: UnfreezingId
    heard: Heard
    is_done: bool = False
    reason: str | None = None


class ToReclaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is asked to take back, with the receiver opened; None where it does not open."""

    reclaim: Reclaim
    payer: Payer
    receiver: Receiver | None

    def __repr__(self) -> str:
        return f"ToReclaim(reclaim={self.reclaim.id})"


class ReclaimReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said of a reclaim. `state` is came or failed; None where it is in process."""

    reclaim_id: ReclaimId
    heard: Heard
    state: ReclaimState | None = None
    reason: str | None = None


class PayoutGateway(Protocol):
    """A gateway. It never raises for what a network does: no answer is `Heard.NOTHING`."""

    @property
    def ways(self) -> frozenset[str]:
        """By which ways it pays."""
        ...

    def contract(self, payer: Payer, *, now: datetime) -> Contract | None:
        """Ask what the payer's contract allows; None where it does not say."""
        ...

    def left_of(self, payer: Payer, transaction_number: str, *, now: datetime) -> int | None:
        """Ask what of a transaction is not shared yet; None where it does not say."""
        ...

    def send(self, asked: ToSend, *, now: datetime) -> Report:
        """Put a request under its number. The same number again is the same request, and pays once."""
        ...

    def ask(self, asked: ToSend, *, now: datetime) -> Report:
        """Ask what became of a request under its number; pays nothing."""
        ...

    def hear(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice | Refusal | None:
        """Read a notification: None where it says nothing we wait for; refused where it is not the gateway's."""
        ...

    def unfreeze(self, asked: ToUnfreeze, *, now: datetime) -> UnfreezingReport:
        """Ask to let go of what is left of a payment, under a number. The same number again is the same."""
        ...

    def ask_unfreezing(self, asked: ToUnfreeze, *, now: datetime) -> UnfreezingReport:
        """Ask what became of letting a payment go; lets nothing go."""
        ...

    def reclaim(self, asked: ToReclaim, *, now: datetime) -> ReclaimReport:
        """Ask for a share back under a number. The same number again is the same reclaim, and takes once."""
        ...

    def ask_reclaim(self, asked: ToReclaim, *, now: datetime) -> ReclaimReport:
        """Ask what became of a reclaim under its number; takes nothing."""
        ...
