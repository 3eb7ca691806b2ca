"""Marketplaces: on which terms each is lent stock, what it is lent, and which of its orders are late or tests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue, marketplaces
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.marketplaces import GoodsTerms, Marketplace, MarketplaceTerms, SubjectKind, TermsBy
from loopline.org import Permission
from loopline.processes import lend
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told
from loopline.web.api.types import Code, Units

_TAG = "marketplaces"
_LOANS_SHOWN = 1_000

Weight = Annotated[int, Meta(ge=0, le=1_000_000)]
UnitsOrNone = Annotated[int, Meta(ge=0, le=10**9)]
Hours = Annotated[int, Meta(ge=0, le=24 * 365)]
Minor = Annotated[int, Meta(ge=0, le=10**13)]
Note = Annotated[str, Meta(max_length=500)]
Prefix = Annotated[str, Meta(min_length=1, max_length=50)]


class MarketplaceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of the marketplace behind a channel; they replace those in force, which stay as a version.

    It is lent its `weight` among all, at most `most_units` of a SKU, never the last `buffer_units`. `puts_back`: what
    is called off goes back on its own shelf by itself. Orders that do not say by when are to be shipped `ship_hours`
    after payment, with an alarm `alarm_hours` before. Numbers that begin with one of `test_prefixes` are test orders.
    `version`: the one that was looked at; null replaces whatever is in force.
    """

    channel: Code
    connector: Code = "sandbox"
    is_on: bool = True
    weight: Weight = 1
    most_units: UnitsOrNone | None = None
    buffer_units: UnitsOrNone = 0
    puts_back: bool = True
    ship_hours: Annotated[int, Meta(ge=1, le=24 * 365)] | None = None
    alarm_hours: Hours = 6
    late_basis_points: Annotated[int, Meta(ge=0, le=10_000)] = 0
    late_least_minor: Minor = 0
    late_most_minor: Minor | None = None
    test_prefixes: Annotated[tuple[Prefix, ...], Meta(max_length=20)] = ()
    note: Note = ""
    version: Annotated[int, Meta(ge=0)] | None = None


class GoodsTermsBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of a category or a SKU at a marketplace, before those of all its goods; null is as for all."""

    channel: Code
    subject: SubjectKind
    subject_code: Annotated[str, Meta(min_length=1, max_length=64)]
    is_on: bool = True
    weight: Weight | None = None
    most_units: UnitsOrNone | None = None
    buffer_units: UnitsOrNone | None = None
    note: Note = ""


class WriteOffBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units that a marketplace is lent as far as we know, and does not have."""

    channel: Code
    sku_code: Code
    units: Units
    note: Note


class MarketplaceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A marketplace with the terms in force, and who set them."""

    channel: str
    version: int
    connector: str
    is_on: bool
    weight: int
    most_units: int | None
    buffer_units: int
    puts_back: bool
    ship_hours: int | None
    alarm_hours: int
    late_basis_points: int
    late_least_minor: int
    late_most_minor: int | None
    test_prefixes: tuple[str, ...]
    set_at: datetime
    set_by: str
    note: str


class GoodsTermsTold(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of some goods that were set."""

    channel: str
    subject: SubjectKind
    subject_code: str
    is_on: bool


class WrittenOffTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units that are no longer lent."""

    channel: str
    sku_code: str
    units: int


class LoanTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that a marketplace may sell as far as we know; `beyond`: it sold so many more than it was lent."""

    channel: str
    sku_code: str
    units: int
    asked_back: int
    beyond: int
    is_empty: bool


class MarketplacesTold(msgspec.Struct, frozen=True, kw_only=True):
    """Every marketplace with the terms in force, and the loans, those sold beyond first, then the largest."""

    marketplaces: tuple[MarketplaceTold, ...]
    loans: tuple[LoanTold, ...]


