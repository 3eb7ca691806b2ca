"""What a parcel is packed in: the boxes a site has, the smallest that takes the goods, and what was really used.

A proposal is made from sizes, weights and care; whoever packs may know better. Locks nothing but what it writes.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import SiteId, TaskId, first_id_of
from loopline.kernel.temperatures import TemperatureClass

SQL = statements(__file__)
TASK_AGE_MAX = timedelta(days=60)
"""What was done lately is looked for among tasks that were offered up to so long before."""
# Of a box's room this much is used at most: goods of many shapes never fill it.
_FILLED_PERCENT_MOST = 80
# What padding takes of each side of a box.
_PADDING_MM = 20


class Material(StrEnum):
    """What goes into a box beside the goods."""

    PADDING = "padding"
    ICE_PACKS = "ice_packs"
    DRY_ICE = "dry_ice"


class BoxKind(msgspec.Struct, frozen=True, kw_only=True):
    """A box by its inner sizes, and what it carries at most; `site_id` None: of the whole brand."""

    code: str
    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    grams_most: int | None = None
    is_insulated: bool = False
    site_id: SiteId | None = None

    @property
    def room_mm3(self) -> int:
        return self.length_mm * self.width_mm * self.height_mm


# The cartons of China's post (YZ/T 0005) and three boxes of foam: what a store can buy anywhere.
HOUSE_BOXES: tuple[BoxKind, ...] = (
    BoxKind(code="C12", name="纸箱 12 号 Carton 12", length_mm=130, width_mm=80, height_mm=90),
    BoxKind(code="C10", name="纸箱 10 号 Carton 10", length_mm=175, width_mm=95, height_mm=115),
    BoxKind(code="C8", name="纸箱 8 号 Carton 8", length_mm=210, width_mm=110, height_mm=140),
    BoxKind(code="C6", name="纸箱 6 号 Carton 6", length_mm=260, width_mm=150, height_mm=180),
    BoxKind(code="C5", name="纸箱 5 号 Carton 5", length_mm=290, width_mm=170, height_mm=190),
    BoxKind(code="C4", name="纸箱 4 号 Carton 4", length_mm=350, width_mm=190, height_mm=230),
    BoxKind(code="C3", name="纸箱 3 号 Carton 3", length_mm=430, width_mm=210, height_mm=270),
    BoxKind(code="C1", name="纸箱 1 号 Carton 1", length_mm=530, width_mm=290, height_mm=370),
    BoxKind(
        code="F-S",
        name="小泡沫箱 Small foam box",
        length_mm=240,
        width_mm=170,
        height_mm=160,
        is_insulated=True,
    ),
    BoxKind(
        code="F-M",
        name="中泡沫箱 Middle foam box",
        length_mm=360,
        width_mm=240,
        height_mm=230,
        is_insulated=True,
    ),
    BoxKind(
        code="F-L",
        name="大泡沫箱 Large foam box",
        length_mm=480,
        width_mm=340,
        height_mm=300,
        is_insulated=True,
    ),
)


class GoodsToPack(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that go into a parcel; None: nobody said how large or heavy one is."""

    units: int
    sizes_mm: tuple[int, int, int] | None
    grams: int | None
    is_fragile: bool


class WhyNoBox(StrEnum):
    """Why no box is proposed."""

    SIZES_UNKNOWN = "sizes_unknown"
    TOO_LARGE = "too_large"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel should be packed in; without a box, why."""

    box_code: str | None
    materials: tuple[Material, ...]
    why_none: WhyNoBox | None = None


class PackedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel was packed in; `box_code` None: in something that no kind is kept of."""

    box_code: str | None
    proposed_code: str | None
    materials: tuple[Material, ...]


def propose(
    goods: Sequence[GoodsToPack], kinds: Collection[BoxKind], *, temperature_class: TemperatureClass
) -> Proposal:
    """Propose the smallest box that takes the goods, and what they need beside them. Pure.

    A box takes goods when each unit fits in some position, all fill at most four fifths of its room, and it carries
    their weight, where weights are known. Fragile goods are padded on each side. What is kept cold goes into insulated
    boxes, and nothing else does.
    """
    is_cold = temperature_class is not TemperatureClass.AMBIENT
    is_fragile = any(one.is_fragile for one in goods)
    materials = tuple(
        one
        for one, is_needed in (
            (Material.PADDING, is_fragile),
            (Material.ICE_PACKS, temperature_class is TemperatureClass.COOL),
            (Material.DRY_ICE, temperature_class is TemperatureClass.FROZEN),
        )
        if is_needed
    )
    if any(one.sizes_mm is None for one in goods):
        return Proposal(box_code=None, materials=materials, why_none=WhyNoBox.SIZES_UNKNOWN)
    taking = [
        kind for kind in kinds if kind.is_insulated is is_cold and _takes(kind, goods, is_padded=is_fragile)
    ]
    if not taking:
        return Proposal(box_code=None, materials=materials, why_none=WhyNoBox.TOO_LARGE)
    smallest = min(taking, key=lambda kind: (kind.room_mm3, kind.code))
    return Proposal(box_code=smallest.code, materials=materials)


