"""What payments says no to."""

from uuid import UUID

from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.payments.model import ExceptionId, IntentId


class AmountNotPositive(Refusal, frozen=True, kw_only=True):
    """An amount of {amount_minor} cannot be taken or given back."""

    amount_minor: int


class NotPayable(Refusal, frozen=True, kw_only=True):
    """The {field} is missing, too long, or has characters that cannot be kept."""

    field: str


class KeyTakenByOtherContent(Refusal, frozen=True, kw_only=True):
    """The key {key} already stands for something else; what came now was kept as an exception."""

    key: str


class IdTaken(Refusal, frozen=True, kw_only=True):
    """The id {id} is already used under another key."""

    id: UUID


class RefundAboveTaken(Refusal, frozen=True, kw_only=True):
    """Only {left_minor} {currency} of what was taken for order {order_id} can still be given back.

    Asked for were {amount_minor}.
    """

    order_id: OrderId
    currency: str
    amount_minor: int
    left_minor: int


class ForNothing(Refusal, frozen=True, kw_only=True):
    """Money is taken for an order, and given back for an order, or for a return by a named method."""


class IntentUnknown(Refusal, frozen=True, kw_only=True):
    """There is no intent {intent_id}."""

    intent_id: IntentId


class IntentContradicted(Refusal, frozen=True, kw_only=True):
    """Intent {intent_id} is {state} already; a report that says otherwise was kept as an exception."""

    intent_id: IntentId
    state: str


class NotificationNotExpected(Refusal, frozen=True, kw_only=True):
    """{gateway} sends no notifications."""

    gateway: str


class ExceptionNotOpen(Refusal, frozen=True, kw_only=True):
    """There is no open exception {exception_id}."""

    exception_id: ExceptionId


class ClosingNeedsANote(Refusal, frozen=True, kw_only=True):
    """An exception is closed by somebody, with a note that says how it was settled."""

    exception_id: ExceptionId
