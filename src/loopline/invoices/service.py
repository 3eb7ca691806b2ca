"""Commands of invoices, each many with one outcome per item: wishes, documents, claims, what platforms report."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn
from loopline.invoices import rules, store
from loopline.invoices.model import (
    Document,
    DocumentId,
    DocumentKind,
    DocumentState,
    EarnedLine,
    GoodsCode,
    NewDocument,
    NewWish,
    Stop,
    Wish,
    WishId,
)
from loopline.invoices.port import InvoiceReport
from loopline.invoices.refusals import WishNotStopped, WishUnknown
from loopline.invoices.store import Entities, WishChange
from loopline.kernel.ids import OrderId, uuid7s
from loopline.kernel.refusals import Refusal

LEASE = timedelta(minutes=2)
"""How long a claim holds: longer than a call, and the calls beside it, can last."""
_UNDER_WAY_LOOKS_AGAIN = timedelta(hours=6)
"""Events wake a wish long before: this is for the one that was missed."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What looking at a wish led to: a document, a stop, or nothing because all is invoiced."""

    wish: Wish
    document_id: DocumentId | None = None
    stopped: Stop | None = None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What reports changed: documents that were issued now, and wishes that were stopped by a refusal."""

    issued: tuple[Document, ...]
    stopped: tuple[Wish, ...]
    wishes: Mapping[WishId, Wish]


def set_goods_codes(
    conn: Conn, codes: Sequence[GoodsCode], *, by: str, now: datetime
) -> list[GoodsCode | Refusal]:
    """Set the tax authority's codes of goods. Of one category named twice the last holds."""
    outcomes = [rules.refusal_of_goods_code(one) or one for one in codes]
    fit = {(one.kind, one.category): one for one in outcomes if not isinstance(one, Refusal)}
    if fit:
        store.put_goods_codes(conn, list(fit.values()), by=by, now=now)
    return outcomes


def wish(conn: Conn, wishes: Sequence[NewWish], *, by: str, now: datetime) -> list[WishId | Refusal]:
    """Keep wishes; of one that stands the buyer is set anew, and what stood in its way is forgotten.

    Of two of the same order and seller the last holds. Locks those that stand by id, then writes the new ones.
    """
    refusals = [rules.refusal_of_currency(one.currency) for one in wishes]
    fit = {
        (one.order_id, one.entity_id): one
        for one, refusal in zip(wishes, refusals, strict=True)
        if refusal is None
    }
    ids = [WishId(made) for made in uuid7s(now, len(fit))]
    written = store.put_wishes(conn, dict(zip(ids, fit.values(), strict=True)), by=by, now=now) if fit else {}
    return [
        refusal if refusal is not None else written[one.order_id, one.entity_id]
        for one, refusal in zip(wishes, refusals, strict=True)
    ]


