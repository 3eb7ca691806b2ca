"""Settings told: whoever sets what others work by says so in the log, with what it was before; and that is read again.

Some settings have events of their own, since others follow them; all others are told by `SettingChanged`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.db import Conn, log
from loopline.kernel.changes import Part
from loopline.kernel.events import Event, EventBody, event

BRAND = UUID(int=0)
"""The subject of what holds for the whole brand."""


class SettingKind(StrEnum):
    """What was set, of what has no event of its own."""

    SOURCING_PROFILE = "sourcing_profile"
    SOURCING_OVERRIDE = "sourcing_override"
    PROMISE_TERMS = "promise_terms"
    PAYOUT_TERMS = "payout_terms"
    EQUIPMENT = "equipment"
    BOX = "box"
    PROMOTION = "promotion"
    COUPON_BATCH = "coupon_batch"
    POINTS_PROGRAMME = "points_programme"
    FREIGHT = "freight"
    STORED_VALUE_TERMS = "stored_value_terms"


class SettingChanged(EventBody, frozen=True, kw_only=True):
    """Somebody set what others work by; `name` says which of its kind. Subject: the unit it holds for, or the brand."""

    kind: SettingKind
    name: str
    parts: tuple[Part, ...]


class SettingsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes are looked for, by what they are of: a type of event, or a kind of setting.

    Of `whole` all are; of those in `of_branch` what is of the subject beside them.
    """

    whole: Collection[str]
    of_branch: Sequence[tuple[str, UUID]] = ()
    actor: str | None = None
    since: datetime | None = None
    before: int | None = None


def setting_told(  # noqa: PLR0913 - what was set, for whom, by whom
    kind: SettingKind, name: str, parts: Sequence[Part], *, subject: UUID = BRAND, by: str, now: datetime
) -> list[Event]:
    """Return the event that tells a change of a setting; none where nothing differs."""
    if not parts:
        return []
    body = SettingChanged(kind=kind, name=name, parts=tuple(parts))
    return [event(body, subject=subject, at=now, actor=by)]


def changes_page(conn: Conn, ask: SettingsAsk, *, at_most: int) -> list[Event]:
    """Return changes of settings, the latest first."""
    return log.read_settings(
        conn,
        whole=ask.whole,
        of_branch=ask.of_branch,
        actor=ask.actor,
        since=ask.since,
        before=ask.before,
        limit=at_most,
    )
