"""How a change of a setting is written down in a language: who, when, what, before and after."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from loopline.catalogue import Sku
from loopline.kernel.changes import Part, Scalar
from loopline.kernel.events import Event, read
from loopline.kernel.ids import NodeId, OrgUnitId, PersonId, SkuId
from loopline.marketplaces.events import MarketplaceGoodsTermsSet, MarketplaceTermsSet
from loopline.org import Person, Unit
from loopline.org.events import CounterLimitSet, PersonLeft, RoleGiven, RoleWithdrawn, UnitRehung
from loopline.org.limits import PERCENTAGES
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.settings_told import BRAND, SettingChanged, SettingKind
from loopline.sharing.events import RuleSetPublished
from loopline.slots.events import SlotTermsSet
from loopline.sourcing.settings import SiteSetting
from loopline.stock import Node
from loopline.stock.events import LotFreed, LotRecalled, SafetyChanged
from loopline.web.hours import WAY_WORDS
from loopline.web.hq.changes_words import (
    GROUP_OF,
    GROUPS,
    KIND_WORDS,
    NOTHING,
    part_word,
    written,
)
from loopline.web.hq.counter_limits import LIMIT_WORDS
from loopline.web.hq.payouts import uuid_in
from loopline.web.hq.profile_form import SITE_SETTING_WORDS
from loopline.web.hq.stock import sku_path
from loopline.web.languages import Language, marked
from loopline.web.sign_in import ROLE_WORDS

_BODIES = (
    SafetyChanged,
    LotRecalled,
    LotFreed,
    CounterLimitSet,
    SlotTermsSet,
    RoleGiven,
    RoleWithdrawn,
    PersonLeft,
    UnitRehung,
    MarketplaceTermsSet,
    MarketplaceGoodsTermsSet,
    RuleSetPublished,
    SettingChanged,
)
BODIES = {body.type_name(): body for body in _BODIES}
_NOT_SAID = marked("Only what holds since is known.")


class Named(msgspec.Struct, kw_only=True):
    """What changes name, to be read at once."""

    people: set[PersonId] = msgspec.field(default_factory=set)
    units: set[OrgUnitId] = msgspec.field(default_factory=set)
    leaves: set[NodeId] = msgspec.field(default_factory=set)
    skus: set[SkuId] = msgspec.field(default_factory=set)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    events: Sequence[Event]
    zone: str
    currency: str
    people: Mapping[PersonId, Person]
    units: Mapping[OrgUnitId, Unit]
    leaves: Mapping[NodeId, Node]
    skus: Mapping[SkuId, Sku]

    def person(self, person_id: PersonId, language: Language) -> str:
        """Return how a person is called."""
        return language.called(self.people[person_id].name) if person_id in self.people else NOTHING

    def unit(self, unit_id: UUID, language: Language) -> str:
        """Return how a unit is called; the brand's settings are nobody's else."""
        if unit_id == BRAND:
            return language.say("The whole brand")
        one = self.units.get(OrgUnitId(unit_id))
        return language.called(one.name) if one else ""

    def sku(self, sku_id: SkuId, language: Language) -> str:
        """Return how a SKU is called."""
        return language.called(self.skus[sku_id].name) if sku_id in self.skus else ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a change is about, where it holds, and each part of it as (word, before, after)."""

    what: str
    where: str = ""
    parts: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    link: str = ""


def named_in(events: Iterable[Event]) -> Named:
    """Collect what changes name."""
    found = Named()
    for one in events:
        person_id = _person_of(one.actor)
        if person_id is not None:
            found.people.add(person_id)
        match _body(one):
            case SafetyChanged(leaf_id=leaf_id, sku_id=sku_id):
                found.leaves.add(leaf_id)
                found.skus.add(sku_id)
            case LotRecalled(sku_id=sku_id) | LotFreed(sku_id=sku_id):
                found.skus.add(sku_id)
            case RoleGiven() | RoleWithdrawn() as body:
                found.people.add(body.person_id)
                found.units.add(body.branch_id)
            case PersonLeft(person_id=left):
                found.people.add(left)
            case UnitRehung() as body:
                found.units |= {body.unit_id, body.parent_id, body.former_parent_id}
            case CounterLimitSet() | SlotTermsSet() | SettingChanged():
                found.units.add(OrgUnitId(one.subject))
            case _:
                pass
    return found


def row_of(one: Event, found: Found, language: Language, *, link_by: Callable[[str], str]) -> dict[str, Any]:
    """Write a change down."""
    body = _body(one)
    said = _said(body, one, found, language)
    kind = body.kind if isinstance(body, SettingChanged) else one.type
    person_id = _person_of(one.actor)
    return {
        "key": str(one.position),
        "at": language.clock_of_day(one.at, found.zone),
        "by": found.person(person_id, language) if person_id else language.say("A program"),
        "by_link": link_by(str(person_id)) if person_id else "",
        "group": language.say(GROUPS[GROUP_OF[kind]].word),
        "said": said,
    }


def _body(one: Event) -> msgspec.Struct:
    return read(one, BODIES[one.type])


def _person_of(actor: str) -> PersonId | None:
    person_id = uuid_in(actor.removeprefix(PERSON_ACTOR)) if actor.startswith(PERSON_ACTOR) else None
    return PersonId(person_id) if person_id else None


