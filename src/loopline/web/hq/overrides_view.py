"""How what is left open of sourcing is written down in a language: by setting, a row for each region and dealer."""

from collections.abc import Mapping

import msgspec

from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Unit, UnitKind
from loopline.processes.open_settings import MAY_SET, Standing
from loopline.sourcing.settings import (
    KeptOverride,
    OverrideChange,
    SettingNotOpen,
    SettingOutOfRange,
    Settings,
    SiteSetting,
    range_of_site_setting,
    value_for_sites,
)
from loopline.web.hq.profile_form import SITE_SETTING_WORDS, NotANumber
from loopline.web.hq.sourcing_view import profile_name
from loopline.web.languages import Language, marked

_DEPTH_SHOWN = 3
_KINDS: Mapping[UnitKind, str] = {UnitKind.REGION: marked("Region"), UnitKind.DEALER: marked("Dealer")}
ABOUT_WORDS: Mapping[SiteSetting, str] = {
    SiteSetting.AGEING_CREDIT: marked(
        "Taken off a parcel's cost for each piece that has lain at the site for more than {days} days: "
        "old goods go first."
    ),
    SiteSetting.STOCKOUT_COST: marked(
        "Added for a piece, times how likely the site's own shelf would have sold it within {days} days."
    ),
    SiteSetting.OTHER_TERRITORY: marked(
        "Added for a parcel that the site sends to a buyer of another dealer."
    ),
    SiteSetting.ANSWER_MINUTES: marked(
        "How long the site has to accept or refuse work. "
        "What several sites may claim ends with the shortest of their times."
    ),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment. `people`: names by how they are named on what they set."""

    standing: Standing
    zone: str
    people: Mapping[str, str]


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed, or that they take back what was set."""

    unit_code: str
    setting: SiteSetting
    value: str
    comment: str
    is_taken_back: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a unit. `source`: which level decided; `about`: since when, and by whom; `reach`: for which sites.

    `depth`: how many units of the list it hangs below. `typed` and `typed_comment` fill the form.
    """

    anchor: str
    name: str
    kind: str
    code: str
    depth: int
    value: str
    source: str
    about: str
    comment: str
    reach: str
    is_own: bool
    may_set: bool
    is_open: bool
    typed: str
    typed_comment: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that is left open; `whole`: what HQ says, and in which version."""

    setting: str
    word: str
    about: str
    whole: str
    least: int
    most: int
    range: str
    rows: list[Row]


class ClosedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit set before HQ closed it: it has no effect, and may be taken back."""

    setting: str
    word: str
    code: str
    name: str
    value: str
    about: str
    may_set: bool


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody set something, or took it back."""

    at: str
    by: str
    unit: str
    word: str
    what: str
    comment: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down. `could_be_open`: each setting that is not open, with what it does."""

    profile: str
    published: str
    sections: list[Section]
    closed: list[ClosedRow]
    changes: list[ChangeRow]
    could_be_open: list[tuple[str, str]]
    has_units: bool
    problem: str


def written(
    found: Found, language: Language, *, sets: Scope, typed: Typed | None, refusal: Refusal | None
) -> View:
    """Write the page down for somebody who may set what is open where `sets` reaches."""
    pen = _Pen(found, language, sets=sets, typed=typed)
    seen = found.standing
    settings = seen.profile.settings
    opened = [one for one in SiteSetting if one in settings.open_to_units]
    return View(
        profile=profile_name(seen.profile.version, language),
        published=pen.published(),
        sections=[pen.section(one) for one in opened],
        closed=[
            pen.closed(one)
            for one in seen.overrides.values()
            if one.setting not in settings.open_to_units and one.unit_id in pen.listed
        ],
        changes=[pen.change(one) for one in seen.changes],
        could_be_open=[
            (language.say(SITE_SETTING_WORDS[one]), about(one, settings, language))
            for one in SiteSetting
            if one not in opened
        ],
        has_units=bool(pen.listed),
        problem=language.refusal(_named(refusal, language)) if refusal else "",
    )


def about(setting: SiteSetting, settings: Settings, language: Language) -> str:
    """Say what a setting does."""
    weights = settings.weights
    days = weights.ageing_days if setting is SiteSetting.AGEING_CREDIT else weights.stockout_days
    return language.say(ABOUT_WORDS[setting], days=language.count(days))


def anchor(setting: SiteSetting, unit_code: str) -> str:
    """Name the place of a unit's row on the page."""
    return f"{setting.value}-{unit_code}"


def _named(refusal: Refusal, language: Language) -> Refusal:
    """Name a setting as the page does."""
    if isinstance(refusal, SettingOutOfRange | SettingNotOpen | NotANumber):
        word = language.say(SITE_SETTING_WORDS[SiteSetting(refusal.setting)])
        return msgspec.structs.replace(refusal, setting=word)
    return refusal


class _Pen:
    """Writes rows of one page."""

    def __init__(self, found: Found, language: Language, *, sets: Scope, typed: Typed | None) -> None:
        self._found, self._language, self._sets, self._typed = found, language, sets, typed
        self._seen = found.standing
        units = [unit for unit in self._seen.units.values() if unit.kind in MAY_SET]
        rank = {unit.id: place for place, unit in enumerate(units)}
        units.sort(key=lambda unit: [rank[one] for one in unit.path if one in rank])
        # Each right after the unit that it hangs below.
        self.listed: dict[OrgUnitId, Unit] = {unit.id: unit for unit in units}

    def published(self) -> str:
        """Since when the version in force holds, and why."""
        version = self._seen.published
        if version is None or version.published_at is None:
            return ""
        when = self._language.say(
            "since {time}", time=self._language.clock_of_day(version.published_at, self._found.zone)
        )
        return f"{when} · {version.comment}" if version.comment else when

    def section(self, setting: SiteSetting) -> Section:
        """Write a setting down with its rows."""
        language, settings = self._language, self._seen.profile.settings
        least, most = range_of_site_setting(setting)
        return Section(
            setting=setting.value,
            word=language.say(SITE_SETTING_WORDS[setting]),
            about=about(setting, settings, language),
            whole=language.count(value_for_sites(settings, setting)),
            least=least,
            most=most,
            range=language.say(
                "from {least} to {most}", least=language.count(least), most=language.count(most)
            ),
            rows=[self._row(setting, unit) for unit in self.listed.values()],
        )

    def _row(self, setting: SiteSetting, unit: Unit) -> Row:
        language, seen = self._language, self._seen
        terms = seen.terms_of(unit)
        decided_by = terms.decided_by.get(setting)
        kept = seen.overrides.get((decided_by, setting)) if decided_by else None
        is_own = decided_by == unit.id
        value: int = getattr(terms, setting.value)
        typed = self._typed
        is_meant = typed is not None and (typed.setting, typed.unit_code) == (setting, unit.code)
        own_comment = kept.comment or "" if kept and is_own else ""
        return Row(
            anchor=anchor(setting, unit.code),
            name=language.called(unit.name),
            kind=language.say(_KINDS[unit.kind]),
            code=unit.code,
            depth=min(_DEPTH_SHOWN, sum(one in self.listed for one in unit.path) - 1),
            value=language.count(value),
            source=self._source(decided_by, is_own=is_own),
            about=self._about(kept) if kept else "",
            comment=(kept.comment or "") if kept else "",
            reach=self._reach(setting, unit),
            is_own=is_own,
            may_set=seen.may_set(unit, self._sets),
            is_open=is_meant,
            typed=typed.value if typed and is_meant and not typed.is_taken_back else str(value),
            typed_comment=typed.comment if typed and is_meant else own_comment,
        )

    def _source(self, decided_by: OrgUnitId | None, *, is_own: bool) -> str:
        if decided_by is None:
            return self._language.say(
                "HQ: {profile}", profile=profile_name(self._seen.profile.version, self._language)
            )
        if is_own:
            return self._language.say("set here")
        return self._language.say(
            "set by {unit}", unit=self._language.called(self._seen.units[decided_by].name)
        )

    def _about(self, kept: KeptOverride) -> str:
        since = self._language.say(
            "since {time}", time=self._language.clock_of_day(kept.set_at, self._found.zone)
        )
        by = self._name(kept.set_by)
        return f"{since} · {by}" if by else since

    def _reach(self, setting: SiteSetting, unit: Unit) -> str:
        """At how many of a unit's sites what holds for the unit is what holds."""
        language, seen = self._language, self._seen
        below = [
            terms for site, terms in zip(seen.sites, seen.terms, strict=True) if unit.id in site.unit_path
        ]
        decided_by = seen.terms_of(unit).decided_by.get(setting)
        same = sum(terms.decided_by.get(setting) == decided_by for terms in below)
        if same == len(below):
            return language.say("sites: {count}", count=language.count(same))
        return language.say(
            "sites: {count} of {all}", count=language.count(same), all=language.count(len(below))
        )

    def closed(self, one: KeptOverride) -> ClosedRow:
        """Write down what a unit set that is not open any more."""
        unit = self._seen.units[one.unit_id]
        return ClosedRow(
            setting=one.setting.value,
            word=self._language.say(SITE_SETTING_WORDS[one.setting]),
            code=unit.code,
            name=self._language.called(unit.name),
            value=self._language.count(one.value),
            about=self._about(one),
            may_set=self._seen.may_set(unit, self._sets),
        )

    def change(self, one: OverrideChange) -> ChangeRow:
        """Write a change down."""
        language = self._language
        return ChangeRow(
            at=language.clock_of_day(one.set_at, self._found.zone),
            by=self._name(one.set_by),
            unit=language.called(self._seen.units[one.unit_id].name),
            word=language.say(SITE_SETTING_WORDS[one.setting]),
            what=language.say("set to {value}", value=language.count(one.value))
            if one.value is not None
            else language.say("taken back"),
            comment=one.comment or "",
        )

    def _name(self, actor: str) -> str:
        if actor.startswith("key:"):
            return self._language.say("a program")
        return self._language.called(self._found.people.get(actor, ""))
