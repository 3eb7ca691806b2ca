"""What sharing speaks of: roles and parties, rule sets of typed rows, shares, claw-backs, releases, refusals."""

import enum
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, LineId, OrderId, PartyId, PersonId, RuleSetId
from loopline.kernel.refusals import Refusal

LEVELS_MAX = 2
"""More than two levels is a pyramid, and against the law (SET-12)."""


class Role(enum.StrEnum):
    """What a party is to a line: why it may earn from it.

    The introducer brought the member to the brand first; the territory is the dealer's in whose area the goods go;
    the owner is whose goods they were; the payment fee is the gateway's, and the fund is what marketing is paid
    from.
    """

    BRAND = "brand"
    DEALER = "dealer"
    STORE = "store"
    GUIDE = "guide"
    SHIPPING_SITE = "shipping_site"
    STREAMER = "streamer"
    PLATFORM = "platform"
    INTRODUCER = "introducer"
    TERRITORY = "territory"
    GOODS_OWNER = "goods_owner"
    PAYMENT_FEE = "payment_fee"
    MARKETING_FUND = "marketing_fund"


class Base(enum.StrEnum):
    """What a percentage is of, for the units in question.

    LIST: our own price before anything was taken off, tax included. PAID: what the customer pays, tax included.
    NET: what is paid, after all discounts, less the tax in it. MARGIN: net less what the goods cost; nothing where
    that is not known, or is more. FUNDED: net, and what others than the seller bear of its discounts, less its tax.
    """

    LIST = "list"
    PAID = "paid"
    NET = "net"
    MARGIN = "margin"
    FUNDED = "funded"


class Per(enum.StrEnum):
    """For each of what an amount is given: dealt over the lines of a parcel or an order by their net amounts."""

    UNIT = "unit"
    PARCEL = "parcel"
    ORDER = "order"


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the decision table: who gets how much, and on which lines.

    A condition that is empty holds for every line. `bound` asks whether the member is bound to the party in this
    role; `regions` are codes of regions, or their beginnings (31: all of Shanghai); `owners` are codes of the
    companies whose goods they were; `sold_from` is included, `sold_until` is not. Exactly one of: `basis_points`
    of the `base`, `amount_minor` for each `per`, or the `remainder`. `floor_minor` and `cap_minor` bound a
    percentage, for each unit. `level` 1 is earned by one's own deed, 2 by bringing the one who did it.
    """

    role: Role
    level: int = 1
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    sold_from: datetime | None = None
    sold_until: datetime | None = None
    bound: bool | None = None
    basis_points: int | None = None
    base: Base = Base.NET
    floor_minor: int | None = None
    cap_minor: int | None = None
    amount_minor: int | None = None
    per: Per = Per.UNIT
    remainder: bool = False


class RuleSetState(enum.StrEnum):
    """Drafts may change; what is published stands."""

    DRAFT = "draft"
    PUBLISHED = "published"


class NewRuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """A draft to save: a new one, or all of an existing draft anew. Rows are numbered from 1 in their order.

    `saved_at`: when the draft that was looked at was saved; None for a new one. `own_earns`: whether whoever serves or
    brings a member earns of what they buy themselves (who has the remainder always does).
    """

    id: RuleSetId
    currency: str
    author_id: PersonId
    comment: str
    rows: tuple[RuleRow, ...]
    saved_at: datetime | None = None
    own_earns: bool = False


METHOD_NOW = 1
"""The number of the way in which rules are evaluated and amounts are rounded today: see `rules.METHODS`."""


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the rules. It counts from `effective_from` until a later one of the same currency does.

    `method` numbers the way of evaluating and rounding. What is published names the trial of its very content, or says
    why there was none.
    """

    id: RuleSetId
    version: int
    state: RuleSetState
    currency: str
    author_id: PersonId
    comment: str
    published_at: datetime | None
    effective_from: datetime | None
    rows: tuple[RuleRow, ...]
    saved_at: datetime | None = None
    method: int = METHOD_NOW
    own_earns: bool = False
    trial_id: UUID | None = None
    untried_because: str | None = None


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """Publish a draft that was tried, effective from a moment that is not past.

    `saved_at`: when the draft that was looked at was saved (None: whatever waits). `untried_because`: why it was not
    tried, where nothing was sold yet. `accepts_limits`: it is known where the rows take more than a line brings.
    """

    rule_set_id: RuleSetId
    effective_from: datetime
    published_by: PersonId
    saved_at: datetime | None = None
    untried_because: str | None = None
    accepts_limits: bool = False


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """The parties a line knows, by role. Lines that know the same should carry the same object: that is faster."""

    brand: PartyId | None = None
    dealer: PartyId | None = None
    store: PartyId | None = None
    guide: PartyId | None = None
    shipping_site: PartyId | None = None
    streamer: PartyId | None = None
    platform: PartyId | None = None
    introducer: PartyId | None = None
    territory: PartyId | None = None
    goods_owner: PartyId | None = None
    payment_fee: PartyId | None = None
    marketing_fund: PartyId | None = None

    def of(self, role: Role) -> PartyId | None:
        """The party in a role, if the line knows one."""
        found: PartyId | None = getattr(self, role.value)
        return found


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """Where some units lie among all that was bought, or sent, together: net amounts before, with them, and of
    all.
    """

    before_minor: int
    after_minor: int
    whole_minor: int


