"""What screens and processes ask of marketplaces. Nothing here locks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn, fetch, statements
from loopline.kernel.ids import SkuId
from loopline.marketplaces import store
from loopline.marketplaces.model import (
    GoodsTermsSet,
    LoanRow,
    Marketplace,
    Shipment,
    StepId,
    SubjectKind,
    TestOrder,
)

SQL = statements(__file__)


class Dealings(msgspec.Struct, frozen=True, kw_only=True):
    """How a marketplace stands at a moment; moments and ages are None where there is nothing of the kind.

    It is lent `units` of `skus`, of which `asked_back` are in steps without an answer; it sold `beyond` units more than
    it was lent. Of its steps `unanswered` wait since `waiting_since`, tried `tries` times at the most. It last answered
    at `answered_at`; of the `answered` that it answered lately half took `half` from writing to answer, 99 of 100 at
    most `most`. Of its orders `open` have a time to ship by, `near` of these so soon that somebody was to be told,
    `overdue` after it; `missed` were missed since a moment, and `tests` came since that are tests.
    """

    channel: str
    skus: int
    units: int
    asked_back: int
    beyond: int
    unanswered: int
    waiting_since: datetime | None
    tries: int
    answered_at: datetime | None
    answered: int
    half: timedelta | None
    most: timedelta | None
    open: int
    near: int
    overdue: int
    missed: int
    tests: int


class ToldStep(msgspec.Struct, frozen=True, kw_only=True):
    """Units a marketplace was told of in addition or, negative, asked to give up; and what it made of that, if it did.

    `moved` units were really taken or given up.
    """

    id: StepId
    channel: str
    sku_id: SkuId
    units: int
    made_at: datetime
    tries: int
    answered_at: datetime | None
    moved: int | None
    why: str | None


def marketplaces(conn: Conn) -> dict[str, Marketplace]:
    """Return every marketplace with the terms in force, by channel."""
    return {one.channel: one for one in store.marketplaces(conn)}


def goods_terms(conn: Conn) -> dict[tuple[str, SubjectKind, str], GoodsTermsSet]:
    """Return the terms in force of some goods, by channel, subject and its code."""
    return {(one.channel, one.subject, one.subject_code): one for one in store.goods_terms(conn)}


def versions(conn: Conn, *, channel: str | None = None, at_most: int) -> list[Marketplace]:
    """Return the latest versions of terms, the newest first."""
    return fetch(conn, SQL["versions"], Marketplace, channel=channel, at_most=at_most)


def rooms_seen(conn: Conn, sku_ids: Sequence[SkuId]) -> dict[SkuId, tuple[int, ...]]:
    """Return with how much room SKUs were looked at last; those never looked at are left out."""
    return store.rooms_seen(conn, sku_ids)


def loans_page(conn: Conn, *, channel: str | None = None, at_most: int) -> list[LoanRow]:
    """Return loans, those sold beyond first, then the largest."""
    return fetch(conn, SQL["loans_page"], LoanRow, channel=channel, at_most=at_most)


def dealings(conn: Conn, *, since: datetime, lately: datetime, now: datetime) -> dict[str, Dealings]:
    """Return how each marketplace with terms stands, by channel: orders since one moment, answers since another."""
    found = fetch(conn, SQL["dealings"], Dealings, since=since, lately=lately, now=now)
    return {one.channel: one for one in found}


def told_page(conn: Conn, *, channel: str | None = None, at_most: int) -> list[ToldStep]:
    """Return what marketplaces were told, the latest first."""
    return fetch(conn, SQL["told_page"], ToldStep, channel=channel, at_most=at_most)


def shipments_at_risk(
    conn: Conn, *, until: datetime, channel: str | None = None, at_most: int
) -> list[Shipment]:
    """Return open orders to be shipped by a moment or before, the most urgent first."""
    return fetch(conn, SQL["shipments_at_risk"], Shipment, until=until, channel=channel, at_most=at_most)


def missed_page(conn: Conn, *, since: datetime, channel: str | None = None, at_most: int) -> list[Shipment]:
    """Return orders that were missed since a moment, the latest first, shipped by now or not."""
    return fetch(conn, SQL["missed_page"], Shipment, since=since, channel=channel, at_most=at_most)


def test_orders_page(conn: Conn, *, channel: str | None, at_most: int) -> list[TestOrder]:
    """Return test orders, the latest first."""
    return fetch(conn, SQL["test_orders_page"], TestOrder, channel=channel, at_most=at_most)
