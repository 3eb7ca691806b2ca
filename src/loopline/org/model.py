"""The records of the organisation: units of the tree, legal entities, sites, parties, people and their roles.

People name these things by their codes; the ids are for other rooms. A `New…` record is what somebody asks for, the
record without `New` is what stands in the database.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, OrgUnitId, PartyId, PersonId, SiteId
from loopline.kernel.times import zone

MINUTES_PER_DAY = 24 * 60


class UnitKind(StrEnum):
    """What a place in the tree is."""

    BRAND = "brand"
    REGION = "region"
    DEALER = "dealer"
    STORE = "store"
    WAREHOUSE = "warehouse"
    MALL = "mall"


class IndustryProfile(StrEnum):
    """The trade a unit is in; chosen once, inherited by what lies below unless that says otherwise."""

    FAST_FASHION = "fast_fashion"
    HOME_FURNISHING = "home_furnishing"
    LIGHTING = "lighting"
    FOOD_AND_WINE = "food_and_wine"
    RESTAURANT = "restaurant"
    MALL = "mall"
    SERVICES = "services"


class OpenHours(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of opening on a weekday (ISO: Monday is 1), in minutes since that day's midnight in local time.

    Half-open: at `closes_minute` it is closed. A close beyond 1,440 lies after the following midnight.
    """

    weekday: int
    opens_minute: int
    closes_minute: int

    def __post_init__(self) -> None:
        if not 1 <= self.weekday <= 7:
            raise ValueError("a weekday is a number from 1 (Monday) to 7")
        if not 0 <= self.opens_minute < MINUTES_PER_DAY:
            raise ValueError("opening lies within its weekday")
        if not self.opens_minute < self.closes_minute <= self.opens_minute + MINUTES_PER_DAY:
            raise ValueError("closing lies after opening and at most a day later")


ALWAYS_OPEN = tuple(
    OpenHours(weekday=weekday, opens_minute=0, closes_minute=MINUTES_PER_DAY) for weekday in range(1, 8)
)


def is_open(hours: tuple[OpenHours, ...], *, at: datetime, time_zone: str) -> bool:
    """Tell whether a place with these hours is open at a moment; local wall-clock time decides."""
    local = at.astimezone(zone(time_zone))
    minute = local.hour * 60 + local.minute
    today, yesterday = local.isoweekday(), (local.isoweekday() - 2) % 7 + 1
    return any(
        (stretch.weekday == today and stretch.opens_minute <= minute < stretch.closes_minute)
        or (stretch.weekday == yesterday and minute < stretch.closes_minute - MINUTES_PER_DAY)
        for stretch in hours
    )


class NewUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit to hang into the tree below `parent_code`; only a brand may be without a parent.

    `region_code` is a code of GB/T 2260 (six digits), empty outside China. `time_zone` is an IANA name.
    """

    code: str
    kind: UnitKind
    name: str
    time_zone: str
    country: str
    parent_code: str | None = None
    region_code: str | None = None
    coordinates: Coordinates | None = None
    hours: tuple[OpenHours, ...] = ()
    industry_profile: IndustryProfile | None = None


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as it stands. `path` leads from the root to the unit itself, both included."""

    id: OrgUnitId
    code: str
    kind: UnitKind
    name: str
    time_zone: str
    country: str
    parent_id: OrgUnitId | None
    path: tuple[OrgUnitId, ...]
    region_code: str | None
    coordinates: Coordinates | None
    hours: tuple[OpenHours, ...]
    industry_profile: IndustryProfile | None


