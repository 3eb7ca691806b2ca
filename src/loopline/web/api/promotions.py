"""Promotions: drafts, tries, what is in force, and who agreed to bear it. One that names a place is its branch's."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId, PartyId, ProductId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.pricing.promotions import (
    LAST_VERSION,
    FundingAgreement,
    Promotion,
    agreements,
    note_tried,
    promotions_page,
    unpublished_promotions,
)
from loopline.pricing.promotions.changes import NothingToPublish
from loopline.processes.promote import (
    WantedAgreement,
    WantedFunder,
    WantedPromotion,
    agree,
    covers,
    end,
    publish,
    save,
    skus_named_by,
)
from loopline.processes.try_promotion import Tried, try_on_past_orders
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.promotion_shapes import (
    AgreementAsk,
    AgreementTold,
    FunderTold,
    PromotionAsk,
    PromotionEndAsk,
    PromotionEnded,
    PromotionTold,
    PublishAsk,
    TryAsk,
    effect_of,
    effect_told,
)
from loopline.web.api.shapes import Batch, Codes, Outcomes, Page, Paging, decided, page_of, posted, told

_TAG = "promotions"
_SUBJECT = "promotions"


@posted("/promotions", tag=_TAG, name="save_promotions", gives=Outcomes[PromotionTold])
def save_drafts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PromotionAsk]]
) -> Response[bytes]:
    """Save drafts. A draft that waits under a code is written anew, and is to be tried again before it is published."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PromotionTold | Refusal]:
        saved = save(conn, [_wanted(one) for one in data.items], scope=scope, by=caller.actor, now=now)
        return _told(conn, saved)

    return decided(request, caller, data, decide)


def _wanted(one: PromotionAsk) -> WantedPromotion:
    funders = tuple(
        WantedFunder(bearer=funder.bearer, basis_points=funder.basis_points, party_code=funder.party_code)
        for funder in one.funders
    )
    wanted = WantedPromotion(
        code=one.code,
        name=one.name,
        currency=one.currency,
        effect=effect_of(one.effect),
        comment=one.comment,
        channels=tuple(one.channels),
        unit_code=one.unit_code,
        site_code=one.site_code,
        live_room=one.live_room,
        members_only=one.members_only,
        member_tier=one.member_tier,
        sku_codes=tuple(one.sku_codes),
        product_codes=tuple(one.product_codes),
        categories=tuple(one.categories),
        group=one.group,
        is_exclusive=one.is_exclusive,
        most_minor=one.most_minor,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
    )
    return msgspec.structs.replace(wanted, funders=funders) if funders else wanted


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    sites: Mapping[SiteId, str]
    units: Mapping[OrgUnitId, str]
    skus: Mapping[SkuId, str]
    products: Mapping[ProductId, str]
    parties: Mapping[PartyId, str]


def _told(conn: Conn, found: Sequence[Promotion | Refusal]) -> list[PromotionTold | Refusal]:
    """Say what stands, places, goods and parties by their codes."""
    standing = [one for one in found if isinstance(one, Promotion)]
    asked = [one.conditions for one in standing]
    sites = org.sites_by_id(conn, {one.site_id for one in asked if one.site_id})
    products = catalogue.products_by_id(conn, {key for one in asked for key in one.product_ids})
    parties = org.parties_by_id(
        conn, {funder.party_id for one in standing for funder in one.funders if funder.party_id}
    )
    names = _Names(
        sites={key: site.code for key, site in sites.items()},
        units=dict(org_lists.unit_codes(conn, [one.org_unit_id for one in asked if one.org_unit_id])),
        skus={
            key: sku.code
            for key, sku in catalogue.skus_by_id(
                conn, {sku_id for one in standing for sku_id in skus_named_by(one)}
            ).items()
        },
        products={key: product.code for key, product in products.items()},
        parties={key: party.code for key, party in parties.items()},
    )
    return [one if isinstance(one, Refusal) else _promotion_told(one, names) for one in found]


def _promotion_told(one: Promotion, names: _Names) -> PromotionTold:
    asked = one.conditions
    return PromotionTold(
        id=one.id,
        code=one.code,
        version=one.version,
        state=one.state,
        name=one.name,
        currency=one.currency,
        effect=effect_told(one.effect, names.skus),
        comment=one.comment,
        author=one.author,
        channels=list(asked.channels),
        unit_code=None if asked.org_unit_id is None else names.units.get(asked.org_unit_id),
        site_code=None if asked.site_id is None else names.sites.get(asked.site_id),
        live_room=asked.live_room,
        members_only=asked.members_only,
        member_tier=asked.member_tier,
        sku_codes=sorted(names.skus.get(key, str(key)) for key in asked.sku_ids),
        product_codes=sorted(names.products.get(key, str(key)) for key in asked.product_ids),
        categories=sorted(asked.categories),
        group=one.group,
        is_exclusive=one.is_exclusive,
        most_minor=one.most_minor,
        funders=[
            FunderTold(
                bearer=funder.bearer,
                basis_points=funder.basis_points,
                party_code=None if funder.party_id is None else names.parties.get(funder.party_id),
            )
            for funder in one.funders
        ],
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        saved_at=one.saved_at,
        published_at=one.published_at,
    )


