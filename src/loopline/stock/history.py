"""What became of a SKU: where its units are, what moved them and why, how many there were day by day."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import EntityId, NodeId, SiteId, SkuId
from loopline.stock.model import MovementReason

SQL = statements(__file__)
_LOOKED_AT = 2_000


class SkuLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU at a leaf. `held_anywhere` is what is held of it at whatever node, the same in every row."""

    leaf_id: NodeId
    site_id: SiteId
    owner_id: EntityId
    name: str
    on_hand: int
    allocated: int
    unsellable: int
    safety: int
    held: int
    sellable: int
    missing: int
    held_anywhere: int


class Which(StrEnum):
    """Which of the levels of a list are meant."""

    MISSING = "missing"
    KEPT_BACK = "kept_back"
    ASKED = "asked"


class LevelAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which levels are looked for: of SKUs, at sites (None: all), `after` one of them."""

    sku_ids: Collection[SkuId] | None = None
    site_ids: Collection[SiteId] | None = None
    which: Which | None = None
    after: tuple[SkuId, NodeId] | None = None


class LevelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU at a leaf, and who asked that it is counted, if anybody did and it was not since."""

    sku_id: SkuId
    leaf_id: NodeId
    site_id: SiteId
    owner_id: EntityId
    name: str
    on_hand: int
    allocated: int
    safety: int
    sellable: int
    missing: int
    asked_at: datetime | None
    asked_by: str | None
    note: str | None


class SkuTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU over many leaves; `sites` are those that have any on hand."""

    sku_id: SkuId
    on_hand: int
    allocated: int
    sellable: int
    missing: int
    sites: int


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A signed change of a leaf and why, with the units on hand after it. `reference` is what caused it."""

    movement_id: UUID
    at: datetime
    leaf_id: NodeId
    site_id: SiteId
    place: str
    reason: MovementReason
    on_hand: int
    allocated: int
    unsellable: int
    safety: int
    reference: UUID | None
    on_hand_after: int

    @property
    def on_hand_before(self) -> int:
        """The units on hand before it."""
        return self.on_hand_after - self.on_hand


class MovementAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which movements of a SKU: of which sites (None: of all), for which reasons, since when, before which one."""

    sku_id: SkuId
    site_ids: Collection[SiteId] | None = None
    reasons: Sequence[MovementReason] = ()
    since: datetime | None = None
    before: tuple[datetime, UUID] | None = None


class DayLevel(msgspec.Struct, frozen=True, kw_only=True):
    """The units on hand at the end of a day."""

    day: date
    on_hand: int


def levels_of_sku(conn: Conn, sku_id: SkuId, *, site_ids: Collection[SiteId] | None = None) -> list[SkuLevel]:
    """Return where a SKU is, of some sites or of all, by site and owner."""
    return fetch(conn, SQL["levels_of_sku"], SkuLevel, sku_id=sku_id, site_ids=_of_sites(site_ids))


def levels_page(conn: Conn, ask: LevelAsk, *, at_most: int) -> list[LevelRow]:
    """Return SKUs at leaves, one row each, by SKU and leaf."""
    after_sku, after_leaf = ask.after or (None, None)
    return fetch(
        conn,
        SQL["levels_page"],
        LevelRow,
        sku_ids=None if ask.sku_ids is None else uuids(ask.sku_ids),
        site_ids=_of_sites(ask.site_ids),
        which=None if ask.which is None else ask.which.value,
        after_sku=after_sku,
        after_leaf=after_leaf,
        at_most=at_most,
    )


def movements_of_sku(conn: Conn, ask: MovementAsk, *, at_most: int) -> list[Movement]:
    """Return what moved a SKU, the latest first."""
    before_at, before_id = ask.before or (None, None)
    return fetch(
        conn,
        SQL["movements_of_sku"],
        Movement,
        sku_id=ask.sku_id,
        site_ids=_of_sites(ask.site_ids),
        reasons=[reason.value for reason in ask.reasons] or None,
        since=ask.since,
        before_at=before_at,
        before_id=before_id,
        at_most=at_most,
    )


def on_hand_by_day(
    conn: Conn, ask: MovementAsk, *, first_day: date, last_day: date, zone: str
) -> list[DayLevel]:
    """Return the units on hand of a SKU at the ask's sites at the end of each day, both ends included."""
    return fetch(
        conn,
        SQL["on_hand_by_day"],
        DayLevel,
        sku_id=ask.sku_id,
        site_ids=_of_sites(ask.site_ids),
        first_day=first_day,
        last_day=last_day,
        zone=zone,
    )


def totals_of_skus(
    conn: Conn, sku_ids: Collection[SkuId], *, site_ids: Collection[SiteId] | None = None
) -> dict[SkuId, SkuTotals]:
    """Return SKUs over all leaves of some sites or of all; a SKU without stock there is left out."""
    rows = fetch(conn, SQL["totals_of_skus"], SkuTotals, sku_ids=uuids(sku_ids), site_ids=_of_sites(site_ids))
    return {row.sku_id: row for row in rows}


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that came to a site in one period, and that its shelf sold in another."""

    site_id: SiteId
    sku_id: SkuId
    came: int
    sold: int


def flow_of_skus(
    conn: Conn, sku_ids: Collection[SkuId], *, came_since: datetime, sold_since: datetime
) -> list[Flow]:
    """Return what came to sites and what their shelves sold, each since a moment; sites without either are left out.

    Reads the SKUs' movements since the earlier of the two.
    """
    return fetch(
        conn, SQL["flow_of_skus"], Flow, sku_ids=uuids(sku_ids), came_since=came_since, sold_since=sold_since
    )


class SellableIn(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a leaf had of a SKU in a period, as far as it could be sold; promises of that time are not known."""

    leaf_id: NodeId
    sku_id: SkuId
    sellable: int


def sellable_in(
    conn: Conn, sku_ids: Collection[SkuId], *, since: datetime, until: datetime
) -> list[SellableIn]:
    """Return what there was of SKUs when a period began and what came in it, by leaf; leaves with nothing are left out.

    Reads the SKUs' movements since then: goods of the far past cost what moved in between.
    """
    found = fetch(conn, SQL["sellable_in"], SellableIn, sku_ids=uuids(sku_ids), since=since, until=until)
    return [one for one in found if one.sellable > 0]


def skus_moved_last(conn: Conn, *, site_ids: Collection[SiteId] | None = None, at_most: int) -> list[SkuId]:
    """Return the SKUs that moved last, the latest first; looks at the newest movements alone."""
    return fetch_values(
        conn,
        SQL["skus_moved_last"],
        site_ids=_of_sites(site_ids),
        looked_at=_LOOKED_AT,
        at_most=at_most,
    )


def _of_sites(site_ids: Collection[SiteId] | None) -> str | None:
    return None if site_ids is None else uuids(sorted(site_ids))
