"""Promote: promotions as people name them are saved, tried on past orders, put in force and ended.

A promotion belongs to the branch of the place that it names; one that names none is the whole brand's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from loopline import catalogue, orders, org
from loopline.db import Conn, log
from loopline.kernel.changes import Part
from loopline.kernel.events import SYSTEM_ACTOR, Event
from loopline.kernel.ids import OrgUnitId, PartyId, SiteId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Party, PartyKind, Site
from loopline.org.rules import UnknownCode
from loopline.pricing.promotions import (
    ONLY_THE_SELLER,
    Bearer,
    Conditions,
    Effect,
    Funder,
    FundingAgreement,
    Gift,
    NewPromotion,
    Promotion,
    PromotionEnd,
    agree_to_fund,
    end_promotions,
    last_versions,
    publish_promotions,
    published_promotions,
    save_promotions,
    take_turn,
    unpublished_promotions,
)
from loopline.pricing.promotions.changes import PromotionUnknown
from loopline.pricing.promotions.rules import timed
from loopline.processes.settings_told import BRAND, SettingKind, setting_told

_OF_THE_BRAND = {Bearer.BRAND: PartyKind.BRAND, Bearer.PLATFORM: PartyKind.PLATFORM}


class WantedFunder(msgspec.Struct, frozen=True, kw_only=True):
    """Who bears a part, the party by its code where one is named."""

    bearer: Bearer
    basis_points: int
    party_code: str | None = None


_THE_SELLER = tuple(WantedFunder(bearer=one.bearer, basis_points=one.basis_points) for one in ONLY_THE_SELLER)


class WantedGift(msgspec.Struct, frozen=True, kw_only=True):
    """A gift as people name it, its SKU by its code. See `Gift`."""

    sku_code: str
    units: int = 1
    from_units: int | None = None
    from_minor: int | None = None
    is_repeated: bool = False


class WantedTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What people say of whatever takes something off: where, of what, and who bears it; all of it by codes."""

    code: str
    name: str
    currency: str
    comment: str
    channels: tuple[str, ...] = ()
    unit_code: str | None = None
    site_code: str | None = None
    sku_codes: tuple[str, ...] = ()
    product_codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    funders: tuple[WantedFunder, ...] = _THE_SELLER
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class WantedPromotion(WantedTerms, frozen=True, kw_only=True):
    """A draft as people name it: places, goods and parties by their codes. See `NewPromotion`."""

    effect: Effect | WantedGift
    live_room: str | None = None
    members_only: bool = False
    member_tier: str | None = None
    group: int = 1
    is_exclusive: bool = False
    most_minor: int | None = None


class WantedAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """What a party agreed to bear, the party by its code; from now on unless said."""

    party_code: str
    currency: str
    most_basis_points: int
    comment: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Codes(msgspec.Struct, frozen=True, kw_only=True):
    """What drafts name, by code."""

    sites: Mapping[str, Site]
    units: Mapping[str, OrgUnitId]
    skus: Mapping[str, catalogue.Sku]
    products: Mapping[str, catalogue.Product]
    channels: Mapping[str, orders.ChannelTerms]
    categories: Mapping[str, tuple[SkuId, ...]]
    parties: Mapping[str, Party]


def covers(scope: Scope, *, site_id: SiteId | None, org_unit_id: OrgUnitId | None) -> bool:
    """Tell whether a promotion is one's own to change: of a place in scope, or of none and the scope is everything."""
    return (
        scope.everything
        or scope.covers_site(site_id)
        or (org_unit_id is not None and site_id is None and org_unit_id in scope.org_units)
    )


def _is_mine(one: Promotion, scope: Scope) -> bool:
    asked = one.conditions
    return covers(scope, site_id=asked.site_id, org_unit_id=asked.org_unit_id)


def _codes_of_others(published: Sequence[Promotion], scope: Scope, *, now: datetime) -> set[str]:
    """The codes that hold, or will, where it is not one's own to say: a later version would take over there, too."""
    return {
        one.promotion.code
        for one in timed(published)
        if (one.until is None or now < one.until) and not _is_mine(one.promotion, scope)
    }


