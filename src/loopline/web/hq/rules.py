"""Rules of sharing: versions, a draft as a table to edit, trials on what was sold, publishing."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import PartyId, PersonId, RuleSetId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.times import business_day, day_range
from loopline.org import Party, Permission
from loopline.org import lists as org_lists
from loopline.sharing import queries, service, trials
from loopline.sharing.model import NewRuleSet, Publication, Role, RuleRow, RuleSet, RuleSetState
from loopline.sharing.publishing import limits_of, overlaps_of, problems_of
from loopline.sharing.rules import rule_set_at
from loopline.sharing.service import LIMITS_SAID
from loopline.sharing.trials import AskedTrial, Ground, TrialAsk
from loopline.sharing.trying import mark_of
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.rule_form import (
    BOUND_WORDS,
    TAKES_WORDS,
    choices,
    delivery_hint,
    form_rows,
    level_choices,
    read_rows,
    role_choices,
)
from loopline.web.hq.rule_refusals import (
    DaysOfTrialMissing,
    MomentNotRead,
    NoSuchRules,
    RulesAreTheBrands,
    SayWhatChanges,
)
from loopline.web.hq.rules_view import limit_words, rule_set_row, said_rows, trial_row
from loopline.web.hq.typed import read_moment, saved_at_of
from loopline.web.pages import page

RULES = "/hq/rules"
DAYS_TRIED = 30
_TRIALS_SHOWN = 5
_COMMENT_MOST = 2_000
_FormRequest = Request[Any, Any, State]


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """A version with what its page needs, read at one moment."""

    rule_set: RuleSet
    in_force: RuleSet | None
    authors: Mapping[PersonId, str]
    trials: list[AskedTrial]
    ground: Ground | None
    parties: Mapping[PartyId, Party]
    zone: str
    now: datetime


@get(RULES, sync_to_thread=True)
def show_rules(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show all versions, the latest first, and which is in force."""
    visitor.scope_of(Permission.EARNINGS_READ)
    found, authors, zone_name, now = read(
        request,
        lambda conn, now: (
            all_sets := queries.rule_sets(conn),
            org_lists.sign_in_names(conn, [one.author_id for one in all_sets]),
            board_setting(conn).zone,
            now,
        ),
    )
    language = language_of(request)
    return page(
        request,
        "hq/rules.html",
        visitor=visitor,
        rows=[
            rule_set_row(
                one,
                language,
                zone_name,
                authors=authors,
                in_force=_version_in_force(found, one.currency, now),
            )
            for one in found
        ],
        may_write=_is_writer(visitor),
    )


def _version_in_force(found: list[RuleSet], currency: str, now: datetime) -> int | None:
    in_force = rule_set_at(found, now, currency=currency)
    return in_force.version if in_force is not None else None


