"""How rule sets and their trials are written down in a language."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from loopline.kernel.ids import PartyId, PersonId
from loopline.org import Party
from loopline.sharing.limits import Limit
from loopline.sharing.model import RuleSet, RuleSetState
from loopline.sharing.trials import AskedTrial
from loopline.sharing.trying import PartyTried, Trial, mark_of
from loopline.web.languages import Language, marked
from loopline.web.rule_words import ROLE_WORDS, condition_words, gives_words

PARTIES_SHOWN = 12
_INSTANT = timedelta(microseconds=1)
STATE_WORDS: dict[RuleSetState, str] = {
    RuleSetState.DRAFT: marked("Draft"),
    RuleSetState.PUBLISHED: marked("Published"),
}
FAILURE_WORDS: dict[str, str] = {
    "nothing_sold": marked("Nothing was sold and settled on these days."),
    "not_publishable": marked(
        "What cannot be published cannot be tried: mend what keeps it from that first."
    ),
}
_BROKE_WORD = marked("The trial broke off. Look at the log of the jobs, and try again.")


class RuleSetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the rules."""

    version: int
    path: str
    state: str
    tone: str
    currency: str
    author: str
    comment: str
    when: str


class SaidRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the rules in words; `parts`: of how many parts it decided in the latest trial."""

    number: int
    role: str
    gives: str
    conditions: str
    parts: str


class PartyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a party would win or lose; `width`: of the bar, in per cent of the largest change."""

    name: str
    before: str
    after: str
    change: str
    tone: str
    width: int


class TrialRow(msgspec.Struct, frozen=True, kw_only=True):
    """A trial: how far it is, or what it came to."""

    days: str
    is_ended: bool
    done: int
    total: int
    said_of_progress: str
    failure: str
    summary: str
    left_out: str
    is_stale: bool
    losers: list[PartyRow]
    winners: list[PartyRow]
    more: str
    roles: list[Mapping[str, str]]


def rule_set_row(
    one: RuleSet, language: Language, zone_name: str, *, authors: Mapping[PersonId, str], in_force: int | None
) -> RuleSetRow:
    """Write a version down."""
    is_in_force = one.version == in_force
    since = (
        language.say("in force from {moment}", moment=language.clock_of_day(one.effective_from, zone_name))
        if one.effective_from is not None
        else language.say("changes nothing yet")
    )
    return RuleSetRow(
        version=one.version,
        path=f"/hq/rules/{one.version}",
        state=language.say("In force") if is_in_force else language.say(STATE_WORDS[one.state]),
        tone="done" if is_in_force else "warn" if one.state is RuleSetState.DRAFT else "",
        currency=one.currency,
        author=authors.get(one.author_id, ""),
        comment=one.comment,
        when=since,
    )


def said_rows(one: RuleSet, language: Language, *, latest: Trial | None) -> list[SaidRow]:
    """Say what the rows give, and on which lines; `latest`: a trial of these very rows."""
    parts = latest.row_parts if latest is not None else None
    return [
        SaidRow(
            number=number,
            role=language.say(ROLE_WORDS[row.role]),
            gives=gives_words(row, one.currency, language),
            conditions=" · ".join(condition_words(row, language)) or language.say("all lines"),
            parts=language.count(parts[number - 1]) if parts is not None else "",
        )
        for number, row in enumerate(one.rows, start=1)
    ]


def limit_words(one: Limit, currency: str, language: Language) -> str:
    """Say where rows can take more than a line brings."""
    rows, amount = ", ".join(map(str, one.rows)), language.money(one.below_minor, currency)
    if not one.net_percent:
        return language.say(
            "Rows {rows}: where a unit brings less than {amount} net.", rows=rows, amount=amount
        )
    if not one.below_minor:
        return language.say(
            "Rows {rows}: where less than {percent} % of the list price is left net.",
            rows=rows,
            percent=one.net_percent,
        )
    return language.say(
        "Rows {rows}: where a unit brings less than {amount} net, or less than {percent} % of the list price is left.",
        rows=rows,
        amount=amount,
        percent=one.net_percent,
    )


