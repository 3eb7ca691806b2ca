"""The profiles by which waves are decided: drafted, tried on past days, published or dropped."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Generic
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import SiteId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.put_in_force import put_in_force
from loopline.sourcing import profiles
from loopline.sourcing.dark import DarkSites
from loopline.sourcing.learnt_capacity import LearntCapacity
from loopline.sourcing.settings import (
    DayPrices,
    Fairness,
    Limits,
    Offers,
    Profile,
    ProfileState,
    Publication,
    Reoptimising,
    Settings,
    SiteGroup,
    SiteSetting,
    Waiting,
    Weights,
    problems_of,
)
from loopline.sourcing.ship_from import RULES_MOST
from loopline.sourcing.trials import Trial, TrialAsk, TrialReport
from loopline.sourcing.waiting_pay import PayForWaiting
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Item, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.ship_from import ShipFromRule, rule_of, rule_told, unknown_of
from loopline.web.api.types import Code, Name

_TAG = "sourcing"
FEW = 20
Version = Annotated[int, Meta(ge=1, le=2_000_000_000)]


class Few(msgspec.Struct, Generic[Item], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to twenty items. Each has its own outcome; one that is refused stops no other."""

    items: Annotated[list[Item], Meta(min_length=1, max_length=FEW)]


class GroupOfSites(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sites that are preferred or spared: `parcel_minor` per parcel, below zero to prefer them.

    `handling_minor`: what handling a parcel costs more there. `is_fallback`: they serve only what no other site can.
    """

    name: Name
    site_codes: Annotated[list[Code], Meta(max_length=10_000)]
    parcel_minor: int = 0
    handling_minor: int = 0
    is_fallback: bool = False


class ProfileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile's settings, whole: what is left out is as delivered. Money is in minor units of the brand's currency.

    `open_to_units`: what a region or a dealer may set for its sites.
    """

    weights: Weights = Weights()
    limits: Limits = Limits()
    groups: Annotated[list[GroupOfSites], Meta(max_length=50)] = []
    ship_from: Annotated[list[ShipFromRule], Meta(max_length=RULES_MOST)] = []
    waiting: Waiting = Waiting()
    fairness: Fairness = Fairness()
    offers: Offers = Offers()
    day_prices: DayPrices = DayPrices()
    reoptimising: Reoptimising = Reoptimising()
    waiting_pay: PayForWaiting = PayForWaiting()
    learnt_capacity: LearntCapacity = LearntCapacity()
    dark_sites: DarkSites = DarkSites()
    answer_minutes: int = 240
    open_to_units: Annotated[list[SiteSetting], Meta(max_length=10)] = []


class ProfileAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft: a new one, or (with the `version` of a draft) all of that draft anew. `based_on`: of a new one."""

    settings: ProfileSettings
    version: Version | None = None
    based_on: Version | None = None


class ProfileDrafted(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that is saved, and what keeps it from being published."""

    version: int
    problems: list[str]


class PublishAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put a draft in force from now on. `comment`: what it changes, and why."""

    version: Version
    comment: Annotated[str, Meta(max_length=500)]


class ProfilePublished(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is in force. `woken_orders` waited for other limits, and are looked at again."""

    version: int
    woken_orders: int


class VersionAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft by its version."""

    version: Version


class ProfileDropped(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that is dropped: it stays to be read."""

    version: int


class ProfileTold(msgspec.Struct, frozen=True, kw_only=True):
    """A version. The one published last is in force."""

    version: int
    based_on: int | None
    state: ProfileState
    is_in_force: bool
    comment: str | None
    written_at: datetime
    published_at: datetime | None
    settings: ProfileSettings
    problems: list[str]


class ProfileTrialAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Try a version on the orders of whole past days, both included, beside another (null: what is in force)."""

    version: Version
    from_day: date
    until_day: date
    against: Version | None = None


class ProfileTrialTold(msgspec.Struct, frozen=True, kw_only=True):
    """A trial. It is done day by day; in the end it has a `report`, or says why it has none."""

    id: UUID
    version: int
    against: int | None
    from_day: date
    until_day: date
    asked_at: datetime
    done_days: int
    ended_at: datetime | None
    failure: str | None
    report: TrialReport | None


class ProfileTrialAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that is asked for; `/sourcing-profiles/{version}/trials` says how it stands."""

    id: UUID
    version: int


@posted("/sourcing-profiles", tag=_TAG, name="draft_sourcing_profiles", gives=Outcomes[ProfileDrafted])
def draft_sourcing_profiles(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Few[ProfileAsk]]
) -> Response[bytes]:
    """Save drafts of the profile, whole; each is told what keeps it from being published."""
    whole_brand(caller, Permission.SOURCING_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> list[ProfileDrafted | Refusal]:
        by = str(caller.actor)
        site_ids = {site.code: site.id for site in org.branch_sites(conn)}
        # At most FEW: versions are counted one by one.
        return [_drafted(conn, one, site_ids, by=by, now=now) for one in data.items]

    return decided(request, caller, data, decide)


def _drafted(
    conn: Conn, one: ProfileAsk, site_ids: Mapping[str, SiteId], *, by: str, now: datetime
) -> ProfileDrafted | Refusal:
    grouped = [code for group in one.settings.groups for code in group.site_codes]
    unknown = unknown_of(conn, one.settings.ship_from, grouped, site_ids)
    if unknown is not None:
        return unknown
    settings = _settings_of(one.settings, site_ids)
    saved = (
        profiles.draft_profile(conn, settings, based_on=one.based_on, by=by, now=now)
        if one.version is None
        else profiles.change_draft(conn, one.version, settings, by=by, now=now)
    )
    if isinstance(saved, Refusal):
        return saved
    problems = problems_of(settings, site_ids=list(site_ids.values()))
    return ProfileDrafted(version=saved.version, problems=[problem.message() for problem in problems])


def _settings_of(asked: ProfileSettings, site_ids: Mapping[str, SiteId]) -> Settings:
    return Settings(
        weights=asked.weights,
        limits=asked.limits,
        groups=tuple(
            SiteGroup(
                name=group.name,
                site_ids=tuple(site_ids[code] for code in dict.fromkeys(group.site_codes)),
                parcel_minor=group.parcel_minor,
                handling_minor=group.handling_minor,
                is_fallback=group.is_fallback,
            )
            for group in asked.groups
        ),
        ship_from=tuple(rule_of(rule, site_ids) for rule in asked.ship_from),
        waiting=asked.waiting,
        fairness=asked.fairness,
        offers=asked.offers,
        day_prices=asked.day_prices,
        reoptimising=asked.reoptimising,
        waiting_pay=asked.waiting_pay,
        learnt_capacity=asked.learnt_capacity,
        dark_sites=asked.dark_sites,
        answer_minutes=asked.answer_minutes,
        open_to_units=tuple(dict.fromkeys(asked.open_to_units)),
    )


@posted(
    "/sourcing-profiles/publish",
    tag=_TAG,
    name="publish_sourcing_profiles",
    gives=Outcomes[ProfilePublished],
)
def publish_sourcing_profiles(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Few[PublishAsk]]
) -> Response[bytes]:
    """Put drafts in force, one after the other: the last one published holds. Told is the first thing in the way."""
    whole_brand(caller, Permission.SOURCING_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> list[ProfilePublished | Refusal]:
        by = str(caller.actor)
        site_ids = [site.id for site in org.branch_sites(conn)]
        found: list[ProfilePublished | Refusal] = []
        for one in data.items:  # at most FEW: one holds after the other
            wish = Publication(version=one.version, comment=one.comment, by=by)
            outcome = put_in_force(conn, wish, now=now, site_ids=site_ids)
            found.append(
                outcome[0]
                if isinstance(outcome, list)
                else ProfilePublished(version=one.version, woken_orders=outcome)
            )
        return found

    return decided(request, caller, data, decide)


@posted("/sourcing-profiles/drop", tag=_TAG, name="drop_sourcing_profiles", gives=Outcomes[ProfileDropped])
def drop_sourcing_profiles(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Few[VersionAsk]]
) -> Response[bytes]:
    """Drop drafts: they stay to be read, and can be neither changed nor published any more."""
    whole_brand(caller, Permission.SOURCING_WRITE, subject=_TAG)

    def decide(conn: Conn, _: datetime) -> list[ProfileDropped | Refusal]:
        # At most FEW.
        return [
            profiles.drop_draft(conn, one.version) or ProfileDropped(version=one.version)
            for one in data.items
        ]

    return decided(request, caller, data, decide)


