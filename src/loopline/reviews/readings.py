"""Readings, and what reads: models of mood, lists of themes, what reviews came to, and what sites were told of.

Nothing here knows who sent what: the caller does. None commits.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements, uuids
from loopline.kernel.ids import ReviewId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.reviews.model import ReviewLanguage
from loopline.reviews.mood.learning import Learnt, Measures
from loopline.reviews.mood.model import MoodModel, packed, unpacked
from loopline.reviews.reading import Reader, Reading, Theme, ThemeList, checked_themes
from loopline.reviews.rules import clean_text
from loopline.reviews.themes import THEMES

SQL = statements(__file__)
MODEL_BYTES_MOST = 20 * 1024 * 1024
_LISTED = 50


class AlertEnd(StrEnum):
    """How an alert ended: somebody answered, or looked at it; the review was hidden, or is no longer bad."""

    ANSWERED = "answered"
    SEEN = "seen"
    HIDDEN = "hidden"
    BETTER = "better"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A bad review that a site was told of."""

    review_id: ReviewId
    site_id: SiteId
    raised_at: datetime
    ended_at: datetime | None
    ended_as: AlertEnd | None
    ended_by: str | None


class MoodVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it is listed, without its weights; `size` in bytes as it is kept."""

    version: int
    learnt_at: datetime
    learnt_by: str
    texts: int
    languages: tuple[ReviewLanguage, ...]
    measures: Measures
    size: int
    digest: str
    published_at: datetime | None
    published_by: str | None
    comment: str | None
    withdrawn_at: datetime | None


class MoodUnknown(Refusal, frozen=True, kw_only=True):
    """There is no model of mood {version}."""

    version: int


class ReadingCommentMissing(Refusal, frozen=True, kw_only=True):
    """Say in a few words what changes, and why."""

    field: str = "comment"


# -------------------------------------------------------------------------------------------------------- what reads


def keep_model(conn: Conn, learnt: Learnt, *, by: str, now: datetime) -> int:
    """Keep what was learnt as a version, unpublished, and return its number. Raises ValueError for one too large."""
    weights = packed(learnt.model)
    if len(weights) > MODEL_BYTES_MOST:
        raise ValueError(f"a model of {len(weights)} bytes; at most {MODEL_BYTES_MOST} are kept")
    (version,) = fetch_values(
        conn,
        SQL["insert_mood_model"],
        now=now,
        by=by,
        texts=learnt.texts,
        languages=[one.value for one in learnt.languages],
        measures=msgspec.json.encode(learnt.measures).decode(),
        weights=weights,
        digest=sha256(weights).hexdigest(),
    )
    return version


def mood_models(conn: Conn) -> list[MoodVersion]:
    """Return the latest models, the newest first."""
    return fetch(conn, SQL["mood_models"], MoodVersion, limit=_LISTED)


def mood_in_force(conn: Conn) -> MoodVersion | None:
    """Return the model that reads, if any does."""
    return fetch_one(conn, SQL["mood_in_force"], MoodVersion)


def publish_model(conn: Conn, version: int, *, comment: str, by: str, now: datetime) -> int | Refusal:
    """Let a model read from now on; reviews that stand are read again by a round. Locks its row."""
    said = clean_text(comment)
    if isinstance(said, Refusal):
        return ReadingCommentMissing()
    found = fetch_values(conn, SQL["publish_mood_model"], version=version, comment=said, by=by, now=now)
    return version if found else MoodUnknown(version=version)


def withdraw_model(conn: Conn, *, now: datetime) -> int | None:
    """Let no model read any more: stars alone speak. Returns the version that did, if any."""
    found = fetch_values(conn, SQL["withdraw_mood_model"], now=now)
    return found[0] if found else None


def model_of(conn: Conn, version: int, *, digest: str) -> MoodModel:
    """Return a model that exists; each process unpacks it once."""
    known = _unpacked(digest)
    if known.model is None:
        known.model = unpacked(fetch_values(conn, SQL["mood_weights"], version=version)[0])
    return known.model


class _Known:
    def __init__(self) -> None:
        self.model: MoodModel | None = None


@lru_cache(maxsize=2)
def _unpacked(digest: str) -> _Known:  # noqa: ARG001 - what is remembered is told apart by it
    return _Known()


def themes_in_force(conn: Conn) -> ThemeList:
    """Return the list of themes in force: HQ's last, else the one that comes with the house, as version 0."""
    found = fetch_one(conn, SQL["themes_in_force"], ThemeList)
    return found or ThemeList(version=0, themes=THEMES)