def save(
    conn: Conn, wanted: Sequence[WantedPromotion], *, scope: Scope, by: str, now: datetime
) -> list[Promotion | Refusal]:
    """Save drafts of one's branch, one outcome each; a code of another branch's is refused.

    Takes the turn of prices first, as all changes here do: whose a code is, is so until the end.
    """
    take_turn(conn)
    codes = read_codes(conn, wanted)
    last = last_versions(conn, [one.code for one in wanted])
    others = _codes_of_others(published_promotions(conn), scope, now=now)
    outcomes: list[Promotion | Refusal | None] = []
    fit: list[NewPromotion] = []
    for one in wanted:
        new = _new(one, codes=codes, by=by)
        before = last.get(one.code)
        if isinstance(new, Refusal):
            outcomes.append(new)
        elif not covers(
            scope, site_id=new.conditions.site_id, org_unit_id=new.conditions.org_unit_id
        ) or not (before is None or (_is_mine(before, scope) and one.code not in others)):
            outcomes.append(NotInYourBranch(subject=one.code))
        else:
            outcomes.append(None)
            fit.append(new)
    saved = iter(save_promotions(conn, fit, now=now) if fit else ())
    return [one if one is not None else next(saved) for one in outcomes]


def read_codes(conn: Conn, wanted: Sequence[WantedTerms]) -> Codes:
    """Read what drafts name, for all of them at once."""
    units = org.units_by_code(conn, {one.unit_code for one in wanted if one.unit_code is not None})
    return Codes(
        sites=org.sites_by_code(conn, {one.site_code for one in wanted if one.site_code is not None}),
        units={code: unit.id for code, unit in units.items()},
        skus=catalogue.skus_by_code(conn, {code for one in wanted for code in _skus_of(one)}),
        products=catalogue.products_by_code(conn, {code for one in wanted for code in one.product_codes}),
        channels=orders.channels_by_code(conn) if any(one.channels for one in wanted) else {},
        categories=catalogue.skus_of_categories(conn, {name for one in wanted for name in one.categories}),
        parties=org.parties_by_code(
            conn,
            {funder.party_code for one in wanted for funder in one.funders if funder.party_code is not None},
        ),
    )


def _skus_of(one: WantedTerms) -> tuple[str, ...]:
    """The SKUs that a draft names: as its goods, and as its gift."""
    effect = one.effect if isinstance(one, WantedPromotion) else None
    return (*one.sku_codes, effect.sku_code) if isinstance(effect, WantedGift) else one.sku_codes


def skus_named_by(one: NewPromotion) -> frozenset[SkuId]:
    """Return the SKUs that a promotion names: as its goods, and as its gift."""
    given = {one.effect.sku_id} if isinstance(one.effect, Gift) else set[SkuId]()
    return one.conditions.sku_ids | given


def _effect(wanted: Effect | WantedGift, codes: Codes) -> Effect:
    if not isinstance(wanted, WantedGift):
        return wanted
    return Gift(
        sku_id=codes.skus[wanted.sku_code].id,
        units=wanted.units,
        from_units=wanted.from_units,
        from_minor=wanted.from_minor,
        is_repeated=wanted.is_repeated,
    )


def unknown_of(one: WantedTerms, codes: Codes) -> UnknownCode | None:
    """Return the first code of a draft that names nothing."""
    named = (
        ("site", codes.sites, [one.site_code]),
        ("unit", codes.units, [one.unit_code]),
        ("SKU", codes.skus, _skus_of(one)),
        ("product", codes.products, one.product_codes),
        ("channel", codes.channels, one.channels),
        ("category", codes.categories, one.categories),
        ("party", codes.parties, [funder.party_code for funder in one.funders]),
    )
    for noun, known, asked in named:
        missing = next((code for code in asked if code is not None and code not in known), None)
        if missing is not None:
            return UnknownCode(noun=noun, value=missing)
    return None


