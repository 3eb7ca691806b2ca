"""Put a profile in force: its limits may serve orders that the last one's left waiting."""

from collections.abc import Sequence
from datetime import datetime

from loopline import orders
from loopline.db import Conn, log
from loopline.kernel.changes import Part
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.processes.settings_told import SettingKind, setting_told
from loopline.sourcing import profiles
from loopline.sourcing.settings import Publication


def put_in_force(
    conn: Conn, publication: Publication, *, now: datetime, site_ids: Sequence[SiteId]
) -> int | list[Refusal]:
    """Publish a draft and source anew what waits for other limits; returns how many orders that woke.

    Refused with all that is wrong, and then nothing is done.
    """
    before = profiles.published_last(conn)
    outcome = profiles.publish_profile(conn, publication, now=now, site_ids=site_ids)
    if isinstance(outcome, list):
        return list(outcome)
    part = Part(field="version", before=before.version if before else None, after=outcome.version)
    kind, by = SettingKind.SOURCING_PROFILE, publication.by
    log.append(conn, setting_told(kind, str(outcome.version), [part], by=by, now=now))
    return orders.wake_up(conn, orders.WaitsFor.LIMITS, now=now)
