"""Coupons: batches of one's branch, coupons given to members or made as codes, and a member's own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.pricing.coupons import (
    Batch,
    BatchFigures,
    Coupon,
    Offer,
    batches_page,
    figures_of_batches,
    is_guessable,
    offers_by_code,
    offers_of_member,
    shown_code,
)
from loopline.processes.coupons.batches import WantedBatch, publish, save, stop
from loopline.processes.coupons.giving import WantedGift, claim, give
from loopline.processes.promote import WantedFunder
from loopline.web.api.answers import AnyRequest, commanded, granted, read
from loopline.web.api.caller import Caller
from loopline.web.api.coupon_shapes import (
    BatchAsk,
    BatchCode,
    BatchTold,
    ClaimAsk,
    GiftAsk,
    GiftTold,
    OwnCoupon,
    effect_of,
    effect_told,
)
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.promotion_shapes import FunderTold, PublishAsk
from loopline.web.api.shapes import Batch as Asked
from loopline.web.api.shapes import Codes, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.claiming import refusal_of_code

_TAG = "coupons"
_OWN_MOST = 200


@posted("/coupon-batches", tag=_TAG, name="save_coupon_batches", gives=Outcomes[BatchTold])
def save_batches(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Asked[BatchAsk]]
) -> Response[bytes]:
    """Save drafts of batches. A draft under a code is written anew; what is published is not changed any more."""
    scope = caller.scope(Permission.COUPONS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[BatchTold | Refusal]:
        wanted = [_wanted(one) for one in data.items]
        return _told(conn, save(conn, wanted, scope=scope, by=caller.actor, now=now))

    return decided(request, caller, data, decide)


def _wanted(one: BatchAsk) -> WantedBatch:
    funders = tuple(
        WantedFunder(bearer=funder.bearer, basis_points=funder.basis_points, party_code=funder.party_code)
        for funder in one.funders
    )
    wanted = WantedBatch(
        code=one.code,
        name=one.name,
        currency=one.currency,
        effect=effect_of(one.effect),
        total=one.total,
        comment=one.comment,
        least_minor=one.least_minor,
        with_promotions=one.with_promotions,
        with_coupons=one.with_coupons,
        channels=tuple(one.channels),
        unit_code=one.unit_code,
        site_code=one.site_code,
        sku_codes=tuple(one.sku_codes),
        product_codes=tuple(one.product_codes),
        categories=tuple(one.categories),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        days=one.days,
        per_person=one.per_person,
        shared_code=one.shared_code,
        by_staff=one.by_staff,
    )
    return msgspec.structs.replace(wanted, funders=funders) if funders else wanted


def _told(conn: Conn, found: Sequence[Batch | Refusal]) -> list[BatchTold | Refusal]:
    """Say what stands, places, goods and parties by their codes."""
    standing = [one for one in found if isinstance(one, Batch)]
    asked = [one.conditions for one in standing]
    figures = figures_of_batches(conn, [one.id for one in standing])
    sites = org.sites_by_id(conn, {one.site_id for one in asked if one.site_id})
    skus = catalogue.skus_by_id(conn, {key for one in asked for key in one.sku_ids})
    products = catalogue.products_by_id(conn, {key for one in asked for key in one.product_ids})
    parties = org.parties_by_id(
        conn, {funder.party_id for one in standing for funder in one.funders if funder.party_id}
    )
    names: dict[UUID, str] = {key: site.code for key, site in sites.items()}
    names |= dict(org_lists.unit_codes(conn, [one.org_unit_id for one in asked if one.org_unit_id]))
    names |= {key: sku.code for key, sku in skus.items()}
    names |= {key: product.code for key, product in products.items()}
    names |= {key: party.code for key, party in parties.items()}
    return [
        one
        if isinstance(one, Refusal)
        else _batch_told(one, figures.get(one.id) or BatchFigures(batch_id=one.id), names)
        for one in found
    ]


def _batch_told(one: Batch, figures: BatchFigures, names: Mapping[UUID, str]) -> BatchTold:
    asked = one.conditions
    return BatchTold(
        id=one.id,
        code=one.code,
        state=one.state,
        name=one.name,
        currency=one.currency,
        effect=effect_told(one.effect),
        total=one.total,
        comment=one.comment,
        author=one.author,
        least_minor=one.least_minor,
        with_promotions=one.with_promotions,
        with_coupons=one.with_coupons,
        channels=list(asked.channels),
        unit_code=None if asked.org_unit_id is None else names.get(asked.org_unit_id),
        site_code=None if asked.site_id is None else names.get(asked.site_id),
        sku_codes=sorted(names.get(key, str(key)) for key in asked.sku_ids),
        product_codes=sorted(names.get(key, str(key)) for key in asked.product_ids),
        categories=sorted(asked.categories),
        funders=[
            FunderTold(
                bearer=funder.bearer,
                basis_points=funder.basis_points,
                party_code=None if funder.party_id is None else names.get(funder.party_id),
            )
            for funder in one.funders
        ],
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        days=one.days,
        per_person=one.per_person,
        shared_code=one.shared_code,
        is_guessable=is_guessable(one),
        by_staff=one.by_staff,
        saved_at=one.saved_at,
        published_at=one.published_at,
        stopped_at=one.stopped_at,
        given=one.given,
        held=figures.held,
        spent=figures.spent,
        off_minor=figures.off_minor,
        brought_minor=figures.brought_minor,
    )


@told("/coupon-batches", tag=_TAG, name="list_coupon_batches")
def list_batches(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[BatchTold]:
    """List the batches of one's branch and those that name no place, the last saved first, with what became of them."""
    scope = caller.scope(Permission.PRICES_READ)
    after = asked.after(datetime, UUID)

    def find(conn: Conn, _: datetime) -> Page[BatchTold]:
        before = None if after is None else (after[0], after[1])
        found = batches_page(conn, scope=scope, codes=codes, before=before, at_most=asked.at_most)
        written = {one.id: one for one in _told(conn, found) if isinstance(one, BatchTold)}
        return page_of(
            found,
            asked,
            told=lambda one: written[one.id],
            cursor=lambda one: encode_cursor(one.saved_at, one.id),
        )

    return read(request, find)


