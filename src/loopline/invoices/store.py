"""One function per statement of `store.sql`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, statements, uuids
from loopline.invoices.model import (
    Buyer,
    BuyerKind,
    CreditReason,
    Document,
    DocumentId,
    DocumentKind,
    DocumentLine,
    DocumentState,
    GoodsCode,
    NewDocument,
    NewWish,
    Stop,
    Wish,
    WishId,
)
from loopline.invoices.rules import Ending, number_of
from loopline.kernel.ids import EntityId, LineId, OrderId

SQL = statements(__file__)
Entities = Collection[EntityId] | None
"""The legal entities somebody may see; None: all of them."""


class WishChange(msgspec.Struct, frozen=True, kw_only=True):
    """When a wish is looked at next, and what stands in its way."""

    wish_id: WishId
    look_at: datetime | None
    stopped: Stop | None = None
    note: str | None = None


class SellerSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller has invoiced in a currency, credit notes taken off, by how many documents; `open` ones wait."""

    entity_id: EntityId
    currency: str
    net_minor: int
    tax_minor: int
    blue: int
    red: int
    open: int


class _WishRow(msgspec.Struct, frozen=True, kw_only=True):
    id: WishId
    order_id: OrderId
    entity_id: EntityId
    currency: str
    buyer_kind: BuyerKind
    buyer_title: str
    buyer_tax_number: str
    look_at: datetime | None
    stopped: Stop | None
    note: str | None
    wished_at: datetime
    wished_by: str


class _DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    id: DocumentId
    wish_id: WishId
    kind: DocumentKind
    number: str
    of_id: DocumentId | None
    reason: CreditReason | None
    buyer_kind: BuyerKind
    buyer_title: str
    buyer_tax_number: str
    net_minor: int
    tax_minor: int
    state: DocumentState
    tries: int
    written_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    fiscal_number: str | None
    file_url: str | None
    note: str | None


class _LineRow(msgspec.Struct, frozen=True, kw_only=True):
    document_id: DocumentId
    position: int
    line_id: LineId
    code: str
    name: str
    goods_code: str
    tax_rate_basis_points: int
    units: int
    net_minor: int
    tax_minor: int


class _WrittenWish(msgspec.Struct, frozen=True, kw_only=True):
    id: WishId
    order_id: OrderId
    entity_id: EntityId


def _entities(entities: Entities) -> str | None:
    return None if entities is None else uuids(entities)


def _wish(row: _WishRow) -> Wish:
    return Wish(
        id=row.id,
        order_id=row.order_id,
        entity_id=row.entity_id,
        currency=row.currency,
        buyer=Buyer(kind=row.buyer_kind, title=row.buyer_title, tax_number=row.buyer_tax_number),
        look_at=row.look_at,
        stopped=row.stopped,
        note=row.note,
        wished_at=row.wished_at,
        wished_by=row.wished_by,
    )


def _documents(conn: Conn, rows: Sequence[_DocumentRow]) -> list[Document]:
    """Rows as documents, each with its lines."""
    found = (
        fetch(conn, SQL["lines_of_documents"], _LineRow, document_ids=uuids(row.id for row in rows))
        if rows
        else []
    )
    lines: dict[DocumentId, list[DocumentLine]] = {}
    for line in found:
        kept = {name: getattr(line, name) for name in DocumentLine.__struct_fields__}
        lines.setdefault(line.document_id, []).append(DocumentLine(**kept))
    return [
        Document(
            id=row.id,
            wish_id=row.wish_id,
            kind=row.kind,
            number=row.number,
            of_id=row.of_id,
            reason=row.reason,
            buyer=Buyer(kind=row.buyer_kind, title=row.buyer_title, tax_number=row.buyer_tax_number),
            net_minor=row.net_minor,
            tax_minor=row.tax_minor,
            state=row.state,
            tries=row.tries,
            written_at=row.written_at,
            sent_at=row.sent_at,
            ended_at=row.ended_at,
            fiscal_number=row.fiscal_number,
            file_url=row.file_url,
            note=row.note,
            lines=tuple(lines.get(row.id, ())),
        )
        for row in rows
    ]