def conditions_of(one: WantedTerms, codes: Codes) -> Conditions:
    """Return where, and for which goods, a draft holds; every code it names is known."""
    return Conditions(
        channels=one.channels,
        org_unit_id=None if one.unit_code is None else codes.units[one.unit_code],
        site_id=None if one.site_code is None else codes.sites[one.site_code].id,
        sku_ids=frozenset(codes.skus[code].id for code in one.sku_codes),
        product_ids=frozenset(codes.products[code].id for code in one.product_codes),
        categories=frozenset(one.categories),
    )


def funders_of(one: WantedTerms, codes: Codes) -> tuple[Funder, ...]:
    """Return who bears a draft; every code it names is known."""
    return tuple(
        Funder(
            bearer=funder.bearer,
            basis_points=funder.basis_points,
            party_id=None if funder.party_code is None else codes.parties[funder.party_code].id,
        )
        for funder in one.funders
    )


def _new(one: WantedPromotion, *, codes: Codes, by: str) -> NewPromotion | Refusal:
    unknown = unknown_of(one, codes)
    if unknown is not None:
        return unknown
    return NewPromotion(
        code=one.code,
        name=one.name,
        currency=one.currency,
        effect=_effect(one.effect, codes),
        conditions=msgspec.structs.replace(
            conditions_of(one, codes),
            live_room=one.live_room,
            members_only=one.members_only,
            member_tier=one.member_tier,
        ),
        group=one.group,
        is_exclusive=one.is_exclusive,
        most_minor=one.most_minor,
        funders=funders_of(one, codes),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        author=by,
        comment=one.comment,
    )


def publish(  # noqa: PLR0913 - what, whose, and what was seen of it
    conn: Conn,
    codes: Sequence[str],
    *,
    scope: Scope,
    by: str,
    now: datetime,
    seen: Mapping[str, datetime] | None = None,
) -> list[Promotion | Refusal]:
    """Put the drafts under some codes in force, each once and in one's branch.

    `seen` says of codes when the draft that was looked at was saved: one that was saved later is refused.
    """
    take_turn(conn)
    drafts = unpublished_promotions(conn, codes)
    others = _codes_of_others(published_promotions(conn), scope, now=now)
    others |= {code for code, draft in drafts.items() if not _is_mine(draft, scope)}
    named = may_bear(conn, list(drafts.values()))
    going = [code for code in codes if code not in others]
    made = publish_promotions(conn, going, named=named, seen=seen, by=by, now=now) if going else ()
    published = {one.code: one for one in made if isinstance(one, Promotion)}
    told = [
        (one, Part(field="version", before=one.version - 1 or None, after=one.version))
        for one in published.values()
    ]
    log.append(conn, _told(told, by=by, now=now))
    done = iter(made)
    return [NotInYourBranch(subject=code) if code in others else next(done) for code in codes]


def end(
    conn: Conn,
    ends: Sequence[tuple[str, datetime]],
    *,
    scope: Scope,
    now: datetime,
    by: str = SYSTEM_ACTOR,
) -> list[PromotionEnd | Refusal]:
    """End what holds under codes at moments, and what would hold later, each in one's branch.

    What begins at the very moment never does, and an earlier version goes on; else nothing holds from then on.
    """
    take_turn(conn)
    asked = {code for code, _ in ends}
    published = [one for one in published_promotions(conn) if one.code in asked]
    last, spans = {one.code: one for one in published}, timed(published)
    targets: list[list[PromotionEnd] | Refusal] = []
    for code, at in ends:
        reached = [
            one.promotion
            for one in spans
            if one.promotion.code == code and (one.until is None or at < one.until)
        ]
        reached = reached or [last[code]] if code in last else []
        if not reached:
            targets.append(PromotionUnknown(value=code))
        elif not all(_is_mine(one, scope) for one in reached):
            targets.append(NotInYourBranch(subject=code))
        else:
            targets.append([PromotionEnd(promotion_id=one.id, valid_until=at) for one in reached])
    going = [one for of_code in targets if not isinstance(of_code, Refusal) for one in of_code]
    ended = iter(end_promotions(conn, going, now=now) if going else ())
    outcomes: list[PromotionEnd | Refusal] = []
    for of_code in targets:
        if isinstance(of_code, Refusal):
            outcomes.append(of_code)
        else:
            first, *_ = [next(ended) for _ in of_code]
            outcomes.append(first)
    told = {
        code: (last[code], Part(field="valid_until", before=_spelt(last[code].valid_until), after=_spelt(at)))
        for (code, at), outcome in zip(ends, outcomes, strict=True)
        if isinstance(outcome, PromotionEnd)
    }
    log.append(conn, _told(list(told.values()), by=by, now=now))
    return outcomes


