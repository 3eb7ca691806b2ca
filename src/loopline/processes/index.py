"""Index: lists across rooms follow the log. What an event is about is read anew from its rooms and written down.

Nothing is added up: a document says what the rooms say when it is written, so that an event twice, or late, or after
the next one, leaves the same list. What an order's goods are called is written once, when it comes in.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from loopline import catalogue, orders, payments, search
from loopline.catalogue import Product, ProductWritten, Sku
from loopline.db import Check, Conn, execute, fetch_rows, statements
from loopline.db.followers import Follower, ensure_followers
from loopline.db.log import SQL as LOG
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.kernel.events import Event, read
from loopline.kernel.ids import OrderId, ProductId, SiteId
from loopline.orders import Line, LineKind, Order
from loopline.search import OrderDescription, OrderDocument, ProductDocument
from loopline.search.model import NAMES_KEPT

SQL = statements(__file__)
_PROJECTIONS_EQUAL_THEIR_REBUILD = 7
_RETURN_OPENED = "return_opened"
_MONEY_REFUNDED = "money_refunded"
# After which events an order may look otherwise in a list.
ORDER_TYPES = frozenset(
    {
        "order_placed",
        "lines_parked",
        "lines_unparked",
        "lines_cancelled",
        "lines_reinstated",
        "sourcing_put_off",
        "calls_opened",
        "call_ended",
        "order_sourced",
        "tasks_offered",
        "task_accepted",
        "task_refused",
        "task_lapsed",
        "task_cancelled",
        "parcel_handed_over",
        "parcel_not_collected",
        "hold_expired",
        "promise_broken",
        "payment_taken",
        _MONEY_REFUNDED,
        _RETURN_OPENED,
    }
)
PRODUCT_TYPES = frozenset({ProductWritten.type_name()})
# A site that refused work, or let it lapse, does not send; nor does one whose work was taken back.
SENDS = frozenset(
    {
        TaskState.OFFERED,
        TaskState.ACCEPTED,
        TaskState.PICKING,
        TaskState.CHECKED,
        TaskState.PACKED,
        TaskState.HANDED_OVER,
    }
)


class _AboutOrder(msgspec.Struct, frozen=True):
    """The order an event is about."""

    order_id: OrderId


class _AboutMoney(msgspec.Struct, frozen=True):
    """The order that money is about, where it is about one."""

    order_id: OrderId | None


class _AboutReturnLine(msgspec.Struct, frozen=True):
    matches: tuple[_AboutOrder, ...]


class _AboutReturn(msgspec.Struct, frozen=True):
    """The orders a return belongs to: one for each sale its lines were matched to."""

    lines: tuple[_AboutReturnLine, ...]


_decode_order = msgspec.json.Decoder(_AboutOrder).decode
_decode_money = msgspec.json.Decoder(_AboutMoney).decode
_decode_return = msgspec.json.Decoder(_AboutReturn).decode


def index_orders(conn: Conn, events: Sequence[Event]) -> None:
    """Write down how the orders stand that these events are about."""
    write_down_orders(conn, sorted({order_id for told in events for order_id in _orders_of(told)}))


def index_products(conn: Conn, events: Sequence[Event]) -> None:
    """Write down what the products are called, with their SKUs, that these events are about."""
    write_down_products(conn, sorted({read(told, ProductWritten).product_id for told in events}))


def _orders_of(told: Event) -> Iterable[OrderId]:
    if told.type == _RETURN_OPENED:
        return [match.order_id for line in _decode_return(told.data).lines for match in line.matches]
    if told.type == _MONEY_REFUNDED:
        order_id = _decode_money(told.data).order_id
        return [] if order_id is None else [order_id]
    return [_decode_order(told.data).order_id]


def write_down_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Write the documents of orders anew from their rooms; what no room knows is forgotten."""
    if not order_ids:
        return
    heads = orders.orders_by_ids(conn, order_ids)
    known = {head.id for head in heads}
    search.forget_orders(conn, [order_id for order_id in order_ids if order_id not in known])
    money = _money(conn, heads)
    sending = _sending_sites(conn, [head.id for head in heads])
    search.write_orders(conn, [_document(head, money[head.id], sending[head.id]) for head in heads])
    _describe(conn, heads)


def _document(head: Order, money: tuple[int, int], sending: set[SiteId]) -> OrderDocument:
    taken_minor, refunded_minor = money
    return OrderDocument(
        order_id=head.id,
        placed_at=head.placed_at,
        number=head.number,
        channel=head.channel,
        external_number=head.external_number,
        kind=head.kind.value,
        delivery=head.delivery.value,
        stage=head.stage.value,
        site_id=head.site_id,
        seller_entity_id=head.seller_entity_id,
        member_id=head.member_id,
        currency=head.currency,
        amount_minor=head.amount_minor,
        taken_minor=taken_minor,
        refunded_minor=refunded_minor,
        units=head.units,
        sending_sites=frozenset(sending),
    )


def _money(conn: Conn, heads: Sequence[Order]) -> dict[OrderId, tuple[int, int]]:
    """What was taken and given back in the currency of each order, by whichever company."""
    currencies = {head.id: head.currency for head in heads}
    found: dict[OrderId, tuple[int, int]] = dict.fromkeys(currencies, (0, 0))
    for one in payments.money_of_orders(conn, list(currencies)):
        if one.currency == currencies[one.order_id]:
            taken, refunded = found[one.order_id]
            found[one.order_id] = (taken + one.taken_minor, refunded + one.refunded_minor)
    return found


