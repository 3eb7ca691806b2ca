"""Money that members pay ahead, and what is left of it when they ask for it back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import org, stored_value
from loopline.customers.queries import known_members
from loopline.customers.refusals import MemberUnknown
from loopline.db import Conn, log
from loopline.kernel.ids import MemberId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org.queries import entities_by_id
from loopline.payments import shifts
from loopline.payments.cash import CARD_TERMINAL, CASH
from loopline.payments.shifts import MoveKind, Shift, ShiftNotOpen, TillMoney, hold_tills
from loopline.processes.shift import keep_in_shifts
from loopline.processes.stored_value.books import Booked, book
from loopline.processes.stored_value.telling import told_of
from loopline.stored_value import Account, CashOut, Kind, Moved, NewTopUp
from loopline.stored_value.refusals import CashOutNotOpen, NothingToPayOut, TopUpNotUsable

AT_TILLS = frozenset({CASH, CARD_TERMINAL})
"""How a till takes money ahead: what lies in its drawer, or went through its terminal."""


def take_ahead(conn: Conn, asked: Sequence[NewTopUp], *, now: datetime) -> list[Moved | Refusal]:
    """Take money that members pay ahead, and book it: one outcome each, the same again changes nothing.

    Locks the members' accounts.
    """
    members = known_members(conn, {one.member_id for one in asked})
    known = [one for one in asked if one.member_id in members]
    found = iter(stored_value.top_up(conn, known, now=now) if known else [])
    outcomes = [
        next(found) if one.member_id in members else MemberUnknown(member_id=one.member_id) for one in asked
    ]
    _settle(conn, [one for one in outcomes if isinstance(one, Moved)], now=now)
    return outcomes


class TopUpAtSite(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a member paid ahead at a site: to its company, in the currency of that company's books."""

    id: UUID
    member_id: MemberId
    site_code: str
    amount_minor: int
    method: str


def take_ahead_at_sites(
    conn: Conn, asked: Sequence[TopUpAtSite], *, scope: Scope, by: str, now: datetime
) -> list[Moved | Refusal]:
    """Take money ahead at sites of a scope: one outcome each, in the order asked. Locks the members' accounts."""
    sites = org.sites_by_code(conn, {one.site_code for one in asked})
    companies = entities_by_id(conn, {one.entity_id for one in sites.values()})
    going = {
        place: NewTopUp(
            id=one.id,
            member_id=one.member_id,
            entity_id=site.entity_id,
            currency=companies[site.entity_id].currency,
            amount_minor=one.amount_minor,
            method=one.method,
            at=now,
            by=by,
        )
        for place, one in enumerate(asked)
        if (site := sites.get(one.site_code)) is not None and scope.covers_site(site.id)
    }
    found = dict(zip(going, take_ahead(conn, list(going.values()), now=now), strict=True))
    return [found.get(place) or NotInYourBranch(subject=one.site_code) for place, one in enumerate(asked)]


def take_ahead_at_till(
    conn: Conn, asked: NewTopUp, *, till_id: UUID, site_id: SiteId, now: datetime
) -> Moved | Refusal:
    """Take money ahead at a till, into the shift that is open there; what was taken before stands when it is closed.

    Holds the till, then the member's accounts.
    """
    if asked.method not in AT_TILLS:
        return TopUpNotUsable(field="method")
    hold_tills(conn, [till_id])
    standing = shifts.last_shift(conn, till_id, scope=Scope(sites=frozenset({site_id})))
    is_known = bool(stored_value.movements_by_refs(conn, Kind.TOPPED_UP, [asked.id]))
    if not is_known and not _takes(standing, asked):
        return ShiftNotOpen()
    (outcome,) = take_ahead(conn, [asked], now=now)
    if isinstance(outcome, Moved) and not outcome.is_repeat:
        money = TillMoney(
            till_id=till_id,
            kind=MoveKind.TOP_UP,
            method=asked.method,
            currency=asked.currency,
            amount_minor=asked.amount_minor,
            source_id=asked.id,
            moved_by=asked.by,
            moved_at=now,
        )
        keep_in_shifts(conn, [money], now=now)
    return outcome


