"""One function per statement of `store.sql`: quotas into the working copy, and what became of them written."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from loopline.db import Conn, fetch_rows, integers, statements, uuids
from loopline.kernel.ids import LineId, QuotaId
from loopline.stock.book import Book, LevelKey, OpenDraw, OpenQuota, QuotaUnits
from loopline.stock.model import QuotaKind, QuotaName

SQL = statements(__file__)


def load_quotas(conn: Conn, book: Book, *, now: datetime) -> None:
    """Load the open quotas of the batch's levels, where there are any. The levels are locked."""
    if not book.quota_keys:
        return
    rows = fetch_rows(
        conn,
        SQL["open_quotas_at"],
        node_ids=uuids([node_id for node_id, _ in book.quota_keys]),
        sku_ids=uuids([sku_id for _, sku_id in book.quota_keys]),
    )
    book.add_quotas([_quota(row, now=now) for row in rows])


def load_draws(conn: Conn, book: Book, line_ids: Iterable[LineId], *, now: datetime) -> None:
    """Load what lines' holds have drawn from quotas, where their levels have any. The levels are locked."""
    if not book.quota_keys:
        return
    for line_id, is_reserve, units, *row in fetch_rows(conn, SQL["draws_of_lines"], line_ids=uuids(line_ids)):
        quota = _quota(row, now=now)
        if quota.id not in book.quotas:
            book.add_quotas([quota])
        draw = OpenDraw(line_id, book.quotas[quota.id], is_reserve, units, units)
        book.draws.setdefault(line_id, []).append(draw)


def _quota(row: Sequence[Any], *, now: datetime) -> OpenQuota:
    quota_id, kind, code, node_id, sku_id, starts_at, ends_at, reserve_id, then_free, *units = row
    return OpenQuota(
        quota_id,
        QuotaName(kind=QuotaKind(kind), code=code),
        (node_id, sku_id),
        starts_at,
        ends_at,
        reserve_id,
        then_free,
        QuotaUnits(*units),
        *units,
        is_on=starts_at <= now < ends_at,
    )


def quota_levels(conn: Conn, quota_ids: Iterable[QuotaId]) -> list[LevelKey]:
    return fetch_rows(conn, SQL["quota_levels"], ids=uuids(quota_ids))


def due_quotas(conn: Conn, *, now: datetime, limit: int) -> list[tuple[QuotaId, LevelKey]]:
    rows = fetch_rows(conn, SQL["due_quotas"], now=now, limit=limit)
    return [(quota_id, (node_id, sku_id)) for quota_id, node_id, sku_id in rows]


def open_quotas_of_events(conn: Conn, events: Sequence[QuotaName]) -> list[tuple[QuotaId, LevelKey]]:
    rows = fetch_rows(
        conn,
        SQL["open_quotas_of_events"],
        kinds=[event.kind.value for event in events],
        codes=[event.code for event in events],
    )
    return [(quota_id, (node_id, sku_id)) for quota_id, node_id, sku_id in rows]


def write_quotas(conn: Conn, book: Book, *, now: datetime) -> None:
    """Write what a batch decided about quotas; nothing is asked of the database where nothing differs."""
    differing = [quota for quota in book.quotas.values() if quota.differs]
    draws = [draw for of_line in book.draws.values() for draw in of_line if draw.units != draw.units_loaded]
    if not differing and not draws:
        return
    made = [quota for quota in differing if quota.loaded == QuotaUnits() and not quota.is_set]
    changed = [quota for quota in differing if quota not in made]
    over = [quota for quota in changed if quota.ended_at is not None]
    counts = Counter(quota.key for quota in made)
    counts.subtract(Counter(quota.key for quota in over))
    levels = [(key, change) for key, change in counts.items() if change]
    ((quotas, drawn, counted, _),) = fetch_rows(
        conn,
        SQL["write_quotas"],
        now=now,
        over_ids=uuids([quota.id for quota in over]),
        **_made(made),
        **_changed(changed),
        **_draws(draws),
        **_counts("node", [one for one in levels if one[0][0] not in book.leaf_ids]),
        **_counts("leaf", [one for one in levels if one[0][0] in book.leaf_ids]),
    )
    meant = (len(differing), len(draws), len(levels))
    if (quotas, drawn, counted) != meant:
        raise RuntimeError(
            f"stock meant to write {meant} rows of quotas, draws, levels: {quotas, drawn, counted}"
        )


def _made(quotas: Sequence[OpenQuota]) -> dict[str, Any]:
    return {
        "made_ids": uuids([quota.id for quota in quotas]),
        "made_kinds": [quota.event.kind.value for quota in quotas],
        "made_codes": [quota.event.code for quota in quotas],
        "made_node_ids": uuids([quota.key[0] for quota in quotas]),
        "made_sku_ids": uuids([quota.key[1] for quota in quotas]),
        "made_units": integers([quota.remaining for quota in quotas]),
        "made_starts_at": [quota.starts_at for quota in quotas],
        "made_ends_at": [quota.ends_at for quota in quotas],
        "made_reserve_ids": [quota.reserve_id for quota in quotas],
        "made_then_free": [quota.then_free for quota in quotas],
    }


def _changed(quotas: Sequence[OpenQuota]) -> dict[str, Any]:
    return {
        "ids": uuids([quota.id for quota in quotas]),
        "remaining": integers([quota.remaining - quota.loaded.remaining for quota in quotas]),
        "drawn": integers([quota.drawn - quota.loaded.drawn for quota in quotas]),
        "used": integers([quota.used - quota.loaded.used for quota in quotas]),
        "returned": integers([quota.returned - quota.loaded.returned for quota in quotas]),
        "starts_at": [quota.starts_at for quota in quotas],
        "ends_at": [quota.ends_at for quota in quotas],
        "reserve_ids": [quota.reserve_id for quota in quotas],
        "then_free": [quota.then_free for quota in quotas],
        "ended_at": [quota.ended_at for quota in quotas],
    }


def _draws(draws: Sequence[OpenDraw]) -> dict[str, Any]:
    added = [draw for draw in draws if draw.units > draw.units_loaded]
    lowered = [draw for draw in draws if 0 < draw.units < draw.units_loaded]
    ended = [draw for draw in draws if not draw.units]
    return {
        "added_line_ids": uuids([draw.line_id for draw in added]),
        "added_quota_ids": uuids([draw.quota.id for draw in added]),
        "added_units": integers([draw.units - draw.units_loaded for draw in added]),
        "added_is_reserve": [draw.is_reserve for draw in added],
        "lowered_line_ids": uuids([draw.line_id for draw in lowered]),
        "lowered_quota_ids": uuids([draw.quota.id for draw in lowered]),
        "lowered_units": integers([draw.units_loaded - draw.units for draw in lowered]),
        "ended_line_ids": uuids([draw.line_id for draw in ended]),
        "ended_quota_ids": uuids([draw.quota.id for draw in ended]),
        "ended_units": integers([draw.units_loaded for draw in ended]),
    }


def _counts(level: str, changes: Sequence[tuple[LevelKey, int]]) -> dict[str, Any]:
    ids = "leaf_ids" if level == "leaf" else "node_ids"
    return {
        ids: uuids([node_id for (node_id, _), _ in changes]),
        f"{level}_sku_ids": uuids([sku_id for (_, sku_id), _ in changes]),
        f"{level}_changes": integers([change for _, change in changes]),
    }
