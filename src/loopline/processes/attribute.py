"""Attribute: which parties a line knows, by what they did for it. The rules of sharing then say what each earns.

The brand, the dealer and the platform are those of the seller's tree; the store is the party of the selling site; the
shipping site is the party of the site that sent the goods; guide, dealer and streamer are those the order was
credited with when it was placed (stated by the till, or the member's bindings). Who brought the member is whom they
were bound to first, before they ordered. The territory is that of the dealer above the site that lies nearest to
where the goods go, if there is one. The owner is the company whose goods they were. The payment's fee and the
marketing fund are those parties of the brand.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import customers, org, stock
from loopline.customers import FirstBound
from loopline.db import Conn
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, MemberId, NodeId, OrderId, OrgUnitId, PartyId, SiteId, SkuId
from loopline.orders import BROUGHT, Credits, Line, Order
from loopline.org import Entity, Party, PartyKind, Site
from loopline.org.queries import entities_by_id
from loopline.pricing.promotions import Bearer
from loopline.processes.places import NearestOf, region_of
from loopline.processes.supply import parties_of_companies
from loopline.processes.touch import campaigns_of
from loopline.sharing import own
from loopline.sharing.model import LineToSplit, Parties, Role, Stretch
from loopline.supply import queries as supply_queries
from loopline.supply.rules import Agreed, amount_of

_BEARS_AS = {Bearer.BRAND: PartyKind.BRAND, Bearer.PLATFORM: PartyKind.PLATFORM}
_SERVES_OR_BRINGS = (Role.GUIDE, Role.DEALER, Role.STREAMER, Role.INTRODUCER)
_NOBODY = frozenset[PartyId]()
_OF_THE_BRAND = (
    PartyKind.BRAND,
    PartyKind.PLATFORM,
    PartyKind.PAYMENT_PROVIDER,
    PartyKind.MARKETING_FUND,
)


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """The parties of a line, in which roles the member is bound to them, and in which one of them is the member."""

    parties: Parties
    bound: frozenset[Role]
    own: frozenset[Role]


class UnitsOfLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of goods that leave a leaf of stock, from a site (None: carried out), and what they
    bring.
    """

    order: Order
    line: Line
    category: str
    shipping: SiteId | None
    leaf_id: NodeId | None
    units: int
    gross_minor: int
    tax_minor: int
    in_parcel: Stretch | None
    in_order: Stretch | None
    funded_minor: int = 0
    """What others than the seller bear of what the customer was let off, less the tax in it."""

    @property
    def list_minor(self) -> int:
        """What the units stand for in the list of prices, tax included."""
        line = self.line
        return (line.unit_minor if line.list_unit_minor is None else line.list_unit_minor) * self.units


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What attribution asks of other rooms, read once per batch."""

    sites: Sequence[Site]
    parties: Sequence[Party]
    owners: Mapping[NodeId, EntityId]
    selling_leaves: Mapping[SiteId, NodeId]
    companies: Mapping[EntityId, Entity]
    first_bound: Mapping[MemberId, FirstBound]
    campaigns: Mapping[OrderId, str]
    agreed: Agreed
    own_parties: Mapping[MemberId, frozenset[PartyId]]


class _Circumstance(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides who a line knows."""

    selling: SiteId | None
    shipping: SiteId | None
    nearest: SiteId | None
    owner_id: EntityId | None
    introducer: PartyId | None
    credited: Credits
    buyer_is: frozenset[PartyId]


