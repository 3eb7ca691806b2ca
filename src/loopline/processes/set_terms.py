"""Terms of promises and payouts are set by the whole brand, and told with what they were before."""

from datetime import datetime

from loopline import payouts, promises
from loopline.db import Conn, log
from loopline.kernel.changes import parts_of
from loopline.kernel.refusals import Refusal
from loopline.payouts import queries as payouts_queries
from loopline.payouts import service as payouts_service
from loopline.processes.settings_told import SettingKind, setting_told
from loopline.promises import queries as promises_queries
from loopline.promises import service as promises_service


def set_promise_terms(
    conn: Conn, terms: promises.Terms, *, by: str, comment: str, now: datetime
) -> promises.TermsVersion | Refusal:
    """Set the terms that promises are made by from now on; promises given stay as they are."""
    before = promises_queries.terms_in_force(conn).terms
    made = promises_service.set_terms(conn, terms, by=by, comment=comment, now=now)
    if not isinstance(made, Refusal):
        parts = parts_of(before, terms)
        log.append(conn, setting_told(SettingKind.PROMISE_TERMS, "", parts, by=by, now=now))
    return made


def set_payout_terms(
    conn: Conn, terms: payouts.Terms, *, by: str, comment: str, now: datetime
) -> payouts.TermsVersion | Refusal:
    """Set the terms that payouts in a currency are planned by from now on; planned ones stay as they are."""
    standing = payouts_queries.terms_in_force(conn, [terms.currency])[terms.currency]
    before = payouts.Terms(
        currency=terms.currency,
        least_minor=standing.least_minor,
        second_person_above_minor=standing.second_person_above_minor,
        withheld_basis_points=standing.withheld_basis_points,
    )
    made = payouts_service.set_terms(conn, terms, by=by, comment=comment, now=now)
    if not isinstance(made, Refusal):
        parts = parts_of(before, terms)
        log.append(conn, setting_told(SettingKind.PAYOUT_TERMS, terms.currency, parts, by=by, now=now))
    return made