@get(RULES + "/{version:int}", sync_to_thread=True)
def show_rule_set(request: WebRequest, visitor: NamedDependency[Visitor], version: FromPath[int]) -> Template:
    """Show one version: a draft as a table to edit, another to be read."""
    visitor.scope_of(Permission.EARNINGS_READ)
    found = read(request, lambda conn, now: _find(conn, version, now, with_trials=_is_writer(visitor)))
    language = language_of(request)
    rule_set = found.rule_set
    is_draft = rule_set.state is RuleSetState.DRAFT
    today = business_day(found.now, found.zone)
    mark = mark_of(rule_set.rows)
    limits = limits_of(rule_set.rows) if is_draft else ()
    tried = [one.result for one in found.trials if one.result is not None]
    latest = next(
        (one for one in tried if (one.rows_mark, one.own_earns) == (mark, rule_set.own_earns)), None
    )
    return page(
        request,
        "hq/rule_set.html",
        visitor=visitor,
        version=version,
        head=rule_set_row(
            rule_set,
            language,
            found.zone,
            authors=found.authors,
            in_force=found.in_force.version if found.in_force else None,
        ),
        is_draft=is_draft,
        may_write=_is_writer(visitor),
        said=said_rows(rule_set, language, latest=latest),
        is_tried=latest is not None,
        rows=form_rows(rule_set.rows, currency=rule_set.currency, zone_name=found.zone) if is_draft else [],
        roles=role_choices(language),
        takes=choices(TAKES_WORDS, language),
        bounds=choices(BOUND_WORDS, language),
        levels=level_choices(rule_set.rows, language),
        delivery_hint=delivery_hint(language),
        zone=found.zone,
        problems=[language.refusal(one) for one in problems_of(rule_set.rows)] if is_draft else [],
        overlaps=overlaps_of(rule_set.rows) if is_draft else (),
        limits=[limit_words(one, rule_set.currency, language) for one in limits[:LIMITS_SAID]],
        limits_more=max(len(limits) - LIMITS_SAID, 0),
        ground=found.ground,
        own_earns=rule_set.own_earns,
        saved_at=rule_set.saved_at.isoformat() if rule_set.saved_at is not None else "",
        untried_because=rule_set.untried_because,
        trials=[trial_row(one, found.rule_set, found.parties, language, found.zone) for one in found.trials],
        first_day=(today - timedelta(days=DAYS_TRIED)).isoformat(),
        latest=today.isoformat(),
    )