@told("/promotions", tag=_TAG, name="list_promotions")
def list_promotions(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[PromotionTold]:
    """List the versions of promotions of one's branch and of those that name no place, by code, the last first."""
    scope = caller.scope(Permission.PRICES_READ)
    after = asked.after(str, int)

    def find(conn: Conn, _: datetime) -> Page[PromotionTold]:
        place = ("", LAST_VERSION) if after is None else (after[0], max(0, min(after[1], LAST_VERSION)))
        found = promotions_page(conn, scope=scope, codes=codes, after=place, at_most=asked.at_most)
        written = {one.id: one for one in _told(conn, found) if isinstance(one, PromotionTold)}
        return page_of(
            found,
            asked,
            told=lambda one: written[one.id],
            cursor=lambda one: encode_cursor(one.code, one.version),
        )

    return read(request, find)


@posted("/promotions/try", tag=_TAG, name="try_promotions", gives=Outcomes[Tried])
def try_promotions(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[TryAsk]
) -> Response[bytes]:
    """Price the last month's orders with drafts, by the code that prices orders; what was tried may be published."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[Tried | Refusal]:
        drafts = unpublished_promotions(conn, [one.code for one in data.items])
        outcomes: list[Tried | Refusal] = []
        for one in data.items:  # five at most
            draft = drafts.get(one.code)
            if draft is None:
                outcomes.append(NothingToPublish(value=one.code))
            elif not covers(
                scope, site_id=draft.conditions.site_id, org_unit_id=draft.conditions.org_unit_id
            ):
                outcomes.append(NotInYourBranch(subject=one.code))
            else:
                outcomes.append(try_on_past_orders(conn, draft, scope=scope, now=now))
                note_tried(conn, draft, now=now)
        return outcomes

    return decided(request, caller, data, decide)


@posted("/promotions/publish", tag=_TAG, name="publish_promotions", gives=Outcomes[PromotionTold])
def publish_drafts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PublishAsk]]
) -> Response[bytes]:
    """Put drafts in force as they were told and tried, and of which all who bear a part agreed to."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PromotionTold | Refusal]:
        codes, seen = [one.code for one in data.items], {one.code: one.saved_at for one in data.items}
        return _told(conn, publish(conn, codes, scope=scope, by=caller.actor, now=now, seen=seen))

    return decided(request, caller, data, decide)


@posted("/promotions/end", tag=_TAG, name="end_promotions", gives=Outcomes[PromotionEnded])
def end_early(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PromotionEndAsk]]
) -> Response[bytes]:
    """End promotions now or later; an end may be brought forward, never put off."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PromotionEnded | Refusal]:
        ends = [(one.code, one.valid_until or now) for one in data.items]
        return [
            one if isinstance(one, Refusal) else PromotionEnded(code=code, valid_until=at)
            for (code, at), one in zip(
                ends, end(conn, ends, scope=scope, now=now, by=caller.actor), strict=True
            )
        ]

    return decided(request, caller, data, decide)


@posted("/funding-agreements", tag=_TAG, name="agree_to_fund", gives=Outcomes[AgreementTold])
def write_agreements(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[AgreementAsk]]
) -> Response[bytes]:
    """Write what parties agreed to bear of promotions. It is never changed."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[AgreementTold | Refusal]:
        wanted = [
            WantedAgreement(**{name: getattr(one, name) for name in WantedAgreement.__struct_fields__})
            for one in data.items
        ]
        kept = agree(conn, wanted, by=caller.actor, now=now)
        stands = iter(_agreed(conn, [one for one in kept if not isinstance(one, Refusal)]))
        return [one if isinstance(one, Refusal) else next(stands) for one in kept]

    return decided(request, caller, data, decide)


@told("/funding-agreements", tag=_TAG, name="list_funding_agreements")
def list_agreements(request: AnyRequest, caller: NamedDependency[Caller]) -> list[AgreementTold]:
    """List what parties agreed to bear, the last first."""
    whole_brand(caller, Permission.PRICES_READ, subject=_SUBJECT)
    return read(request, lambda conn, _: _agreed(conn, agreements(conn)))


def _agreed(conn: Conn, found: Sequence[FundingAgreement]) -> list[AgreementTold]:
    parties = org.parties_by_id(conn, {one.party_id for one in found})
    return [
        AgreementTold(
            id=one.id,
            party_code=parties[one.party_id].code,
            currency=one.currency,
            most_basis_points=one.most_basis_points,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            comment=one.comment,
            agreed_by=one.agreed_by,
            agreed_at=one.agreed_at,
        )
        for one in found
    ]


PROMOTION_HANDLERS = [
    save_drafts,
    list_promotions,
    try_promotions,
    publish_drafts,
    end_early,
    write_agreements,
    list_agreements,
]
