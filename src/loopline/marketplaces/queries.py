"""What screens and processes ask of marketplaces. Nothing here locks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn, fetch, statements
from loopline.kernel.ids import SkuId
from loopline.marketplaces import store
from loopline.marketplaces.model import (
    GoodsTermsSet,
    Lateness,
    LoanRow,
    Marketplace,
    Shipment,
    SubjectKind,
    TestOrder,
)

SQL = statements(__file__)


class Lent(msgspec.Struct, frozen=True, kw_only=True):
    """How much a marketplace is lent in all."""

    channel: str
    skus: int
    units: int
    asked_back: int
    beyond: int


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """Steps that a marketplace has not answered: how many, since when, how often they were tried at the most."""

    channel: str
    steps: int
    since: datetime
    tries: int


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """How long it took from writing a step to its answer: at most `half` for half of them, `most` for 99 of 100."""

    channel: str
    steps: int
    half: timedelta
    most: timedelta


def marketplaces(conn: Conn) -> dict[str, Marketplace]:
    """Return every marketplace with the terms in force, by channel."""
    return {one.channel: one for one in store.marketplaces(conn)}


def goods_terms(conn: Conn) -> dict[tuple[str, SubjectKind, str], GoodsTermsSet]:
    """Return the terms in force of some goods, by channel, subject and its code."""
    return {(one.channel, one.subject, one.subject_code): one for one in store.goods_terms(conn)}


def versions(conn: Conn, *, at_most: int) -> list[Marketplace]:
    """Return the latest versions of terms, the newest first."""
    return fetch(conn, SQL["versions"], Marketplace, at_most=at_most)


def rooms_seen(conn: Conn, sku_ids: Sequence[SkuId]) -> dict[SkuId, tuple[int, ...]]:
    """Return with how much room SKUs were looked at last; those never looked at are left out."""
    return store.rooms_seen(conn, sku_ids)


def loans_page(conn: Conn, *, channel: str | None = None, at_most: int) -> list[LoanRow]:
    """Return loans, those sold beyond first, then the largest."""
    return fetch(conn, SQL["loans_page"], LoanRow, channel=channel, at_most=at_most)


def lent_in_all(conn: Conn) -> dict[str, Lent]:
    """Return how much each marketplace is lent in all."""
    return {one.channel: one for one in fetch(conn, SQL["lent_in_all"], Lent)}


def unanswered(conn: Conn) -> dict[str, Unanswered]:
    """Return how many steps each marketplace has not answered."""
    return {one.channel: one for one in fetch(conn, SQL["unanswered"], Unanswered)}


def answered_lately(conn: Conn, *, since: datetime) -> dict[str, Speed]:
    """Return how long the steps of each marketplace took that were answered since a moment."""
    return {one.channel: one for one in fetch(conn, SQL["answered_lately"], Speed, since=since)}


def shipments_at_risk(conn: Conn, *, until: datetime, at_most: int) -> list[Shipment]:
    """Return open orders to be shipped by a moment or before, the most urgent first."""
    return fetch(conn, SQL["shipments_at_risk"], Shipment, until=until, at_most=at_most)


def lateness(conn: Conn, *, since: datetime, now: datetime) -> dict[str, Lateness]:
    """Return how many orders of each marketplace wait to be shipped, are late, and were missed since a moment."""
    return {one.channel: one for one in fetch(conn, SQL["lateness"], Lateness, since=since, now=now)}


def test_orders_page(conn: Conn, *, at_most: int) -> list[TestOrder]:
    """Return test orders, the latest first."""
    return fetch(conn, SQL["test_orders_page"], TestOrder, at_most=at_most)
