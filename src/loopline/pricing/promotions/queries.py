"""Reads of promotions."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import PartyId
from loopline.kernel.scope import Scope
from loopline.pricing.promotions import store
from loopline.pricing.promotions.model import Borne, FundingAgreement, Promotion

_END_OF_TIME = datetime(9999, 12, 30, tzinfo=UTC)
LAST_VERSION = 2**31 - 1


def published_promotions(conn: Conn, *, latest: datetime = _END_OF_TIME) -> list[Promotion]:
    """Return the published versions that begin by a moment, ended ones too; all unless said."""
    return store.published_promotions(conn, latest=latest)


def promotions_by_id(conn: Conn, promotion_ids: Iterable[UUID]) -> dict[UUID, Promotion]:
    """Return versions of promotions by id; unknown ids are left out."""
    return {one.id: one for one in store.promotions_by_id(conn, promotion_ids)}


def promotion_by_id(conn: Conn, promotion_id: UUID) -> Promotion | None:
    """Return a version of a promotion."""
    return promotions_by_id(conn, [promotion_id]).get(promotion_id)


def unpublished_promotions(conn: Conn, codes: Iterable[str]) -> dict[str, Promotion]:
    """Return the drafts that wait under some codes."""
    return {
        code: one for code, one in store.promotions_by_code(conn, codes).items() if one.published_at is None
    }


def last_versions(conn: Conn, codes: Iterable[str]) -> dict[str, Promotion]:
    """Return the last version under each code, published or not; unknown codes are left out."""
    return store.promotions_by_code(conn, codes)


def promotions_page(
    conn: Conn,
    *,
    scope: Scope,
    codes: Collection[str] | None = None,
    after: tuple[str, int] = ("", LAST_VERSION),
    at_most: int,
) -> list[Promotion]:
    """Return a page of what somebody may see: those of the scope and those of no place, by code, last version first."""
    return store.promotions_page(conn, scope=scope, codes=codes, after=after, at_most=at_most)


def agreements(conn: Conn, party_ids: Collection[PartyId] | None = None) -> list[FundingAgreement]:
    """Return what parties agreed to bear, the last first; of all parties unless some are named."""
    return store.agreements(conn, party_ids)


def borne_of_parts(conn: Conn, part_ids: Collection[UUID]) -> list[Borne]:
    """Return what is borne of parts."""
    return store.borne_of_parts(conn, part_ids) if part_ids else []
