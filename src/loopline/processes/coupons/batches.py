"""Batches of coupons as people name them: saved, put in force, stopped, and what became of them.

A batch belongs to the branch of the place that it names; one that names none is the whole brand's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline.db import Conn, log
from loopline.kernel.changes import Part
from loopline.kernel.events import Event
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.pricing.coupons import (
    Batch,
    CouponEffect,
    NewBatch,
    batches_by_code,
    publish_batches,
    save_batches,
    stop_batches,
    take_turn,
)
from loopline.processes.promote import (
    Codes,
    WantedTerms,
    conditions_of,
    covers,
    funders_of,
    may_bear,
    read_codes,
    unknown_of,
)
from loopline.processes.settings_told import BRAND, SettingKind, setting_told


class WantedBatch(WantedTerms, frozen=True, kw_only=True):
    """A draft as people name it: places, goods and parties by their codes. See `NewBatch`."""

    effect: CouponEffect
    total: int
    least_minor: int = 0
    with_promotions: bool = True
    with_coupons: bool = False
    days: int | None = None
    per_person: int | None = 1
    shared_code: str | None = None
    by_staff: bool = False


def is_mine(one: NewBatch, scope: Scope) -> bool:
    """Tell whether a batch is one's own to change."""
    return covers(scope, site_id=one.conditions.site_id, org_unit_id=one.conditions.org_unit_id)


def save(
    conn: Conn, wanted: Sequence[WantedBatch], *, scope: Scope, by: str, now: datetime
) -> list[Batch | Refusal]:
    """Save drafts of one's branch, one outcome each; a code of another branch's is refused."""
    take_turn(conn, [one.code for one in wanted])
    codes = read_codes(conn, wanted)
    standing = batches_by_code(conn, [one.code for one in wanted])
    outcomes: list[Batch | Refusal | None] = []
    fit: list[NewBatch] = []
    for one in wanted:
        unknown = unknown_of(one, codes)
        new = None if unknown is not None else _new(one, codes=codes, by=by)
        before = standing.get(one.code)
        if new is None:
            outcomes.append(unknown)
        elif not is_mine(new, scope) or not (before is None or is_mine(before, scope)):
            outcomes.append(NotInYourBranch(subject=one.code))
        else:
            outcomes.append(None)
            fit.append(new)
    saved = iter(save_batches(conn, fit, now=now) if fit else ())
    return [one if one is not None else next(saved) for one in outcomes]


def _new(one: WantedBatch, *, codes: Codes, by: str) -> NewBatch:
    return NewBatch(
        code=one.code,
        name=one.name,
        currency=one.currency,
        effect=one.effect,
        total=one.total,
        conditions=conditions_of(one, codes),
        least_minor=one.least_minor,
        with_promotions=one.with_promotions,
        with_coupons=one.with_coupons,
        funders=funders_of(one, codes),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        days=one.days,
        per_person=one.per_person,
        shared_code=one.shared_code,
        by_staff=one.by_staff,
        author=by,
        comment=one.comment,
    )


def publish(  # noqa: PLR0913 - what, whose, and what was seen of it
    conn: Conn,
    codes: Sequence[str],
    *,
    scope: Scope,
    by: str,
    now: datetime,
    seen: Mapping[str, datetime] | None = None,
) -> list[Batch | Refusal]:
    """Put the drafts under some codes in force, each once and in one's branch.

    `seen` says of codes when the draft that was looked at was saved: one that was saved later is refused.
    """
    take_turn(conn, codes)
    standing = batches_by_code(conn, codes)
    others = {code for code, one in standing.items() if not is_mine(one, scope)}
    going = [code for code in codes if code not in others]
    named = may_bear(conn, [standing[code] for code in dict.fromkeys(going) if code in standing])
    made = publish_batches(conn, going, named=named, seen=seen, by=by, now=now) if going else ()
    log.append(conn, _told(made, Part(field="state", before="draft", after="in_force"), by=by, now=now))
    done = iter(made)
    return [NotInYourBranch(subject=code) if code in others else next(done) for code in codes]


def stop(conn: Conn, codes: Sequence[str], *, scope: Scope, by: str, now: datetime) -> list[Batch | Refusal]:
    """Give no more of batches, each in one's branch; coupons that were given stay good."""
    standing = batches_by_code(conn, codes)
    others = {code for code, one in standing.items() if not is_mine(one, scope)}
    going = [code for code in codes if code not in others]
    made = stop_batches(conn, going, by=by, now=now) if going else ()
    stopped = [one for one in made if isinstance(one, Batch) and standing[one.code].stopped_at is None]
    log.append(conn, _told(stopped, Part(field="state", before="in_force", after="stopped"), by=by, now=now))
    done = iter(made)
    return [NotInYourBranch(subject=code) if code in others else next(done) for code in codes]


def _told(made: Sequence[Batch | Refusal], part: Part, *, by: str, now: datetime) -> list[Event]:
    """Tell what became of batches, each once; a batch of a unit's is told of the unit."""
    batches = {one.code: one for one in made if isinstance(one, Batch)}
    return [
        told
        for one in batches.values()
        for told in setting_told(
            SettingKind.COUPON_BATCH,
            one.code,
            [part],
            subject=one.conditions.org_unit_id or BRAND,
            by=by,
            now=now,
        )
    ]
