"""One function per statement of `store.sql`."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, statements, uuids
from loopline.kernel.ids import MemberId
from loopline.notices.model import NewNotice, Notice, NoticeId, Step
from loopline.notices.port import NoticeReport
from loopline.notices.rules import Outcome, noted

SQL = statements(__file__)


class GatewayRow(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway that tells: since when, and when it was at work last."""

    name: str
    since: datetime
    seen_at: datetime


def gateway(conn: Conn) -> GatewayRow | None:
    return fetch_one(conn, SQL["gateway"], GatewayRow)


def put_gateway(conn: Conn, name: str, *, now: datetime) -> int:
    return execute(conn, SQL["put_gateway"], name=name, now=now)


def insert_notices(
    conn: Conn, ids: Sequence[NoticeId], new: Sequence[NewNotice], *, stale_after: timedelta
) -> int:
    return execute(
        conn,
        SQL["insert_notices"],
        ids=list(ids),
        order_ids=[one.order_id for one in new],
        abouts=[one.about.value for one in new],
        versions=[one.version for one in new],
        member_ids=[one.member_id for one in new],
        site_ids=[one.site_id for one in new],
        zones=[one.zone for one in new],
        facts=[msgspec.json.encode(one.facts).decode() for one in new],
        moments=[one.happened_at for one in new],
        befores=[max(one.happened_at, one.not_before or one.happened_at) for one in new],
        stale_after=stale_after,
    )


def drop_stale(conn: Conn, *, now: datetime, limit: int) -> int:
    return execute(conn, SQL["drop_stale"], now=now, at_most=limit)


def lock_due(conn: Conn, *, now: datetime, limit: int) -> list[Notice]:
    return fetch(conn, SQL["lock_due"], Notice, now=now, at_most=limit)


def lock_notices(conn: Conn, ids: Collection[NoticeId]) -> dict[NoticeId, Notice]:
    return {one.id: one for one in fetch(conn, SQL["lock_notices"], Notice, ids=uuids(ids))}


def write_steps(conn: Conn, steps: Sequence[Step], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["write_steps"],
        ids=[one.notice_id for one in steps],
        untils=[one.until for one in steps],
        languages=[one.language for one in steps],
        ends=[one.end.value if one.end else None for one in steps],
        now=now,
    )


def write_outcomes(conn: Conn, outcomes: Sequence[tuple[NoticeReport, Outcome]], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["write_outcomes"],
        ids=[report.claim.notice_id for report, _ in outcomes],
        states=[outcome.state.value for _, outcome in outcomes],
        ends=[outcome.end.value if outcome.end else None for _, outcome in outcomes],
        nexts=[outcome.next_try_at for _, outcome in outcomes],
        unsures=[report.heard.value == "nothing" for report, _ in outcomes],
        references=[report.reference for report, _ in outcomes],
        notes=[noted(report) for report, _ in outcomes],
        now=now,
    )


def wake(conn: Conn, ids: Sequence[NoticeId], *, now: datetime, stale_after: timedelta) -> int:
    return execute(conn, SQL["wake"], ids=list(ids), now=now, stale_after=stale_after)


def sweep(conn: Conn, *, before: datetime, limit: int) -> int:
    return execute(conn, SQL["sweep"], before=before, at_most=limit)


def forget(conn: Conn, member_ids: Sequence[MemberId], *, now: datetime) -> int:
    return execute(conn, SQL["forget"], member_ids=list(member_ids), now=now)