class Directory:
    """Every party by the unit it belongs to, read once per batch; answers are kept, so that equal lines share one.

    `agreed` are the terms between companies, `parties_of_companies` as which party each stands in others' books.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self.agreed = known.agreed
        self._sites = {site.id: site for site in known.sites}
        self._near = NearestOf([(site.id, site.coordinates) for site in known.sites])
        self._by_unit: dict[tuple[OrgUnitId, PartyKind], PartyId] = {}
        self.parties_of_companies = parties_of_companies(known.parties)
        self._of_brand: dict[PartyKind, PartyId] = {}
        for party in known.parties:
            if party.kind not in {PartyKind.GUIDE, PartyKind.STREAMER}:
                self._by_unit.setdefault((party.unit_id, party.kind), party.id)
            if party.kind in _OF_THE_BRAND:
                self._of_brand.setdefault(party.kind, party.id)
        self._companies = {
            party.id: party.entity_id
            for party in known.parties
            if party.entity_id is not None and party.kind in {PartyKind.BRAND, PartyKind.DEALER}
        }
        self._people = {party.id: party.person_id for party in known.parties if party.person_id is not None}
        self._answers: dict[_Circumstance, Attribution] = {}

    def line_to_split(self, what: UnitsOfLine) -> LineToSplit:
        """Return what the rules of sharing look at: the same before a sale, to tell what it pays, as after it."""
        order = what.order
        place = self._goes_to(order)
        owner_id = self.owner_of(what)
        who = self._attribute(what, place=place, owner_id=owner_id)
        owner = None if owner_id is None else self._known.companies.get(owner_id)
        net_minor = what.gross_minor - what.tax_minor
        return LineToSplit(
            channel=order.channel,
            category=what.category,
            delivery=order.delivery.value,
            parties=who.parties,
            units=what.units,
            base_minor=net_minor,
            currency=order.currency,
            bound=who.bound,
            region=self._region_of(order, place),
            campaign=self._known.campaigns.get(order.id, ""),
            owner="" if owner is None else owner.code,
            placed_at=order.placed_at,
            list_minor=what.list_minor,
            paid_minor=what.gross_minor,
            cost_minor=self._cost_of(what, owner_id=owner_id, net_minor=net_minor),
            in_parcel=what.in_parcel,
            in_order=what.in_order,
            funded_minor=what.funded_minor,
            own=who.own,
        )

    def owner_of(self, what: UnitsOfLine) -> EntityId | None:
        """Return the company whose goods units are, by the leaf they leave; None where that is not known."""
        leaf_id = what.leaf_id
        if leaf_id is None:
            site_id = what.shipping or what.order.site_id
            leaf_id = self._known.selling_leaves.get(site_id) if site_id is not None else None
        return self._known.owners.get(leaf_id) if leaf_id is not None else None

    def store_of(self, site_id: SiteId) -> PartyId | None:
        """Return the party that earns by what a site sells and sends."""
        return self._nearest(site_id, PartyKind.STORE)

    def bearer(self, bearer: Bearer, *, site_id: SiteId | None) -> PartyId | None:
        """Return who bears discounts in a role for what a site (None: no site) sold; None where nobody does."""
        if bearer is Bearer.DEALER:
            return self._nearest(site_id, PartyKind.DEALER)
        kind = _BEARS_AS.get(bearer)
        return None if kind is None else self._of_brand.get(kind)

    def owes_seller(
        self, bearer: Bearer, named: PartyId | None, *, order: Order, line: Line
    ) -> PartyId | None:
        """Return the party that what a role bears would be owed by; None where that is the seller itself, or nobody."""
        party_id = named or self.bearer(bearer, site_id=order.site_id)
        if party_id is None or self.company_of(party_id) == line.seller_entity_id:
            return None
        return party_id

    def company_of(self, party_id: PartyId) -> EntityId | None:
        """Return the company a party of the brand's or a dealer's stands for."""
        return self._companies.get(party_id)

    def _goes_to(self, order: Order) -> Coordinates | None:
        """Where the goods end up: at the address, or at the site where they are collected or carried out."""
        if order.delivery in BROUGHT:
            return order.destination
        site = self._sites.get(order.site_id) if order.site_id is not None else None
        return None if site is None else site.coordinates

    def _region_of(self, order: Order, place: Coordinates | None) -> str:
        site = self._sites.get(order.site_id) if order.site_id is not None else None
        if order.delivery not in BROUGHT and site is not None and site.region_code is not None:
            return site.region_code
        return "" if place is None else region_of(place)

    def _cost_of(self, what: UnitsOfLine, *, owner_id: EntityId | None, net_minor: int) -> int | None:
        """What goods cost who sells them: what their owner gets for them, or what they cost it itself."""
        if owner_id is None or what.line.sku_id is None:
            return None
        term = self.agreed.at(
            owner_id,
            what.line.seller_entity_id,
            sku_id=what.line.sku_id,
            currency=what.order.currency,
            when=what.order.placed_at,
        )
        if term is None:
            return None
        return amount_of(term, units=what.units, list_minor=what.list_minor, net_minor=net_minor)

    def _attribute(
        self, what: UnitsOfLine, *, place: Coordinates | None, owner_id: EntityId | None
    ) -> Attribution:
        order = what.order
        near = self._near.to(place) if place is not None else None
        first = self._known.first_bound.get(order.member_id) if order.member_id is not None else None
        circumstance = _Circumstance(
            selling=order.site_id,
            shipping=what.shipping,
            nearest=near[0] if near is not None else None,
            owner_id=owner_id,
            introducer=_brought_by(first, before=order.placed_at),
            credited=Credits(
                guide_id=order.guide_id, dealer_id=order.dealer_id, streamer_id=order.streamer_id
            ),
            buyer_is=self._known.own_parties.get(order.member_id, _NOBODY) if order.member_id else _NOBODY,
        )
        known = self._answers.get(circumstance)
        if known is None:
            known = self._answers[circumstance] = self._answer(circumstance)
        return known

    def _answer(self, given: _Circumstance) -> Attribution:
        credited = given.credited
        parties = Parties(
            brand=self._of_brand.get(PartyKind.BRAND),
            dealer=credited.dealer_id or self._nearest(given.selling, PartyKind.DEALER),
            store=self._nearest(given.selling, PartyKind.STORE),
            guide=credited.guide_id,
            shipping_site=self._nearest(given.shipping, PartyKind.STORE),
            streamer=credited.streamer_id,
            platform=self._of_brand.get(PartyKind.PLATFORM),
            introducer=given.introducer,
            territory=self._nearest(given.nearest, PartyKind.DEALER),
            goods_owner=self.parties_of_companies.get(given.owner_id) if given.owner_id is not None else None,
            payment_fee=self._of_brand.get(PartyKind.PAYMENT_PROVIDER),
            marketing_fund=self._of_brand.get(PartyKind.MARKETING_FUND),
        )
        bound = {Role.GUIDE} if credited.guide_id else set[Role]()
        if credited.dealer_id:
            bound.add(Role.DEALER)
        return Attribution(
            parties=parties, bound=frozenset(bound), own=self._own_roles(parties, given.buyer_is)
        )

    def _own_roles(self, parties: Parties, buyer_is: frozenset[PartyId]) -> frozenset[Role]:
        """In which roles the buyer serves or brings themselves: as that party, or as the same person by another."""
        if not buyer_is:
            return frozenset()
        people = {self._people[party_id] for party_id in buyer_is if party_id in self._people}
        return frozenset(
            role
            for role in _SERVES_OR_BRINGS
            if (party_id := parties.of(role)) is not None
            and (party_id in buyer_is or self._people.get(party_id) in people)
        )

    def _nearest(self, site_id: SiteId | None, kind: PartyKind) -> PartyId | None:
        """The party of a kind at a site's unit, or at the nearest unit above it."""
        if site_id is None:
            return None
        for unit_id in reversed(self._sites[site_id].unit_path):
            found = self._by_unit.get((unit_id, kind))
            if found is not None:
                return found
        return None


def _brought_by(first: FirstBound | None, *, before: datetime) -> PartyId | None:
    return first.party_id if first is not None and first.bound_at <= before else None


def read_directory(conn: Conn, orders: Sequence[Order], *, sku_ids: Collection[SkuId]) -> Directory:
    """Read every site and party of the brand, what is known of these orders, and what is agreed of these SKUs."""
    sites = org.branch_sites(conn)
    owners = {leaf.id: leaf.owner_id for leaf in stock.leaves(conn) if leaf.owner_id is not None}
    members = {order.member_id for order in orders if order.member_id is not None}
    return Directory(
        Known(
            sites=sites,
            parties=org.branch_parties(conn),
            owners=owners,
            selling_leaves=stock.selling_leaves(conn, [site.id for site in sites]),
            companies=entities_by_id(conn, set(owners.values())),
            first_bound=customers.first_bound(conn, members) if members else {},
            campaigns=campaigns_of(conn, orders),
            agreed=supply_queries.agreed(conn, set(owners.values()), sku_ids=sku_ids),
            own_parties=own.parties_of_members(conn, members) if members else {},
        )
    )