def _takes(standing: Shift | None, asked: NewTopUp) -> bool:
    return (
        standing is not None
        and standing.closed_at is None
        and (standing.entity_id, standing.currency) == (asked.entity_id, asked.currency)
    )


class CashOutAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Who shall have what is left of their own money with a company, and how it is paid. `id`: the same is one."""

    id: UUID
    account_id: UUID
    method: str


class CashOutDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether what somebody else asked to pay out is paid, or dropped."""

    id: UUID
    is_approved: bool


def pay_out(
    conn: Conn, asked: Sequence[CashOutAsk], *, scope: Scope, by: str, now: datetime
) -> list[CashOut | Refusal]:
    """Pay out what is left of members' own money; above a company's limit somebody else approves it first.

    One outcome each, for who has the whole brand. Locks the members' accounts.
    """
    if not scope.everything:
        return [NotInYourBranch(subject=str(one.account_id)) for one in asked]
    held = _held(conn, {one.account_id for one in asked})
    terms = stored_value.terms_in_force(conn, {one.entity_id for one in held.values()})

    def decide(one: CashOutAsk) -> CashOut | Refusal:
        account = held.get(one.account_id)
        if account is None:
            return NothingToPayOut()
        standing = terms.get((account.entity_id, account.currency))
        outcome = stored_value.ask_cash_out(
            conn,
            one.id,
            account,
            method=one.method,
            alone_minor=0 if standing is None else standing.alone_minor,
            by=by,
            now=now,
        )
        return _paid(conn, outcome, held, now=now)

    return [decide(one) for one in asked]


def decide_pay_out(
    conn: Conn, decisions: Sequence[CashOutDecision], *, scope: Scope, by: str, now: datetime
) -> list[CashOut | Refusal]:
    """Approve what somebody else asked to pay out, or drop it: one outcome each, for who has the whole brand.

    Locks the members' accounts.
    """
    if not scope.everything:
        return [NotInYourBranch(subject=str(one.id)) for one in decisions]
    asked = stored_value.cash_outs_by_ids(conn, {one.id for one in decisions})
    held = _held(conn, {one.account_id for one in asked.values()})

    def decide(one: CashOutDecision) -> CashOut | Refusal:
        known = asked.get(one.id)
        if known is None:
            return CashOutNotOpen()
        account = held[known.account_id]
        outcome = stored_value.decide_cash_out(
            conn, one.id, account, is_approved=one.is_approved, by=by, now=now
        )
        return _paid(conn, outcome, held, now=now)

    return [decide(one) for one in decisions]


def _held(conn: Conn, account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Lock all that the members have whose accounts these are; by their ids."""
    found = stored_value.accounts_by_ids(conn, account_ids) if account_ids else {}
    return stored_value.hold_accounts(conn, {one.member_id for one in found.values()})


def _paid(
    conn: Conn,
    outcome: tuple[CashOut, Moved | None] | Refusal,
    held: dict[UUID, Account],
    *,
    now: datetime,
) -> CashOut | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    cash_out, moved = outcome
    if moved is not None:
        held[moved.account.id] = moved.account
        _settle(conn, [moved], now=now)
    return cash_out


def end_bonuses(conn: Conn, member_ids: Sequence[MemberId], *, now: datetime) -> None:
    """End what was given beside money that is used up, of members who are forgotten. Locks their accounts."""
    held = stored_value.hold_accounts(conn, member_ids)
    _settle(conn, stored_value.end_bonuses(conn, held, now=now) if held else [], now=now)


def _settle(conn: Conn, moved: Sequence[Moved], *, now: datetime) -> None:
    new = [one for one in moved if not one.is_repeat]
    book(conn, [Booked(moved=one) for one in new], now=now)
    if new:
        log.append(conn, told_of(new, now=now))
