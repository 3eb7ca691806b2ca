"""Reckon the last version again from the tasks: days that are over do not change."""

from loopline.db import Conn, Finding
from loopline.insight.capacity import store
from loopline.insight.capacity.rules import learn_site


def capacity_that_differs(conn: Conn) -> list[Finding]:
    """Return sites of which the last version says something else than their days do."""
    version = store.newest_version(conn)
    if version is None:
        return []
    days = {
        one.site_id: one.days
        for one in store.days_worked(conn, first_day=version.first_day, last_day=version.last_day)
    }
    findings: list[Finding] = []
    for known in store.sites_of_version(conn, version.version):
        told = learn_site(
            days.get(known.site_id, ()), stated=known.stated_per_day, held_back_from=version.held_back_from
        )
        kept = (known.per_day, known.days, known.full_days, known.verdict)
        expected = (told.per_day, told.days, told.full_days, told.verdict)
        if kept != expected:
            findings.append(
                Finding(
                    subject=f"capacity of site {known.site_id} in version {version.version}",
                    found=_spelt(*kept),
                    expected=_spelt(*expected),
                    repair="loopline learn capacity",
                )
            )
    return findings


def _spelt(per_day: int | None, days: int, full_days: int, verdict: str) -> str:
    return f"{per_day} a day from {days} days, {full_days} of them full: {verdict}"
