"""Packing: what a parcel should be packed in, by what the catalogue says of its goods and the boxes its site has.

Who may name boxes is decided here: those of the whole brand are for whoever has all of it.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, org
from loopline.db import Conn, log
from loopline.fulfilment import packing
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskLine
from loopline.fulfilment.packing import BoxKind, GoodsToPack, Proposal
from loopline.kernel.changes import parts_of
from loopline.kernel.events import Event
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.processes.settings_told import BRAND, SettingKind, setting_told


class Packing(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed for a parcel, and the boxes to choose from, the smallest first."""

    proposal: Proposal
    boxes: tuple[BoxKind, ...]


def packing_of(conn: Conn, task: Task) -> Packing:
    """Propose what a task's parcel is packed in, from what is left in it."""
    lines = fulfilment.lines_of_tasks(conn, [task.task_id])[task.task_id]
    boxes = packing.boxes_of_site(conn, task.site_id)
    proposal = packing.propose(_goods(conn, lines), boxes, temperature_class=task.temperature_class)
    return Packing(proposal=proposal, boxes=tuple(boxes))


def _goods(conn: Conn, lines: Sequence[TaskLine]) -> list[GoodsToPack]:
    left = [line for line in lines if line.left]
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in left})
    found: list[GoodsToPack] = []
    for line in left:
        care = skus[line.sku_id].care
        sizes = (care.length_mm, care.width_mm, care.height_mm)
        found.append(
            GoodsToPack(
                units=line.left,
                sizes_mm=None if None in sizes else (sizes[0] or 0, sizes[1] or 0, sizes[2] or 0),
                grams=care.weight_grams,
                is_fragile=care.is_fragile,
            )
        )
    return found


class WantedBox(msgspec.Struct, frozen=True, kw_only=True):
    """A box that a site, or (None) the whole brand, packs in by its inner sizes; `is_dropped`: no more."""

    site_code: str | None
    code: str
    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    grams_most: int | None
    is_insulated: bool
    is_dropped: bool = False


def name_boxes(
    conn: Conn, wanted: Sequence[WantedBox], *, scope: Scope, by: str, now: datetime
) -> list[WantedBox | Refusal]:
    """Name the boxes that sites in scope pack in, or drop them. Of two words for one box the later holds."""
    sites = org.sites_by_code(conn, {one.site_code for one in wanted if one.site_code})
    outcomes: list[WantedBox | Refusal] = []
    for one in wanted:
        site = sites.get(one.site_code or "")
        is_theirs = (
            scope.everything if one.site_code is None else site is not None and scope.covers_site(site.id)
        )
        outcomes.append(one if is_theirs else NotInYourBranch(subject=one.site_code or "brand"))
    places = {code: site.id for code, site in sites.items()}
    latest = {(one.site_code, one.code): one for one in outcomes if isinstance(one, WantedBox)}
    before = {
        (kind.site_id, kind.code): kind for kind in packing.stated_box_kinds(conn, list(places.values()))
    }
    packing.drop_box_kinds(
        conn, [(places.get(one.site_code or ""), one.code) for one in latest.values() if one.is_dropped]
    )
    kinds = [
        BoxKind(
            site_id=places.get(one.site_code or ""),
            code=one.code,
            name=one.name or one.code,
            length_mm=one.length_mm,
            width_mm=one.width_mm,
            height_mm=one.height_mm,
            grams_most=one.grams_most,
            is_insulated=one.is_insulated,
        )
        for one in latest.values()
        if not one.is_dropped
    ]
    packing.set_box_kinds(conn, kinds, now=now, by=by)
    after = {(kind.site_id, kind.code): kind for kind in kinds}
    units = {site.id: site.unit_id for site in sites.values()}
    told: list[Event] = []
    for site_code, code in latest:
        key = (places.get(site_code or ""), code)
        subject = BRAND if key[0] is None else units[key[0]]
        parts = [
            part
            for part in parts_of(before.get(key), after.get(key))
            if part.field not in {"code", "site_id"}  # what it is told of says both
        ]
        told += setting_told(SettingKind.BOX, code, parts, subject=subject, by=by, now=now)
    log.append(conn, told)
    return outcomes
