"""Supply: at what price the goods of one company are another's to sell, what goods cost, what is owed for it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue
from loopline.db import Conn
from loopline.kernel.ids import SupplyTermId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.processes.supply import WantedTerm, agree, owed_between
from loopline.supply import queries
from loopline.supply.model import Term, TermBase, TermKind
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import BasisPoints, Code, Currency, Minor, Moment

_TAG = "supply"
_SUBJECT = "supply-terms"
_COMMENT_MAX = 500


class SupplyTermAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms between the company whose goods are sold and the one that sells them, of an SKU or of all goods.

    Either `basis_points` of `base` (list price, or what is paid less the tax in it), or `unit_minor` for each unit, net
    of tax. `purchase`: the seller buys what it hands over; `consignment`: it passes on what is not its own; `cost`, of
    an SKU and of one company twice: what the goods cost it. From `from_at` on, or from now; in the past only where
    nothing held for these goods.
    """

    owner_code: Code
    buyer_code: Code
    currency: Currency
    kind: TermKind
    sku_code: Code | None = None
    base: TermBase | None = None
    basis_points: BasisPoints | None = None
    unit_minor: Minor | None = None
    from_at: Moment | None = None
    comment: Annotated[str, Meta(min_length=1, max_length=_COMMENT_MAX)]


class SupplyTermTold(msgspec.Struct, frozen=True, kw_only=True):
    """Terms that stand. Later ones of the same goods take over from their beginning on."""

    term_id: UUID
    owner_code: str
    buyer_code: str
    currency: str
    kind: TermKind
    sku_code: str | None
    base: TermBase | None
    basis_points: int | None
    unit_minor: int | None
    from_at: datetime
    agreed_at: datetime
    agreed_by: str
    comment: str


class BetweenCompanies(msgspec.Struct, frozen=True, kw_only=True):
    """What one company owes another, and what was handed over though the two have agreed on nothing."""

    owner_code: str
    buyer_code: str
    currency: str
    owed_minor: int
    unagreed_units: int
    unagreed_net_minor: int


@told("/supply-terms", tag=_TAG, name="list_supply_terms")
def list_supply_terms(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[SupplyTermTold]:
    """List terms in which a company of one's branch has a part, the newest first."""
    scope = caller.scope(Permission.EARNINGS_READ)
    after = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> Page[SupplyTermTold]:
        found = queries.terms_page(
            conn,
            company_ids=org_lists.company_ids_in_scope(conn, scope),
            after=None if after is None else SupplyTermId(after[0]),
            limit=asked.at_most,
        )
        written = dict(zip([one.id for one in found], _told(conn, found), strict=True))
        return page_of(
            found, asked, told=lambda one: written[one.id], cursor=lambda one: encode_cursor(one.id)
        )

    return read(request, find)


@posted("/supply-terms", tag=_TAG, name="agree_supply_terms", gives=Outcomes[SupplyTermTold])
def agree_supply_terms(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SupplyTermAsk]]
) -> Response[bytes]:
    """Write terms that companies have agreed on. They are never changed; what went before by others stays as it was."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[SupplyTermTold | Refusal]:
        wanted = [
            WantedTerm(**{name: getattr(one, name) for name in WantedTerm.__struct_fields__})
            for one in data.items
        ]
        made = agree(conn, wanted, by=caller.actor, now=now)
        stands = iter(_told(conn, [one for one in made if not isinstance(one, Refusal)]))
        return [one if isinstance(one, Refusal) else next(stands) for one in made]

    return decided(request, caller, data, decide)


@told("/supply-balances", tag=_TAG, name="list_supply_balances")
def list_supply_balances(request: AnyRequest, caller: NamedDependency[Caller]) -> list[BetweenCompanies]:
    """List what companies owe each other for goods, in which one of one's branch has a part."""
    scope = caller.scope(Permission.EARNINGS_READ)

    def find(conn: Conn, _: datetime) -> list[BetweenCompanies]:
        company_ids = org_lists.company_ids_in_scope(conn, scope)
        owed = {
            (one.owner_id, one.buyer_id, one.currency): one.owed_minor
            for one in owed_between(conn, company_ids=company_ids)
        }
        noted = {
            (one.owner_id, one.buyer_id, one.currency): one
            for one in queries.noted_by_pair(conn, company_ids=company_ids)
        }
        pairs = list(dict.fromkeys([*owed, *noted]))
        codes = org_lists.entity_codes(conn, {company for pair in pairs for company in pair[:2]})
        return [
            BetweenCompanies(
                owner_code=codes[pair[0]],
                buyer_code=codes[pair[1]],
                currency=pair[2],
                owed_minor=owed.get(pair, 0),
                unagreed_units=noted[pair].units if pair in noted else 0,
                unagreed_net_minor=noted[pair].net_minor if pair in noted else 0,
            )
            for pair in pairs
        ]

    return read(request, find)


def _told(conn: Conn, terms: list[Term]) -> list[SupplyTermTold]:
    companies = org_lists.entity_codes(
        conn, {company for one in terms for company in (one.owner_id, one.buyer_id)}
    )
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in terms if one.sku_id is not None})
    return [
        SupplyTermTold(
            term_id=one.id,
            owner_code=companies[one.owner_id],
            buyer_code=companies[one.buyer_id],
            currency=one.currency,
            kind=one.kind,
            sku_code=None if one.sku_id is None else skus[one.sku_id].code,
            base=one.base,
            basis_points=one.basis_points,
            unit_minor=one.unit_minor,
            from_at=one.from_at,
            agreed_at=one.agreed_at,
            agreed_by=one.agreed_by,
            comment=one.comment,
        )
        for one in terms
    ]


SUPPLY_HANDLERS = [list_supply_terms, agree_supply_terms, list_supply_balances]