def _spelt(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _told(changed: Sequence[tuple[Promotion, Part]], *, by: str, now: datetime) -> list[Event]:
    """Tell what of promotions changed; one of a unit's is told of the unit."""
    return [
        told
        for one, part in changed
        for told in setting_told(
            SettingKind.PROMOTION,
            one.code,
            [part],
            subject=one.conditions.org_unit_id or BRAND,
            by=by,
            now=now,
        )
    ]


def agree(
    conn: Conn, wanted: Sequence[WantedAgreement], *, by: str, now: datetime
) -> list[FundingAgreement | Refusal]:
    """Write what parties agreed to bear, one outcome each."""
    parties = org.parties_by_code(conn, {one.party_code for one in wanted})
    outcomes: list[FundingAgreement | Refusal | None] = []
    fit: list[FundingAgreement] = []
    for one, agreement_id in zip(wanted, uuid7s(now, len(wanted)), strict=True):
        party = parties.get(one.party_code)
        if party is None:
            outcomes.append(UnknownCode(noun="party", value=one.party_code))
            continue
        outcomes.append(None)
        fit.append(
            FundingAgreement(
                id=agreement_id,
                party_id=party.id,
                currency=one.currency,
                most_basis_points=one.most_basis_points,
                valid_from=one.valid_from or now,
                valid_until=one.valid_until,
                comment=one.comment,
                agreed_by=by,
                agreed_at=now,
            )
        )
    kept = iter(agree_to_fund(conn, fit) if fit else ())
    return [one if one is not None else next(kept) for one in outcomes]


class Borne(Protocol):
    """What somebody is to bear: its code, where it holds, who bears it."""

    @property
    def code(self) -> str: ...
    @property
    def conditions(self) -> Conditions: ...
    @property
    def funders(self) -> tuple[Funder, ...]: ...


def may_bear(conn: Conn, drafts: Sequence[Borne]) -> dict[str, dict[Bearer, dict[PartyId, str]]]:
    """Return, by code, which parties each bearer may turn out to be wherever a draft holds, with their codes."""
    if not any(one.bearer is not Bearer.SELLER for draft in drafts for one in draft.funders):
        return {}
    parties, sites = org.branch_parties(conn), org.branch_sites(conn)
    found: dict[str, dict[Bearer, dict[PartyId, str]]] = {}
    for draft in drafts:
        of_brand = {
            bearer: dict([(one.id, one.code) for one in parties if one.kind is kind][:1])
            for bearer, kind in _OF_THE_BRAND.items()
        }
        found[draft.code] = {
            **of_brand,
            Bearer.DEALER: _dealers(draft, parties, sites),
            Bearer.PARTY: {one.id: one.code for one in parties},
        }
    return found


def _dealers(draft: Borne, parties: Sequence[Party], sites: Sequence[Site]) -> dict[PartyId, str]:
    """The dealers nearest above the sites that a promotion holds at."""
    asked = draft.conditions
    by_unit = {one.unit_id: one for one in reversed(parties) if one.kind is PartyKind.DEALER}
    found: dict[PartyId, str] = {}
    for site in sites:
        if asked.site_id not in {None, site.id}:
            continue
        if asked.org_unit_id is not None and asked.org_unit_id not in site.unit_path:
            continue
        nearest = next((by_unit[unit] for unit in reversed(site.unit_path) if unit in by_unit), None)
        if nearest is not None:
            found[nearest.id] = nearest.code
    return found
