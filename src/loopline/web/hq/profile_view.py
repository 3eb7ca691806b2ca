"""How versions of a profile and their trials are written down in a language."""

from collections.abc import Mapping

import msgspec

from loopline.kernel.ids import SiteId
from loopline.org import Site
from loopline.sourcing.settings import Profile, ProfileState, Settings, SiteGroup, setting_names, value_of
from loopline.sourcing.trials import SideOfTrial, Trial
from loopline.web.hq.profile_form import SETTING_WORDS, is_on, switch_names
from loopline.web.languages import Language, marked

_STATE_WORDS: dict[ProfileState, str] = {
    ProfileState.DRAFT: marked("Draft"),
    ProfileState.PUBLISHED: marked("Published"),
    ProfileState.DROPPED: marked("Dropped"),
}
_GROUPS_WORD, _OPEN_WORD = SETTING_WORDS["groups"], SETTING_WORDS["open_to_units"]
_SHIP_FROM_WORD = SETTING_WORDS["ship_from"]
_SITES_SHOWN = 12
FAILURE_WORDS: dict[str, str] = {"no_orders": marked("There were no orders for delivery on these days.")}
_BROKE_WORD = marked("The trial broke off. Look at the log of the jobs, and try again.")


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version."""

    version: int
    path: str
    state: str
    tone: str
    is_in_force: bool
    comment: str
    when: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that differs from the version in force."""

    word: str
    before: str
    after: str


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a trial, before and after; `tone` says whether after is better."""

    word: str
    before: str
    after: str
    change: str
    tone: str


class TrialShown(msgspec.Struct, frozen=True, kw_only=True):
    """A trial, under way or ended."""

    days: str
    done: int
    total: int
    is_ended: bool
    failure: str
    orders: str
    measures: list[Measure]
    sites: list[Measure]
    dealers: list[Measure]


def profile_row(one: Profile, language: Language, zone: str, *, in_force: int) -> ProfileRow:
    """Write a version down."""
    is_in_force = one.version == in_force
    return ProfileRow(
        version=one.version,
        path=f"/hq/sourcing/profiles/{one.version}",
        state=language.say(marked("In force")) if is_in_force else language.say(_STATE_WORDS[one.state]),
        tone="good" if is_in_force else "warn" if one.state is ProfileState.DRAFT else "quiet",
        is_in_force=is_in_force,
        comment=one.comment or "",
        when=language.clock_of_day(one.published_at or one.written_at, zone),
    )


def changes_between(before: Settings, after: Settings, language: Language) -> list[Change]:
    """Return what differs between two versions, in the order of the form."""
    changes = [
        Change(
            word=language.say(SETTING_WORDS[name]),
            before=language.count(value_of(before, name)),
            after=language.count(value_of(after, name)),
        )
        for name in setting_names()
        if value_of(before, name) != value_of(after, name)
    ]
    for name in switch_names():
        was, now = is_on(before, name), is_on(after, name)
        if was != now:
            changes.append(
                Change(
                    word=language.say(SETTING_WORDS[name]),
                    before=_yes(was, language),
                    after=_yes(now, language),
                )
            )
    if before.groups != after.groups:
        changes.append(
            Change(
                word=language.say(_GROUPS_WORD),
                before=", ".join(map(_group_word, before.groups)) or "–",
                after=", ".join(map(_group_word, after.groups)) or "–",
            )
        )
    if before.ship_from != after.ship_from:
        changes.append(
            Change(
                word=language.say(_SHIP_FROM_WORD),
                before=", ".join(rule.name for rule in before.ship_from) or "–",
                after=", ".join(rule.name for rule in after.ship_from) or "–",
            )
        )
    if set(before.open_to_units) != set(after.open_to_units):
        changes.append(
            Change(
                word=language.say(_OPEN_WORD),
                before=language.count(len(before.open_to_units)),
                after=language.count(len(after.open_to_units)),
            )
        )
    return changes


def _group_word(group: SiteGroup) -> str:
    """A group by its name, and by what its parcels cost more or less where that is said."""
    minor = "/".join(f"{one:+d}" for one in (group.parcel_minor, group.handling_minor) if one)
    return f"{group.name} ({minor})" if minor else group.name


def _yes(is_on: object, language: Language) -> str:
    return language.say("yes") if is_on else language.say("no")


def trial_row(one: Trial, sites: Mapping[SiteId, Site], language: Language, zone: str) -> TrialShown:
    """Write a trial down; sites and dealers by how much changes for them, the most first."""
    report = one.report
    names = {site.code: language.called(site.name) for site in sites.values()}
    return TrialShown(
        days=language.say("{first} to {last}", first=one.from_day.isoformat(), last=one.until_day.isoformat())
        + f" · {language.clock_of_day(one.asked_at, zone)}",
        done=one.done_days,
        total=one.days,
        is_ended=one.ended_at is not None,
        failure=language.say(FAILURE_WORDS.get(one.failure, _BROKE_WORD)) if one.failure else "",
        orders=language.say("{count} orders", count=language.count(report.orders)) if report else "",
        measures=_measures(report.before, report.after, report.currency, language) if report else [],
        sites=_by_name(report.before.parcels_by_site, report.after.parcels_by_site, names, language)
        if report
        else [],
        dealers=_earned(report.before, report.after, report.currency, language) if report else [],
    )


def _measures(before: SideOfTrial, after: SideOfTrial, currency: str, language: Language) -> list[Measure]:
    money = [
        (language.say("Cost of all parcels"), before.cost_minor, after.cost_minor),
        (language.say("Dearer handling by groups of sites"), before.regional_minor, after.regional_minor),
        (language.say("Dealers' margin as it is weighed"), before.margin_minor, after.margin_minor),
    ]
    counts = [
        (language.say("Parcels"), before.parcels, after.parcels),
        (language.say("Orders in several parcels"), before.split_orders, after.split_orders),
        (language.say("Pieces that nobody sends"), before.unfilled_units, after.unfilled_units),
        (
            language.say("of them for want at the sites they must ship from"),
            before.unnamed_units,
            after.unnamed_units,
        ),
        (language.say("Kilometres"), before.kilometres, after.kilometres),
        (language.say("Late orders"), before.late_orders, after.late_orders),
    ]
    rows = [
        *(
            (one, language.money(one[1], currency), language.money(one[2], currency))
            for place, one in enumerate(money)
            if place == 0 or one[1] or one[2]
        ),
        *((one, language.count(one[1]), language.count(one[2])) for one in counts),
    ]
    return [
        Measure(
            word=word,
            before=said_before,
            after=said_after,
            change=language.change(now, was) or "",
            tone="good" if now < was else "bad" if now > was else "",
        )
        for (word, was, now), said_before, said_after in rows
    ]


def _by_name(
    before: Mapping[str, int], after: Mapping[str, int], names: Mapping[str, str], language: Language
) -> list[Measure]:
    keys = sorted({*before, *after}, key=lambda key: (-abs(after.get(key, 0) - before.get(key, 0)), key))[
        :_SITES_SHOWN
    ]
    return [
        Measure(
            word=names.get(key, key),
            before=language.count(before.get(key, 0)),
            after=language.count(after.get(key, 0)),
            change=language.change(after.get(key, 0), before.get(key, 0)) or "",
            tone="",
        )
        for key in keys
    ]


def _earned(before: SideOfTrial, after: SideOfTrial, currency: str, language: Language) -> list[Measure]:
    keys = sorted({*before.earned_by_dealer, *after.earned_by_dealer})
    return [
        Measure(
            word=language.called(key),
            before=language.money(before.earned_by_dealer.get(key, 0), currency),
            after=language.money(after.earned_by_dealer.get(key, 0), currency),
            change=language.change(after.earned_by_dealer.get(key, 0), before.earned_by_dealer.get(key, 0))
            or "",
            tone="",
        )
        for key in keys
    ]
