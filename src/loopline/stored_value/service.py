"""Commands of stored value: terms, top-ups, uses, what goes back, and what is paid out. None commits.

Whoever changes what members have holds their accounts since before (`hold_accounts`): all that a member has, several
members in the order of their ids. Decided one after the other, in the order given.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.stored_value import store
from loopline.stored_value.model import (
    Account,
    CashOut,
    CashOutState,
    Kind,
    Moved,
    Movement,
    NewGivenBack,
    NewTerms,
    NewTopUp,
    NewUse,
    Split,
    Terms,
    Use,
)
from loopline.stored_value.refusals import (
    CashOutByAnother,
    CashOutNotOpen,
    CashOutUnderWay,
    GivenBackTooMuch,
    NothingToPayOut,
    StoredValueNotOffered,
)
from loopline.stored_value.rules import (
    after,
    back_of,
    fault_of_terms,
    fault_of_top_up,
    said_otherwise,
    top_up_of,
    use_of,
)


def set_terms(conn: Conn, wanted: Sequence[NewTerms], *, by: str, now: datetime) -> list[Terms | Refusal]:
    """Set on which terms companies take money ahead from now on; what members have stays as it is."""
    outcomes = [fault_of_terms(one.terms, currency=one.currency) or one.terms for one in wanted]
    sound = [one for one, found in zip(wanted, outcomes, strict=True) if isinstance(found, Terms)]
    if sound:
        store.add_terms(conn, sound, by=by, now=now)
    return outcomes


def hold_accounts(conn: Conn, member_ids: Collection[MemberId]) -> dict[UUID, Account]:
    """Lock all that members have, by (member, company, currency); by their ids."""
    return store.lock_accounts(conn, member_ids) if member_ids else {}


def hold_accounts_of_uses(conn: Conn, use_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Lock all that those have who paid with these uses."""
    return hold_accounts(conn, store.members_of_uses(conn, use_ids) if use_ids else [])


def top_up(conn: Conn, asked: Sequence[NewTopUp], *, now: datetime) -> list[Moved | Refusal]:
    """Take money ahead: one outcome each. The same id with the same content is the top-up that stands.

    Opens accounts and locks them.
    """
    faults = [fault_of_top_up(one) for one in asked]
    sound = [one for one, fault in zip(asked, faults, strict=True) if fault is None]
    if not sound:
        return [fault for fault in faults if fault is not None]
    terms = store.terms_in_force(conn, {one.entity_id for one in sound})
    offered = {key for key, one in terms.items() if one.is_offered}
    wanted = [one for one in sound if (one.entity_id, one.currency) in offered]
    store.open_accounts(conn, ((one.member_id, one.entity_id, one.currency) for one in wanted), now=now)
    held = hold_accounts(conn, {one.member_id for one in sound})
    by_key = {(one.member_id, one.entity_id, one.currency): one.id for one in held.values()}
    desk = _Desk(conn, held, Kind.TOPPED_UP, [one.id for one in sound])

    def decide(one: NewTopUp) -> Moved | Refusal:
        known = desk.known.get(one.id)
        if known is not None:
            return said_otherwise(one, known, desk.account_of(known)) or desk.repeat(known)
        account_id = by_key.get((one.member_id, one.entity_id, one.currency))
        if account_id is None:
            return StoredValueNotOffered()
        account = desk.held[account_id]
        added = top_up_of(terms.get((one.entity_id, one.currency)), account, one.amount_minor)
        if isinstance(added, Refusal):
            return added
        return desk.move(account, added, ref=one.id, at=one.at, by=one.by, method=one.method)

    outcomes = [fault or decide(one) for one, fault in zip(asked, faults, strict=True)]
    desk.write()
    return outcomes


