"""Documents to search in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from loopline import search
from loopline.db import Conn
from loopline.kernel.ids import EntityId, MemberId, OrderId, ProductId, SiteId, uuid7
from loopline.search import OrderDescription, OrderDocument, ProductDocument, code_words, text_words
from tests.make.shop import NOON

ENTITY = EntityId(UUID(int=1))
NORTH, SOUTH = SiteId(UUID(int=11)), SiteId(UUID(int=12))
ANNA = MemberId(UUID(int=21))


def document(number: str, *, placed_at: datetime = NOON, **fields: Any) -> OrderDocument:
    """An order of the web shop that nobody sends yet."""
    stated: dict[str, Any] = {
        "order_id": OrderId(uuid7(placed_at)),
        "placed_at": placed_at,
        "number": number,
        "channel": "web",
        "external_number": f"EXT-{number}",
        "kind": "ask",
        "delivery": "deliver",
        "stage": "placed",
        "site_id": None,
        "seller_entity_id": ENTITY,
        "member_id": None,
        "currency": "CNY",
        "amount_minor": 11_300,
        "taken_minor": 0,
        "refunded_minor": 0,
        "units": 1,
    }
    return OrderDocument(**(stated | fields))


def write(conn: Conn, *documents: OrderDocument, goods: dict[str, str] | None = None) -> list[OrderId]:
    """Write documents, each with the goods named for its number."""
    search.write_orders(conn, documents)
    named = goods or {}
    search.describe_orders(
        conn,
        {
            one.order_id: OrderDescription(
                lines=1,
                names=(named.get(one.number, "Coat"),),
                words=(
                    *code_words([one.number, one.external_number]),
                    *text_words([named.get(one.number, "Coat")]),
                ),
            )
            for one in documents
        },
    )
    return [one.order_id for one in documents]


def product(code: str, name: str, *, codes: tuple[str, ...] = (), **fields: Any) -> ProductDocument:
    """A product with SKUs of these codes."""
    stated: dict[str, Any] = {
        "product_id": ProductId(uuid7(NOON)),
        "code": code,
        "name": name,
        "category": None,
        "season": None,
        "is_active": True,
        "skus": len(codes),
        "codes": (code, *codes),
        "words": tuple(dict.fromkeys((*code_words([code, *codes]), *text_words([name])))),
    }
    return ProductDocument(**(stated | fields))
