"""Versions of the profile: drafted, tried, published; and what units set for their own sites.

Locks: the table of versions, for whoever writes one (versions are counted without gaps); overrides in order of (unit,
setting).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements
from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day
from loopline.sourcing.settings import (
    CommentMissing,
    DropOverride,
    KeptOverride,
    Override,
    OverrideChange,
    Profile,
    ProfileNotADraft,
    ProfileState,
    ProfileUnknown,
    Publication,
    Settings,
    SiteSetting,
    problem_of_override,
    problems_of,
)
from loopline.sourcing.trials import TRIAL_DAYS_MOST, Trial, TrialAsk, TrialDaysWrong, TrialReport

SQL = statements(__file__)
NO_VERSION = 0
"""Stands for the settings as they are made, before anybody published any."""

_encode = msgspec.json.Encoder().encode


class ProfileInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that hold, the version they are of (`NO_VERSION`: nobody published any) and what units set."""

    version: int = NO_VERSION
    settings: Settings = Settings()
    overrides: Mapping[tuple[OrgUnitId, SiteSetting], int] = {}


def published_last(conn: Conn) -> Profile | None:
    """Return the version in force, whole; None where nobody published any."""
    return fetch_one(conn, SQL["profile_in_force"], Profile)


def profile_in_force(conn: Conn) -> ProfileInForce:
    """Return what holds now."""
    found = published_last(conn)
    settings = found.settings if found else Settings()
    return ProfileInForce(
        version=found.version if found else NO_VERSION,
        settings=settings,
        overrides={(one.unit_id, one.setting): one.value for one in overrides(conn)}
        if settings.open_to_units
        else {},
    )


def profiles(conn: Conn) -> list[Profile]:
    """Return all versions, the newest first."""
    return fetch(conn, SQL["profiles"], Profile)


def profile_by_version(conn: Conn, version: int) -> Profile | None:
    """Return one version."""
    return fetch_one(conn, SQL["profile_by_version"], Profile, version=version)


def draft_profile(
    conn: Conn, settings: Settings, *, based_on: int | None, by: str, now: datetime
) -> Profile | Refusal:
    """Write a new draft. It may have problems: they only keep it from being published."""
    if based_on is not None and profile_by_version(conn, based_on) is None:
        return ProfileUnknown(version=based_on)
    written = fetch_one(
        conn,
        SQL["insert_draft"],
        Profile,
        settings=_encode(settings).decode(),
        based_on=based_on,
        by=by,
        now=now,
    )
    assert written is not None
    return written


def change_draft(
    conn: Conn, version: int, settings: Settings, *, by: str, now: datetime
) -> Profile | Refusal:
    """Write a draft's settings anew."""
    refusal = _refuse_unless_draft(conn, version)
    if refusal is not None:
        return refusal
    changed = fetch_one(
        conn,
        SQL["change_draft"],
        Profile,
        version=version,
        settings=_encode(settings).decode(),
        by=by,
        now=now,
    )
    assert changed is not None
    return changed


def publish_profile(
    conn: Conn, publication: Publication, *, now: datetime, site_ids: Sequence[SiteId]
) -> Profile | list[Refusal]:
    """Put a draft in force from now on, or say all that keeps it from that. `site_ids`: all sites of the brand."""
    refusal = _refuse_unless_draft(conn, publication.version)
    if refusal is not None:
        return [refusal]
    draft = profile_by_version(conn, publication.version)
    assert draft is not None
    problems = problems_of(draft.settings, site_ids=site_ids)
    comment = publication.comment.strip()
    if not comment:
        problems.append(CommentMissing())
    if problems:
        return problems
    published = fetch_one(
        conn,
        SQL["publish_draft"],
        Profile,
        version=draft.version,
        comment=comment,
        by=publication.by,
        now=now,
    )
    assert published is not None
    return published


def drop_draft(conn: Conn, version: int) -> Refusal | None:
    """Drop a draft: it stays to be read, and can be neither changed nor published any more."""
    refusal = _refuse_unless_draft(conn, version)
    if refusal is None:
        execute(conn, SQL["drop_draft"], version=version)
    return refusal


def _refuse_unless_draft(conn: Conn, version: int) -> Refusal | None:
    states = fetch_values(conn, SQL["lock_profile"], version=version)
    if not states:
        return ProfileUnknown(version=version)
    if states[0] != ProfileState.DRAFT:
        return ProfileNotADraft(version=version, state=states[0])
    return None


