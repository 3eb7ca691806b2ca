"""On which terms companies take money ahead: set, and told with what they were before."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import stored_value
from loopline.db import Conn, log
from loopline.kernel.changes import parts_of
from loopline.kernel.events import Event
from loopline.kernel.refusals import Refusal
from loopline.org.queries import entities_by_id
from loopline.processes.settings_told import SettingKind, setting_told
from loopline.stored_value import Bonus, NewTerms, Terms


class TermsAsSet(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of a company, as their changes are told part by part."""

    takes_money_ahead: bool
    top_up_least_minor: int
    held_most_minor: int
    unproven_minor: int
    alone_minor: int
    bonuses: tuple[Bonus, ...]


def set_value_terms(
    conn: Conn, wanted: Sequence[NewTerms], *, by: str, now: datetime
) -> list[Terms | Refusal]:
    """Set on which terms companies take money ahead from now on: one outcome each, the last of a company holds."""
    entity_ids = {one.entity_id for one in wanted}
    companies = entities_by_id(conn, entity_ids)
    before = {key: _as_set(one) for key, one in stored_value.terms_in_force(conn, entity_ids).items()}
    outcomes = stored_value.set_terms(conn, wanted, by=by, now=now)
    told: list[Event] = []
    for one, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, Terms):
            key, after = (one.entity_id, one.currency), _as_set(outcome)
            parts = parts_of(before.get(key), after)
            name = companies[one.entity_id].code
            told += setting_told(SettingKind.STORED_VALUE_TERMS, name, parts, by=by, now=now)
            before[key] = after
    log.append(conn, told)
    return outcomes


def _as_set(terms: Terms) -> TermsAsSet:
    return TermsAsSet(
        takes_money_ahead=terms.is_offered,
        top_up_least_minor=terms.least_minor,
        held_most_minor=terms.most_minor,
        unproven_minor=terms.unproven_minor,
        alone_minor=terms.alone_minor,
        bonuses=terms.bonuses,
    )
