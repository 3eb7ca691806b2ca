"""The statements of sharing, one function each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_values, integers, statements, uuids
from loopline.kernel.ids import EntityId, LineId, PartyId, PersonId, RuleSetId
from loopline.sharing.kinds import facts_of, kinds_of
from loopline.sharing.limits import Limit
from loopline.sharing.model import (
    FOR_WAITING,
    METHOD_NOW,
    ClawBack,
    LineToSplit,
    NewRuleSet,
    Release,
    RuleSetState,
    Split,
    StoredSplit,
)

SQL = statements(__file__)

PartOfLine = tuple[LineId, UUID]
"""A line and its part, in this order, which is also the order of locks."""


class LockedRuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """A rule set whose row is held."""

    id: RuleSetId
    version: int
    state: RuleSetState
    saved_at: datetime


class Publishing(msgspec.Struct, frozen=True, kw_only=True):
    """A rule set as it is published: on which trial, or why untried, and what is known of where it takes too much."""

    id: RuleSetId
    effective_from: datetime
    published_by: PersonId
    trial_id: UUID | None
    untried_because: str | None
    limits: tuple[Limit, ...]


class SavedDraft(msgspec.Struct, frozen=True, kw_only=True):
    """When a draft was saved: later than it was before, whatever the clock says."""

    id: RuleSetId
    saved_at: datetime


class PublishedMoment(msgspec.Struct, frozen=True, kw_only=True):
    """From when a published rule set counts."""

    currency: str
    effective_from: datetime


class ReturnedPart(msgspec.Struct, frozen=True, kw_only=True):
    """How many units of a part came back so far."""

    line_id: LineId
    part_id: UUID
    units_returned: int


class StoredClawBack(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back of a part for one reference."""

    reference: UUID
    line_id: LineId
    part_id: UUID
    units: int
    from_due: bool
    amounts_minor: tuple[int, ...]


class PlannedClawBack(msgspec.Struct, frozen=True, kw_only=True):
    """A claw-back as it will be written."""

    ask: ClawBack
    units_before: int
    from_due: bool
    amounts_minor: tuple[int, ...]