def goods_codes(conn: Conn) -> list[GoodsCode]:
    return fetch(conn, SQL["goods_codes"], GoodsCode)


def put_goods_codes(conn: Conn, codes: Sequence[GoodsCode], *, by: str, now: datetime) -> None:
    execute(
        conn,
        SQL["put_goods_codes"],
        kinds=[one.kind.value for one in codes],
        categories=[one.category for one in codes],
        goods_codes=[one.goods_code for one in codes],
        by=by,
        now=now,
    )


def put_wishes(
    conn: Conn, wishes: Mapping[WishId, NewWish], *, by: str, now: datetime
) -> dict[tuple[OrderId, EntityId], WishId]:
    """Keep wishes under new ids; returns under which each stands, which is an older one where it stood already."""
    found = fetch(
        conn,
        SQL["put_wishes"],
        _WrittenWish,
        ids=uuids(wishes),
        order_ids=uuids(one.order_id for one in wishes.values()),
        entity_ids=uuids(one.entity_id for one in wishes.values()),
        currencies=[one.currency for one in wishes.values()],
        buyer_kinds=[one.buyer.kind.value for one in wishes.values()],
        buyer_titles=[one.buyer.title for one in wishes.values()],
        buyer_tax_numbers=[one.buyer.tax_number for one in wishes.values()],
        by=by,
        now=now,
    )
    return {(one.order_id, one.entity_id): one.id for one in found}


