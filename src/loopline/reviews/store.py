"""The statements of reviews, one function each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, integers, statements, uuids
from loopline.kernel.ids import LineId, OrderId, ReviewId
from loopline.reviews.model import About, NewDecision, NewReply, Review

SQL = statements(__file__)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def insert_reviews(conn: Conn, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> set[ReviewId]:
    return set(fetch_values(conn, SQL["insert_reviews"], rows=_json(rows), now=now))


def insert_versions(conn: Conn, reviews: Sequence[Review]) -> None:
    rows = [
        {
            "review_id": one.id,
            "version": one.version,
            "stars": one.stars,
            "text": one.text,
            "language": one.language,
            "at": one.changed_at,
        }
        for one in reviews
    ]
    execute(conn, SQL["insert_versions"], rows=_json(rows))


def reviews_by_keys(conn: Conn, *, line_ids: Iterable[LineId], order_ids: Iterable[OrderId]) -> list[Review]:
    return fetch(
        conn,
        SQL["reviews_by_keys"],
        Review,
        line_ids=uuids(line_ids),
        order_ids=uuids(order_ids),
    )


def lock_reviews(conn: Conn, ids: Iterable[ReviewId]) -> dict[ReviewId, Review]:
    return {one.id: one for one in fetch(conn, SQL["lock_reviews"], Review, ids=uuids(ids))}


def update_reviews(conn: Conn, reviews: Sequence[Review]) -> None:
    execute(conn, SQL["update_reviews"], rows=_json(reviews))


def insert_replies(
    conn: Conn, replies: Sequence[NewReply], *, ids: Sequence[UUID], actor: str, now: datetime
) -> None:
    execute(
        conn,
        SQL["insert_replies"],
        ids=uuids(ids),
        review_ids=uuids(one.review_id for one in replies),
        texts=[one.text for one in replies],
        actor=actor,
        now=now,
    )


def insert_decisions(
    conn: Conn, decisions: Sequence[NewDecision], *, ids: Sequence[UUID], actor: str, now: datetime
) -> None:
    execute(
        conn,
        SQL["insert_decisions"],
        ids=uuids(ids),
        review_ids=uuids(one.review_id for one in decisions),
        hidden=[one.is_hidden for one in decisions],
        reasons=[one.reason for one in decisions],
        actor=actor,
        now=now,
    )


def move_tallies(conn: Conn, sums: Mapping[tuple[About, UUID], Sequence[int]]) -> None:
    keys = list(sums)
    abouts = [about.value for about, _ in keys]
    subject_ids = uuids(subject_id for _, subject_id in keys)
    names = ("ones", "twos", "threes", "fours", "fives")
    stars = {name: integers(sums[key][place] for key in keys) for place, name in enumerate(names)}
    execute(conn, SQL["begin_tallies"], abouts=abouts, subject_ids=subject_ids)
    fetch_values(conn, SQL["lock_tallies"], abouts=abouts, subject_ids=subject_ids)
    execute(conn, SQL["move_tallies"], abouts=abouts, subject_ids=subject_ids, **stars)


def mark_returned(conn: Conn, line_ids: Iterable[LineId], *, now: datetime) -> int:
    return execute(conn, SQL["mark_returned"], line_ids=uuids(line_ids), now=now)
