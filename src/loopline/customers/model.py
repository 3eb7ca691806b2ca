"""The records of customers: who is known, by what, and what they agreed to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import MemberId, PartyId


class IdentityKind(StrEnum):
    """By what a member is known for certain. What two people may share (a device, a name) is none of these."""

    PHONE = "phone"
    CARD = "card"
    EMAIL = "email"
    WECHAT_UNION = "wechat_union"
    WECHAT_OPEN = "wechat_open"
    MARKETPLACE_BUYER = "marketplace_buyer"
    CUSTOMER_NUMBER = "customer_number"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a member is known by. Values that are unique only somewhere carry that place: `tmall:…`, `appid:…`."""

    kind: IdentityKind
    value: str


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets the goods, and where. `region_code` is a code of GB/T 2260, empty outside China."""

    name: str
    phone: str
    region_code: str
    street: str


class NewMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who shows up. `country` reads phone numbers written without their country; `channel` is where it was.

    `may_add` are the kinds that a member who is known already may get by this: whoever says what a member is known by
    decides who can sign in as them. With none of them a known member stays as they are, the name too. Where phones are
    not among them, somebody new gets one phone and no second.
    """

    identities: tuple[Identity, ...]
    name: str | None = None
    country: str = "CN"
    channel: str | None = None
    may_add: frozenset[IdentityKind] = frozenset(IdentityKind)


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is; `was_known` when an identity named them before, perhaps earlier in the same batch.

    `left_out` are the kinds of identities that nobody had and that did not become theirs.
    """

    member_id: MemberId
    was_known: bool
    left_out: tuple[IdentityKind, ...] = ()


class Personal(msgspec.Struct, frozen=True, kw_only=True):
    """A member's personal data in the open. It goes no further than the purpose it was opened for."""

    member_id: MemberId
    name: str | None
    identities: tuple[Identity, ...]


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """A member of whom only the id is left, since `at`."""

    member_id: MemberId
    at: datetime


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Who opens personal data, and what for; written down before anything is opened."""

    actor: str
    purpose: str


class Purpose(StrEnum):
    """What a member may agree to; `service`, being told what happens to their orders, they may decline."""

    MARKETING = "marketing"
    PROFILING = "profiling"
    REVIEWS = "reviews"
    SHARING = "sharing"
    SERVICE = "service"


class ConsentChannel(StrEnum):
    """By which way they may be reached for it; `any` is what needs no way, such as profiling."""

    ANY = "any"
    SMS = "sms"
    EMAIL = "email"
    PHONE = "phone"
    WECHAT = "wechat"
    GUIDE = "guide"
    POST = "post"


class ConsentKey(msgspec.Struct, frozen=True, kw_only=True):
    """One consent: for a purpose, by a channel, to a receiver. The brand's is not the dealer's."""

    member_id: MemberId
    purpose: Purpose
    channel: ConsentChannel
    receiver_id: PartyId


class ConsentChange(msgspec.Struct, frozen=True, kw_only=True):
    """A member said yes or no at a moment; `source` names the form, call or message in which they did."""

    key: ConsentKey
    granted: bool
    at: datetime
    source: str


class ConsentRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was kept; `in_force` unless a later one stands."""

    in_force: bool


class PastConsent(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a member's history."""

    purpose: Purpose
    channel: ConsentChannel
    receiver_id: PartyId
    at: datetime
    granted: bool
    source: str


class Moment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened to a member: the kind names the event, the subject what it was about."""

    member_id: MemberId
    at: datetime
    kind: str
    subject: UUID


class Reencrypted(msgspec.Struct, frozen=True, kw_only=True):
    """One step of re-encryption: how many members were brought to the current keys, and where to go on (None: done).

    The lost are members whose data do not open: their key's key is not in the file, or they were damaged.
    """

    members: int
    last_member_id: MemberId | None
    lost_member_ids: tuple[MemberId, ...]
