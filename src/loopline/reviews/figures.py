"""What reviews come to in numbers: by day, theme, product, site and packer; and how sites send. Locks nothing."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, statements, uuids
from loopline.kernel.ids import ProductId, SiteId
from loopline.kernel.scope import Scope
from loopline.reviews.reading import ThemeList, drawn_rate

SQL = statements(__file__)


class By(StrEnum):
    """What reviews are counted by."""

    PRODUCT = "product"
    SITE = "site"
    PACKER = "packer"


class FiguresAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which reviews are counted: shown ones from `since` on and before `until`; of one site, product or theme."""

    since: datetime
    until: datetime
    site_id: SiteId | None = None
    product_id: ProductId | None = None
    theme: str | None = None


class Moods(msgspec.Struct, frozen=True, kw_only=True):
    """How many speak well, so-so and badly."""

    good: int
    mixed: int
    bad: int

    @property
    def all(self) -> int:
        """How many there are."""
        return self.good + self.mixed + self.bad


class DayMoods(Moods, frozen=True, kw_only=True):
    """A day's reviews."""

    day: date


class ThemeMoods(Moods, frozen=True, kw_only=True):
    """A theme's reviews."""

    theme: str


class SubjectMoods(Moods, frozen=True, kw_only=True):
    """The reviews of a product, a site or a packer; `stars`: all their stars together."""

    subject_id: UUID
    reviews: int
    stars: int


class SendingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How many reviews of what a site sent there are, and how many speak badly of how it was packed and sent."""

    site_id: SiteId
    reviews: int
    bad: int


def moods_by_day(conn: Conn, ask: FiguresAsk, *, scope: Scope, zone: str) -> list[DayMoods]:
    """Return moods by day of a zone; days without reviews are left out."""
    return fetch(conn, SQL["by_day"], DayMoods, **_asked(ask, scope), theme=ask.theme, zone=zone)


def moods_by_theme(conn: Conn, ask: FiguresAsk, *, scope: Scope) -> list[ThemeMoods]:
    """Return moods by theme, what is spoken of most first."""
    return fetch(conn, SQL["by_theme"], ThemeMoods, **_asked(ask, scope))


def moods_by_subject(
    conn: Conn, ask: FiguresAsk, by: By, *, scope: Scope, limit: int = 20
) -> list[SubjectMoods]:
    """Return moods by product, site or packer, those with most bad ones first."""
    return fetch(
        conn,
        SQL["by_subject"],
        SubjectMoods,
        **_asked(ask, scope),
        theme=ask.theme,
        by=by.value,
        limit=limit,
    )


def _asked(ask: FiguresAsk, scope: Scope) -> dict[str, Any]:
    """A site that is asked for narrows the scope, and never widens it."""
    sites = None if scope.everything else scope.sites
    if ask.site_id is not None:
        sites = {ask.site_id} if sites is None else sites & {ask.site_id}
    return {
        "site_ids": None if sites is None else uuids(sites),
        "since": ask.since,
        "until": ask.until,
        "product_id": ask.product_id,
    }


def sending_records(
    conn: Conn, themes: ThemeList, *, since: datetime, until: datetime
) -> list[SendingRecord]:
    """Return how sites send, by what buyers said from `since` on and before `until`; others are left out."""
    of_sending = [one.code for one in themes.themes if one.is_of_sending]
    return fetch(conn, SQL["sending_record"], SendingRecord, themes=of_sending, since=since, until=until)


def sending_rates(records: Sequence[SendingRecord], site_ids: Collection[SiteId]) -> Mapping[SiteId, float]:
    """Return of each site how likely a buyer speaks badly of how it packs and sends, drawn towards that of all."""
    all_bad, all_of = sum(one.bad for one in records), sum(one.reviews for one in records)
    known = {one.site_id: (one.bad, one.reviews) for one in records}
    rates: dict[SiteId, float] = {}
    for site_id in site_ids:
        bad, of = known.get(site_id, (0, 0))
        rates[site_id] = drawn_rate(bad, of, all_bad=all_bad, all_of=all_of)
    return rates
