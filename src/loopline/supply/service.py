"""Commands of supply: companies agree, and what was handed over before they had is noted and taken up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import EntityId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.supply import store
from loopline.supply.model import NewTerm, SuppliedPart, Term, TermReachesBack, TermStandsAlready
from loopline.supply.rules import misshapen

_Goods = tuple[EntityId, EntityId, str, SkuId | None]


def agree_terms(conn: Conn, terms: Sequence[NewTerm], *, by: str, now: datetime) -> list[Term | Refusal]:
    """Write terms, one outcome each. They may begin in the past only where nothing held for these goods.

    That is before the first terms of the same goods; terms of an SKU not where there are any of all goods.

    Locks the pairs of companies, in order. The same terms again are refused: they stand already.
    """
    outcomes: list[Term | Refusal | None] = [misshapen(term) for term in terms]
    pairs = {(term.owner_id, term.buyer_id) for term in terms}
    store.lock_pairs(conn, pairs)
    begun = {
        (one.owner_id, one.buyer_id, one.currency, one.sku_id): one.since
        for one in store.begun_terms(conn, {owner_id for owner_id, _ in pairs}, now=now)
    }
    seen: set[tuple[object, ...]] = set()
    for place, term in enumerate(terms):
        if outcomes[place] is not None:
            continue
        since = _held_since(term, begun)
        key = (term.owner_id, term.buyer_id, term.currency, term.sku_id, term.from_at)
        if since is not None and term.from_at < now:
            outcomes[place] = TermReachesBack(from_at=term.from_at, since=since)
        elif key in seen:
            outcomes[place] = TermStandsAlready(from_at=term.from_at)
        seen.add(key)
    fit = [term for term, outcome in zip(terms, outcomes, strict=True) if outcome is None]
    written = store.insert_terms(conn, fit, by=by, now=now)
    return [
        outcome
        if outcome is not None
        else _standing(term, by=by, now=now)
        if term.id in written
        else TermStandsAlready(from_at=term.from_at)
        for term, outcome in zip(terms, outcomes, strict=True)
    ]


def _held_since(term: NewTerm, begun: Mapping[_Goods, datetime]) -> datetime | None:
    """Since when something has held for the goods of terms, at their beginning or after it; None where nothing has."""
    of_pair = (term.owner_id, term.buyer_id, term.currency)
    same, of_all = begun.get((*of_pair, term.sku_id)), begun.get((*of_pair, None))
    if same is not None and same <= term.from_at:
        return same
    return of_all if term.sku_id is not None else None


def _standing(term: NewTerm, *, by: str, now: datetime) -> Term:
    fields = {name: getattr(term, name) for name in NewTerm.__struct_fields__}
    return Term(**fields, agreed_at=now, agreed_by=by)


def note_unagreed(conn: Conn, parts: Sequence[SuppliedPart]) -> None:
    """Note parts that were handed over though nothing was agreed. A part is noted once: its sale is settled once."""
    if parts:
        store.copy_noted(conn, parts)


def take_noted(conn: Conn, company_ids: Collection[EntityId], *, limit: int) -> list[SuppliedPart]:
    """Take up noted parts between some companies that terms reach back to by now, at most `limit`.

    Whoever takes them settles them.

    They are forgotten with the caller's transaction; parts of which nothing is left are among them.
    """
    parts = store.noted_with_terms(conn, company_ids, limit=limit)
    if parts:
        store.delete_noted(conn, [part.part_id for part in parts])
    return parts


def take_back_noted(conn: Conn, units: Iterable[tuple[UUID, int]]) -> None:
    """Units of parts came back: of those that are noted, fewer are left to be settled.

    Waits for whoever settles them; what the ledger says of the parts is to be read after this.
    """
    given = list(units)
    if given:
        store.take_back_noted(conn, given)
