"""What the ledger speaks of: accounts, entries with their postings, reversals, and why it refuses."""

import enum
from datetime import datetime
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId
from loopline.kernel.refusals import Refusal


class Purpose(enum.StrEnum):
    """What an account is for. Debits are positive, credits negative, in every account."""

    CASH = "cash"
    GATEWAY = "gateway"
    """Money that a payment provider holds for us."""
    CUSTOMER_DEPOSIT = "customer_deposit"
    """Paid by a customer, not yet earned."""
    RECEIVABLE = "receivable"
    REFUND_PAYABLE = "refund_payable"
    """Owed to a customer for what came back."""
    REVENUE = "revenue"
    CHARGES = "charges"
    """Postage and fees charged beside goods."""
    TAX = "tax"
    SHARING_COST = "sharing_cost"
    SHARE_PENDING = "share_pending"
    """Shares of a party whose return window is open."""
    SHARE_DUE = "share_due"
    """Shares a party may have paid out; a debit balance is its debt."""
    VOUCHER_LIABILITY = "voucher_liability"
    ADJUSTMENT = "adjustment"
    BAD_DEBT = "bad_debt"
    STOCK_LOSS = "stock_loss"
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    """Paid out to a party, and not known yet to have reached it."""
    RECLAIM_IN_TRANSIT = "reclaim_in_transit"
    """Asked back of a party, and not known yet whether it comes."""
    WITHHELD_TAX = "withheld_tax"
    """Kept back from what a party is paid, owed to the tax office in its name."""
    PAYMENT_FEE = "payment_fee"
    """What gateways, banks and marketplaces keep for themselves."""
    SUPPLY_COST = "supply_cost"
    """What a company pays another for goods that it sold in its own name."""
    CONSIGNED = "consigned"
    """What a company passes on for goods that were left with it; its revenue is what is left without."""
    SUPPLY_REVENUE = "supply_revenue"
    """What a company earns of goods that another sold."""
    INTERCOMPANY = "intercompany"
    """What a company owes another (credit) or has to get from it (debit), by the other's party."""
    REFUND_LIABILITY = "refund_liability"
    """Expected to be given back for goods that may still come back, as estimated at the last close."""
    RIGHT_TO_GOODS = "right_to_goods"
    """What the goods behind it cost, less what recovering them costs, as estimated at the last close."""
    COST_OF_SALES = "cost_of_sales"
    """What that right takes off the cost of what was sold; the cost itself is kept in other books."""
    PROMOTION_FUNDED = "promotion_funded"
    """What others bear of what a company's customers were let off."""
    PROMOTION_COST = "promotion_cost"
    """What a company bears of what another's customers were let off."""
    CASH_DIFFERENCE = "cash_difference"
    """What drawers of tills had less in them (debit) or more (credit) than they should, by their counts."""
    PETTY_CASH = "petty_cash"
    """What was paid out of drawers for small things."""
    REVENUE_ON_WAY = "revenue_on_way"
    """What was earned by goods that a carrier still had at the last close; it is revenue once they arrive."""
    COST_ON_WAY = "cost_on_way"
    """What shares and supplies of these goods cost; it is cost with their revenue."""
    POINTS_DEFERRED = "points_deferred"
    """Revenue that is put off for points that members have (debit), until these are used or end."""
    POINTS_LIABILITY = "points_liability"
    """What is owed in goods for points that members have, as much of it as is expected to be asked for."""
    STORED_VALUE = "stored_value"
    """What members paid ahead, and have neither used nor had paid out."""
    STORED_VALUE_BONUS = "stored_value_bonus"
    """What was given beside money that was paid ahead, and is used: it is taken off revenue."""


class EntryKind(enum.StrEnum):
    """Why an entry was made."""

    SALE = "sale"
    CHARGE = "charge"
    VOUCHER = "voucher"
    PAYMENT = "payment"
    REFUND = "refund"
    SHARE = "share"
    SHARE_RELEASE = "share_release"
    SHARE_CLAW_BACK = "share_claw_back"
    REVERSAL = "reversal"
    """Made by `reverse_parts` only."""
    BLIND_RETURN = "blind_return"
    ADJUSTMENT = "adjustment"
    OPENING = "opening"
    PAYOUT = "payout"
    """What was due is on its way to its party."""
    PAYOUT_PAID = "payout_paid"
    PAYOUT_RETURNED = "payout_returned"
    """It did not reach its party, and is due again."""
    RECLAIM = "reclaim"
    """What a party owes is asked back of where it was paid."""
    RECLAIM_CAME = "reclaim_came"
    RECLAIM_FAILED = "reclaim_failed"
    """It did not come, and is a debt again."""
    FEE = "fee"
    """What an outside party kept, as its bill states it."""
    SUPPLY = "supply"
    """Goods of one company were handed over for an order of another."""
    BONUS = "bonus"
    """What a month's turnover comes to, as far as it differs from what was given before."""
    PAID_FOR_ANOTHER = "paid_for_another"
    """One company paid a customer what another owed: between the two, as long as they have not settled it."""
    PROMOTION = "promotion"
    """What customers were let off and others than the seller bear."""
    DRAWER = "drawer"
    """A drawer of a till was counted, or something small was paid out of it."""
    POINTS = "points"
    """Members were given points, or had them used, ended or taken back: revenue is put off, or comes after all."""
    STORED_VALUE = "stored_value"
    """A member paid ahead, used it, got it back or had it paid out."""
    EXPECTED_RETURNS = "expected_returns"
    """Made by closes only: an estimate, or the one before inverted. It belongs to the month it is dated in."""
    ON_WAY = "on_way"
    """Made by closes only: results of goods on their way, put off or taken in again. It belongs to its date's month."""


