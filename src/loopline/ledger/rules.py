"""Decisions of the ledger: does an entry balance, and what does a reversal post."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from struct import Struct
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntryId
from loopline.kernel.proportion import proportion_between
from loopline.kernel.refusals import Refusal
from loopline.ledger.model import (
    Account,
    AccountUnknown,
    AmountTooLarge,
    EntryDoesNotBalance,
    EntryIsEmpty,
    EntryKind,
    KeyNotUsable,
    KeyTakenByOtherContent,
    NewEntry,
    PartReversal,
    PartUnknown,
    Repeat,
    ReversalIsFinal,
    ReversalsAreMadeFromParts,
    ReversedPart,
    ReversesTooMuch,
    StoredPart,
    UnitsMakeNoSense,
    UnitsOfDiffer,
)

AMOUNT_MINOR_MAX = 10**15
_KEY_LENGTH_MAX = 200
_HASH_BYTES = 16
_layouts: dict[int, Struct] = {}


class PlannedEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry that balances, as it will be written."""

    entry: NewEntry
    content_hash: bytes
    parts: list[StoredPart]


class StandingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an entry by its key."""

    id: EntryId
    key: str
    kind: EntryKind
    content_hash: bytes


class PlannedReversal(msgspec.Struct, frozen=True, kw_only=True):
    """A reversal of one part as it will be written; `parts` holds one row for each currency."""

    reversal: PartReversal
    content_hash: bytes
    units_before: int
    parts: list[StoredPart]


def plan_entry(entry: NewEntry, *, accounts: Mapping[int, Account]) -> PlannedEntry | Refusal:
    """Group the postings by part and currency, in order of first appearance, and refuse what does not balance.

    `accounts` are the open accounts by the integer of their id: hashing a UUID costs five times as much.
    """
    if (refusal := _refuse_head(entry)) is not None:
        return refusal
    grouped: dict[tuple[int, str], StoredPart] = {}
    part_id, currency, put_number, put_amount = None, "", list[int]().append, list[int]().append
    for posting in entry.postings:
        account = accounts.get(posting.account_id.int)
        if account is None:
            return AccountUnknown(key=entry.key, account_id=posting.account_id)
        if posting.part_id is not part_id or account.currency != currency:
            part_id, currency = posting.part_id, account.currency
            part = _part_in(grouped, entry.id, part_id, currency)
            put_number, put_amount = part.account_numbers.append, part.amounts_minor.append
        put_number(account.number)
        put_amount(posting.amount_minor)
    parts = list(grouped.values())
    if (amount_minor := _too_large(parts)) is not None:
        return AmountTooLarge(key=entry.key, amount_minor=amount_minor)
    if (off := next((part for part in parts if sum(part.amounts_minor)), None)) is not None:
        return EntryDoesNotBalance(
            key=entry.key, part_id=off.part_id, currency=off.currency, off_by_minor=sum(off.amounts_minor)
        )
    return PlannedEntry(entry=entry, content_hash=_hash_of_entry(entry, parts), parts=parts)


def _part_in(
    grouped: dict[tuple[int, str], StoredPart], entry_id: EntryId, part_id: UUID, currency: str
) -> StoredPart:
    group = (part_id.int, currency)
    part = grouped.get(group)
    if part is None:
        part = grouped[group] = StoredPart(
            entry_id=entry_id, part_id=part_id, currency=currency, account_numbers=[], amounts_minor=[]
        )
    return part


def _too_large(parts: Sequence[StoredPart]) -> int | None:
    """Return an amount that no account should carry, where there is one."""
    for part in parts:
        if max(part.amounts_minor) > AMOUNT_MINOR_MAX:
            return max(part.amounts_minor)
        if min(part.amounts_minor) < -AMOUNT_MINOR_MAX:
            return min(part.amounts_minor)
    return None


def _refuse_head(entry: NewEntry) -> Refusal | None:
    if not entry.postings:
        return EntryIsEmpty(key=entry.key)
    if entry.kind is EntryKind.REVERSAL:
        return ReversalsAreMadeFromParts(key=entry.key)
    return None if is_usable_key(entry.key) else KeyNotUsable()


def is_usable_key(key: str) -> bool:
    """Whether a text can name an entry: 1 to 200 printable characters."""
    return 0 < len(key) <= _KEY_LENGTH_MAX and key.isprintable()


def ending_key(opened_by: EntryKind, about: UUID) -> str:
    """Name the entry that ends what another left pending: however it ends, the key is one, and so it ends once."""
    return f"{opened_by.value}_end:{about}"


def same_or_taken(content_hash: bytes, *, standing: StandingEntry) -> Repeat | KeyTakenByOtherContent:
    """Judge an entry whose key is taken: the same again, or something else under the same name."""
    if content_hash == standing.content_hash:
        return Repeat(entry_id=standing.id)
    return KeyTakenByOtherContent(key=standing.key, entry_id=standing.id)


def same_entry_or_taken(plan: PlannedEntry, *, standing: StandingEntry) -> Repeat | KeyTakenByOtherContent:
    """Judge a planned entry whose key is taken, by its hash as it is made now or, for older entries, was made then."""
    if plan.content_hash != standing.content_hash and _hash_by_postings(plan.entry) == standing.content_hash:
        return Repeat(entry_id=standing.id)
    return same_or_taken(plan.content_hash, standing=standing)


def refuse_reversal(
    ask: PartReversal, *, original: Sequence[StoredPart], kind: EntryKind | None
) -> Refusal | None:
    """Refuse what no state of the part could allow. `original` are the part's rows, one for each currency."""
    if not is_usable_key(ask.key):
        return KeyNotUsable()
    if not 0 < ask.units <= ask.units_of:
        return UnitsMakeNoSense(units=ask.units, units_of=ask.units_of)
    if not original:
        return PartUnknown(entry_id=ask.entry_id, part_id=ask.part_id)
    if kind is EntryKind.REVERSAL:
        return ReversalIsFinal(entry_id=ask.entry_id)
    return None


