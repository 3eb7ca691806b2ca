"""Promotions to test with."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import PartyId, uuid7
from loopline.pricing.promotions import (
    Bearer,
    Conditions,
    Effect,
    Funder,
    FundingAgreement,
    NewPromotion,
    PercentageOff,
    Promotion,
    agree_to_fund,
    note_tried,
    publish_promotions,
    save_promotions,
)
from tests.make.org import succeeded
from tests.make.pricing import NOW, START, new_id

TENTH = PercentageOff(basis_points=1_000)
BY_THE_BRAND = (Funder(bearer=Bearer.BRAND, basis_points=10_000),)


def new_promotion(code: str, effect: Effect = TENTH, **changes: object) -> NewPromotion:
    """A draft in yuan, for all goods, that the seller bears."""
    fields: dict[str, object] = {
        "code": code,
        "name": code,
        "currency": "CNY",
        "effect": effect,
        "author": "person:tester",
        "comment": "a test",
    }
    return NewPromotion(**(fields | changes))  # pyright: ignore[reportArgumentType]


def promotion(code: str, effect: Effect = TENTH, **changes: object) -> Promotion:
    """A published version, in force since the start of 2025."""
    fields: dict[str, object] = {
        "id": new_id(),
        "code": code,
        "version": 1,
        "name": code,
        "currency": "CNY",
        "effect": effect,
        "valid_from": START,
        "author": "person:tester",
        "comment": "a test",
        "saved_at": START,
        "tried_at": START,
        "published_at": START,
        "published_by": "person:tester",
    }
    return Promotion(**(fields | changes))  # pyright: ignore[reportArgumentType]


def of(*, sku_ids: Sequence[UUID] = (), **changes: object) -> Conditions:
    """Conditions for these SKUs."""
    return Conditions(sku_ids=frozenset(sku_ids), **changes)  # pyright: ignore[reportArgumentType]


def agree(
    conn: Conn, party_id: PartyId, *, most: int = 10_000, since: datetime = NOW, until: datetime | None = None
) -> FundingAgreement:
    """Let a party agree to bear up to a part of promotions in yuan."""
    asked = FundingAgreement(
        id=uuid7(NOW),
        party_id=party_id,
        currency="CNY",
        most_basis_points=most,
        valid_from=since,
        valid_until=until,
        comment="agreed on the phone",
        agreed_by="person:tester",
        agreed_at=NOW,
    )
    (agreed,) = succeeded(agree_to_fund(conn, [asked]))
    return agreed


def in_force(
    conn: Conn,
    new: NewPromotion,
    *,
    now: datetime = NOW,
    parties: dict[Bearer, dict[PartyId, str]] | None = None,
) -> Promotion:
    """Save a draft, say that it was tried, and publish it; `parties` are whom each role may turn out to be."""
    (saved,) = succeeded(save_promotions(conn, [new], now=now))
    assert note_tried(conn, saved, now=now)
    (published,) = succeeded(
        publish_promotions(conn, [new.code], named={new.code: parties or {}}, by="person:tester", now=now)
    )
    return published