MADE_BY_CLOSES = frozenset({EntryKind.EXPECTED_RETURNS, EntryKind.ON_WAY})
"""Kinds of entries that always belong to the month they are dated in (`ledger.is_of_month` names them too)."""


CutNumber = NewType("CutNumber", int)
"""A cut of the ledger: entries committed before it have a lower number, all later ones this or a higher one."""


class AccountAsk(msgspec.Struct, frozen=True, kw_only=True):
    """An account by what it is for; without a party it is the legal entity's own."""

    entity_id: EntityId
    purpose: Purpose
    currency: str
    party_id: PartyId | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account that is open. `number` is its short name inside the ledger."""

    id: AccountId
    number: int
    entity_id: EntityId
    party_id: PartyId | None
    purpose: Purpose
    currency: str

    @property
    def ask(self) -> AccountAsk:
        return AccountAsk(
            entity_id=self.entity_id, purpose=self.purpose, currency=self.currency, party_id=self.party_id
        )


class Posting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A signed amount in one account, for one part of the entry; debit positive, credit negative.

    A part is what can be taken back by itself: the units of a line from one site, a payment, a charge.
    """

    part_id: UUID
    account_id: AccountId
    amount_minor: int


class NewEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry to post. `key` names what it is for, once and for all: the same key again posts nothing.

    The postings of each part sum to zero in each currency. Their order within a part matters to a reversal: whenever
    the running sum returns to zero a leg ends, and each leg is rounded by itself. Post the money of a sale (deposit,
    revenue, tax), then its shares (cost, then the parties in the order of their shares).
    """

    id: EntryId
    kind: EntryKind
    subject: UUID
    at: datetime
    key: str
    postings: tuple[Posting, ...]


class PartReversal(msgspec.Struct, frozen=True, kw_only=True):
    """Take back `units` more of the `units_of` units that a part of an entry stands for.

    `id`, `key`, `subject` and `at` are those of the reversal's own entry.
    """

    id: EntryId
    key: str
    subject: UUID
    at: datetime
    entry_id: EntryId
    part_id: UUID
    units: int
    units_of: int


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """The entry stands."""

    entry_id: EntryId


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """The same entry stood already, under this id; nothing was posted."""

    entry_id: EntryId


class Reversed(msgspec.Struct, frozen=True, kw_only=True):
    """A reversal stands. `postings` are what it posted, in the order of the original's, zero amounts included."""

    entry_id: EntryId
    part_id: UUID
    units_reversed: int
    """Of the part in all, this time included."""
    postings: tuple[Posting, ...]


class StoredPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The postings of one part of an entry in one currency, by account number."""

    entry_id: EntryId
    part_id: UUID
    currency: str
    account_numbers: list[int]
    amounts_minor: list[int]


class ReversedPart(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a part of an entry was taken back so far."""

    entry_id: EntryId
    part_id: UUID
    units_of: int
    units_reversed: int


class LedgerBusy(Refusal, frozen=True, kw_only=True):
    """Entries are being posted that take long, and the month could not be cut off from them: try again in a minute."""


class EntryIsEmpty(Refusal, frozen=True, kw_only=True):
    """Entry {key} has no postings."""

    key: str


class EntryDoesNotBalance(Refusal, frozen=True, kw_only=True):
    """Entry {key} is off by {off_by_minor} {currency} in part {part_id}."""

    key: str
    part_id: UUID
    currency: str
    off_by_minor: int


class AccountUnknown(Refusal, frozen=True, kw_only=True):
    """Entry {key} posts to account {account_id}, which is not open."""

    key: str
    account_id: AccountId


class AmountTooLarge(Refusal, frozen=True, kw_only=True):
    """Entry {key} posts {amount_minor}, more than an account can hold."""

    key: str
    amount_minor: int


class KeyNotUsable(Refusal, frozen=True, kw_only=True):
    """An entry needs a key of 1 to 200 printable characters."""


class KeyTakenByOtherContent(Refusal, frozen=True, kw_only=True):
    """Key {key} belongs to entry {entry_id}, which says something else."""

    key: str
    entry_id: EntryId


class ReversalsAreMadeFromParts(Refusal, frozen=True, kw_only=True):
    """Entry {key} claims to be a reversal; reversals are made by taking back parts."""

    key: str


class PartUnknown(Refusal, frozen=True, kw_only=True):
    """Entry {entry_id} has no part {part_id}."""

    entry_id: EntryId
    part_id: UUID


class ReversalIsFinal(Refusal, frozen=True, kw_only=True):
    """Entry {entry_id} is a reversal itself; what was taken back is posted anew, not reversed."""

    entry_id: EntryId


class UnitsMakeNoSense(Refusal, frozen=True, kw_only=True):
    """{units} of {units_of} units cannot be taken back."""

    units: int
    units_of: int


class UnitsOfDiffer(Refusal, frozen=True, kw_only=True):
    """Part {part_id} was taken back as a part of {units_of} units before, not of {stated}."""

    part_id: UUID
    units_of: int
    stated: int


class ReversesTooMuch(Refusal, frozen=True, kw_only=True):
    """Only {units_left} units of part {part_id} are left to take back, not {units}."""

    part_id: UUID
    units: int
    units_left: int
