"""Commands of the ledger: open accounts, post entries, take parts back, each many with one outcome per item; cuts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import AccountId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.ledger import rules, store
from loopline.ledger.model import (
    Account,
    AccountAsk,
    CutNumber,
    EntryKind,
    LedgerBusy,
    NewEntry,
    PartReversal,
    Posted,
    Posting,
    Repeat,
    Reversed,
    ReversedPart,
    StoredPart,
)
from loopline.ledger.rules import PlannedEntry, PlannedReversal, StandingEntry


def open_accounts(conn: Conn, asks: Sequence[AccountAsk], *, now: datetime) -> list[Account]:
    """Return the account of each ask, opened where there is none. Asks may repeat; idempotent."""
    wanted = list(dict.fromkeys(asks))
    found = {account.ask: account for account in store.accounts_by_ask(conn, wanted)} if wanted else {}
    missing = sorted((ask for ask in wanted if ask not in found), key=_order_of_ask)
    if missing:
        store.add_accounts(conn, missing, ids=uuid7s(now, len(missing)), opened_at=now)
        found |= {account.ask: account for account in store.accounts_by_ask(conn, missing)}
    return [found[ask] for ask in asks]


def post_entries(conn: Conn, entries: Sequence[NewEntry]) -> list[Posted | Repeat | Refusal]:
    """Post entries, each whole or not at all. An entry whose key stands already is a repeat, or refused if it differs.

    Waits for a rival that posts one of the keys; locks no balance.
    """
    ids = {posting.account_id.int: posting.account_id for entry in entries for posting in entry.postings}
    accounts = (
        {account.id.int: account for account in store.accounts_by_id(conn, ids.values())} if ids else {}
    )
    plans = [rules.plan_entry(entry, accounts=accounts) for entry in entries]
    first = _first_of_each_key(plans)
    if not first:
        return [plan for plan in plans if isinstance(plan, Refusal)]
    written = store.add_entries(conn, list(first.values()))
    standing = {key: _standing(plan) for key, plan in first.items() if key in written}
    if taken := [key for key in first if key not in written]:
        standing |= {known.key: known for known in store.entries_by_key(conn, taken)}
    parts = [part for key, plan in first.items() if key in written for part in plan.parts]
    _write_parts(conn, parts)
    made = {id(plan) for key, plan in first.items() if key in written}
    return [_outcome(plan, standing=standing, is_made=id(plan) in made) for plan in plans]


def reverse_parts(conn: Conn, asks: Sequence[PartReversal]) -> list[Reversed | Repeat | Refusal]:
    """Take parts of entries back, each by an entry of its own that inverts the original's postings in proportion.

    Decided in the order given; several asks may name the same part. Each reversal posts the growth of the
    cumulative proportion (`kernel.proportion`), leg by leg, so any sequence of reversals ends where the reversal of
    the whole does. Raises UniqueViolation when a rival posts one of the keys at the same moment for another part:
    try again.
    """
    if not asks:
        return []
    originals = _originals(conn, asks)
    kinds = {known.id: known.kind for known in store.entries_by_id(conn, {ask.entry_id for ask in asks})}
    refused = [
        rules.refuse_reversal(
            ask, original=originals.get((ask.part_id, ask.entry_id), ()), kind=kinds.get(ask.entry_id)
        )
        for ask in asks
    ]
    fit = [ask for ask, refusal in zip(asks, refused, strict=True) if refusal is None]
    decided = iter(_reverse_fit(conn, fit, originals=originals))
    return [refusal if refusal is not None else next(decided) for refusal in refused]


def take_cut(conn: Conn) -> CutNumber | LedgerBusy:
    """Divide the ledger: every entry committed so far has a lower number, every one to come has this or a higher one.

    Waits until nobody posts, a second at a time, and lets those who came meanwhile go on in between; statements of
    this transaction that come afterwards see all that lies before the cut. What this transaction posted itself lies
    before it too. Takes effect even if the transaction is undone. The transaction is to be read committed, as writing
    ones are: an older snapshot would not see the last of what lies before. Refused where somebody has been posting for
    all of ten such seconds.
    """
    number = store.take_cut(conn)
    return LedgerBusy() if number is None else CutNumber(number)


def _reverse_fit(
    conn: Conn, asks: Sequence[PartReversal], *, originals: Mapping[store.PartOfEntry, list[StoredPart]]
) -> list[Reversed | Repeat | Refusal]:
    """Lock what the asks are about, decide one after the other, write all."""
    if not asks:
        return []
    standing = {known.key: known for known in store.entries_by_key(conn, [ask.key for ask in asks])}
    units_of = _units_of(asks, standing=standing)
    so_far = {(row.part_id, row.entry_id): row for row in store.lock_reversed_parts(conn, units_of)}
    # Once more, now that no rival can take back the same parts: the one we waited for may have done this very thing.
    standing |= {known.key: known for known in store.entries_by_key(conn, [ask.key for ask in asks])}
    planned: list[PlannedReversal] = []
    outcomes: list[Reversed | Repeat | Refusal] = []
    accounts = _accounts_of(conn, originals)
    for ask in asks:
        if (known := standing.get(ask.key)) is not None:
            outcomes.append(rules.same_or_taken(rules.hash_of_reversal(ask), standing=known))
            continue
        place = (ask.part_id, ask.entry_id)
        plan = rules.plan_reversal(ask, original=originals[place], so_far=so_far[place])
        if isinstance(plan, Refusal):
            outcomes.append(plan)
            continue
        planned.append(plan)
        so_far[place] = _grown(so_far[place], units=ask.units)
        standing[ask.key] = StandingEntry(
            id=ask.id, key=ask.key, kind=EntryKind.REVERSAL, content_hash=plan.content_hash
        )
        outcomes.append(_reversed(plan, accounts=accounts))
    _write_reversals(conn, planned)
    return outcomes


def _units_of(
    asks: Sequence[PartReversal], *, standing: Mapping[str, StandingEntry]
) -> dict[store.PartOfEntry, int]:
    """The parts to lock with the units they stand for: those of the first ask of each key that does not stand yet."""
    first = {ask.key: ask for ask in reversed(asks) if ask.key not in standing}
    return {(ask.part_id, ask.entry_id): ask.units_of for ask in first.values()}


def _originals(conn: Conn, asks: Sequence[PartReversal]) -> dict[store.PartOfEntry, list[StoredPart]]:
    wanted = list(dict.fromkeys((ask.part_id, ask.entry_id) for ask in asks))
    found: dict[store.PartOfEntry, list[StoredPart]] = {}
    for part in store.parts_of_entries(conn, wanted):
        found.setdefault((part.part_id, part.entry_id), []).append(part)
    return found


def _accounts_of(conn: Conn, originals: Mapping[store.PartOfEntry, list[StoredPart]]) -> dict[int, AccountId]:
    numbers = {number for parts in originals.values() for part in parts for number in part.account_numbers}
    return {account.number: account.id for account in store.accounts_by_number(conn, numbers)}


def _write_reversals(conn: Conn, planned: Sequence[PlannedReversal]) -> None:
    if not planned:
        return
    units: dict[store.PartOfEntry, int] = {}
    for plan in planned:
        place = (plan.reversal.part_id, plan.reversal.entry_id)
        units[place] = units.get(place, 0) + plan.reversal.units
    store.change_reversed_parts(conn, units)
    store.copy_reversal_entries(conn, planned)
    _write_parts(conn, [part for plan in planned for part in plan.parts])


def _write_parts(conn: Conn, parts: Sequence[StoredPart]) -> None:
    if parts:
        store.copy_parts(conn, parts)
        store.change_balances(conn, rules.balance_deltas(parts))


def _first_of_each_key(plans: Sequence[PlannedEntry | Refusal]) -> dict[str, PlannedEntry]:
    first: dict[str, PlannedEntry] = {}
    for plan in plans:
        if isinstance(plan, PlannedEntry):
            first.setdefault(plan.entry.key, plan)
    return first


def _standing(plan: PlannedEntry) -> StandingEntry:
    return StandingEntry(
        id=plan.entry.id, key=plan.entry.key, kind=plan.entry.kind, content_hash=plan.content_hash
    )


def _outcome(
    plan: PlannedEntry | Refusal, *, standing: Mapping[str, StandingEntry], is_made: bool
) -> Posted | Repeat | Refusal:
    """The item that made the standing entry posted it; all others repeat it or clash with it."""
    if isinstance(plan, Refusal):
        return plan
    if is_made:
        return Posted(entry_id=plan.entry.id)
    return rules.same_entry_or_taken(plan, standing=standing[plan.entry.key])


def _reversed(plan: PlannedReversal, *, accounts: Mapping[int, AccountId]) -> Reversed:
    ask = plan.reversal
    return Reversed(
        entry_id=ask.id,
        part_id=ask.part_id,
        units_reversed=plan.units_before + ask.units,
        postings=tuple(
            Posting(part_id=ask.part_id, account_id=accounts[number], amount_minor=amount_minor)
            for part in plan.parts
            for number, amount_minor in zip(part.account_numbers, part.amounts_minor, strict=True)
        ),
    )


def _grown(so_far: ReversedPart, *, units: int) -> ReversedPart:
    return msgspec.structs.replace(so_far, units_reversed=so_far.units_reversed + units)


def _order_of_ask(ask: AccountAsk) -> tuple[UUID, str, str, str]:
    return ask.entity_id, ask.purpose, ask.currency, str(ask.party_id or "")