def _said(body: msgspec.Struct, one: Event, found: Found, language: Language) -> Said:
    match body:
        case SettingChanged():
            return _of_setting(body, one, found, language)
        case SafetyChanged() | LotRecalled() | LotFreed():
            return _of_stock(body, found, language)
        case CounterLimitSet() | SlotTermsSet():
            return _of_unit(body, one, found, language)
        case MarketplaceTermsSet() | MarketplaceGoodsTermsSet() | RuleSetPublished():
            return _of_brand(body, found, language)
        case _:
            return _of_people(body, found, language)


def _of_brand(
    body: MarketplaceTermsSet | MarketplaceGoodsTermsSet | RuleSetPublished, found: Found, language: Language
) -> Said:
    if isinstance(body, RuleSetPublished):
        holds_from = language.clock_of_day(body.effective_from, found.zone)
        return Said(
            what=language.say("Sharing rules published"),
            where=language.say("The whole brand"),
            parts=_versions(body.version, language),
            note=language.say("They hold from {day}", day=holds_from),
            link=f"/hq/rules/{body.version}",
        )
    if isinstance(body, MarketplaceGoodsTermsSet):
        return Said(
            what=language.say("Marketplace terms of some goods"),
            where=f"{body.channel} · {body.subject_code}",
            parts=_versions(body.version, language),
        )
    return Said(
        what=language.say("Marketplace terms"),
        where=body.channel,
        parts=_parts(body.parts, language),
        note=language.say("Version {version}.", version=body.version),
    )


def _of_setting(body: SettingChanged, one: Event, found: Found, language: Language) -> Said:
    what = language.say(KIND_WORDS[body.kind])
    if body.kind is SettingKind.SOURCING_OVERRIDE:
        what = language.say(SITE_SETTING_WORDS[SiteSetting(body.name)])
    elif body.name and body.kind is not SettingKind.POINTS_PROGRAMME:
        what = f"{what} {body.name}"
    return Said(
        what=what,
        where=found.unit(one.subject, language),
        parts=_parts(body.parts, language, zone=found.zone),
    )


def _of_stock(body: SafetyChanged | LotRecalled | LotFreed, found: Found, language: Language) -> Said:
    sku = found.skus.get(body.sku_id)
    link = sku_path(sku.code) if sku else ""
    if isinstance(body, SafetyChanged):
        leaf = found.leaves.get(body.leaf_id)
        part = Part(field="units", before=body.units_before, after=body.units)
        return Said(
            what=found.sku(body.sku_id, language),
            where=language.called(leaf.name) if leaf else "",
            parts=_parts([part], language),
            link=link,
        )
    free, locked = "for_sale", "locked"
    before, after = (free, locked) if isinstance(body, LotRecalled) else (locked, free)
    return Said(
        what=found.sku(body.sku_id, language),
        where=language.say("The whole brand"),
        parts=_parts([Part(field="sale", before=before, after=after)], language),
        note=language.say("{units} pieces", units=language.count(body.units)),
        link=link,
    )


def _of_unit(body: CounterLimitSet | SlotTermsSet, one: Event, found: Found, language: Language) -> Said:
    where = found.unit(one.subject, language)
    note = "" if body.parts else language.say(_NOT_SAID)
    if isinstance(body, SlotTermsSet):
        return Said(
            what=language.say(WAY_WORDS[body.way]), where=where, parts=_parts(body.parts, language), note=note
        )

    def value(said: Scalar) -> str:
        if said is None or isinstance(said, str):
            return NOTHING
        return f"{said} %" if body.setting in PERCENTAGES else language.money(said, found.currency)

    parts = tuple(
        (part_word(part, language), value(part.before), value(part.after))
        if part.field == "value"
        else _part(part, language)
        for part in body.parts
    )
    return Said(what=language.say(LIMIT_WORDS[body.setting]), where=where, parts=parts, note=note)


def _of_people(body: msgspec.Struct, found: Found, language: Language) -> Said:
    match body:
        case RoleGiven() | RoleWithdrawn():
            role = language.say(ROLE_WORDS[body.role])
            before, after = (NOTHING, role) if isinstance(body, RoleGiven) else (role, NOTHING)
            return Said(
                what=found.person(body.person_id, language),
                where=found.unit(body.branch_id, language),
                parts=((language.say("Role"), before, after),),
            )
        case PersonLeft(person_id=person_id):
            return Said(what=language.say("{name} left", name=found.person(person_id, language)))
        case UnitRehung():
            part = (
                language.say("Hangs below"),
                found.unit(body.former_parent_id, language),
                found.unit(body.parent_id, language),
            )
            return Said(what=found.unit(body.unit_id, language), parts=(part,))
        case _:
            raise AssertionError(type(body))


def _versions(version: int, language: Language) -> tuple[tuple[str, str, str], ...]:
    return (_part(Part(field="version", before=version - 1 or None, after=version), language),)


def _parts(
    parts: Iterable[Part], language: Language, *, zone: str | None = None
) -> tuple[tuple[str, str, str], ...]:
    said = (_part(one, language, zone=zone) for one in parts)
    return tuple(one for one in said if one[1] != one[2])


def _part(one: Part, language: Language, *, zone: str | None = None) -> tuple[str, str, str]:
    before, after = (written(one.field, value, language, zone=zone) for value in (one.before, one.after))
    return part_word(one, language), before, after
