"""What the books hold: by purpose for those who keep them, by party for whoever earned it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from loopline.db import Conn
from loopline.ledger.model import Purpose
from loopline.ledger.queries import Balance, PurposeBalance, balances_by_purpose, balances_of_parties
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Page, Paging, page_of, told
from loopline.web.api.sharing import party_whose_earnings
from loopline.web.api.types import Code

_TAG = "ledger"
Purposes = Annotated[
    list[Purpose] | None,
    QueryParameter(name="purpose", description="Only these purposes; repeat it for more."),
]


class PurposeBalanceTold(msgspec.Struct, frozen=True, kw_only=True):
    """What all accounts of one purpose of a legal entity hold; a credit is negative."""

    entity_code: str
    purpose: Purpose
    currency: str
    balance_minor: int
    postings: int


class PartyBalanceTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a legal entity owes a party (negative: it is owed) for one purpose."""

    entity_code: str
    purpose: Purpose
    currency: str
    owed_minor: int
    postings: int


@told("/ledger/balances", tag=_TAG, name="list_balances")
def list_balances(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    purposes: Purposes = None,
) -> Page[PurposeBalanceTold]:
    """List the sums of all accounts by legal entity of one's branch, currency and purpose; whole books sum to zero."""
    scope = caller.scope(Permission.LEDGER_READ)
    after = asked.after(str, str, str)

    def find(conn: Conn, _: datetime) -> Page[PurposeBalanceTold]:
        found = balances_by_purpose(conn)
        mine = org_lists.entity_codes_in_scope(conn, {one.entity_id for one in found}, scope=scope)
        rows = sorted(
            (
                _purpose_told(one, entity_code=mine[one.entity_id])
                for one in found
                if one.entity_id in mine and (purposes is None or one.purpose in purposes)
            ),
            key=_place,
        )
        return page_of(
            [row for row in rows if after is None or _place(row) > after],
            asked,
            told=lambda row: row,
            cursor=lambda row: encode_cursor(*_place(row)),
        )

    return read(request, find)


def _place(row: PurposeBalanceTold | PartyBalanceTold) -> tuple[str, str, str]:
    return row.entity_code, row.currency, row.purpose.value


def _purpose_told(one: PurposeBalance, *, entity_code: str) -> PurposeBalanceTold:
    return PurposeBalanceTold(
        entity_code=entity_code,
        purpose=one.purpose,
        currency=one.currency,
        balance_minor=one.balance_minor,
        postings=one.posting_count,
    )


@told("/parties/{party_code:str}/balances", tag=_TAG, name="list_party_balances")
def list_party_balances(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    party_code: FromPath[Code],
) -> Page[PartyBalanceTold]:
    """List what is owed to a party, pending and due: one's own, or of a party in one's branch."""
    after = asked.after(str, str, str)

    def find(conn: Conn, _: datetime) -> Page[PartyBalanceTold]:
        party = party_whose_earnings(conn, caller, party_code)
        rows = _party_rows(conn, balances_of_parties(conn, [party.id]))
        return page_of(
            [row for row in rows if after is None or _place(row) > after],
            asked,
            told=lambda row: row,
            cursor=lambda row: encode_cursor(*_place(row)),
        )

    return read(request, find)


def _party_rows(conn: Conn, found: Sequence[Balance]) -> list[PartyBalanceTold]:
    entities = org_lists.entity_codes(conn, {one.entity_id for one in found})
    rows = [
        PartyBalanceTold(
            entity_code=entities[one.entity_id],
            purpose=one.purpose,
            currency=one.currency,
            owed_minor=-one.balance_minor,  # what we owe stands on the credit side
            postings=one.posting_count,
        )
        for one in found
    ]
    return sorted(rows, key=_place)


LEDGER_HANDLERS = [list_balances, list_party_balances]
