"""What work pays on top because it came back, to whom: by the profile, within its limits. Pure.

Who was asked alone and did not take it gets no more for the same work later, and neither does another site of the same
dealer: nobody earns by letting work wait. Where rivals were asked at once, whoever let it be risked that another took
it, and is held to nothing: what nobody claimed pays more to whoever takes it next.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.kernel.ids import PartyId, SiteId

RANGES: dict[str, tuple[int, int]] = {
    "waiting_pay.round_minor": (0, 100_000_000),
    "waiting_pay.hour_minor": (0, 100_000_000),
    "waiting_pay.most_minor": (0, 100_000_000),
    "waiting_pay.most_percent": (0, 1_000),
}
"""What the settings may be, by the names they have in a profile."""
_HOUR = timedelta(hours=1)


class PayForWaiting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What work that came back pays on top, to who was not asked alone before: nothing, as it stands.

    `round_minor` for each time that it came back and `hour_minor` for each whole hour since it was first put to a site,
    together at most `most_minor` for a parcel, and at most `most_percent` of what the site earns of it by the rules of
    sharing (0: no such limit).
    """

    round_minor: int = 0
    hour_minor: int = 0
    most_minor: int = 0
    most_percent: int = 0

    @property
    def is_paid(self) -> bool:
        """Whether anything is paid at all."""
        return bool(self.most_minor and (self.round_minor or self.hour_minor))


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Work was put to some sites at a moment, and none of them took it."""

    work_id: UUID
    asked_at: datetime
    site_ids: tuple[SiteId, ...]


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel pays a site on top, in minor units: since when it waits, and how often it came back."""

    since: datetime
    rounds: int
    extra_minor: int


def extra_for(
    rule: PayForWaiting,
    rounds: Iterable[Round],
    *,
    site_id: SiteId,
    dealers: Mapping[SiteId, PartyId],
    now: datetime,
) -> Extra | None:
    """Return what a site gets on top for work that came back; None for nothing.

    A round with several lines counts once. Hours count from when the work was first put to anybody, whole ones alone.
    `dealers` names whose sites are whose; a site of nobody else stands for itself.
    """
    once = {one.work_id: one for one in rounds}.values()
    if not once:
        return None
    whose = dealers.get(site_id, site_id)
    if any({dealers.get(asked, asked) for asked in one.site_ids} == {whose} for one in once):
        return None
    since = min(one.asked_at for one in once)
    wanted = rule.round_minor * len(once) + rule.hour_minor * max(0, (now - since) // _HOUR)
    extra_minor = min(wanted, rule.most_minor)
    return Extra(since=since, rounds=len(once), extra_minor=extra_minor) if extra_minor > 0 else None