class TakenAmount(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of parts makes due to a party; without a party when the batch makes nothing due."""

    entity_id: EntityId | None
    party_id: PartyId | None
    currency: str | None
    due_on: date | None
    amount_minor: int
    parts: int


def save_drafts(conn: Conn, drafts: Sequence[NewRuleSet], *, now: datetime) -> dict[RuleSetId, datetime]:
    """Say anew what drafts are, rows included; returns when each was saved. The caller holds their rows."""
    saved = fetch(conn, SQL["change_drafts"], SavedDraft, drafted_at=now, **_columns_of_drafts(drafts))
    execute(conn, SQL["delete_rule_rows"], rule_set_ids=uuids(draft.id for draft in drafts))
    rows = [
        msgspec.structs.asdict(row) | {"rule_set_id": draft.id, "position": position}
        for draft in drafts
        for position, row in enumerate(draft.rows, start=1)
    ]
    execute(conn, SQL["add_rule_rows"], rows=msgspec.json.encode(rows).decode())
    return {one.id: one.saved_at for one in saved}


def add_drafts(conn: Conn, drafts: Sequence[NewRuleSet], *, now: datetime) -> set[RuleSetId]:
    """Make the rule sets that are not there yet, and return which those are."""
    return set(fetch_values(conn, SQL["add_drafts"], drafted_at=now, **_columns_of_drafts(drafts)))


def lock_rule_sets(conn: Conn, rule_set_ids: Iterable[RuleSetId]) -> list[LockedRuleSet]:
    return fetch(conn, SQL["lock_rule_sets"], LockedRuleSet, rule_set_ids=uuids(rule_set_ids))


def lock_rivals_of(conn: Conn, rule_set_ids: Iterable[RuleSetId]) -> list[LockedRuleSet]:
    return fetch(conn, SQL["lock_rivals_of"], LockedRuleSet, rule_set_ids=uuids(rule_set_ids))


def publish_rule_sets(conn: Conn, going: Sequence[Publishing], *, now: datetime) -> None:
    publications = msgspec.json.encode(going).decode()
    execute(conn, SQL["publish_rule_sets"], publications=publications, published_at=now)


def published_moments(conn: Conn) -> list[PublishedMoment]:
    return fetch(conn, SQL["published_moments"], PublishedMoment)


def published_ids(conn: Conn, rule_set_ids: Iterable[RuleSetId]) -> set[RuleSetId]:
    return set(fetch_values(conn, SQL["published_ids"], rule_set_ids=uuids(rule_set_ids)))


def splits_by_part(conn: Conn, wanted: Sequence[PartOfLine]) -> dict[PartOfLine, StoredSplit]:
    found = fetch(conn, SQL["splits_by_part"], StoredSplit, **_columns_of_parts(wanted))
    return {(split.line_id, split.part_id): split for split in found}


def copy_splits(conn: Conn, splits: Sequence[Split]) -> None:
    """Write splits and queue them. Raises UniqueViolation when a rival split one of the parts just now."""
    kind_ids = _write_kinds(conn, splits)
    copy_rows(
        conn,
        SQL["copy_splits"],
        (
            (
                split.line_id,
                split.part_id,
                split.order_id,
                split.rule_set_id,
                split.entity_id,
                split.currency,
                split.units,
                split.base_minor,
                split.due_at,
                [share.party_id for share in split.shares],
                [share.rule_row for share in split.shares],
                [share.amount_minor for share in split.shares],
                kind_id,
                *_facts(split),
                *_waited(split),
            )
            for split, kind_id in zip(splits, kind_ids, strict=True)
        ),
    )
    copy_rows(
        conn, SQL["copy_pending_parts"], ((split.due_at, split.line_id, split.part_id) for split in splits)
    )


def _write_kinds(conn: Conn, splits: Sequence[Split]) -> list[UUID | None]:
    """Write the kinds of lines that are new, and return the kind of each split's line."""
    ids, kinds = kinds_of(line for split in splits if (line := _looked_at(split)) is not None)
    if kinds:
        known = set(fetch_values(conn, SQL["known_kinds"], kind_ids=uuids(kinds)))
        new = [kind for kind_id, kind in kinds.items() if kind_id not in known]
        if new:
            execute(conn, SQL["add_kinds"], kinds=msgspec.json.encode(new).decode())
    of_lines = iter(ids)
    return [None if _looked_at(split) is None else next(of_lines) for split in splits]


def _looked_at(split: Split) -> LineToSplit | None:
    """What is kept of what the rules looked at: all, or nothing where the moments are not known."""
    line = split.line
    return None if line is None or line.placed_at is None or split.at is None else line


def _facts(split: Split) -> tuple[datetime | None, datetime | None, list[int] | None]:
    line = _looked_at(split)
    return (None, None, None) if line is None else (line.placed_at, split.at, facts_of(line))


def _waited(split: Split) -> tuple[datetime, int, int] | tuple[None, None, None]:
    """Why there is a share for waiting, where there is one."""
    waited = split.line.waited if split.line is not None else None
    if waited is None or all(share.rule_row != FOR_WAITING for share in split.shares):
        return (None, None, None)
    return (waited.since, waited.rounds, waited.profile_version)


def lock_returned_parts(conn: Conn, wanted: Sequence[PartOfLine]) -> dict[PartOfLine, int]:
    """Make the counting rows that are missing, lock them all, and return how many units of each part came back."""
    execute(conn, SQL["add_returned_parts"], **_columns_of_parts(wanted))
    found = fetch(conn, SQL["lock_returned_parts"], ReturnedPart, **_columns_of_parts(wanted))
    return {(row.line_id, row.part_id): row.units_returned for row in found}


def change_returned_parts(conn: Conn, units: Mapping[PartOfLine, int]) -> None:
    execute(
        conn, SQL["change_returned_parts"], units=integers(units.values()), **_columns_of_parts(list(units))
    )


def lock_pending_parts(conn: Conn, splits: Sequence[StoredSplit]) -> set[UUID]:
    """Lock those of the parts that are pending still, and return them."""
    found = fetch_values(
        conn,
        SQL["lock_pending_parts"],
        due_ats=[split.due_at for split in splits],
        line_ids=uuids(split.line_id for split in splits),
        part_ids=uuids(split.part_id for split in splits),
    )
    return set(found)


def claw_backs_of_parts(conn: Conn, wanted: Sequence[PartOfLine]) -> list[StoredClawBack]:
    return fetch(conn, SQL["claw_backs_of_parts"], StoredClawBack, **_columns_of_parts(wanted))


def copy_claw_backs(conn: Conn, planned: Sequence[PlannedClawBack]) -> None:
    copy_rows(
        conn,
        SQL["copy_claw_backs"],
        (
            (
                plan.ask.reference,
                plan.ask.line_id,
                plan.ask.part_id,
                plan.units_before,
                plan.ask.units,
                plan.from_due,
                list(plan.amounts_minor),
                plan.ask.at,
            )
            for plan in planned
        ),
    )


def take_due_parts(conn: Conn, *, now: datetime, limit: int) -> list[TakenAmount]:
    return fetch(conn, SQL["take_due_parts"], TakenAmount, now=now, limit=limit)


def write_release(conn: Conn, release: Release, *, now: datetime) -> None:
    execute(conn, SQL["add_release"], release_id=release.id, at=now, parts=release.parts)
    copy_rows(
        conn,
        SQL["copy_released_amounts"],
        (
            (release.id, due.entity_id, due.party_id, due.currency, due.due_on, due.amount_minor)
            for due in release.amounts
        ),
    )


def _columns_of_drafts(drafts: Sequence[NewRuleSet]) -> dict[str, object]:
    return {
        "ids": [draft.id for draft in drafts],
        "currencies": [draft.currency for draft in drafts],
        "author_ids": [draft.author_id for draft in drafts],
        "comments": [draft.comment for draft in drafts],
        "own_earns": [draft.own_earns for draft in drafts],
        "method": METHOD_NOW,
    }


def _columns_of_parts(wanted: Sequence[PartOfLine]) -> dict[str, str]:
    return {
        "line_ids": uuids(line_id for line_id, _ in wanted),
        "part_ids": uuids(part_id for _, part_id in wanted),
    }
