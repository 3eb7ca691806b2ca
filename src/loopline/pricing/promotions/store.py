"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, statements, uuids
from loopline.kernel.ids import PartyId
from loopline.kernel.scope import Scope
from loopline.pricing.promotions.model import Borne, FundingAgreement, Promotion, PromotionEnd

SQL = statements(__file__)

_encode = msgspec.json.Encoder(order="sorted").encode


def _named(codes: Iterable[str]) -> list[str]:
    """What can stand in the database at all."""
    return [code for code in dict.fromkeys(codes) if "\x00" not in code]


def promotions_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Promotion]:
    found = fetch(conn, SQL["promotions_by_code"], Promotion, codes=_named(codes))
    return {one.code: one for one in found}


def promotions_by_id(conn: Conn, promotion_ids: Iterable[UUID]) -> list[Promotion]:
    return fetch(conn, SQL["promotions_by_id"], Promotion, promotion_ids=uuids(set(promotion_ids)))


def published_promotions(conn: Conn, *, latest: datetime) -> list[Promotion]:
    return fetch(conn, SQL["published_promotions"], Promotion, latest=latest)


def promotions_page(
    conn: Conn,
    *,
    scope: Scope,
    codes: Collection[str] | None,
    after: tuple[str, int],
    at_most: int,
) -> list[Promotion]:
    return fetch(
        conn,
        SQL["promotions_page"],
        Promotion,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        org_unit_ids=uuids(scope.org_units),
        codes=None if codes is None else _named(codes),
        after_code=after[0],
        after_version=after[1],
        at_most=at_most,
    )


def put_drafts(conn: Conn, drafts: Sequence[Promotion]) -> None:
    rows: list[dict[str, Any]] = [msgspec.structs.asdict(one) for one in drafts]
    execute(conn, SQL["put_drafts"], drafts=_encode(rows).decode())


def set_tried(conn: Conn, one: Promotion, *, now: datetime) -> bool:
    return execute(conn, SQL["set_tried"], promotion_id=one.id, saved_at=one.saved_at, now=now) == 1


def publish_promotions(conn: Conn, promotion_ids: Sequence[UUID], *, by: str, now: datetime) -> None:
    execute(conn, SQL["publish_promotions"], promotion_ids=uuids(promotion_ids), by=by, now=now)


def end_promotions(conn: Conn, ends: Sequence[PromotionEnd]) -> None:
    execute(
        conn,
        SQL["end_promotions"],
        promotion_ids=[end.promotion_id for end in ends],
        ends=[end.valid_until for end in ends],
    )


def copy_agreements(conn: Conn, agreed: Sequence[FundingAgreement]) -> None:
    copy_rows(
        conn,
        SQL["copy_agreements"],
        (
            (
                one.id,
                one.party_id,
                one.currency,
                one.most_basis_points,
                one.valid_from,
                one.valid_until,
                one.comment,
                one.agreed_by,
                one.agreed_at,
            )
            for one in agreed
        ),
    )


def agreements(conn: Conn, party_ids: Collection[PartyId] | None) -> list[FundingAgreement]:
    return fetch(
        conn,
        SQL["agreements"],
        FundingAgreement,
        party_ids=None if party_ids is None else uuids(party_ids),
    )


def copy_borne(conn: Conn, borne: Sequence[Borne]) -> None:
    copy_rows(
        conn,
        SQL["copy_borne"],
        (
            (
                one.part_id,
                one.position,
                one.order_id,
                one.line_id,
                one.promotion_id,
                one.bearer.value,
                one.seller_id,
                one.owed_by,
                one.currency,
                one.units,
                one.amount_minor,
                one.at,
            )
            for one in borne
        ),
    )


def borne_of_parts(conn: Conn, part_ids: Collection[UUID]) -> list[Borne]:
    return fetch(conn, SQL["borne_of_parts"], Borne, part_ids=uuids(part_ids))
