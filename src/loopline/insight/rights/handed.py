"""Units handed over, by SKU and by packer: sums that move by what changed of the lines that were judged."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from loopline.db import Conn, execute, integers, statements, uuids
from loopline.insight.rights.model import JudgedLine
from loopline.kernel.ids import SiteId, SkuId

SQL = statements(__file__)


class SkuKey(NamedTuple):
    """A row of the sums by SKU."""

    day: date
    sku_id: SkuId


class PackerKey(NamedTuple):
    """A row of the sums by packer."""

    day: date
    sent_site_id: SiteId
    packer_id: UUID


class Handed(NamedTuple):
    """By how many units the sums move, in the order of their keys; zeros left out."""

    skus: dict[SkuKey, int]
    packers: dict[PackerKey, int]


def handed_over(before: Iterable[JudgedLine], after: Iterable[JudgedLine]) -> Handed:
    """Return by what the sums move when lines were judged so before and are judged so now. Pure."""
    skus: Counter[SkuKey] = Counter()
    packers: Counter[PackerKey] = Counter()
    for sign, lines in ((-1, before), (1, after)):
        for line in lines:
            skus[SkuKey(line.day, line.sku_id)] += sign * line.units
            if line.packer_id is not None:
                packers[PackerKey(line.day, line.sent_site_id, line.packer_id)] += sign * line.units
    return Handed(
        skus={key: units for key, units in sorted(skus.items()) if units},
        packers={key: units for key, units in sorted(packers.items()) if units},
    )


def move_handed_over(conn: Conn, handed: Handed) -> None:
    """Move the sums. Locks the rows it moves; only the one process that holds the follower's row writes them."""
    if handed.skus:
        keys = {
            "days": [one.day for one in handed.skus],
            "sku_ids": uuids(one.sku_id for one in handed.skus),
        }
        execute(conn, SQL["open_skus"], **keys)
        execute(conn, SQL["move_skus"], **keys, units=integers(handed.skus.values()))
    if handed.packers:
        keys = {
            "days": [one.day for one in handed.packers],
            "site_ids": uuids(one.sent_site_id for one in handed.packers),
            "packer_ids": uuids(one.packer_id for one in handed.packers),
        }
        execute(conn, SQL["open_packers"], **keys)
        execute(conn, SQL["move_packers"], **keys, units=integers(handed.packers.values()))
