"""A brand to be rushed upon: three sites, a thousand SKUs, a warehouse full of each, members who buy."""

from collections.abc import Sequence

import msgspec

from loopline import catalogue, stock
from loopline.catalogue import NewProduct, NewSku
from loopline.customers import Identity, IdentityKind, KeyRing, NewMember
from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId, SkuId, uuid7s
from loopline.orders import ChannelTerms, put_channels
from loopline.pricing import NewPrice, set_prices
from loopline.pricing.queries import price_lists_by_code
from loopline.stock import Fact, MovementReason
from tests.make.customers import registered
from tests.make.org import succeeded
from tests.make.shop import OPENED, Shop, open_shop

PRODUCTS = 1_000
MEMBERS = 20_000
UNITS = 1_000_000
PRICE_MINOR = 19_900
CAP = 200
"""Unpaid orders of a member: counted for each order, reached by none."""


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """What buyers need to know."""

    shop: Shop
    sku_codes: Sequence[str]
    sku_ids: Sequence[SkuId]
    members: Sequence[MemberId]


def found_brand(database: Database, *, ring: KeyRing, units: int = UNITS, members: int = MEMBERS) -> Brand:
    """Found it, open to all channels it needs; every SKU lies in the warehouse, `units` of each."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=0)
        _open_channels(conn, shop)
        codes = [f"SURGE-{number:04}" for number in range(PRODUCTS)]
        sku_ids = _fill(conn, shop, codes, units=units)
    known: list[MemberId] = []
    for start in range(0, members, 2_000):
        with database.transaction() as conn:
            made = [_member(number) for number in range(start, min(start + 2_000, members))]
            known += registered(conn, made, keys=ring, now=OPENED)
    with database.owner_transaction() as owner:
        owner.execute("analyze")
    return Brand(shop=shop, sku_codes=codes, sku_ids=sku_ids, members=known)


def _open_channels(conn: Conn, shop: Shop) -> None:
    names = {"livestream": "Livestream", "mini_program": "Mini-program"}
    put_channels(
        conn,
        [
            ChannelTerms(
                code=code,
                name=name,
                network_node_id=shop.network,
                hold_minutes_default=15,
                time_zone="Asia/Shanghai",
                unpaid_per_member=CAP,
            )
            for code, name in names.items()
        ],
    )


def _fill(conn: Conn, shop: Shop, codes: Sequence[str], *, units: int) -> list[SkuId]:
    """Products of one SKU each, at one price, all in the warehouse."""
    succeeded(catalogue.add_products(conn, [NewProduct(code=code, name=code) for code in codes], now=OPENED))
    wanted = [NewSku(code=code, product_code=code, name=code, tax_class="standard") for code in codes]
    sku_ids = [one.sku_id for one in succeeded(catalogue.add_skus(conn, wanted, now=OPENED))]
    base = price_lists_by_code(conn, ["BASE"])["BASE"]
    prices = [
        NewPrice(price_list_id=base.id, sku_id=sku_id, unit_minor=PRICE_MINOR, valid_from=OPENED)
        for sku_id in sku_ids
    ]
    succeeded(set_prices(conn, prices, now=OPENED))
    receipts = [
        Fact(
            id=fact_id,
            leaf_id=shop.leaves["W"],
            sku_id=sku_id,
            reason=MovementReason.RECEIPT,
            on_hand=units,
        )
        for sku_id, fact_id in zip(sku_ids, uuid7s(OPENED, len(sku_ids)), strict=True)
    ]
    succeeded(stock.record_facts(conn, receipts, now=OPENED))
    return sku_ids


def _member(number: int) -> NewMember:
    return NewMember(identities=(Identity(kind=IdentityKind.PHONE, value=f"+86138{number:08}"),))