def _sending_sites(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, set[SiteId]]:
    found: dict[OrderId, set[SiteId]] = defaultdict(set)
    for task in fulfilment.tasks_of_orders(conn, order_ids):
        if task.state in SENDS:
            found[task.order_id].add(task.site_id)
    return found


def _describe(conn: Conn, heads: Sequence[Order]) -> None:
    """Write what orders are found by, where nobody has yet."""
    new = set(search.orders_without_words(conn, [head.id for head in heads]))
    if not new:
        return
    lines: dict[OrderId, list[Line]] = defaultdict(list)
    for line in orders.lines_by_orders(conn, sorted(new)):
        lines[line.order_id].append(line)
    sku_ids = {line.sku_id for theirs in lines.values() for line in theirs if line.sku_id is not None}
    skus = catalogue.skus_by_id(conn, sku_ids)
    products = catalogue.products_by_id(conn, {sku.product_id for sku in skus.values()})
    described: dict[OrderId, OrderDescription] = {}
    for head in heads:
        if head.id in new:
            goods = [(line, skus.get(line.sku_id) if line.sku_id else None) for line in lines[head.id]]
            described[head.id] = _description(head, goods, products)
    search.describe_orders(conn, described)


def _description(
    head: Order, lines: Sequence[tuple[Line, Sku | None]], products: dict[ProductId, Product]
) -> OrderDescription:
    words = dict.fromkeys(search.code_words([head.number, head.external_number]))
    names: dict[str, None] = {}
    for line, sku in lines:
        product = products.get(sku.product_id) if sku else None
        names[sku.name if sku else line.code] = None
        words.update(
            dict.fromkeys(
                _goods_words(
                    (line.code, *((sku.code, sku.product_code) if sku else ())),
                    (sku.name, product.name) if sku and product else (),
                )
            )
        )
    return OrderDescription(
        lines=sum(1 for line, _ in lines if line.kind is LineKind.GOODS),
        names=tuple(names)[:NAMES_KEPT],
        words=tuple(words),
    )


@lru_cache(maxsize=20_000)
def _goods_words(codes: tuple[str, ...], texts: tuple[str, ...]) -> tuple[str, ...]:
    """What goods are found by; the same goods stand in thousands of orders."""
    return (*search.code_words(codes), *search.text_words(texts))


def write_down_products(conn: Conn, product_ids: Sequence[ProductId]) -> None:
    """Write the documents of products anew from the catalogue; what it does not know is forgotten."""
    if not product_ids:
        return
    products = catalogue.products_by_id(conn, product_ids)
    skus: dict[ProductId, list[Sku]] = defaultdict(list)
    for sku in catalogue.skus_of_products(conn, products):
        skus[sku.product_id].append(sku)
    gone = [product_id for product_id in product_ids if product_id not in products]
    documents = [_product_document(product, skus[product.id]) for product in products.values()]
    search.write_products(conn, documents, gone=gone)


def _product_document(product: Product, skus: Sequence[Sku]) -> ProductDocument:
    gtins = [spelling for sku in skus if sku.gtin for spelling in search.gtin_spellings(sku.gtin)]
    codes = tuple(dict.fromkeys([product.code, *(sku.code for sku in skus), *gtins]))
    texts = [product.name, product.category or "", product.season or ""]
    for sku in skus:
        texts += [sku.name, *sku.attributes.values()]
    return ProductDocument(
        product_id=product.id,
        code=product.code,
        name=product.name,
        category=product.category,
        season=product.season,
        is_active=any(sku.is_active for sku in skus),
        skus=len(skus),
        codes=codes,
        words=tuple(dict.fromkeys((*search.code_words(codes), *search.text_words(texts)))),
    )


def begin_again(conn: Conn) -> None:
    """Forget every document, send the followers back to the beginning of the log, and write all products at once.

    Orders come back as the followers catch up, in batches of their own; meanwhile lists show what was read so far.
    Waits for the followers' rows and locks them in the order of their names.
    """
    ensure_followers(conn, FOLLOWERS)
    for follower in sorted(FOLLOWERS, key=lambda one: one.name):  # two, by their names
        fetch_rows(conn, LOG["await_follower"], name=follower.name)
        parked = [row[0] for row in fetch_rows(conn, LOG["lock_parked_events"], follower=follower.name)]
        execute(conn, LOG["forget_parked_events"], follower=follower.name, positions=parked)
        execute(conn, LOG["move_follower"], name=follower.name, position=0)
    search.empty_documents(conn)
    page = catalogue.products_after(conn)
    while page:  # a thousand products at a time
        write_down_products(conn, [product.id for product in page])
        page = catalogue.products_after(conn, page[-1].code)


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="index_orders", types=ORDER_TYPES, apply=index_orders),
    Follower(name="index_products", types=PRODUCT_TYPES, apply=index_products),
)

_FOLLOWED = {
    "order_documents_equal_their_orders": ORDER_TYPES,
    "order_sites_equal_their_work": ORDER_TYPES,
    "product_documents_equal_the_catalogue": PRODUCT_TYPES,
}
CHECKS: tuple[Check, ...] = tuple(
    Check(
        name=name,
        invariant=_PROJECTIONS_EQUAL_THEIR_REBUILD,
        statement=SQL[name],
        parameters={"types": sorted(types)},
    )
    for name, types in _FOLLOWED.items()
)