@get(RULES + "/{version:int}/trials", sync_to_thread=True)
def tell_rule_trials(
    request: WebRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Template:
    """Tell how trials stand, for the page that waits for one."""
    _may_write(visitor)
    found = read(request, lambda conn, now: _find(conn, version, now, with_trials=True))
    language = language_of(request)
    return page(
        request,
        "hq/rule_trials.html",
        visitor=visitor,
        version=version,
        trials=[trial_row(one, found.rule_set, found.parties, language, found.zone) for one in found.trials],
    )


def _find(conn: Conn, version: int, now: datetime, *, with_trials: bool) -> _Found:
    all_sets = queries.rule_sets(conn)
    rule_set = _of_version(all_sets, version)
    return _Found(
        rule_set=rule_set,
        in_force=rule_set_at(all_sets, now, currency=rule_set.currency),
        authors=org_lists.sign_in_names(conn, [rule_set.author_id]),
        trials=trials.trials_of(conn, [rule_set.id], limit=_TRIALS_SHOWN) if with_trials else [],
        ground=trials.grounds_of(conn, [rule_set]).get(rule_set.id) if with_trials else None,
        parties={party.id: party for party in org.branch_parties(conn)} if with_trials else {},
        zone=board_setting(conn).zone,
        now=now,
    )


def _of_version(all_sets: list[RuleSet], version: int) -> RuleSet:
    found = next((one for one in all_sets if one.version == version), None)
    if found is None:
        raise Refused(NoSuchRules(version=version))
    return found


@post(f"{RULES}/draft")
async def begin_rules(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Begin a draft from a version, from what is in force, or from nothing but the rest for the brand."""
    by = _may_write(visitor)
    form = await request.form()
    said = str(form.get("based_on", ""))

    def work(conn: Conn, now: datetime) -> int:
        all_sets = queries.rule_sets(conn)
        currency = board_setting(conn).currency
        base = (
            _of_version(all_sets, int(said))
            if said.isascii() and said.isdecimal()
            else rule_set_at(all_sets, now, currency=currency)
        )
        draft = NewRuleSet(
            id=RuleSetId(uuid7(now)),
            currency=base.currency if base else currency,
            author_id=by,
            comment="…",
            rows=base.rows if base else (RuleRow(role=Role.BRAND, remainder=True),),
            own_earns=base.own_earns if base else False,
        )
        return _saved(conn, draft, now=now)

    return _to(await asyncio.to_thread(run, request, work))


@post(RULES + "/{version:int}/save")
async def save_rules(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Write a draft anew, as the form says; what cannot be read is refused by row, and nothing is changed. Where
    somebody else saved it meanwhile, theirs stays.
    """
    by = _may_write(visitor)
    form = await request.form()
    said = {name: str(form.get(name, "")) for name in form}

    def work(conn: Conn, now: datetime) -> None:
        rule_set = _of_version(queries.rule_sets(conn), version)
        comment = said.get("comment", "").strip()[:_COMMENT_MOST]
        if not comment:
            raise Refused(SayWhatChanges())
        rows = read_rows(said, currency=rule_set.currency, zone_name=board_setting(conn).zone)
        draft = NewRuleSet(
            id=rule_set.id,
            currency=rule_set.currency,
            author_id=by,
            comment=comment,
            rows=rows,
            saved_at=saved_at_of(said.get("saved_at", "")),
            own_earns=said.get("own_earns") == "yes",
        )
        _saved(conn, draft, now=now)

    await asyncio.to_thread(run, request, work)
    return _to(version)


def _saved(conn: Conn, draft: NewRuleSet, *, now: datetime) -> int:
    (outcome,) = service.save_drafts(conn, [draft], now=now)
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome.version


@post(RULES + "/{version:int}/try")
async def try_rules(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Ask for a version to be tried on what was sold from one day to another, both included."""
    by = _may_write(visitor)
    form = await request.form()
    days = (str(form.get("from_day", "")), str(form.get("until_day", "")))

    def work(conn: Conn, now: datetime) -> None:
        zone_name = board_setting(conn).zone
        first, last = (_day(one) for one in days)
        if last < first:
            raise Refused(DaysOfTrialMissing())
        ask = TrialAsk(
            id=UUID(int=uuid7(now).int),
            rule_set_id=_of_version(queries.rule_sets(conn), version).id,
            sold_from=day_range(first, zone_name).start,
            sold_until=day_range(last + timedelta(days=1), zone_name).start,
            asked_by=by,
        )
        (outcome,) = trials.ask_trials(conn, [ask], now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    await asyncio.to_thread(run, request, work)
    return _to(version)


@post(RULES + "/{version:int}/publish")
async def publish_rules(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Publish the draft that was looked at for good, from a moment, or from now on."""
    by = _may_write(visitor)
    form = await request.form()
    fields = {name: str(form.get(name, "")).strip() for name in form}
    said = fields.get("effective_from", "")

    def work(conn: Conn, now: datetime) -> None:
        publication = Publication(
            rule_set_id=_of_version(queries.rule_sets(conn), version).id,
            effective_from=_moment(said, board_setting(conn).zone) if said else now,
            published_by=by,
            saved_at=saved_at_of(fields.get("saved_at", "")),
            untried_because=fields.get("untried_because", "")[:_COMMENT_MOST],
            accepts_limits="accepts_limits" in fields,
        )
        (outcome,) = service.publish_rule_sets(conn, [publication], now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    await asyncio.to_thread(run, request, work)
    return _to(version)


def _is_writer(visitor: Visitor) -> bool:
    return visitor.may(Permission.SHARING_WRITE) and visitor.scope_of(Permission.SHARING_WRITE).everything


def _may_write(visitor: Visitor) -> PersonId:
    """Return who writes; the rules are the whole brand's."""
    if not visitor.scope_of(Permission.SHARING_WRITE).everything:
        raise Refused(RulesAreTheBrands())
    return visitor.person.person_id


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(DaysOfTrialMissing()) from None


def _moment(text: str, zone_name: str) -> datetime:
    at = read_moment(text, zone_name)
    if at is None:
        raise Refused(MomentNotRead())
    return at


def _to(version: int) -> Redirect:
    return Redirect(f"{RULES}/{version}", status_code=HTTP_303_SEE_OTHER)


RULE_PAGES = [
    show_rules,
    show_rule_set,
    tell_rule_trials,
    begin_rules,
    save_rules,
    try_rules,
    publish_rules,
]