FOR_WAITING = 0
"""The row of a share that no row of the rules made: it pays for having sent what others had left waiting."""


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """What the sending site gets on top for a parcel that nobody took before, and by which version of the profile.

    `extra_minor` for the whole parcel, but at most `most_percent` of what the site's party earns by the rules (0: no
    such limit). `since`: when the work was first put to a site; `rounds`: how often it came back.
    """

    extra_minor: int
    most_percent: int
    since: datetime
    rounds: int
    profile_version: int


class LineToSplit(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules look at: units of a line, what is known of it, and what they amount to.

    `base_minor` is the net amount, which is what is split; the others stand beside it (None: not known). `bound`:
    roles the member is bound to. Without a stretch the units are a parcel, and an order, by themselves.
    `funded_minor`: what others than the seller bear of its discounts, less the tax in it. `own`: roles whose party is
    the buyer.
    """

    channel: str
    category: str
    delivery: str
    parties: Parties
    units: int
    base_minor: int
    currency: str
    bound: frozenset[Role] = frozenset()
    region: str = ""
    campaign: str = ""
    owner: str = ""
    placed_at: datetime | None = None
    list_minor: int | None = None
    paid_minor: int | None = None
    cost_minor: int | None = None
    in_parcel: Stretch | None = None
    in_order: Stretch | None = None
    waited: Waited | None = None
    funded_minor: int = 0
    own: frozenset[Role] = frozenset()


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one party earns of one part, by which row of the rule set (counted from 1; `FOR_WAITING`: by none)."""

    role: Role
    party_id: PartyId
    rule_row: int
    amount_minor: int


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """How a part of a line is split. `entity_id` is the seller of record, who owes the shares.

    Post the shares in the ledger in this order, as one leg: then both take back the same.
    """

    part_id: UUID
    order_id: OrderId
    line_id: LineId
    rule_set_id: RuleSetId
    entity_id: EntityId
    currency: str
    units: int
    base_minor: int
    due_at: datetime
    shares: tuple[Share, ...]
    line: LineToSplit | None = None
    """What the rules looked at, kept so that other rules can be tried on it; `at`: when the units were sold."""
    at: datetime | None = None


class ClawBack(msgspec.Struct, frozen=True, kw_only=True):
    """`units` of a part came back. `reference` names what brought them (a return line), once for each part."""

    reference: UUID
    line_id: LineId
    part_id: UUID
    units: int
    at: datetime


class DraftSaved(msgspec.Struct, frozen=True, kw_only=True):
    """The draft is saved under a version number that it keeps when published."""

    rule_set_id: RuleSetId
    version: int
    saved_at: datetime


class RuleSetPublication(msgspec.Struct, frozen=True, kw_only=True):
    """The rule set is published and stands."""

    rule_set_id: RuleSetId
    version: int
    effective_from: datetime


class SplitRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """The part's shares are pending; `is_repeat` says that they were already."""

    line_id: LineId
    part_id: UUID
    is_repeat: bool


class ClawedBack(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back of each share of a part, in the order of its shares; amounts are positive.

    `from_due` says whether it was taken from what was due or cancelled while pending; `is_repeat`: that the same
    reference had taken it already, and nothing was taken now.
    """

    line_id: LineId
    part_id: UUID
    entity_id: EntityId
    currency: str
    from_due: bool
    is_repeat: bool
    party_ids: tuple[PartyId, ...]
    amounts_minor: tuple[int, ...]


class DueAmount(msgspec.Struct, frozen=True, kw_only=True):
    """What became due to a party from a seller of record, of the parts whose window ended on one day (UTC)."""

    entity_id: EntityId
    party_id: PartyId
    currency: str
    due_on: date
    amount_minor: int


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One batch of parts that became due. Its id makes the keys of the ledger entries it causes."""

    id: UUID
    parts: int
    amounts: tuple[DueAmount, ...]


class StoredSplit(msgspec.Struct, frozen=True, kw_only=True):
    """How a part was split, as it is kept."""

    line_id: LineId
    part_id: UUID
    order_id: OrderId
    rule_set_id: RuleSetId
    entity_id: EntityId
    currency: str
    units: int
    base_minor: int
    due_at: datetime
    party_ids: tuple[PartyId, ...]
    rule_rows: tuple[int, ...]
    amounts_minor: tuple[int, ...]


class RuleProblem(Refusal, frozen=True, kw_only=True, tag=True):
    """The rule set cannot be published as it is."""


class SplitsAboveWhole(RuleProblem, frozen=True, kw_only=True):
    """Of a line by {channel} in category {category} with {delivery}{further}, rows {rows} take {basis_points} basis
    points together.
    """

    basis_points: int
    rows: str
    channel: str
    category: str
    delivery: str
    further: str = ""


class NothingLeftForAmounts(RuleProblem, frozen=True, kw_only=True):
    """Rows {rows} hold together, and their percentages leave nothing for the amounts among them, whatever is paid."""

    rows: str


class RowUnreachable(RuleProblem, frozen=True, kw_only=True):
    """Row {row} never decides: earlier rows of its role take every line it would."""

    row: int


class TooManyLevels(RuleProblem, frozen=True, kw_only=True):
    """Row {row} pays level {level}; the law allows two."""

    row: int
    level: int


class RemainderMissing(RuleProblem, frozen=True, kw_only=True):
    """No row says who gets the remainder."""


class RemainderTwice(RuleProblem, frozen=True, kw_only=True):
    """Rows {first} and {second} both take the remainder."""

    first: int
    second: int


class RemainderHasConditions(RuleProblem, frozen=True, kw_only=True):
    """Row {row} takes the remainder of some lines only; every line has one."""

    row: int


class TooManyKinds(RuleProblem, frozen=True, kw_only=True):
    """The rows tell {kinds} kinds of lines apart; what they take together can be proven for {most} at most."""

    kinds: int
    most: int


class RowTakesNoOneThing(Refusal, frozen=True, kw_only=True):
    """Row {row} has to take exactly one of: basis points from 0 to 10000, an amount, the remainder."""

    row: int


class RowMisshapen(Refusal, frozen=True, kw_only=True):
    """Row {row}: {field} does not go with what the row takes, or is out of order."""

    row: int
    field: str


class RuleSetIsPublished(Refusal, frozen=True, kw_only=True):
    """Rule set {rule_set_id} is published and stands; draft a new version."""

    rule_set_id: RuleSetId


class RuleSetUnknown(Refusal, frozen=True, kw_only=True):
    """There is no rule set {rule_set_id}."""

    rule_set_id: RuleSetId


class RuleSetHasProblems(Refusal, frozen=True, kw_only=True):
    """Rule set {rule_set_id} cannot be published: {reasons}"""

    rule_set_id: RuleSetId
    reasons: str
    problems: tuple[RuleProblem, ...]


class EffectiveInThePast(Refusal, frozen=True, kw_only=True):
    """Rule set {rule_set_id} would be effective from {effective_from}; lines since then were split already."""

    rule_set_id: RuleSetId
    effective_from: datetime


class EffectiveFromTaken(Refusal, frozen=True, kw_only=True):
    """Another rule set is effective from {effective_from}."""

    effective_from: datetime


class RemainderPartyUnknown(Refusal, frozen=True, kw_only=True):
    """The line knows no {role}, who would get the remainder."""

    role: Role


class BaseNegative(Refusal, frozen=True, kw_only=True):
    """A base of {base_minor} cannot be shared."""

    base_minor: int


class RulesForOtherCurrency(Refusal, frozen=True, kw_only=True):
    """The rules are in {currency}, the line is in {line_currency}."""

    currency: str
    line_currency: str
