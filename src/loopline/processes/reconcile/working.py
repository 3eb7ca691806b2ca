"""Bills taken in and differences worked off, for those companies that somebody may see."""

from collections.abc import Sequence
from datetime import datetime

from loopline import bills
from loopline.bills import (
    Act,
    Action,
    BillTaken,
    BillTakenIn,
    Correction,
    Difference,
    DifferenceId,
    DifferenceSettled,
    NewSource,
    ReadBill,
    Source,
    SourceUnknown,
)
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import EntityId, EntryId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.org import lists as org_lists
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted

_COMPANIES_MAX = 10_000
_AGAINST = {
    Correction.FEE: (Purpose.PAYMENT_FEE, EntryKind.FEE),
    Correction.ADJUSTMENT: (Purpose.ADJUSTMENT, EntryKind.ADJUSTMENT),
    Correction.LOSS: (Purpose.BAD_DEBT, EntryKind.ADJUSTMENT),
}


def companies_in(conn: Conn, scope: Scope) -> list[EntityId] | None:
    """Return the companies whose bills lie in scope; None is every company."""
    if scope.everything:
        return None
    asked = org_lists.PageAsk(at_most=_COMPANIES_MAX)
    return [one.id for one in org_lists.entities_page(conn, asked, scope=scope)]


def source_in(conn: Conn, code: str, *, scope: Scope) -> Source | Refusal:
    """Return a source by its code; one of another branch reads as none."""
    found = bills.sources_of(conn, companies_in(conn, scope), codes=[code])
    return found[0] if found else SourceUnknown(source=code)


def keep_sources(
    conn: Conn, new: Sequence[NewSource], *, scope: Scope, by: str, now: datetime
) -> list[Source | Refusal]:
    """Keep sources of companies in scope, one outcome each."""
    mine = companies_in(conn, scope)
    allowed = [one for one in new if mine is None or one.entity_id in mine]
    saved = iter(bills.save_sources(conn, allowed, by=by, now=now))
    return [
        next(saved) if mine is None or one.entity_id in mine else NotInYourBranch(subject=one.code)
        for one in new
    ]


def take_in_bill(conn: Conn, source: Source, read: ReadBill, *, by: str, now: datetime) -> BillTaken:
    """Take in a file that was read whole, and tell the log; the same bytes again are the bill they were."""
    taken = bills.take_in(conn, source, read, by=by, now=now)
    if not taken.is_repeat:
        bill = taken.bill
        body = BillTakenIn(
            source_id=source.id,
            bill_id=bill.id,
            entity_id=source.entity_id,
            currency=source.currency,
            lines=bill.lines,
            amount_minor=bill.amount_minor,
            first_day=bill.first_day,
            last_day=bill.last_day,
        )
        log.append(conn, [event(body, subject=source.id, at=now, actor=by)])
    return taken


def work_differences(
    conn: Conn, acts: Sequence[Act], *, scope: Scope, by: str, now: datetime
) -> list[Difference | Refusal]:
    """Do what somebody decided with differences, one outcome each; a correction posts its entry.

    Locks differences by id, then keys of entries.
    """
    mine = companies_in(conn, scope)
    locked = bills.lock_differences(conn, [one.difference_id for one in acts], entity_ids=mine)
    outcomes = bills.decide(locked, acts)
    settled = [one for one in outcomes if isinstance(one, Difference)]
    corrected = {
        one.id: one
        for one, act in zip(outcomes, acts, strict=True)
        if isinstance(one, Difference) and act.action is Action.CORRECT
    }
    entries = _post_corrections(conn, list(corrected.values()), now=now) if corrected else {}
    written = {one.id: one for one in bills.write_settled(conn, settled, entries, by=by, now=now)}
    told = [
        event(
            DifferenceSettled(
                difference_id=one.id,
                source_id=one.source_id,
                kind=one.kind,
                state=one.state,
                amount_minor=one.amount_minor,
                entry_id=one.entry_id,
            ),
            subject=one.id,
            at=now,
            actor=by,
        )
        for one in written.values()
        if one.state is not locked[one.id].state
    ]
    log.append(conn, told)
    return [one if isinstance(one, Refusal) else written[one.id] for one in outcomes]


def _post_corrections(
    conn: Conn, corrected: Sequence[Difference], *, now: datetime
) -> dict[DifferenceId, EntryId]:
    """Post what the books lack: where the source's money is kept, against what the correction says it was."""
    sources = {one.id: one for one in bills.sources_of(conn, None)}
    accounts = Accounts(conn, now=now)
    planned: list[tuple[Difference, EntryKind, Slot, Slot]] = []
    for one in corrected:
        assert one.correction is not None, "a correction says what the money was (refused before)"
        source = sources[one.source_id]
        against, kind = _AGAINST[one.correction]
        planned.append(
            (
                one,
                kind,
                accounts.ask(source.entity_id, Purpose(source.account), source.currency),
                accounts.ask(source.entity_id, against, source.currency),
            )
        )
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=kind,
            subject=one.id,
            at=now,
            key=f"difference:{one.id}",
            postings=(
                Posting(part_id=one.id, account_id=accounts.id_of(money), amount_minor=one.amount_minor),
                Posting(part_id=one.id, account_id=accounts.id_of(other), amount_minor=-one.amount_minor),
            ),
        )
        for (one, kind, money, other), entry_id in zip(planned, uuid7s(now, len(planned)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
    return {one.id: entry.id for (one, _, _, _), entry in zip(planned, entries, strict=True)}


def names_of_companies(conn: Conn, sources: Sequence[Source]) -> dict[EntityId, str]:
    """Return the codes of the companies of sources."""
    return org_lists.entity_codes(conn, {one.entity_id for one in sources})