# ----------------------------------------------------------------------------------------------------------- overrides


def overrides(conn: Conn) -> list[Override]:
    """Return what units set for their sites, by unit and setting; what is not open any more is kept without effect."""
    return fetch(conn, SQL["overrides"], Override)


def overrides_of_units(conn: Conn, unit_ids: Iterable[OrgUnitId]) -> list[KeptOverride]:
    """Return what these units set, with who did and why, by unit and setting."""
    return fetch(conn, SQL["overrides_of_units"], KeptOverride, unit_ids=sorted(unit_ids))


def override_changes(conn: Conn, unit_ids: Iterable[OrgUnitId], *, at_most: int) -> list[OverrideChange]:
    """Return what these units set and took back, the latest first."""
    return fetch(conn, SQL["override_changes"], OverrideChange, unit_ids=sorted(unit_ids), at_most=at_most)


def judge_overrides(conn: Conn, wanted: Sequence[Override]) -> list[Override | Refusal]:
    """Say which of these units may set, by what the profile in force leaves open."""
    settings = profile_in_force(conn).settings
    return [problem_of_override(one, settings=settings) or one for one in wanted]


def set_overrides(
    conn: Conn, wanted: Sequence[Override], *, by: str, now: datetime
) -> list[Override | Refusal]:
    """Set what units want for their sites, where the profile leaves it open. Of two for one the last holds."""
    outcomes = judge_overrides(conn, wanted)
    latest = {(one.unit_id, one.setting): one for one in outcomes if isinstance(one, Override)}
    if latest:
        execute(
            conn,
            SQL["put_overrides"],
            unit_ids=[one.unit_id for one in latest.values()],
            settings=[one.setting.value for one in latest.values()],
            values=[one.value for one in latest.values()],
            comments=[said(one.comment) for one in latest.values()],
            by=by,
            now=now,
        )
    return outcomes


def drop_overrides(conn: Conn, dropped: Sequence[DropOverride], *, by: str, now: datetime) -> int:
    """Let HQ's values hold again for units, each (unit, setting) named once; returns how many overrides there were."""
    return execute(
        conn,
        SQL["drop_overrides"],
        unit_ids=[one.unit_id for one in dropped],
        settings=[one.setting.value for one in dropped],
        comments=[said(one.comment) for one in dropped],
        by=by,
        now=now,
    )


def said(comment: str | None) -> str | None:
    """Return a comment without the spaces around it; None where nothing is said."""
    return (comment or "").strip() or None


# -------------------------------------------------------------------------------------------------------------- trials


def ask_trial(conn: Conn, ask: TrialAsk, *, zone: str, by: str, now: datetime) -> Refusal | None:
    """Ask for a version to be tried on the orders of past days; a job does it. Asked twice is asked once.

    Days are those of the brand's zone, the running one included.
    """
    for one in (ask.version, ask.against):
        if one is not None and profile_by_version(conn, one) is None:
            return ProfileUnknown(version=one)
    if (
        not ask.from_day <= ask.until_day <= business_day(now, zone)
        or (ask.until_day - ask.from_day).days >= TRIAL_DAYS_MOST
    ):
        return TrialDaysWrong(most=TRIAL_DAYS_MOST)
    execute(
        conn,
        SQL["insert_trial"],
        trial_id=ask.trial_id,
        version=ask.version,
        against=ask.against,
        from_day=ask.from_day,
        until_day=ask.until_day,
        by=by,
        now=now,
    )
    return None


def trials_of(conn: Conn, version: int) -> list[Trial]:
    """Return the trials of a version, the latest first."""
    return fetch(conn, SQL["trials_of"], Trial, version=version)


def trial_to_run(conn: Conn) -> Trial | None:
    """Return the oldest trial that has not ended."""
    return fetch_one(conn, SQL["trial_to_run"], Trial)


def note_progress(conn: Conn, trial_id: UUID, *, done_days: int) -> None:
    """Note how many days of a trial are done."""
    execute(conn, SQL["note_progress"], trial_id=trial_id, done_days=done_days)


def end_trial(conn: Conn, trial_id: UUID, outcome: TrialReport | str, *, now: datetime) -> bool:
    """Keep what a trial came to, a report or why it failed; False where it had ended."""
    is_report = isinstance(outcome, TrialReport)
    ended = execute(
        conn,
        SQL["end_trial"],
        trial_id=trial_id,
        report=_encode(outcome).decode() if is_report else None,
        failure=None if is_report else outcome,
        now=now,
    )
    return ended == 1