def theme_lists(conn: Conn) -> list[ThemeList]:
    """Return the latest lists that HQ wrote, the newest first."""
    return fetch(conn, SQL["theme_lists"], ThemeList, limit=_LISTED)


def write_themes(
    conn: Conn, themes: Sequence[Theme], *, comment: str, by: str, now: datetime
) -> int | Refusal:
    """Put a list of themes in force and return its version; reviews that stand are read again by a round."""
    kept = checked_themes(themes)
    if isinstance(kept, Refusal):
        return kept
    said = clean_text(comment)
    if isinstance(said, Refusal):
        return ReadingCommentMissing()
    encoded = msgspec.json.encode(kept).decode()
    return fetch_values(conn, SQL["insert_theme_list"], themes=encoded, comment=said, by=by, now=now)[0]


def reader_in_force(conn: Conn) -> Reader:
    """Return what reads reviews now: the published model and the list of themes."""
    themes = themes_in_force(conn)
    mood = mood_in_force(conn)
    if mood is None:
        return Reader(themes=themes)
    return Reader(
        themes=themes,
        model_version=mood.version,
        languages=frozenset(mood.languages),
        good_permille=model_of(conn, mood.version, digest=mood.digest).good_permille,
    )


# -------------------------------------------------------------------------------------------------------- what was read


def to_read_again(conn: Conn, reader: Reader, *, limit: int) -> list[ReviewId]:
    """Return reviews that were read with something else than reads now. Locks their readings, passes over locked."""
    return fetch_values(
        conn,
        SQL["to_read_again"],
        model_version=reader.model_version,
        themes_version=reader.themes.version,
        limit=limit,
    )


def write_readings(conn: Conn, readings: Sequence[Reading], *, now: datetime) -> set[ReviewId]:
    """Keep what reviews came to; returns those of which it was kept: a later version of a review may be read already.

    Locks the readings by review.
    """
    rows = [
        {name: getattr(one, name) for name in Reading.__struct_fields__ if name != "said"} for one in readings
    ]
    written: set[ReviewId] = set(
        fetch_values(conn, SQL["write_readings"], rows=msgspec.json.encode(rows).decode(), now=now)
    )
    execute(conn, SQL["forget_said"], review_ids=uuids(written))
    said = [one for reading in readings if reading.review_id in written for one in reading.said]
    if said:
        execute(
            conn,
            SQL["insert_said"],
            review_ids=uuids(one.review_id for one in said),
            themes=[one.theme for one in said],
            moods=[one.mood.value for one in said],
        )
    return written


# --------------------------------------------------------------------------------------------------------------- alerts


def raise_alerts(conn: Conn, sites: Sequence[tuple[ReviewId, SiteId]], *, now: datetime) -> set[ReviewId]:
    """Tell sites of bad reviews, of each once; returns those they had not been told of.

    One that was answered or hidden since it was read is left out. Locks the reviews by id.
    """
    if not sites:
        return set()
    return set(
        fetch_values(
            conn,
            SQL["raise_alerts"],
            review_ids=uuids(review_id for review_id, _ in sites),
            site_ids=uuids(site_id for _, site_id in sites),
            now=now,
        )
    )


def end_alerts(
    conn: Conn, review_ids: Iterable[ReviewId], *, ended_as: AlertEnd, by: str | None, now: datetime
) -> set[ReviewId]:
    """End what sites were told of; returns those that nobody had ended."""
    wanted = uuids(review_ids)
    if not wanted:
        return set()
    return set(
        fetch_values(conn, SQL["end_alerts"], review_ids=wanted, ended_as=ended_as.value, by=by, now=now)
    )


def open_alerts(conn: Conn, site_ids: Collection[SiteId], *, limit: int = 20) -> list[Alert]:
    """Return what sites were told of and nobody ended, the latest first."""
    return fetch(conn, SQL["open_alerts"], Alert, site_ids=uuids(site_ids), limit=limit)


def alerts_of_reviews(conn: Conn, review_ids: Collection[ReviewId]) -> dict[ReviewId, Alert]:
    """Return what was told of reviews; those nobody was told of are left out."""
    found = fetch(conn, SQL["alerts_of_reviews"], Alert, review_ids=uuids(review_ids))
    return {one.review_id: one for one in found}
