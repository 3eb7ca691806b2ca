"""What returns say happened. Processes append these to the log."""

from uuid import UUID

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.ids import LineId, MemberId, OrderId, PhotoId, ReturnId, ReturnLineId, SiteId, SkuId
from loopline.returns.model import BlindState, Disposition, Grade, Reason, ReturnKind


class ReturnedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a return line that belong to a line sold earlier."""

    order_id: OrderId
    line_id: LineId
    units: int


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A return line as it was taken in."""

    return_line_id: ReturnLineId
    sku_id: SkuId | None
    units: int
    blind_units: int
    reason: Reason
    matches: tuple[ReturnedUnits, ...]


class ReturnAnnounced(EventBody, frozen=True, kw_only=True):
    """A customer will send or bring goods back; nothing is undone before they are here."""

    return_id: ReturnId
    order_id: OrderId
    member_id: MemberId | None
    lines: tuple[ReturnedUnits, ...]


class ReturnWithdrawn(EventBody, frozen=True, kw_only=True):
    """Goods that were announced to come back do not."""

    return_id: ReturnId
    order_id: OrderId
    member_id: MemberId | None


class ReturnOpened(EventBody, frozen=True, kw_only=True):
    """A return was taken in and matched."""

    return_id: ReturnId
    channel: str
    kind: ReturnKind
    site_id: SiteId
    member_id: MemberId | None
    lines: tuple[ReturnedLine, ...]


class BlindReturnDecided(EventBody, frozen=True, kw_only=True):
    """The units of a return line without an original sale were accepted or refused."""

    return_line_id: ReturnLineId
    state: BlindState
    units: int
    refund_minor: int


class ReturnReceived(EventBody, frozen=True, kw_only=True):
    """Units of a return line arrived."""

    return_line_id: ReturnLineId
    receipt_id: UUID
    site_id: SiteId
    units: int


class ReturnGraded(EventBody, frozen=True, kw_only=True):
    """Units of a return line were graded and go their way."""

    return_line_id: ReturnLineId
    grading_id: UUID
    sku_id: SkuId | None
    units: int
    grade: Grade
    disposition: Disposition


class ReturnPhotoKept(EventBody, frozen=True, kw_only=True):
    """A photo of goods that come back is kept, of a return or of what was announced."""

    return_id: ReturnId
    photo_id: PhotoId
    by_customer: bool


class ReturnSent(EventBody, frozen=True, kw_only=True):
    """Goods that were announced are on their way back: a courier has them, or a carrier's parcel has a number."""

    return_id: ReturnId
    way: str
    tracking_number: str | None
