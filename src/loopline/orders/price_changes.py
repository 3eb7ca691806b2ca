"""Prices changed at tills: asked for where somebody may not give them alone, and kept with the lines sold so.

What a till sells for less than it costs at that moment has a row here, whatever the reason: nothing of it is silent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, statements, uuids
from loopline.kernel.ids import LineId, OrderId, PersonId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

SQL = statements(__file__)
ASK_WAITS = timedelta(minutes=15)
"""So long somebody may decide on a price that a customer waits for."""
APPROVAL_HOLDS = timedelta(minutes=30)
"""So long after it was approved goods may be rung up at a price."""
NOTE_MOST = 200


class PriceReason(StrEnum):
    """Why a price was changed at a till; `not_in_book`: the till did not know one, and it was typed."""

    DAMAGED = "damaged"
    LAST_PIECE = "last_piece"
    WRONG_LABEL = "wrong_label"
    GOODWILL = "goodwill"
    LARGE_SALE = "large_sale"
    NOT_IN_BOOK = "not_in_book"


class PriceStanding(StrEnum):
    """How a line came to be sold for less; `read_earlier`: at a price that its till had read, nobody gave anything."""

    ALONE = "alone"
    APPROVED = "approved"
    READ_EARLIER = "read_earlier"
    NOT_ALLOWED = "not_allowed"


class AskState(StrEnum):
    """Where a price that was asked for stands; what is approved and was sold so is used, what lapsed is too late."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    USED = "used"


class NewPriceAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a till wants to sell units of a SKU for less than they may alone."""

    id: UUID
    till_id: UUID
    site_id: SiteId
    sku_id: SkuId
    units: int
    currency: str
    before_minor: int
    unit_minor: int
    reason: PriceReason
    asked_by: PersonId


class PriceAsk(NewPriceAsk, frozen=True, kw_only=True):
    """What was asked for, as it stands. `note` says why it was declined; it has an order once it was sold so."""

    asked_at: datetime
    withdrawn_at: datetime | None
    decided_by: PersonId | None
    decided_at: datetime | None
    is_approved: bool | None
    note: str | None
    order_id: OrderId | None

    def state(self, now: datetime) -> AskState:
        """Return where it stands at a moment."""
        if self.order_id is not None:
            return AskState.USED
        if self.is_approved is False:
            return AskState.DECLINED
        if self.withdrawn_at is not None:
            return AskState.WITHDRAWN
        if now > self.good_until:
            return AskState.LAPSED
        return AskState.APPROVED if self.is_approved else AskState.OPEN

    @property
    def good_until(self) -> datetime:
        """Until when it may be decided on; once it is approved, until when goods may be rung up so. Included."""
        return self.decided_at + APPROVAL_HOLDS if self.decided_at is not None else self.asked_at + ASK_WAITS


class PriceAskKept(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for or decided on, as it stands; `is_repeat` where that was said before."""

    ask: PriceAsk
    is_repeat: bool


class NewPriceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was sold for less; `before_minor` is what a unit cost, of several prices that held the least."""

    line_id: LineId
    order_id: OrderId
    site_id: SiteId
    sku_id: SkuId
    units: int
    currency: str
    before_minor: int
    unit_minor: int
    standing: PriceStanding
    reason: PriceReason | None
    changed_by: PersonId
    changed_at: datetime
    approved_by: PersonId | None = None
    ask_id: UUID | None = None


class PriceChange(NewPriceChange, frozen=True, kw_only=True):
    """A changed price as lists show it: with the short number of its order and the code of what was sold."""

    running_number: int
    code: str


class PriceSum(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody gave away at a site; `lines` were sold for less, of which `not_allowed` without being allowed to.

    At prices that a till had read earlier nobody gave anything away: these lines are not in it.
    """

    site_id: SiteId
    changed_by: PersonId
    currency: str
    lines: int
    approved: int
    not_allowed: int
    given_minor: int


class ChangesAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Changed prices from `start`, included, to `end`, excluded; of one standing, or of all."""

    start: datetime
    end: datetime
    standing: PriceStanding | None = None
    before: tuple[datetime, LineId] | None = None
    at_most: int = 100


class PriceAskUnknown(Refusal, frozen=True, kw_only=True):
    """Nobody asked for such a price here."""


class PriceAskDecided(Refusal, frozen=True, kw_only=True):
    """Somebody decided on this price before."""


class PriceAskTaken(Refusal, frozen=True, kw_only=True):
    """This number stands for another price that was asked for."""


class PriceNobodyWaitsFor(Refusal, frozen=True, kw_only=True):
    """Nobody waits for this price any more."""


class NotByOneself(Refusal, frozen=True, kw_only=True):
    """A price beyond one's own limit is approved by somebody else."""


class DeclinedWithoutWhy(Refusal, frozen=True, kw_only=True):
    """Say why the price is declined, in at most {most} characters: whoever asked reads it."""

    most: int = NOTE_MOST