def use(conn: Conn, asked: Sequence[NewUse], held: dict[UUID, Account]) -> list[Moved | Refusal]:
    """Pay orders with what members have: one outcome each. The same id is the use that stands.

    `held`: the accounts, as they were locked.
    """
    desk = _Desk(conn, held, Kind.USED, [one.id for one in asked])
    uses: list[Use] = []

    def decide(one: NewUse) -> Moved | Refusal:
        if (known := desk.known.get(one.id)) is not None:
            return desk.repeat(known)
        account = desk.held[one.account_id]
        taken = use_of(account, one.amount_minor)
        if isinstance(taken, Refusal):
            return taken
        uses.append(
            Use(
                id=one.id,
                account_id=account.id,
                order_id=one.order_id,
                amount_minor=one.amount_minor,
                bonus_minor=taken.bonus_minor,
            )
        )
        return desk.move(account, _less(taken), ref=one.id, at=one.at, by=one.by, order_id=one.order_id)

    outcomes = [decide(one) for one in asked]
    desk.write()
    if uses:
        store.add_uses(conn, uses)
    return outcomes


def give_back(conn: Conn, asked: Sequence[NewGivenBack], held: dict[UUID, Account]) -> list[Moved | Refusal]:
    """Give back what orders were paid with, to where it came from: one outcome each, the same id once.

    `held`: the accounts, as they were locked.
    """
    desk = _Desk(conn, held, Kind.GIVEN_BACK, [one.id for one in asked])
    uses = store.uses_by_ids(conn, {one.use_id for one in asked})
    backs: dict[UUID, Split] = {}

    def decide(one: NewGivenBack) -> Moved | Refusal:
        if (known := desk.known.get(one.id)) is not None:
            return desk.repeat(known)
        used = uses.get(one.use_id)
        left = used.amount_minor - used.back_minor if used is not None else 0
        if used is None or not 0 < one.amount_minor <= left:
            return GivenBackTooMuch(use_id=one.use_id, left_minor=left, amount_minor=one.amount_minor)
        back = back_of(used, one.amount_minor)
        uses[used.id] = msgspec.structs.replace(
            used,
            back_minor=used.back_minor + one.amount_minor,
            back_bonus_minor=used.back_bonus_minor + back.bonus_minor,
        )
        backs[used.id] = _sum(backs.get(used.id), back)
        account = desk.held[used.account_id]
        return desk.move(account, back, ref=one.id, at=one.at, by=one.by, order_id=one.order_id)

    outcomes = [decide(one) for one in asked]
    desk.write()
    if backs:
        store.add_back(conn, backs)
    return outcomes


def ask_cash_out(  # noqa: PLR0913 - what, how, by whom, and who may alone
    conn: Conn, cash_out_id: UUID, account: Account, *, method: str, alone_minor: int, by: str, now: datetime
) -> tuple[CashOut, Moved | None] | Refusal:
    """Pay out what is left of a member's own money; above `alone_minor` write it down for somebody else to approve.

    What was given beside it ends then. The same id is what stands. The caller has the account.
    """
    known = store.cash_outs_by_ids(conn, [cash_out_id]).get(cash_out_id)
    if known is not None:
        return (known, None) if known.account_id == account.id else CashOutNotOpen()
    if not account.principal_minor:
        return NothingToPayOut()
    if store.open_cash_outs(conn, [account.id]):
        return CashOutUnderWay()
    new = CashOut(
        id=cash_out_id,
        account_id=account.id,
        method=method,
        state=CashOutState.ASKED,
        amount_minor=account.principal_minor,
        asked_at=now,
        asked_by=by,
    )
    if account.principal_minor > alone_minor:
        store.add_cash_out(conn, new)
        return new, None
    paid = msgspec.structs.replace(new, state=CashOutState.PAID, decided_at=now, decided_by=by)
    store.add_cash_out(conn, paid)
    return paid, _pay_out(conn, account, paid, by=by, now=now)


