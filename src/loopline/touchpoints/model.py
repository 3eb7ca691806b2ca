"""The records of touchpoints: codes, scans, what binds and what is credited."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import (
    LiveRoomId,
    MemberId,
    OrderId,
    OrgUnitId,
    PartyId,
    ProductId,
    ScanId,
    SiteId,
    SkuId,
    TouchpointId,
)


class TouchpointKind(StrEnum):
    """What carries a code."""

    STORE = "store"
    SHELF = "shelf"
    SAMPLE = "sample"
    PRODUCT = "product"
    GUIDE = "guide"
    TABLE = "table"
    PARCEL = "parcel"
    RECEIPT = "receipt"
    LIVE_ROOM = "live_room"
    POSTER = "poster"


class ScanChannel(StrEnum):
    """Where a code was opened."""

    WECHAT = "wechat"
    BROWSER = "browser"
    MINI_PROGRAM = "mini_program"


class BindRole(StrEnum):
    """What a party becomes to a member who scans."""

    GUIDE = "guide"
    STORE = "store"
    DEALER = "dealer"


class CreditRole(StrEnum):
    """As what a party is owed part of a sale that a touch brought."""

    GUIDE = "guide"
    DEALER = "dealer"
    STREAMER = "streamer"


class WhichTouch(StrEnum):
    """Which of the touches within the window earns the credit."""

    FIRST = "first"
    LAST = "last"


class Parties(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a touchpoint may bind a member to, or credit an order to."""

    guide_id: PartyId | None = None
    store_id: PartyId | None = None
    dealer_id: PartyId | None = None
    streamer_id: PartyId | None = None


NO_PARTIES = Parties()


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who, where and what a touchpoint names: the ids of other rooms, with their codes, which never change."""

    site_id: SiteId | None = None
    site_code: str | None = None
    unit_id: OrgUnitId | None = None
    product_id: ProductId | None = None
    product_code: str | None = None
    sku_id: SkuId | None = None
    sku_code: str | None = None
    party_id: PartyId | None = None
    party_code: str | None = None
    order_id: OrderId | None = None
    order_number: str | None = None
    live_room_id: LiveRoomId | None = None
    live_room_code: str | None = None
    gtin: str | None = None


class NewTouchpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A code to make. `unit_id` of the target says whose branch it belongs to; None is the whole brand's."""

    kind: TouchpointKind
    target: Target
    label: str = ""
    parties: Parties = NO_PARTIES


class Touchpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A code as it stands."""

    id: TouchpointId
    code: str
    kind: TouchpointKind
    label: str
    added_at: datetime
    retired_at: datetime | None
    site_id: SiteId | None
    site_code: str | None
    unit_id: OrgUnitId | None
    product_id: ProductId | None
    product_code: str | None
    sku_id: SkuId | None
    sku_code: str | None
    party_id: PartyId | None
    party_code: str | None
    order_id: OrderId | None
    order_number: str | None
    live_room_id: LiveRoomId | None
    live_room_code: str | None
    gtin: str | None
    guide_id: PartyId | None
    store_id: PartyId | None
    dealer_id: PartyId | None
    streamer_id: PartyId | None

    @property
    def parties(self) -> Parties:
        """Whom a scan of it may bind to or credit."""
        return Parties(
            guide_id=self.guide_id,
            store_id=self.store_id,
            dealer_id=self.dealer_id,
            streamer_id=self.streamer_id,
        )


class TouchpointAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was made; `is_new` is false where one for the same thing stood, of which there may be only one."""

    touchpoint_id: TouchpointId
    code: str
    is_new: bool = True


class TouchpointRetired(msgspec.Struct, frozen=True, kw_only=True):
    """A code that leads nowhere any more; what it was scanned for stays."""

    touchpoint_id: TouchpointId
    code: str


