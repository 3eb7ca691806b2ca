"""Reads of why goods come back."""

from collections.abc import Mapping
from typing import Any

import msgspec

from loopline.db import Conn, fetch, statements, uuids
from loopline.insight.returned.losses import losses_in_force
from loopline.insight.returned.model import (
    UNKNOWN,
    Dimension,
    Returned,
    ReturnedAsk,
    ReturnedGroup,
    ReturnedLine,
    ReturnedLineAsk,
)

SQL = statements(__file__)
# Where units handed over are told apart by the same dimension, and by which statement; else all of them count.
_TOLD_APART: Mapping[Dimension, str] = {
    Dimension.SITE: "sent_units",
    Dimension.PACKER: "sent_units_by_packer",
    Dimension.SKU: "sent_units_by_sku",
    Dimension.BATCH: "sent_units_by_batch",
}
_NOTHING = ReturnedGroup(
    key=UNKNOWN,
    lines=0,
    units=0,
    blind_units=0,
    refund_minor=0,
    graded_units=0,
    unsold_units=0,
    unsold_minor=0,
)


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    key: str | None
    lines: int
    units: int
    blind_units: int
    refund_minor: int
    graded_units: int
    unsold_units: int
    unsold_minor: int
    freight_minor: int
    handling_minor: int
    loss_minor: int
    uncosted_units: int
    unearned_minor: int


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    key: str | None
    units: int


def read_returned(conn: Conn, ask: ReturnedAsk) -> Returned:
    """Return what came back, in all and by the dimension, beside the units handed over in the same days.

    A reason or a grade is held against everything that was handed over. Cost grows with the returns in these days; by
    batch, or by SKU for some sites alone, with the lines that ended there too.
    """
    by_site = fetch(conn, SQL["sent_units"], _Sent, **_asked(ask))
    all_sent = sum(one.units for one in by_site if one.key is None)
    apart = _TOLD_APART.get(ask.dimension)
    if apart == "sent_units_by_sku" and ask.sites is not None:
        apart = "sent_units_by_sku_at_sites"
    told_apart = fetch(conn, SQL[apart], _Sent, **_asked(ask)) if apart else []
    sent = {one.key: one.units for one in told_apart}
    losses = losses_in_force(conn)
    found = fetch(
        conn,
        SQL["returned_groups"],
        _Group,
        **_asked(ask),
        dispositions=[one.disposition for one in losses],
        percents=[one.percent for one in losses],
    )
    total = _NOTHING
    groups: list[ReturnedGroup] = []
    for one in found:
        is_total = one.key is None
        is_apart = apart is not None and not is_total
        told: dict[str, Any] = msgspec.structs.asdict(one)
        told["key"] = one.key or UNKNOWN
        told["sent_units"] = sent.get(one.key, 0) if is_apart else all_sent
        if is_total:
            total = ReturnedGroup(**told)
        else:
            groups.append(ReturnedGroup(**told))
    return Returned(
        total=msgspec.structs.replace(total, sent_units=all_sent), groups=tuple(groups), losses=tuple(losses)
    )


def returned_lines(conn: Conn, ask: ReturnedLineAsk) -> list[ReturnedLine]:
    """Return a page of the lines of returns behind a number, the latest first."""
    return fetch(
        conn,
        SQL["returned_lines"],
        ReturnedLine,
        **_asked(ask),
        key=ask.key,
        after_at=ask.after.at if ask.after else None,
        after_line=ask.after.return_line_id if ask.after else None,
        at_most=ask.at_most,
    )


def _asked(ask: ReturnedAsk) -> dict[str, Any]:
    return {
        "start": ask.start,
        "end": ask.end,
        "first": ask.first,
        "last": ask.last,
        "dimension": ask.dimension,
        "currency": ask.currency,
        "sites": None if ask.sites is None else uuids(sorted(ask.sites)),
    }
