"""Profiles of sourcing: versions with their settings, drafts to change, trials on past days, publishing."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

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
from loopline.kernel.ids import SiteId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.times import business_day
from loopline.org import Permission, Site
from loopline.processes.put_in_force import put_in_force
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, ProfileUnknown, Publication, Settings, problems_of
from loopline.sourcing.trials import TrialAsk
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.profile_form import groups_shown, read_form, sections, site_settings
from loopline.web.hq.profile_view import changes_between, profile_row, trial_row
from loopline.web.hq.refusals import ProfileIsTheBrands
from loopline.web.hq.ship_from_form import known_to, rules_shown
from loopline.web.languages import Language
from loopline.web.pages import page

PROFILES = "/hq/sourcing/profiles"
_FormRequest = Request[Any, Any, State]


@get(PROFILES, sync_to_thread=True)
def show_profiles(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show all versions, which is in force and what each changed."""
    scope = visitor.scope_of(Permission.SOURCING_READ)
    found, zone, in_force = read(
        request,
        lambda conn, _: (profiles.profiles(conn), board_setting(conn).zone, profiles.profile_in_force(conn)),
    )
    language = language_of(request)
    return page(
        request,
        "hq/profiles.html",
        visitor=visitor,
        rows=[profile_row(one, language, zone, in_force=in_force.version) for one in found],
        is_default=in_force.version == profiles.NO_VERSION,
        may_write=visitor.may(Permission.SOURCING_WRITE) and scope.everything,
    )


@get(PROFILES + "/{version:int}", sync_to_thread=True)
def show_profile(request: WebRequest, visitor: NamedDependency[Visitor], version: FromPath[int]) -> Template:
    """Show one version: a draft to be changed, tried and published; another to be read."""
    return _shown(request, visitor, version)


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """A version with what its page needs, read at one moment."""

    profile: Profile
    in_force: profiles.ProfileInForce
    trials: list[Any]
    sites: Mapping[SiteId, Site]
    zone: str
    now: datetime


def _find(conn: Conn, version: int, now: datetime) -> _Found:
    profile = profiles.profile_by_version(conn, version)
    if profile is None:
        raise Refused(ProfileUnknown(version=version))
    return _Found(
        profile=profile,
        in_force=profiles.profile_in_force(conn),
        trials=profiles.trials_of(conn, version),
        sites={site.id: site for site in org.branch_sites(conn)},
        zone=board_setting(conn).zone,
        now=now,
    )


def _shown(
    request: WebRequest, visitor: Visitor, version: int, *, problems: tuple[Refusal, ...] = ()
) -> Template:
    scope = visitor.scope_of(Permission.SOURCING_READ)
    found = read(request, lambda conn, now: _find(conn, version, now))
    language = language_of(request)
    today = business_day(found.now, found.zone)
    settings = found.profile.settings
    wrong = problems or tuple(problems_of(settings, site_ids=list(found.sites)))
    return page(
        request,
        "hq/profile.html",
        visitor=visitor,
        profile=profile_row(found.profile, language, found.zone, in_force=found.in_force.version),
        version=version,
        is_draft=found.profile.state == "draft",
        may_write=visitor.may(Permission.SOURCING_WRITE) and scope.everything,
        sections=sections(settings, language),
        site_settings=site_settings(settings, language),
        groups=groups_shown(settings, found.sites, language),
        ship_from=rules_shown(settings, found.sites, language),
        changes=changes_between(found.in_force.settings, settings, language),
        problems=[language.refusal(one) for one in wrong],
        **_trials(found, language, is_shown=scope.everything),
        first_day=(today - timedelta(days=7)).isoformat(),
        last_day=(today - timedelta(days=1)).isoformat(),
        latest=today.isoformat(),
    )


