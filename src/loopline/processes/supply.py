"""Supply: goods of one company that were handed over for an order of another are settled between the two by themselves.

What their owner gets is agreed beforehand (`loopline.supply`) and posted with the sale, in the books of both: the
seller's cost, or what it passes on of consigned goods, against what it owes; the owner's revenue against what it has to
get. A return takes it back with the sale, unit by unit. Where nothing was agreed the goods are noted, and settled once
terms reach back to their order. Sites that only send goods of the seller earn by the rules of sharing, not here.

Prices are net of tax: the two companies invoice each other by month, with their tax.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, PartyId, SupplyTermId, uuid7s
from loopline.kernel.money import portion
from loopline.kernel.refusals import Refusal
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.queries import PartEntry, balances_of_parties
from loopline.org import Party, PartyKind
from loopline.org.queries import entities_by_code
from loopline.org.rules import UnknownCode
from loopline.processes.accounts import Accounts, Slot
from loopline.processes.outcomes import all_granted
from loopline.supply import queries, service
from loopline.supply.model import NewTerm, SuppliedPart, Term, TermBase, TermKind
from loopline.supply.rules import Agreed, amount_of

_PREFIX = "supply"
_PASSED_ON = {TermKind.PURCHASE: Purpose.SUPPLY_COST, TermKind.CONSIGNMENT: Purpose.CONSIGNED}
_Legs = list[tuple[Slot, int]]


class WantedTerm(msgspec.Struct, frozen=True, kw_only=True):
    """Terms as people name them, companies and SKU by their codes; `from_at` None: from now on."""

    owner_code: str
    buyer_code: str
    currency: str
    kind: TermKind
    sku_code: str | None = None
    base: TermBase | None = None
    basis_points: int | None = None
    unit_minor: int | None = None
    from_at: datetime | None = None
    comment: str


class CompanyIsNoParty(Refusal, frozen=True, kw_only=True):
    """Company {company_code} is no party of the brand's or a dealer's: nobody could owe it anything."""

    company_code: str


def agree(conn: Conn, terms: Sequence[WantedTerm], *, by: str, now: datetime) -> list[Term | Refusal]:
    """Write terms between companies, one outcome each; what else is wrong with terms `service.agree_terms` says."""
    companies = entities_by_code(
        conn, {code for term in terms for code in (term.owner_code, term.buyer_code)}
    )
    skus = catalogue.skus_by_code(conn, {term.sku_code for term in terms if term.sku_code is not None})
    known = parties_of_companies(org.branch_parties(conn))
    outcomes: list[Term | Refusal | None] = []
    fit: list[NewTerm] = []
    for term, term_id in zip(terms, uuid7s(now, len(terms)), strict=True):
        missing = [code for code in (term.owner_code, term.buyer_code) if code not in companies]
        if missing:
            outcomes.append(UnknownCode(noun="legal entity", value=missing[0]))
            continue
        if term.sku_code is not None and term.sku_code not in skus:
            outcomes.append(UnknownCode(noun="SKU", value=term.sku_code))
            continue
        owner, buyer = companies[term.owner_code], companies[term.buyer_code]
        partyless = [one.code for one in (owner, buyer) if one.id not in known]
        if partyless:
            outcomes.append(CompanyIsNoParty(company_code=partyless[0]))
            continue
        outcomes.append(None)
        fit.append(
            NewTerm(
                id=SupplyTermId(term_id),
                owner_id=owner.id,
                buyer_id=buyer.id,
                currency=term.currency,
                kind=term.kind,
                sku_id=None if term.sku_code is None else skus[term.sku_code].id,
                base=term.base,
                basis_points=term.basis_points,
                unit_minor=term.unit_minor,
                from_at=now if term.from_at is None else term.from_at,
                comment=term.comment,
            )
        )
    written = iter(service.agree_terms(conn, fit, by=by, now=now) if fit else ())
    return [outcome if outcome is not None else next(written) for outcome in outcomes]


def parties_of_companies(parties: Iterable[Party]) -> dict[EntityId, PartyId]:
    """Return as which party each company stands in the books of others: of the brands and dealers it is, the first."""
    found: dict[EntityId, PartyId] = {}
    for company, party_id in sorted((party.entity_id, party.id) for party in _companies(parties)):
        found.setdefault(company, party_id)
    return found


class _Company(msgspec.Struct, frozen=True, kw_only=True):
    id: PartyId
    entity_id: EntityId


def _companies(parties: Iterable[Party]) -> list[_Company]:
    """Return the parties that stand for a company; a company may be several."""
    return [
        _Company(id=party.id, entity_id=party.entity_id)
        for party in parties
        if party.entity_id is not None and party.kind in {PartyKind.DEALER, PartyKind.BRAND}
    ]


def settle_supplies(
    conn: Conn,
    parts: Sequence[SuppliedPart],
    *,
    agreed: Agreed,
    parties: Mapping[EntityId, PartyId],
    now: datetime,
) -> int:
    """Post what the owners of goods get for parts that others sold; returns how many were posted.

    Notes the parts of which nothing is agreed. The caller sees to it that a part comes once.
    """
    accounts = Accounts(conn, now=now)
    planned: list[tuple[SuppliedPart, _Legs]] = []
    unagreed: list[SuppliedPart] = []
    for part in parts:
        term = agreed.at(
            part.owner_id,
            part.buyer_id,
            sku_id=part.sku_id,
            currency=part.currency,
            when=part.placed_at,
        )
        if term is None or not parties.keys() >= {part.owner_id, part.buyer_id}:
            unagreed.append(part)
        elif amount := _amount(part, term):
            planned.append((part, _legs(accounts, part, term, amount=amount, parties=parties)))
    service.note_unagreed(conn, unagreed)
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.SUPPLY,
            subject=part.order_id,
            at=part.at,
            key=f"{_PREFIX}:{part.part_id}:{part.units}",
            postings=tuple(
                Posting(part_id=part.part_id, account_id=accounts.id_of(slot), amount_minor=amount_minor)
                for slot, amount_minor in legs
            ),
        )
        for (part, legs), entry_id in zip(planned, uuid7s(now, len(planned)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
    return len(entries)


def settle_noted(conn: Conn, *, now: datetime, limit: int) -> int:
    """Settle noted parts that terms reach back to by now, at most `limit`; returns how many were taken up.

    Only what has not come back is settled, in proportion.
    """
    parties = parties_of_companies(org.branch_parties(conn))
    parts = service.take_noted(conn, parties, limit=limit)
    left = [part for part in parts if part.units]
    if left:
        agreed = queries.agreed(
            conn, {part.owner_id for part in left}, sku_ids={part.sku_id for part in left}
        )
        settle_supplies(conn, left, agreed=agreed, parties=parties, now=now)
    return len(parts)


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """What one company owes another for goods that it sold and money that it gave, less what the other owes it.

    In minor units.
    """

    owner_id: EntityId
    buyer_id: EntityId
    currency: str
    owed_minor: int


def owed_between(conn: Conn, *, company_ids: Collection[EntityId] | None) -> list[Owed]:
    """Return what companies owe each other as of now, the most first; of these companies and whom they deal with.

    From the books of those who owe; companies that are even are left out.
    """
    company_of = {party.id: party.entity_id for party in _companies(org.branch_parties(conn))}
    standing: dict[tuple[EntityId, EntityId, str], int] = {}
    for one in balances_of_parties(conn, list(company_of)):
        if one.purpose is Purpose.INTERCOMPANY and one.party_id is not None:
            place = (company_of[one.party_id], one.entity_id, one.currency)
            standing[place] = standing.get(place, 0) - one.balance_minor
    return sorted(
        (
            Owed(owner_id=owner_id, buyer_id=buyer_id, currency=currency, owed_minor=owed_minor)
            for (owner_id, buyer_id, currency), owed_minor in standing.items()
            if owed_minor > 0 and (company_ids is None or {owner_id, buyer_id} & set(company_ids))
        ),
        key=lambda one: (-one.owed_minor, one.owner_id, one.buyer_id),
    )


def units_supplied(entry: PartEntry) -> int | None:
    """Return for how many units of its part an entry settles goods of another company; None for any other entry."""
    return int(entry.key.rpartition(":")[2]) if entry.kind is EntryKind.SUPPLY else None


def _amount(part: SuppliedPart, term: Term) -> int:
    """What the units that have not come back come to, of what all of them would."""
    whole = amount_of(term, units=part.units_of, list_minor=part.list_minor, net_minor=part.net_minor)
    return portion(whole, part.units, part.units_of)


def _legs(
    accounts: Accounts,
    part: SuppliedPart,
    term: Term,
    *,
    amount: int,
    parties: Mapping[EntityId, PartyId],
) -> _Legs:
    """First the seller's books, then the owner's: two legs, each of which sums to zero."""

    def ask(entity_id: EntityId, purpose: Purpose, party_id: PartyId | None = None) -> Slot:
        return accounts.ask(entity_id, purpose, part.currency, party_id)

    return [
        (ask(part.buyer_id, _PASSED_ON[term.kind]), amount),
        (ask(part.buyer_id, Purpose.INTERCOMPANY, parties[part.owner_id]), -amount),
        (ask(part.owner_id, Purpose.INTERCOMPANY, parties[part.buyer_id]), amount),
        (ask(part.owner_id, Purpose.SUPPLY_REVENUE), -amount),
    ]
