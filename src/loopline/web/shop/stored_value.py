"""A member's stored value: what they have with each company, and what happened to it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import orders, stored_value
from loopline.org.queries import entities_by_id
from loopline.stored_value import Account
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.shop.frame import shop_page
from loopline.web.shop.points import ZONE
from loopline.web.shop.shopper import Shopper
from loopline.web.stored_value_words import value_rows

VALUE = "/me/stored-value"
_SHOWN_MOST = 50


class HeldRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has with a company."""

    company: str
    usable: str
    bonus: str


@get(VALUE, sync_to_thread=True)
def show_stored_value(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show what a member paid ahead and has left."""
    edge, language = edge_of(request), language_of(request)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    with edge.database.reading() as conn:
        accounts = stored_value.accounts_of_members(conn, [member.member_id])
        moved = stored_value.movements_of_members(
            conn, [member.member_id], before=before, at_most=_SHOWN_MOST
        )
        companies = entities_by_id(conn, {one.entity_id for one in accounts})
        ids = sorted({one.order_id for one in moved if one.order_id is not None})
        numbers = {head.id: head.number for head in orders.orders_by_ids(conn, ids)} if ids else {}
    names = {key: one.name for key, one in companies.items()}
    return shop_page(
        request,
        "stored_value.html",
        shopper=member,
        tab="me",
        here=VALUE,
        back="/me",
        held=_held(accounts, {one.id: language.called(names[one.entity_id]) for one in accounts}, language),
        rows=[
            (one, language.clock_of_day(one.at, ZONE))
            for one in value_rows(moved, accounts, numbers, language)
        ],
        older=f"{VALUE}?before={moved[-1].number}" if len(moved) == _SHOWN_MOST else "",
    )


def _held(accounts: Sequence[Account], companies: Mapping[UUID, str], language: Language) -> list[HeldRow]:
    return [
        HeldRow(
            company=companies[one.id],
            usable=language.money(one.usable_minor, one.currency),
            bonus=language.money(one.bonus_minor, one.currency) if one.bonus_minor else "",
        )
        for one in accounts
    ]


STORED_VALUE_SHOP_PAGES = [show_stored_value]