@post(f"{PROFILES}/draft")
async def begin_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Begin a draft from a version, or from what is in force."""
    _may_write(visitor)
    form = await request.form()
    said = str(form.get("based_on", ""))

    def work(conn: Conn, now: datetime) -> int:
        base = profiles.profile_by_version(conn, int(said)) if said.isdigit() else None
        settings = base.settings if base else profiles.profile_in_force(conn).settings
        draft = profiles.draft_profile(
            conn, settings, based_on=base.version if base else None, by=_by(visitor), now=now
        )
        if isinstance(draft, Refusal):
            raise Refused(draft)
        return draft.version

    return _to(await asyncio.to_thread(run, request, work))


@post(PROFILES + "/{version:int}/save")
async def save_draft(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Write a draft's settings anew, as the form says; a wrong number is refused and nothing is changed."""
    _may_write(visitor)
    form = await request.form()
    said = {name: str(form.get(name, "")) for name in form}
    opened = [str(one) for one in form.getall("open_to_units", [])]

    def work(conn: Conn, now: datetime) -> None:
        settings: Settings = read_form(said, opened, known=known_to(conn, said))
        outcome = profiles.change_draft(conn, version, settings, by=_by(visitor), now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    await asyncio.to_thread(run, request, work)
    return _to(version)


@post(PROFILES + "/{version:int}/try")
async def try_draft(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Ask for a version to be tried on past days, beside the one in force."""
    _may_write(visitor)
    form = await request.form()
    days = (str(form.get("from_day", "")), str(form.get("until_day", "")))

    def work(conn: Conn, now: datetime) -> None:
        first, last = (_day(one) for one in days)
        in_force = profiles.profile_in_force(conn).version
        ask = TrialAsk(
            trial_id=uuid7(now),
            version=version,
            against=in_force or None,
            from_day=first,
            until_day=last,
        )
        refusal = profiles.ask_trial(conn, ask, zone=board_setting(conn).zone, by=_by(visitor), now=now)
        if refusal is not None:
            raise Refused(refusal)

    await asyncio.to_thread(run, request, work)
    return _to(version)


@post(PROFILES + "/{version:int}/publish")
async def publish_draft(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Put a draft in force, with its comment."""
    _may_write(visitor)
    form = await request.form()
    comment = str(form.get("comment", ""))[:500]

    def work(conn: Conn, now: datetime) -> None:
        outcome = put_in_force(
            conn,
            Publication(version=version, comment=comment, by=_by(visitor)),
            now=now,
            site_ids=[site.id for site in org.branch_sites(conn)],
        )
        if isinstance(outcome, list):
            raise Refused(outcome[0])

    await asyncio.to_thread(run, request, work)
    return _to(version)


@post(PROFILES + "/{version:int}/drop")
async def drop_draft(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Drop a draft."""
    _may_write(visitor)

    def work(conn: Conn, _: datetime) -> None:
        refusal = profiles.drop_draft(conn, version)
        if refusal is not None:
            raise Refused(refusal)

    await asyncio.to_thread(run, request, work)
    return Redirect(PROFILES, status_code=HTTP_303_SEE_OTHER)


@get(PROFILES + "/{version:int}/trials", sync_to_thread=True)
def tell_trials(request: WebRequest, visitor: NamedDependency[Visitor], version: FromPath[int]) -> Template:
    """Tell how trials stand, for the page that waits for one. They are of orders of the whole brand."""
    if not visitor.scope_of(Permission.SOURCING_READ).everything:
        raise Refused(ProfileIsTheBrands())
    found = read(request, lambda conn, now: _find(conn, version, now))
    shown = _trials(found, language_of(request), is_shown=True)
    return page(request, "hq/profile_trials.html", visitor=visitor, version=version, **shown)


def _trials(found: _Found, language: Language, *, is_shown: bool) -> dict[str, Any]:
    trials = found.trials if is_shown else []
    return {
        "trials": [trial_row(one, found.sites, language, found.zone) for one in trials],
        "is_trying": any(one.ended_at is None for one in trials),
    }


def _may_write(visitor: Visitor) -> None:
    """The profile is the whole brand's: who sees a branch alone sets overrides there, and no version."""
    if not visitor.scope_of(Permission.SOURCING_WRITE).everything:
        raise Refused(ProfileIsTheBrands())


def _by(visitor: Visitor) -> str:
    return str(visitor.person.person_id)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(DayMissing()) from None


def _to(version: int) -> Redirect:
    return Redirect(f"{PROFILES}/{version}", status_code=HTTP_303_SEE_OTHER)


class DayMissing(Refusal, frozen=True, kw_only=True):
    """Choose the first and the last day of the trial."""


PROFILE_PAGES = [
    show_profiles,
    show_profile,
    tell_trials,
    begin_draft,
    save_draft,
    try_draft,
    publish_draft,
    drop_draft,
]