def look_again(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    """Something happened to orders: look at their wishes again; returns how many there are. Locks them by id."""
    return store.look_again(conn, order_ids, now=now) if order_ids else 0


def try_again(
    conn: Conn, wish_ids: Sequence[WishId], *, entities: Entities, now: datetime
) -> list[WishId | Refusal]:
    """Forget what stood in the way of wishes, as somebody mended it. Locks them by id."""
    known = {one.id for one in store.wishes_by_ids(conn, wish_ids) if _is_among(one, entities)}
    done = store.try_again(conn, wish_ids, entities=entities, now=now)
    return [
        one if one in done else WishNotStopped(wish_id=one) if one in known else WishUnknown(wish_id=one)
        for one in wish_ids
    ]


def _is_among(found: Wish, entities: Entities) -> bool:
    return entities is None or found.entity_id in entities


def lock_to_look_at(conn: Conn, *, limit: int, now: datetime) -> list[Wish]:
    """Lock wishes that are due to be looked at; passes by those that a rival holds."""
    return store.lock_to_look_at(conn, limit=limit, now=now)


def make_documents(
    conn: Conn,
    wishes: Sequence[Wish],
    earned: Mapping[WishId, Sequence[EarnedLine] | Stop | None],
    *,
    now: datetime,
) -> list[Made]:
    """Make out the one document that comes next for each wish, which the caller holds.

    `earned` is what was earned by now; None where that cannot be said yet, because something of the order is under way;
    a stop where none can be made out. A document is asked for by whoever claims it.
    """
    of_wishes: dict[WishId, list[Document]] = {}
    for document in store.documents_of_wishes(conn, [one.id for one in wishes]) if wishes else ():
        of_wishes.setdefault(document.wish_id, []).append(document)
    planned = [_planned(one, earned[one.id], of_wishes.get(one.id, ())) for one in wishes]
    new = [one for one in planned if isinstance(one, NewDocument)]
    ids = dict(zip((one.wish_id for one in new), map(DocumentId, uuid7s(now, len(new))), strict=True))
    if new:
        store.insert_documents(conn, {ids[one.wish_id]: one for one in new}, now=now)
    changes = [
        WishChange(
            wish_id=one.id,
            look_at=now + _UNDER_WAY_LOOKS_AGAIN if earned[one.id] is None else None,
            stopped=plan if isinstance(plan, Stop) else None,
        )
        for one, plan in zip(wishes, planned, strict=True)
    ]
    if changes:
        store.change_wishes(conn, changes)
    return [
        Made(wish=one, document_id=ids.get(one.id), stopped=plan if isinstance(plan, Stop) else None)
        for one, plan in zip(wishes, planned, strict=True)
    ]


def _planned(
    found: Wish, earned: Sequence[EarnedLine] | Stop | None, documents: Sequence[Document]
) -> NewDocument | Stop | None:
    if earned is None or isinstance(earned, Stop):
        return earned
    return rules.next_document(found, earned, documents)


def claim_documents(conn: Conn, *, limit: int, now: datetime) -> list[Document]:
    """Take documents that are due; commit, then ask the platform for each, then apply what it says.

    A claim holds for `LEASE`: what nobody reported by then is claimed again, and asked after before it is sent again.
    """
    ids = store.claim_documents(conn, limit=limit, now=now, lease_until=now + LEASE)
    return store.documents_by_ids(conn, ids) if ids else []


def hear_notices(conn: Conn, numbers: Collection[str], *, now: datetime) -> int:
    """Ask after documents next that a notification names; returns how many of them are open. It proves nothing."""
    return store.hasten_documents(conn, numbers, now=now)


def apply_reports(conn: Conn, reports: Sequence[InvoiceReport], *, now: datetime) -> Applied:
    """Take in what platforms say. The first final word of a document stands; of one that ended nothing changes.

    A wish whose document was issued is looked at again at once; one whose document failed is stopped. Locks the wishes
    by id.
    """
    named = {one.document_id: one for one in reports}
    found = store.documents_by_ids(conn, named)
    wishes = {one.id: one for one in store.lock_wishes(conn, {one.wish_id for one in found})} if found else {}
    # Once more, now that no rival can end them.
    held = store.documents_by_ids(conn, named) if found else []
    endings = [
        (one, rules.ending_of(one, named[one.id], now=now)) for one in held if one.state is DocumentState.OPEN
    ]
    if endings:
        store.change_documents(conn, [ending for _, ending in endings])
    failed = [(one, of) for one, of in endings if of.state is DocumentState.FAILED]
    store.credit_documents(
        conn,
        [
            (one.of_id, one.net_minor, one.tax_minor)
            for one, _ in failed
            if one.kind is DocumentKind.RED and one.of_id is not None
        ],
    )
    issued = [
        msgspec.structs.replace(one, state=of.state, fiscal_number=of.fiscal_number, ended_at=of.ended_at)
        for one, of in endings
        if of.state is DocumentState.ISSUED
    ]
    changes = [WishChange(wish_id=one.wish_id, look_at=now) for one in issued]
    changes += [
        WishChange(wish_id=one.wish_id, look_at=None, stopped=Stop.PLATFORM_REFUSED, note=of.note)
        for one, of in failed
    ]
    if changes:
        store.change_wishes(conn, changes)
    return Applied(
        issued=tuple(issued), stopped=tuple(wishes[one.wish_id] for one, _ in failed), wishes=wishes
    )