class UnitAdded(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where the same unit with the same content stood there already."""

    unit_id: OrgUnitId
    code: str
    is_new: bool


class UnitMove(msgspec.Struct, frozen=True, kw_only=True):
    """Hang a unit, with all that is below it, under another parent."""

    unit_id: OrgUnitId
    parent_id: OrgUnitId


class UnitMoved(msgspec.Struct, frozen=True, kw_only=True):
    unit_id: OrgUnitId
    parent_id: OrgUnitId
    former_parent_id: OrgUnitId


class EntityKind(StrEnum):
    """Which side of the trade a company stands on."""

    BRAND_COMPANY = "brand_company"
    DEALER_COMPANY = "dealer_company"
    PLATFORM = "platform"


class NewEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A company that sells, owes tax and invoices; `unit_code` is the unit whose people keep its record.

    `currency` is the ISO 4217 code its books are kept in, `country` the ISO 3166 code of its seat.
    """

    code: str
    kind: EntityKind
    name: str
    unit_code: str
    country: str
    currency: str
    tax_number: str | None = None


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    id: EntityId
    code: str
    kind: EntityKind
    name: str
    unit_id: OrgUnitId
    unit_path: tuple[OrgUnitId, ...]
    country: str
    currency: str
    tax_number: str | None


class EntityAdded(msgspec.Struct, frozen=True, kw_only=True):
    entity_id: EntityId
    code: str
    is_new: bool


class NewSite(msgspec.Struct, frozen=True, kw_only=True):
    """A place that holds stock, at a unit that has coordinates; `entity_code` is the seller of record there."""

    code: str
    name: str
    unit_code: str
    entity_code: str


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A site with what its unit says of the place. `unit_path` leads from the root to its unit."""

    id: SiteId
    code: str
    name: str
    entity_id: EntityId
    unit_id: OrgUnitId
    unit_path: tuple[OrgUnitId, ...]
    unit_kind: UnitKind
    coordinates: Coordinates
    time_zone: str
    country: str
    region_code: str | None
    hours: tuple[OpenHours, ...]


class SiteAdded(msgspec.Struct, frozen=True, kw_only=True):
    site_id: SiteId
    code: str
    is_new: bool


class PartyKind(StrEnum):
    """Who can earn or owe."""

    BRAND = "brand"
    DEALER = "dealer"
    STORE = "store"
    GUIDE = "guide"
    STREAMER = "streamer"
    PLATFORM = "platform"
    PAYMENT_PROVIDER = "payment_provider"
    MARKETING_FUND = "marketing_fund"


class NewParty(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can earn or owe. A guide or streamer names the person behind it by the sign-in name."""

    code: str
    kind: PartyKind
    name: str
    unit_code: str
    entity_code: str | None = None
    sign_in_name: str | None = None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    id: PartyId
    code: str
    kind: PartyKind
    name: str
    unit_id: OrgUnitId
    unit_path: tuple[OrgUnitId, ...]
    entity_id: EntityId | None
    person_id: PersonId | None


class PartyAdded(msgspec.Struct, frozen=True, kw_only=True):
    party_id: PartyId
    code: str
    is_new: bool


class Role(StrEnum):
    """The ten roles; each is held at a branch of the tree and reaches all that hangs below it."""

    HQ_OPERATIONS = "hq_operations"
    FINANCE = "finance"
    MARKETING = "marketing"
    DEALER = "dealer"
    STORE_MANAGER = "store_manager"
    GUIDE = "guide"
    PACKER = "packer"
    STREAMER = "streamer"
    CUSTOMER_SERVICE = "customer_service"
    AUDITOR = "auditor"


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works here, at a unit. The sign-in name is compared without regard to case."""

    sign_in_name: str
    name: str
    unit_code: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    id: PersonId
    sign_in_name: str
    name: str
    unit_id: OrgUnitId
    unit_path: tuple[OrgUnitId, ...]
    is_active: bool

    @property
    def code(self) -> str:
        """People are named by how they sign in."""
        return self.sign_in_name


class PersonAdded(msgspec.Struct, frozen=True, kw_only=True):
    person_id: PersonId
    sign_in_name: str
    is_new: bool


class PersonClosed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody left: signed out everywhere, roles ended."""

    person_id: PersonId


class RoleGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A role for a person at a branch; to be granted or taken back."""

    person_id: PersonId
    role: Role
    branch_id: OrgUnitId


class RoleGranted(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where the person held that role there already."""

    grant: RoleGrant
    is_new: bool


class RoleTaken(msgspec.Struct, frozen=True, kw_only=True):
    grant: RoleGrant


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to sign in. Never logged, never stored."""

    sign_in_name: str
    password: str

    def __repr__(self) -> str:
        return f"SignIn(sign_in_name={self.sign_in_name!r}, password=…)"


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session begun. `token` is shown this once: the database keeps only its hash."""

    person_id: PersonId
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"SignedIn(person_id={self.person_id!r}, token=…, expires_at={self.expires_at!r})"


class NewPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A password somebody sets: for oneself with `current`, for another person without."""

    person_id: PersonId
    password: str
    current: str | None = None

    def __repr__(self) -> str:
        return f"NewPassword(person_id={self.person_id!r}, password=…)"


class PasswordSet(msgspec.Struct, frozen=True, kw_only=True):
    """The password holds from now on; every session of the person has ended."""

    person_id: PersonId


class SessionPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Who a session belongs to, with the roles that hold now."""

    person_id: PersonId
    name: str
    unit_id: OrgUnitId
    expires_at: datetime
    roles: tuple[RoleGrant, ...]