@posted("/sourcing-profiles/try", tag=_TAG, name="try_sourcing_profiles", gives=Outcomes[ProfileTrialAsked])
def try_sourcing_profiles(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Few[ProfileTrialAsk]]
) -> Response[bytes]:
    """Ask for versions to be tried on past days. A job does it, and nothing is changed by it."""
    whole_brand(caller, Permission.SOURCING_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> list[ProfileTrialAsked | Refusal]:
        by, zone = str(caller.actor), board_setting(conn).zone
        in_force = profiles.profile_in_force(conn).version or None
        found: list[ProfileTrialAsked | Refusal] = []
        for one in data.items:  # at most FEW
            ask = TrialAsk(
                trial_id=uuid7(now),
                version=one.version,
                against=one.against or in_force,
                from_day=one.from_day,
                until_day=one.until_day,
            )
            refusal = profiles.ask_trial(conn, ask, zone=zone, by=by, now=now)
            found.append(refusal or ProfileTrialAsked(id=ask.trial_id, version=one.version))
        return found

    return decided(request, caller, data, decide)


@told("/sourcing-profiles", tag=_TAG, name="list_sourcing_profiles")
def list_sourcing_profiles(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[ProfileTold]:
    """List the versions of the profile, the newest first."""
    caller.scope(Permission.SOURCING_READ)
    (before,) = asked.after(int) or (None,)

    def find(conn: Conn, _: datetime) -> Page[ProfileTold]:
        found = [one for one in profiles.profiles(conn) if before is None or one.version < before]
        tell = _Teller(conn)
        return page_of(
            found[: asked.at_most], asked, told=tell, cursor=lambda one: encode_cursor(one.version)
        )

    return read(request, find)


@get(
    "/sourcing-profiles/{version:int}",
    tags=[_TAG],
    operation_id="show_sourcing_profile",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def show_sourcing_profile(
    request: AnyRequest, caller: NamedDependency[Caller], version: FromPath[Version]
) -> ProfileTold:
    """Show one version of the profile."""
    caller.scope(Permission.SOURCING_READ)
    return read(request, lambda conn, _: _Teller(conn)(_profile(conn, version)))


@get(
    "/sourcing-profiles/{version:int}/trials",
    tags=[_TAG],
    operation_id="list_sourcing_trials",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def list_sourcing_trials(
    request: AnyRequest, caller: NamedDependency[Caller], version: FromPath[Version]
) -> Page[ProfileTrialTold]:
    """List the trials of a version, the latest first, all on one page."""
    whole_brand(caller, Permission.SOURCING_READ, subject=_TAG)

    def find(conn: Conn, _: datetime) -> Page[ProfileTrialTold]:
        _profile(conn, version)
        return Page(items=[_trial_told(one) for one in profiles.trials_of(conn, version)], next_cursor=None)

    return read(request, find)


def _profile(conn: Conn, version: int) -> Profile:
    found = profiles.profile_by_version(conn, version)
    if found is None:
        raise Refused(NoSuchThing(noun="version of the profile", value=str(version)))
    return found


class _Teller:
    """Tells versions; reads what all of them need once."""

    def __init__(self, conn: Conn) -> None:
        self._in_force = profiles.profile_in_force(conn).version
        self._codes = {site.id: site.code for site in org.branch_sites(conn)}

    def __call__(self, one: Profile) -> ProfileTold:
        is_draft = one.state is ProfileState.DRAFT
        problems = problems_of(one.settings, site_ids=list(self._codes)) if is_draft else []
        return ProfileTold(
            version=one.version,
            based_on=one.based_on,
            state=one.state,
            is_in_force=one.version == self._in_force,
            comment=one.comment,
            written_at=one.written_at,
            published_at=one.published_at,
            settings=self._settings(one.settings),
            problems=[problem.message() for problem in problems],
        )

    def _settings(self, settings: Settings) -> ProfileSettings:
        return ProfileSettings(
            weights=settings.weights,
            limits=settings.limits,
            groups=[
                GroupOfSites(
                    name=group.name,
                    site_codes=[self._codes[one] for one in group.site_ids if one in self._codes],
                    parcel_minor=group.parcel_minor,
                    handling_minor=group.handling_minor,
                    is_fallback=group.is_fallback,
                )
                for group in settings.groups
            ],
            ship_from=[rule_told(rule, self._codes) for rule in settings.ship_from],
            waiting=settings.waiting,
            fairness=settings.fairness,
            offers=settings.offers,
            day_prices=settings.day_prices,
            reoptimising=settings.reoptimising,
            waiting_pay=settings.waiting_pay,
            learnt_capacity=settings.learnt_capacity,
            dark_sites=settings.dark_sites,
            answer_minutes=settings.answer_minutes,
            open_to_units=list(settings.open_to_units),
        )


def _trial_told(one: Trial) -> ProfileTrialTold:
    return ProfileTrialTold(
        id=one.id,
        version=one.version,
        against=one.against,
        from_day=one.from_day,
        until_day=one.until_day,
        asked_at=one.asked_at,
        done_days=one.done_days,
        ended_at=one.ended_at,
        failure=one.failure,
        report=one.report,
    )


SOURCING_PROFILE_HANDLERS = [
    draft_sourcing_profiles,
    publish_sourcing_profiles,
    drop_sourcing_profiles,
    try_sourcing_profiles,
    list_sourcing_profiles,
    show_sourcing_profile,
    list_sourcing_trials,
]
