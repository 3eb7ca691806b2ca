"""Packing: what a parcel should be packed in, by what the catalogue says of its goods and the boxes its site has."""

from collections.abc import Sequence

import msgspec

from loopline import catalogue
from loopline.db import Conn
from loopline.fulfilment import packing
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskLine
from loopline.fulfilment.packing import BoxKind, GoodsToPack, Proposal


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
