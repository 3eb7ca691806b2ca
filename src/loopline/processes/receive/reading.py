"""What channels write, read: first what can be made out of anything at all, then the whole, strictly.

A message is a JSON object with `id`, `channel`, `kind` and `external_number`, and by its kind `order`, `payment` or
`lines`. Whatever comes has a name to be kept under: where it says no id, the hash of its content is its id.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypeAlias, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from loopline.inbox import Head, MessageKind
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery, DraftKind, LineKind, OnShortage
from loopline.processes.take_in import OrderMessage, SealedBuyer

_TEXT_MAX = 200
_CODE_MAX = 64
_CIPHERTEXT_MAX = 8_000
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
OWN_NAME = "content:"
"""How the id begins of a message that says none: the hash of its content follows."""
SEALED_BUYER = "sealed_buyer"
"""The field of an order that holds what the platform sealed of its buyer."""

Code = Annotated[str, Meta(min_length=1, max_length=_CODE_MAX, pattern=r"^[A-Za-z0-9._:\-]+$(?!\n)")]
Text = Annotated[str, Meta(min_length=1, max_length=_TEXT_MAX)]
Units = Annotated[int, Meta(ge=1, le=1_000_000)]
UnitPrice = Annotated[int, Meta(ge=0, le=10**10)]
Amount = Annotated[int, Meta(ge=1, le=10**13)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
Moment = Annotated[datetime, Meta(tz=True)]
Masked = Annotated[str, Meta(max_length=_TEXT_MAX)]
_WEEK_MINUTES = 7 * 24 * 60
_LINES_MAX = 200
_NOT_OF_THE_ORDER = ("ship_by", "is_test")
"""What a message says of an order that is no part of it."""


class NotJson(Refusal, frozen=True, kw_only=True):
    """This is no JSON: {said}."""

    said: str


class MessageNotUnderstood(Refusal, frozen=True, kw_only=True):
    """The message does not fit its kind: {said}."""

    said: str


class CharacterNotKept(Refusal, frozen=True, kw_only=True):
    """{field} holds a character that cannot be kept."""

    field: str


class MomentTooFar(Refusal, frozen=True, kw_only=True):
    """{field} lies before the year {first_year} or after {last_year}."""

    field: str
    first_year: int = _FIRST_YEAR
    last_year: int = _LAST_YEAR


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    sku_code: Code
    units: Units
    kind: LineKind = LineKind.GOODS
    stated_unit_minor: UnitPrice | None = None


class _Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    latitude: Annotated[float, Meta(ge=-90, le=90)]


class _Touch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    touchpoint_code: Code | None = None
    visitor: UUID | None = None


class SealedBuyerSaid(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The buyer as the platform sealed it, and masked as it lets everybody see them."""

    platform: Code
    ciphertext_id: Text | None = None
    ciphertext: Annotated[str, Meta(min_length=1, max_length=_CIPHERTEXT_MAX)] | None = None
    masked_name: Masked = ""
    masked_phone: Masked = ""
    masked_address: Masked = ""
    sealed_at: Moment | None = None

    def sealed(self) -> SealedBuyer:
        """Return it as `take_in` takes it."""
        return SealedBuyer(**msgspec.structs.asdict(self))


class OrderSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An order as a message says it: as the API does, its channel and number being the message's.

    `ship_by` is when the channel wants it shipped at the latest. `is_test`: its own people placed it to look alive.
    """

    kind: DraftKind
    lines: Annotated[tuple[_Line, ...], Meta(min_length=1, max_length=_LINES_MAX)]
    placed_at: Moment | None = None
    order_id: OrderId | None = None
    site_code: Code | None = None
    seller_code: Code | None = None
    currency: Currency | None = None
    delivery: Delivery = Delivery.DELIVER
    destination: _Place | None = None
    region_code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")] | None = None
    member_id: MemberId | None = None
    hold_minutes: Annotated[int, Meta(ge=0, le=_WEEK_MINUTES)] | None = None
    on_shortage: OnShortage = OnShortage.REFUSE
    guide_code: Code | None = None
    dealer_code: Code | None = None
    streamer_code: Code | None = None
    touch: _Touch | None = None
    ship_by: Moment | None = None
    is_test: bool = False
    sealed_buyer: SealedBuyerSaid | None = None


class PaymentSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Money that the channel took: its own number of the payment names it for good. No moment: when it was told."""

    reference: Annotated[str, Meta(min_length=1, max_length=100)]
    amount_minor: Amount
    currency: Currency | None = None
    taken_at: Moment | None = None


class UnitsSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units of a SKU of the order."""

    sku_code: Code
    units: Units


class _Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every message says: its own id, where it comes from, and of which order it speaks."""

    id: Text
    channel: Code
    external_number: Text


class Created(_Said, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="created"):
    """An order was placed."""

    order: OrderSaid

    def message(self, *, told_at: datetime) -> OrderMessage:
        """Return the order as `take_in` takes it; a buyer that does not say when it was sealed was when it was told."""
        said = msgspec.to_builtins(self.order)
        for name in _NOT_OF_THE_ORDER:
            said.pop(name, None)
        if self.order.sealed_buyer is not None:
            said[SEALED_BUYER].setdefault("sealed_at", told_at)
        return msgspec.convert(
            {**said, "channel": self.channel, "external_number": self.external_number}, OrderMessage
        )


class Paid(_Said, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="paid"):
    """The channel took money for an order."""

    payment: PaymentSaid


class Cancelled(
    _Said, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="cancelled"
):
    """An order was called off, or part of it where it says lines; what was paid for that the channel gave back."""

    lines: Annotated[tuple[UnitsSaid, ...], Meta(max_length=_LINES_MAX)] = ()


Said: TypeAlias = Created | Paid | Cancelled


class _Loose(msgspec.Struct, kw_only=True):
    """Whatever a message says under the names that matter, of whatever type."""

    id: Any = None
    channel: Any = None
    kind: Any = None
    external_number: Any = None


_decode = msgspec.json.Decoder(Said).decode
_decode_loosely = msgspec.json.Decoder(_Loose).decode
_decode_anything = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="deterministic").encode
_is_code = msgspec.json.Decoder(Code).decode


def head_of(body: bytes) -> Head:
    """Make out of a message what can be made out of it, however broken it is."""
    digest = content_hash(body)
    try:
        loose = _decode_loosely(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        loose = _Loose()
    known = {kind.value for kind in MessageKind} - {MessageKind.UNREAD}
    is_known = isinstance(loose.kind, str) and loose.kind in known
    return Head(
        channel=loose.channel if _is_channel(loose.channel) else "",
        external_id=loose.id if _is_name(loose.id) else f"{OWN_NAME}{digest.hex()}",
        kind=MessageKind(loose.kind) if is_known else MessageKind.UNREAD,
        external_number=loose.external_number if _is_name(loose.external_number) else None,
        content_hash=digest,
    )


def content_hash(body: bytes) -> bytes:
    """Return the hash of what a message says: blanks and the order of its fields say nothing.

    Nor does the buyer's data as the platform sealed it: platforms seal it anew each time they send it.
    """
    try:
        value = _decode_anything(body)
        order = cast("dict[str, Any]", value).get("order") if isinstance(value, dict) else None
        if isinstance(order, dict):
            cast("dict[str, Any]", order).pop(SEALED_BUYER, None)
        spelt = _encode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        spelt = body
    return hashlib.blake2b(spelt, digest_size=32).digest()


def read_message(body: bytes) -> Said | Refusal:
    """Read a message strictly: every field is known, of its type, within its bounds."""
    try:
        said = _decode(body)
    except msgspec.ValidationError as error:
        return MessageNotUnderstood(said=str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return NotJson(said=str(error))
    for path, value in _leaves(said):
        if isinstance(value, str) and not _is_keepable(value):
            return CharacterNotKept(field=path)
        if isinstance(value, datetime) and not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            return MomentTooFar(field=path)
    return said


def _is_name(value: object) -> bool:
    """Whether something can name a message or an order; a name of ours is nobody else's."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _TEXT_MAX
        and _is_keepable(value)
        and not value.startswith(OWN_NAME)
    )


def _is_channel(value: object) -> bool:
    if not _is_name(value):
        return False
    try:
        _is_code(msgspec.json.encode(value))
    except msgspec.ValidationError:
        return False
    return True


def _is_keepable(text: str) -> bool:
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for position, one in enumerate(cast("tuple[object, ...]", value)):
            yield from _leaves(one, f"{path}[{position}]")
    else:
        yield path, value