def _takes(kind: BoxKind, goods: Sequence[GoodsToPack], *, is_padded: bool) -> bool:
    padding = 2 * _PADDING_MM if is_padded else 0
    inner = sorted(side - padding for side in (kind.length_mm, kind.width_mm, kind.height_mm))
    if inner[0] <= 0:
        return False
    room = inner[0] * inner[1] * inner[2]
    filled = 0
    for one in goods:
        assert one.sizes_mm is not None
        sides = sorted(one.sizes_mm)
        if any(side > space for side, space in zip(sides, inner, strict=True)):
            return False
        filled += one.units * sides[0] * sides[1] * sides[2]
    grams = sum(one.units * (one.grams or 0) for one in goods)
    return 100 * filled <= _FILLED_PERCENT_MOST * room and (
        kind.grams_most is None or grams <= kind.grams_most
    )


# ---------------------------------------------------------------------------------------------------------- kept


def set_box_kinds(conn: Conn, kinds: Sequence[BoxKind], *, now: datetime, by: str) -> None:
    """Keep kinds of boxes; of two words for one the later holds."""
    latest = {(kind.site_id, kind.code): kind for kind in kinds}
    if not latest:
        return
    kept = list(latest.values())
    execute(
        conn,
        SQL["set_box_kinds"],
        site_ids=[kind.site_id for kind in kept],
        codes=[kind.code for kind in kept],
        names=[kind.name for kind in kept],
        lengths_mm=[kind.length_mm for kind in kept],
        widths_mm=[kind.width_mm for kind in kept],
        heights_mm=[kind.height_mm for kind in kept],
        grams_most=[kind.grams_most for kind in kept],
        are_insulated=[kind.is_insulated for kind in kept],
        now=now,
        by=by,
    )


def drop_box_kinds(conn: Conn, kinds: Sequence[tuple[SiteId | None, str]]) -> None:
    """Forget kinds of boxes, by site and code."""
    if kinds:
        execute(
            conn,
            SQL["drop_box_kinds"],
            site_ids=[site_id for site_id, _ in kinds],
            codes=[code for _, code in kinds],
        )


def stated_box_kinds(conn: Conn, site_ids: Collection[SiteId]) -> list[BoxKind]:
    """Return the kinds of boxes that somebody named for sites or for the brand, the brand's first, by code."""
    return fetch(conn, SQL["box_kinds"], BoxKind, site_ids=uuids(site_ids))


def boxes_of_site(conn: Conn, site_id: SiteId) -> list[BoxKind]:
    """Return what a site packs in, the smallest first: its own and the brand's, its own of one code before the brand's.

    The house's own, where nobody named any.
    """
    stated = {
        kind.code: kind for kind in stated_box_kinds(conn, [site_id])
    }  # the site's come after the brand's
    return sorted(
        stated.values() or HOUSE_BOXES, key=lambda kind: (kind.is_insulated, kind.room_mm3, kind.code)
    )


def write_packed_in(conn: Conn, packed: Sequence[tuple[TaskId, PackedIn]], *, now: datetime) -> None:
    """Keep what parcels were packed in; the first word holds. The caller has locked their tasks."""
    if packed:
        execute(
            conn,
            SQL["insert_packed_in"],
            task_ids=[task_id for task_id, _ in packed],
            box_codes=[one.box_code for _, one in packed],
            proposed_codes=[one.proposed_code for _, one in packed],
            materials=[" ".join(sorted(set(one.materials))) for _, one in packed],
            now=now,
        )


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    task_id: TaskId
    box_code: str | None
    proposed_code: str | None
    materials: tuple[Material, ...]


def packed_in(conn: Conn, task_ids: Collection[TaskId]) -> dict[TaskId, PackedIn]:
    """Return what parcels were packed in; what nobody said it of is left out."""
    return {
        one.task_id: PackedIn(box_code=one.box_code, proposed_code=one.proposed_code, materials=one.materials)
        for one in fetch(conn, SQL["packed_in"], _Kept, task_ids=uuids(task_ids))
    }


class BoxesLately(msgspec.Struct, frozen=True, kw_only=True):
    """Parcels that were packed in a box (None: in another one): how many, and of how many the box was proposed.

    `proposed`: for how many any box was proposed. `padded`, `cooled`: how many had padding, or ice of either kind.
    """

    box_code: str | None
    parcels: int
    proposed: int
    as_proposed: int
    padded: int
    cooled: int


def boxes_lately(conn: Conn, site_ids: Collection[SiteId] | None, *, since: datetime) -> list[BoxesLately]:
    """Return what parcels of sites (None: of all) were packed in since a moment, the commonest box first."""
    sites = None if site_ids is None else uuids(site_ids)
    return fetch(
        conn,
        SQL["boxes_lately"],
        BoxesLately,
        sites=sites,
        since=since,
        first_task=first_id_of(since - TASK_AGE_MAX),
    )