class DecideOnPrice(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's word on a price that was asked for; declining says why."""

    ask_id: UUID
    is_approved: bool
    by: PersonId
    note: str = ""


def add_price_ask(conn: Conn, wanted: NewPriceAsk, *, now: datetime) -> PriceAskKept | Refusal:
    """Ask for a price; the same again is the one that was asked for."""
    fields = msgspec.structs.asdict(wanted) | {"reason": wanted.reason.value}
    added = execute(conn, SQL["add_price_ask"], **fields, now=now)
    (standing,) = _asks(conn, [wanted.id])
    is_same = all(getattr(standing, name) == getattr(wanted, name) for name in NewPriceAsk.__struct_fields__)
    return PriceAskKept(ask=standing, is_repeat=not added) if is_same else PriceAskTaken()


def price_asks_by_id(conn: Conn, ask_ids: Iterable[UUID], *, scope: Scope) -> list[PriceAsk]:
    """Return what was asked for at sites of a scope, by id; what is not there is left out."""
    return _asks(conn, ask_ids, scope)


def open_price_asks(conn: Conn, *, scope: Scope, now: datetime, at_most: int) -> list[PriceAsk]:
    """Return what waits for a word at sites of a scope, the first asked first."""
    return fetch(
        conn,
        SQL["open_price_asks"],
        PriceAsk,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        since=now - ASK_WAITS,
        at_most=at_most,
    )


def withdraw_price_ask(conn: Conn, ask_id: UUID, *, scope: Scope, now: datetime) -> PriceAsk | Refusal:
    """Wait for a price no more; what somebody decided on meanwhile stays as it is. Locks the row."""
    execute(
        conn,
        SQL["withdraw_price_ask"],
        ask_id=ask_id,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        now=now,
    )
    found = _asks(conn, [ask_id], scope)
    return found[0] if found else PriceAskUnknown()


def decide_price_ask(
    conn: Conn, word: DecideOnPrice, *, scope: Scope, now: datetime
) -> PriceAskKept | Refusal:
    """Approve a price or decline it, as a second person; the first word stands, and the same again is that word.

    Locks the row.
    """
    note = word.note.strip()
    if not word.is_approved and not 0 < len(note) <= NOTE_MOST:
        return DeclinedWithoutWhy()
    found = fetch_one(
        conn,
        SQL["lock_price_ask"],
        PriceAsk,
        ask_id=word.ask_id,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
    )
    if found is None:
        return PriceAskUnknown()
    if found.asked_by == word.by:
        return NotByOneself()
    if found.is_approved is not None:
        is_same = (found.is_approved, found.decided_by) == (word.is_approved, word.by)
        return PriceAskKept(ask=found, is_repeat=True) if is_same else PriceAskDecided()
    if found.state(now) is not AskState.OPEN:
        return PriceNobodyWaitsFor()
    note = "" if word.is_approved else note
    execute(
        conn,
        SQL["decide_price_ask"],
        ask_id=word.ask_id,
        is_approved=word.is_approved,
        by=word.by,
        note=note,
        now=now,
    )
    decided = msgspec.structs.replace(
        found, is_approved=word.is_approved, decided_by=word.by, decided_at=now, note=note
    )
    return PriceAskKept(ask=decided, is_repeat=False)


def lock_price_asks(conn: Conn, ask_ids: Iterable[UUID]) -> dict[UUID, PriceAsk]:
    """Return what was asked for, to be used by a sale. Locks the rows, in the order of their ids."""
    wanted = set(ask_ids)
    found = fetch(conn, SQL["lock_price_asks"], PriceAsk, ask_ids=uuids(wanted)) if wanted else []
    return {one.id: one for one in found}


def keep_price_changes(conn: Conn, changes: Sequence[NewPriceChange], *, now: datetime) -> None:
    """Keep which lines were sold for less, and use up what was approved for them. The caller has locked the latter."""
    if not changes:
        return
    execute(
        conn,
        SQL["keep_price_changes"],
        line_ids=[one.line_id for one in changes],
        order_ids=[one.order_id for one in changes],
        site_ids=[one.site_id for one in changes],
        sku_ids=[one.sku_id for one in changes],
        units=[one.units for one in changes],
        currencies=[one.currency for one in changes],
        befores_minor=[one.before_minor for one in changes],
        units_minor=[one.unit_minor for one in changes],
        standings=[one.standing.value for one in changes],
        reasons=[one.reason.value if one.reason is not None else None for one in changes],
        changed_by=[one.changed_by for one in changes],
        changed_at=[one.changed_at for one in changes],
        approved_by=[one.approved_by for one in changes],
        ask_ids=[one.ask_id for one in changes],
        now=now,
    )
    used = [one for one in changes if one.ask_id is not None]
    if used:
        execute(
            conn,
            SQL["use_price_asks"],
            ask_ids=[one.ask_id for one in used],
            order_ids=[one.order_id for one in used],
        )


def price_changes_page(conn: Conn, ask: ChangesAsk, *, scope: Scope) -> list[PriceChange]:
    """Return lines of a scope's sites that were sold for less, the latest first; `before` goes on after a page."""
    at, line_id = ask.before if ask.before is not None else (None, None)
    return fetch(
        conn,
        SQL["price_changes_page"],
        PriceChange,
        start=ask.start,
        end=ask.end,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        standing=ask.standing.value if ask.standing is not None else None,
        before_at=at,
        before_line_id=line_id,
        at_most=ask.at_most,
    )


def price_sums(conn: Conn, ask: ChangesAsk, *, scope: Scope) -> list[PriceSum]:
    """Return what each person gave away at each of a scope's sites, who gave most first; of every standing."""
    return fetch(
        conn,
        SQL["price_sums"],
        PriceSum,
        start=ask.start,
        end=ask.end,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
    )


def price_changes_of_order(conn: Conn, order_id: OrderId) -> list[NewPriceChange]:
    """Return the lines of an order that were sold for less, in the order they were written."""
    return fetch(conn, SQL["price_changes_of_order"], NewPriceChange, order_id=order_id)


def _asks(conn: Conn, ask_ids: Iterable[UUID], scope: Scope | None = None) -> list[PriceAsk]:
    return fetch(
        conn,
        SQL["price_asks_by_id"],
        PriceAsk,
        ask_ids=uuids(ask_ids),
        everything=scope is None or scope.everything,
        site_ids=uuids(scope.sites if scope is not None else ()),
    )
