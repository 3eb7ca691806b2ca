"""What search keeps and finds: documents of orders and products, what is asked for, and places in a list."""

from datetime import datetime

import msgspec

from loopline.kernel.ids import EntityId, MemberId, OrderId, ProductId, SiteId

NAMES_KEPT = 3
TEXT_LENGTH_MAX = 200


class OrderDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An order as lists show it, and the sites that send it now. Amounts are minor units of its currency."""

    order_id: OrderId
    placed_at: datetime
    number: str
    channel: str
    external_number: str
    kind: str
    delivery: str
    stage: str
    site_id: SiteId | None
    seller_entity_id: EntityId
    member_id: MemberId | None
    currency: str
    amount_minor: int
    taken_minor: int
    refunded_minor: int
    units: int
    sending_sites: frozenset[SiteId] = frozenset()


class OrderDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is found by and how its goods are told; written once, with what they were called then."""

    lines: int
    names: tuple[str, ...]
    words: tuple[str, ...]


class OrderAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders somebody looks for: everything that is said must hold, and what is not said holds for all.

    `text` is what a person types; `stages` and `channels` are one of; `site_id` sells, or is collected from, or sends;
    `placed_from` is included, `placed_until` is not; of `member_ids` any. The text may mean members too (their phone):
    orders of `members_meant` are found whatever their words are. Who only sends an order never finds it by its member.
    """

    text: str | None = None
    stages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    site_id: SiteId | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    member_ids: tuple[MemberId, ...] | None = None
    members_meant: tuple[MemberId, ...] = ()


class OrderPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page of orders ended: pages go on after it."""

    placed_at: datetime
    order_id: OrderId


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list: at most so many, after a place (None: from the start)."""

    after: OrderPlace | None = None
    limit: int = 50


class OrderFound(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list. `names` are the first goods of `lines` lines."""

    order_id: OrderId
    placed_at: datetime
    number: str
    channel: str
    external_number: str
    kind: str
    delivery: str
    stage: str
    site_id: SiteId | None
    seller_entity_id: EntityId
    member_id: MemberId | None
    currency: str
    amount_minor: int
    taken_minor: int
    refunded_minor: int
    units: int
    lines: int
    names: tuple[str, ...]
    sending_sites: tuple[SiteId, ...]

    @property
    def place(self) -> OrderPlace:
        """Where in a list it stands."""
        return OrderPlace(placed_at=self.placed_at, order_id=self.order_id)


class ProductDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A product with what it and its SKUs are found by. `codes`: the exact names of it and of them, GTINs too."""

    product_id: ProductId
    code: str
    name: str
    category: str | None
    season: str | None
    is_active: bool
    skus: int
    codes: tuple[str, ...]
    words: tuple[str, ...]


class ProductPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page of products ended: how well the last one fitted (less is better), and its code."""

    rank: int
    code: str


class ProductFound(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list. `rank` 0: named exactly; 1: its code begins so; 2: its words have it."""

    product_id: ProductId
    code: str
    name: str
    category: str | None
    season: str | None
    is_active: bool
    skus: int
    rank: int

    @property
    def place(self) -> ProductPlace:
        """Where in a list it stands."""
        return ProductPlace(rank=self.rank, code=self.code)