@posted("/coupon-batches/publish", tag=_TAG, name="publish_coupon_batches", gives=Outcomes[BatchTold])
def publish_drafts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Asked[PublishAsk]]
) -> Response[bytes]:
    """Put drafts in force as they were told, of which all who bear a part agreed to. They are never changed after."""
    scope = caller.scope(Permission.COUPONS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[BatchTold | Refusal]:
        codes, seen = [one.code for one in data.items], {one.code: one.saved_at for one in data.items}
        return _told(conn, publish(conn, codes, scope=scope, by=caller.actor, now=now, seen=seen))

    return decided(request, caller, data, decide)


@posted("/coupon-batches/stop", tag=_TAG, name="stop_coupon_batches", gives=Outcomes[BatchTold])
def stop_giving(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Asked[BatchCode]]
) -> Response[bytes]:
    """Give no more coupons of batches. Those that were given stay good."""
    scope = caller.scope(Permission.COUPONS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[BatchTold | Refusal]:
        codes = [one.code for one in data.items]
        return _told(conn, stop(conn, codes, scope=scope, by=caller.actor, now=now))

    return decided(request, caller, data, decide)


@posted("/coupons", tag=_TAG, name="give_coupons", gives=Outcomes[GiftTold])
def give_coupons(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Asked[GiftAsk]]
) -> Response[bytes]:
    """Give coupons to members, or make codes for whoever has them; never more than there are, or than one may have."""
    scope = caller.scope(Permission.COUPONS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[GiftTold | Refusal]:
        wanted = [
            WantedGift(
                batch_code=one.batch_code,
                member_id=MemberId(one.member_id) if one.member_id is not None else None,
            )
            for one in data.items
        ]
        given = give(conn, wanted, scope=scope, by=caller.actor, now=now)
        return [one if isinstance(one, Refusal) else _gift_told(one) for one in given]

    return decided(request, caller, data, decide)


def _gift_told(one: Coupon) -> GiftTold:
    return GiftTold(
        id=one.id, code=shown_code(one.secret), valid_from=one.valid_from, valid_until=one.valid_until
    )


@posted("/me/coupons", tag=_TAG, name="claim_coupon", gives=OwnCoupon)
def claim_own(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[ClaimAsk]
) -> Response[bytes]:
    """Claim a coupon by a code. A coupon that is the member's already is that coupon. Few codes that lead nowhere."""
    member_id, code = caller.member(), data.code.replace("\x00", "")
    refusal = refusal_of_code(request, code, member_id)
    if refusal is not None:
        raise Refused(refusal)

    def work(conn: Conn, now: datetime) -> OwnCoupon:
        coupon = granted(claim(conn, code, member_id, now=now))
        return _own(offers_by_code(conn, [coupon.secret])[coupon.secret])

    return commanded(request, caller, data, work)


@told("/me/coupons", tag=_TAG, name="list_own_coupons")
def list_own(request: AnyRequest, caller: NamedDependency[Caller]) -> list[OwnCoupon]:
    """List a member's coupons: those to use first, the soonest to end first; at most two hundred."""
    member_id = caller.member()

    def find(conn: Conn, now: datetime) -> list[OwnCoupon]:
        return [_own(one) for one in offers_of_member(conn, member_id, now=now, at_most=_OWN_MOST)]

    return read(request, find)


def _own(one: Offer) -> OwnCoupon:
    coupon, batch = one.coupon, one.batch
    return OwnCoupon(
        id=coupon.id,
        code=shown_code(coupon.secret),
        name=batch.name,
        currency=batch.currency,
        effect=effect_told(batch.effect),
        least_minor=batch.least_minor,
        with_promotions=batch.with_promotions,
        with_coupons=batch.with_coupons,
        state=coupon.state,
        valid_from=coupon.valid_from,
        valid_until=coupon.valid_until,
        order_id=coupon.order_id,
    )


COUPON_HANDLERS = [
    save_batches,
    list_batches,
    publish_drafts,
    stop_giving,
    give_coupons,
    claim_own,
    list_own,
]
