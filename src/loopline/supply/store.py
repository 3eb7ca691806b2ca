"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_values, integers, statements, uuids
from loopline.kernel.ids import EntityId, SkuId, SupplyTermId
from loopline.supply.model import NewTerm, PairNoted, SuppliedPart, Term

SQL = statements(__file__)


class BegunTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Since when two companies have had terms of an SKU (None: of all goods)."""

    owner_id: EntityId
    buyer_id: EntityId
    currency: str
    sku_id: SkuId | None
    since: datetime


def lock_pairs(conn: Conn, pairs: Iterable[tuple[EntityId, EntityId]]) -> None:
    execute(conn, SQL["lock_pairs"], pairs=[f"{owner_id}:{buyer_id}" for owner_id, buyer_id in pairs])


def begun_terms(conn: Conn, owner_ids: Iterable[EntityId], *, now: datetime) -> list[BegunTerms]:
    return fetch(conn, SQL["begun_terms"], BegunTerms, owner_ids=uuids(owner_ids), now=now)


def insert_terms(conn: Conn, terms: Sequence[NewTerm], *, by: str, now: datetime) -> set[SupplyTermId]:
    return set(
        fetch_values(
            conn,
            SQL["insert_terms"],
            ids=uuids(term.id for term in terms),
            owner_ids=uuids(term.owner_id for term in terms),
            buyer_ids=uuids(term.buyer_id for term in terms),
            sku_ids=[term.sku_id for term in terms],
            currencies=[term.currency for term in terms],
            kinds=[term.kind.value for term in terms],
            bases=[None if term.base is None else term.base.value for term in terms],
            basis_points=[term.basis_points for term in terms],
            unit_minors=[term.unit_minor for term in terms],
            from_ats=[term.from_at for term in terms],
            comments=[term.comment for term in terms],
            by=by,
            now=now,
        )
    )


def terms_of(conn: Conn, owner_ids: Iterable[EntityId], *, sku_ids: Iterable[SkuId]) -> list[Term]:
    return fetch(conn, SQL["terms_of"], Term, owner_ids=uuids(owner_ids), sku_ids=uuids(sku_ids))


def terms_page(
    conn: Conn, *, company_ids: Iterable[EntityId] | None, after: SupplyTermId | None, limit: int
) -> list[Term]:
    companies = None if company_ids is None else uuids(company_ids)
    return fetch(conn, SQL["terms_page"], Term, company_ids=companies, after=after, limit=limit)


def copy_noted(conn: Conn, parts: Sequence[SuppliedPart]) -> None:
    copy_rows(conn, SQL["copy_noted"], (msgspec.structs.astuple(part) for part in parts))


def noted_with_terms(conn: Conn, company_ids: Collection[EntityId], *, limit: int) -> list[SuppliedPart]:
    return fetch(conn, SQL["noted_with_terms"], SuppliedPart, company_ids=uuids(company_ids), limit=limit)


def delete_noted(conn: Conn, part_ids: Iterable[UUID]) -> None:
    execute(conn, SQL["delete_noted"], part_ids=uuids(part_ids))


def take_back_noted(conn: Conn, units: Sequence[tuple[UUID, int]]) -> None:
    execute(
        conn,
        SQL["take_back_noted"],
        part_ids=uuids(part_id for part_id, _ in units),
        units=integers([one for _, one in units]),
    )


def noted_by_pair(conn: Conn, *, company_ids: Iterable[EntityId] | None) -> list[PairNoted]:
    companies = None if company_ids is None else uuids(company_ids)
    return fetch(conn, SQL["noted_by_pair"], PairNoted, company_ids=companies)