def decide_cash_out(  # noqa: PLR0913 - which, and what somebody decides
    conn: Conn, cash_out_id: UUID, account: Account, *, is_approved: bool, by: str, now: datetime
) -> tuple[CashOut, Moved | None] | Refusal:
    """Approve what somebody else asked for, and pay what is left then; or drop it. The caller has the account."""
    asked = store.cash_outs_by_ids(conn, [cash_out_id]).get(cash_out_id)
    if asked is None or asked.account_id != account.id:
        return CashOutNotOpen()
    state = CashOutState.PAID if is_approved else CashOutState.DROPPED
    if asked.state is not CashOutState.ASKED:
        is_same = (asked.state, asked.decided_by) == (state, by)
        return (asked, None) if is_same else CashOutNotOpen()
    if is_approved and asked.asked_by == by:
        return CashOutByAnother()
    if is_approved and not account.principal_minor:
        return NothingToPayOut()
    amount_minor = account.principal_minor if is_approved else asked.amount_minor
    decided = msgspec.structs.replace(
        asked, state=state, amount_minor=amount_minor, decided_at=now, decided_by=by
    )
    store.decide_cash_out(conn, asked.id, state, amount_minor=amount_minor, by=by, now=now)
    return decided, _pay_out(conn, account, decided, by=by, now=now) if is_approved else None


def _pay_out(conn: Conn, account: Account, paid: CashOut, *, by: str, now: datetime) -> Moved:
    desk = _Desk(conn, {account.id: account}, Kind.PAID_OUT, [])
    all_of_it = Split(principal_minor=-account.principal_minor, bonus_minor=-account.bonus_minor)
    moved = desk.move(account, all_of_it, ref=paid.id, at=now, by=by, method=paid.method)
    desk.write()
    return moved


def end_bonuses(conn: Conn, held: dict[UUID, Account], *, now: datetime) -> list[Moved]:
    """End what was given beside money that is used up, of members who are forgotten; `held`: their accounts."""
    desk = _Desk(conn, held, Kind.ENDED, [])
    theirs = [one for one in held.values() if one.bonus_minor and not one.principal_minor]
    ended = [
        desk.move(one, Split(principal_minor=0, bonus_minor=-one.bonus_minor), ref=ref, at=now, by="system")
        for one, ref in zip(theirs, uuid7s(now, len(theirs)), strict=True)
    ]
    desk.write()
    return ended


class _Desk:
    """Accounts that are held, and what happens to them now, until it is written."""

    def __init__(self, conn: Conn, held: dict[UUID, Account], kind: Kind, refs: Sequence[UUID]) -> None:
        self._conn = conn
        self._kind = kind
        self._made: list[Movement] = []
        self.held = held
        self.known = store.movements_by_refs(conn, kind, refs) if refs else {}
        strangers = {one.account_id for one in self.known.values()} - held.keys()
        self._others = store.accounts_by_ids(conn, strangers) if strangers else {}

    def account_of(self, movement: Movement) -> Account:
        """Return the account of a movement; of one that stood before it may be another than those held."""
        found = self.held.get(movement.account_id)
        return found if found is not None else self._others[movement.account_id]

    def repeat(self, known: Movement) -> Moved:
        return Moved(movement=known, account=self.account_of(known), is_repeat=True)

    def move(  # noqa: PLR0913 - what happened, to what, by whom and why
        self,
        account: Account,
        by_how_much: Split,
        *,
        ref: UUID,
        at: datetime,
        by: str,
        method: str = "",
        order_id: OrderId | None = None,
    ) -> Moved:
        made = Movement(
            kind=self._kind,
            ref=ref,
            account_id=account.id,
            principal_minor=by_how_much.principal_minor,
            bonus_minor=by_how_much.bonus_minor,
            at=at,
            by=by,
            method=method,
            order_id=order_id,
        )
        self._made.append(made)
        self.known[ref] = made
        self.held[account.id] = after(account, made)
        return Moved(movement=made, account=self.held[account.id])

    def write(self) -> None:
        if not self._made:
            return
        changes: dict[UUID, Split] = {}
        for one in self._made:
            changes[one.account_id] = _sum(
                changes.get(one.account_id),
                Split(principal_minor=one.principal_minor, bonus_minor=one.bonus_minor),
            )
        store.add_movements(self._conn, self._made)
        store.change_accounts(self._conn, changes)


def _less(one: Split) -> Split:
    return Split(principal_minor=-one.principal_minor, bonus_minor=-one.bonus_minor)


def _sum(one: Split | None, other: Split) -> Split:
    if one is None:
        return other
    return Split(
        principal_minor=one.principal_minor + other.principal_minor,
        bonus_minor=one.bonus_minor + other.bonus_minor,
    )