def plan_reversal(
    ask: PartReversal, *, original: Sequence[StoredPart], so_far: ReversedPart
) -> PlannedReversal | Refusal:
    """Invert the growth of the part's proportion from what was taken back so far to `ask.units` more."""
    if so_far.units_of != ask.units_of:
        return UnitsOfDiffer(part_id=ask.part_id, units_of=so_far.units_of, stated=ask.units_of)
    units_left = so_far.units_of - so_far.units_reversed
    if ask.units > units_left:
        return ReversesTooMuch(part_id=ask.part_id, units=ask.units, units_left=units_left)
    before = so_far.units_reversed
    parts = [
        StoredPart(
            entry_id=ask.id,
            part_id=ask.part_id,
            currency=part.currency,
            account_numbers=part.account_numbers,
            amounts_minor=reversed_amounts(
                part.amounts_minor, before=before, after=before + ask.units, units_of=ask.units_of
            ),
        )
        for part in original
    ]
    return PlannedReversal(reversal=ask, content_hash=hash_of_reversal(ask), units_before=before, parts=parts)


def reversed_amounts(amounts_minor: Sequence[int], *, before: int, after: int, units_of: int) -> list[int]:
    """Return what a reversal posts, leg by leg, when the units taken back grow from `before` to `after`."""
    inverted: list[int] = []
    for leg in legs(amounts_minor):
        grown = proportion_between(leg, before=before, after=after, whole=units_of)
        inverted.extend(-amount for amount in grown)
    return inverted


def legs(amounts_minor: Sequence[int]) -> list[Sequence[int]]:
    """Cut balanced amounts wherever their running sum returns to zero.

    Each leg balances by itself and is rounded by itself. So the shares of a sale, posted after its money, are taken
    back exactly as the sharing room takes them back, which knows nothing of the money.
    """
    found: list[Sequence[int]] = []
    start = running = 0
    for position, amount in enumerate(amounts_minor, start=1):
        running += amount
        if running == 0:
            found.append(amounts_minor[start:position])
            start = position
    if running:
        raise ValueError(f"amounts are off by {running}")
    return found


def balance_deltas(parts: Sequence[StoredPart]) -> dict[int, tuple[int, int]]:
    """Sum parts by account: what its balance changes by, and by how many postings; in order of account number."""
    numbers = [number for part in parts for number in part.account_numbers]
    counts = Counter(numbers)
    amounts = dict.fromkeys(sorted(counts), 0)
    for part in parts:
        for number, amount_minor in zip(part.account_numbers, part.amounts_minor, strict=True):
            amounts[number] += amount_minor
    return {number: (amount_minor, counts[number]) for number, amount_minor in amounts.items()}


def hash_of_reversal(ask: PartReversal) -> bytes:
    """Hash what a reversal says; its own id and time are not part of it, so that a retry is the same."""
    said = (ask.subject, ask.entry_id, ask.part_id, ask.units, ask.units_of)
    return blake2b(msgspec.msgpack.encode(said), digest_size=_HASH_BYTES).digest()


def _hash_of_entry(entry: NewEntry, parts: Sequence[StoredPart]) -> bytes:
    """Hash what an entry says: its kind, its subject, and each part's numbers and amounts, with how many there are."""
    said = [entry.kind.value.encode(), entry.subject.int.to_bytes(16, "big")]
    for part in parts:
        count = len(part.amounts_minor)
        layout = _layouts.get(count)
        if layout is None:
            layout = _layouts[count] = Struct(f">i16s3s{count}i{count}q")
        part_id, currency = part.part_id.int.to_bytes(16, "big"), part.currency.encode()
        said.append(layout.pack(count, part_id, currency, *part.account_numbers, *part.amounts_minor))
    return blake2b(b"|".join(said), digest_size=_HASH_BYTES).digest()


def _hash_by_postings(entry: NewEntry) -> bytes:
    """Hash an entry as it was before parts were hashed as they are written."""
    said = (entry.kind, entry.subject, entry.postings)
    return blake2b(msgspec.msgpack.encode(said), digest_size=_HASH_BYTES).digest()
