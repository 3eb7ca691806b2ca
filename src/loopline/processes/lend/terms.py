"""The terms of marketplaces, as HQ sets them: every version is kept, with who set it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, marketplaces, orders
from loopline.db import Conn, log
from loopline.kernel.changes import parts_of
from loopline.kernel.events import Event, event
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.marketplaces import GoodsTerms, Marketplace, MarketplaceTerms, SubjectKind, TermsBy
from loopline.marketplaces.events import MarketplaceGoodsTermsSet, MarketplaceTermsSet


class ChannelHasNoGoods(Refusal, frozen=True, kw_only=True):
    """There is no channel {channel} that sells goods of a network."""

    channel: str
    field: str = "channel"


class SkuNotKnown(Refusal, frozen=True, kw_only=True):
    """There is no SKU {sku_code}."""

    sku_code: str
    field: str = "sku_code"


class CategoryUnknown(Refusal, frozen=True, kw_only=True):
    """No product is of the category {category}."""

    category: str
    field: str = "subject_code"


class LoanWriteOff(msgspec.Struct, frozen=True, kw_only=True):
    """Units that are lent to a marketplace as far as we know and that it does not have; `note` says who saw that.

    `id` names the word for good; without one each is a word of its own.
    """

    channel: str
    sku_code: str
    units: int
    note: str
    id: UUID | None = None


def set_terms(
    conn: Conn, terms: Sequence[MarketplaceTerms], *, scope: Scope, by: TermsBy, now: datetime
) -> list[Marketplace | Refusal]:
    """Set the terms of marketplaces: one outcome each, in the order given; of one channel the last word counts.

    For the whole brand alone. Locks their terms by channel; the follower lends by them.
    """
    if not scope.everything:
        return [NotInYourBranch(subject=one.channel) for one in terms]
    channels = orders.channels_by_code(conn)
    last = {one.channel: one for one in terms if one.channel in channels}
    going = sorted(last.values(), key=lambda one: one.channel)
    before = {channel: one.terms for channel, one in marketplaces.marketplaces(conn).items()}
    made = marketplaces.set_marketplaces(conn, going, by=by, now=now)
    outcomes: dict[str, Refusal] = {
        one.channel: outcome for one, outcome in zip(going, made, strict=True) if isinstance(outcome, Refusal)
    }
    log.append(
        conn,
        [
            event(
                MarketplaceTermsSet(
                    marketplace_id=outcome[0],
                    channel=one.channel,
                    version=outcome[1],
                    parts=parts_of(before.get(one.channel), one),
                ),
                subject=outcome[0],
                at=now,
                actor=by.actor,
            )
            for one, outcome in zip(going, made, strict=True)
            if not isinstance(outcome, Refusal)
        ],
    )
    standing = marketplaces.marketplaces(conn)
    return [
        ChannelHasNoGoods(channel=one.channel)
        if one.channel not in channels
        else outcomes.get(one.channel) or standing[one.channel]
        for one in terms
    ]


def set_goods_terms(
    conn: Conn, terms: Sequence[GoodsTerms], *, scope: Scope, by: TermsBy, now: datetime
) -> list[GoodsTerms | Refusal]:
    """Set terms of some goods, one outcome each; of one subject the last word counts. For the whole brand alone."""
    if not scope.everything:
        return [NotInYourBranch(subject=one.channel) for one in terms]
    terms = _spelt(conn, terms)
    sku_ids = _goods_of(conn, terms)
    outcomes: list[GoodsTerms | Refusal] = [
        one if sku_ids[place] is not None else _unknown(one) for place, one in enumerate(terms)
    ]
    last = {
        (one.channel, one.subject, one.subject_code): place
        for place, one in enumerate(outcomes)
        if not isinstance(one, Refusal)
    }
    places = sorted(last.values())
    made = marketplaces.set_goods_terms(conn, [terms[place] for place in places], by=by, now=now)
    told: list[Event] = []
    for place, outcome in zip(places, made, strict=True):
        if isinstance(outcome, Refusal):
            outcomes[place] = outcome
            continue
        body = MarketplaceGoodsTermsSet(
            marketplace_id=outcome[0],
            channel=terms[place].channel,
            subject=terms[place].subject.value,
            subject_code=terms[place].subject_code,
            version=outcome[1],
            sku_ids=sku_ids[place] or (),
        )
        told.append(event(body, subject=outcome[0], at=now, actor=by.actor))
    log.append(conn, told)
    return outcomes


def _spelt(conn: Conn, terms: Sequence[GoodsTerms]) -> list[GoodsTerms]:
    """Terms of SKUs under the codes as the catalogue spells them."""
    skus = catalogue.skus_by_code(conn, {one.subject_code for one in terms if one.subject is SubjectKind.SKU})
    return [
        msgspec.structs.replace(one, subject_code=skus[one.subject_code].code)
        if one.subject is SubjectKind.SKU and one.subject_code in skus
        else one
        for one in terms
    ]


def _goods_of(conn: Conn, terms: Sequence[GoodsTerms]) -> list[tuple[SkuId, ...] | None]:
    """The SKUs that terms are about; None: there are none of that name."""
    codes = {one.subject_code for one in terms if one.subject is SubjectKind.SKU}
    skus = catalogue.skus_by_code(conn, codes)
    categories = {one.subject_code for one in terms if one.subject is SubjectKind.CATEGORY}
    of_category = catalogue.skus_of_categories(conn, categories) if categories else {}
    found: list[tuple[SkuId, ...] | None] = []
    for one in terms:
        if one.subject is SubjectKind.SKU:
            found.append((skus[one.subject_code].id,) if one.subject_code in skus else None)
        else:
            found.append(of_category.get(one.subject_code))
    return found


def _unknown(one: GoodsTerms) -> Refusal:
    if one.subject is SubjectKind.SKU:
        return SkuNotKnown(sku_code=one.subject_code, field="subject_code")
    return CategoryUnknown(category=one.subject_code)