class ScanMade(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody scanned a code, or clicked it. `visitor` is a random number that their browser keeps."""

    code: str
    visitor: UUID
    channel: ScanChannel
    at: datetime
    member_id: MemberId | None = None


class ScanRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A scan as it counts: `is_repeat` where it is one that was counted some seconds before."""

    scan_id: ScanId
    touchpoint: Touchpoint
    visitor: UUID
    member_id: MemberId | None
    channel: ScanChannel
    at: datetime
    is_repeat: bool


class BindingRule(msgspec.Struct, frozen=True, kw_only=True):
    """A scan of a kind of code binds to the party it names in a role.

    For `protection_days` from then on no other scan takes the member over; afterwards one may, where `may_take_over`.
    """

    kind: TouchpointKind
    role: BindRole
    effective_from: datetime
    is_active: bool
    protection_days: int
    may_take_over: bool


class NewBindingRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as somebody wants it from now on; an inactive one ends what stood."""

    kind: TouchpointKind
    role: BindRole
    protection_days: int
    may_take_over: bool
    is_active: bool = True


class BoundTo(msgspec.Struct, frozen=True, kw_only=True):
    """Whose customer a member is in a role, since when, and what protects that.

    The last two are of the scan that bound; where something else did, they are None and the rule of the scan at hand
    says how long it is protected.
    """

    role: BindRole
    party_id: PartyId
    bound_at: datetime
    protected_until: datetime | None = None
    may_take_over: bool | None = None


class TieOutcome(StrEnum):
    """What a scan did to a binding: made one, took one over, or met one that is protected or stays for good."""

    BOUND = "bound"
    TAKEN_OVER = "taken_over"
    PROTECTED = "protected"
    KEPT = "kept"


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan did to whose customer a member is."""

    scan_id: ScanId
    role: BindRole
    member_id: MemberId
    party_id: PartyId
    outcome: TieOutcome
    was_bound_to: PartyId | None
    rule_kind: TouchpointKind
    rule_from: datetime
    protected_until: datetime | None
    may_take_over: bool
    at: datetime

    @property
    def reason(self) -> str:
        """What the binding that it makes says of what made it."""
        return f"{self._named}of a {self.rule_kind}, rule of {self.rule_from.isoformat()}"

    def made(self, party_id: PartyId, reason: str) -> bool:
        """Whether a binding is the one it made, not one to the same party that something else made since."""
        return self.party_id == party_id and reason.startswith(self._named)

    @property
    def _named(self) -> str:
        return f"scan {self.scan_id} "


class AttributionRule(msgspec.Struct, frozen=True, kw_only=True):
    """For how long a touch earns the credit of an order in a role, which does, and whether a binding goes first."""

    role: CreditRole
    effective_from: datetime
    window_minutes: int
    touch: WhichTouch
    binding_wins: bool


class NewAttributionRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of attribution as somebody wants it from now on."""

    role: CreditRole
    window_minutes: int
    touch: WhichTouch = WhichTouch.LAST
    binding_wins: bool = True


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who bought, as far as known: a member, a browser, and the code the order itself names."""

    member_id: MemberId | None
    visitor: UUID | None
    touchpoint_code: str | None
    at: datetime


class Touch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A touch that came before an order: a scan, or a code that the order itself names (no scan)."""

    touchpoint_id: TouchpointId
    kind: TouchpointKind
    at: datetime
    scan_id: ScanId | None = None
    live_room_id: LiveRoomId | None = None
    parties: Parties = NO_PARTIES


class CreditBasis(StrEnum):
    """Why a party has the credit: the order said so, the member is bound to it, or a touch earned it."""

    STATED = "stated"
    BINDING = "binding"
    TOUCH = "touch"


class Credit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party that is owed part of an order, and the evidence for it."""

    role: CreditRole
    party_id: PartyId
    basis: CreditBasis
    rule_from: datetime
    scan_id: ScanId | None = None
    touchpoint_id: TouchpointId | None = None


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """What touched an order, and who got the credit for what."""

    order_id: OrderId
    member_id: MemberId | None
    visitor: UUID | None
    live_room_id: LiveRoomId | None
    placed_at: datetime
    touches: tuple[Touch, ...]
    credits: tuple[Credit, ...]


class NewLiveRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A show to come: whose it is, when, and which SKUs are shown, in this order."""

    code: str
    name: str
    streamer_id: PartyId
    unit_id: OrgUnitId
    starts_at: datetime
    skus: tuple[tuple[SkuId, str], ...]


class LiveRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A show as it stands; `touchpoint_code` is what is scanned to come in."""

    id: LiveRoomId
    code: str
    name: str
    streamer_id: PartyId
    unit_id: OrgUnitId
    starts_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    touchpoint_code: str
    sku_codes: tuple[str, ...]

    @property
    def is_live(self) -> bool:
        """Whether it is on air."""
        return self.started_at is not None and self.ended_at is None


class LiveRoomAdded(msgspec.Struct, frozen=True, kw_only=True):
    """A show that is planned. `is_new` is false where the same stood under its code already."""

    live_room_id: LiveRoomId
    code: str
    is_new: bool


class LiveRoomMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A show that was started or ended; `is_repeat` where it was before."""

    room: LiveRoom
    is_repeat: bool


class LiveCounters(msgspec.Struct, frozen=True, kw_only=True):
    """How a show goes: scans of its code, and orders it was named for or credited with."""

    live_room_id: LiveRoomId
    scans: int
    orders: int


class ScanDay(msgspec.Struct, frozen=True, kw_only=True):
    """How often a touchpoint was scanned on a day (UTC), and how often by a member who was signed in."""

    day: date
    scans: int
    of_members: int


class ScanTotal(msgspec.Struct, frozen=True, kw_only=True):
    """How often a touchpoint was scanned in all, and when last."""

    touchpoint_id: TouchpointId
    scans: int
    of_members: int
    last_day: date | None