def look_again(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    return execute(conn, SQL["look_again"], order_ids=uuids(order_ids), now=now)


def try_again(conn: Conn, wish_ids: Collection[WishId], *, entities: Entities, now: datetime) -> set[WishId]:
    found = fetch_values(
        conn, SQL["try_again"], wish_ids=uuids(wish_ids), entity_ids=_entities(entities), now=now
    )
    return {WishId(one) for one in found}


def lock_to_look_at(conn: Conn, *, limit: int, now: datetime) -> list[Wish]:
    return [_wish(row) for row in fetch(conn, SQL["lock_to_look_at"], _WishRow, limit=limit, now=now)]


def lock_wishes(conn: Conn, wish_ids: Collection[WishId]) -> list[Wish]:
    return [_wish(row) for row in fetch(conn, SQL["lock_wishes"], _WishRow, wish_ids=uuids(wish_ids))]


def change_wishes(conn: Conn, changes: Sequence[WishChange]) -> None:
    execute(
        conn,
        SQL["change_wishes"],
        ids=uuids(one.wish_id for one in changes),
        look_at=[one.look_at for one in changes],
        stops=[one.stopped.value if one.stopped else None for one in changes],
        notes=[one.note for one in changes],
    )


def wishes_by_ids(conn: Conn, wish_ids: Collection[WishId]) -> list[Wish]:
    return [_wish(row) for row in fetch(conn, SQL["wishes_by_ids"], _WishRow, wish_ids=uuids(wish_ids))]


def wishes_of_orders(conn: Conn, order_ids: Collection[OrderId], *, entities: Entities) -> list[Wish]:
    found = fetch(
        conn,
        SQL["wishes_of_orders"],
        _WishRow,
        order_ids=uuids(order_ids),
        entity_ids=_entities(entities),
    )
    return [_wish(row) for row in found]


def wishes_stopped(conn: Conn, *, entities: Entities, limit: int) -> list[Wish]:
    found = fetch(conn, SQL["wishes_stopped"], _WishRow, entity_ids=_entities(entities), limit=limit)
    return [_wish(row) for row in found]


def insert_documents(conn: Conn, documents: Mapping[DocumentId, NewDocument], *, now: datetime) -> None:
    """Keep documents with their lines, and count on invoices what the red ones take back."""
    new = list(documents.items())
    net = [sum(line.net_minor for line in one.lines) for _, one in new]
    tax = [sum(line.tax_minor for line in one.lines) for _, one in new]
    execute(
        conn,
        SQL["insert_documents"],
        ids=uuids(documents),
        wish_ids=uuids(one.wish_id for _, one in new),
        kinds=[one.kind.value for _, one in new],
        numbers=[number_of(document_id) for document_id, _ in new],
        of_ids=uuids(one.of_id for _, one in new),
        reasons=[one.reason.value if one.reason else None for _, one in new],
        buyer_kinds=[one.buyer.kind.value for _, one in new],
        buyer_titles=[one.buyer.title for _, one in new],
        buyer_tax_numbers=[one.buyer.tax_number for _, one in new],
        net_minor=net,
        tax_minor=tax,
        now=now,
    )
    placed = [(document_id, line) for document_id, one in new for line in one.lines]
    execute(
        conn,
        SQL["insert_lines"],
        document_ids=uuids(document_id for document_id, _ in placed),
        positions=[line.position for _, line in placed],
        line_ids=uuids(line.line_id for _, line in placed),
        codes=[line.code for _, line in placed],
        names=[line.name for _, line in placed],
        goods_codes=[line.goods_code for _, line in placed],
        tax_rates=[line.tax_rate_basis_points for _, line in placed],
        units=[line.units for _, line in placed],
        net_minor=[line.net_minor for _, line in placed],
        tax_minor=[line.tax_minor for _, line in placed],
    )
    credited = [
        (one.of_id, -net_minor, -tax_minor)
        for (_, one), net_minor, tax_minor in zip(new, net, tax, strict=True)
        if one.of_id is not None
    ]
    credit_documents(conn, credited)


def credit_documents(conn: Conn, credited: Sequence[tuple[DocumentId, int, int]]) -> None:
    """Count on invoices (id, net, tax) that is taken back of them."""
    if credited:
        execute(
            conn,
            SQL["credit_documents"],
            ids=uuids(document_id for document_id, _, _ in credited),
            net_minor=[net_minor for _, net_minor, _ in credited],
            tax_minor=[tax_minor for _, _, tax_minor in credited],
        )


def claim_documents(conn: Conn, *, limit: int, now: datetime, lease_until: datetime) -> list[UUID]:
    return fetch_values(conn, SQL["claim_documents"], limit=limit, now=now, lease_until=lease_until)


def hasten_documents(conn: Conn, numbers: Collection[str], *, now: datetime) -> int:
    return execute(conn, SQL["hasten_documents"], numbers=sorted(numbers), now=now)


def change_documents(conn: Conn, endings: Sequence[Ending]) -> None:
    execute(
        conn,
        SQL["change_documents"],
        ids=uuids(one.document_id for one in endings),
        states=[one.state.value for one in endings],
        next_try_at=[one.next_try_at for one in endings],
        ended_at=[one.ended_at for one in endings],
        fiscal_numbers=[one.fiscal_number for one in endings],
        file_urls=[one.file_url for one in endings],
        notes=[one.note for one in endings],
    )


def documents_of_wishes(conn: Conn, wish_ids: Collection[WishId]) -> list[Document]:
    return _documents(conn, fetch(conn, SQL["documents_of_wishes"], _DocumentRow, wish_ids=uuids(wish_ids)))


def documents_by_ids(conn: Conn, document_ids: Collection[UUID]) -> list[Document]:
    return _documents(
        conn, fetch(conn, SQL["documents_by_ids"], _DocumentRow, document_ids=uuids(document_ids))
    )


def find_documents(
    conn: Conn,
    states: Collection[DocumentState],
    *,
    entities: Entities,
    before: tuple[datetime, DocumentId] | None,
    limit: int,
) -> list[Document]:
    rows = fetch(
        conn,
        SQL["find_documents"],
        _DocumentRow,
        states=sorted(one.value for one in states),
        entity_ids=_entities(entities),
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        limit=limit,
    )
    return _documents(conn, rows)


def sums_by_seller(conn: Conn, *, entities: Entities) -> list[SellerSum]:
    return fetch(conn, SQL["sums_by_seller"], SellerSum, entity_ids=_entities(entities))