def trial_row(
    one: AskedTrial,
    now: RuleSet,
    parties: Mapping[PartyId, Party],
    language: Language,
    zone_name: str,
) -> TrialRow:
    """Write a trial down; `is_stale`: the rules were changed since."""
    result = one.result
    changed = [party for party in result.parties if party.after_minor != party.before_minor] if result else []
    losing = [party for party in changed if party.after_minor < party.before_minor]
    winning = [party for party in reversed(changed) if party.after_minor > party.before_minor]
    most = max((abs(party.after_minor - party.before_minor) for party in changed), default=1)
    unshown = max(len(losing) - PARTIES_SHOWN, 0) + max(len(winning) - PARTIES_SHOWN, 0)

    def rows(some: Sequence[PartyTried]) -> list[PartyRow]:
        assert result is not None
        return [_party_row(party, parties, result.currency, most, language) for party in some[:PARTIES_SHOWN]]

    return TrialRow(
        days=" – ".join(
            language.short_day(at, zone_name) for at in (one.sold_from, one.sold_until - _INSTANT)
        ),
        is_ended=one.ended_at is not None,
        done=one.done_parts,
        total=max(one.all_parts or 0, 1),
        said_of_progress=_progress(one, language),
        failure=_failure(one, language),
        summary=_summary(result, language) if result else "",
        left_out=_left_out(result, language) if result else "",
        is_stale=result is not None
        and (result.rows_mark, result.own_earns) != (mark_of(now.rows), now.own_earns),
        losers=rows(losing) if result else [],
        winners=rows(winning) if result else [],
        more=language.say("and {count} more, in the API", count=language.count(unshown)) if unshown else "",
        roles=[
            {
                "role": language.say(ROLE_WORDS[role.role]),
                "amount": language.money(role.after_minor, result.currency),
                "part": language.percent(role.after_minor / result.base_minor) if result.base_minor else "",
            }
            for role in result.roles
        ]
        if result
        else [],
    )


def _progress(one: AskedTrial, language: Language) -> str:
    if one.all_parts is None:
        return language.say("waits for its turn")
    return language.say(
        "{done} of {total} parts", done=language.count(one.done_parts), total=language.count(one.all_parts)
    )


def _failure(one: AskedTrial, language: Language) -> str:
    return language.say(FAILURE_WORDS.get(one.failure, _BROKE_WORD)) if one.failure else ""


def _summary(result: Trial, language: Language) -> str:
    return language.say(
        "Of {parts} parts worth {amount} net, {changed} would be split otherwise.",
        parts=language.count(result.parts),
        amount=language.money(result.base_minor, result.currency),
        changed=language.count(result.parts_changed),
    )


def _left_out(result: Trial, language: Language) -> str:
    said: list[str] = []
    if result.refused:
        said.append(
            language.say(
                "{count} parts know nobody who would get the rest.", count=language.count(result.refused)
            )
        )
    if result.untold:
        said.append(
            language.say(
                "{count} parts were split before it was kept what the rules look at: they are left out.",
                count=language.count(result.untold),
            )
        )
    return " ".join(said)


def _party_row(
    one: PartyTried, parties: Mapping[PartyId, Party], currency: str, most: int, language: Language
) -> PartyRow:
    party = parties.get(one.party_id)
    change = one.after_minor - one.before_minor
    sign = "+" if change > 0 else "−"
    return PartyRow(
        name=language.called(party.name) if party is not None else str(one.party_id),
        before=language.money(one.before_minor, currency),
        after=language.money(one.after_minor, currency),
        change=f"{sign}{language.money(abs(change), currency)}",
        tone="good" if change > 0 else "bad",
        width=max(round(100 * abs(change) / most), 1),
    )