@posted("/marketplaces", tag=_TAG, name="set_marketplaces", gives=Outcomes[MarketplaceTold])
def set_marketplaces(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[MarketplaceBody]]
) -> Response[bytes]:
    """Set the terms of marketplaces: for the whole brand alone. Of one channel the last word counts."""
    scope = caller.scope(Permission.STOCK_WRITE)
    terms = [
        MarketplaceTerms(**{name: getattr(one, name) for name in MarketplaceTerms.__struct_fields__})
        for one in data.items
    ]
    by = TermsBy(
        actor=caller.actor,
        note="; ".join(dict.fromkeys(one.note for one in data.items if one.note)),
        expected={one.channel: one.version for one in data.items if one.version is not None},
    )

    def decide(conn: Conn, now: datetime) -> list[MarketplaceTold | Refusal]:
        outcomes = lend.set_terms(conn, terms, scope=scope, by=by, now=now)
        return [one if isinstance(one, Refusal) else _told(one) for one in outcomes]

    return decided(request, caller, data, decide)


@posted("/marketplaces/goods", tag=_TAG, name="set_marketplace_goods", gives=Outcomes[GoodsTermsTold])
def set_marketplace_goods(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[GoodsTermsBody]]
) -> Response[bytes]:
    """Set the terms of categories or SKUs at marketplaces: for the whole brand alone."""
    scope = caller.scope(Permission.STOCK_WRITE)
    terms = [
        GoodsTerms(**{name: getattr(one, name) for name in GoodsTerms.__struct_fields__})
        for one in data.items
    ]
    by = TermsBy(
        actor=caller.actor, note="; ".join(dict.fromkeys(one.note for one in data.items if one.note))
    )

    def decide(conn: Conn, now: datetime) -> list[GoodsTermsTold | Refusal]:
        outcomes = lend.set_goods_terms(conn, terms, scope=scope, by=by, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else GoodsTermsTold(
                channel=one.channel, subject=one.subject, subject_code=one.subject_code, is_on=one.is_on
            )
            for one in outcomes
        ]

    return decided(request, caller, data, decide)


@posted("/marketplaces/write-offs", tag=_TAG, name="write_off_loans", gives=Outcomes[WrittenOffTold])
def write_off_loans(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[WriteOffBody]]
) -> Response[bytes]:
    """Take units off loans that a marketplace does not have, as somebody saw there. The note says why."""
    scope = caller.scope(Permission.STOCK_WRITE)
    asked = [
        lend.LoanWriteOff(channel=one.channel, sku_code=one.sku_code, units=one.units, note=one.note)
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> list[WrittenOffTold | Refusal]:
        outcomes = lend.write_off_loans(conn, asked, scope=scope, now=now, actor=caller.actor)
        return [
            one
            if isinstance(one, Refusal)
            else WrittenOffTold(channel=one.channel, sku_code=one.sku_code, units=one.units)
            for one in outcomes
        ]

    return decided(request, caller, data, decide)


@told("/marketplaces", tag=_TAG, name="list_marketplaces")
def list_marketplaces(request: AnyRequest, caller: NamedDependency[Caller]) -> MarketplacesTold:
    """List the marketplaces and what they are lent, at most a thousand loans. Nothing below the whole brand."""
    scope = caller.scope(Permission.STOCK_READ)

    def find(conn: Conn, _: datetime) -> MarketplacesTold:
        if not scope.everything:
            return MarketplacesTold(marketplaces=(), loans=())
        return MarketplacesTold(
            marketplaces=tuple(_told(one) for one in marketplaces.marketplaces(conn).values()),
            loans=_loans(conn, marketplaces.loans_page(conn, at_most=_LOANS_SHOWN)),
        )

    return read(request, find)


def _told(one: Marketplace) -> MarketplaceTold:
    return MarketplaceTold(**{name: getattr(one, name) for name in MarketplaceTold.__struct_fields__})


def _loans(conn: Conn, found: Sequence[marketplaces.LoanRow]) -> tuple[LoanTold, ...]:
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in found})
    return tuple(
        LoanTold(
            channel=one.channel,
            sku_code=skus[one.sku_id].code,
            units=one.units,
            asked_back=one.asked_back,
            beyond=one.beyond,
            is_empty=one.is_empty,
        )
        for one in found
    )


MARKETPLACE_HANDLERS = [set_marketplaces, set_marketplace_goods, write_off_loans, list_marketplaces]
